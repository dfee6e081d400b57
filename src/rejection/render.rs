//! Rendering refusals: a pure function of the refusal, the dialect and the request.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER, VARY};
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, Version};

use super::challenge::Challenged;
use super::challenges::Schemes;
use super::{AnswerRow, InvalidChallenge, Rejection, RejectionKind, RenderRejection, grpc};
use crate::credential::{Carrier, Source};
use crate::deadline::caught;
use crate::principal::Scopes;
use crate::request::RequestHead;
use crate::request::grpc::GrpcCall;
use crate::trace;

/// The properties of a request that the answer to its refusal depends on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AnswerFacts {
    /// True for `HEAD`, which is answered without a body.
    head: bool,
    /// True for HTTP/1, because only HTTP/1 has a `Connection` header.
    http1: bool,
    grpc: Option<GrpcCall>,
}

/// The renderer of a dialect's refusals.
#[derive(Clone)]
pub(crate) struct Answers {
    /// The value of `Vary`, if the dialect reads headers.
    depends_on: Option<HeaderValue>,
    schemes: Schemes,
    /// The shapes of each kind, in the order of the kinds. The standard one of a kind is its last.
    shapes: Arc<[Vec<Shape>]>,
    retry_after: Duration,
    respond: Option<Arc<dyn RenderRejection>>,
}

/// A prepared answer.
#[derive(Clone, Debug)]
struct Shape {
    kind: RejectionKind,
    carrier: Option<Carrier>,
    status: StatusCode,
    body: Bytes,
    /// Cloned, because that costs less than filling a map; `None` if its headers differ between
    /// refusals.
    usual: Option<Response<Bytes>>,
    /// The response to syntactically invalid `Basic` credentials.
    broken_basic: Option<Response<Bytes>>,
}

/// The `Retry-After` for an unavailable verifier, if the layer has no setting for it.
const RETRY_AFTER_UNAVAILABLE: Duration = Duration::from_secs(5);

impl AnswerFacts {
    /// The properties of a request that is not known.
    const UNKNOWN: Self = Self { head: false, http1: false, grpc: None };

    #[inline]
    pub(crate) fn of(head: RequestHead<'_>) -> Self {
        let http1 = head.version() <= Version::HTTP_11;
        Self { head: head.method() == Method::HEAD, http1, grpc: GrpcCall::of(head) }
    }
}

impl Answers {
    pub(crate) fn new(
        realm: &str,
        challenged: &[Challenged],
        depends_on: Option<HeaderValue>,
    ) -> Result<Self, InvalidChallenge> {
        let mut answers = Self {
            depends_on,
            schemes: Schemes::new(realm, challenged)?,
            shapes: RejectionKind::ALL.iter().map(|kind| vec![Shape::standard(*kind)]).collect(),
            retry_after: RETRY_AFTER_UNAVAILABLE,
            respond: None,
        };
        answers.prepare();
        Ok(answers)
    }

    /// Returns the value of `Vary`, or `None` if the dialect reads no header.
    pub(crate) const fn depends_on(&self) -> Option<&HeaderValue> {
        self.depends_on.as_ref()
    }

    /// Sets the dialect's answer table. Returns a status of it as an error if it is not an error
    /// status.
    pub(crate) fn set_shapes(&mut self, rows: &[AnswerRow]) -> Result<(), StatusCode> {
        let pairs = rows.iter().flat_map(|row| row.kinds().iter().map(move |kind| (row, *kind)));
        let shape = |(row, kind): (&AnswerRow, RejectionKind)| {
            let (status, body) = row.answer(kind)?;
            // Leaked, so that sending it updates no reference count.
            let body = Bytes::from_static(body.into_owned().leak().as_bytes());
            Ok(Shape { kind, carrier: row.carrier(), status, body, usual: None, broken_basic: None })
        };
        let own = pairs.map(shape).collect::<Result<Vec<_>, StatusCode>>()?;
        let of_kind = |kind: &RejectionKind| {
            let own = own.iter().filter(|shape| shape.kind == *kind).cloned();
            own.chain([Shape::standard(*kind)]).collect()
        };
        self.shapes = RejectionKind::ALL.iter().map(of_kind).collect();
        self.prepare();
        Ok(())
    }

    /// Names the metadata document in every challenge for access tokens (RFC 9728 section 5.1).
    pub(crate) fn set_metadata(&mut self, url: &str) -> Result<(), InvalidChallenge> {
        self.schemes = self.schemes.with_metadata(url)?;
        self.prepare();
        Ok(())
    }

    /// Names the scopes that an access token needs in every challenge that asks for a token.
    pub(crate) fn set_scope(&mut self, scope: &Scopes) -> Result<(), InvalidChallenge> {
        self.schemes = self.schemes.with_scope(scope)?;
        self.prepare();
        Ok(())
    }

    fn prepare(&mut self) {
        let response =
            |shape: &Shape, rejection: &Rejection| self.fill(shape, rejection, AnswerFacts::UNKNOWN);
        let prepared = |shape: &Shape| {
            let plain = Rejection::from(shape.kind);
            let usual = (!differs(shape.kind)).then(|| response(shape, &plain));
            let is_malformed = shape.kind == RejectionKind::Malformed;
            let broken_basic = is_malformed.then(|| response(shape, &plain.of_broken_basic(true)));
            Shape { usual, broken_basic, ..shape.clone() }
        };
        self.shapes = self.shapes.iter().map(|shapes| shapes.iter().map(prepared).collect()).collect();
    }

    pub(crate) fn set_retry_after(&mut self, retry_after: Duration) {
        self.retry_after = retry_after;
    }

    pub(crate) fn set_respond(&mut self, respond: impl RenderRejection) {
        self.respond = Some(Arc::new(respond));
    }

    /// Renders the answer to a refusal.
    pub(crate) fn render(&self, rejection: Rejection, facts: AnswerFacts) -> Response<Bytes> {
        let mut response = match &self.respond {
            None => self.standard(&rejection, facts),
            Some(respond) => self.custom(&**respond, &rejection, facts),
        };
        match facts.grpc {
            Some(call) => grpc::frame(&mut response, rejection.kind(), call),
            None if facts.head => make_bodiless(&mut response),
            None => {}
        }
        response.extensions_mut().insert(rejection.rendered());
        response
    }

    fn custom(
        &self,
        respond: &dyn RenderRejection,
        rejection: &Rejection,
        facts: AnswerFacts,
    ) -> Response<Bytes> {
        let standard = self.standard(rejection, facts);
        let Ok(response) = caught(|| respond.respond(rejection, standard)) else {
            trace::error!("`RenderRejection` panicked: standard response sent");
            return self.standard(rejection, facts);
        };
        if response.status().is_informational() || response.status().is_success() {
            trace::error!(kind = ?rejection.kind(), "`RenderRejection` turned a refusal into a success: standard \
                response sent");
            return self.standard(rejection, facts);
        }
        response
    }

    fn standard(&self, rejection: &Rejection, facts: AnswerFacts) -> Response<Bytes> {
        let carrier = || rejection.credential_source().map(Source::carrier);
        let fits = |shape: &&Shape| shape.carrier.is_none() || shape.carrier == carrier();
        let of_kind = self.shapes.get(rejection.kind() as usize).map(|shapes| &**shapes);
        let shape = match of_kind.unwrap_or_default().iter().find(fits) {
            Some(shape) => shape,
            None => &Shape::standard(rejection.kind()),
        };
        let prepared = if rejection.is_of_broken_basic() { &shape.broken_basic } else { &shape.usual };
        match prepared {
            Some(response) if rejection.needed_scopes().is_empty() => response.clone(),
            _ => self.fill(shape, rejection, facts),
        }
    }

    /// Makes the response to a refusal, with the headers that only this refusal has.
    fn fill(&self, shape: &Shape, rejection: &Rejection, facts: AnswerFacts) -> Response<Bytes> {
        let mut response = Response::new(shape.body.clone());
        *response.status_mut() = shape.status;
        *response.headers_mut() = self.headers(rejection, shape.status, facts);
        response
    }

    fn headers(&self, rejection: &Rejection, status: StatusCode, facts: AnswerFacts) -> HeaderMap {
        let mut headers = HeaderMap::with_capacity(6);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(names) = &self.depends_on {
            headers.insert(VARY, names.clone());
        }
        self.schemes.challenge(rejection, status, &mut headers);
        let default = (rejection.kind() == RejectionKind::Unavailable).then_some(self.retry_after);
        if let Some(after) = rejection.retry_after().or(default) {
            headers.insert(RETRY_AFTER, HeaderValue::from(whole_seconds(after)));
        }
        if rejection.kind() == RejectionKind::InsecureTransport && facts.http1 {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        headers
    }
}

impl Shape {
    fn standard(kind: RejectionKind) -> Self {
        let answer = kind.answer();
        let body = Bytes::from_static(answer.body.as_bytes());
        Self { kind, carrier: None, status: answer.status, body, usual: None, broken_basic: None }
    }
}

/// Returns true if the headers of this kind's answers differ between refusals, by retry time or
/// protocol. Needed scopes make them differ for every kind.
const fn differs(kind: RejectionKind) -> bool {
    use RejectionKind::{InsecureTransport, TooManyAttempts, Unavailable};
    matches!(kind, TooManyAttempts | Unavailable | InsecureTransport)
}

/// Rounds up, to at least 1 s, so that a client that waits this long is not too early.
pub(crate) fn whole_seconds(after: Duration) -> u64 {
    let started = u64::from(after.subsec_nanos() > 0);
    after.as_secs().saturating_add(started).max(1)
}

/// Removes the body. `HEAD` is answered like `GET`, including the length, but without the body (RFC
/// 9110 section 9.3.2).
fn make_bodiless(response: &mut Response<Bytes>) {
    let body = std::mem::take(response.body_mut());
    response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
}

impl fmt::Debug for Answers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answers").field("schemes", &self.schemes).finish_non_exhaustive()
    }
}
