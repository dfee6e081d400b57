//! The pipeline: read, guard, verify.

use std::sync::{Arc, Once};
use std::time::Duration;

use http::Request;
use tokio::time::Instant;

use self::guard::{Guard, TransportCheck};
use self::guests::{Guests, InBody};
use self::outcome::{
    Accepted, Answer, combine_outcomes, impossible, noted, origin_of, unfinished, unreadable,
};
use self::redact::seal;
use crate::authentication::Authentication;
use crate::clock::{Clock, SystemClock};
use crate::credential::{Credentials, Presented};
use crate::deadline::{Bounded, caught};
use crate::dialect::{Dialect, DialectError};
use crate::observe::audit;
use crate::observe::metrics::Started;
use crate::principal::identity::Home;
use crate::read::Table;
use crate::rejection::caching::depends_on;
use crate::rejection::render::Answers;
use crate::rejection::{Rejection, RejectionKind};
use crate::request::RequestHead;
use crate::trace;
use crate::transport::Transport;
use crate::verify::{Tenant, Verifier, VerifyContext};

mod guard;
pub(crate) mod guests;
pub(crate) mod outcome;
mod redact;
mod refused;
pub(crate) mod revocation;

pub(crate) use self::revocation::RevocationLimits;

/// A prepared dialect with the other settings of a layer. Requests only read it.
#[derive(Clone)]
pub(crate) struct Pipeline {
    name: &'static str,
    table: Table,
    guests: Guests,
    pub(crate) guard: Guard,
    pub(crate) answers: Answers,
    pub(crate) tenant: Option<Tenant>,
    pub(crate) source: Home,
    pub(crate) deadline: Duration,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) cut_query: bool,
    body_row_off: Arc<Once>,
    impossible: Arc<Once>,
}

/// The decision about a request that is possible without waiting.
#[derive(Debug)]
pub(crate) enum Decision {
    Accepted(Accepted),
    Refused(Rejection),
    /// A verifier has to wait, or the body has to be read. Contains the answer about the subject if
    /// there is one; asking again would count a failure twice.
    Waits(Answer),
}

impl Pipeline {
    pub(crate) fn new(dialect: &Dialect, transport: Transport) -> Result<Self, DialectError> {
        let table = Table::compile(dialect)?;
        if dialect.realm.contains(['"', '\\']) {
            return Err(DialectError::Realm);
        }
        if transport.trusts_everybody() {
            return Err(DialectError::TrustsEverybody);
        }
        let depends_on = depends_on(table.header_names());
        let mut answers = Answers::new(dialect.name, &dialect.realm, &table.challenged(), depends_on)
            .map_err(|_| DialectError::Realm)?;
        answers.set_shapes(&dialect.answers)?;
        Ok(Self {
            name: dialect.name,
            guests: Guests::of(dialect)?,
            table,
            guard: Guard::new(transport, dialect.transport),
            answers,
            tenant: None,
            source: Home::Several,
            deadline: Duration::from_secs(2),
            clock: Arc::new(SystemClock),
            cut_query: true,
            body_row_off: Arc::new(Once::new()),
            impossible: Arc::new(Once::new()),
        })
    }

    /// Warns at start-up that the dialect has a body row that this layer does not read.
    pub(crate) fn body_is_not_read(&self) {
        if self.table.reads_body() {
            self.body_row_off.call_once(|| {
                trace::warn!(
                    dialect = self.name,
                    "the dialect's body row is off: call `.form_body(..)` on the layer"
                );
            });
        }
    }

    pub(crate) const fn name(&self) -> &'static str {
        self.name
    }

    /// Returns the kind of the body. Without a body row in the dialect, the body is ignored. `look`
    /// takes a flag: true if a body without a `Content-Type` may be a form.
    pub(crate) fn in_body(
        &self,
        look: impl FnOnce(bool) -> Result<InBody, Rejection>,
    ) -> Result<InBody, Rejection> {
        if self.table.reads_body() {
            look(self.table.reads_body_of_any_content_type())
        } else {
            Ok(InBody::Nothing)
        }
    }

    /// Decides without waiting, if that is possible. `in_body` looks at the body, and is called
    /// only if the head presents no subject.
    pub(crate) fn decide_now<V: Verifier>(
        &self,
        verifier: &V,
        head: RequestHead<'_>,
        in_body: impl FnOnce() -> Result<InBody, Rejection>,
    ) -> Decision {
        match caught(|| self.decide(verifier, head, in_body)) {
            Ok(Ok(verdict)) => verdict,
            Ok(Err(rejection)) => Decision::Refused(rejection),
            Err(panicked) => Decision::Refused(unfinished(panicked, None)),
        }
    }

    fn decide<V: Verifier>(
        &self,
        verifier: &V,
        head: RequestHead<'_>,
        in_body: impl FnOnce() -> Result<InBody, Rejection>,
    ) -> Result<Decision, Rejection> {
        let mut credentials = Credentials::default();
        let unread = |kind| unreadable(noted(self.name, kind), &self.table, head);
        self.table.read_into(&mut credentials, head).map_err(unread)?;
        match self.guard.check_transport(&credentials, head) {
            TransportCheck::Passes => {}
            TransportCheck::Refused => return Err(self.guard.insecure(&credentials, head)),
            // Refused as well, but in the path that waits.
            TransportCheck::Revoked => return Ok(Decision::Waits(None)),
        }
        if credentials.presented_subject().is_none() {
            let in_body = in_body()?;
            if in_body == InBody::Form {
                return Ok(Decision::Waits(None));
            }
            if credentials.is_empty() {
                return self.guest(head, in_body).map(Decision::Accepted);
            }
        }
        self.guard.count_request();
        let context = self.context(head);
        let ask = |presented: Option<&Presented<'_>>| match presented {
            None => Some(None),
            Some(Presented { credential: None, kind, .. }) => {
                Some(Some(Err(impossible(self.name, &self.impossible, *kind))))
            }
            Some(Presented { credential: Some(credential), .. }) => {
                verifier.verify_now(credential, &context).map(Some)
            }
        };
        let Some(subject) = ask(credentials.presented_subject()) else { return Ok(Decision::Waits(None)) };
        let Some(app) = ask(credentials.presented_app()) else { return Ok(Decision::Waits(subject)) };
        let admitted = self.combine_outcomes(head, &credentials, subject, app)?;
        self.record(head, &admitted);
        Ok(Decision::Accepted(admitted))
    }

    /// Verifies the credentials in the head within the time left. Returns `None` if there are none.
    /// `known` is the answer about the subject, if the verifier was already asked.
    pub(crate) async fn verify_head<V: Verifier>(
        &self,
        verifier: &V,
        head: RequestHead<'_>,
        known: Answer,
        left: &mut Duration,
    ) -> Result<Option<Accepted>, Rejection> {
        let credentials = self.table.read(head).map_err(|kind| unreadable(kind, &self.table, head))?;
        self.verify(verifier, head, &credentials, known, left).await
    }

    /// Verifies the credentials in a form body. Returns `None` if there are none. `app` is the
    /// credential in the head, which can only be an app token.
    pub(crate) async fn verify_body<V: Verifier>(
        &self,
        verifier: &V,
        head: RequestHead<'_>,
        body: &[u8],
        app: Option<&Accepted>,
        left: &mut Duration,
    ) -> Result<Option<Accepted>, Rejection> {
        let mut credentials = Credentials::default();
        self.table.read_body(body, &mut credentials).map_err(|kind| noted(self.name, kind))?;
        if app.is_some() && credentials.presented_app().is_some() {
            return Err(RejectionKind::Ambiguous.into());
        }
        if credentials.is_empty() && app.is_none() {
            Guests::check_form(body, &self.table)?;
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
            Presented { kind, .. } => Some(Err(impossible(self.name, &self.impossible, *kind))),
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
    fn combine_outcomes(
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

    /// Logs the identity of an accepted request, once, after all of it was checked.
    #[inline]
    pub(crate) fn record(&self, head: RequestHead<'_>, admitted: &Accepted) {
        let client = || self.guard.transport().client(head);
        audit::accepted(self.name, &admitted.who, admitted.fingerprint, client);
    }

    /// Returns the guest for a request without credentials, if a rule admits it.
    pub(crate) fn guest(&self, head: RequestHead<'_>, in_body: InBody) -> Result<Accepted, Rejection> {
        let guest = self.guests.admit(head, in_body, &self.table);
        let guest = guest.inspect_err(|refused| _ = noted(self.name, refused.kind()))?;
        audit::admitted(self.name);
        Ok(Accepted::guest(guest))
    }

    /// Prepares a request for the inner service: adds its authentication and removes its
    /// credentials.
    pub(crate) fn seal<B>(&self, request: &mut Request<B>, who: Authentication) -> Result<(), Rejection> {
        seal(&self.table, self.cut_query, request, who.verified_by(self.source.source()))
    }

    #[inline]
    fn context<'r>(&'r self, head: RequestHead<'r>) -> VerifyContext<'r> {
        let context = VerifyContext::of(head).with_transport(self.guard.transport());
        match self.tenant.as_ref().and_then(|tenant| tenant(&head)) {
            Some(tenant) => context.with_tenant(tenant),
            None => context,
        }
    }
}
