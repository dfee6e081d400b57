//! An issuer of JWTs inside the test.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};
use std::{fmt, io};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{Request, Response, StatusCode};
use serde_json::{Map, Value, json};

use super::Fault;
use super::endpoint::{Answer, Endpoint};
use super::signer::Signer;
use crate::clock::{Clock, SystemClock};
use crate::fetch::{Fetch, FetchError};
use crate::verify::{Algorithm, InvalidKey, Jwks, JwksBuilder, JwtVerifier, JwtVerifierBuilder, KeySet};

/// An issuer of JWTs inside the test: it signs, and answers for its keys and about its tokens (RFC 7662) without a
/// socket. Clones are the same issuer.
///
/// As a [`Fetch`] it answers at `/.well-known/jwks.json`, `/.well-known/openid-configuration` and `/introspect` below
/// its name. Who introspects has to be known: by Basic or in the form as a [client](Self::register_client), or by a
/// token of the issuer's that is good itself.
///
/// # Examples
///
/// ```
/// use tower_principal::test_util::Issuer;
/// use tower_principal::{Credential, Secret, Verifier as _, VerifyContext};
///
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// let issuer = Issuer::new("https://issuer.example").unwrap();
/// let verifier = issuer.verifier("https://api.example").build().unwrap();
///
/// let token = issuer.token("otto").audience("https://api.example").scope("read").sign();
/// let credential = Credential::AccessToken(Secret::owned(token));
/// let otto = verifier.verify(&credential, &VerifyContext::default()).await.unwrap();
/// assert_eq!(otto.id(), Some("otto"));
/// assert_eq!(issuer.fetches(), 1);
/// # });
/// ```
#[derive(Clone)]
pub struct Issuer(Arc<Inner>);

struct Inner {
    name: String,
    algorithm: Algorithm,
    clock: Arc<dyn Clock>,
    fetches: AtomicUsize,
    state: Mutex<State>,
}

struct State {
    /// The last one signs.
    signers: Vec<Arc<Signer>>,
    made: usize,
    fault: Option<Fault>,
    headers: Vec<(&'static str, String)>,
    endpoint: Endpoint,
}

impl Issuer {
    /// An issuer of this name with an Ed25519 key.
    ///
    /// # Errors
    ///
    /// Where no key can be made.
    pub fn new(name: impl Into<String>) -> io::Result<Self> {
        Self::with(name, Algorithm::EdDsa, SystemClock)
    }

    /// An issuer whose keys are for this algorithm, and whose tokens begin and end by this clock.
    ///
    /// # Errors
    ///
    /// Where no key can be made.
    pub fn with(name: impl Into<String>, algorithm: Algorithm, clock: impl Clock) -> io::Result<Self> {
        let (signers, headers, endpoint) = (Vec::new(), Vec::new(), Endpoint::new());
        let state = State { signers, made: 0, fault: None, headers, endpoint };
        let (state, clock) = (Mutex::new(state), Arc::new(clock));
        let inner = Inner { name: name.into(), algorithm, clock, fetches: AtomicUsize::new(0), state };
        let issuer = Self(Arc::new(inner));
        issuer.rotate()?;
        Ok(issuer)
    }

    /// Its name, which is in `iss`.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Signs any header and payload, hostile ones too, with the newest key.
    pub fn sign(&self, header: &str, payload: &str) -> String {
        let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
        let signer = self.state().signers.last().cloned();
        let signature = signer.and_then(|signer| signer.sign(message.as_bytes()).ok()).unwrap_or_default();
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// A verifier of its tokens that fetches its keys from it.
    pub fn verifier(&self, audience: &str) -> JwtVerifierBuilder {
        let start = JwtVerifier::builder(self.name()).audience(audience);
        match self.published().build() {
            Ok(keys) => start.keys(keys),
            // The name is no https address: without keys the verifier cannot be built, which says so.
            Err(_) => start,
        }
    }

    /// Its keys, fetched from it.
    pub fn published(&self) -> JwksBuilder {
        Jwks::builder(self.keys_address(), self.clone())
    }

    /// Its keys, found by its metadata and fetched from it.
    pub fn discovered(&self) -> JwksBuilder {
        Jwks::discovered(self.name(), self.clone())
    }

    /// Its keys as they are now, without fetching; secrets too.
    ///
    /// # Errors
    ///
    /// [`InvalidKey`] where it has withdrawn all.
    pub fn keys(&self) -> Result<KeySet, InvalidKey> {
        KeySet::from_jwks(&self.keys_json())
    }

    /// Its keys as it publishes them: a JWK set.
    pub fn keys_json(&self) -> String {
        let keys: Vec<Value> = self.state().signers.iter().filter_map(|signer| signer.jwk().ok()).collect();
        json!({ "keys": keys }).to_string()
    }

    /// Signs with a new key from now on. The old ones stay published.
    ///
    /// # Errors
    ///
    /// Where no key can be made.
    pub fn rotate(&self) -> io::Result<()> {
        let mut state = self.state();
        let id = format!("key-{}", state.made + 1);
        let signer = Signer::generate(id, self.0.algorithm)?;
        state.made += 1;
        state.signers.push(Arc::new(signer));
        Ok(())
    }

    /// Publishes the newest key alone.
    pub fn withdraw_old_keys(&self) {
        let mut state = self.state();
        let old = state.signers.len().saturating_sub(1);
        state.signers.drain(..old);
    }

    /// Says from now on that this token of its own is not active, whether it is a JWT or opaque. Who verifies JWTs by
    /// its keys does not hear of that.
    pub fn revoke(&self, token: &str) {
        self.state().endpoint.revoke(token);
    }

    /// Lets this client introspect.
    pub fn register_client(&self, id: &str, secret: &str) {
        self.state().endpoint.admit(id, secret);
    }

    /// Where it is asked about tokens.
    pub fn introspection_endpoint(&self) -> String {
        self.address("introspect")
    }

    /// Answers wrongly from now on, or with `None` rightly again.
    pub fn set_fault(&self, fault: impl Into<Option<Fault>>) {
        self.state().fault = fault.into();
    }

    /// Sends this header with its answers, in place of its own content type where that is the name. Said twice it is there twice.
    pub fn answer_header(&self, name: &'static str, value: &str) {
        self.state().headers.push((name, value.to_owned()));
    }

    /// How often something was fetched from it: keys, metadata, answers about tokens.
    pub fn fetches(&self) -> usize {
        self.0.fetches.load(Ordering::SeqCst)
    }

    pub(super) fn signing_key(&self) -> (Algorithm, String) {
        let id = self.state().signers.last().map(|signer| signer.id.clone()).unwrap_or_default();
        (self.0.algorithm, id)
    }

    pub(super) fn register(&self, token: &str, claims: Map<String, Value>) {
        self.state().endpoint.register(token, claims);
    }

    pub(super) fn now(&self) -> SystemTime {
        self.0.clock.now()
    }

    pub(super) fn seconds(&self) -> u64 {
        self.now().duration_since(SystemTime::UNIX_EPOCH).as_ref().map_or(0, Duration::as_secs)
    }

    fn address(&self, path: &str) -> String {
        format!("{}/{path}", self.name().trim_end_matches('/'))
    }

    fn keys_address(&self) -> String {
        self.address(".well-known/jwks.json")
    }

    fn answer(&self, request: &Request<Bytes>) -> Answer {
        let path = request.uri().path();
        if path.ends_with("/.well-known/jwks.json") {
            return (StatusCode::OK, self.keys_json());
        }
        if path.ends_with("/.well-known/openid-configuration") {
            let metadata = json!({
                "issuer": self.name(),
                "jwks_uri": self.keys_address(),
                "introspection_endpoint": self.introspection_endpoint(),
            });
            return (StatusCode::OK, metadata.to_string());
        }
        if path.ends_with("/introspect") {
            let keys = self.keys().ok();
            return self.state().endpoint.answer(request, keys.as_ref(), self.seconds());
        }
        (StatusCode::NOT_FOUND, String::new())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Fetch for Issuer {
    async fn fetch(&self, request: Request<Bytes>, limit: usize) -> Result<Response<Bytes>, FetchError> {
        self.0.fetches.fetch_add(1, Ordering::SeqCst);
        let fault = self.state().fault.clone();
        let (status, body) = match fault {
            Some(fault) => fault.answer().await?,
            None => {
                let (status, body) = self.answer(&request);
                (status, body.into())
            }
        };
        if body.len() > limit {
            return Err(FetchError::TooLarge);
        }
        let mut response = Response::builder().status(status);
        let headers = self.state().headers.clone();
        let is_type = |(name, _): &(&str, String)| CONTENT_TYPE == *name;
        if !headers.iter().any(is_type) {
            response = response.header(CONTENT_TYPE, "application/json");
        }
        for (name, value) in headers {
            response = response.header(name, value);
        }
        response.body(body).map_err(|_| FetchError::Failed(io::ErrorKind::InvalidData))
    }
}

impl fmt::Debug for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Issuer").field("name", &self.name()).finish_non_exhaustive()
    }
}
