//! Look-ups and lists of credentials of one kind.

use super::{CredentialRecord, Credentials};
use crate::verify::sql::{Row, SqlError, Value, names};

impl Credentials {
    /// Returns the credential of this id.
    ///
    /// # Errors
    ///
    /// [`SqlError`] if the database cannot be asked now.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(feature = "sqlite")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use tower_principal::verify::sql::{Kind, NewCredential, SqlVerifier};
    ///
    /// let keys = SqlVerifier::sqlite("sqlite::memory:")
    ///     .connect()
    ///     .await?
    ///     .store()
    ///     .api_keys();
    /// let draft = NewCredential::new().id("key-1").owner("alice").label("import");
    /// keys.create(draft).await?;
    ///
    /// let key = keys.find("key-1").await?.ok_or("no key")?;
    /// assert_eq!((key.kind, key.user.as_deref()), (Kind::ApiKey, Some("alice")));
    /// assert_eq!(key.label.as_deref(), Some("import"));
    /// assert!(keys.find("key-2").await?.is_none());
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
    pub async fn find(&self, id: &str) -> Result<Option<CredentialRecord>, SqlError> {
        let Ok(id) = names::id(id) else { return Ok(None) };
        let rows = self.select("public_id = $3", vec![id.into()]).await?;
        rows.into_iter().next().map(|mut row| CredentialRecord::read(self.kind, &mut row)).transpose()
    }

    /// Returns the credentials whose ids come after this one, in the database's order. Returns at
    /// most `limit`, and never more than a thousand.
    ///
    /// # Errors
    ///
    /// [`SqlError`] if the database cannot be asked now.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(feature = "sqlite")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use tower_principal::verify::sql::{NewCredential, SqlVerifier};
    ///
    /// let keys = SqlVerifier::sqlite("sqlite::memory:")
    ///     .connect()
    ///     .await?
    ///     .store()
    ///     .api_keys();
    /// for id in ["a", "b", "c"] {
    ///     keys.create(NewCredential::new().id(id)).await?;
    /// }
    ///
    /// // Pages of two: the last id of a page is the start of the next.
    /// let first = keys.list(None, 2).await?;
    /// let last = first.last().map(|key| key.id.clone());
    /// let second = keys.list(last.as_deref(), 2).await?;
    /// assert_eq!((first.len(), second.len()), (2, 1));
    /// assert_eq!(second[0].id, "c");
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
    pub async fn list(&self, after: Option<&str>, limit: u32) -> Result<Vec<CredentialRecord>, SqlError> {
        let after = after.map(names::id).transpose()?.unwrap_or_default();
        let values = vec![after.into(), i64::from(limit.min(1_000)).into()];
        self.records("public_id > $3 ORDER BY public_id LIMIT $4", values).await
    }

    /// Returns the credentials that act for this user or belong to the user. The newest come first,
    /// at most a thousand.
    ///
    /// # Errors
    ///
    /// [`SqlError`] if the database cannot be asked now.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(feature = "sqlite")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use tower_principal::verify::sql::{NewCredential, SqlVerifier};
    ///
    /// let keys = SqlVerifier::sqlite("sqlite::memory:")
    ///     .connect()
    ///     .await?
    ///     .store()
    ///     .api_keys();
    /// keys.create(NewCredential::new().id("key-1").owner("alice")).await?;
    /// keys.create(NewCredential::new().id("key-2").owner("bob")).await?;
    ///
    /// let hers = keys.of_user("alice").await?;
    /// assert_eq!(hers.len(), 1);
    /// assert_eq!(hers[0].id, "key-1");
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
    pub async fn of_user(&self, user: &str) -> Result<Vec<CredentialRecord>, SqlError> {
        let values = vec![names::name(user)?.into()];
        self.records("subject = $3 ORDER BY created_at DESC, public_id LIMIT 1000", values).await
    }

    async fn records(&self, condition: &str, values: Vec<Value>) -> Result<Vec<CredentialRecord>, SqlError> {
        let rows = self.select(condition, values).await?;
        rows.into_iter().map(|mut row| CredentialRecord::read(self.kind, &mut row)).collect()
    }

    async fn select(&self, condition: &str, values: Vec<Value>) -> Result<Vec<Row>, SqlError> {
        let columns = CredentialRecord::COLUMNS;
        let statement =
            format!("SELECT {columns} FROM {{p}}credentials WHERE tenant = $1 AND kind = $2 AND {condition}");
        let values = [vec![self.store.column().into(), self.kind.as_str().into()], values].concat();
        self.store.read(&statement, values).await
    }
}
