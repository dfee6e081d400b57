//! The acceptance of a request, by the verifier's answers about its credentials.

use super::Pipeline;
use super::outcome::{Accepted, Answer, combine_outcomes, outcome_of};
use crate::authentication::Authentication;
use crate::credential::{Credentials, Presented};
use crate::observe::audit;
use crate::principal::Principal;
use crate::rejection::Rejection;
use crate::verify::{VerifyContext, VerifyError};

impl Pipeline {
    /// Evaluates the answer about the only credential.
    // Inlined, because a call would move the answer and the outcome through memory.
    #[inline(always)]
    pub(super) fn accept_only(
        &self,
        context: &VerifyContext<'_>,
        credentials: &Credentials<'_>,
        only: &Presented<'_>,
        answer: Result<Principal, VerifyError>,
    ) -> Result<Accepted, Rejection> {
        if self.guard.is_watching() {
            return self.combine_only(context, credentials, answer);
        }
        audit::browser_client(self.name, credentials, context.head());
        match outcome_of(only, answer, &*self.clock) {
            Ok((principal, origin)) => {
                let who = Authentication::new(principal, None, Some(origin));
                Ok(Accepted { who, fingerprint: audit::fingerprint(credentials) })
            }
            Err(rejection) => Err(audit::traced(credentials)(rejection)),
        }
    }

    /// Evaluates the answer about the only credential, which may have been shown over plain http.
    #[inline(never)]
    fn combine_only(
        &self,
        context: &VerifyContext<'_>,
        credentials: &Credentials<'_>,
        answer: Result<Principal, VerifyError>,
    ) -> Result<Accepted, Rejection> {
        match credentials.presented_subject() {
            Some(_) => self.combine_outcomes(context, credentials, Some(answer), None),
            None => self.combine_outcomes(context, credentials, None, Some(answer)),
        }
    }

    /// Evaluates the answers about both credentials.
    pub(super) fn combine_outcomes(
        &self,
        context: &VerifyContext<'_>,
        credentials: &Credentials<'_>,
        subject: Answer,
        app: Answer,
    ) -> Result<Accepted, Rejection> {
        audit::browser_client(self.name, credentials, context.head());
        let subject = self.guard.in_force(credentials, subject, context);
        let who =
            combine_outcomes(credentials, subject, app, &*self.clock).map_err(audit::traced(credentials))?;
        Ok(Accepted { who, fingerprint: audit::fingerprint(credentials) })
    }
}
