//! Registered applications.

use super::Lifetime;
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
/// assert!(viewer.allows(GrantType::RefreshToken) && !viewer.is_confidential());
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
    /// Lifetimes that differ from those of the profile.
    pub lifetimes: Lifetimes,
    /// Organization that the client acts in.
    pub org: Option<String>,
    /// Application of that organization.
    pub app: Option<String>,
}

/// Type of a client (RFC 6749 section 2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ApplicationKind {
    /// It cannot keep a secret, such as an app on a phone. It is never authenticated.
    Public,
    /// It authenticates with a secret.
    Confidential,
}

/// Rule that compares the redirect URI of a request with the registered ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum RedirectRule {
    /// The URI is a registered one, byte for byte. Only the port of a loopback address may differ
    /// (RFC 8252 section 7.3).
    #[default]
    Exact,
    /// The URI has the origin of a registered one, and its path starts with the segments of that
    /// one. It is weaker: each page below the registered one receives codes.
    Prefix,
}

/// Grant type of a token request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum GrantType {
    /// `authorization_code` (RFC 6749 section 4.1).
    AuthorizationCode,
    /// `refresh_token` (RFC 6749 section 6).
    RefreshToken,
    /// `client_credentials` (RFC 6749 section 4.4).
    ClientCredentials,
    /// `password` (RFC 6749 section 4.3). RFC 9700 section 2.4 advises against it.
    Password,
}

/// Lifetimes of an application's tokens; `None` for those of the profile.
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
    pub fn public(id: impl Into<String>) -> Self {
        Self::new(id.into(), ApplicationKind::Public)
    }

    /// Returns an application that authenticates with a secret.
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

    /// Registers a redirect URI, beside those that are registered.
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
    pub fn scopes<S: AsRef<str>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.scopes = scopes.into_iter().collect();
        self
    }

    /// Sets the services that the client may ask tokens for.
    pub fn audiences<A: Into<String>>(mut self, audiences: impl IntoIterator<Item = A>) -> Self {
        self.audiences = audiences.into_iter().map(Into::into).collect();
        self
    }

    /// Sets the lifetimes that differ from those of the profile.
    pub const fn lifetimes(mut self, lifetimes: Lifetimes) -> Self {
        self.lifetimes = lifetimes;
        self
    }

    /// Sets the organization.
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

    /// Returns `true` if the client authenticates with a secret.
    pub const fn is_confidential(&self) -> bool {
        matches!(self.kind, ApplicationKind::Confidential)
    }
}

impl GrantType {
    /// Returns the value of the parameter `grant_type`.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::grant::GrantType;
    ///
    /// assert_eq!(GrantType::named("password"), Some(GrantType::Password));
    /// assert_eq!(GrantType::Password.as_str(), "password");
    /// ```
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "authorization_code",
            Self::RefreshToken => "refresh_token",
            Self::ClientCredentials => "client_credentials",
            Self::Password => "password",
        }
    }

    /// Returns the grant type with this value of the parameter `grant_type`.
    pub fn named(name: &str) -> Option<Self> {
        let all = [Self::AuthorizationCode, Self::RefreshToken, Self::ClientCredentials, Self::Password];
        all.into_iter().find(|grant| grant.as_str() == name)
    }
}
