//! Grants, and drafts of grants.

use std::time::{Duration, SystemTime};

use super::GrantId;
use crate::principal::Scopes;

/// Grant: a client may act, for a user or for itself, until a time.
///
/// A store fills all fields by its own clock.
///
/// # Examples
///
/// ```
/// use std::time::SystemTime;
/// use tower_principal::grant::{Grant, GrantId, NewGrant};
///
/// let draft = NewGrant::new(GrantId::random()?, "viewer").user("alice");
/// let grant = Grant::from_draft(&draft, SystemTime::now());
/// // No token was issued yet.
/// assert_eq!((grant.generation, grant.has_refresh), (0, false));
/// assert_eq!(grant.user.as_deref(), Some("alice"));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Public id of the grant.
    pub id: GrantId,
    /// Id of the client that the grant was made for.
    pub client: String,
    /// Name of the user that the client acts for; `None` if it acts for itself.
    pub user: Option<String>,
    /// UUID of the user.
    pub uuid: Option<String>,
    /// Organization of the user or the client.
    pub org: Option<String>,
    /// Application of the user or the client.
    pub app: Option<String>,
    /// Scopes of the current access token.
    pub scopes: Scopes,
    /// All scopes that were granted.
    pub granted_scopes: Scopes,
    /// Audience of the current access token (RFC 8707); empty for any service.
    pub audience: Vec<String>,
    /// Whole audience that was granted; empty for any service.
    pub granted_audience: Vec<String>,
    /// Number of times that tokens were issued: 0 before the code is redeemed, then 1, and one more
    /// for each renewal. Its order is that of the tokens, by no clock.
    pub generation: u64,
    /// Time at which the grant was made.
    pub created_at: SystemTime,
    /// Time of the store's clock when it answered. A token that was issued by this call was issued
    /// at this time.
    pub now: SystemTime,
    /// Time at which the access token expires. In an answer of
    /// [`Grants::find`](super::Grants::find) it is the end of the presented token. `None` if it
    /// does not expire.
    pub expires_at: Option<SystemTime>,
    /// `true` if the grant has a refresh token in force.
    pub has_refresh: bool,
    /// Time at which the refresh token expires if it is not used; `None` if it does not expire.
    pub refresh_expires_at: Option<SystemTime>,
    /// Browser session that the grant was made in.
    pub session: Option<String>,
    /// Time at which the user proved the identity.
    pub authenticated_at: Option<SystemTime>,
    /// Time at which an access token was issued: the token by which the store found the grant, or
    /// else the current one. `None` if the grant has no access token, or if the store does not know
    /// the time.
    pub issued_at: Option<SystemTime>,
}

/// Draft of a grant.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use tower_principal::grant::{GrantId, NewGrant};
///
/// let grant = NewGrant::new(GrantId::random()?, "viewer")
///     .user("alice")
///     .scopes(["datasets:read"])
///     .audience(["https://api.example"])
///     .lifetime(Duration::from_secs(90 * 24 * 3600));
/// # let _ = grant;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct NewGrant {
    /// Public id of the grant.
    pub id: GrantId,
    /// Id of the client that the grant is for.
    pub client: String,
    /// Name of the user that the client acts for; `None` if it acts for itself.
    pub user: Option<String>,
    /// UUID of the user.
    pub uuid: Option<String>,
    /// Organization of the user or the client.
    pub org: Option<String>,
    /// Application of the user or the client.
    pub app: Option<String>,
    /// Granted scopes.
    pub scopes: Scopes,
    /// Granted audience (RFC 8707); empty for any service.
    pub audience: Vec<String>,
    /// Lifetime of the grant, from this call; no token of it lasts longer. `None` for no limit.
    pub lifetime: Option<Duration>,
    /// Browser session that the grant is made in.
    pub session: Option<String>,
    /// Time at which the user proved the identity.
    pub authenticated_at: Option<SystemTime>,
}

impl Grant {
    /// Returns the grant of a draft, before any token was issued. For stores outside this crate.
    pub fn from_draft(draft: &NewGrant, now: SystemTime) -> Self {
        Self {
            id: draft.id.clone(),
            client: draft.client.clone(),
            user: draft.user.clone(),
            uuid: draft.uuid.clone(),
            org: draft.org.clone(),
            app: draft.app.clone(),
            scopes: draft.scopes.clone(),
            granted_scopes: draft.scopes.clone(),
            audience: draft.audience.clone(),
            granted_audience: draft.audience.clone(),
            generation: 0,
            created_at: now,
            now,
            expires_at: None,
            has_refresh: false,
            refresh_expires_at: None,
            session: draft.session.clone(),
            authenticated_at: draft.authenticated_at,
            issued_at: None,
        }
    }

    /// Returns the id of the current access token as the `jti` of a JWT: the grant's id, a dot, and
    /// the generation. The `sid` is the grant's [id](Self::id).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::SystemTime;
    /// use tower_principal::grant::{Grant, GrantId, NewGrant};
    ///
    /// let id = GrantId::parse("7Gk2").ok_or(std::io::ErrorKind::InvalidInput)?;
    /// let grant = Grant::from_draft(&NewGrant::new(id, "viewer"), SystemTime::now());
    /// assert_eq!(grant.token_id(), "7Gk2.0");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn token_id(&self) -> String {
        self.id.token_id(self.generation)
    }

    /// Returns the seconds for which the access token lasts from [`now`](Self::now), rounded down;
    /// `None` if it does not expire.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// use tower_principal::grant::{
    ///     GrantId, Grants, Lifetime, MemoryGrants, NewGrant, NextTokens,
    ///     TokenShape,
    /// };
    ///
    /// const SHAPE: TokenShape = TokenShape::prefixed("acme");
    /// let id = GrantId::random()?;
    /// let next =
    ///     NextTokens::new(SHAPE.access(&id, None)?.digest, Lifetime::seconds(60));
    /// let grant =
    ///     MemoryGrants::new().issue(&NewGrant::new(id, "viewer"), &next).await?;
    /// // `expires_in` of the token response:
    /// assert_eq!(grant.expires_in(), Some(60));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn expires_in(&self) -> Option<u64> {
        self.expires_at.map(|at| at.duration_since(self.now).unwrap_or_default().as_secs())
    }
}

impl NewGrant {
    /// Returns a draft of a grant with which this client acts for itself, without scopes.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::grant::{GrantId, NewGrant};
    ///
    /// let grant = NewGrant::new(GrantId::random()?, "weather");
    /// // The client acts for itself, and gets no scopes.
    /// assert!(grant.user.is_none() && grant.scopes.is_empty());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn new(id: GrantId, client: impl Into<String>) -> Self {
        Self {
            id,
            client: client.into(),
            user: None,
            uuid: None,
            org: None,
            app: None,
            scopes: Scopes::none(),
            audience: Vec::new(),
            lifetime: None,
            session: None,
            authenticated_at: None,
        }
    }

    /// Sets the user that the client acts for.
    pub fn user(mut self, name: impl Into<String>) -> Self {
        self.user = Some(name.into());
        self
    }

    /// Sets the UUID of the user.
    pub fn uuid(mut self, uuid: impl Into<String>) -> Self {
        self.uuid = Some(uuid.into());
        self
    }

    /// Sets the organization.
    pub fn org(mut self, org: impl Into<String>) -> Self {
        self.org = Some(org.into());
        self
    }

    /// Sets the application.
    pub fn app(mut self, app: impl Into<String>) -> Self {
        self.app = Some(app.into());
        self
    }

    /// Sets the granted scopes. Names that are not scope tokens are left out.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::grant::{GrantId, NewGrant};
    ///
    /// let draft = NewGrant::new(GrantId::random()?, "viewer");
    /// let grant = draft.scopes(["datasets:read", "datasets:write"]);
    /// assert_eq!(grant.scopes.as_str(), "datasets:read datasets:write");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn scopes<S: AsRef<str>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.scopes = scopes.into_iter().collect();
        self
    }

    /// Sets the granted audience.
    pub fn audience<A: Into<String>>(mut self, audience: impl IntoIterator<Item = A>) -> Self {
        self.audience = audience.into_iter().map(Into::into).collect();
        self
    }

    /// Sets the lifetime of the grant, which no renewal exceeds.
    pub const fn lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetime = Some(lifetime);
        self
    }

    /// Sets the browser session that the grant is made in.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::SystemTime;
    /// use tower_principal::grant::{GrantId, NewGrant};
    ///
    /// let now = SystemTime::now();
    /// let grant = NewGrant::new(GrantId::random()?, "viewer")
    ///     .user("alice")
    ///     .session("session-1")
    ///     .authenticated_at(now);
    /// assert_eq!(grant.session.as_deref(), Some("session-1"));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn session(mut self, session: impl Into<String>) -> Self {
        self.session = Some(session.into());
        self
    }

    /// Sets the time at which the user proved the identity.
    pub const fn authenticated_at(mut self, at: SystemTime) -> Self {
        self.authenticated_at = Some(at);
        self
    }
}
