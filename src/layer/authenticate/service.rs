//! The service that authenticates.

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Request, Response};
use tower_service::Service;

use super::AuthenticateFuture;
use crate::layer::{BodyMode, NoBody, ResponseBody};
use crate::pipeline::later::{Later, Waiting};
use crate::pipeline::{Decision, Pipeline};
use crate::request::RequestHead;
use crate::verify::Verifier;

/// The service of [`AuthenticateLayer`](crate::AuthenticateLayer).
pub struct Authenticate<S, V, M = NoBody> {
    inner: S,
    pipeline: &'static Pipeline,
    verifier: Arc<V>,
    mode: M,
}

impl<S, V, M> Authenticate<S, V, M> {
    pub(super) const fn new(inner: S, pipeline: &'static Pipeline, verifier: Arc<V>, mode: M) -> Self {
        Self { inner, pipeline, verifier, mode }
    }
}

impl<S, V, M, B, R> Service<Request<B>> for Authenticate<S, V, M>
where
    S: Service<Request<M::Body>, Response = Response<R>> + Clone,
    V: Verifier,
    M: BodyMode<B>,
    M::Body: Send + 'static,
    B: Send + 'static,
{
    type Response = Response<ResponseBody<R>>;
    type Error = S::Error;
    type Future = AuthenticateFuture<S, V, M, B>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let pipeline = self.pipeline;
        let facts = pipeline.facts(RequestHead::from_request(&request));
        match pipeline.decide_now(&*self.verifier, &self.mode, &request) {
            Ok(Decision::Accepted(accepted)) => match pipeline.admit(&mut request, accepted) {
                Ok(response_context) => {
                    let future = M::call_unread(&mut self.inner, request);
                    AuthenticateFuture::calling(future, response_context, pipeline, facts)
                }
                Err(rejection) => AuthenticateFuture::refused(rejection, pipeline, facts),
            },
            Err(rejection) => AuthenticateFuture::refused(rejection, pipeline, facts),
            Ok(Decision::Waits(later)) => AuthenticateFuture::waiting(
                self.decide_later(request, later),
                self.release(),
                pipeline,
                facts,
            ),
            Ok(Decision::ReadsForm) => {
                let (verifier, inner) = (Arc::clone(&self.verifier), self.release());
                AuthenticateFuture::reading(self.mode.read(request), verifier, inner, pipeline, facts)
            }
        }
    }
}

impl<S, V: Verifier, M> Authenticate<S, V, M> {
    // Out of line, because the future is large, and most requests do not wait.
    #[inline(never)]
    fn decide_later<B>(&self, request: Request<B>, later: Later) -> Waiting<M::Body>
    where
        M: BodyMode<B>,
        M::Body: Send + 'static,
        B: Send + 'static,
    {
        let (verifier, mode) = (Arc::clone(&self.verifier), self.mode.clone());
        self.pipeline.decide_later(verifier, mode, request, later)
    }

    /// Returns a clone of the inner service, which the future makes ready once the request is
    /// verified. A ready service may hold a permit. It is dropped here to release the permit.
    #[inline(never)]
    fn release(&mut self) -> S
    where
        S: Clone,
    {
        let inner = self.inner.clone();
        self.inner = inner.clone();
        inner
    }
}

impl<S: Clone, V, M: Clone> Clone for Authenticate<S, V, M> {
    fn clone(&self) -> Self {
        let Self { inner, pipeline, verifier, mode } = self;
        Self { inner: inner.clone(), pipeline, verifier: Arc::clone(verifier), mode: mode.clone() }
    }
}

impl<S, V, M> fmt::Debug for Authenticate<S, V, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authenticate").field("dialect", &self.pipeline.name()).finish_non_exhaustive()
    }
}
