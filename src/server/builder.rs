//! The settings of a server.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;

use super::authorization_server::AuthorizationServer;
use super::browser::{BrowserSettings, FormTokens};
use super::collect::BodyLimits;
use super::issuer::Issuer;
use super::login::DynLogin;
use super::metadata;
use super::pages::{Pages, StandardPages};
use super::profile::{Endpoint, Profile, STANDARD};
use super::routes::Routes;
use super::sign::SignTokens;
use super::state::{Resource, State, Tenants};
use super::stores::Stores;
use super::visitor;
use crate::clock::{Clock, SystemClock};
use crate::request::RequestHead;
use crate::request::grammar::is_absolute_uri;
use crate::transport::Transport;
use crate::verify::{BoxVerifier, Throttled, Verifier};

/// Builder of an [`AuthorizationServer`]; from [`AuthorizationServer::builder`].
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use tower_principal::grant::{MemoryApplications, MemoryGrants};
/// use tower_principal::server::{AuthorizationServer, profile};
/// use tower_principal::transport;
/// use tower_principal::verify::{FailureLimit, MemoryVerifier, Throttled};
///
/// let users = MemoryVerifier::builder().build()?;
/// let guesses =
///     Throttled::new(())?.by_id(FailureLimit::new(5, Duration::from_secs(60)));
/// let server = AuthorizationServer::builder(
///     "https://login.example",
///     (MemoryGrants::new(), MemoryApplications::new()),
///     transport::from_acceptor(),
/// )
/// .profile(profile::USERGRID)
/// .users(users)
/// .resource("https://api.example", ["datasets:read"])
/// .throttle(guesses)
/// .body_limit(16 * 1024)
/// .build()?;
/// assert_eq!(server.issuer(), "https://login.example");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub struct AuthorizationServerBuilder {
    issuer: String,
    stores: Stores,
    tenants: Option<Tenants>,
    users: Option<BoxVerifier>,
    transport: Transport,
    profiles: Vec<Profile>,
    resources: Vec<Resource>,
    signer: Option<Arc<dyn SignTokens>>,
    guesses: Option<Throttled<()>>,
    body: BodyLimits,
    deadline: Duration,
    clock: Arc<dyn Clock>,
    pub(super) login: Option<Arc<dyn DynLogin>>,
    pub(super) pages: Arc<dyn Pages>,
    pub(super) form_key: Option<[u8; 32]>,
    pub(super) session_lifetime: Duration,
    pub(super) scopes: Vec<(String, String)>,
}

/// Error for settings that a server cannot have.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The issuer is not an `https` URL without user information, a query and a fragment, nor such
    /// an `http` URL of a loopback address (RFC 8414 section 2).
    #[error("the issuer is not an https URL without a query and a fragment")]
    Issuer,
    /// Two profiles use a path for different endpoints, or imply different clients there.
    #[error("two profiles use the path {0} for different endpoints")]
    Path(&'static str),
    /// Two profiles have one name.
    #[error("two profiles have the name {0}")]
    Name(&'static str),
    /// A resource is not an absolute URI without a fragment (RFC 8707 section 2).
    #[error("a resource is not an absolute URI without a fragment")]
    Resource,
    /// The trusted networks of the transport contain every address.
    #[error("the transport trusts every address as a proxy")]
    TrustsEveryAddress,
    /// The operating system has no randomness.
    #[error("the operating system has no randomness")]
    Randomness(#[source] io::Error),
}

impl AuthorizationServer {
    /// Returns a builder of a server with this issuer, over these stores.
    ///
    /// The issuer is the identifier in metadata and tokens, byte for byte. It is an `https` URL. On
    /// a loopback address it may be an `http` URL; clients of this machine then need no TLS.
    pub fn builder(
        issuer: impl Into<String>,
        stores: impl Into<Stores>,
        transport: Transport,
    ) -> AuthorizationServerBuilder {
        AuthorizationServerBuilder {
            issuer: issuer.into(),
            stores: stores.into(),
            tenants: None,
            users: None,
            transport,
            profiles: vec![STANDARD],
            resources: Vec::new(),
            signer: None,
            guesses: None,
            body: BodyLimits { bytes: 64 * 1024, time: Duration::from_secs(5) },
            deadline: Duration::from_secs(10),
            clock: Arc::new(SystemClock),
            login: None,
            pages: Arc::new(StandardPages::default()),
            form_key: None,
            session_lifetime: Duration::from_secs(12 * 3_600),
            scopes: Vec::new(),
        }
    }
}

impl AuthorizationServerBuilder {
    /// Adds a profile. The first is [`STANDARD`], unless [`only`](Self::only) replaced it. An
    /// application without a profile has the first one.
    pub fn profile(mut self, profile: Profile) -> Self {
        self.profiles.push(profile);
        self
    }

    /// Replaces all profiles with this one.
    pub fn only(mut self, profile: Profile) -> Self {
        self.profiles = vec![profile];
        self
    }

    /// Sets the verifier of users' passwords, for the log-in page and for profiles with the grant
    /// type `password`. Without a verifier, that grant type is not supported. If the server has
    /// neither a verifier nor a [`login`](Self::login), it has no pages, and answers their paths
    /// with 404. Failed attempts are throttled.
    pub fn users(mut self, users: impl Verifier) -> Self {
        self.users = Some(users.boxed());
        self
    }

    /// Sets the function that returns the stores of a request's tenant. A request for which it
    /// returns `None` is refused as one of an unknown client. By default all requests share the
    /// stores of the builder.
    pub fn tenants(
        mut self,
        tenants: impl for<'r> Fn(&RequestHead<'r>) -> Option<Stores> + Send + Sync + 'static,
    ) -> Self {
        self.tenants = Some(Arc::new(tenants));
        self
    }

    /// Adds a service that clients may ask tokens for (RFC 8707), and its scopes, which metadata
    /// names. If an application has a list of its own, that list alone decides for it. Any other
    /// resource is refused.
    pub fn resource<S: Into<String>>(
        mut self,
        uri: impl Into<String>,
        scopes: impl IntoIterator<Item = S>,
    ) -> Self {
        let scopes = scopes.into_iter().map(Into::into).collect();
        self.resources.push(Resource { uri: uri.into(), scopes });
        self
    }

    /// Signs access tokens of profiles with [`AccessTokens::jwt`](super::profile::AccessTokens).
    /// Without a signer all access tokens are opaque.
    #[cfg(feature = "jwt")]
    pub fn sign(mut self, signer: super::signer::Signer) -> Self {
        self.signer = Some(Arc::new(signer));
        self
    }

    /// Sets the limits of failed attempts, for each client id at an address and for each address.
    /// Defaults to those of [`Throttled::new`].
    pub fn throttle(mut self, guesses: Throttled<()>) -> Self {
        self.guesses = Some(guesses);
        self
    }

    /// Sets the maximum size of a body, in bytes. Defaults to 64 KiB.
    pub const fn body_limit(mut self, bytes: usize) -> Self {
        self.body.bytes = bytes;
        self
    }

    /// Sets the time in which a body has to arrive. Defaults to 5 s.
    pub const fn body_deadline(mut self, time: Duration) -> Self {
        self.body.time = time;
        self
    }

    /// Sets the time after which a client is answered 503 if the stores have not answered. Defaults
    /// to 10 s. The change that was begun is still made or not made, and never half.
    pub const fn deadline(mut self, time: Duration) -> Self {
        self.deadline = time;
        self
    }

    /// Sets the clock of times inside tokens. Defaults to the operating system's clock. Expiry is
    /// decided by the stores' clocks.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Returns the server.
    ///
    /// # Errors
    ///
    /// [`BuildError`] if a setting is invalid.
    pub fn build(self) -> Result<AuthorizationServer, BuildError> {
        let issuer = Issuer::parse(&self.issuer).ok_or(BuildError::Issuer)?;
        if self.transport.trusts_all_peers() {
            return Err(BuildError::TrustsEveryAddress);
        }
        if !self.resources.iter().all(|resource| is_absolute_uri(&resource.uri)) {
            return Err(BuildError::Resource);
        }
        for (at, profile) in self.profiles.iter().enumerate() {
            if self.profiles.iter().take(at).any(|other| other.name == profile.name) {
                return Err(BuildError::Name(profile.name));
            }
        }
        let mut routes = Routes::of(&self.profiles).map_err(BuildError::Path)?;
        routes.add(metadata::path(&issuer), Endpoint::Metadata, STANDARD.door);
        let forms = self.form_key.map_or_else(FormTokens::new, |key| Ok(FormTokens::with_key(&key)));
        let forms = forms.map_err(BuildError::Randomness)?;
        let guesses = self.guesses.map_or_else(|| Throttled::new(()), Ok);
        Ok(AuthorizationServer::new(State {
            issuer,
            stores: self.stores,
            tenants: self.tenants,
            users: self.users,
            transport: self.transport,
            routes,
            profiles: self.profiles,
            resources: self.resources,
            signer: self.signer,
            guesses: guesses.map_err(BuildError::Randomness)?,
            body: self.body,
            deadline: self.deadline,
            clock: self.clock,
            browser: BrowserSettings {
                login: self.login,
                policy: visitor::policy(self.pages.style()),
                pages: self.pages,
                forms,
                session_lifetime: self.session_lifetime,
                scopes: self.scopes,
            },
        }))
    }
}

impl fmt::Debug for AuthorizationServerBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("AuthorizationServerBuilder");
        shown.field("issuer", &self.issuer).field("stores", &self.stores).finish_non_exhaustive()
    }
}
