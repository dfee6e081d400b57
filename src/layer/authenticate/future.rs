//! The response future of the service that authenticates.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use http::{Extensions, Request, Response};
use pin_project_lite::pin_project;
use tower_service::Service;

use crate::deadline::caught;
use crate::layer::ResponseBody;
use crate::pipeline::Pipeline;
use crate::pipeline::body::ReadBody;
use crate::pipeline::later::{Verified, Waiting};
use crate::pipeline::outcome::ResponseContext;
use crate::pipeline::refusal::RequestFacts;
use crate::rejection::{Rejection, RejectionKind};
use crate::trace;
use crate::verify::Verifier;

pin_project! {
    /// The event that a request waits for before the inner service is called.
    #[project = StageProjection]
    enum Stage<V, R, B> {
        /// The form in its body, which is read in place.
        Form { #[pin] reading: R, verifier: Arc<V> },
        /// Verification. It holds no place of the inner service.
        Verification { waiting: Waiting<B> },
        /// The inner service, which is not ready. `None` once the request is forwarded.
        Readiness { kept: Option<Box<(Request<B>, ResponseContext)>> },
    }
}

pin_project! {
    /// The response future of [`Authenticate`](super::Authenticate).
    pub struct AuthenticateFuture<S, V, M, B>
    where
        S: Service<Request<<M as ReadBody<B>>::Body>>,
        M: ReadBody<B>,
    {
        #[pin]
        state: State<S, Stage<V, M::Reading, M::Body>, S::Future>,
        pipeline: &'static Pipeline,
        facts: RequestFacts,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<S, W, F> {
        Waiting { #[pin] stage: W, inner: S },
        Calling { #[pin] future: F, response_context: ResponseContext },
        /// `None` once it is answered.
        Refused { rejection: Option<Rejection> },
    }
}

impl<S, V, M, B> AuthenticateFuture<S, V, M, B>
where
    S: Service<Request<M::Body>>,
    M: ReadBody<B>,
{
    pub(super) const fn calling(
        future: S::Future,
        response_context: ResponseContext,
        pipeline: &'static Pipeline,
        facts: RequestFacts,
    ) -> Self {
        Self { state: State::Calling { future, response_context }, pipeline, facts }
    }

    pub(super) const fn refused(
        rejection: Rejection,
        pipeline: &'static Pipeline,
        facts: RequestFacts,
    ) -> Self {
        Self { state: State::Refused { rejection: Some(rejection) }, pipeline, facts }
    }

    /// Makes the service ready once the request is verified, and calls it. The service is a clone
    /// that was not polled: a ready service may hold a permit, which an unverified request must not
    /// keep.
    pub(super) const fn waiting(
        waiting: Waiting<M::Body>,
        inner: S,
        pipeline: &'static Pipeline,
        facts: RequestFacts,
    ) -> Self {
        let stage = Stage::Verification { waiting };
        Self { state: State::Waiting { stage, inner }, pipeline, facts }
    }

    /// Reads a form first, and verifies the credential in it.
    #[inline]
    pub(super) const fn reading(
        reading: M::Reading,
        verifier: Arc<V>,
        inner: S,
        pipeline: &'static Pipeline,
        facts: RequestFacts,
    ) -> Self {
        let stage = Stage::Form { reading, verifier };
        Self { state: State::Waiting { stage, inner }, pipeline, facts }
    }
}

impl<S, V, M, B, R> Future for AuthenticateFuture<S, V, M, B>
where
    S: Service<Request<M::Body>, Response = Response<R>>,
    V: Verifier,
    M: ReadBody<B>,
    M::Body: Send + 'static,
    B: 'static,
{
    type Output = Result<Response<ResponseBody<R>>, S::Error>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            let next = match this.state.as_mut().project() {
                StateProjection::Waiting { stage, inner } => {
                    match ready!(stage.poll::<S, M, B>(inner, this.pipeline, context))? {
                        Ok((future, response_context)) => {
                            this.state.set(State::Calling { future, response_context });
                            continue;
                        }
                        Err(rejection) => State::Refused { rejection: Some(rejection) },
                    }
                }
                StateProjection::Calling { future, response_context } => {
                    let mut response = ready!(future.poll(context))?;
                    if let Some(rejection) = unrendered(&response) {
                        State::Refused {
                            rejection: Some(rejection.with_fingerprint(response_context.fingerprint)),
                        }
                    } else {
                        response_context
                            .carried
                            .mark(response.headers_mut(), this.pipeline.answers.depends_on());
                        response_context.record(response.extensions());
                        return Poll::Ready(Ok(response.map(ResponseBody::inner)));
                    }
                }
                StateProjection::Refused { rejection } => {
                    // Only a future that is polled after completion has answered already.
                    let Some(rejection) = rejection.take() else { return Poll::Pending };
                    return Poll::Ready(Ok(refuse(this.pipeline, rejection, *this.facts)));
                }
            };
            this.state.set(next);
        }
    }
}

/// The future of the inner service that was called, or a refusal, or the error of the service.
type Called<S, B> = Result<
    Result<(<S as Service<Request<B>>>::Future, ResponseContext), Rejection>,
    <S as Service<Request<B>>>::Error,
>;

impl<V: Verifier, R, T> Stage<V, R, T> {
    /// Calls the inner service with the verified request once it is ready for it.
    fn poll<S, M, B>(
        mut self: Pin<&mut Self>,
        inner: &mut S,
        pipeline: &'static Pipeline,
        context: &mut Context<'_>,
    ) -> Poll<Called<S, T>>
    where
        S: Service<Request<T>>,
        M: ReadBody<B, Body = T, Reading = R>,
        R: Future<Output = Result<Request<T>, Rejection>>,
        B: 'static,
        T: Send + 'static,
    {
        loop {
            // Each arm calls the service by itself, because to move the request to one call costs
            // more.
            let later = match self.as_mut().project() {
                StageProjection::Form { reading, verifier } => {
                    let mut request = match ready!(reading.poll(context)) {
                        Ok(request) => request,
                        Err(rejection) => return Poll::Ready(Ok(Err(rejection))),
                    };
                    match pipeline.decide_form::<V, M, B>(verifier, &mut request) {
                        Ok(Ok(response_context)) => {
                            if inner.poll_ready(context)?.is_ready() {
                                return Poll::Ready(Ok(Ok((inner.call(request), response_context))));
                            }
                            Stage::Readiness { kept: Some(Box::new((request, response_context))) }
                        }
                        Ok(Err(rejection)) => return Poll::Ready(Ok(Err(rejection))),
                        Err(subject) => {
                            let verifier = Arc::clone(verifier);
                            let waiting = pipeline.decide_form_later::<V, M, B>(verifier, request, subject);
                            self.set(Stage::Verification { waiting });
                            continue;
                        }
                    }
                }
                StageProjection::Verification { waiting } => match ready!(poll_caught(waiting, context)) {
                    Ok((request, response_context)) => {
                        if inner.poll_ready(context)?.is_ready() {
                            return Poll::Ready(Ok(Ok((inner.call(request), response_context))));
                        }
                        Stage::Readiness { kept: Some(Box::new((request, response_context))) }
                    }
                    Err(rejection) => return Poll::Ready(Ok(Err(rejection))),
                },
                StageProjection::Readiness { kept } => {
                    ready!(inner.poll_ready(context))?;
                    // Only a future that is polled after completion has already forwarded its
                    // request.
                    let Some(kept) = kept.take() else { return Poll::Pending };
                    let (request, response_context) = *kept;
                    return Poll::Ready(Ok(Ok((inner.call(request), response_context))));
                }
            };
            self.set(later);
            return Poll::Pending;
        }
    }
}

#[inline(never)]
fn refuse<R>(pipeline: &Pipeline, rejection: Rejection, facts: RequestFacts) -> Response<ResponseBody<R>> {
    pipeline.refuse(rejection, facts).map(ResponseBody::fixed)
}

/// Polls the verification. A panic becomes a refusal and does not close the connection.
#[inline]
fn poll_caught<B>(waiting: &mut Waiting<B>, context: &mut Context<'_>) -> Poll<Verified<B>> {
    let mut polled = Poll::Pending;
    if caught(|| polled = waiting.as_mut().poll(context)).is_err() {
        trace::error!("authentication panicked");
        return Poll::Ready(Err(RejectionKind::ServerError.into()));
    }
    polled
}

/// Returns the refusal of an inner layer or extractor, to be rendered as this dialect does.
#[inline]
fn unrendered<R>(response: &Response<R>) -> Option<Rejection> {
    // Most responses have no extensions.
    if response.extensions().is_empty() { None } else { unrendered_in(response.extensions()) }
}

#[inline(never)]
fn unrendered_in(extensions: &Extensions) -> Option<Rejection> {
    extensions.get::<Rejection>().filter(|rejection| !rejection.is_rendered()).cloned()
}

impl<S, V, M, B> fmt::Debug for AuthenticateFuture<S, V, M, B>
where
    S: Service<Request<M::Body>>,
    M: ReadBody<B>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthenticateFuture").finish_non_exhaustive()
    }
}
