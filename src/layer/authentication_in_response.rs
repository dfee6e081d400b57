//! The layer that shows the authentication of a request to layers outside.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::{Request, Response};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use crate::authentication::{Authentication, AuthenticationExt as _};
use crate::rejection::Rejection;

/// Puts the [`Authentication`] of an accepted request into the extensions of its response, for
/// guests as well. A layer outside, such as an access log, then finds the principal by
/// [`AuthenticationExt`](crate::AuthenticationExt).
///
/// It belongs directly inside an [`AuthenticateLayer`](crate::AuthenticateLayer): on an axum
/// router, add it just before that layer. The response to a refused request has a [`Rejection`]
/// instead. If authenticating layers are nested, the response has the record of the inner one,
/// which the handler received.
///
/// # Examples
///
/// ```
/// use axum::{Router, routing::get};
/// use tower_principal::layer::AuthenticationInResponseLayer;
/// use tower_principal::{
///     AuthenticateLayer, AuthenticationExt as _, dialect, transport,
///     verify::MemoryVerifier,
/// };
///
/// fn caller<B>(response: &http::Response<B>) -> String {
///     let key = response.principal().and_then(|caller| caller.key());
///     key.unwrap_or_else(|| "guest, or refused".to_owned())
/// }
///
/// let verifier = MemoryVerifier::builder().build()?;
/// let transport = transport::from_acceptor();
/// let app: Router = Router::new()
///     .route("/", get(|| async { "hello" }))
///     .layer(AuthenticationInResponseLayer::new())
///     .layer(AuthenticateLayer::new(dialect::RFC6750, verifier, transport));
/// # let _ = (app, caller::<()>);
/// # Ok::<(), tower_principal::verify::MemoryVerifierError>(())
/// ```
// A layer of its own, because the first extension of a response costs 900 instructions and three
// allocations. That is half of what `AuthenticateLayer` costs a guest.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
#[must_use]
pub struct AuthenticationInResponseLayer;

impl AuthenticationInResponseLayer {
    /// Makes the layer.
    pub const fn new() -> Self {
        Self
    }
}

/// The service of [`AuthenticationInResponseLayer`].
#[derive(Clone, Debug)]
pub struct AuthenticationInResponse<S>(S);

impl<S> Layer<S> for AuthenticationInResponseLayer {
    type Service = AuthenticationInResponse<S>;

    fn layer(&self, inner: S) -> Self::Service {
        AuthenticationInResponse(inner)
    }
}

impl<S, B, R> Service<Request<B>> for AuthenticationInResponse<S>
where
    S: Service<Request<B>, Response = Response<R>>,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = AuthenticationInResponseFuture<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let who = request.authentication().cloned();
        AuthenticationInResponseFuture { future: self.0.call(request), who }
    }
}

pin_project! {
    /// The response future of [`AuthenticationInResponse`].
    pub struct AuthenticationInResponseFuture<F> {
        #[pin]
        future: F,
        who: Option<Authentication>,
    }
}

impl<F, R, E> Future for AuthenticationInResponseFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let mut response = ready!(this.future.poll(context))?;
        let is_refused = response.extensions().get::<Rejection>().is_some();
        if let Some(who) = this.who.take().filter(|_| !is_refused && response.authentication().is_none()) {
            response.extensions_mut().insert(who);
        }
        Poll::Ready(Ok(response))
    }
}

impl<F> fmt::Debug for AuthenticationInResponseFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthenticationInResponseFuture").finish_non_exhaustive()
    }
}
