//! The steps of the pipeline, in the order in which it takes them.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use http::Request;
use tokio::time::Instant;

use super::body::ReadBody;
use super::guard::{Shown, TransportCheck};
use super::outcome::{Accepted, Answer, malformed_value, noted, unfinished, unreadable};
use super::{Guests, Pipeline, revocation};
use crate::credential::{Credential, CredentialKind, Credentials, Presented, ReadError};
use crate::deadline::{Bounded, caught};
use crate::observe::audit;
use crate::observe::metrics::Started;
use crate::principal::Principal;
use crate::read::{PresentHeaders, TokenPlace};
use crate::rejection::{Rejection, RejectionKind};
use crate::request::RequestHead;
use crate::verify::{Verifier, VerifyContext, VerifyError};

/// The credentials in a form, as far as they are verified without waiting.
pub(super) enum VerifiedForm {
    Empty,
    Accepted(Accepted),
    /// Contains the answer about the subject if there is one.
    Waits(Answer),
}

#[allow(clippy::manual_async_fn, reason = "an `async fn` keeps its arguments twice")]
impl Pipeline {
    /// Revokes a credential that was shown over plain http, and returns the refusal.
    pub(super) async fn revoke<V: Verifier>(&self, verifier: Arc<V>, shown: Shown) -> Rejection {
        let Shown { credential, context, rejection } = shown;
        let fuse = Arc::clone(self.guard.fuse());
        revocation::revoke(fuse, verifier, credential, context, self.deadline).await;
        rejection
    }

    /// Returns true if the body may be a form that the layer reads.
    #[inline]
    pub(super) fn reads_form<M: ReadBody<B>, B>(
        &self,
        mode: &M,
        head: RequestHead<'_>,
        body: &B,
    ) -> Result<bool, Rejection> {
        let lenient = self.table.reads_body_of_any_content_type();
        if self.table.reads_body() { mode.reads_form(head, body, lenient) } else { Ok(false) }
    }

    /// Returns true if the body may be a form with a credential that the layer does not read.
    pub(super) fn leaves_form<M: ReadBody<B>, B>(&self, mode: &M, head: RequestHead<'_>, body: &B) -> bool {
        let lenient = self.table.reads_body_of_any_content_type();
        self.table.reads_body() && mode.leaves_form(head, body, lenient)
    }

    /// Logs that a head is unreadable, and returns the refusal.
    #[cold]
    pub(super) fn unread(&self, error: ReadError, head: RequestHead<'_>) -> Rejection {
        _ = noted(self.name, error.into());
        unreadable(error, &self.table, head)
    }

    /// Returns the guest for a request without credentials, if a rule admits it.
    pub(super) fn guest(
        &self,
        head: RequestHead<'_>,
        present: PresentHeaders,
        leaves_form: impl FnOnce() -> bool,
    ) -> Result<Accepted, Rejection> {
        let guest = self.guests.admit(head, leaves_form, &self.table, present);
        let guest = guest.inspect_err(|refused| _ = noted(self.name, refused.kind()))?;
        audit::admitted(self.name);
        Ok(Accepted::guest(guest))
    }

    /// Asks the verifier about one credential. Returns `None` if it has to wait.
    #[inline(always)]
    fn ask_now<V: Verifier>(
        &self,
        verifier: &V,
        presented: &Presented<'_>,
        context: &VerifyContext<'_>,
    ) -> Option<Result<Principal, VerifyError>> {
        match &presented.credential {
            Some(credential) => verifier.verify_now(credential, context),
            None => Some(self.malformed(presented.kind)),
        }
    }

    #[cold]
    fn malformed(&self, kind: CredentialKind) -> Result<Principal, VerifyError> {
        Err(malformed_value(self.name, &self.malformed_logged, kind))
    }

    /// Verifies credentials without waiting. If the verifier has to wait, returns its answer about
    /// the subject, if there is one.
    #[inline(always)]
    pub(super) fn verify_now<V: Verifier>(
        &self,
        verifier: &V,
        head: RequestHead<'_>,
        credentials: &Credentials<'_>,
    ) -> Result<Result<Accepted, Rejection>, Answer> {
        let context = self.context(head);
        let (subject, app) = (credentials.presented_subject(), credentials.presented_app());
        match (subject, app) {
            (Some(only), None) | (None, Some(only)) => {
                let answer = self.ask_now(verifier, only, &context).ok_or(None)?;
                Ok(self.accept_only(&context, credentials, only, answer))
            }
            _ => self.verify_both_now(verifier, credentials, &context),
        }
    }

    /// Verifies both credentials of a request in the same way.
    #[inline(never)]
    fn verify_both_now<V: Verifier>(
        &self,
        verifier: &V,
        credentials: &Credentials<'_>,
        context: &VerifyContext<'_>,
    ) -> Result<Result<Accepted, Rejection>, Answer> {
        let ask = |presented: Option<&Presented<'_>>| match presented {
            Some(presented) => self.ask_now(verifier, presented, context).map(Some),
            None => Some(None),
        };
        let subject = ask(credentials.presented_subject()).ok_or(None)?;
        let Some(app) = ask(credentials.presented_app()) else { return Err(subject) };
        Ok(self.combine_outcomes(context, credentials, subject, app))
    }

    /// Reads the credentials of a head that was read before, into their final place.
    pub(super) fn read_again<'r>(
        &self,
        head: RequestHead<'r>,
        place: Option<TokenPlace>,
        credentials: &mut Credentials<'r>,
    ) -> Result<(), Rejection> {
        if place.is_some_and(|place| place.read_into(credentials, head)) {
            return Ok(());
        }
        let read = self.table.read_into(credentials, head, self.table.present_headers(head));
        read.map_err(|error| unreadable(error, &self.table, head))
    }

    /// Verifies the app token in the head, which the guard has passed, and takes the time from what
    /// is left.
    pub(super) async fn verify_app<V: Verifier>(
        &self,
        verifier: &V,
        head: RequestHead<'_>,
        left: &mut Duration,
    ) -> Result<Accepted, Rejection> {
        let started = Instant::now();
        let mut credentials = Credentials::default();
        self.read_again(head, None, &mut credentials)?;
        let context = self.context(head).within(*left);
        let app = self.verify(verifier, context, &credentials, None, *left).await?;
        *left = left.saturating_sub(started.elapsed());
        Ok(app)
    }

    /// Decides about the form of a request that was read. If the verifier has to wait, returns its
    /// answer about the subject, if there is one.
    #[inline]
    pub(super) fn accept_form<V: Verifier, M: ReadBody<B>, B>(
        &self,
        verifier: &V,
        request: &Request<M::Body>,
    ) -> Result<Result<Accepted, Rejection>, Answer> {
        let head = RequestHead::from_request(request);
        let form = M::form(request.body());
        let mut credentials = Credentials::default();
        match self.verify_form(verifier, head, form.bytes(), &mut credentials, None) {
            Ok(VerifiedForm::Empty) => Ok(self.guest(head, self.table.present_headers(head), || false)),
            Ok(VerifiedForm::Accepted(accepted)) => Ok(Ok(accepted)),
            Ok(VerifiedForm::Waits(subject)) => Err(subject),
            Err(rejection) => Ok(Err(rejection)),
        }
    }

    /// Reads the credentials in a form into their final place.
    pub(super) fn read_form_again<'r>(
        &self,
        form: &'r [u8],
        credentials: &mut Credentials<'r>,
    ) -> Result<(), Rejection> {
        self.table.read_body(form, credentials).map_err(|error| noted(self.name, error.into()).into())
    }

    /// Reads the credentials in a form into their final place, and decides without waiting if that
    /// is possible. `app` is the app token in the head.
    pub(super) fn verify_form<'r, V: Verifier>(
        &self,
        verifier: &V,
        head: RequestHead<'_>,
        form: &'r [u8],
        credentials: &mut Credentials<'r>,
        app: Option<&Accepted>,
    ) -> Result<VerifiedForm, Rejection> {
        self.read_form_again(form, credentials)?;
        if app.is_some() && credentials.presented_app().is_some() {
            return Err(RejectionKind::Ambiguous.into());
        }
        if credentials.is_empty() {
            if app.is_none() {
                Guests::check_form(form, &self.table)?;
            }
            return Ok(VerifiedForm::Empty);
        }
        if self.guard.check_transport(credentials, head) != TransportCheck::Passes {
            return Err(self.guard.insecure(credentials, head));
        }
        match caught(|| self.verify_now(verifier, head, credentials)) {
            Ok(Ok(decided)) => decided.map(VerifiedForm::Accepted),
            Ok(Err(subject)) => Ok(VerifiedForm::Waits(subject)),
            Err(panicked) => Err(unfinished(panicked, Some(credentials))),
        }
    }

    /// Verifies credentials within this time, which the guard has passed. `subject` is the answer
    /// about the subject, if the verifier was already asked.
    pub(super) fn verify<'r, V: Verifier>(
        &'r self,
        verifier: &'r V,
        context: VerifyContext<'r>,
        credentials: &'r Credentials<'r>,
        mut subject: Answer,
        time: Duration,
    ) -> impl Future<Output = Result<Accepted, Rejection>> + Send {
        async move {
            let measured = Started::now();
            let late = |late| unfinished(late, Some(credentials));
            // The clock is read only if both credentials share the time.
            let started = credentials.presented_app().map(|_| Instant::now());
            if subject.is_none()
                && let Some(presented) = credentials.presented_subject()
            {
                subject = Some(match &presented.credential {
                    Some(credential) => bounded(verifier, credential, &context, time).await.map_err(late)?,
                    None => self.malformed(presented.kind),
                });
            }
            let mut app = None;
            if let Some(presented) = credentials.presented_app() {
                let spent = started.map_or(Duration::ZERO, |started| started.elapsed());
                let left = time.saturating_sub(spent);
                app = Some(match &presented.credential {
                    Some(credential) => bounded(verifier, credential, &context, left).await.map_err(late)?,
                    None => self.malformed(presented.kind),
                });
            }
            let decisive = credentials.presented_subject().or(credentials.presented_app());
            measured.ended(decisive.map(|presented| presented.kind));
            match (credentials.presented_subject().xor(credentials.presented_app()), subject, app) {
                (Some(only), Some(answer), None) | (Some(only), None, Some(answer)) => {
                    self.accept_only(&context, credentials, only, answer)
                }
                (_, subject, app) => self.combine_outcomes(&context, credentials, subject, app),
            }
        }
    }

    #[inline]
    pub(super) fn context<'r>(&'r self, head: RequestHead<'r>) -> VerifyContext<'r> {
        let context = VerifyContext::at_layer(head, self.guard.transport());
        match &self.tenant {
            None => context,
            Some(tenant) => at_tenant(context, tenant(&head)),
        }
    }
}

// Out of line, because most layers have no function for the tenant.
#[inline(never)]
fn at_tenant<'r>(context: VerifyContext<'r>, tenant: Option<Cow<'r, str>>) -> VerifyContext<'r> {
    match tenant {
        Some(tenant) => context.with_tenant(tenant),
        None => context,
    }
}

/// Asks the verifier about one credential, and waits this long. A panic while it makes its future
/// counts as one in the future.
#[inline]
fn bounded<'r, V: Verifier>(
    verifier: &'r V,
    credential: &'r Credential<'r>,
    context: &'r VerifyContext<'r>,
    time: Duration,
) -> Bounded<impl Future<Output = Result<Principal, VerifyError>> + Send> {
    Bounded::new(async move { verifier.verify(credential, context).await }, time)
}
