//! Settings of SQL verifiers.

use std::sync::Arc;
use std::time::Duration;

use super::{Passwords, SqlVerifierBuilder};
use crate::clock::Clock;

impl SqlVerifierBuilder {
    /// Sets the prefix of the table names. Defaults to `principal_`.
    ///
    /// A prefix is `[a-z_][a-z0-9_]*`, at most 32 bytes. It does not start with `sqlite_` or `pg_`,
    /// which the engines reserve.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(feature = "sqlite")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use tower_principal::verify::sql::{SqlError, SqlVerifier};
    ///
    /// // Beside the tables of the application, in the same database:
    /// let builder = SqlVerifier::sqlite("sqlite::memory:").table_prefix("login_");
    /// assert!(builder.connect().await.is_ok());
    ///
    /// let builder = SqlVerifier::sqlite("sqlite::memory:").table_prefix("Log-in");
    /// let refused = builder.connect().await;
    /// assert!(matches!(refused, Err(SqlError::Configuration(_))));
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
    pub fn table_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// Sets the word at the start of the secrets that are made here. Defaults to `tp`.
    ///
    /// A word is 1 to 15 of `0-9a-z`. A letter for the kind follows it, so `tp` makes `tpk_..` for
    /// a key. Use the name of your service, so that a leaked secret is recognized as yours.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(feature = "sqlite")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use tower_principal::verify::sql::{NewCredential, SqlVerifier};
    ///
    /// let verifier = SqlVerifier::sqlite("sqlite::memory:")
    ///     .secret_word("acme")
    ///     .connect()
    ///     .await?;
    /// let issued =
    ///     verifier.store().api_keys().create(NewCredential::new()).await?;
    /// assert!(issued.secret.expose_secret().starts_with("acmek_"));
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
    pub fn secret_word(mut self, word: impl Into<String>) -> Self {
        self.word = word.into();
        self
    }

    /// Sets the name of this store, which is a part of each principal's
    /// [identity](crate::Principal::identity). Defaults to no name. Give each store a name if a
    /// service has several, and keep it: stored [keys](crate::Principal::key) hold it.
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
    /// let staff =
    ///     SqlVerifier::sqlite("sqlite::memory:").name("staff").connect().await?;
    /// let draft = NewCredential::new().user("otto");
    /// let issued = staff.store().access_tokens().create(draft).await?;
    ///
    /// let token = Credential::AccessToken(issued.secret.reborrow());
    /// let otto = staff.verify(&token, &VerifyContext::default()).await?;
    /// // Another store's `otto` has another key.
    /// assert_eq!(otto.key().as_deref(), Some("store:staff/user/otto"));
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
    pub fn name(mut self, name: impl Into<Arc<str>>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Sets the name of this service, as the audience of access tokens names it (RFC 8707). It is
    /// compared byte for byte, usually with an absolute URI.
    ///
    /// A token that names its audience is unknown to a service that it does not name, and to a
    /// service without a name. A token without an audience is accepted by every service that uses
    /// the database. Defaults to no name.
    pub fn audience(mut self, service: impl Into<Box<str>>) -> Self {
        self.audience = Some(service.into());
        self
    }

    /// Sets the maximum number of connections, at least 1.
    ///
    /// Defaults to 10 on PostgreSQL, and one more that listens for
    /// [changes](crate::verify::sql::SqlVerifier::changes); to 4 on SQLite. A database in memory
    /// has one.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(feature = "sqlite")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use tower_principal::verify::sql::{SqlError, SqlVerifier};
    ///
    /// let verifier =
    ///     SqlVerifier::sqlite("sqlite::memory:").connections(2).connect().await?;
    /// assert_eq!(verifier.connections().0, 1); // a database in memory has one
    ///
    /// let none =
    ///     SqlVerifier::sqlite("sqlite::memory:").connections(0).connect().await;
    /// assert!(matches!(none, Err(SqlError::Configuration(_))));
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
    pub const fn connections(mut self, connections: u32) -> Self {
        self.limits.connections = connections;
        self
    }

    /// Sets the time for one statement, including the wait for a connection. Defaults to 1.5 s; the
    /// minimum is 100 ms.
    ///
    /// Keep it below the layer's [deadline](crate::AuthenticateLayer::deadline), because otherwise
    /// a slow database looks like a slow verifier. A password check takes two statements.
    pub const fn deadline(mut self, deadline: Duration) -> Self {
        self.limits.deadline = deadline;
        self
    }

    /// Sets how passwords are hashed and checked. Defaults to [`Passwords::new`].
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(feature = "sqlite")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use tower_principal::verify::password::Passwords;
    /// use tower_principal::verify::sql::SqlVerifier;
    ///
    /// // Twice the memory of the default, because this service has few log-ins.
    /// let passwords = Passwords::with_params(38 * 1024, 2, 1)?;
    /// let verifier = SqlVerifier::sqlite("sqlite::memory:")
    ///     .passwords(passwords)
    ///     .connect()
    ///     .await?;
    /// # let _ = verifier;
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
    pub fn passwords(mut self, passwords: Passwords) -> Self {
        self.passwords = Some(passwords);
        self
    }

    /// Sets the clock that expiry is checked against. Defaults to the operating system's clock.
    /// Nodes agree on an end only as exactly as their clocks agree.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(feature = "sqlite")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use std::time::{Duration, SystemTime};
    /// use tower_principal::test_util::TestClock;
    /// use tower_principal::verify::sql::{NewCredential, SqlVerifier};
    /// use tower_principal::{Credential, Verifier, VerifyContext};
    ///
    /// let clock = TestClock::at(SystemTime::now());
    /// let verifier = SqlVerifier::sqlite("sqlite::memory:")
    ///     .clock(clock.clone())
    ///     .connect()
    ///     .await?;
    /// let end = SystemTime::now() + Duration::from_secs(60);
    /// let draft = NewCredential::new().user("otto").expires_at(end);
    /// let issued = verifier.store().access_tokens().create(draft).await?;
    ///
    /// let token = Credential::AccessToken(issued.secret.reborrow());
    /// assert!(verifier.verify(&token, &VerifyContext::default()).await.is_ok());
    /// clock.advance(Duration::from_secs(120));
    /// assert!(verifier.verify(&token, &VerifyContext::default()).await.is_err());
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Some(Arc::new(clock));
        self
    }
}
