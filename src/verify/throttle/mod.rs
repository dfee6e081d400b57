//! Slows down clients whose attempts keep failing.

use std::sync::Once;
use std::time::{Duration, Instant};
use std::{fmt, io};

use ipnet::IpNet;

use self::attempt::{Attempt, Pending};
use self::counts::{Bounded, Counts, bounded, millis};
use super::{Verifier, VerifyContext, VerifyError, note};
use crate::credential::{Credential, FingerprintKey};
use crate::observe::metrics::{self, ThrottledBy};
use crate::principal::Principal;
use crate::rejection::DenialReason;
use crate::trace;
use crate::transport::network::Networks;

mod attempt;
mod counts;
mod settings;

pub use self::counts::FailureLimit;

/// Slows down clients whose attempts keep failing, before anything expensive is asked.
///
/// A failure is a credential that the verifier inside denies, or that it has not judged yet when the client
/// leaves. An access token or app token that has expired or was revoked is no failure: its holder needs a 401 to
/// fetch a new one. An outage is none, nor a kind of credential that the verifier inside does not support.
/// Put it around the whole of a chain: what the next verifier knows would be a failure to the one before it.
///
/// Failures are counted twice: of one id (the name of a user, the id of a key or a client) from one client, and of one
/// client altogether. The tenant is not part of either, because a `Host` header would multiply the attempts. A client is
/// one IPv4 address or one /64 of IPv6, unless [`prefixes`](Self::prefixes) are set. An address of NAT64, 6to4 or
/// Teredo is counted as the IPv4 address that it embeds; [`nat64`](Self::nat64) adds a translator's own prefixes. The
/// address is that of [`VerifyContext::client_address`]. Over a limit the answer is [`DenialReason::Throttled`], a 429 with
/// `Retry-After`, and the verifier inside is not asked.
///
/// * An id is only counted together with the client that failed, so a client elsewhere cannot lock it out.
/// * A credential that has succeeded from a client within the last day, with this very secret, passes from there
///   whatever else fails there. If it is denied after all, the answer does not differ from that to a guess.
/// * Nothing is locked forever: failures are forgiven one by one, and all of them an hour after the last at the
///   latest, or after the time that the failures of a limit take if that is longer.
/// * Attempts that start while the first answers are pending are verified, and each failure of them is counted.
/// * Memory is bounded whatever is sent: about [`CAPACITY`](Self::CAPACITY) counts of each sort, of which the least
///   used are forgotten first.
/// * Requests without a certain client address are counted together, as one client, and the log has one warning.
///   So one client can slow the others down there: record addresses
///   ([`transport::Peer`](crate::transport::Peer)), and name the family of headers that a proxy writes
///   ([`Transport::forwarding_headers`](crate::transport::Transport::forwarding_headers)).
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use tower_principal::MemoryVerifier;
/// use tower_principal::verify::{FailureLimit, Throttled};
///
/// let verifier = Throttled::new(MemoryVerifier::builder().build()?)?
///     .by_id(FailureLimit::new(5, Duration::from_secs(60)))
///     .exempt(["127.0.0.0/8".parse()?]);
/// # let _ = verifier;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub struct Throttled<V> {
    inner: V,
    key: FingerprintKey,
    started: Instant,
    by_id: Counts,
    by_client: Counts,
    /// Until when credentials that have succeeded are remembered, in milliseconds since the start.
    known: Bounded<u64>,
    exempt: Vec<IpNet>,
    networks: Networks,
    unknown_clients: Once,
}

/// How long a credential that has succeeded is remembered.
const KNOWN: Duration = Duration::from_secs(24 * 3_600);

/// The lengths that a translator's prefix may have (RFC 6052 section 2.2).
const NAT64_LENGTHS: [u8; 6] = [32, 40, 48, 56, 64, 96];

impl<V> Throttled<V> {
    /// How many counts of each sort are held at most.
    pub const CAPACITY: usize = 65_536;

    /// Slows down attempts at this verifier: 10 failures at once and one more every 6 s for each id of a client, 100 at
    /// once and one more every 600 ms for each client.
    ///
    /// # Errors
    ///
    /// When the operating system has no randomness to give.
    pub fn new(verifier: V) -> io::Result<Self> {
        let counts = |limit| Counts::new(limit, Self::CAPACITY);
        Ok(Self {
            inner: verifier,
            key: FingerprintKey::random()?,
            started: Instant::now(),
            by_id: counts(FailureLimit::new(10, Duration::from_secs(6))),
            by_client: counts(FailureLimit::new(100, Duration::from_millis(600))),
            known: bounded(Self::CAPACITY),
            exempt: Vec::new(),
            networks: Networks::DEFAULT,
            unknown_clients: Once::new(),
        })
    }

    /// How many counts are held now, of both sorts, for metrics and tests.
    #[must_use]
    pub fn counts(&self) -> usize {
        self.by_id.len() + self.by_client.len()
    }

    /// The counters of this attempt; `None` if it is exempt.
    fn attempt(&self, credential: &Credential<'_>, context: &VerifyContext<'_>) -> Option<Attempt> {
        let address = context.client_address().map(|address| address.to_canonical());
        if address.is_some_and(|address| self.exempt.iter().any(|network| network.contains(&address))) {
            return None;
        }
        if address.is_none() {
            self.warn_of_unknown_clients();
        }
        let tenant = context.tenant().unwrap_or_default();
        let network = address.map(|address| self.networks.of(address));
        // An unknown client has no bytes, and so is none of the networks.
        let client = network.as_ref().map_or(&[][..], |network| network);
        Some(Attempt::of(credential, tenant, client, &self.key, millis(self.started.elapsed())))
    }

    fn warn_of_unknown_clients(&self) {
        self.unknown_clients.call_once(|| {
            trace::warn!(
                "attempts without a client address are counted together: put `transport::Peer` into the \
                 extensions, serve with `into_make_service_with_connect_info::<SocketAddr>()`, or name the \
                 headers of the proxy with `Transport::forwarding_headers`"
            );
        });
    }

    /// The limit that an attempt is over, and for how long.
    fn over(&self, attempt: &Attempt) -> Option<(ThrottledBy, Duration)> {
        let by_id = attempt.id.and_then(|id| self.by_id.over(id, attempt.now));
        let by_client = || Some((ThrottledBy::Client, self.by_client.over(attempt.client, attempt.now)?));
        by_id.map(|after| (ThrottledBy::Id, after)).or_else(by_client)
    }

    /// Refuses an attempt that is over a limit, unless the very credential has succeeded before.
    fn allow(&self, attempt: &Attempt) -> Result<(), VerifyError> {
        match self.is_known(attempt) {
            true => Ok(()),
            false => self.over(attempt).map_or(Ok(()), |over| Err(throttled(over))),
        }
    }

    fn is_known(&self, attempt: &Attempt) -> bool {
        self.known.get(&attempt.whole).is_some_and(|until| until > attempt.now)
    }

    /// Counts the outcome, and returns the answer: a denial is a 429 if it is over a limit already, so
    /// that a credential which passed because it is known is told from no other.
    fn settle(
        &self,
        attempt: &Attempt,
        answer: Result<Principal, VerifyError>,
    ) -> Result<Principal, VerifyError> {
        match &answer {
            Ok(_) => self.remember(attempt),
            Err(VerifyError::Denied(reason)) if attempt.fails_by(*reason) => {
                let over = self.is_known(attempt).then(|| self.over(attempt)).flatten();
                self.known.remove(&attempt.whole);
                self.fail(attempt);
                if let Some(over) = over {
                    return Err(throttled(over));
                }
            }
            Err(_) => {}
        }
        answer
    }

    /// Writes seldom, because every request that succeeds comes by here.
    fn remember(&self, attempt: &Attempt) {
        let soon = attempt.now + millis(KNOWN / 2);
        if self.known.get(&attempt.whole).is_none_or(|until| until < soon) {
            self.known.insert(attempt.whole, attempt.now + millis(KNOWN));
        }
    }

    fn fail(&self, attempt: &Attempt) {
        if let Some(id) = attempt.id {
            self.by_id.fail(id, attempt.now);
        }
        self.by_client.fail(attempt.client, attempt.now);
    }
}

fn throttled((by, after): (ThrottledBy, Duration)) -> VerifyError {
    metrics::throttled(by);
    VerifyError::Denied(DenialReason::Throttled(after))
}

impl<V: Verifier> Verifier for Throttled<V> {
    async fn verify(
        &self,
        credential: &Credential<'_>,
        context: &VerifyContext<'_>,
    ) -> Result<Principal, VerifyError> {
        let Some(attempt) = self.attempt(credential, context) else {
            return self.inner.verify(credential, context).await;
        };
        note("throttle", credential.kind(), self.allow(&attempt))?;
        // A hash that was begun for a client that has left cost as much as one that was waited for.
        let left = || {
            if !context.is_late() && !self.is_known(&attempt) {
                self.fail(&attempt);
            }
        };
        let pending = Pending::new(left);
        let answer = self.inner.verify(credential, context).await;
        pending.finish();
        self.settle(&attempt, answer)
    }

    fn verify_now(
        &self,
        credential: &Credential<'_>,
        context: &VerifyContext<'_>,
    ) -> Option<Result<Principal, VerifyError>> {
        let Some(attempt) = self.attempt(credential, context) else {
            return self.inner.verify_now(credential, context);
        };
        if let Err(throttled) = self.allow(&attempt) {
            return Some(note("throttle", credential.kind(), Err(throttled)));
        }
        let answer = self.inner.verify_now(credential, context)?;
        Some(self.settle(&attempt, answer))
    }

    async fn revoke(
        &self,
        credential: &Credential<'_>,
        context: &VerifyContext<'_>,
    ) -> Result<(), VerifyError> {
        self.inner.revoke(credential, context).await
    }
    super::tenancy::passes_through!();
}

impl<V: fmt::Debug> fmt::Debug for Throttled<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Throttled");
        shown.field("inner", &self.inner).field("by_id", &self.by_id.limit);
        shown.field("by_client", &self.by_client.limit).finish_non_exhaustive()
    }
}
