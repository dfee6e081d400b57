//! Responses whose body is axum's own.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum_core::body::Body;
use http::Response;
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use crate::layer::ResponseBody;

/// A layer whose responses have axum's body. A router would otherwise allocate a box for each body
/// of another type.
#[derive(Clone)]
pub(super) struct Unboxed<L>(pub(super) L);

/// The service of [`Unboxed`].
#[derive(Clone)]
pub(super) struct UnboxedService<S>(S);

pin_project! {
    /// The response future of [`UnboxedService`].
    pub(super) struct UnboxedFuture<F> {
        #[pin]
        future: F,
    }
}

impl<S, L: Layer<S>> Layer<S> for Unboxed<L> {
    type Service = UnboxedService<L::Service>;

    fn layer(&self, inner: S) -> Self::Service {
        UnboxedService(self.0.layer(inner))
    }
}

impl<R, S: Service<R, Response = Response<ResponseBody<Body>>>> Service<R> for UnboxedService<S> {
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = UnboxedFuture<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, request: R) -> Self::Future {
        UnboxedFuture { future: self.0.call(request) }
    }
}

impl<F, E> Future for UnboxedFuture<F>
where
    F: Future<Output = Result<Response<ResponseBody<Body>>, E>>,
{
    type Output = Result<Response<Body>, E>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let response = ready!(self.project().future.poll(context))?;
        Poll::Ready(Ok(response.map(ResponseBody::into_axum)))
    }
}
