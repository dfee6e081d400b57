//! The pipeline: read, guard, verify, and admit.
//!
//! [`Pipeline::decide_now`] is this order without waiting. [`Pipeline::decide_later`] is the rest
//! for verifiers that wait and for form bodies, and [`later`] has its futures. The steps are in
//! [`steps`].

use std::sync::{Arc, Once};
use std::time::Duration;

use http::Request;

use self::body::ReadBody;
use self::guard::{Guard, TransportCheck};
use self::guests::Guests;
use self::later::{Later, Waiting};
use self::outcome::{Accepted, Answer, ResponseContext, unfinished};
use self::redact::seal;
use crate::clock::{Clock, SystemClock};
use crate::credential::Credentials;
use crate::deadline::caught;
use crate::dialect::{Dialect, DialectError};
use crate::observe::{audit, span};
use crate::principal::identity::Home;
use crate::read::Table;
use crate::rejection::Rejection;
use crate::rejection::caching::depends_on;
use crate::rejection::render::Answers;
use crate::request::RequestHead;
use crate::trace;
use crate::transport::Transport;
use crate::verify::{Tenant, Verifier};

pub(crate) mod body;
mod guard;
mod guests;
pub(crate) mod later;
pub(crate) mod outcome;
mod redact;
pub(crate) mod refusal;
mod refused;
pub(crate) mod revocation;
mod steps;

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
    malformed_logged: Arc<Once>,
}

/// The decision about a request that is possible without waiting.
#[derive(Debug)]
pub(crate) enum Decision {
    Accepted(Accepted),
    Waits(Later),
    /// The body may be a form with the only credential.
    ReadsForm,
}

impl Pipeline {
    pub(crate) fn new(dialect: &Dialect, transport: Transport) -> Result<Self, DialectError> {
        let table = Table::compile(dialect)?;
        if dialect.realm.contains(['"', '\\']) {
            return Err(DialectError::Realm);
        }
        if transport.trusts_all_peers() {
            return Err(DialectError::TrustsEverybody);
        }
        let depends_on = depends_on(table.header_names());
        let mut answers = Answers::new(&dialect.realm, &dialect.challenged(), depends_on)
            .map_err(|_| DialectError::Realm)?;
        let shapes = answers.set_shapes(&dialect.answers);
        shapes.map_err(|status| DialectError::AnswerStatus(status.as_u16()))?;
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
            malformed_logged: Arc::new(Once::new()),
        })
    }

    /// Warns at start-up that the dialect has a body row that this layer does not read.
    pub(crate) fn body_is_not_read(&self) {
        if self.table.reads_body() {
            self.body_row_off.call_once(|| {
                trace::warn!(
                    dialect = self.name,
                    "the dialect's body row is off: call `.with_form_body(..)` on the layer"
                );
            });
        }
    }

    pub(crate) const fn name(&self) -> &'static str {
        self.name
    }

    /// Decides without waiting, if that is possible.
    pub(crate) fn decide_now<V: Verifier, M: ReadBody<B>, B>(
        &self,
        verifier: &V,
        mode: &M,
        request: &Request<B>,
    ) -> Result<Decision, Rejection> {
        caught(|| self.decide(verifier, mode, request))
            .unwrap_or_else(|panicked| Err(unfinished(panicked, None)))
    }

    #[inline]
    fn decide<V: Verifier, M: ReadBody<B>, B>(
        &self,
        verifier: &V,
        mode: &M,
        request: &Request<B>,
    ) -> Result<Decision, Rejection> {
        let head = RequestHead::from_request(request);
        let mut credentials = Credentials::default();
        let present = self.table.present_headers(head);
        if let Err(error) = self.table.read_into(&mut credentials, head, present) {
            return Err(self.unread(error, head));
        }
        match self.guard.check_transport(&credentials, head) {
            TransportCheck::Passes => {}
            TransportCheck::Refused => return Err(self.guard.insecure(&credentials, head)),
            TransportCheck::Revoked => {
                let shown = self.to_revoke(&credentials, head)?;
                return Ok(Decision::Waits(Later::Revocation(shown)));
            }
        }
        if credentials.presented_subject().is_none() {
            if self.reads_form(mode, head, request.body())? {
                let has_app = !credentials.is_empty();
                return Ok(if has_app { Decision::Waits(Later::FormBesideApp) } else { Decision::ReadsForm });
            }
            if credentials.is_empty() {
                return self
                    .guest(head, present, || self.leaves_form(mode, head, request.body()))
                    .map(Decision::Accepted);
            }
        }
        self.guard.count_request();
        match self.verify_now(verifier, head, &credentials) {
            Ok(decided) => decided.map(Decision::Accepted),
            Err(subject) => Ok(Decision::Waits(Later::verifier(&credentials, subject))),
        }
    }

    /// Decides about the form of a request that was read, without waiting, and admits it. If the
    /// verifier has to wait, returns its answer about the subject, if there is one.
    pub(crate) fn decide_form<V: Verifier, M: ReadBody<B>, B>(
        &self,
        verifier: &V,
        request: &mut Request<M::Body>,
    ) -> Result<Result<ResponseContext, Rejection>, Answer> {
        caught(|| match self.accept_form::<V, M, B>(verifier, request)? {
            Ok(accepted) => Ok(self.admit(request, accepted)),
            Err(rejection) => Ok(Err(rejection)),
        })
        .unwrap_or_else(|panicked| Ok(Err(unfinished(panicked, None))))
    }

    /// Decides the rest of a request, and admits it.
    #[inline]
    pub(crate) fn decide_later<V: Verifier, M: ReadBody<B>, B: Send + 'static>(
        &'static self,
        verifier: Arc<V>,
        mode: M,
        request: Request<B>,
        later: Later,
    ) -> Waiting<M::Body>
    where
        M::Body: Send,
    {
        // A box is made before its future, and the future in it. `Box::pin` would copy all of the
        // future's space, most of which is unused at the beginning.
        match later {
            Later::Verifier { place, subject } => {
                let space = Box::new_uninit();
                let made = Box::write(space, self.verify_later::<V, M, B>(verifier, request, place, subject));
                Box::into_pin(made)
            }
            Later::FormBesideApp => Box::pin(self.read_form(verifier, mode, request)),
            Later::Revocation(shown) => Box::pin(async { Err(self.revoke(verifier, *shown).await) }),
        }
    }

    /// Decides about the form of a request that was read, and admits it. The verifier has given
    /// this answer about the subject.
    pub(crate) fn decide_form_later<V: Verifier, M: ReadBody<B>, B: 'static>(
        &'static self,
        verifier: Arc<V>,
        request: Request<M::Body>,
        subject: Answer,
    ) -> Waiting<M::Body>
    where
        M::Body: Send + 'static,
    {
        Box::pin(self.verify_form_later::<V, M, B>(verifier, request, subject))
    }

    /// Prepares an accepted request for the inner service: adds its authentication and removes its
    /// credentials.
    #[inline(always)]
    pub(crate) fn admit<B>(
        &self,
        request: &mut Request<B>,
        accepted: Accepted,
    ) -> Result<ResponseContext, Rejection> {
        let context = ResponseContext::of(&accepted);
        audit::accepted(&accepted.who);
        if trace::is_on() {
            self.write_accepted(&accepted, RequestHead::from_request(request));
        }
        seal(&self.table, self.cut_query, request, accepted.who.verified_by(&self.source))?;
        Ok(context)
    }

    /// Writes an accepted request into its span and the log.
    #[cold]
    fn write_accepted(&self, accepted: &Accepted, head: RequestHead<'_>) {
        span::identify(accepted.who.principal());
        if accepted.who.origin().is_some() && audit::is_on() {
            let client = self.guard.transport().client(head);
            audit::write_accepted(self.name, &accepted.who, accepted.fingerprint, client);
        }
    }
}
