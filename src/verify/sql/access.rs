//! The store, the changes and the connections of a SQL verifier.

use std::sync::{Arc, PoisonError};

use super::{Changes, Denylisted, SqlError, SqlStore, SqlVerifier};
use crate::verify::Verifier;

impl SqlVerifier {
    /// Returns the store that creates, lists, changes and revokes credentials and users of no
    /// tenant; [`SqlStore::tenant`] for those of one.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(feature = "sqlite")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use tower_principal::verify::sql::{NewCredential, SqlVerifier};
    ///
    /// let verifier = SqlVerifier::sqlite("sqlite::memory:").connect().await?;
    /// let keys = verifier.store().api_keys();
    /// let issued = keys.create(NewCredential::new().owner("alice")).await?;
    /// assert_eq!(keys.of_user("alice").await?[0].id, issued.id);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
    pub fn store(&self) -> SqlStore {
        SqlStore::new(Arc::clone(&self.shared))
    }

    /// Returns a verifier on the same database for credentials of no tenant, in requests of any
    /// tenant.
    ///
    /// It ignores tenants, so a layer with a tenant accepts it only with
    /// [`danger_at_every_tenant`](Verifier::danger_at_every_tenant).
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(feature = "sqlite")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use tower_principal::verify::sql::{NewCredential, SqlVerifier};
    /// use tower_principal::{Credential, Verifier, VerifyContext};
    ///
    /// let database = SqlVerifier::sqlite("sqlite::memory:").connect().await?;
    /// let draft = NewCredential::new().user("operator");
    /// let issued = database.store().access_tokens().create(draft).await?;
    /// let token = Credential::AccessToken(issued.secret.reborrow());
    ///
    /// // The operator's token belongs to no tenant, and is valid at each of them.
    /// let verifier = database.clone().or(database.without_tenant());
    /// let at_acme = VerifyContext::default().with_tenant("acme");
    /// assert!(database.verify(&token, &at_acme).await.is_err());
    /// assert!(verifier.verify(&token, &at_acme).await.is_ok());
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
    #[must_use]
    pub fn without_tenant(&self) -> Self {
        Self { shared: Arc::clone(&self.shared), without_tenant: true }
    }

    /// Returns the changes from now on, for code that keeps answers: a cache drops what a
    /// [`Change`](super::Change) [concerns](super::Change::concerns). The first call on PostgreSQL
    /// opens one more connection, which listens.
    ///
    /// # Errors
    ///
    /// [`SqlError::Configuration`] outside a tokio runtime.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(feature = "sqlite")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use tower_principal::Secret;
    /// use tower_principal::verify::sql::{Change, NewUser, SqlVerifier};
    ///
    /// let verifier = SqlVerifier::sqlite("sqlite::memory:").connect().await?;
    /// let mut changes = verifier.changes()?;
    /// let password = Secret::borrowed("correct horse");
    /// verifier.store().users().create("alice", password, NewUser::new()).await?;
    ///
    /// let alice = Change::User { tenant: None, name: "alice".into() };
    /// assert_eq!(changes.next().await, Some(alice));
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
    pub fn changes(&self) -> Result<Changes, SqlError> {
        let changes = self.shared.hub.changes();
        let mut listening = self.shared.listening.lock().unwrap_or_else(PoisonError::into_inner);
        listening.as_mut().map_or(Ok(()), |listening| listening.start(&self.shared.hub))?;
        Ok(changes)
    }

    /// Returns `inner` with this database's denial list: it accepts a credential only if the list
    /// does not hold it. This makes JWTs revocable; see [`Denylisted`].
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(feature = "sqlite")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use tower_principal::test_util::Issuer;
    /// use tower_principal::verify::sql::SqlVerifier;
    /// use tower_principal::{Credential, Secret, Verifier, VerifyContext};
    ///
    /// let issuer = Issuer::new("https://login.example")?;
    /// let jwts = issuer.verifier("https://api.example").build()?;
    /// let database = SqlVerifier::sqlite("sqlite::memory:").connect().await?;
    /// let verifier = database.denylist(jwts);
    ///
    /// let jwt = issuer.token("otto").audience("https://api.example").sign();
    /// let token = Credential::AccessToken(Secret::borrowed(&jwt));
    /// let context = VerifyContext::default();
    /// assert!(verifier.verify(&token, &context).await.is_ok());
    /// verifier.revoke(&token, &context).await?;
    /// assert!(verifier.verify(&token, &context).await.is_err());
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
    pub fn denylist<V: Verifier>(&self, inner: V) -> Denylisted<V> {
        Denylisted::new(inner, self.store())
    }

    /// Returns how many connections are open, and how many of these are in use; for metrics.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(feature = "sqlite")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use tower_principal::verify::sql::SqlVerifier;
    ///
    /// let verifier = SqlVerifier::sqlite("sqlite::memory:").connect().await?;
    /// let (open, in_use) = verifier.connections();
    /// assert!(in_use <= open);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
    pub fn connections(&self) -> (u32, u32) {
        self.shared.database.connections()
    }

    /// Closes every connection after its current statement. Every later verification is
    /// [`VerifyError::Unavailable`](crate::VerifyError::Unavailable).
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(feature = "sqlite")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use tower_principal::verify::sql::SqlVerifier;
    /// use tower_principal::{
    ///     Credential, Secret, Verifier, VerifyContext, VerifyError,
    /// };
    ///
    /// let verifier = SqlVerifier::sqlite("sqlite::memory:").connect().await?;
    /// // After the server has stopped to accept requests:
    /// verifier.close().await;
    /// let token = Credential::AccessToken(Secret::borrowed("otto-token"));
    /// let answer = verifier.verify(&token, &VerifyContext::default()).await;
    /// assert!(matches!(answer, Err(VerifyError::Unavailable(_))));
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
    pub async fn close(&self) {
        self.shared.database.close().await;
    }
}
