//! The steps of the pipeline, in the order in which it takes them.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::body::{Form, ReadBody};
use super::guard::{Shown, TransportCheck};
use super::outcome::{
    Accepted, Answer, combine_outcomes, malformed_value, noted, origin_of, unfinished, unreadable,
};
use super::{Guests, Pipeline, revocation};
use crate::credential::{CredentialKind, Credentials, Presented, ReadError};
use crate::deadline::Bounded;
use crate::observe::audit;
use crate::observe::metrics::Started;
use crate::principal::Principal;
use crate::read::PresentHeaders;
use crate::rejection::{Rejection, RejectionKind};
use crate::request::RequestHead;
use crate::verify::{Verifier, VerifyContext, VerifyError};

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
    #[inline]
    pub(super) fn ask_now<V: Verifier>(
        &self,
        verifier: &V,
        presented: Option<&Presented<'_>>,
        context: &VerifyContext<'_>,
    ) -> Option<Answer> {
        match presented {
            None => Some(None),
            Some(Presented { credential: Some(credential), .. }) => {
                verifier.verify_now(credential, context).map(Some)
            }
            Some(Presented { kind, .. }) => Some(Some(self.malformed(*kind))),
        }
    }

    #[cold]
    fn malformed(&self, kind: CredentialKind) -> Result<Principal, VerifyError> {
        Err(malformed_value(self.name, &self.malformed_logged, kind))
    }

    /// Verifies the credentials in the head within the time left. Returns `None` if there are none.
    /// `known` is the answer about the subject, if the verifier was already asked.
    pub(super) async fn verify_head<V: Verifier>(
        &self,
        verifier: &V,
        head: RequestHead<'_>,
        known: Answer,
        left: &mut Duration,
    ) -> Result<Option<Accepted>, Rejection> {
        let credentials = self.table.read(head).map_err(|error| unreadable(error, &self.table, head))?;
        self.verify(verifier, head, &credentials, known, left).await
    }

    /// Verifies the credentials in a form body. Returns `None` if there are none. `app` is the
    /// credential in the head, which can only be an app token.
    pub(super) async fn verify_form<V: Verifier>(
        &self,
        verifier: &V,
        head: RequestHead<'_>,
        form: &Form,
        app: Option<&Accepted>,
        left: &mut Duration,
    ) -> Result<Option<Accepted>, Rejection> {
        let form = form.bytes();
        let mut credentials = Credentials::default();
        self.table.read_body(form, &mut credentials).map_err(|error| noted(self.name, error.into()))?;
        if app.is_some() && credentials.presented_app().is_some() {
            return Err(RejectionKind::Ambiguous.into());
        }
        if credentials.is_empty() && app.is_none() {
            Guests::check_form(form, &self.table)?;
        }
        self.verify(verifier, head, &credentials, None, left).await
    }

    async fn verify<V: Verifier>(
        &self,
        verifier: &V,
        head: RequestHead<'_>,
        credentials: &Credentials<'_>,
        known: Answer,
        left: &mut Duration,
    ) -> Result<Option<Accepted>, Rejection> {
        if credentials.is_empty() {
            return Ok(None);
        }
        if self.guard.check_transport(credentials, head) != TransportCheck::Passes {
            return Err(self.guard.insecure(credentials, head));
        }
        let context = self.context(head).until(Instant::now().checked_add(*left));
        let ask = async |presented: Option<&Presented<'_>>| match presented? {
            Presented { credential: Some(credential), .. } => {
                Some(verifier.verify(credential, &context).await)
            }
            Presented { kind, .. } => Some(self.malformed(*kind)),
        };
        let both = std::pin::pin!(async {
            let subject = if known.is_some() { known } else { ask(credentials.presented_subject()).await };
            (subject, ask(credentials.presented_app()).await)
        });
        // The body may use more of the time only if there is no subject yet.
        let started = credentials.presented_subject().is_none().then(Instant::now);
        let measured = Started::now();
        let late = |late| unfinished(late, Some(credentials));
        let (subject, app) = Bounded::new(both, *left).await.map_err(late)?;
        *left = left.saturating_sub(started.map_or(Duration::ZERO, |started| started.elapsed()));
        measured.ended(origin_of(credentials).map(|origin| origin.kind));
        self.combine_outcomes(head, credentials, subject, app).map(Some)
    }

    #[inline]
    pub(super) fn combine_outcomes(
        &self,
        head: RequestHead<'_>,
        credentials: &Credentials<'_>,
        subject: Answer,
        app: Answer,
    ) -> Result<Accepted, Rejection> {
        audit::browser_client(self.name, credentials, head);
        let subject = self.guard.in_force(credentials, subject, || self.context(head));
        let who =
            combine_outcomes(credentials, subject, app, &*self.clock).map_err(audit::traced(credentials))?;
        Ok(Accepted { who, fingerprint: audit::fingerprint(credentials) })
    }

    #[inline]
    pub(super) fn context<'r>(&'r self, head: RequestHead<'r>) -> VerifyContext<'r> {
        let tenant = self.tenant.as_ref().and_then(|tenant| tenant(&head));
        VerifyContext::at_layer(head, self.guard.transport(), tenant)
    }
}
