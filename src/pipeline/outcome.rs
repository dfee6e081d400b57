//! Evaluation of a verifier's answers.

use std::sync::Once;
use std::time::{Duration, SystemTime};

use http::Extensions;

use super::Pipeline;
use crate::authentication::{Authentication, Origin};
use crate::clock::Clock;
use crate::credential::{CredentialKind, Credentials, Fingerprint, Presented, ReadError};
use crate::deadline::Unfinished;
use crate::observe::{audit, span};
use crate::principal::{AppToken, Guest, Principal};
use crate::read::Table;
use crate::rejection::caching::Carried;
use crate::rejection::denial::{Check, Denial};
use crate::rejection::{DenialReason, Rejection, RejectionKind};
use crate::request::RequestHead;
use crate::trace;
use crate::verify::{VerifyContext, VerifyError};

/// The accepted identity of a request.
#[derive(Debug)]
pub(crate) struct Accepted {
    pub(crate) who: Authentication,
    /// The fingerprint of the credential for the log, if logging is enabled.
    pub(crate) fingerprint: Option<Fingerprint>,
}

impl Accepted {
    pub(crate) const fn guest(guest: Guest) -> Self {
        Self { who: Authentication::guest(guest), fingerprint: None }
    }

    /// Combines this with an app token that was sent separately.
    pub(crate) fn beside(self, app: Self) -> Self {
        Self { who: self.who.beside(app.who), ..self }
    }
}

/// The facts about a request's authentication that are kept while it is served.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ResponseContext {
    pub(crate) carried: Carried,
    /// For the log, if an inner layer or extractor refuses.
    pub(crate) fingerprint: Option<Fingerprint>,
}

impl ResponseContext {
    #[inline]
    pub(crate) fn of(accepted: &Accepted) -> Self {
        Self { carried: Carried::by(&accepted.who), fingerprint: accepted.fingerprint }
    }

    /// Records the outcome of an accepted request in the span, unless an inner layer has rendered a
    /// refusal.
    #[inline]
    pub(crate) fn record(self, extensions: &Extensions) {
        if trace::is_on() && extensions.get::<Rejection>().is_none() {
            span::accepted(self.carried != Carried::Nothing);
        }
    }
}

/// The verifier's answer about one credential; `None` if it was not asked.
pub(crate) type Answer = Option<Result<Principal, VerifyError>>;

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

/// Combines the verifier's answers: the subject before the app token, a denial before an outage.
fn combine_outcomes(
    credentials: &Credentials<'_>,
    subject: Answer,
    app: Answer,
    clock: &dyn Clock,
) -> Result<Authentication, Rejection> {
    let outcome = |presented: Option<&Presented<'_>>, answer: Answer| {
        presented.zip(answer).map(|(presented, answer)| outcome_of(presented, answer, clock)).transpose()
    };
    let subject = outcome(credentials.presented_subject(), subject);
    let app = outcome(credentials.presented_app(), app);
    match (subject, app) {
        (Ok(Some((principal, origin))), Ok(app)) => {
            let origin = origin.beside(app.as_ref().map(|(_, origin)| *origin));
            Ok(Authentication::new(principal, app.and_then(|(app, _)| as_app(app)), Some(origin)))
        }
        (Ok(None), Ok(Some((app, origin)))) => Ok(Authentication::new(app, None, Some(origin))),
        (Ok(None), Ok(None)) => Err(RejectionKind::Missing.into()),
        (Err(subject), Err(app)) if is_outage(&subject) && !is_outage(&app) => Err(app),
        (Err(rejection), _) | (_, Err(rejection)) => Err(rejection),
    }
}

#[inline]
fn is_possible(kind: CredentialKind, principal: &Principal) -> bool {
    match principal {
        Principal::Guest(_) => false,
        Principal::AppToken(_) => true,
        _ => kind != CredentialKind::AppToken,
    }
}

fn as_app(principal: Principal) -> Option<AppToken> {
    match principal {
        Principal::AppToken(app) => Some(app),
        _ => None,
    }
}

fn is_outage(rejection: &Rejection) -> bool {
    rejection.kind() == RejectionKind::Unavailable
}

/// Returns the principal of an answer if this kind of credential can have it, and it has not
/// expired.
#[inline(always)]
fn outcome_of(
    presented: &Presented<'_>,
    answer: Result<Principal, VerifyError>,
    clock: &dyn Clock,
) -> Result<(Principal, Origin), Rejection> {
    match answer {
        Ok(principal) if is_possible(presented.kind, &principal) && !is_over(&principal, clock) => {
            Ok((principal, Origin::of(presented)))
        }
        answer => Err(refused(presented.kind, answer).with_origin(Some(Origin::of(presented)))),
    }
}

/// Returns the refusal for an answer that does not admit its credential.
#[inline(never)]
fn refused(kind: CredentialKind, answer: Result<Principal, VerifyError>) -> Rejection {
    match answer {
        Ok(principal) if !is_possible(kind, &principal) => broken_verifier(kind),
        // A caching verifier may have kept this principal past its expiry.
        Ok(_) => {
            Denial::of(DenialReason::Expired, kind).log("layer");
            Rejection::from(RejectionKind::denied(kind)).because(DenialReason::Expired)
        }
        Err(VerifyError::Denied(reason @ DenialReason::Throttled(_))) => {
            Rejection::from(RejectionKind::TooManyAttempts).because(reason)
        }
        Err(VerifyError::Denied(reason)) => Rejection::from(RejectionKind::denied(kind)).because(reason),
        Err(VerifyError::Unsupported) => {
            Denial::new(Check::Record, "no verifier supports it").received(kind.as_str()).log("layer");
            RejectionKind::denied(kind).into()
        }
        Err(VerifyError::Unavailable(_cause)) => {
            trace::warn!(%kind, cause = ?_cause.to_string(), "verifier unavailable");
            RejectionKind::Unavailable.into()
        }
    }
}

/// The tolerated difference between the layer's clock and that of a verifier or issuer.
const LEEWAY: Duration = Duration::from_secs(30);

/// Returns true if a principal expired longer ago than its verifier's leeway, or [`LEEWAY`] if that
/// is longer.
#[inline]
fn is_over(principal: &Principal, clock: &dyn Clock) -> bool {
    principal.expires_at().is_some_and(|at| is_past(at, principal.leeway(), clock))
}

fn is_past(expires_at: SystemTime, leeway: Duration, clock: &dyn Clock) -> bool {
    clock.now().duration_since(expires_at).is_ok_and(|since| since >= LEEWAY.max(leeway))
}

fn broken_verifier(_kind: CredentialKind) -> Rejection {
    trace::error!(credential = %_kind, "verifier returned a kind of principal that this credential cannot have");
    RejectionKind::ServerError.into()
}

/// Returns the refusal for unfinished work.
pub(crate) fn unfinished(unfinished: Unfinished, credentials: Option<&Credentials<'_>>) -> Rejection {
    let kind = match unfinished {
        Unfinished::Late => {
            trace::warn!("verification timed out");
            RejectionKind::Unavailable
        }
        Unfinished::Panicked => {
            trace::error!("verifier, tenant function or grammar panicked");
            RejectionKind::ServerError
        }
    };
    match credentials {
        Some(credentials) => refusal(kind, credentials),
        None => kind.into(),
    }
}

/// Returns the refusal for an unreadable head.
#[cold]
pub(crate) fn unreadable(error: ReadError, table: &Table, head: RequestHead<'_>) -> Rejection {
    let broken_basic = error == ReadError::Malformed && table.has_broken_basic(head);
    Rejection::from(RejectionKind::from(error)).of_broken_basic(broken_basic)
}

/// Logs a request without a readable credential.
pub(crate) fn noted(dialect: &'static str, kind: RejectionKind) -> RejectionKind {
    let why = match kind {
        RejectionKind::Missing => {
            "no credential in any place that the dialect reads, and no matching guest rule"
        }
        RejectionKind::Ambiguous => "more than one credential",
        RejectionKind::ServerError => return kind,
        _ => "a credential that does not match the form of its place",
    };
    Denial::new(Check::Reading, why).received(kind.as_str()).log(dialect);
    kind
}

/// Returns the denial of a value that no genuine credential has. Logs the first one at WARN,
/// because a limit that is too low for an issuer rejects all its tokens.
pub(crate) fn malformed_value(dialect: &'static str, first: &Once, kind: CredentialKind) -> VerifyError {
    first.call_once(|| {
        trace::warn!(dialect, %kind, "credential too long, or with a character that its kind never has");
    });
    let denial = Denial::new(Check::Reading, "too long, or with a character that its kind never has");
    denial.received(kind.as_str()).logged(dialect)
}

/// Returns the refusal for credentials on a connection that is not secure enough.
pub(crate) fn insecure(credentials: &Credentials<'_>) -> Rejection {
    refusal(RejectionKind::InsecureTransport, credentials)
}

fn refusal(kind: RejectionKind, credentials: &Credentials<'_>) -> Rejection {
    audit::traced(credentials)(Rejection::from(kind).with_origin(origin_of(credentials)))
}

/// Returns the origin of the credential that decides.
pub(crate) fn origin_of(credentials: &Credentials<'_>) -> Option<Origin> {
    credentials.presented_subject().or(credentials.presented_app()).map(Origin::of)
}
