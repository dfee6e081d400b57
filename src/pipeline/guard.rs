//! The check that a connection is secure enough for its credentials.

use std::sync::{Arc, Once};

use super::outcome::{Answer, insecure};
use super::revocation::Fuse;
use super::{Pipeline, RevocationLimits, refused};
use crate::credential::{Credential, Credentials, Presented};
use crate::principal::Principal;
use crate::rejection::denial::{Check, Denial};
use crate::rejection::{DenialReason, Rejection};
use crate::request::RequestHead;
use crate::trace;
use crate::transport::{OnInsecure, Security, Transport, TransportRule};
use crate::verify::{VerifyContext, VerifyError};

/// Rejects credentials on connections that are not secure, by a dialect's rule.
#[derive(Clone, Debug)]
pub(crate) struct Guard {
    transport: Transport,
    rule: TransportRule,
    fuse: Arc<Fuse>,
    unmarked: Arc<Once>,
}

/// The guard's decision about credentials on this connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TransportCheck {
    Passes,
    Refused,
    /// Refused, and to be revoked.
    Revoked,
}

/// A credential that was shown over plain http and is to be revoked.
#[derive(Debug)]
pub(crate) struct Shown {
    pub(super) credential: Credential<'static>,
    pub(super) context: VerifyContext<'static>,
    /// The refusal of its request.
    pub(super) rejection: Rejection,
}

impl Guard {
    pub(crate) fn new(transport: Transport, rule: TransportRule) -> Self {
        let fuse = Arc::new(Fuse::new(RevocationLimits::default()));
        Self { transport, rule, fuse, unmarked: Arc::new(Once::new()) }
    }

    pub(crate) const fn transport(&self) -> &Transport {
        &self.transport
    }

    pub(crate) const fn fuse(&self) -> &Arc<Fuse> {
        &self.fuse
    }

    pub(crate) fn set_revocation(&mut self, limits: RevocationLimits) {
        self.fuse = Arc::new(Fuse::new(limits));
    }

    /// Counts a request that carries credentials, if the rule needs the count.
    #[inline]
    pub(crate) fn count_request(&self) {
        if self.revokes() {
            self.fuse.count_request();
        }
    }

    /// Returns true if the rule revokes credentials.
    #[inline]
    pub(crate) fn revokes(&self) -> bool {
        self.rule.revokes()
    }

    /// Refuses credentials because of their connection, and logs the reason.
    #[cold]
    pub(crate) fn insecure(&self, credentials: &Credentials<'_>, head: RequestHead<'_>) -> Rejection {
        let security = self.transport.security(head);
        let why = match security {
            Security::Plain => "the connection is plain http",
            _ => self.transport.why_unknown(head),
        };
        let denial = Denial::new(Check::Transport, why).expected("secure");
        denial.received(security.as_str()).log("transport");
        insecure(credentials)
    }

    /// Decides if this connection is secure enough for these credentials.
    #[inline(always)]
    pub(crate) fn check_transport(
        &self,
        credentials: &Credentials<'_>,
        head: RequestHead<'_>,
    ) -> TransportCheck {
        if credentials.is_empty() {
            return TransportCheck::Passes;
        }
        match self.transport.security(head) {
            Security::Secure => TransportCheck::Passes,
            security => self.check_rule(credentials, head, security),
        }
    }

    /// Decides by the rule if credentials pass on a connection that is not secure.
    #[cold]
    #[cfg_attr(not(feature = "tracing"), allow(unused_variables))]
    fn check_rule(
        &self,
        credentials: &Credentials<'_>,
        head: RequestHead<'_>,
        security: Security,
    ) -> TransportCheck {
        let rule = |presented: Option<&Presented<'_>>| presented.map(|one| self.rule.of(one.kind));
        let rules = [rule(credentials.presented_subject()), rule(credentials.presented_app())];
        // A credential that lost by rank was sent over this connection as well.
        let outranked = |presented: Option<&Presented<'_>>| Some(self.rule.of(presented?.outranked?.1));
        let others = [outranked(credentials.presented_subject()), outranked(credentials.presented_app())];
        if rules.iter().chain(&others).flatten().all(|rule| *rule == OnInsecure::Pass) {
            return TransportCheck::Passes;
        }
        if matches!(security, Security::Unknown | Security::Ambiguous) {
            self.unmarked.call_once(|| {
                trace::warn!("credentials refused: {}", self.transport.why_unknown(head));
            });
        }
        let revoke =
            rules.first() == Some(&Some(OnInsecure::RefuseAndRevoke)) && credentials.subject().is_some();
        if revoke && security == Security::Plain { TransportCheck::Revoked } else { TransportCheck::Refused }
    }

    /// Returns true if a credential that was shown over plain http may still be in force.
    #[inline]
    pub(crate) fn is_watching(&self) -> bool {
        refused::is_any() || self.fuse.is_looking()
    }

    /// Replaces a positive answer for a credential that was shown over plain http, because the
    /// store or a cache may not have its revocation yet. The answer is unavailable until the
    /// revocation is decided.
    pub(crate) fn in_force(
        &self,
        credentials: &Credentials<'_>,
        subject: Answer,
        context: &VerifyContext<'_>,
    ) -> Answer {
        if self.is_watching() { self.unless_shown(credentials, subject, context) } else { subject }
    }

    #[cold]
    fn unless_shown(
        &self,
        credentials: &Credentials<'_>,
        subject: Answer,
        context: &VerifyContext<'_>,
    ) -> Answer {
        match (subject, credentials.subject()) {
            (Some(Ok(principal)), Some(credential)) => Some(self.refuse(credential, principal, context)),
            (subject, _) => subject,
        }
    }

    fn refuse(
        &self,
        credential: &Credential<'_>,
        principal: Principal,
        context: &VerifyContext<'_>,
    ) -> Result<Principal, VerifyError> {
        if refused::refuses(credential, &principal, context.tenant()) {
            Err(VerifyError::Denied(DenialReason::Revoked))
        } else if self.fuse.looks_at(credential, context) {
            Err(VerifyError::unavailable("the credential was recently sent over plain http"))
        } else {
            Ok(principal)
        }
    }
}

impl Pipeline {
    /// Returns the credential to revoke, whose request is refused.
    #[cold]
    pub(super) fn to_revoke(
        &self,
        credentials: &Credentials<'_>,
        head: RequestHead<'_>,
    ) -> Result<Box<Shown>, Rejection> {
        let rejection = self.guard.insecure(credentials, head);
        let Some(credential) = credentials.subject() else { return Err(rejection) };
        let credential = credential.reborrow().into_owned();
        let context = self.context(head).detached();
        Ok(Box::new(Shown { credential, context, rejection }))
    }
}
