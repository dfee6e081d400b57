//! The layer that forwards requests only if a policy allows them.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use http::{Request, Response};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use super::ResponseBody;
use crate::authentication::{Authentication, AuthenticationExt};
use crate::deadline::caught;
use crate::policy::Policy;
use crate::rejection::{Rejection, RejectionKind};
use crate::request::RequestHead;
use crate::trace;

/// Forwards requests only if a policy allows them. Belongs inside an
/// [`AuthenticateLayer`](crate::AuthenticateLayer), which renders its refusals. On an axum router,
/// add it *before* that layer, because the layer added last receives a request first.
///
/// # Examples
///
/// ```
/// use tower_principal::{RequireLayer, policy};
///
/// let layer = RequireLayer::new(policy::scope("datasets:write"));
/// # let _ = layer;
/// ```
#[must_use]
pub struct RequireLayer<P> {
    policy: Arc<P>,
}

/// The service of [`RequireLayer`].
pub struct Require<S, P> {
    inner: S,
    policy: Arc<P>,
}

impl<P: Policy> RequireLayer<P> {
    /// Makes a layer that forwards requests if this policy allows them.
    pub fn new(policy: P) -> Self {
        Self { policy: Arc::new(policy) }
    }
}

impl<S, P> Layer<S> for RequireLayer<P> {
    type Service = Require<S, P>;

    fn layer(&self, inner: S) -> Self::Service {
        Require { inner, policy: Arc::clone(&self.policy) }
    }
}

impl<S, P, B, R> Service<Request<B>> for Require<S, P>
where
    S: Service<Request<B>, Response = Response<R>>,
    P: Policy,
{
    type Response = Response<ResponseBody<R>>;
    type Error = S::Error;
    type Future = RequireFuture<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let state = match allow(&*self.policy, request.authentication(), RequestHead::from_request(&request))
        {
            Ok(()) => State::Allowed { future: self.inner.call(request) },
            Err(rejection) => State::Refused { rejection: Some(rejection) },
        };
        RequireFuture { state }
    }
}

// A token without the needed permission gets `insufficient_scope`, with or without a scope. RFC
// 6750 section 3.1 has one error for a token that is not sufficient. If a policy knows which scopes
// would suffice, the challenge names them; if no scope would, it has no `scope`. A request with any
// other credential gets `forbidden` without a challenge. Guests are asked to log in. A lone app
// token is asked as well if the policy asks for credentials (`Forbidden::without_credentials`).
fn allow(policy: &impl Policy, who: Option<&Authentication>, head: RequestHead<'_>) -> Result<(), Rejection> {
    let Some(who) = who else {
        trace::error!(
            "`RequireLayer` found no authentication: wrap it in an `AuthenticateLayer`, with a later `.layer(..)` \
             call"
        );
        return Err(RejectionKind::ServerError.into());
    };
    let verdict = caught(|| policy.check(who.principal(), &head)).map_err(|_| {
        trace::error!("policy panicked");
        Rejection::from(RejectionKind::ServerError)
    })?;
    verdict.map_err(|forbidden| Rejection::forbidden(who, forbidden))
}

pin_project! {
    /// The response future of [`Require`].
    pub struct RequireFuture<F> {
        #[pin]
        state: State<F>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<F> {
        Allowed { #[pin] future: F },
        /// `None` once it is answered.
        Refused { rejection: Option<Rejection> },
    }
}

impl<F, R, E> Future for RequireFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
{
    type Output = Result<Response<ResponseBody<R>>, E>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            StateProjection::Allowed { future } => {
                Poll::Ready(Ok(ready!(future.poll(context))?.map(ResponseBody::inner)))
            }
            StateProjection::Refused { rejection } => {
                // Only a future that is polled after completion has answered already.
                let Some(rejection) = rejection.take() else { return Poll::Pending };
                Poll::Ready(Ok(rejection.carried_by(ResponseBody::empty())))
            }
        }
    }
}

impl<P> Clone for RequireLayer<P> {
    fn clone(&self) -> Self {
        Self { policy: Arc::clone(&self.policy) }
    }
}

impl<S: Clone, P> Clone for Require<S, P> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), policy: Arc::clone(&self.policy) }
    }
}

impl<P> fmt::Debug for RequireLayer<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequireLayer").finish_non_exhaustive()
    }
}

impl<S, P> fmt::Debug for Require<S, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Require").finish_non_exhaustive()
    }
}

impl<F> fmt::Debug for RequireFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequireFuture").finish_non_exhaustive()
    }
}
