//! Sessions of browsers, and drafts of sessions.

use std::io;
use std::time::{Duration, SystemTime};

use crate::credential::{Digest, TokenFormat};

/// Session of a user that is logged in at the authorization server with one browser.
///
/// A store computes all times by its own clock. If the user allows a client in a session, the grant
/// has the [id](Self::id) of the session as [`Grant::session`](super::Grant::session). A log-out
/// ends the session and these grants. If a session expires, its grants stay in force.
///
/// # Examples
///
/// ```
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// use std::time::Duration;
/// use tower_principal::credential::Digest;
/// use tower_principal::grant::{MemorySessions, NewSession, Sessions};
///
/// let sessions = MemorySessions::new();
/// let cookie = Digest::random()?;
/// let draft = NewSession::new(cookie, "alice", Duration::from_secs(8 * 3600))?;
/// sessions.create(&draft.org("acme")).await?;
///
/// let session = sessions.find(&cookie).await?.ok_or("no session")?;
/// assert_eq!((&*session.user, session.org.as_deref()), ("alice", Some("acme")));
/// assert_eq!(session.authenticated_at, session.created_at);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Public id of the session. Knowledge of it allows nothing.
    pub id: String,
    /// Name of the user.
    pub user: String,
    /// UUID of the user.
    pub uuid: Option<String>,
    /// Organization of the user.
    pub org: Option<String>,
    /// Application of the user.
    pub app: Option<String>,
    /// Time at which the session began.
    pub created_at: SystemTime,
    /// Time at which the user proved the identity.
    pub authenticated_at: SystemTime,
    /// Time from which the session is over.
    pub expires_at: SystemTime,
}

/// Draft of a session.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use tower_principal::Secret;
/// use tower_principal::credential::{Digest, TokenFormat};
/// use tower_principal::grant::NewSession;
///
/// // The browser has the secret and the store has its digest.
/// let secret = TokenFormat::new("acme")?.secret("browser")?;
/// let digest = Digest::from_parts(&[secret.expose_secret().as_bytes()]);
/// let draft = NewSession::new(digest, "alice", Duration::from_secs(8 * 3600))?;
/// # let _ = draft;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct NewSession {
    /// Public id of the session, unique in the store.
    pub id: String,
    /// Digest of the secret that the browser presents.
    pub digest: Digest,
    /// Name of the user.
    pub user: String,
    /// UUID of the user.
    pub uuid: Option<String>,
    /// Organization of the user.
    pub org: Option<String>,
    /// Application of the user.
    pub app: Option<String>,
    /// Time at which the user proved the identity; `None` for the time of the call.
    pub authenticated_at: Option<SystemTime>,
    /// Lifetime of the session, from the call.
    pub lifetime: Duration,
}

impl Session {
    /// Returns the session of a draft. For stores outside this crate.
    ///
    /// Returns `None` if the end of its lifetime is beyond the range of the system's clock.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    /// use tower_principal::credential::Digest;
    /// use tower_principal::grant::{NewSession, Session};
    ///
    /// let (now, lifetime) = (SystemTime::now(), Duration::from_secs(3600));
    /// let draft = NewSession::new(Digest::random()?, "alice", lifetime)?;
    /// let session = Session::from_draft(&draft, now).ok_or("too long")?;
    /// assert_eq!(session.expires_at, now + lifetime);
    /// let endless = NewSession { lifetime: Duration::MAX, ..draft };
    /// assert!(Session::from_draft(&endless, now).is_none());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn from_draft(draft: &NewSession, now: SystemTime) -> Option<Self> {
        Some(Self {
            id: draft.id.clone(),
            user: draft.user.clone(),
            uuid: draft.uuid.clone(),
            org: draft.org.clone(),
            app: draft.app.clone(),
            created_at: now,
            authenticated_at: draft.authenticated_at.map_or(now, |at| at.min(now)),
            expires_at: now.checked_add(draft.lifetime)?,
        })
    }
}

impl NewSession {
    /// Returns a draft of a session of this user, with a new random id.
    ///
    /// # Errors
    ///
    /// If the operating system provides no randomness.
    pub fn new(digest: Digest, user: impl Into<String>, lifetime: Duration) -> io::Result<Self> {
        Ok(Self {
            id: TokenFormat::id()?,
            digest,
            user: user.into(),
            uuid: None,
            org: None,
            app: None,
            authenticated_at: None,
            lifetime,
        })
    }

    /// Sets the UUID of the user.
    pub fn uuid(mut self, uuid: impl Into<String>) -> Self {
        self.uuid = Some(uuid.into());
        self
    }

    /// Sets the organization of the user.
    pub fn org(mut self, org: impl Into<String>) -> Self {
        self.org = Some(org.into());
        self
    }

    /// Sets the application of the user.
    pub fn app(mut self, app: impl Into<String>) -> Self {
        self.app = Some(app.into());
        self
    }

    /// Sets the time at which the user proved the identity, for example at another server. Defaults
    /// to the time at which the store records the session. A later time counts as that time.
    pub const fn authenticated_at(mut self, at: SystemTime) -> Self {
        self.authenticated_at = Some(at);
        self
    }
}
