//! The parts of a store: its users, its roles, and its credentials of each kind.

use super::{Credentials, Roles, SqlStore, Users};
use crate::verify::sql::Kind;

impl SqlStore {
    /// Returns the users with passwords.
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
    /// let store = SqlVerifier::sqlite("sqlite::memory:").connect().await?.store();
    /// let password = Secret::borrowed("correct horse");
    /// store.users().create("alice", password, NewUser::new().org("acme")).await?;
    /// let alice = store.users().find("alice").await?.ok_or("no user")?;
    /// assert_eq!(alice.org.as_deref(), Some("acme"));
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
    pub fn users(&self) -> Users {
        Users(self.clone())
    }

    /// Returns the roles, their permissions, and their assignments to users.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(feature = "sqlite")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use tower_principal::verify::sql::SqlVerifier;
    ///
    /// let store = SqlVerifier::sqlite("sqlite::memory:").connect().await?.store();
    /// store.roles().create("reader", ["get:/reports/**"]).await?;
    /// assert_eq!(store.roles().permissions("reader").await?, ["get:/reports/**"]);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
    pub fn roles(&self) -> Roles {
        Roles(self.clone())
    }

    /// Returns the API keys of one text (OpenDataSoft).
    pub fn api_keys(&self) -> Credentials {
        Credentials::new(self.clone(), Kind::ApiKey)
    }

    /// Returns the API keys of an id and a secret (Socrata).
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(feature = "sqlite")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use tower_principal::verify::sql::{NewCredential, SqlVerifier};
    ///
    /// let store = SqlVerifier::sqlite("sqlite::memory:").connect().await?.store();
    /// let draft = NewCredential::new().owner("alice@example.org");
    /// let pair = store.key_pairs().create(draft).await?;
    /// // The client sends the id as user name, and the secret as password.
    /// println!("{}:{}", pair.id, pair.secret.expose_secret());
    /// assert!(store.key_pairs().find(&pair.id).await?.is_some());
    /// assert!(store.api_keys().find(&pair.id).await?.is_none());
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
    pub fn key_pairs(&self) -> Credentials {
        Credentials::new(self.clone(), Kind::KeyPair)
    }

    /// Returns the tokens that identify applications (Socrata).
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(feature = "sqlite")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use tower_principal::verify::sql::{NewCredential, SqlVerifier};
    /// use tower_principal::{Credential, PrincipalKind, Verifier, VerifyContext};
    ///
    /// let verifier = SqlVerifier::sqlite("sqlite::memory:").connect().await?;
    /// let draft = NewCredential::new().id("weather-map").owner("alice");
    /// let issued = verifier.store().app_tokens().create(draft).await?;
    ///
    /// let token = Credential::AppToken(issued.secret.reborrow());
    /// let app = verifier.verify(&token, &VerifyContext::default()).await?;
    /// assert_eq!(app.kind(), PrincipalKind::AppToken);
    /// assert_eq!(app.id(), Some("weather-map"));
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
    pub fn app_tokens(&self) -> Credentials {
        Credentials::new(self.clone(), Kind::AppToken)
    }

    /// Returns the clients of organizations and applications (Usergrid).
    ///
    /// A registered application is a client: it is found and listed here as well, and disabling or
    /// deleting it here ends its grants. `applications().list` has applications alone.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(feature = "sqlite")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use tower_principal::verify::sql::{NewCredential, SqlError, SqlVerifier};
    ///
    /// let clients = SqlVerifier::sqlite("sqlite::memory:")
    ///     .connect()
    ///     .await?
    ///     .store()
    ///     .clients();
    /// let of_org = clients.create(NewCredential::new().org("acme")).await?;
    /// let of_app =
    ///     clients.create(NewCredential::new().org("acme").app("weather")).await?;
    /// assert_ne!(of_org.id, of_app.id);
    ///
    /// // A client needs an organization.
    /// let without = clients.create(NewCredential::new()).await;
    /// assert!(matches!(without, Err(SqlError::Incomplete(_))));
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
    pub fn clients(&self) -> Credentials {
        Credentials::new(self.clone(), Kind::Client)
    }

    /// Returns the OAuth access tokens.
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
    /// let verifier = SqlVerifier::sqlite("sqlite::memory:").connect().await?;
    /// let draft = NewCredential::new().user("otto").scopes(["datasets:read"]);
    /// let issued = verifier.store().access_tokens().create(draft).await?;
    ///
    /// let token = Credential::AccessToken(issued.secret.reborrow());
    /// let otto = verifier.verify(&token, &VerifyContext::default()).await?;
    /// assert!(otto.scopes().contains("datasets:read"));
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
    pub fn access_tokens(&self) -> Credentials {
        Credentials::new(self.clone(), Kind::AccessToken)
    }
}
