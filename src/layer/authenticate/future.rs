//! The response future of the service that authenticates.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::{Extensions, Request, Response};
use pin_project_lite::pin_project;
use tower_service::Service;

use crate::deadline::caught;
use crate::layer::ResponseBody;
use crate::pipeline::Pipeline;
use crate::pipeline::later::{Verified, Waiting};
use crate::pipeline::outcome::ResponseContext;
use crate::pipeline::refusal::RequestFacts;
use crate::rejection::{Rejection, RejectionKind};
use crate::trace;

/// The event that a request waits for before the inner service is called.
enum Stage<B> {
    /// Verification. It holds no place of the inner service.
    Verification(Waiting<B>),
    /// The inner service, which is not ready. `None` once the request is forwarded.
    Readiness(Option<Box<(Request<B>, ResponseContext)>>),
}

pin_project! {
    /// The response future of [`Authenticate`](super::Authenticate).
    pub struct AuthenticateFuture<S, B>
    where
        S: Service<Request<B>>,
    {
        #[pin]
        state: State<S, B, S::Future>,
        pipeline: &'static Pipeline,
        facts: RequestFacts,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<S, B, F> {
        Waiting { stage: Stage<B>, inner: S },
        Calling { #[pin] future: F, response_context: ResponseContext },
        /// `None` once it is answered.
        Refused { rejection: Option<Rejection> },
    }
}

impl<S: Service<Request<B>>, B> AuthenticateFuture<S, B> {
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
        waiting: Waiting<B>,
        inner: S,
        pipeline: &'static Pipeline,
        facts: RequestFacts,
    ) -> Self {
        Self { state: State::Waiting { stage: Stage::Verification(waiting), inner }, pipeline, facts }
    }
}

impl<S, B, R> Future for AuthenticateFuture<S, B>
where
    S: Service<Request<B>, Response = Response<R>>,
{
    type Output = Result<Response<ResponseBody<R>>, S::Error>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            let next = match this.state.as_mut().project() {
                StateProjection::Waiting { .. } => {
                    ready!(this.state.as_mut().poll_waiting(context))?;
                    continue;
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

impl<S, B> State<S, B, S::Future>
where
    S: Service<Request<B>>,
{
    /// Calls the inner service with the verified request once it is ready for it. A refusal is the
    /// next state as soon as there is one.
    fn poll_waiting(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        let StateProjection::Waiting { stage, inner } = self.as_mut().project() else {
            return Poll::Ready(Ok(()));
        };
        // Each arm calls the service by itself, because to move the request to one call costs more.
        let next = match stage {
            Stage::Verification(waiting) => match ready!(poll_caught(waiting, context)) {
                Err(rejection) => State::Refused { rejection: Some(rejection) },
                Ok((request, response_context)) => {
                    if inner.poll_ready(context)?.is_pending() {
                        *stage = Stage::Readiness(Some(Box::new((request, response_context))));
                        return Poll::Pending;
                    }
                    State::Calling { future: inner.call(request), response_context }
                }
            },
            Stage::Readiness(kept) => {
                ready!(inner.poll_ready(context))?;
                // Only a future that is polled after completion has already forwarded its request.
                let Some(kept) = kept.take() else { return Poll::Pending };
                let (request, response_context) = *kept;
                State::Calling { future: inner.call(request), response_context }
            }
        };
        self.set(next);
        Poll::Ready(Ok(()))
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

impl<S: Service<Request<B>>, B> fmt::Debug for AuthenticateFuture<S, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthenticateFuture").finish_non_exhaustive()
    }
}
