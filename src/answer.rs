//! Rendering refusals.

use std::fmt;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use bytes::Bytes;
use http::header::{
    CACHE_CONTROL, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER, VARY, WWW_AUTHENTICATE,
};
use http::{HeaderMap, HeaderValue, Method, Response, Version};

use crate::carried::DEPENDS_ON;
use crate::challenge::{Challenge, InvalidChallenge};
use crate::deadline::caught;
use crate::head::Head;
use crate::kind::{Challenging, RejectionKind};
use crate::rejection::{Rejection, Respond};
use crate::scope::Scopes;
use crate::table::Challenged;
use crate::trace;

/// What of a request the answer to its refusal depends on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked {
    /// `HEAD` is answered without a body.
    head: bool,
    /// Only HTTP/1 has a `Connection` header.
    http1: bool,
    /// gRPC reads every body as its own messages.
    grpc: bool,
}

/// How a dialect's refusals are rendered.
#[derive(Clone)]
pub(crate) struct Answers {
    /// What `Vary` says.
    pub(crate) depends_on: HeaderValue,
    realm: Box<str>,
    schemes: Vec<Scheme>,
    retry_after: Duration,
    respond: Option<Arc<dyn Respond>>,
}

/// A scheme's challenges, prepared.
#[derive(Clone, Debug)]
struct Scheme {
    challenged: Challenged,
    plain: HeaderValue,
    malformed: Option<HeaderValue>,
    denied: Option<HeaderValue>,
}

/// After how long to come back when a verifier cannot tell and the layer was not told.
const RETRY_AFTER_UNAVAILABLE: Duration = Duration::from_secs(5);

impl Asked {
    pub(crate) fn of(head: Head<'_>) -> Self {
        let http1 = head.version() <= Version::HTTP_11;
        Self { head: head.method() == Method::HEAD, http1, grpc: !http1 && is_grpc(head) }
    }
}

impl Answers {
    pub(crate) fn new(
        realm: &str,
        challenged: &[Challenged],
        depends_on: HeaderValue,
    ) -> Result<Self, InvalidChallenge> {
        let schemes = challenged.iter().map(|challenged| Scheme::new(*challenged, realm));
        Ok(Self {
            depends_on,
            realm: realm.into(),
            schemes: schemes.collect::<Result<_, _>>()?,
            retry_after: RETRY_AFTER_UNAVAILABLE,
            respond: None,
        })
    }

    pub(crate) fn set_retry_after(&mut self, retry_after: Duration) {
        self.retry_after = retry_after;
    }

    pub(crate) fn set_respond(&mut self, respond: impl Respond) {
        self.respond = Some(Arc::new(respond));
    }

    /// The answer to a refusal.
    pub(crate) fn render(&self, rejection: &Rejection, asked: Asked) -> Response<Bytes> {
        trace::debug!(kind = ?rejection.kind(), "request refused");
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
        let answer = rejection.kind().answer();
        let mut response = Response::new(Bytes::from_static(answer.body.as_bytes()));
        *response.status_mut() = answer.status;
        let mut headers = HeaderMap::with_capacity(6);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(VARY, self.depends_on.clone());
        self.challenge(rejection, &mut headers);
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

    fn challenge(&self, rejection: &Rejection, headers: &mut HeaderMap) {
        let token_scheme =
            self.schemes.iter().find(|scheme| matches!(scheme.challenged, Challenged::Token(_)));
        let mut send = |line: &HeaderValue| _ = headers.append(WWW_AUTHENTICATE, line.clone());
        match rejection.kind().answer().challenging {
            Challenging::Nothing => {}
            Challenging::Plainly => self.schemes.iter().for_each(|scheme| send(&scheme.plain)),
            Challenging::TokenMalformed => {
                token_scheme.and_then(|scheme| scheme.malformed.as_ref()).into_iter().for_each(send);
            }
            // The first scheme is the access token's, where there is one.
            Challenging::TokenDenied => {
                let denied = token_scheme.and_then(|scheme| scheme.denied.as_ref());
                let others = self.schemes.iter().skip(usize::from(denied.is_some()));
                denied.into_iter().chain(others.map(|scheme| &scheme.plain)).for_each(send);
            }
            Challenging::ScopeNeeded => {
                let line =
                    token_scheme.and_then(|scheme| self.scope_needed(scheme, rejection.needed_scopes()));
                line.iter().for_each(send);
            }
        }
    }

    fn scope_needed(&self, scheme: &Scheme, needed: &Scopes) -> Option<HeaderValue> {
        let challenge = token_error(scheme.challenged, &self.realm, "insufficient_scope")?;
        let challenge = if needed.is_empty() { challenge } else { challenge.param("scope", needed.as_str()) };
        challenge.header_value().ok()
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
        LazyLock::new(|| Answers::new("api", &[Challenged::Token("Bearer")], DEPENDS_ON).ok());
    let asked = Asked { head: false, http1: false, grpc: false };
    let Some(answers) = &*STANDARD else { return Response::new(Bytes::new()) };
    let mut response = answers.standard(rejection, asked);
    response.extensions_mut().insert(rejection.unrendered());
    response
}

impl Scheme {
    fn new(challenged: Challenged, realm: &str) -> Result<Self, InvalidChallenge> {
        let error = |error| token_error(challenged, realm, error).map(|line| line.header_value()).transpose();
        let plain = match challenged {
            Challenged::Basic => Challenge::basic(realm),
            Challenged::Token(word) | Challenged::Other(word) => Challenge::new(word).param("realm", realm),
        };
        Ok(Self {
            challenged,
            plain: plain.header_value()?,
            malformed: error("invalid_request")?,
            denied: error("invalid_token")?,
        })
    }
}

/// A challenge with an error of RFC 6750 section 3.1; only access-token schemes have one.
fn token_error(challenged: Challenged, realm: &str, error: &str) -> Option<Challenge> {
    let Challenged::Token(word) = challenged else { return None };
    Some(Challenge::new(word).param("realm", realm).param("error", error))
}

impl fmt::Debug for Answers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answers").field("realm", &self.realm).finish_non_exhaustive()
    }
}
