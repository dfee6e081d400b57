//! The pipeline: read, guard, verify.

use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, Once};
use std::time::Duration;

use http::Request;
use http::header::AUTHORIZATION;
use tokio::time::Instant;

use crate::answer::Answers;
use crate::authentication::Authentication;
use crate::credential::{Carrier, Credentials, Presented};
use crate::deadline::{Bounded, caught};
use crate::dialect::{Dialect, DialectError};
use crate::guest::Admission;
use crate::head::Head;
use crate::judgement::{judge, unfinished_rejection};
use crate::kind::RejectionKind;
use crate::rejection::Rejection;
use crate::table::Table;
use crate::trace;
use crate::transport::{OnInsecure, Security, Transport, TransportRule};
use crate::verify::{Context, Verifier, VerifyError};

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
    said: Arc<Said>,
}

/// What is said once and not at every request.
#[derive(Debug)]
struct Said {
    body_row_off: Once,
    no_marker: Once,
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

/// What to do where nothing says whether a connection is secure.
#[cfg_attr(not(feature = "tracing"), allow(dead_code))]
const CHOICES: &str = "have the TLS acceptor put `transport::SecureConnection` into every request's extensions \
    (`transport::marked`), or, where something else keeps plain http away, use `transport::danger_assume_secure`";

/// How long all verification of a request may take unless the layer is told otherwise.
const DEADLINE: Duration = Duration::from_secs(2);

impl Pipeline {
    pub(crate) fn new(dialect: &Dialect, transport: Transport) -> Result<Self, DialectError> {
        let table = Table::compile(dialect)?;
        if dialect.realm.contains(['"', '\\']) {
            return Err(DialectError::Realm);
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
            said: Arc::new(Said { body_row_off: Once::new(), no_marker: Once::new() }),
        })
    }

    /// Says at start-up that the dialect has a body row which this layer does not read.
    pub(crate) fn body_is_not_read(&self) {
        if self.table.reads_body() {
            self.said.body_row_off.call_once(|| {
                trace::warn!(
                    dialect = self.name,
                    "the dialect has a body row, which is off: give the layer `.form_body(..)`"
                );
            });
        }
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
        match caught(|| self.decide(verifier, head, may_read_body)) {
            Ok(Ok(Some(authentication))) => Verdict::Admitted(authentication),
            Ok(Ok(None)) => Verdict::Waits,
            Ok(Err(rejection)) => Verdict::Refused(rejection),
            Err(unfinished) => Verdict::Refused(unfinished_rejection(unfinished)),
        }
    }

    /// `None` where it has to be waited.
    fn decide<V: Verifier>(
        &self,
        verifier: &V,
        head: Head<'_>,
        may_read_body: bool,
    ) -> Result<Option<Authentication>, Rejection> {
        let credentials = self.read(head)?;
        if may_read_body && credentials.presented_subject().is_none() {
            return Ok(None);
        }
        if credentials.is_empty() {
            return self.guest(head).map(Some);
        }
        let context = self.context(head);
        let ask = |presented: Option<&Presented<'_>>| match presented {
            None => Some(None),
            Some(Presented { credential: None, .. }) => Some(Some(Err(VerifyError::UNKNOWN))),
            Some(Presented { credential: Some(credential), .. }) => {
                verifier.verify_now(credential, &context).map(Some)
            }
        };
        let Some(subject) = ask(credentials.presented_subject()) else { return Ok(None) };
        let Some(app) = ask(credentials.presented_app()) else { return Ok(None) };
        judge(&credentials, subject, app).map(Some)
    }

    /// Verifies what the head presents, within the time left; `None` where it presents nothing.
    pub(crate) async fn verify_head<V: Verifier>(
        &self,
        verifier: &V,
        head: Head<'_>,
        left: &mut Duration,
    ) -> Result<Option<Authentication>, Rejection> {
        let credentials = self.read(head)?;
        self.verify(verifier, head, &credentials, left).await
    }

    /// Verifies what a form body presents; `None` where it presents nothing. `app` is what the head
    /// presented, which can be an app token at most.
    pub(crate) async fn verify_body<V: Verifier>(
        &self,
        verifier: &V,
        head: Head<'_>,
        body: &[u8],
        app: Option<&Authentication>,
        left: &mut Duration,
    ) -> Result<Option<Authentication>, Rejection> {
        let mut credentials = Credentials::default();
        self.table.read_body(body, &mut credentials)?;
        if app.is_some() && credentials.presented_app().is_some() {
            return Err(RejectionKind::Ambiguous.into());
        }
        self.guard(&credentials, head)?;
        self.verify(verifier, head, &credentials, left).await
    }

    async fn verify<V: Verifier>(
        &self,
        verifier: &V,
        head: Head<'_>,
        credentials: &Credentials<'_>,
        left: &mut Duration,
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
        let started = Instant::now();
        let (subject, app) = Bounded::new(both, *left).await.map_err(unfinished_rejection)?;
        *left = left.saturating_sub(started.elapsed());
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
        if credentials.is_empty() {
            return Ok(());
        }
        let security = self.transport.security(head);
        if security == Security::Secure {
            return Ok(());
        }
        let presented = [credentials.presented_subject(), credentials.presented_app()];
        let refused = presented.into_iter().flatten().any(|one| self.rule.of(one.kind) == OnInsecure::Refuse);
        if !refused {
            return Ok(());
        }
        if security == Security::Unknown {
            self.said.no_marker.call_once(|| {
                trace::warn!(
                    "nothing says whether connections are secure, so credentials are refused: {CHOICES}"
                );
            });
        }
        Err(RejectionKind::InsecureTransport.into())
    }

    fn context<'r>(&self, head: Head<'r>) -> Context<'r> {
        let context = Context::of(head);
        match self.tenant.as_ref().and_then(|tenant| tenant(&head)) {
            Some(tenant) => context.with_tenant(tenant),
            None => context,
        }
    }
}

impl fmt::Debug for Pipeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pipeline").field("dialect", &self.name).finish_non_exhaustive()
    }
}
