//! Slows down whoever keeps failing.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Once;
use std::time::{Duration, Instant};

use ipnet::IpNet;

use self::counts::{Bounded, Counts, bounded, millis};
use super::{Context, Reason, Verifier, VerifyError};
use crate::credential::Credential;
use crate::fingerprint::{Fingerprint, FingerprintKey};
use crate::meter::{self, ThrottledBy};
use crate::principal::Principal;
use crate::trace;

mod counts;

pub use self::counts::Limit;

/// Slows down whoever keeps failing, before anything expensive is asked.
///
/// A failure is a credential that nobody knows; a request that succeeds, or shows a credential that has
/// expired, or meets an outage, is none, nor is a kind of credential that is not for the verifier inside to judge. Put it
/// around the whole of a chain: what the next one knows would be a failure to the one before it. Failures are counted twice: of one id (a user's name, the id of a key or a
/// client) from one client, and of one client altogether. A client is the network of an address, unless told otherwise
/// the address itself for IPv4 and its /64 for IPv6; the address is that of [`Context::client_address`], which
/// nobody can forge but a trusted proxy. Over a limit the answer is [`Reason::Throttled`], a 429 with
/// `Retry-After`, and the verifier inside is not asked.
///
/// * Nobody can lock out somebody elsewhere: an id is only ever counted together with the client that failed. What has
///   succeeded from a client within the last day goes on from there, whatever else fails there.
/// * Nothing is locked for good: failures are forgiven one by one, and all of them an hour after the last at the
///   latest, or after what the limit bears at once takes where that is longer.
/// * What is tried while the first answers are still out is looked at, and each failure of it is paid back.
/// * Memory is bounded whatever is sent: some [`CAPACITY`](Self::CAPACITY) counts of each sort, the least used
///   are forgotten first.
/// * Where the client's address is not known nothing is counted, and the log says so once: to count all clients as
///   one would let one of them lock out the rest.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use tower_principal::MemoryVerifier;
/// use tower_principal::verify::{Limit, Throttled};
///
/// let verifier = Throttled::new(MemoryVerifier::builder().build()?)?
///     .by_id(Limit::new(5, Duration::from_secs(60)))
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
    /// Until when those who have succeeded are remembered, in milliseconds since the start.
    known: Bounded<u64>,
    exempt: Vec<IpNet>,
    prefixes: [u8; 2],
    unknown_clients: Once,
}

/// One attempt, and what it is counted by.
struct Attempt {
    client: Fingerprint,
    /// The credential's id, or the whole of a secret without one, from this client.
    id: Fingerprint,
    has_id: bool,
    now: u64,
}

/// How long somebody who has succeeded is remembered.
const KNOWN: Duration = Duration::from_secs(24 * 3_600);

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
            by_id: counts(Limit::new(10, Duration::from_secs(6))),
            by_client: counts(Limit::new(100, Duration::from_millis(600))),
            known: bounded(Self::CAPACITY),
            exempt: Vec::new(),
            prefixes: [32, 64],
            unknown_clients: Once::new(),
        })
    }

    /// Another limit for each id of a client.
    pub fn by_id(mut self, limit: Limit) -> Self {
        self.by_id.limit = limit;
        self
    }

    /// Another limit for each client.
    pub fn by_client(mut self, limit: Limit) -> Self {
        self.by_client.limit = limit;
        self
    }

    /// Counts nothing that comes from these networks: health checks, a test's loopback.
    pub fn exempt(mut self, networks: impl IntoIterator<Item = IpNet>) -> Self {
        self.exempt.extend(networks);
        self
    }

    /// How many bits of an IPv4 and of an IPv6 address tell clients apart: at most 32 and 128, of which 32 and 64 are
    /// taken unless said.
    pub const fn prefixes(mut self, ipv4: u8, ipv6: u8) -> Self {
        self.prefixes = [ipv4, ipv6];
        self
    }

    /// How many counts are held now, of both sorts, for metrics and tests.
    #[must_use]
    pub fn counts(&self) -> usize {
        self.by_id.len() + self.by_client.len()
    }

    /// What this attempt is counted by; `None` where it is not counted.
    fn attempt(&self, credential: &Credential<'_>, context: &Context<'_>) -> Option<Attempt> {
        let Some(address) = context.client_address() else {
            self.unknown_clients.call_once(|| {
                trace::warn!(
                    "failed attempts are not counted, since the client's address is not known: put `transport::Peer` \
                     into the extensions, or serve with `into_make_service_with_connect_info::<SocketAddr>()`"
                );
            });
            return None;
        };
        let address = address.to_canonical();
        if self.exempt.iter().any(|network| network.contains(&address)) {
            return None;
        }
        let network = &self.network(address);
        let tenant = context.tenant().unwrap_or_default().as_bytes();
        let id = credential.id_or_secret().as_bytes();
        Some(Attempt {
            client: self.key.of(&[b"client", network]),
            id: self.key.of(&[b"id", network, tenant, credential.kind().as_str().as_bytes(), id]),
            has_id: credential.id().is_some(),
            now: millis(self.started.elapsed()),
        })
    }

    /// The network of an address; that of an IPv4 one is spelled as IPv6 spells it, which no other has.
    fn network(&self, address: IpAddr) -> [u8; 16] {
        let [ipv4, ipv6] = self.prefixes;
        match address {
            IpAddr::V4(address) => {
                let mask = u32::MAX.checked_shl(32_u32.saturating_sub(ipv4.into())).unwrap_or(0);
                Ipv4Addr::from_bits(address.to_bits() & mask).to_ipv6_mapped().octets()
            }
            IpAddr::V6(address) => {
                let mask = u128::MAX.checked_shl(128_u32.saturating_sub(ipv6.into())).unwrap_or(0);
                Ipv6Addr::from_bits(address.to_bits() & mask).octets()
            }
        }
    }

    /// Refuses an attempt that is over a limit.
    fn allow(&self, attempt: &Attempt) -> Result<(), VerifyError> {
        let by_id = if attempt.has_id { self.by_id.over(attempt.id, attempt.now) } else { None };
        let (by, after) =
            match by_id.map(|after| (ThrottledBy::Id, after)).or_else(|| self.client_over(attempt)) {
                Some(over) => over,
                None => return Ok(()),
            };
        meter::throttled(by);
        Err(VerifyError::Denied(Reason::Throttled(after)))
    }

    /// Whether the client is over its limit, and what is tried has not succeeded from there before.
    fn client_over(&self, attempt: &Attempt) -> Option<(ThrottledBy, Duration)> {
        let over = self.by_client.over(attempt.client, attempt.now)?;
        let known = self.known.get(&attempt.id).is_some_and(|until| until > attempt.now);
        (!known).then_some((ThrottledBy::Client, over))
    }

    /// Counts what came of it.
    fn count(&self, attempt: &Attempt, answer: &Result<Principal, VerifyError>) {
        match answer {
            Ok(_) => {
                // Written seldom, since every request that succeeds comes by here.
                let soon = attempt.now + millis(KNOWN / 2);
                if self.known.get(&attempt.id).is_none_or(|until| until < soon) {
                    self.known.insert(attempt.id, attempt.now + millis(KNOWN));
                }
            }
            Err(VerifyError::Denied(Reason::Unknown)) => {
                if attempt.has_id {
                    self.by_id.fail(attempt.id, attempt.now);
                }
                self.by_client.fail(attempt.client, attempt.now);
            }
            Err(_) => {}
        }
    }
}

impl<V: Verifier> Verifier for Throttled<V> {
    async fn verify(
        &self,
        credential: &Credential<'_>,
        context: &Context<'_>,
    ) -> Result<Principal, VerifyError> {
        let Some(attempt) = self.attempt(credential, context) else {
            return self.inner.verify(credential, context).await;
        };
        self.allow(&attempt)?;
        let answer = self.inner.verify(credential, context).await;
        self.count(&attempt, &answer);
        answer
    }

    fn verify_now(
        &self,
        credential: &Credential<'_>,
        context: &Context<'_>,
    ) -> Option<Result<Principal, VerifyError>> {
        let Some(attempt) = self.attempt(credential, context) else {
            return self.inner.verify_now(credential, context);
        };
        if let Err(throttled) = self.allow(&attempt) {
            return Some(Err(throttled));
        }
        let answer = self.inner.verify_now(credential, context)?;
        self.count(&attempt, &answer);
        Some(answer)
    }

    async fn revoke(&self, credential: &Credential<'_>, context: &Context<'_>) -> Result<(), VerifyError> {
        self.inner.revoke(credential, context).await
    }
}

impl<V: fmt::Debug> fmt::Debug for Throttled<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Throttled");
        shown.field("inner", &self.inner).field("by_id", &self.by_id.limit);
        shown.field("by_client", &self.by_client.limit).finish_non_exhaustive()
    }
}
