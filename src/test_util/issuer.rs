//! An issuer of JWTs for tests.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};
use std::{fmt, io};

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

/// An issuer of JWTs for tests. It signs tokens, serves its keys and answers introspection (RFC
/// 7662) without a socket. Clones are the same issuer.
///
/// As a [`Fetch`] it answers at `/.well-known/jwks.json`, `/.well-known/openid-configuration` and
/// `/introspect` below its name. An introspection request must authenticate: as a
/// [client](Self::register_client), by Basic or in the form, or by a valid token of the issuer.
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
/// let token =
///     issuer.token("otto").audience("https://api.example").scope("read").sign();
/// let credential = Credential::AccessToken(Secret::owned(token));
/// let otto =
///     verifier.verify(&credential, &VerifyContext::default()).await.unwrap();
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
    /// The last signer signs.
    signers: Vec<Arc<Signer>>,
    made: usize,
    fault: Option<Fault>,
    headers: Vec<(&'static str, String)>,
    endpoint: Endpoint,
}

impl Issuer {
    /// Creates an issuer of this name with an Ed25519 key.
    ///
    /// # Errors
    ///
    /// Returns an error if a key cannot be made.
    pub fn new(name: impl Into<String>) -> io::Result<Self> {
        Self::with_algorithm(name, Algorithm::EdDsa, SystemClock)
    }

    /// Creates an issuer with keys for this algorithm, whose tokens begin and expire by this clock.
    ///
    /// # Errors
    ///
    /// Returns an error if a key cannot be made.
    pub fn with_algorithm(
        name: impl Into<String>,
        algorithm: Algorithm,
        clock: impl Clock,
    ) -> io::Result<Self> {
        let (signers, headers, endpoint) = (Vec::new(), Vec::new(), Endpoint::new());
        let state = State { signers, made: 0, fault: None, headers, endpoint };
        let (state, clock) = (Mutex::new(state), Arc::new(clock));
        let inner = Inner { name: name.into(), algorithm, clock, fetches: AtomicUsize::new(0), state };
        let issuer = Self(Arc::new(inner));
        issuer.rotate()?;
        Ok(issuer)
    }

    /// Returns its name, which is in `iss`.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Signs any header and payload, including hostile ones, with the newest key.
    pub fn sign(&self, header: &str, payload: &str) -> String {
        let signer = self.state().signers.last().cloned();
        signer.and_then(|signer| signer.token(header, payload)).unwrap_or_default()
    }

    /// Returns a verifier of its tokens that fetches its keys.
    pub fn verifier(&self, audience: &str) -> JwtVerifierBuilder {
        let start = JwtVerifier::builder(self.name()).audience(audience);
        match self.published().build() {
            Ok(keys) => start.keys(keys),
            // The name is not an https address. Without keys the verifier cannot be built, and its
            // error states that.
            Err(_) => start,
        }
    }

    /// Returns its keys, fetched from the issuer.
    pub fn published(&self) -> JwksBuilder {
        Jwks::builder(self.keys_address(), self.clone())
    }

    /// Returns its keys, discovered by its metadata and fetched from the issuer.
    pub fn discovered(&self) -> JwksBuilder {
        Jwks::discovered(self.name(), self.clone())
    }

    /// Returns its current keys without fetching, including secrets.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidKey`] if it has withdrawn all keys.
    pub fn keys(&self) -> Result<KeySet, InvalidKey> {
        KeySet::from_jwks(&self.keys_json())
    }

    /// Returns its published keys as a JWK set.
    pub fn keys_json(&self) -> String {
        let keys: Vec<Value> = self.state().signers.iter().map(|signer| signer.jwk()).collect();
        json!({ "keys": keys }).to_string()
    }

    /// Signs with a new key from now on. The old keys remain published.
    ///
    /// # Errors
    ///
    /// Returns an error if a key cannot be made.
    pub fn rotate(&self) -> io::Result<()> {
        let mut state = self.state();
        let id = format!("key-{}", state.made + 1);
        let signer = Signer::generate(id, self.0.algorithm)?;
        state.made += 1;
        state.signers.push(Arc::new(signer));
        Ok(())
    }

    /// Publishes only the newest key.
    pub fn withdraw_old_keys(&self) {
        let mut state = self.state();
        let old = state.signers.len().saturating_sub(1);
        state.signers.drain(..old);
    }

    /// Marks a token of this issuer as not active from now on, whether it is a JWT or opaque.
    /// Verifiers of JWTs that use only its keys do not see this.
    pub fn revoke(&self, token: &str) {
        self.state().endpoint.revoke(token);
    }

    /// Allows this client to introspect.
    pub fn register_client(&self, id: &str, secret: &str) {
        self.state().endpoint.admit(id, secret);
    }

    /// Returns the URL of its introspection endpoint.
    pub fn introspection_endpoint(&self) -> String {
        self.address("introspect")
    }

    /// Answers with a fault from now on, or correctly again if `None`.
    pub fn set_fault(&self, fault: impl Into<Option<Fault>>) {
        self.state().fault = fault.into();
    }

    /// Adds this header to its answers. Its own content type is replaced if the name is the same.
    /// Two calls with one name add two headers.
    pub fn answer_header(&self, name: &'static str, value: &str) {
        self.state().headers.push((name, value.to_owned()));
    }

    /// Returns the number of fetches: keys, metadata, introspection.
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
