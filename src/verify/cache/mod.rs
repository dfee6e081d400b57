//! Remembers for a while whom credentials belong to.

use std::panic::resume_unwind;
use std::sync::Arc;
use std::{fmt, io};

use tokio::runtime::Handle;

use self::flights::{Flights, Joined, SharedCall};
use self::key::Keys;
use self::settings::Settings;
use self::store::{Store, Ticket};
use super::{Tenancy, Verifier, VerifyContext, VerifyError, note};
use crate::credential::{Credential, Fingerprint};
use crate::deadline::{Bounded, Unfinished};
use crate::principal::{IdentitySource, Principal};

mod evict;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod evict_cooperatively;
mod eviction_epochs;
mod flights;
mod key;
mod lifetime;
mod revocation_epochs;
mod revoke;
mod settings;
mod store;
mod weighted_map;

/// Remembers for a while what another verifier found, so that a remote server, a database or a signature
/// is asked once and not on every request.
///
/// * **What is kept is who somebody is**, never what they may do: policies are asked on every request
///   anew, with the route at hand.
/// * A good answer is kept for 30 s at most, and never past the principal's own
///   [expiry](Principal::expires_at); *unknown*, *expired*, *revoked* and *disabled* for 5 s, apart from
///   the good ones. *Throttled*, *unsupported* and *unavailable* are not kept. Both times count from
///   when the verifier was asked.
/// * Answers are kept under a keyed [fingerprint](crate::credential::Fingerprint) of the credential's kind, the tenant
///   and every part of the credential; the key is this cache's own and no secret is stored. What else an
///   answer depends on (address, headers) must not be cached: do not put such a verifier inside.
/// * Passwords go past the cache unless [switched on](Self::passwords).
/// * What is asked at the same time about the same credential is **one** call of the verifier. It runs as a
///   task of its own on the current tokio runtime, so it goes on when the client that was first leaves.
///   It gets an [owned](Credential::into_owned) credential, wiped in the end, and a
///   [detached](VerifyContext::detached) context: tenant and address, but no head. Task-local values and the
///   current span are not there. It ends after [a deadline](Self::deadline), and with this verifier.
/// * [`revoke`](Verifier::revoke) tells the verifier and forgets the credential in every spelling: each good answer of
///   the same kind and [credential id](Principal::credential_id), or where there is none of the same kind and
///   [id](Principal::id). So a JWT with another valid signature (ECDSA has two) ends with the one that was shown, for
///   every tenant. Where no answer says whose the credential is, the verifier is asked once more, before it is told; where
///   it cannot tell, nothing is revoked, and that is *unavailable*. This is a task of its own, too, and goes on when its
///   caller leaves.
/// * For what ends elsewhere there are [`evict`](Self::evict), [`evict_principal`](Self::evict_principal),
///   [`evict_where`](Self::evict_where) and [`evict_all`](Self::evict_all), to be called from a database's
///   `LISTEN`, say. A verification that began before does not bring back what was evicted.
///
/// Put it around what is slow and nothing else: `memory.or(Cached::new(remote)?)`. A
/// [`MemoryVerifier`](crate::MemoryVerifier) inside would go on for 30 s with what was disabled. A throttle
/// belongs outside, or it would not see the refusals that are answered from here.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use tower_principal::{Credential, OAuthUser, VerifyError, verify::{self, Cached}};
///
/// let remote = verify::from_fn(|credential, _| async move {
///     match credential {
///         Credential::AccessToken(token) => match ask(token.expose_secret()).await {
///             Ok(Some(name)) => Ok(OAuthUser::builder(name).build().into()),
///             Ok(None) => Err(VerifyError::UNKNOWN),
///             Err(error) => Err(VerifyError::unavailable(error)),
///         },
///         _ => Err(VerifyError::Unsupported),
///     }
/// });
/// let verifier = Cached::new(remote)?.ttl(Duration::from_secs(10)).capacity(20_000);
/// # let _ = verifier;
/// # async fn ask(_: &str) -> std::io::Result<Option<String>> { Ok(None) }
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct Cached<V> {
    inner: Arc<V>,
    keys: Keys,
    store: Arc<Store>,
    flights: Arc<Flights>,
}

impl<V: Verifier> Cached<V> {
    /// A cache around this verifier, empty.
    ///
    /// # Errors
    ///
    /// When the operating system has no randomness to give.
    pub fn new(inner: V) -> io::Result<Self> {
        Ok(Self::with(Arc::new(inner), Keys::random()?, Settings::default()))
    }

    /// The verifier inside.
    pub fn inner(&self) -> &V {
        &self.inner
    }

    /// How many good answers and how many refusals are kept now, for metrics; with those whose time is over
    /// and whose place nobody needed yet.
    pub fn stored(&self) -> (usize, usize) {
        self.store.stored()
    }

    /// How many verifications run now on tasks of their own, for metrics.
    pub fn in_flight(&self) -> usize {
        self.flights.running()
    }

    fn with(inner: Arc<V>, keys: Keys, settings: Settings) -> Self {
        let flights = Arc::new(Flights::new(settings.flights, settings.deadline));
        let store = Arc::new(Store::new(settings, keys.principal.clone()));
        Self { inner, keys, store, flights }
    }

    fn set(self, change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = self.store.settings().clone();
        change(&mut settings);
        Self::with(self.inner, self.keys, settings)
    }

    /// `None` for what is not kept.
    #[inline]
    fn key(&self, credential: &Credential<'_>, context: &VerifyContext<'_>) -> Option<Fingerprint> {
        let kept = self.store.settings().passwords || !is_password(credential);
        kept.then(|| self.keys.of(credential, context))
    }

    fn forget(&self, key: Fingerprint) -> bool {
        let evicted = self.store.evict(key);
        self.flights.close(key);
        evicted
    }

    /// Asks the verifier, together with everybody who asks the same now.
    async fn ask(
        &self,
        runtime: &Handle,
        key: Fingerprint,
        credential: &Credential<'_>,
        context: &VerifyContext<'_>,
    ) -> Result<Principal, VerifyError> {
        let begin = || self.store.begin(key, !is_password(credential));
        let mut follow = true;
        loop {
            let (landing, leads) = match self.flights.join(key, || self.store.find(key), begin) {
                Joined::Known(answer) => return answer,
                Joined::Full => {
                    let ticket = begin();
                    let answer = self.inner.verify(credential, context).await;
                    self.store.keep(ticket, &answer);
                    return answer;
                }
                Joined::Follows(landing) => (landing, false),
                Joined::Leads(flight, landing, ticket) => {
                    self.start(runtime, flight, ticket, credential, context);
                    (landing, true)
                }
            };
            match landing.outcome().await {
                Some(Ok(answer)) => return answer,
                // What went wrong with another's attempt is no reason to fail: once more, by oneself.
                _ if follow && !leads => follow = false,
                // A panic of the verifier is one here, as it would be without the cache.
                Some(Err(Unfinished::Panicked)) => resume_unwind(Box::new("the cached verifier panicked")),
                Some(Err(Unfinished::Late)) => {
                    return Err(VerifyError::unavailable("the verifier was too slow"));
                }
                None => return Err(VerifyError::unavailable("the verification was given up")),
            }
        }
    }

    fn start(
        &self,
        runtime: &Handle,
        flight: SharedCall,
        ticket: Ticket,
        credential: &Credential<'_>,
        context: &VerifyContext<'_>,
    ) {
        let (inner, store) = (Arc::clone(&self.inner), Arc::clone(&self.store));
        let (credential, context) = (credential.reborrow().into_owned(), context.detached());
        let number = flight.number();
        let task = runtime.spawn(async move {
            let deadline = store.settings().deadline;
            let work = async { inner.verify(&credential, &context).await };
            let outcome = Bounded::new(work, deadline).await;
            if let Ok(answer) = &outcome {
                store.keep(ticket, answer);
            }
            flight.land(outcome);
        });
        self.flights.attach(number, task.abort_handle());
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
            // Nobody to run a task: without company.
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
