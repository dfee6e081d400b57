//! Revoking what was shown over plain http.
//!
//! Socrata's document: any attempt to use an access token over a connection that is not secure revokes
//! it at once. Since a lost proxy header must not end every live token, that takes a definite verdict,
//! and a fuse stops it when it happens too often.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, Once, PoisonError};
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio::sync::Semaphore;

use self::revoking::{Revoking, is_definite};
use self::window::{Exceeded, Parties, Window};
use crate::credential::{Credential, Fingerprint, FingerprintKey};
use crate::deadline::timer;
use crate::principal::Principal;
use crate::trace;
use crate::transport::network::Networks;
use crate::verify::{Verifier, VerifyContext};

mod revoking;
mod window;

/// How often credentials may be revoked for being shown over plain http, where a dialect's rule is
/// [`RefuseAndRevoke`](crate::transport::OnInsecure::RefuseAndRevoke).
///
/// Past a limit they are still refused but not revoked, and an error is logged: something is wrong with
/// the wiring rather than with the clients. One owner and one client have a [`share`](Self::share) of
/// the limit, so that tokens which are shown on purpose do not use it up.
///
/// Every layer of the process refuses a revoked credential at once, by its text and by its
/// [credential id](crate::Principal::credential_id). A store that is locked or away is asked again for ten
/// minutes. If it still does not hold the revocation, an error is logged and this process goes on refusing.
///
/// # Examples
///
/// ```
/// # use tower_principal::{AuthenticateLayer, MemoryVerifier, dialect, transport};
/// use tower_principal::layer::RevocationLimits;
///
/// # let verifier = MemoryVerifier::builder().build()?;
/// let layer = AuthenticateLayer::new(dialect::SOCRATA, verifier, transport::from_acceptor())
///     .revocation(RevocationLimits::default().per_minute(5));
/// # let _ = layer;
/// # Ok::<(), tower_principal::verify::MemoryVerifierError>(())
/// ```
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct RevocationLimits {
    per_minute: u32,
    percent: u32,
    share: u32,
    dry_run: bool,
}

impl Default for RevocationLimits {
    /// 20 a minute, 5 of them for one owner or one client, and 1 % of a minute's requests with
    /// credentials once there were a thousand.
    fn default() -> Self {
        Self { per_minute: 20, percent: 1, share: 5, dry_run: false }
    }
}

impl RevocationLimits {
    /// At most so many a minute.
    pub const fn per_minute(self, per_minute: u32) -> Self {
        Self { per_minute, ..self }
    }

    /// At most this share of a minute's requests, in percent, once there were a thousand.
    pub const fn percent(self, percent: u32) -> Self {
        Self { percent, ..self }
    }

    /// Limits the revocations in a minute of credentials that belong to one owner, and of those that
    /// one client shows: one IPv4 address or one /64 of IPv6. Defaults to 5. A client whose address
    /// is not known has no share of its own.
    pub const fn share(self, share: u32) -> Self {
        Self { share, ..self }
    }

    /// Revokes nothing and logs what would have been.
    pub const fn dry_run(self) -> Self {
        Self { dry_run: true, ..self }
    }
}

/// Counts revocations.
#[derive(Debug)]
pub(crate) struct Fuse {
    limits: RevocationLimits,
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

/// How many credentials may wait to be verified for revocation; more are refused and live on.
const QUEUE: usize = 4_096;

/// How many are verified for it at a time.
const RUNNING: usize = 64;

/// The refusal is answered after this time, whether anything was revoked or not.
const ANSWER_AFTER: Duration = Duration::from_millis(20);

impl Fuse {
    pub(crate) fn new(limits: RevocationLimits) -> Self {
        Self {
            limits,
            requests: AtomicU64::new(0),
            window: Mutex::new(Window::starting(Instant::now())),
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
    fn enter(self: &Arc<Self>, credential: &Credential<'_>, context: &VerifyContext<'_>) -> Option<Flight> {
        let place = self.place(credential, context);
        let mut flying = self.flying.lock().unwrap_or_else(PoisonError::into_inner);
        let new = place.is_none_or(|place| flying.insert(place));
        self.held.store(flying.len(), Ordering::Release);
        new.then(|| Flight { fuse: Arc::clone(self), place })
    }

    fn place(&self, credential: &Credential<'_>, context: &VerifyContext<'_>) -> Option<Fingerprint> {
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
    pub(crate) fn looks_at(&self, credential: &Credential<'_>, context: &VerifyContext<'_>) -> bool {
        let flying = || self.flying.lock().unwrap_or_else(PoisonError::into_inner);
        !self.limits.dry_run && self.place(credential, context).is_some_and(|place| flying().contains(&place))
    }

    /// Counts a request, for the share.
    pub(crate) fn count_request(&self) {
        self.requests.fetch_add(1, Ordering::Relaxed);
    }

    /// The owner of a credential that verified, and the client that showed it.
    fn parties(&self, principal: &Principal, context: &VerifyContext<'_>) -> Parties {
        let Some(key) = &self.key else { return Parties::default() };
        let owner = principal.account().map(|account| key.of(&[account.to_string().as_bytes()]));
        let network = context.client_address().map(|address| Networks::DEFAULT.of(address));
        [owner, network.map(|network| key.of(&[&network]))]
    }

    /// Whether one more may be revoked now; if so it is counted.
    fn allows(&self, parties: Parties, now: Instant) -> bool {
        let requests = self.requests.load(Ordering::Relaxed);
        let mut window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        let Err(exceeded) = window.take(self.limits, requests, parties, now) else { return true };
        if window.is_first(exceeded) {
            match exceeded {
                Exceeded::All => trace::error!(
                    "too many credentials over plain http: they are refused, and no more are revoked this minute"
                ),
                Exceeded::Share => trace::error!(
                    "too many credentials over plain http: they are refused, and no more of one owner or client \
                     are revoked this minute"
                ),
            }
        }
        false
    }

    /// Uncounts a revocation that failed.
    fn give_back(&self, parties: Parties) {
        self.window.lock().unwrap_or_else(PoisonError::into_inner).give_back(parties);
    }
}

/// Revokes a credential if it verifies, on a task of its own, and comes back after a fixed time: the
/// refusal that follows is the same for every credential.
pub(crate) async fn revoke<V: Verifier>(
    fuse: Arc<Fuse>,
    verifier: Arc<V>,
    credential: Credential<'static>,
    context: VerifyContext<'static>,
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
