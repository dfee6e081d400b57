//! The server as a service.

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use tower_service::Service;

use super::answer_body::AnswerBody;
use super::dispatch;
use super::state::State;

/// Authorization server: a service that issues tokens. Cheap to clone.
///
/// It answers the paths of its profiles and of its metadata, and 404 elsewhere. Every answer with a
/// token is kept out of caches. Each request runs in a task of its own, which goes on if the client
/// leaves. So the server needs a tokio runtime, and answers 500 without one.
///
/// See the [module](super) for an example.
#[derive(Clone)]
pub struct AuthorizationServer {
    pub(super) state: Arc<State>,
}

/// Future of an answer. It never fails.
pub struct ServerFuture(Pin<Box<dyn Future<Output = Response<AnswerBody>> + Send>>);

impl AuthorizationServer {
    pub(super) fn new(state: State) -> Self {
        Self { state: Arc::new(state) }
    }

    /// Returns the identifier of the issuer, byte for byte as it was given.
    pub fn issuer(&self) -> &str {
        self.state.issuer.as_str()
    }

    /// Returns the paths that the server answers, as templates of axum's router.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.state.routes.paths()
    }

    /// Returns a router with the paths of the server, for `Router::merge`.
    ///
    /// # Panics
    ///
    /// Panics if a path of a profile is not a path of axum's router.
    ///
    /// # Examples
    ///
    /// ```
    /// use axum::Router;
    /// use tower_principal::grant::{MemoryApplications, MemoryGrants};
    /// use tower_principal::{server::AuthorizationServer, transport};
    ///
    /// let server = AuthorizationServer::builder(
    ///     "https://login.example",
    ///     (MemoryGrants::new(), MemoryApplications::new()),
    ///     transport::from_acceptor(),
    /// )
    /// .build()?;
    /// let app: Router = Router::new().merge(server.router());
    /// # let _ = app;
    /// # Ok::<(), tower_principal::server::BuildError>(())
    /// ```
    #[cfg(feature = "axum")]
    pub fn router<S: Clone + Send + Sync + 'static>(&self) -> axum::Router<S> {
        let router = axum::Router::new();
        self.paths().fold(router, |router, path| router.route_service(path, self.clone()))
    }
}

impl<B> Service<Request<B>> for AuthorizationServer
where
    B: Body<Data = Bytes> + Send + 'static,
{
    type Response = Response<AnswerBody>;
    type Error = Infallible;
    type Future = ServerFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> ServerFuture {
        ServerFuture(Box::pin(dispatch::answer(Arc::clone(&self.state), request)))
    }
}

impl Future for ServerFuture {
    type Output = Result<Response<AnswerBody>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(context).map(Ok)
    }
}

impl fmt::Debug for AuthorizationServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.state.fmt(f)
    }
}

impl fmt::Debug for ServerFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerFuture").finish_non_exhaustive()
    }
}
