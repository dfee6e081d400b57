//! What is said of a credential or a user that is made, and what comes of it.

use std::time::SystemTime;

use crate::credential::Secret;
use crate::principal::Scopes;

/// What is said of a credential that is made.
///
/// What is left out is left to the store: the id is random, there is no end, the permissions are its
/// user's.
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
#[derive(Clone, Debug, Default)]
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
    /// Nothing said.
    pub fn new() -> Self {
        Self::default()
    }

    /// Its public id: 1 to 64 of `0-9A-Za-z`, `-`, `.`, `_` and `~`.
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// Whom an access token speaks for. A user of the store may be disabled and deleted with all
    /// credentials, and lends them permissions; one that the store does not know is a name and no more, and what was
    /// made for it before there is such a user is ended by disabling the user, but neither deleted with nor lent anything.
    pub fn user(mut self, name: impl Into<String>) -> Self {
        self.subject = Some(name.into());
        self
    }

    /// Who a key, an app token or a client belongs to; as [`user`](Self::user), but an app token is lent no
    /// permissions: everybody who uses the application can see it.
    pub fn owner(self, name: impl Into<String>) -> Self {
        self.user(name)
    }

    /// The client that an access token was issued to. The token of a client in the store ends with it.
    pub fn client(mut self, id: impl Into<String>) -> Self {
        self.client = Some(id.into());
        self
    }

    /// Its organization. A client needs one.
    pub fn org(mut self, org: impl Into<String>) -> Self {
        self.org = Some(org.into());
        self
    }

    /// Its application: of a client, the one that it is the client of; an organization's has none.
    pub fn app(mut self, app: impl Into<String>) -> Self {
        self.app = Some(app.into());
        self
    }

    /// The UUID of an access token's user; that of the store's user unless said.
    pub fn uuid(mut self, uuid: impl Into<String>) -> Self {
        self.uuid = Some(uuid.into());
        self
    }

    /// What it is for, in somebody's words; for lists.
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// The granted scopes; names that are no scope tokens are left out.
    pub fn scopes<S: AsRef<str>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.scopes = scopes.into_iter().collect();
        self
    }

    /// The granted permissions, these alone; its user's permissions unless said, and an app token none.
    pub fn permissions<S: Into<String>>(mut self, permissions: impl IntoIterator<Item = S>) -> Self {
        self.permissions = Some(permissions.into_iter().map(Into::into).collect());
        self
    }

    /// When it ends.
    pub const fn expires_at(mut self, at: SystemTime) -> Self {
        self.expires_at = Some(at);
        self
    }
}

/// What is said of a user that is made.
///
/// # Examples
///
/// ```
/// use tower_principal::verify::sql::NewUser;
///
/// let wendy = NewUser::new().org("acme").app("weather").uuid("f2f82123-a166-11e2-a7f7-02e81adcf3d0");
/// # let _ = wendy;
/// ```
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct NewUser {
    pub(super) uuid: Option<String>,
    pub(super) org: Option<String>,
    pub(super) app: Option<String>,
    pub(super) expires_at: Option<SystemTime>,
}

impl NewUser {
    /// Nothing said.
    pub fn new() -> Self {
        Self::default()
    }

    /// The user's UUID.
    pub fn uuid(mut self, uuid: impl Into<String>) -> Self {
        self.uuid = Some(uuid.into());
        self
    }

    /// The organization the user belongs to.
    pub fn org(mut self, org: impl Into<String>) -> Self {
        self.org = Some(org.into());
        self
    }

    /// The application the user belongs to.
    pub fn app(mut self, app: impl Into<String>) -> Self {
        self.app = Some(app.into());
        self
    }

    /// When the user's time is over.
    pub const fn expires_at(mut self, at: SystemTime) -> Self {
        self.expires_at = Some(at);
        self
    }
}

/// A credential that was made, or made anew. Its secret is nowhere else: show it once.
#[derive(Debug)]
#[non_exhaustive]
pub struct Issued {
    /// The public id: a user name beside the secret for keys of two halves and for clients.
    pub id: String,
    /// The secret.
    pub secret: Secret<'static>,
}
