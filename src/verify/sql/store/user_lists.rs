//! Look-ups and lists of users.

use super::{UserRecord, Users};
use crate::verify::sql::{SqlError, Value, names};

impl Users {
    /// Returns the user of this name.
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
    /// use tower_principal::Secret;
    /// use tower_principal::verify::sql::{NewUser, SqlVerifier, State};
    ///
    /// let users =
    ///     SqlVerifier::sqlite("sqlite::memory:").connect().await?.store().users();
    /// let new = NewUser::new().org("acme").app("weather");
    /// users.create("wendy", Secret::borrowed("correct horse"), new).await?;
    ///
    /// let wendy = users.find("wendy").await?.ok_or("no user")?;
    /// assert_eq!(
    ///     (wendy.state, wendy.org.as_deref()),
    ///     (State::Live, Some("acme"))
    /// );
    /// assert!(users.find("walter").await?.is_none());
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
    pub async fn find(&self, name: &str) -> Result<Option<UserRecord>, SqlError> {
        if !names::is_name(name) {
            return Ok(None);
        }
        Ok(self.select("name = $2", vec![name.into()]).await?.into_iter().next())
    }

    /// Returns the users whose names come after this one, in the database's order. Returns at most
    /// `limit`, and never more than a thousand.
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
    /// use tower_principal::Secret;
    /// use tower_principal::verify::sql::{NewUser, SqlVerifier};
    ///
    /// let users =
    ///     SqlVerifier::sqlite("sqlite::memory:").connect().await?.store().users();
    /// for name in ["alice", "bob"] {
    ///     let password = Secret::borrowed("correct horse");
    ///     users.create(name, password, NewUser::new()).await?;
    /// }
    /// let after_alice = users.list(Some("alice"), 100).await?;
    /// assert_eq!(after_alice.len(), 1);
    /// assert_eq!(after_alice[0].name, "bob");
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
    pub async fn list(&self, after: Option<&str>, limit: u32) -> Result<Vec<UserRecord>, SqlError> {
        let after = after.map(names::name).transpose()?.unwrap_or_default();
        let values = vec![after.into(), i64::from(limit.min(1_000)).into()];
        self.select("name > $2 ORDER BY name LIMIT $3", values).await
    }

    async fn select(&self, condition: &str, values: Vec<Value>) -> Result<Vec<UserRecord>, SqlError> {
        let columns = UserRecord::COLUMNS;
        let statement = format!("SELECT {columns} FROM {{p}}users WHERE tenant = $1 AND {condition}");
        let values = [vec![self.0.column().into()], values].concat();
        self.0.read(&statement, values).await?.iter_mut().map(UserRecord::read).collect()
    }
}
