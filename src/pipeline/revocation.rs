//! Revocation of credentials that were shown over plain http.
//!
//! Socrata's documentation states that any attempt to use an access token over an insecure
//! connection revokes it at once. A lost proxy header must not revoke every live token. Revocation
//! therefore needs a definite verdict, and limits stop it if it happens too often.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Once, PoisonError};
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio::sync::Semaphore;

use self::revoking::{Revoking, is_definite};
use self::window::{Exceeded, Parties, Window};
use crate::credential::{Credential, Fingerprint, FingerprintKey};
use crate::deadline::timer;
use crate::principal::Principal;
use crate::single_flight::{Joined, SingleFlight};
use crate::trace;
use crate::transport::network::Networks;
use crate::verify::{Verifier, VerifyContext};

mod revoking;
mod window;

/// Limits on how often credentials are revoked for being shown over plain http, if a dialect's rule
/// is [`RefuseAndRevoke`](crate::transport::OnInsecure::RefuseAndRevoke).
///
/// Past a limit, credentials are still refused but not revoked, and an error is logged: a probable
/// cause is the deployment, not the clients. One owner and one client have a [`share`](Self::share)
/// of the limit, so that tokens shown on purpose do not exhaust it.
///
/// Every layer of the process refuses a revoked credential at once, by its text and by its
/// [credential id](crate::Principal::credential_id). If a store is locked or unavailable, the
/// revocation is retried for 10 minutes. If it is still not stored, an error is logged and this
/// process continues to refuse.
///
/// # Examples
///
/// ```
/// # use tower_principal::verify::MemoryVerifier;
/// # use tower_principal::{AuthenticateLayer, dialect, transport};
/// use tower_principal::layer::RevocationLimits;
///
/// # let verifier = MemoryVerifier::builder().build()?;
/// let layer = AuthenticateLayer::new(
///     dialect::SOCRATA,
///     verifier,
///     transport::from_acceptor(),
/// )
/// .revocation(RevocationLimits::default().per_minute(5));
/// # let _ = layer;
/// # Ok::<(), tower_principal::verify::MemoryVerifierError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct RevocationLimits {
    per_minute: u32,
    percent: u32,
    share: u32,
    dry_run: bool,
}

impl Default for RevocationLimits {
    /// Returns limits of 20 revocations per minute, 5 of them for one owner or one client. From
    /// 1,000 requests on, also 1 % of a minute's requests with credentials.
    fn default() -> Self {
        Self { per_minute: 20, percent: 1, share: 5, dry_run: false }
    }
}

impl RevocationLimits {
    /// Limits the number of revocations per minute.
    pub const fn per_minute(self, per_minute: u32) -> Self {
        Self { per_minute, ..self }
    }

    /// Limits revocations to a percentage of a minute's requests, from 1,000 requests on.
    pub const fn percent(self, percent: u32) -> Self {
        Self { percent, ..self }
    }

    /// Limits the revocations per minute for each owner and for each client: one IPv4 address or
    /// one /64 of IPv6. Defaults to 5. A client with an unknown address has no share of its own.
    pub const fn share(self, share: u32) -> Self {
        Self { share, ..self }
    }

    /// Revokes nothing, but logs what would have been revoked.
    pub const fn dry_run(self) -> Self {
        Self { dry_run: true, ..self }
    }
}

/// Counts and limits revocations.
#[derive(Debug)]
pub(crate) struct Fuse {
    limits: RevocationLimits,
    requests: AtomicU64,
    window: Mutex<Window>,
    /// Limits how many credentials wait to be verified, and how many are verified at a time.
    queue: Arc<Semaphore>,
    running: Arc<Semaphore>,
    full: Once,
    /// The credentials being verified; one that is shown several times at once has one entry.
    listed: SingleFlight<Fingerprint, ()>,
    key: Option<FingerprintKey>,
}

/// The number of credentials that may wait to be verified for revocation. Those beyond it are
/// refused but not revoked.
const QUEUE: usize = 4_096;

/// The number of credentials that are verified for revocation at a time.
const RUNNING: usize = 64;

/// The time after which the refusal is sent, regardless of the outcome.
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
            listed: SingleFlight::new(QUEUE, Duration::MAX),
            key: FingerprintKey::random().ok(),
        }
    }

    /// Returns the entry of a credential in the list of those being verified. It includes the
    /// secret; otherwise a guess for an id would stand in for the right secret.
    fn place(&self, credential: &Credential<'_>, context: &VerifyContext<'_>) -> Option<Fingerprint> {
        let tenant = context.tenant().unwrap_or_default();
        let (kind, id) = (credential.kind().as_str(), credential.id().unwrap_or_default());
        let key = self.key.as_ref()?;
        Some(credential.with_secret(|secret| key.of(&[tenant, kind, id, secret].map(str::as_bytes))))
    }

    /// Returns true if any credential is being verified.
    #[inline]
    pub(crate) fn is_looking(&self) -> bool {
        self.listed.running() > 0
    }

    /// Returns true if this credential was shown over plain http and its revocation is not yet
    /// decided.
    pub(crate) fn looks_at(&self, credential: &Credential<'_>, context: &VerifyContext<'_>) -> bool {
        !self.limits.dry_run && self.place(credential, context).is_some_and(|place| self.listed.has(place))
    }

    /// Counts a request, for the percentage.
    pub(crate) fn count_request(&self) {
        self.requests.fetch_add(1, Ordering::Relaxed);
    }

    /// Returns the owner of a verified credential and the client that showed it.
    fn parties(&self, principal: &Principal, context: &VerifyContext<'_>) -> Parties {
        let Some(key) = &self.key else { return Parties::default() };
        let owner = principal.account().map(|account| key.of(&[account.to_string().as_bytes()]));
        let network = context.client_address().map(|address| Networks::DEFAULT.of(address));
        [owner, network.map(|network| key.of(&[&network]))]
    }

    /// Returns true and counts the revocation if the limits allow another one now.
    fn allows(&self, parties: Parties, now: Instant) -> bool {
        let requests = self.requests.load(Ordering::Relaxed);
        let mut window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        let Err(exceeded) = window.take(self.limits, requests, parties, now) else { return true };
        if window.is_first(exceeded) {
            match exceeded {
                Exceeded::All => trace::error!(
                    "too many credentials over plain http: further ones are refused, but not revoked, this minute"
                ),
                Exceeded::Share => trace::error!(
                    "too many credentials of one owner or client over plain http: further ones are refused, but not \
                     revoked, this minute"
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

/// Revokes a credential if it verifies, on a separate task, and returns after a fixed time. The
/// refusal that follows is the same for every credential.
pub(crate) async fn revoke<V: Verifier>(
    fuse: Arc<Fuse>,
    verifier: Arc<V>,
    credential: Credential<'static>,
    context: VerifyContext<'static>,
    deadline: Duration,
) {
    // A credential that is known to be invalid must not take a place from one that may be valid.
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
                    "too many credentials over plain http at the same time: some are refused, but not revoked"
                );
            });
            return;
        };
        let entry = fuse.place(&credential, &context);
        let entry = entry.map(|place| fuse.listed.join(place, || Ok::<_, ()>(())));
        // A credential that is shown several times at once is revoked once.
        if !matches!(entry, None | Some(Joined::Leads(..))) {
            return;
        }
        Revoking { fuse, verifier, credential, context, deadline }.run().await;
        drop(entry);
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
