//! Routers whose routes are all inside a layer.

use std::convert::Infallible;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use axum::routing::Route;
use tower_layer::Layer;
use tower_service::Service;

use super::unboxed::Unboxed;
use crate::layer::{AuthenticateLayer, ResponseBody};

/// Puts a layer around every route of a router and returns a [`Protected`], which is no longer a
/// plain router. A route that is added later has to be marked as [`public`](Protected::public).
///
/// `Router::layer` and `Router::route_layer` cover the routes that were added before them, so the
/// place of one line decides which routes are guarded. Here the router is complete before the layer
/// wraps it.
///
/// An unknown path is a 404 and asks no verifier, as with `Router::route_layer`. For that reason a
/// fallback of the router, or of a router nested in it, is dropped: no layer would be around it.
/// Write a guarded fallback as a route `/{*rest}`, and add an open one with
/// [`public`](Protected::public).
///
/// # Panics
///
/// Panics if the router has no routes, because there is nothing to protect yet.
///
/// # Examples
///
/// ```
/// use axum::{Router, routing::get};
/// use tower_principal::{
///     AuthenticateLayer, Principal, dialect, extract::protect, transport,
///     verify::MemoryVerifier,
/// };
///
/// let verifier = MemoryVerifier::builder().build()?;
/// let guarded = Router::new().route(
///     "/whoami",
///     get(|me: Principal| async move { me.kind().to_string() }),
/// );
/// let open = Router::new().route("/healthz", get(|| async { "ok" }));
///
/// let layer = AuthenticateLayer::new(
///     dialect::RFC6750,
///     verifier,
///     transport::from_acceptor(),
/// );
/// let app: Router = protect(guarded, layer).public(open).into_router();
/// # let _ = app;
/// # Ok::<(), tower_principal::verify::MemoryVerifierError>(())
/// ```
pub fn protect<S, V, M>(router: Router<S>, layer: AuthenticateLayer<V, M>) -> Protected<S>
where
    S: Clone + Send + Sync + 'static,
    AuthenticateLayer<V, M>: Layer<Route> + Clone + Send + Sync + 'static,
    Serves<AuthenticateLayer<V, M>>: Service<
            Request,
            Error: Into<Infallible> + 'static,
            Response = Response<ResponseBody<Body>>,
            Future: Send + 'static,
        > + Clone
        + Send
        + Sync
        + 'static,
{
    Protected(router.route_layer(Unboxed(layer)).reset_fallback())
}

/// The service that a layer makes of a route.
type Serves<L> = <L as Layer<Route>>::Service;

/// Routes with a layer around them; made by [`protect`].
#[derive(Clone, Debug)]
#[must_use]
pub struct Protected<S = ()>(Router<S>);

impl<S: Clone + Send + Sync + 'static> Protected<S> {
    /// Adds a CORS layer that answers preflights: browsers' requests with the method `OPTIONS` and
    /// without credentials, which the inner layer would check like any other. The CORS layer is the
    /// outer one and covers all routes that have been added so far.
    ///
    /// # Examples
    ///
    /// ```
    /// # use axum::{Router, routing::get};
    /// # use tower_principal::verify::MemoryVerifier;
    /// # use tower_principal::{AuthenticateLayer, dialect, extract::protect, transport};
    /// use tower_http::cors::{Any, CorsLayer};
    ///
    /// # let verifier = MemoryVerifier::builder().build()?;
    /// # let layer = AuthenticateLayer::new(dialect::RFC6750, verifier, transport::from_acceptor());
    /// # let routes: Router = Router::new().route("/whoami", get(|| async { "somebody" }));
    /// let cors = CorsLayer::new()
    ///     .allow_origin(Any)
    ///     .allow_headers([http::header::AUTHORIZATION]);
    /// let app: Router = protect(routes, layer).cors(cors).into_router();
    /// # let _ = app;
    /// # Ok::<(), tower_principal::verify::MemoryVerifierError>(())
    /// ```
    pub fn cors<L>(self, cors: L) -> Self
    where
        L: Layer<Route> + Clone + Send + Sync + 'static,
        L::Service: Service<
                Request,
                Error: Into<Infallible> + 'static,
                Response: IntoResponse + 'static,
                Future: Send + 'static,
            > + Clone
            + Send
            + Sync
            + 'static,
    {
        Self(self.0.layer(cors))
    }

    /// Adds routes that need no credentials.
    ///
    /// # Panics
    ///
    /// Panics if two routes have the same path, as `Router::merge` does.
    ///
    /// # Examples
    ///
    /// ```
    /// use axum::{Router, routing::get};
    /// use tower_principal::extract::protect;
    /// use tower_principal::verify::MemoryVerifier;
    /// use tower_principal::{AuthenticateLayer, dialect, transport};
    ///
    /// # let verifier = MemoryVerifier::builder().build()?;
    /// # let layer = AuthenticateLayer::new(dialect::RFC6750, verifier, transport::from_acceptor());
    /// let inside = Router::new().route("/datasets", get(|| async { "data" }));
    /// let open = Router::new().route("/healthz", get(|| async { "ok" }));
    /// let app: Router = protect(inside, layer).public(open).into();
    /// # let _ = app;
    /// # Ok::<(), tower_principal::verify::MemoryVerifierError>(())
    /// ```
    pub fn public(self, routes: Router<S>) -> Self {
        Self(self.0.merge(routes))
    }

    /// Returns the router, to serve or to nest.
    pub fn into_router(self) -> Router<S> {
        self.0
    }
}

impl<S: Clone + Send + Sync + 'static> From<Protected<S>> for Router<S> {
    fn from(protected: Protected<S>) -> Self {
        protected.into_router()
    }
}
