//! The introspection endpoint of a test issuer (RFC 7662).

use std::collections::{HashMap, HashSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{Method, Request, StatusCode};
use serde_json::{Map, Value, json};

use crate::credential::{Pair, Secret};
use crate::request::percent;
use crate::verify::KeySet;

/// An introspection endpoint: its clients, and the token state that the keys do not contain.
pub(super) struct Endpoint {
    clients: Vec<Pair<'static>>,
    opaque: HashMap<String, Map<String, Value>>,
    /// JWTs by their signed part, because a signature can be written in two ways.
    revoked: HashSet<String>,
}

/// The status and body of an answer.
pub(super) type Answer = (StatusCode, String);

impl Endpoint {
    /// Creates an endpoint that accepts [`OWN_CLIENT`].
    pub(super) fn new() -> Self {
        let mut endpoint = Self { clients: Vec::new(), opaque: HashMap::new(), revoked: HashSet::new() };
        endpoint.admit(OWN_CLIENT.0, OWN_CLIENT.1);
        endpoint
    }

    pub(super) fn admit(&mut self, id: &str, secret: &str) {
        self.clients.push(Pair::new(Secret::owned(id), Secret::owned(secret)));
    }

    pub(super) fn register(&mut self, token: &str, claims: Map<String, Value>) {
        self.opaque.insert(token.to_owned(), claims);
    }

    pub(super) fn revoke(&mut self, token: &str) {
        if self.opaque.remove(token).is_none() {
            self.revoked.insert(signed(token).to_owned());
        }
    }

    /// Returns the answer at this time, in seconds since 1970.
    pub(super) fn answer(&self, request: &Request<Bytes>, keys: Option<&KeySet>, now: u64) -> Answer {
        if request.method() != Method::POST {
            return (StatusCode::METHOD_NOT_ALLOWED, String::new());
        }
        let form: Vec<_> = form_urlencoded::parse(request.body()).collect();
        let of_form = |wanted: &str| {
            let mut values = form.iter().filter(|(name, _)| name == wanted).map(|(_, value)| &**value);
            values.next().filter(|_| values.next().is_none())
        };
        let may_ask = match request.headers().get(AUTHORIZATION) {
            Some(sent) => self.knows(sent.to_str().unwrap_or_default(), keys, now),
            None => of_form("client_id").zip(of_form("client_secret")).is_some_and(|(id, secret)| {
                self.has_client(&Pair::new(Secret::borrowed(id), Secret::borrowed(secret)))
            }),
        };
        let typed = request.headers().get(CONTENT_TYPE).is_some_and(|sent| sent == FORM);
        match of_form("token").filter(|_| typed) {
            _ if !may_ask => refused(StatusCode::UNAUTHORIZED, "invalid_client"),
            None => refused(StatusCode::BAD_REQUEST, "invalid_request"),
            Some(token) => {
                let claims =
                    self.active(token, keys, now).map_or_else(|| json!({"active": false}), as_answer);
                (StatusCode::OK, claims.to_string())
            }
        }
    }

    /// Returns true for Basic credentials of a client (RFC 6749 section 2.3.1), or for a valid
    /// token (RFC 7662 section 2.1).
    fn knows(&self, authorization: &str, keys: Option<&KeySet>, now: u64) -> bool {
        let (scheme, sent) = authorization.split_once(' ').unwrap_or_default();
        if scheme.eq_ignore_ascii_case("Bearer") {
            return self.active(sent, keys, now).is_some();
        }
        let decoded = STANDARD.decode(sent).ok().filter(|_| scheme.eq_ignore_ascii_case("Basic"));
        let halves = decoded.and_then(|decoded| {
            let at = decoded.iter().position(|byte| *byte == b':')?;
            let (id, secret) = decoded.split_at_checked(at)?;
            let text = |half| String::from_utf8(percent::decode(half, b' ')?.to_vec()).ok();
            Some(Pair::new(Secret::owned(text(id)?), Secret::owned(text(secret.get(1..)?)?)))
        });
        halves.is_some_and(|halves| self.has_client(&halves))
    }

    fn has_client(&self, sent: &Pair<'_>) -> bool {
        let is = |client: &Pair<'_>| client.id() == sent.id() && client.secret().ct_eq(&sent.secret());
        self.clients.iter().any(is)
    }

    /// Returns the claims of a token that is currently valid.
    fn active(&self, token: &str, keys: Option<&KeySet>, now: u64) -> Option<Map<String, Value>> {
        let claims = match self.opaque.get(token) {
            Some(claims) => claims.clone(),
            None if self.revoked.contains(signed(token)) => return None,
            None => serde_json::from_slice(&keys?.verify_jws(token)?).ok()?,
        };
        let time = |name| claims.get(name).and_then(Value::as_u64);
        let over = time("exp").is_some_and(|ends| ends <= now);
        let early = time("nbf").is_some_and(|begins| begins > now);
        Some(claims).filter(|_| !over && !early)
    }
}

/// The client that may introspect at every issuer.
pub(super) const OWN_CLIENT: (&str, &str) = ("test-client", "secret of the test-client");

const FORM: &str = "application/x-www-form-urlencoded";

/// Returns claims as an answer. Values that a test sets for `active` and `token_type` are kept.
fn as_answer(mut claims: Map<String, Value>) -> Value {
    claims.entry("active").or_insert(Value::Bool(true));
    claims.entry("token_type").or_insert_with(|| "Bearer".into());
    claims.into()
}

/// Returns an error of RFC 6749 section 5.2.
fn refused(status: StatusCode, error: &str) -> Answer {
    (status, json!({ "error": error }).to_string())
}

/// Returns a JWT without its signature.
fn signed(token: &str) -> &str {
    token.rsplit_once('.').map_or(token, |(signed, _)| signed)
}
