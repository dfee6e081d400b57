//! Drafts of credentials and users.

use std::time::SystemTime;

use crate::principal::Scopes;

/// Draft of a credential.
///
/// The store fills in fields that are not set. The id is random, there is no end, and the
/// permissions are those of its user.
///
/// # Examples
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use tower_principal::verify::sql::NewCredential;
///
/// let key = NewCredential::new()
///     .owner("alice")
///     .label("the build server's")
///     .permissions(["get:/reports/**"])
///     .expires_at(SystemTime::now() + Duration::from_secs(90 * 24 * 3600));
/// # let _ = key;
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct NewCredential {
    pub(super) id: Option<String>,
    pub(super) subject: Option<String>,
    pub(super) client: Option<String>,
    pub(super) org: Option<String>,
    pub(super) app: Option<String>,
    pub(super) uuid: Option<String>,
    pub(super) label: Option<String>,
    pub(super) scopes: Scopes,
    pub(super) permissions: Option<Vec<String>>,
    pub(super) expires_at: Option<SystemTime>,
}

impl NewCredential {
    /// Returns a draft with no field set.
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
    /// // The id is random, and there is no end.
    /// let issued = keys.create(NewCredential::new()).await?;
    /// let key = keys.find(&issued.id).await?.ok_or("no key")?;
    /// assert_eq!((key.id.len(), key.expires_at), (14, None));
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the public id: 1 to 64 of `0-9A-Za-z`, `-`, `.`, `_` and `~`.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(feature = "sqlite")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use tower_principal::verify::sql::{NewCredential, SqlError, SqlVerifier};
    ///
    /// let keys = SqlVerifier::sqlite("sqlite::memory:")
    ///     .connect()
    ///     .await?
    ///     .store()
    ///     .api_keys();
    /// let issued = keys.create(NewCredential::new().id("build-server")).await?;
    /// assert_eq!(issued.id, "build-server");
    /// let spaced = keys.create(NewCredential::new().id("build server")).await;
    /// assert!(matches!(spaced, Err(SqlError::InvalidName)));
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// Sets the user that an access token acts for.
    ///
    /// A user of the store lends permissions to the credential, which is disabled and deleted with
    /// the user. A user that the store does not know is only a name. If such a user is created
    /// later, disabling the user ends the earlier credentials as well. They get no permissions of
    /// the user, and are not deleted with the user.
    pub fn user(mut self, name: impl Into<String>) -> Self {
        self.subject = Some(name.into());
        self
    }

    /// Sets the user that a key, an app token or a client belongs to, as [`user`](Self::user) does.
    /// An app token gets no permissions of its owner, because all users of the application can see
    /// it.
    pub fn owner(self, name: impl Into<String>) -> Self {
        self.user(name)
    }

    /// Sets the client that an access token was issued to. The token of a client in the store ends
    /// with it.
    pub fn client(mut self, id: impl Into<String>) -> Self {
        self.client = Some(id.into());
        self
    }

    /// Sets the organization. A client needs one.
    pub fn org(mut self, org: impl Into<String>) -> Self {
        self.org = Some(org.into());
        self
    }

    /// Sets the application. For a client it is the one that the client belongs to; an
    /// organization's client has none.
    pub fn app(mut self, app: impl Into<String>) -> Self {
        self.app = Some(app.into());
        self
    }

    /// Sets the UUID of an access token's user. Defaults to the UUID of the store's user.
    pub fn uuid(mut self, uuid: impl Into<String>) -> Self {
        self.uuid = Some(uuid.into());
        self
    }

    /// Sets a label in free text that describes the purpose; it is shown in lists.
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// Sets the granted scopes. Names that are not scope tokens are left out.
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
    /// let draft = NewCredential::new().scopes(["datasets:read", "not a scope"]);
    /// let issued = keys.create(draft).await?;
    /// let key = keys.find(&issued.id).await?.ok_or("no key")?;
    /// assert_eq!(key.scopes, "datasets:read");
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
    pub fn scopes<S: AsRef<str>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.scopes = scopes.into_iter().collect();
        self
    }

    /// Sets the granted permissions; the credential then has only these. Defaults to its user's
    /// permissions, and to none for an app token.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(feature = "sqlite")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use tower_principal::principal::Operation;
    /// use tower_principal::verify::sql::{NewCredential, SqlVerifier};
    /// use tower_principal::{Credential, Verifier, VerifyContext};
    ///
    /// let verifier = SqlVerifier::sqlite("sqlite::memory:").connect().await?;
    /// let draft =
    ///     NewCredential::new().user("otto").permissions(["get:/reports/**"]);
    /// let issued = verifier.store().access_tokens().create(draft).await?;
    ///
    /// let token = Credential::AccessToken(issued.secret.reborrow());
    /// let otto = verifier.verify(&token, &VerifyContext::default()).await?;
    /// assert!(otto.may(Operation::Get, "/reports/2026"));
    /// assert!(!otto.may(Operation::Put, "/reports/2026"));
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
    pub fn permissions<S: Into<String>>(mut self, permissions: impl IntoIterator<Item = S>) -> Self {
        self.permissions = Some(permissions.into_iter().map(Into::into).collect());
        self
    }

    /// Sets the time at which it ends.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(feature = "sqlite")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use std::time::{Duration, SystemTime};
    /// use tower_principal::verify::sql::{NewCredential, SqlVerifier};
    /// use tower_principal::{Credential, Verifier, VerifyContext};
    ///
    /// let verifier = SqlVerifier::sqlite("sqlite::memory:").connect().await?;
    /// let draft = NewCredential::new()
    ///     .user("otto")
    ///     .expires_at(SystemTime::now() - Duration::from_secs(1));
    /// let issued = verifier.store().access_tokens().create(draft).await?;
    /// // It is over already.
    /// let token = Credential::AccessToken(issued.secret.reborrow());
    /// assert!(verifier.verify(&token, &VerifyContext::default()).await.is_err());
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
    pub const fn expires_at(mut self, at: SystemTime) -> Self {
        self.expires_at = Some(at);
        self
    }
}

/// Draft of a user.
///
/// # Examples
///
/// ```
/// use tower_principal::verify::sql::NewUser;
///
/// let wendy = NewUser::new()
///     .org("acme")
///     .app("weather")
///     .uuid("f2f82123-a166-11e2-a7f7-02e81adcf3d0");
/// # let _ = wendy;
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct NewUser {
    pub(super) uuid: Option<String>,
    pub(super) org: Option<String>,
    pub(super) app: Option<String>,
    pub(super) expires_at: Option<SystemTime>,
}

impl NewUser {
    /// Returns a draft with no field set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the user's UUID.
    pub fn uuid(mut self, uuid: impl Into<String>) -> Self {
        self.uuid = Some(uuid.into());
        self
    }

    /// Sets the organization that the user belongs to.
    pub fn org(mut self, org: impl Into<String>) -> Self {
        self.org = Some(org.into());
        self
    }

    /// Sets the application that the user belongs to.
    pub fn app(mut self, app: impl Into<String>) -> Self {
        self.app = Some(app.into());
        self
    }

    /// Sets the time at which the user expires.
    pub const fn expires_at(mut self, at: SystemTime) -> Self {
        self.expires_at = Some(at);
        self
    }
}
