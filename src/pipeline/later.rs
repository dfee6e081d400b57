//! The decisions that have to wait. Each is one future, which owns the request.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use http::Request;

use super::Pipeline;
use super::body::ReadBody;
use super::guard::Shown;
use super::outcome::{Answer, ResponseContext};
use super::steps::VerifiedForm;
use crate::credential::Credentials;
use crate::read::TokenPlace;
use crate::rejection::Rejection;
use crate::request::RequestHead;
use crate::verify::Verifier;

/// A verified request, or its refusal.
pub(crate) type Verified<B> = Result<(Request<B>, ResponseContext), Rejection>;

/// The verification of a request, not finished.
pub(crate) type Waiting<B> = Pin<Box<dyn Future<Output = Verified<B>> + Send>>;

/// The reason why a request waits.
#[derive(Debug)]
pub(crate) enum Later {
    /// The verifier has to wait. Contains the answer about the subject if there is one; asking
    /// again would count a failure twice.
    Verifier { place: Option<TokenPlace>, subject: Answer },
    /// The body may be a form with the credential of the subject, and the head has an app token.
    FormBesideApp,
    /// A credential is refused and revoked.
    Revocation(Box<Shown>),
}

impl Later {
    /// Returns the wait for a verifier that has answered at most about the subject.
    #[inline(never)]
    pub(super) fn verifier(credentials: &Credentials<'_>, subject: Answer) -> Self {
        Self::Verifier { place: TokenPlace::of(credentials), subject }
    }
}

#[allow(clippy::manual_async_fn, reason = "an `async fn` keeps its arguments twice")]
impl Pipeline {
    /// Verifies the credentials in the head.
    // The credentials that were read borrow from the request, and the request has to move into the
    // future. If they are one token, it is found again by its place; otherwise the head is read
    // again. The fast path pays nothing.
    pub(super) fn verify_later<V: Verifier, M: ReadBody<B>, B: Send>(
        &self,
        verifier: Arc<V>,
        mut request: Request<B>,
        place: Option<TokenPlace>,
        subject: Answer,
    ) -> impl Future<Output = Verified<M::Body>> + Send {
        async move {
            let accepted = {
                let head = RequestHead::from_request(&request);
                let mut credentials = Credentials::default();
                self.read_again(head, place, &mut credentials)?;
                let context = self.context(head).within(self.deadline);
                self.verify(&*verifier, context, &credentials, subject, self.deadline).await?
            };
            drop(verifier);
            let context = self.admit(&mut request, accepted)?;
            Ok((M::forward_unread(request), context))
        }
    }

    /// Verifies the credentials in the form of a request that was read.
    pub(super) fn verify_form_later<V: Verifier, M: ReadBody<B>, B>(
        &self,
        verifier: Arc<V>,
        mut request: Request<M::Body>,
        subject: Answer,
    ) -> impl Future<Output = Verified<M::Body>> + Send
    where
        M::Body: Send,
    {
        async move {
            let accepted = {
                let form = M::form(request.body());
                let mut credentials = Credentials::default();
                self.read_form_again(form.bytes(), &mut credentials)?;
                let context = self.context(RequestHead::from_request(&request)).within(self.deadline);
                self.verify(&*verifier, context, &credentials, subject, self.deadline).await?
            };
            let context = self.admit(&mut request, accepted)?;
            Ok((request, context))
        }
    }

    /// Verifies the app token in the head, and then reads a form body and verifies the credential
    /// in it, if there is one.
    pub(super) fn read_form<V: Verifier, M: ReadBody<B>, B: Send>(
        &self,
        verifier: Arc<V>,
        mode: M,
        request: Request<B>,
    ) -> impl Future<Output = Verified<M::Body>> + Send
    where
        M::Body: Send,
    {
        async move {
            let mut left = self.deadline;
            let app = {
                let head = RequestHead::from_request(&request);
                self.verify_app(&*verifier, head, &mut left).await?
            };
            let mut request = mode.read(request).await?;
            let in_form = {
                let head = RequestHead::from_request(&request);
                let form = M::form(request.body());
                let mut credentials = Credentials::default();
                match self.verify_form(&*verifier, head, form.bytes(), &mut credentials, Some(&app))? {
                    VerifiedForm::Empty => None,
                    VerifiedForm::Accepted(accepted) => Some(accepted),
                    VerifiedForm::Waits(subject) => {
                        let context = self.context(head).within(left);
                        Some(self.verify(&*verifier, context, &credentials, subject, left).await?)
                    }
                }
            };
            let accepted = match in_form {
                Some(in_form) => in_form.beside(app),
                None => app,
            };
            let context = self.admit(&mut request, accepted)?;
            Ok((request, context))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::{Ready, pending};

    use axum::body::Body;
    use http::Response;

    use super::*;
    use crate::credential::Credential;
    use crate::layer::{AuthenticateFuture, FormBody, NoBody, RequestBody};
    use crate::principal::Principal;
    use crate::verify::{BoxVerifier, VerifyContext, VerifyError};
    use crate::{dialect, transport};

    /// Waits for one event. Its own future is as small as that of a boxed verifier.
    struct Waits;

    impl Verifier for Waits {
        async fn verify(&self, _: &Credential<'_>, _: &VerifyContext<'_>) -> Result<Principal, VerifyError> {
            pending().await
        }
    }

    /// A handler that answers at once.
    type Handler = tower::util::ServiceFn<fn(Request<RequestBody<Body>>) -> Ready<Result<Response<()>, ()>>>;

    fn size_for<V: Verifier>(verifier: V) -> usize {
        let pipeline = Pipeline::new(&dialect::ANY, transport::danger_assume_secure()).unwrap();
        let (verifier, request) = (Arc::new(verifier), Request::new(Body::empty()));
        size_of_val(&pipeline.verify_later::<_, NoBody, _>(verifier, request, None, None))
    }

    #[test]
    fn the_future_of_a_request_that_waits_has_at_most_one_kib() {
        let boxed: BoxVerifier = Box::new(Waits);
        for size in [
            size_for(Waits),
            size_for(boxed),
            size_of::<AuthenticateFuture<Handler, Waits, FormBody, Body>>(),
        ] {
            assert!(size <= 1_024, "{size}");
        }
    }
}
