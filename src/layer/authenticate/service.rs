//! The service that authenticates.

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Request, Response};
use tower_service::Service;

use super::{AuthenticateFuture, ResponseContext, Waiting};
use crate::credential::CredentialKind;
use crate::layer::{BodyMode, NoBody, ResponseBody};
use crate::pipeline::guests::InBody;
use crate::pipeline::outcome::{Accepted, Answer};
use crate::pipeline::{Decision, Pipeline, revocation};
use crate::rejection::caching::Carried;
use crate::rejection::render::RequestFacts;
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
    type Future = AuthenticateFuture<S, M::Body>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let head = RequestHead::of(&request);
        let asked = RequestFacts::of(head, self.pipeline.guard.transport());
        let in_body = || self.pipeline.in_body(|anyhow| self.mode.look(head, request.body(), anyhow));
        let verdict = self.pipeline.decide_now(&*self.verifier, head, in_body);
        match verdict {
            Decision::Accepted(Accepted { who, fingerprint }) => {
                let come = ResponseContext { carried: Carried::by(&who), fingerprint };
                if let Err(rejection) = self.pipeline.seal(&mut request, who) {
                    return AuthenticateFuture::refused(rejection, self.pipeline, asked);
                }
                AuthenticateFuture::calling(
                    self.inner.call(M::forward_unread(request)),
                    come,
                    self.pipeline,
                    asked,
                )
            }
            Decision::Refused(rejection) => AuthenticateFuture::refused(rejection, self.pipeline, asked),
            Decision::Waits(known) => {
                // A ready service may hold a permit. It is dropped here to release the permit, and
                // the future makes a clone ready once the request is verified.
                let inner = self.inner.clone();
                self.inner = inner.clone();
                let verifier = Arc::clone(&self.verifier);
                let waiting = wait(self.pipeline, verifier, self.mode.clone(), request, known);
                AuthenticateFuture::waiting(waiting, inner, self.pipeline, asked)
            }
        }
    }
}

/// Handles a request if its verifier waits or its body has to be read. The head is read again here,
/// because borrowing twice is cheaper than owning once. A block and not an `async fn`, which would
/// hold its arguments twice.
// Heads are read twice on the waiting path. The values that are read borrow from the request, and
// the request has to move into the future. A second borrow there is cheaper than owning everything
// once, and the fast path pays nothing. If only the app token has to wait, the verifier's answer
// about the subject moves into the future. A second question would count as a second failure if
// failures are counted.
fn wait<V: Verifier, M: BodyMode<B>, B: Send + 'static>(
    pipeline: &'static Pipeline,
    verifier: Arc<V>,
    mode: M,
    request: Request<B>,
    known: Answer,
) -> Waiting<M::Body>
where
    M::Body: Send,
{
    Box::pin(async move {
        let head = RequestHead::of(&request);
        if let Some((credential, context, rejection)) = pipeline.to_revoke(head) {
            let fuse = Arc::clone(pipeline.guard.fuse());
            revocation::revoke(fuse, verifier, credential, context, pipeline.deadline).await;
            return Err(rejection);
        }
        let mut left = pipeline.deadline;
        let mut found = pipeline.verify_head(&*verifier, head, known, &mut left).await?;
        let subject =
            found.as_ref().is_some_and(|found| found.who.credential_kind() != Some(CredentialKind::AppToken));
        let in_body = match subject {
            true => InBody::Nothing,
            false => pipeline.in_body(|anyhow| mode.look(head, request.body(), anyhow))?,
        };
        let mut request = if in_body == InBody::Form {
            let (parts, body) = request.into_parts();
            let head = RequestHead::of_parts(&parts);
            let (form, body) = mode.read(head, body).await?;
            let in_form =
                pipeline.verify_body(&*verifier, head, form.bytes(), found.as_ref(), &mut left).await?;
            found = match (in_form, found) {
                (Some(in_form), Some(app)) => Some(in_form.beside(app)),
                (in_form, found) => in_form.or(found),
            };
            Request::from_parts(parts, body)
        } else {
            M::forward_unread(request)
        };
        let Accepted { who, fingerprint } = match found {
            Some(found) => {
                pipeline.record(RequestHead::of(&request), &found);
                found
            }
            None => pipeline.guest(RequestHead::of(&request), in_body)?,
        };
        let come = ResponseContext { carried: Carried::by(&who), fingerprint };
        pipeline.seal(&mut request, who)?;
        Ok((request, come))
    })
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
