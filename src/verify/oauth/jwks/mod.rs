//! Keys that an issuer publishes (RFC 7517).

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock, Weak};
use std::time::Duration;

use http::Uri;

use self::document::Document;
use self::fetch_gate::{FetchCall, FetchRequest, Gate};
use self::freshness::{Age, Kept, Times};
use self::key_file::read_key_file;
use self::report::Report;
use self::source::{Address, Published, Source};
use super::claims::Json;
use super::jose::jwk::{LeftOut, read_key};
use super::jose::jws::{Jws, Wanted};
use super::jose::key::Key;
use crate::clock::{Clock, Moment};
use crate::deadline::Bounded;
use crate::fetch::Fetch;
use crate::single_flight::Waiter;
use crate::verify::VerifyError;

mod builder;
mod document;
mod fetch_gate;
mod freshness;
mod invalid_key;
mod key_file;
mod report;
mod set;
mod set_verify;
mod source;

pub use self::builder::{JwksBuilder, JwksError};
pub use self::invalid_key::InvalidKey;
#[cfg(any(feature = "server", feature = "test-util"))]
pub(in crate::verify::oauth) use self::key_file::rsa_numbers;
pub use self::set::KeySet;
pub(in crate::verify) use self::set::SignatureCheck;

/// The keys that an issuer publishes, fetched when they are needed, and kept.
///
/// * Keys are used for at most 5 minutes, then fetched again, a little earlier in the background. A
///   key that the issuer has removed ends then.
/// * A token with an unknown `kid`, and a token that none of its keys signed, cause a fetch, too.
///   Between two fetches there are at least 30 s, for any cause and any result. Random `kid`s and
///   false signatures cause no more.
/// * A fetch is one task for all requests that wait for it, and lasts at most 3 s. It ends when the
///   last `Jwks` that it is for is dropped.
/// * If fetching fails, the present keys are used for up to 24 hours, so tokens that they signed
///   still pass. A token of an unknown key is then *unavailable*, not denied. So is every token
///   before the first fetch has succeeded.
/// * At most 100 usable keys of 256 KiB are accepted. Shared secrets, private keys and keys that
///   are not for signatures are left out, and the log names each with the reason. A text that is
///   not a document of keys ([`KeySet::from_jwks`]) replaces nothing. A document without a usable
///   key ends the previous keys, and every token is *unavailable* then.
///
/// Redirects are not followed. Fetching needs a tokio runtime. Cheap to clone; clones share the
/// same keys.
///
/// # Examples
///
/// ```
/// use tower_principal::verify::Jwks;
/// # use bytes::Bytes;
/// # use tower_principal::fetch::{Fetch, FetchError};
/// # struct HttpClient;
/// # impl Fetch for HttpClient {
/// #     async fn fetch(&self, _: http::Request<Bytes>, _: usize) -> Result<http::Response<Bytes>, FetchError> {
/// #         Ok(http::Response::new(Bytes::from_static(br#"{"keys":[{"kty":"OKP","crv":"Ed25519",
/// #             "x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#)))
/// #     }
/// # }
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
///
/// let keys =
///     Jwks::builder("https://issuer.example/.well-known/jwks.json", HttpClient)
///         .build()?;
/// // At start-up, where a service should not begin without keys:
/// let count = keys.load().await?;
/// # assert_eq!(count, 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Clone)]
pub struct Jwks(Arc<Inner>);

struct Inner {
    source: Arc<Source>,
    at: Uri,
    clock: Arc<dyn Clock>,
    times: Times,
    /// Read by each token, written by each fetch: the lock is held for one copy of the pointer.
    kept: RwLock<Option<Arc<Kept>>>,
    gate: Gate,
    report: Report,
}

impl Inner {
    fn kept(&self) -> Option<Arc<Kept>> {
        self.kept.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The next step for one token.
enum Next {
    /// The result from the present keys.
    Known(SignatureCheck),
    Unavailable,
    /// A fetch to wait for, at most for this time.
    Wait(Waiter<()>, Duration),
}

impl Jwks {
    /// Returns a builder for keys at this address, an `https` URL.
    pub fn builder(address: impl Into<String>, fetch: impl Fetch) -> JwksBuilder {
        JwksBuilder::keys(address.into(), fetch)
    }

    /// Returns a builder for keys of an issuer whose metadata has their address (OpenID Connect
    /// Discovery 1.0, section 4). The metadata is at `/.well-known/openid-configuration` below the
    /// issuer, an `https` URL.
    pub fn discovered(issuer: impl Into<String>, fetch: impl Fetch) -> JwksBuilder {
        JwksBuilder::issuer(issuer.into(), fetch)
    }

    fn new(source: Source, at: Uri, clock: Arc<dyn Clock>, times: Times) -> Self {
        let gate = Gate::new(times.cooldown);
        Self(Arc::new(Inner {
            source: Arc::new(source),
            at,
            clock,
            times,
            kept: RwLock::default(),
            gate,
            report: Report::default(),
        }))
    }

    /// Fetches the keys unless they are present, and returns the number of usable keys.
    ///
    /// # Errors
    ///
    /// Returns [`VerifyError::Unavailable`] if they cannot be fetched now.
    pub async fn load(&self) -> Result<usize, VerifyError> {
        if self.usable(|_| ()).is_none()
            && let FetchRequest::Running(wait) = self.request(self.now())
        {
            ended(wait, self.patience()).await;
        }
        self.usable(KeySet::len).filter(|count| *count > 0).ok_or_else(|| self.unavailable())
    }

    /// Verifies a token with the present keys. Returns `None` if a fetch is needed first.
    pub(in crate::verify) fn verify_now(
        &self,
        wanted: &Wanted<'_>,
        jws: &Jws<'_>,
    ) -> Option<Result<SignatureCheck, VerifyError>> {
        match self.next(wanted, jws) {
            Next::Known(signature) => Some(Ok(signature)),
            Next::Unavailable => Some(Err(self.unavailable())),
            Next::Wait(..) => None,
        }
    }

    /// Verifies a token, and waits for a fetch if one is needed.
    pub(in crate::verify) async fn verify(
        &self,
        wanted: &Wanted<'_>,
        jws: &Jws<'_>,
    ) -> Result<SignatureCheck, VerifyError> {
        match self.next(wanted, jws) {
            Next::Known(signature) => return Ok(signature),
            Next::Unavailable => return Err(self.unavailable()),
            Next::Wait(wait, patience) => ended(wait, patience).await,
        }
        match self.usable(|keys| keys.check_signature(wanted, jws)) {
            Some(SignatureCheck::UnknownKey) if self.0.gate.is_uncertain() => Err(self.unavailable()),
            Some(signature) => Ok(signature),
            None => Err(self.unavailable()),
        }
    }

    fn next(&self, wanted: &Wanted<'_>, jws: &Jws<'_>) -> Next {
        let now = self.now();
        let kept = self.0.kept();
        let age = kept.as_ref().map_or(Age::Dead, |kept| kept.age(&self.0.times, now));
        let alive = kept.as_ref().filter(|_| age != Age::Dead);
        let signature =
            alive.map_or(SignatureCheck::UnknownKey, |kept| kept.keys.check_signature(wanted, jws));
        if (signature, age) == (SignatureCheck::Valid, Age::Fresh) {
            return Next::Known(signature);
        }
        match (signature, age, self.request(now)) {
            // The key of that name may have been replaced.
            (SignatureCheck::Invalid, _, FetchRequest::Running(wait))
            | (SignatureCheck::Valid, Age::Stale, FetchRequest::Running(wait))
                if wait.since.elapsed() < GRACE =>
            {
                let patience = GRACE.saturating_sub(wait.since.elapsed());
                Next::Wait(wait, patience)
            }
            (SignatureCheck::Valid | SignatureCheck::Invalid, ..) => Next::Known(signature),
            (SignatureCheck::UnknownKey, _, FetchRequest::Running(wait)) => Next::Wait(wait, self.patience()),
            (_, Age::Dead, _) | (_, _, FetchRequest::TooSoon { failed: true }) => Next::Unavailable,
            (SignatureCheck::UnknownKey, ..) => Next::Known(signature),
        }
    }

    fn unavailable(&self) -> VerifyError {
        let why = self.0.report.why();
        VerifyError::unavailable(format!("the issuer's keys cannot be fetched: {why}"))
    }

    fn request(&self, now: Moment) -> FetchRequest {
        self.0.gate.request(now, |call| {
            let source = Arc::clone(&self.0.source);
            let to = Arc::downgrade(&self.0);
            let mut guard = FetchGuard { to, requested_at: now, published: None, _call: call };
            let timeout = self.0.times.timeout;
            async move {
                match Bounded::new(source.load(), timeout).await {
                    Ok(Ok(published)) => guard.publish(published),
                    Ok(Err(error)) => guard.log(&error),
                    Err(unfinished) => guard.log(&format_args!("{unfinished:?}")),
                }
            }
        })
    }

    fn usable<T>(&self, with: impl FnOnce(&KeySet) -> T) -> Option<T> {
        let kept = self.0.kept();
        let kept = kept.as_ref()?;
        (kept.age(&self.0.times, self.now()) != Age::Dead).then(|| with(&kept.keys))
    }

    fn now(&self) -> Moment {
        Moment::now(&*self.0.clock)
    }

    /// Longer than any fetch, so that no request waits forever.
    fn patience(&self) -> Duration {
        self.0.times.timeout + GRACE
    }
}

/// Waits for a fetch to end.
async fn ended(wait: Waiter<()>, patience: Duration) {
    let _ = Bounded::new(wait.outcome(), patience).await;
}

/// Passes on the result of a fetch when it is dropped: at the end, in a panic, or with its runtime.
struct FetchGuard {
    to: Weak<Inner>,
    requested_at: Moment,
    published: Option<Published>,
    /// Ends after the result is passed on.
    _call: FetchCall,
}

impl FetchGuard {
    fn publish(&mut self, published: Published) {
        self.published = Some(published);
    }

    fn log(&self, error: &impl fmt::Display) {
        if let Some(inner) = self.to.upgrade() {
            inner.report.failed(inner.at.host(), error);
        }
    }
}

impl Drop for FetchGuard {
    fn drop(&mut self) {
        let Some(inner) = self.to.upgrade() else { return };
        let published = self.published.take();
        let failed = published.as_ref().is_none_or(|published| published.keys.is_empty());
        if let Some(Published { keys, left_out, max_age }) = published {
            inner.report.log(inner.at.host(), keys.len(), &left_out);
            let least = inner.times.cooldown.min(inner.times.max_age);
            let max_age = max_age.unwrap_or(inner.times.max_age).clamp(least, inner.times.max_age);
            let kept = Arc::new(Kept { keys, requested_at: self.requested_at, max_age });
            *inner.kept.write().unwrap_or_else(PoisonError::into_inner) = Some(kept);
        }
        inner.gate.set_result(failed);
    }
}

impl fmt::Debug for Jwks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Jwks").field("from", &self.0.at.host()).finish_non_exhaustive()
    }
}

/// How long tokens of known keys wait for a fetch before those keys are used again.
const GRACE: Duration = Duration::from_secs(1);
