//! The pipeline: read, guard, verify.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::Request;
use http::header::AUTHORIZATION;

use crate::answer::Answers;
use crate::authentication::{Authentication, Origin};
use crate::credential::{Carrier, CredentialKind, Credentials, Presented};
use crate::deadline::{Bounded, Unfinished, caught};
use crate::dialect::{Dialect, DialectError};
use crate::guest::Admission;
use crate::head::Head;
use crate::kind::RejectionKind;
use crate::principal::{AppToken, Principal};
use crate::rejection::Rejection;
use crate::table::Table;
use crate::trace;
use crate::transport::{OnInsecure, Security, Transport, TransportRule};
use crate::verify::{Context, Reason, Verifier, VerifyError};

/// A dialect made ready, with everything else a layer is told. Requests only read it.
#[derive(Clone)]
pub(crate) struct Pipeline {
    name: &'static str,
    table: Table,
    guests: Vec<Admission>,
    transport: Transport,
    rule: TransportRule,
    pub(crate) answers: Answers,
    pub(crate) tenant: Option<Tenant>,
    pub(crate) deadline: Duration,
}

/// Tells a request's tenant.
pub(crate) type Tenant = Arc<dyn for<'r> Fn(&Head<'r>) -> Option<Cow<'r, str>> + Send + Sync>;

/// What can be said of a request without waiting.
#[derive(Debug)]
pub(crate) enum Verdict {
    Admitted(Authentication),
    Refused(Rejection),
    /// A verifier has to wait, or the body has to be read.
    Waits,
}

/// How long all verification of a request may take unless the layer is told otherwise.
const DEADLINE: Duration = Duration::from_secs(2);

impl Pipeline {
    pub(crate) fn new(dialect: &Dialect, transport: Transport) -> Result<Self, DialectError> {
        let table = Table::compile(dialect)?;
        if dialect.realm.contains(['"', '\\']) {
            return Err(DialectError::Realm);
        }
        if transport.trusts_everybody() {
            return Err(DialectError::TrustsEverybody);
        }
        let answers = Answers::new(&dialect.realm, &table.challenged()).map_err(|_| DialectError::Realm)?;
        let guests = dialect.guests.iter().map(|rule| rule.compile().map_err(DialectError::from));
        Ok(Self {
            name: dialect.name,
            guests: guests.collect::<Result<_, _>>()?,
            table,
            transport,
            rule: dialect.transport,
            answers,
            tenant: None,
            deadline: DEADLINE,
        })
    }

    pub(crate) const fn name(&self) -> &'static str {
        self.name
    }

    pub(crate) const fn table(&self) -> &Table {
        &self.table
    }

    /// Decides without waiting, where that can be. `may_read_body`: a form body may hold the subject
    /// where the head does not.
    pub(crate) fn decide_now<V: Verifier>(
        &self,
        verifier: &V,
        head: Head<'_>,
        may_read_body: bool,
    ) -> Verdict {
        let credentials = match self.read(head) {
            Ok(credentials) => credentials,
            Err(rejection) => return Verdict::Refused(rejection),
        };
        if may_read_body && credentials.presented_subject().is_none() {
            return Verdict::Waits;
        }
        if credentials.is_empty() {
            return self.guest(head).map_or_else(Verdict::Refused, Verdict::Admitted);
        }
        let context = self.context(head);
        let ask = |presented: Option<&Presented<'_>>| match presented {
            None => Some(None),
            Some(Presented { credential: None, .. }) => Some(Some(Err(VerifyError::UNKNOWN))),
            Some(Presented { credential: Some(credential), .. }) => {
                verifier.verify_now(credential, &context).map(Some)
            }
        };
        let answers =
            caught(|| Some((ask(credentials.presented_subject())?, ask(credentials.presented_app())?)));
        match answers {
            Ok(Some((subject, app))) => {
                judge(&credentials, subject, app).map_or_else(Verdict::Refused, Verdict::Admitted)
            }
            Ok(None) => Verdict::Waits,
            Err(unfinished) => Verdict::Refused(unfinished_rejection(unfinished)),
        }
    }

    /// Verifies what the head presents; `None` where it presents nothing.
    pub(crate) async fn verify_head<V: Verifier>(
        &self,
        verifier: &V,
        head: Head<'_>,
    ) -> Result<Option<Authentication>, Rejection> {
        let credentials = self.read(head)?;
        self.verify(verifier, head, &credentials).await
    }

    /// Verifies what a form body presents beside an app token in the head.
    pub(crate) async fn verify_body<V: Verifier>(
        &self,
        verifier: &V,
        head: Head<'_>,
        body: &[u8],
    ) -> Result<Option<Authentication>, Rejection> {
        let mut credentials = Credentials::default();
        self.table.read_body(body, &mut credentials)?;
        self.guard(&credentials, head)?;
        self.verify(verifier, head, &credentials).await
    }

    async fn verify<V: Verifier>(
        &self,
        verifier: &V,
        head: Head<'_>,
        credentials: &Credentials<'_>,
    ) -> Result<Option<Authentication>, Rejection> {
        if credentials.is_empty() {
            return Ok(None);
        }
        let context = self.context(head);
        let ask = async |presented: Option<&Presented<'_>>| match &presented?.credential {
            None => Some(Err(VerifyError::UNKNOWN)),
            Some(credential) => Some(verifier.verify(credential, &context).await),
        };
        let both =
            async { (ask(credentials.presented_subject()).await, ask(credentials.presented_app()).await) };
        let (subject, app) = Bounded::new(both, self.deadline).await.map_err(unfinished_rejection)?;
        judge(credentials, subject, app).map(Some)
    }

    /// The guest that a request without credentials is, if a rule admits it.
    pub(crate) fn guest(&self, head: Head<'_>) -> Result<Authentication, Rejection> {
        let guest = self.guests.iter().find_map(|rule| rule.admit(head));
        guest.cloned().map(Authentication::guest).ok_or_else(|| RejectionKind::Missing.into())
    }

    /// Hands a request on: its authentication into the extensions, its credential headers marked, so
    /// that `Debug` and HTTP/2's header compression leave them alone.
    pub(crate) fn seal<B>(&self, request: &mut Request<B>, authentication: Authentication) {
        let headers = request.headers_mut();
        if authentication.carrier() == Some(Carrier::Authorization) {
            headers.get_mut(AUTHORIZATION).into_iter().for_each(|value| value.set_sensitive(true));
        }
        if authentication.carrier() == Some(Carrier::Header) || authentication.app().is_some() {
            for name in self.table.header_names() {
                headers.get_mut(name).into_iter().for_each(|value| value.set_sensitive(true));
            }
        }
        request.extensions_mut().insert(authentication);
    }

    fn read<'r>(&self, head: Head<'r>) -> Result<Credentials<'r>, Rejection> {
        let credentials = self.table.read(head)?;
        self.guard(&credentials, head)?;
        Ok(credentials)
    }

    /// Refuses credentials that this connection is not secure enough for.
    fn guard(&self, credentials: &Credentials<'_>, head: Head<'_>) -> Result<(), Rejection> {
        if credentials.is_empty() || self.transport.security(head) == Security::Secure {
            return Ok(());
        }
        let presented = [credentials.presented_subject(), credentials.presented_app()];
        let refused = presented.into_iter().flatten().any(|one| self.rule.of(one.kind) == OnInsecure::Refuse);
        if refused { Err(RejectionKind::InsecureTransport.into()) } else { Ok(()) }
    }

    fn context<'r>(&self, head: Head<'r>) -> Context<'r> {
        let context = Context::of(head).with_client(self.transport.client(head));
        match self.tenant.as_ref().and_then(|tenant| tenant(&head)) {
            Some(tenant) => context.with_tenant(tenant),
            None => context,
        }
    }
}

type Answer = Option<Result<Principal, VerifyError>>;

/// Settles what the verifier said: the subject before the app token, a denial before an outage.
fn judge(credentials: &Credentials<'_>, subject: Answer, app: Answer) -> Result<Authentication, Rejection> {
    let subject = settle(credentials.presented_subject(), subject);
    let app = settle(credentials.presented_app(), app);
    match (subject, app) {
        (Ok(Some((principal, origin))), Ok(app)) => {
            Ok(Authentication::new(principal, app.and_then(|(app, _)| as_app(app)), Some(origin)))
        }
        (Ok(None), Ok(Some((app, origin)))) => Ok(Authentication::new(app, None, Some(origin))),
        (Ok(None), Ok(None)) => Err(RejectionKind::Missing.into()),
        (Err(subject), Err(app)) if is_outage(&subject) && !is_outage(&app) => Err(app),
        (Err(rejection), _) | (_, Err(rejection)) => Err(rejection),
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

fn settle(
    presented: Option<&Presented<'_>>,
    answer: Answer,
) -> Result<Option<(Principal, Origin)>, Rejection> {
    let (Some(presented), Some(answer)) = (presented, answer) else { return Ok(None) };
    let Presented { kind, carrier, .. } = *presented;
    match answer {
        Ok(principal) if principal.is_guest() => Err(broken_verifier(kind)),
        Ok(principal) if kind == CredentialKind::AppToken && !matches!(principal, Principal::AppToken(_)) => {
            Err(broken_verifier(kind))
        }
        Ok(principal) => Ok(Some((principal, Origin { carrier, kind }))),
        Err(VerifyError::Denied(Reason::Throttled(retry_after))) => Err(Rejection::throttled(retry_after)),
        Err(VerifyError::Denied(_) | VerifyError::Unsupported) => Err(denied(kind).into()),
        Err(VerifyError::Unavailable(_cause)) => {
            trace::warn!(%kind, cause = %_cause, "a verifier cannot tell now");
            Err(RejectionKind::Unavailable.into())
        }
    }
}

const fn denied(kind: CredentialKind) -> RejectionKind {
    match kind {
        CredentialKind::AccessToken => RejectionKind::DeniedToken,
        CredentialKind::AppToken => RejectionKind::DeniedAppToken,
        CredentialKind::ApiKey | CredentialKind::Client | CredentialKind::Password => {
            RejectionKind::DeniedCredentials
        }
    }
}

fn broken_verifier(_kind: CredentialKind) -> Rejection {
    trace::error!(credential = %_kind, "a verifier answered with a kind of principal that this credential cannot have");
    RejectionKind::ServerError.into()
}

fn unfinished_rejection(unfinished: Unfinished) -> Rejection {
    match unfinished {
        Unfinished::Late => {
            trace::warn!("verification did not end in time");
            RejectionKind::Unavailable.into()
        }
        Unfinished::Panicked => {
            trace::error!("a verifier panicked");
            RejectionKind::ServerError.into()
        }
    }
}

impl fmt::Debug for Pipeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pipeline").field("dialect", &self.name).finish_non_exhaustive()
    }
}
