//! Revoking what was shown over plain http.
//!
//! Socrata's document: any attempt to use an access token over a connection that is not secure revokes
//! it at once. Since a lost proxy header must not end every live token, that takes a definite verdict,
//! and a fuse stops it when it happens too often.

use std::collections::{HashSet, VecDeque};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, Once, PoisonError};
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio::sync::Semaphore;

use self::revoking::{Revoking, is_definite};
use crate::credential::Credential;
use crate::deadline::timer;
use crate::fingerprint::{Fingerprint, FingerprintKey};
use crate::trace;
use crate::verify::{Context, Verifier};

mod revoking;

/// How often credentials may be revoked for being shown over plain http, where a dialect's rule is
/// [`RefuseAndRevoke`](crate::transport::OnInsecure::RefuseAndRevoke).
///
/// Past the limit they are refused all the same and live on, and an error is logged: something is wrong
/// with the wiring rather than with the clients.
///
/// Every layer of the process refuses a revoked credential at once, by its text and by its
/// [credential id](crate::Principal::credential_id). A store that is locked or away is asked again for ten
/// minutes. If it still does not hold the revocation, an error is logged and this process goes on refusing.
///
/// # Examples
///
/// ```
/// # use tower_principal::{AuthenticateLayer, MemoryVerifier, dialect, transport};
/// use tower_principal::Revocation;
///
/// # let verifier = MemoryVerifier::builder().build()?;
/// let layer = AuthenticateLayer::new(dialect::SOCRATA, verifier, transport::marked())
///     .revocation(Revocation::default().per_minute(5));
/// # let _ = layer;
/// # Ok::<(), tower_principal::MemoryVerifierError>(())
/// ```
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct Revocation {
    per_minute: u32,
    percent: u32,
    dry_run: bool,
}

impl Default for Revocation {
    /// 20 a minute, and 1 % of a minute's requests with credentials once there were a thousand.
    fn default() -> Self {
        Self { per_minute: 20, percent: 1, dry_run: false }
    }
}

impl Revocation {
    /// At most so many a minute.
    pub const fn per_minute(self, per_minute: u32) -> Self {
        Self { per_minute, ..self }
    }

    /// At most this share of a minute's requests, in percent, once there were a thousand.
    pub const fn percent(self, percent: u32) -> Self {
        Self { percent, ..self }
    }

    /// Revokes nothing and logs what would have been.
    pub const fn dry_run(self) -> Self {
        Self { dry_run: true, ..self }
    }
}

/// Counts revocations.
#[derive(Debug)]
pub(crate) struct Fuse {
    limits: Revocation,
    requests: AtomicU64,
    window: Mutex<Window>,
    /// How many may wait to be looked at, and how many are at a time.
    queue: Arc<Semaphore>,
    running: Arc<Semaphore>,
    full: Once,
    /// What is being looked at: many showings of one credential at a time are one.
    flying: Mutex<HashSet<Fingerprint>>,
    /// How many these are; read by every request.
    held: AtomicUsize,
    key: Option<FingerprintKey>,
}

/// What the limits are held against: revocations of the last minute, whenever it began, and a share of the
/// requests since the window did.
#[derive(Debug)]
struct Window {
    started: Instant,
    requests: u64,
    revoked: u64,
    blown: bool,
    last_minute: VecDeque<Instant>,
}

/// A credential that is being looked at; leaves the list when dropped.
struct Flight {
    fuse: Arc<Fuse>,
    place: Option<Fingerprint>,
}

impl Drop for Flight {
    fn drop(&mut self) {
        let mut flying = self.fuse.flying.lock().unwrap_or_else(PoisonError::into_inner);
        self.place.map(|place| flying.remove(&place));
        self.fuse.held.store(flying.len(), Ordering::Release);
    }
}

const WINDOW: Duration = Duration::from_secs(60);

/// How many credentials may wait to be verified for revocation; more are refused and live on.
const QUEUE: usize = 4_096;

/// How many are verified for it at a time.
const RUNNING: usize = 64;

/// From how many requests on a share of them says anything.
const SAMPLE: u64 = 1_000;

/// The refusal is answered after this time, whether anything was revoked or not.
const ANSWER_AFTER: Duration = Duration::from_millis(20);

impl Fuse {
    pub(crate) fn new(limits: Revocation) -> Self {
        let last_minute = VecDeque::new();
        let window = Window { started: Instant::now(), requests: 0, revoked: 0, blown: false, last_minute };
        Self {
            limits,
            requests: AtomicU64::new(0),
            window: Mutex::new(window),
            queue: Arc::new(Semaphore::new(QUEUE)),
            running: Arc::new(Semaphore::new(RUNNING)),
            full: Once::new(),
            flying: Mutex::default(),
            held: AtomicUsize::new(0),
            key: FingerprintKey::random().ok(),
        }
    }

    /// Enters a credential into the list of those that are being looked at; `None` where it is there already.
    /// With its secret: or a guess at one id would stand for the right secret that comes beside it.
    fn enter(self: &Arc<Self>, credential: &Credential<'_>, context: &Context<'_>) -> Option<Flight> {
        let place = self.place(credential, context);
        let mut flying = self.flying.lock().unwrap_or_else(PoisonError::into_inner);
        let new = place.is_none_or(|place| flying.insert(place));
        self.held.store(flying.len(), Ordering::Release);
        new.then(|| Flight { fuse: Arc::clone(self), place })
    }

    fn place(&self, credential: &Credential<'_>, context: &Context<'_>) -> Option<Fingerprint> {
        let tenant = context.tenant().unwrap_or_default();
        let (kind, id) = (credential.kind().as_str(), credential.id().unwrap_or_default());
        let key = self.key.as_ref()?;
        Some(credential.with_secret(|secret| key.of(&[tenant, kind, id, secret].map(str::as_bytes))))
    }

    /// Whether any credential is being looked at.
    #[inline]
    pub(crate) fn is_looking(&self) -> bool {
        self.held.load(Ordering::Acquire) > 0
    }

    /// Whether this credential was shown over plain http and it is not decided yet whether it lives on.
    pub(crate) fn looks_at(&self, credential: &Credential<'_>, context: &Context<'_>) -> bool {
        let flying = || self.flying.lock().unwrap_or_else(PoisonError::into_inner);
        !self.limits.dry_run && self.place(credential, context).is_some_and(|place| flying().contains(&place))
    }

    /// Counts a request, for the share.
    pub(crate) fn see(&self) {
        self.requests.fetch_add(1, Ordering::Relaxed);
    }

    /// Whether one more may be revoked now; if so it is counted.
    fn allows(&self, now: Instant) -> bool {
        let requests = self.requests.load(Ordering::Relaxed);
        let mut window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        if now.duration_since(window.started) >= WINDOW {
            let last_minute = std::mem::take(&mut window.last_minute);
            *window = Window { started: now, requests, revoked: 0, blown: false, last_minute };
        }
        while window.last_minute.front().is_some_and(|at| now.duration_since(*at) >= WINDOW) {
            window.last_minute.pop_front();
        }
        let seen = requests.saturating_sub(window.requests);
        let too_large_a_share =
            seen >= SAMPLE && (window.revoked + 1) * 100 > seen * u64::from(self.limits.percent);
        if window.last_minute.len() >= self.limits.per_minute as usize || too_large_a_share {
            if !window.blown {
                trace::error!(
                    "too many credentials over plain http: they are refused, and no more are revoked this minute"
                );
            }
            window.blown = true;
            return false;
        }
        window.revoked += 1;
        window.last_minute.push_back(now);
        true
    }

    /// Takes one back that was not revoked after all.
    fn give_back(&self) {
        let mut window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        window.revoked = window.revoked.saturating_sub(1);
        window.last_minute.pop_back();
    }
}

/// Revokes a credential if it verifies, on a task of its own, and comes back after a fixed time: the
/// refusal that follows is the same for every credential.
pub(crate) async fn revoke<V: Verifier>(
    fuse: Arc<Fuse>,
    verifier: Arc<V>,
    credential: Credential<'static>,
    context: Context<'static>,
    deadline: Duration,
) {
    // What is known to be no good at once takes no place from what may be.
    let hopeless =
        matches!(verifier.verify_now(&credential, &context), Some(Err(error)) if is_definite(&error));
    let place = Arc::clone(&fuse.queue).try_acquire_owned();
    let work = async move {
        if hopeless {
            return;
        }
        let Ok(_place) = place else {
            fuse.full.call_once(|| {
                trace::error!(
                    "too many credentials over plain http at a time: some are refused and not revoked"
                );
            });
            return;
        };
        let Some(_flight) = fuse.enter(&credential, &context) else { return };
        Revoking { fuse, verifier, credential, context, deadline }.run().await;
    };
    match Handle::try_current() {
        Ok(runtime) => {
            drop(runtime.spawn(work));
            if let Some(timer) = timer(ANSWER_AFTER) {
                timer.await;
            }
        }
        Err(_) => work.await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fuse_holds_until_its_limit_and_again_a_minute_later() {
        let fuse = Fuse::new(Revocation::default().per_minute(3));
        let now = Instant::now();
        assert_eq!([now; 5].map(|now| fuse.allows(now)), [true, true, true, false, false]);
        assert!(fuse.allows(now + WINDOW));
    }

    /// No minute has more than the limit, and not only those that start with the fuse's.
    #[test]
    fn a_minute_that_ends_gives_nothing_for_free() {
        let fuse = Fuse::new(Revocation::default().per_minute(3));
        let started = fuse.window.lock().unwrap().started;
        let allows = |seconds| fuse.allows(started + Duration::from_secs(seconds));
        assert_eq!([59, 59, 59, 59, 61, 118].map(allows), [true, true, true, false, false, false]);
        assert_eq!([119, 119, 119, 120].map(allows), [true, true, true, false]);
    }

    /// What was not revoked after all does not count.
    #[test]
    fn a_revocation_that_failed_is_given_back() {
        let fuse = Fuse::new(Revocation::default().per_minute(1));
        let now = Instant::now();
        assert!(fuse.allows(now) && !fuse.allows(now));
        fuse.give_back();
        assert!(fuse.allows(now) && !fuse.allows(now));
    }

    #[test]
    fn a_share_of_the_traffic_is_a_limit_too() {
        let fuse = Fuse::new(Revocation::default().per_minute(100));
        (0..SAMPLE).for_each(|_| fuse.see());
        let now = Instant::now();
        assert_eq!((0..50).filter(|_| fuse.allows(now)).count(), 10);
    }
}
