//! A cache for the answers of another verifier.

use std::panic::resume_unwind;
use std::sync::Arc;
use std::{fmt, io};

use tokio::runtime::Handle;

use self::key::Keys;
use self::settings::Settings;
use self::store::{Store, Ticket};
use super::{Tenancy, Verifier, VerifyContext, VerifyError, note};
use crate::credential::{Credential, Fingerprint};
use crate::deadline::{Bounded, Unfinished};
use crate::principal::{IdentitySource, Principal};
use crate::single_flight::{Call, Joined, SingleFlight};

mod evict;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod evict_cooperatively;
mod eviction_epochs;
mod key;
mod lifetime;
mod revocation_epochs;
mod revoke;
mod settings;
mod store;
mod weighted_map;

/// The running verifications. Each owns its data and gets a context without the head, because it is
/// a task of its own. It ends at a deadline, and with the cache.
type SharedCalls = SingleFlight<Fingerprint, Outcome>;

/// The outcome of a verification.
type Outcome = Result<Result<Principal, VerifyError>, Unfinished>;

/// Caches the answers of another verifier for a short time. Then a remote server, a database or a
/// signature is not checked on every request.
///
/// * **Only the identity is kept, not the decision on access**: policies are checked anew on every
///   request, with its route.
/// * A good answer is kept for at most 30 s, and never past the principal's own
///   [expiry](Principal::expires_at). *Unknown*, *expired*, *revoked* and *disabled* are kept for 5
///   s, separate from the good ones. *Throttled*, *unsupported* and *unavailable* are not kept.
///   Both times count from the start of the verification.
/// * The key of an answer is a keyed [fingerprint](crate::credential::Fingerprint). It covers the
///   credential's kind, the tenant and every part of the credential. The fingerprint key is the
///   cache's own, and no secret is stored. Do not cache a verifier whose answers depend on anything
///   else (address, headers).
/// * Passwords bypass the cache unless [switched on](Self::cache_passwords).
/// * Simultaneous requests with the same credential share **one** call of the verifier. It runs as
///   its own task on the current tokio runtime, so it goes on when the first client leaves. It gets
///   an [owned](Credential::into_owned) credential, wiped at the end, and a
///   [detached](VerifyContext::detached) context: tenant and address, but no head. Task-local
///   values and the current span are not available. It ends after [a deadline](Self::deadline), and
///   with this verifier.
/// * [`revoke`](Verifier::revoke) revokes in the verifier and evicts the credential in every
///   spelling. These are the good answers of the same kind and [credential
///   id](Principal::credential_id). Without a credential id they are those of the same kind and
///   [id](Principal::id). So a JWT with another valid signature (ECDSA has two) ends with the one
///   that was sent, for every tenant. If no answer names the credential's principal, the verifier
///   is asked for it before the revocation. If it cannot answer, nothing is revoked and the result
///   is *unavailable*. Revoking is its own task, too, and goes on when its caller leaves.
/// * For changes made elsewhere there are [`evict`](Self::evict),
///   [`evict_principal`](Self::evict_principal), [`evict_where`](Self::evict_where) and
///   [`evict_all`](Self::evict_all). Call them for instance from a database's `LISTEN`. A
///   verification that began before does not bring an evicted answer back.
///
/// Put it around slow verifiers only: `memory.or(Cached::new(remote)?)`. A
/// [`MemoryVerifier`](crate::verify::MemoryVerifier) inside would accept a disabled principal for
/// 30 s more. A throttle belongs outside, because it would not see the refusals that come from the
/// cache.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use tower_principal::{
///     Credential, OAuthUser, VerifyError,
///     verify::{self, Cached},
/// };
///
/// let remote = verify::from_fn(|credential, _| async move {
///     match credential {
///         Credential::AccessToken(token) => {
///             match ask(token.expose_secret()).await {
///                 Ok(Some(name)) => Ok(OAuthUser::new(name)),
///                 Ok(None) => Err(VerifyError::UNKNOWN),
///                 Err(error) => Err(VerifyError::unavailable(error)),
///             }
///         }
///         _ => Err(VerifyError::Unsupported),
///     }
/// });
/// let verifier =
///     Cached::new(remote)?.ttl(Duration::from_secs(10)).capacity(20_000);
/// # let _ = verifier;
/// # async fn ask(_: &str) -> std::io::Result<Option<String>> { Ok(None) }
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct Cached<V> {
    inner: Arc<V>,
    keys: Keys,
    store: Arc<Store>,
    shared: Arc<SharedCalls>,
}

impl<V: Verifier> Cached<V> {
    /// Makes an empty cache around this verifier.
    ///
    /// # Errors
    ///
    /// Returns an error if the operating system has no randomness.
    pub fn new(inner: V) -> io::Result<Self> {
        Ok(Self::with(Arc::new(inner), Keys::random()?, Settings::default()))
    }

    /// Returns the verifier inside.
    pub fn inner(&self) -> &V {
        &self.inner
    }

    /// Returns the number of stored good answers and of stored refusals, for metrics. Both include
    /// expired answers whose place was not needed yet.
    pub fn stored(&self) -> (usize, usize) {
        self.store.stored()
    }

    /// Returns the number of verifications that now run on their own tasks, for metrics.
    pub fn in_flight(&self) -> usize {
        self.shared.running()
    }

    fn with(inner: Arc<V>, keys: Keys, settings: Settings) -> Self {
        let shared = Arc::new(SharedCalls::new(settings.shared, settings.deadline.saturating_mul(2)));
        let store = Arc::new(Store::new(settings, keys.principal.clone()));
        Self { inner, keys, store, shared }
    }

    fn set(self, change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = self.store.settings().clone();
        change(&mut settings);
        Self::with(self.inner, self.keys, settings)
    }

    /// Returns the key, or `None` if answers about such a credential are not kept.
    #[inline]
    fn key(&self, credential: &Credential<'_>, context: &VerifyContext<'_>) -> Option<Fingerprint> {
        let kept = self.store.settings().passwords || !is_password(credential);
        kept.then(|| self.keys.of(credential, context))
    }

    fn forget(&self, key: Fingerprint) -> bool {
        let evicted = self.store.evict(key);
        self.shared.close(key);
        evicted
    }

    /// Asks the verifier, together with all simultaneous requests for the same credential.
    async fn ask(
        &self,
        runtime: &Handle,
        key: Fingerprint,
        credential: &Credential<'_>,
        context: &VerifyContext<'_>,
    ) -> Result<Principal, VerifyError> {
        // Answers are stored before a call ends, so this look-up misses none.
        let begin = || match self.store.find(key) {
            Some(answer) => Err(answer),
            None => Ok(self.store.begin(key, !is_password(credential))),
        };
        let mut follow = true;
        loop {
            let (waiter, leads) = match self.shared.join(key, begin) {
                Joined::Declined(answer) => return answer,
                Joined::Full(ticket) => {
                    let answer = self.inner.verify(credential, context).await;
                    self.store.keep(ticket, &answer);
                    return answer;
                }
                Joined::Follows(waiter) => (waiter, false),
                Joined::Leads(call, waiter, ticket) => {
                    self.start(runtime, call, ticket, credential, context);
                    (waiter, true)
                }
            };
            match waiter.outcome().await {
                Some(Ok(answer)) => return answer,
                // The failure of another request's attempt is no reason to fail: verify once more,
                // alone.
                _ if follow && !leads => follow = false,
                // A panic of the verifier is passed on, as it would be without the cache.
                Some(Err(Unfinished::Panicked)) => resume_unwind(Box::new("cached verifier panicked")),
                Some(Err(Unfinished::Late)) => {
                    return Err(VerifyError::unavailable("verifier timed out"));
                }
                None => return Err(VerifyError::unavailable("verification cancelled")),
            }
        }
    }

    fn start(
        &self,
        runtime: &Handle,
        call: Call<Fingerprint, Outcome>,
        ticket: Ticket,
        credential: &Credential<'_>,
        context: &VerifyContext<'_>,
    ) {
        let (inner, store) = (Arc::clone(&self.inner), Arc::clone(&self.store));
        let (credential, context) = (credential.reborrow().into_owned(), context.detached());
        self.shared.spawn(runtime, call, async move |call| {
            let deadline = store.settings().deadline;
            let work = async { inner.verify(&credential, &context).await };
            let outcome = Bounded::new(work, deadline).await;
            if let Ok(answer) = &outcome {
                store.keep(ticket, answer);
            }
            call.finish(outcome);
        });
    }
}

impl<V: Verifier> Verifier for Cached<V> {
    async fn verify(
        &self,
        credential: &Credential<'_>,
        context: &VerifyContext<'_>,
    ) -> Result<Principal, VerifyError> {
        let Some(key) = self.key(credential, context) else {
            return self.inner.verify(credential, context).await;
        };
        if let Some(answer) = self.store.find(key) {
            return note("cache", credential.kind(), answer);
        }
        match Handle::try_current() {
            Ok(runtime) => self.ask(&runtime, key, credential, context).await,
            // There is no runtime for a task, so the call is not shared.
            Err(_) => {
                let ticket = self.store.begin(key, !is_password(credential));
                let answer = self.inner.verify(credential, context).await;
                self.store.keep(ticket, &answer);
                answer
            }
        }
    }

    fn verify_now(
        &self,
        credential: &Credential<'_>,
        context: &VerifyContext<'_>,
    ) -> Option<Result<Principal, VerifyError>> {
        let Some(key) = self.key(credential, context) else {
            return self.inner.verify_now(credential, context);
        };
        if let Some(answer) = self.store.find(key) {
            return Some(note("cache", credential.kind(), answer));
        }
        let ticket = self.store.begin(key, !is_password(credential));
        let answer = self.inner.verify_now(credential, context)?;
        self.store.keep(ticket, &answer);
        Some(answer)
    }

    async fn revoke(
        &self,
        credential: &Credential<'_>,
        context: &VerifyContext<'_>,
    ) -> Result<(), VerifyError> {
        revoke::revoke(self, credential, context).await
    }

    fn source(&self) -> IdentitySource<'_> {
        self.inner.source()
    }

    fn tenancy(&self) -> Tenancy {
        self.inner.tenancy()
    }
}

const fn is_password(credential: &Credential<'_>) -> bool {
    matches!(credential, Credential::Password(_))
}

impl<V> fmt::Debug for Cached<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (good, bad) = self.store.stored();
        f.debug_struct("Cached").field("good", &good).field("bad", &bad).finish_non_exhaustive()
    }
}
