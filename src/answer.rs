//! Rendering refusals.

use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER, VARY};
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, Version};

use crate::audit;
use crate::carried::DEPENDS_ON;
use crate::challenge::InvalidChallenge;
use crate::credential::Carrier;
use crate::deadline::caught;
use crate::dialect::{AnswerRow, DialectError};
use crate::head::Head;
use crate::kind::RejectionKind;
use crate::rejection::{Rejection, Respond};
use crate::schemes::Schemes;
use crate::table::Challenged;
use crate::trace;
use crate::transport::Transport;

/// What of a request the answer to its refusal depends on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked {
    /// `HEAD` is answered without a body.
    head: bool,
    /// Only HTTP/1 has a `Connection` header.
    http1: bool,
    /// For the log, where anybody listens.
    client: Option<IpAddr>,
    /// gRPC reads every body as its own messages.
    grpc: bool,
}

/// How a dialect's refusals are rendered.
#[derive(Clone)]
pub(crate) struct Answers {
    dialect: &'static str,
    /// What `Vary` says.
    pub(crate) depends_on: HeaderValue,
    schemes: Schemes,
    shapes: Vec<Shape>,
    retry_after: Duration,
    respond: Option<Arc<dyn Respond>>,
}

/// An answer of the dialect's own, prepared.
#[derive(Clone, Debug)]
struct Shape {
    kind: RejectionKind,
    carrier: Option<Carrier>,
    status: StatusCode,
    body: Bytes,
}

/// After how long to come back when a verifier cannot tell and the layer was not told.
const RETRY_AFTER_UNAVAILABLE: Duration = Duration::from_secs(5);

impl Asked {
    #[inline]
    pub(crate) fn of(head: Head<'_>, transport: &Transport) -> Self {
        let client = if audit::is_on() { transport.client(head) } else { None };
        let http1 = head.version() <= Version::HTTP_11;
        Self { head: head.method() == Method::HEAD, http1, client, grpc: !http1 && is_grpc(head) }
    }
}

impl Answers {
    pub(crate) fn new(
        dialect: &'static str,
        realm: &str,
        challenged: &[Challenged],
        depends_on: HeaderValue,
    ) -> Result<Self, InvalidChallenge> {
        Ok(Self {
            dialect,
            depends_on,
            schemes: Schemes::new(realm, challenged)?,
            shapes: Vec::new(),
            retry_after: RETRY_AFTER_UNAVAILABLE,
            respond: None,
        })
    }

    /// Takes over a dialect's answer table.
    pub(crate) fn set_shapes(&mut self, rows: &[AnswerRow]) -> Result<(), DialectError> {
        let pairs = rows.iter().flat_map(|row| row.kinds().iter().map(move |kind| (row, *kind)));
        let shape = |(row, kind): (&AnswerRow, RejectionKind)| match row.answer(kind) {
            Ok((status, body)) => {
                Ok(Shape { kind, carrier: row.carrier(), status, body: body.into_owned().into() })
            }
            Err(status) => Err(DialectError::AnswerStatus(status.as_u16())),
        };
        self.shapes = pairs.map(shape).collect::<Result<_, _>>()?;
        Ok(())
    }

    /// Names the metadata document in every challenge for access tokens (RFC 9728 section 5.1).
    pub(crate) fn set_metadata(&mut self, url: &str) -> Result<(), InvalidChallenge> {
        self.schemes = self.schemes.with_metadata(url)?;
        Ok(())
    }

    pub(crate) fn set_retry_after(&mut self, retry_after: Duration) {
        self.retry_after = retry_after;
    }

    pub(crate) fn set_respond(&mut self, respond: impl Respond) {
        self.respond = Some(Arc::new(respond));
    }

    /// The answer to a refusal.
    pub(crate) fn render(&self, rejection: &Rejection, asked: Asked) -> Response<Bytes> {
        audit::refused(self.dialect, rejection, asked.client);
        let standard = self.standard(rejection, asked);
        let Some(respond) = &self.respond else { return bodiless(standard, asked) };
        let Ok(mut response) = caught(|| respond.respond(rejection, standard)) else {
            trace::error!("a `Respond` panicked: the standard answer is sent");
            return bodiless(self.standard(rejection, asked), asked);
        };
        if response.status().is_informational() || response.status().is_success() {
            trace::error!(kind = ?rejection.kind(), "a `Respond` made a success of a refusal: the standard answer is sent");
            return bodiless(self.standard(rejection, asked), asked);
        }
        response.extensions_mut().insert(rejection.rendered());
        bodiless(response, asked)
    }

    fn standard(&self, rejection: &Rejection, asked: Asked) -> Response<Bytes> {
        let (status, body) = self.shape(rejection);
        let mut response = Response::new(body);
        *response.status_mut() = status;
        let mut headers = HeaderMap::with_capacity(6);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(VARY, self.depends_on.clone());
        self.schemes.challenge(rejection, status, &mut headers);
        let default = (rejection.kind() == RejectionKind::Unavailable).then_some(self.retry_after);
        if let Some(after) = rejection.retry_after().or(default) {
            headers.insert(RETRY_AFTER, HeaderValue::from(whole_seconds(after)));
        }
        if rejection.kind() == RejectionKind::InsecureTransport && asked.http1 {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        *response.headers_mut() = headers;
        response.extensions_mut().insert(rejection.rendered());
        response
    }

    /// The status and body that the dialect has for it, or the standard ones.
    fn shape(&self, rejection: &Rejection) -> (StatusCode, Bytes) {
        let fits = |shape: &&Shape| {
            shape.kind == rejection.kind()
                && (shape.carrier.is_none() || shape.carrier == rejection.carrier())
        };
        match self.shapes.iter().find(fits) {
            Some(shape) => (shape.status, shape.body.clone()),
            None => {
                let standard = rejection.kind().answer();
                (standard.status, Bytes::from_static(standard.body.as_bytes()))
            }
        }
    }
}

/// Rounded up, and at least one: whoever comes back then is not too early.
fn whole_seconds(after: Duration) -> u64 {
    let started = u64::from(after.subsec_nanos() > 0);
    (after.as_secs() + started).max(1)
}

/// gRPC's content type, with or without what its messages are written in (`application/grpc+proto`).
fn is_grpc(head: Head<'_>) -> bool {
    head.headers().get(CONTENT_TYPE).is_some_and(|value| value.as_bytes().starts_with(b"application/grpc"))
}

/// `HEAD` is answered like `GET`, its length included, but without the body (RFC 9110 section 9.3.2). A gRPC
/// call is answered by the status alone, which its client maps to one of its own; a body would be taken for
/// a broken message.
fn bodiless(mut response: Response<Bytes>, asked: Asked) -> Response<Bytes> {
    if asked.grpc {
        response.headers_mut().remove(CONTENT_TYPE);
        return response.map(|_| Bytes::new());
    }
    if asked.head {
        let body = std::mem::take(response.body_mut());
        response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
    }
    response
}

/// The answer where no dialect is known: an extractor's or a [`Require`](crate::Require)'s, which
/// the layer around them renders again in its dialect's way.
pub(crate) fn plain(rejection: &Rejection) -> Response<Bytes> {
    static STANDARD: LazyLock<Option<Answers>> =
        LazyLock::new(|| Answers::new("", "api", &[Challenged::Token("Bearer")], DEPENDS_ON).ok());
    let asked = Asked { head: false, http1: false, client: None, grpc: false };
    let Some(answers) = &*STANDARD else { return Response::new(Bytes::new()) };
    let mut response = answers.standard(rejection, asked);
    response.extensions_mut().insert(rejection.unrendered());
    response
}

impl fmt::Debug for Answers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answers").field("schemes", &self.schemes).finish_non_exhaustive()
    }
}
