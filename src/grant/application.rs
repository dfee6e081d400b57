//! Registered applications.

use super::{GrantType, Lifetime, RedirectRule};
use crate::principal::Scopes;

/// Registered application: a client of an authorization server (RFC 6749 section 2).
///
/// It starts without grant types, redirect URIs and scopes, so it may do nothing. It holds no
/// secret: see [`Applications`](super::Applications).
///
/// # Examples
///
/// ```
/// use tower_principal::grant::{Application, GrantType};
///
/// let viewer = Application::public("viewer")
///     .label("Map viewer")
///     .redirect("https://viewer.example/callback")
///     .grants([GrantType::AuthorizationCode, GrantType::RefreshToken])
///     .scopes(["datasets:read"]);
/// assert!(viewer.allows(GrantType::RefreshToken));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
#[non_exhaustive]
pub struct Application {
    /// Client id: 1 to 64 of `0-9A-Za-z`, `-`, `.`, `_` and `~`.
    pub id: String,
    /// Type of the client.
    pub kind: ApplicationKind,
    /// Name that people see.
    pub label: Option<String>,
    /// Name of the profile, which decides about everything that is not set here. `None` for the
    /// server's default profile.
    pub profile: Option<String>,
    /// Rule for redirect URIs.
    pub redirect_rule: RedirectRule,
    /// Registered redirect URIs.
    pub redirects: Vec<String>,
    /// Grant types that the client may use.
    pub grants: Vec<GrantType>,
    /// Scopes that the client may ask for.
    pub scopes: Scopes,
    /// Services that the client may ask tokens for (RFC 8707); empty for any service.
    pub audiences: Vec<String>,
    /// Services that this client is: it may introspect access tokens for them (RFC 7662).
    pub serves: Vec<String>,
    /// Lifetimes that differ from those of the profile.
    pub lifetimes: Lifetimes,
    /// Organization that the client acts in.
    pub org: Option<String>,
    /// Application of that organization.
    pub app: Option<String>,
}

/// Type of a client (RFC 6749 section 2.1).
///
/// # Examples
///
/// ```
/// use tower_principal::grant::{Application, ApplicationKind};
///
/// assert_eq!(Application::public("viewer").kind, ApplicationKind::Public);
/// assert!(Application::confidential("weather").is_confidential());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ApplicationKind {
    /// It cannot keep a secret, such as an app on a phone. It is never authenticated.
    Public,
    /// It authenticates with a secret.
    Confidential,
}

/// Lifetimes of an application's tokens; `None` for those of the profile.
///
/// # Examples
///
/// ```
/// use tower_principal::grant::{Application, Lifetime, Lifetimes};
///
/// let lifetimes = Lifetimes {
///     access: Some(Lifetime::seconds(300)),
///     ..Lifetimes::default()
/// };
/// let kiosk = Application::public("kiosk").lifetimes(lifetimes);
/// assert_eq!(kiosk.lifetimes.refresh, None); // the profile's
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Lifetimes {
    /// Maximum lifetime of an access token.
    pub access: Option<Lifetime>,
    /// Time after which an unused refresh token ends.
    pub refresh: Option<Lifetime>,
    /// Lifetime of a grant, which no renewal exceeds.
    pub grant: Option<Lifetime>,
}

impl Application {
    /// Returns an application that cannot keep a secret.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::grant::{Application, GrantType};
    ///
    /// // A page in a browser, or an app on a phone:
    /// let viewer = Application::public("viewer")
    ///     .redirect("https://viewer.example/callback")
    ///     .grants([GrantType::AuthorizationCode, GrantType::RefreshToken]);
    /// assert!(!viewer.is_confidential());
    /// ```
    pub fn public(id: impl Into<String>) -> Self {
        Self::new(id.into(), ApplicationKind::Public)
    }

    /// Returns an application that authenticates with a secret.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::grant::{Application, GrantType};
    ///
    /// // Another service, which acts for itself:
    /// let weather = Application::confidential("weather")
    ///     .grants([GrantType::ClientCredentials])
    ///     .scopes(["datasets:read"]);
    /// assert!(weather.allows(GrantType::ClientCredentials));
    /// assert!(!weather.allows(GrantType::Password));
    /// ```
    pub fn confidential(id: impl Into<String>) -> Self {
        Self::new(id.into(), ApplicationKind::Confidential)
    }

    fn new(id: String, kind: ApplicationKind) -> Self {
        Self {
            id,
            kind,
            label: None,
            profile: None,
            redirect_rule: RedirectRule::Exact,
            redirects: Vec::new(),
            grants: Vec::new(),
            scopes: Scopes::none(),
            audiences: Vec::new(),
            serves: Vec::new(),
            lifetimes: Lifetimes::default(),
            org: None,
            app: None,
        }
    }

    /// Sets the name that people see.
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// Sets the name of the profile.
    pub fn profile(mut self, profile: impl Into<String>) -> Self {
        self.profile = Some(profile.into());
        self
    }

    /// Registers a redirect URI, beside those that are registered; see [`RedirectRule`].
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::grant::Application;
    ///
    /// let viewer = Application::public("viewer")
    ///     .redirect("https://viewer.example/callback")
    ///     .redirect("http://127.0.0.1/callback");
    /// assert_eq!(viewer.redirects.len(), 2);
    /// ```
    pub fn redirect(mut self, uri: impl Into<String>) -> Self {
        self.redirects.push(uri.into());
        self
    }

    /// Accepts redirect URIs below a registered one; see [`RedirectRule::Prefix`]. It gives up the
    /// exact comparison that RFC 9700 section 2.1 requires.
    pub const fn redirect_prefixes(mut self) -> Self {
        self.redirect_rule = RedirectRule::Prefix;
        self
    }

    /// Sets the grant types that the client may use.
    pub fn grants(mut self, grants: impl IntoIterator<Item = GrantType>) -> Self {
        self.grants = grants.into_iter().collect();
        self
    }

    /// Sets the scopes that the client may ask for. Names that are not scope tokens are left out.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::grant::Application;
    ///
    /// let viewer = Application::public("viewer").scopes(["read", "not a scope"]);
    /// assert_eq!(viewer.scopes.as_str(), "read");
    /// ```
    pub fn scopes<S: AsRef<str>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.scopes = scopes.into_iter().collect();
        self
    }

    /// Sets the services that the client may ask tokens for.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::grant::Application;
    ///
    /// let viewer =
    ///     Application::public("viewer").audiences(["https://api.example"]);
    /// assert_eq!(viewer.audiences, ["https://api.example"]);
    /// ```
    pub fn audiences<A: Into<String>>(mut self, audiences: impl IntoIterator<Item = A>) -> Self {
        self.audiences = audiences.into_iter().map(Into::into).collect();
        self
    }

    /// Sets the services that this client is. It may introspect the access tokens of every client
    /// for them (RFC 7662), also those for any service. Only a confidential client may.
    pub fn serves<A: Into<String>>(mut self, services: impl IntoIterator<Item = A>) -> Self {
        self.serves = services.into_iter().map(Into::into).collect();
        self
    }

    /// Sets the lifetimes that differ from those of the profile.
    pub const fn lifetimes(mut self, lifetimes: Lifetimes) -> Self {
        self.lifetimes = lifetimes;
        self
    }

    /// Sets the organization.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::grant::Application;
    ///
    /// // Its own tokens make the client of an application (Usergrid).
    /// let weather =
    ///     Application::confidential("weather").org("acme").app("weather");
    /// assert_eq!(weather.org.as_deref(), Some("acme"));
    /// ```
    pub fn org(mut self, org: impl Into<String>) -> Self {
        self.org = Some(org.into());
        self
    }

    /// Sets the application of the organization.
    pub fn app(mut self, app: impl Into<String>) -> Self {
        self.app = Some(app.into());
        self
    }

    /// Returns `true` if the client may use this grant type.
    pub fn allows(&self, grant: GrantType) -> bool {
        self.grants.contains(&grant)
    }

    /// Returns the name that pages show: the label or, without one, the id.
    pub(crate) fn name(&self) -> &str {
        self.label.as_deref().unwrap_or(&self.id)
    }

    /// Returns `true` if the client authenticates with a secret.
    pub const fn is_confidential(&self) -> bool {
        matches!(self.kind, ApplicationKind::Confidential)
    }
}
