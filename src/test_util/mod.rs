//! Test support: runs a handler or a route as a given principal in unit tests. Also provides a test
//! issuer, a clock that tests set, and the rules for every verifier.
//!
//! The guide has a chapter on [testing](crate::guide::testing).
//!
//! # Examples
//!
//! ```
//! use axum::{Router, body::Body, routing::get};
//! use tower::ServiceExt as _;
//! use tower_principal::{OAuthUser, test_util::ActAs};
//!
//! # tokio::runtime::Runtime::new().unwrap().block_on(async {
//! let routes = Router::new().route(
//!     "/profile",
//!     get(|user: OAuthUser| async move { user.id().to_owned() }),
//! );
//! let app = routes.layer(ActAs::principal(OAuthUser::new("otto")));
//!
//! let request = http::Request::get("/profile").body(Body::empty()).unwrap();
//! let response = app.oneshot(request).await.unwrap();
//! assert_eq!(response.status(), 200);
//! # });
//! ```

pub mod conformance;
mod guarded;

use std::task::{Context, Poll};

use http::Request;
use tower_layer::Layer;
use tower_service::Service;

use crate::authentication::{Authentication, Origin};
use crate::credential::{CredentialKind, Source};
use crate::principal::identity::Home;
use crate::principal::{AppToken, Guest, Principal};
use crate::trace;

pub use self::guarded::{assert_guarded, unguarded};
mod clock;
#[cfg(feature = "jwt")]
mod doctor;
#[cfg(feature = "jwt")]
mod endpoint;
#[cfg(feature = "jwt")]
mod fault;
#[cfg(all(feature = "jwt", feature = "introspection"))]
mod introspection;
#[cfg(feature = "jwt")]
mod issuer;
#[cfg(feature = "jwt")]
mod signer;
#[cfg(feature = "jwt")]
mod token;

pub use self::clock::TestClock;
#[cfg(feature = "jwt")]
pub use self::doctor::doctor;
#[cfg(feature = "jwt")]
pub use self::fault::Fault;
#[cfg(feature = "jwt")]
pub use self::issuer::Issuer;
#[cfg(feature = "jwt")]
pub use self::token::Token;

/// A layer that authenticates every request as one principal. For tests only: it ignores
/// credentials, and each new one logs a warning about that.
///
/// # Examples
///
/// ```
/// use axum::{Router, routing::get};
/// use tower_principal::test_util::ActAs;
/// use tower_principal::{AppToken, BasicUser};
///
/// let acting = ActAs::principal(BasicUser::new("alice"));
/// let app: Router = Router::new()
///     .route("/", get(|me: BasicUser| async move { me.id().to_owned() }))
///     .layer(acting.with_app(AppToken::new("weather-map")));
/// # let _ = app;
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct ActAs(Authentication);

/// The service of [`ActAs`].
#[derive(Clone, Debug)]
pub struct Acting<S> {
    inner: S,
    authentication: Authentication,
}

impl ActAs {
    /// Acts as this principal, as if it had been authenticated by the matching kind of credential.
    pub fn principal(principal: impl Into<Principal>) -> Self {
        trace::warn!("`test_util::ActAs` authenticates every request without a credential: for tests only");
        Self(authentication(principal))
    }

    /// Acts as a guest without permissions or scopes.
    pub fn guest() -> Self {
        Self::principal(Guest::new())
    }

    /// Acts as if this app token had been sent as well.
    pub fn with_app(self, app: AppToken) -> Self {
        Self(self.0.with_app(app))
    }
}

/// Returns the record that a layer makes of such a principal, for requests that go to a handler
/// directly.
///
/// # Examples
///
/// ```
/// use tower_principal::{AuthenticationExt, BasicUser, test_util};
///
/// let mut request = http::Request::new(());
/// request
///     .extensions_mut()
///     .insert(test_util::authentication(BasicUser::new("alice")));
/// assert_eq!(request.principal().unwrap().id(), Some("alice"));
/// ```
pub fn authentication(principal: impl Into<Principal>) -> Authentication {
    let principal = principal.into();
    let origin = match &principal {
        Principal::Guest(_) => None,
        Principal::AppToken(_) => Some((Source::Header, CredentialKind::AppToken)),
        Principal::BasicUser(_) => Some((Source::Basic, CredentialKind::Password)),
        Principal::ApiKey(_) => Some((Source::Basic, CredentialKind::KeyPair)),
        Principal::OrgAdmin(_) | Principal::AppAdmin(_) => Some((Source::QueryPair, CredentialKind::Client)),
        Principal::OAuthUser(_) => Some((Source::Bearer, CredentialKind::AccessToken)),
    };
    let origin = origin.map(|(source, kind)| Origin::new(source, kind));
    let authentication = Authentication::new(principal, None, origin);
    let source = Home::of(authentication.principal().source());
    authentication.verified_by(&source)
}

impl<S> Layer<S> for ActAs {
    type Service = Acting<S>;

    fn layer(&self, inner: S) -> Acting<S> {
        Acting { inner, authentication: self.0.clone() }
    }
}

impl<S: Service<Request<B>>, B> Service<Request<B>> for Acting<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<B>) -> S::Future {
        request.extensions_mut().insert(self.authentication.clone());
        self.inner.call(request)
    }
}
