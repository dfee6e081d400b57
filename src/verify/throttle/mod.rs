//! A throttle for clients whose attempts keep failing.

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

/// Slows down clients whose attempts keep failing, before an expensive verifier is asked.
///
/// A failure is a credential that the inner verifier denies, or has not judged yet when the client
/// leaves. An expired or revoked access token or app token is not a failure, because its holder
/// needs a 401 to fetch a new one. Neither is an outage, or a kind of credential that the inner
/// verifier does not support.
///
/// Put the throttle around a whole chain. A credential that only the next verifier knows would be a
/// failure to the one before it.
///
/// Failures are counted twice: for one id from one client, and for one client altogether. An id is
/// the name of a user, or the id of a key or a client. The tenant is not part of either count,
/// because a `Host` header would multiply the attempts.
///
/// A client is one IPv4 address or one /64 of IPv6, unless [`prefixes`](Self::prefixes) are set. An
/// address of NAT64, 6to4 or Teredo counts as the IPv4 address that it embeds;
/// [`nat64`](Self::nat64) adds a translator's own prefixes. The address is that of
/// [`VerifyContext::client_address`]. Over a limit the answer is [`DenialReason::Throttled`], a 429
/// with `Retry-After`, and the inner verifier is not asked.
///
/// * An id is only counted together with the client that failed, so a client elsewhere cannot lock
///   it out.
/// * A credential that succeeded from a client within the last day, with the same secret, always
///   passes from there. Other failures there do not matter. If it is denied after all, the answer
///   is the same as for a guess.
/// * No lock is permanent: failures are forgiven one by one. All of them are forgiven an hour after
///   the last at the latest, or after the time of a limit's failures if that is longer.
/// * Attempts that start while the first answers are pending are verified, and each of their
///   failures is counted.
/// * Memory is always bounded: about [`CAPACITY`](Self::CAPACITY) counts of each sort, of which the
///   least used are evicted first.
/// * Requests without a certain client address count together as one client, and the log has one
///   warning. So one such client can slow the others down. To avoid this, record addresses
///   ([`transport::Peer`](crate::transport::Peer)), and name the family of headers that a proxy
///   writes ([`Transport::forwarding_headers`](crate::transport::Transport::forwarding_headers)).
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use tower_principal::verify::MemoryVerifier;
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
    /// The times until which successful credentials are remembered, in milliseconds since the
    /// start.
    known: Bounded<u64>,
    exempt: Vec<IpNet>,
    networks: Networks,
    unknown_clients: Once,
}

/// The time for which a successful credential is remembered.
const KNOWN: Duration = Duration::from_secs(24 * 3_600);

/// The valid lengths of a translator's prefix (RFC 6052 section 2.2).
const NAT64_LENGTHS: [u8; 6] = [32, 40, 48, 56, 64, 96];

impl<V> Throttled<V> {
    /// The maximum number of counts of each sort.
    pub const CAPACITY: usize = 65_536;

    /// Throttles attempts at this verifier. For each id of a client it allows 10 failures at once
    /// and one more every 6 s. For each client it allows 100 at once and one more every 600 ms.
    ///
    /// # Errors
    ///
    /// Returns an error if the operating system has no randomness.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// use tower_principal::verify::{MemoryVerifier, Throttled};
    /// use tower_principal::{
    ///     Credential, OAuthUser, Secret, Verifier, VerifyContext,
    /// };
    ///
    /// let tokens = MemoryVerifier::builder()
    ///     .access_token("otto-token", OAuthUser::new("otto"))
    ///     .build()?;
    /// let verifier = Throttled::new(tokens)?;
    /// let context = VerifyContext::default().with_client("192.0.2.7".parse()?);
    /// let token = Credential::AccessToken(Secret::borrowed("otto-token"));
    /// assert!(verifier.verify(&token, &context).await.is_ok());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
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

    /// Returns the current number of counts, of both sorts, for metrics and tests.
    #[must_use]
    pub fn counts(&self) -> usize {
        self.by_id.len() + self.by_client.len()
    }

    /// Returns the attempt with the keys of its counters, or `None` if it is exempt.
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
        // An unknown client has no bytes, so it differs from every network.
        let client = network.as_ref().map_or(&[][..], |network| network);
        Some(Attempt::of(credential, tenant, client, &self.key, millis(self.started.elapsed())))
    }

    fn warn_of_unknown_clients(&self) {
        self.unknown_clients.call_once(|| {
            trace::warn!(
                "client address unknown, attempts without one are counted together: put `transport::Peer` into the \
                 extensions, serve with `into_make_service_with_connect_info::<SocketAddr>()`, or name the headers \
                 of the proxy with `Transport::forwarding_headers`"
            );
        });
    }

    /// Returns the limit that an attempt is over, and for how long.
    fn over(&self, attempt: &Attempt) -> Option<(ThrottledBy, Duration)> {
        let by_id = attempt.id.and_then(|id| self.by_id.over(id, attempt.now));
        let by_client = || Some((ThrottledBy::Client, self.by_client.over(attempt.client, attempt.now)?));
        by_id.map(|after| (ThrottledBy::Id, after)).or_else(by_client)
    }

    /// Refuses an attempt that is over a limit, unless exactly this credential has succeeded
    /// before.
    fn allow(&self, attempt: &Attempt) -> Result<(), VerifyError> {
        match self.is_known(attempt) {
            true => Ok(()),
            false => self.over(attempt).map_or(Ok(()), |over| Err(throttled(over))),
        }
    }

    // When a credential has succeeded from a network, it passes from there with the same secret.
    // Guesses from a neighbour therefore lock out no user with an earlier login. If it is denied
    // over the limit, the answer is the same 429 that a guess gets. Requests without an address
    // count as one client, because without a count there would be no limit.
    fn is_known(&self, attempt: &Attempt) -> bool {
        self.known.get(&attempt.whole).is_some_and(|until| until > attempt.now)
    }

    /// Counts the outcome, and returns the answer. A denial becomes a 429 if a limit is exceeded
    /// already. So a credential that passed because it is known looks like any other.
    fn count_outcome<T>(&self, attempt: &Attempt, answer: Result<T, VerifyError>) -> Result<T, VerifyError> {
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

    /// Writes seldom, because every successful request comes through here.
    fn remember(&self, attempt: &Attempt) {
        let soon = attempt.now + millis(KNOWN / 2);
        if self.known.get(&attempt.whole).is_none_or(|until| until < soon) {
            self.known.insert(attempt.whole, attempt.now + millis(KNOWN));
        }
    }

    /// Awaits the verification of a credential, unless its client is over a limit, and counts the
    /// outcome.
    pub(crate) async fn around<T>(
        &self,
        credential: &Credential<'_>,
        context: &VerifyContext<'_>,
        verification: impl Future<Output = Result<T, VerifyError>>,
    ) -> Result<T, VerifyError> {
        let Some(attempt) = self.attempt(credential, context) else { return verification.await };
        note("throttle", credential.kind(), self.allow(&attempt))?;
        // A hash that was begun for a client that left costs as much as one with a waiting client.
        let left = || {
            if !context.is_late() && !self.is_known(&attempt) {
                self.fail(&attempt);
            }
        };
        let pending = Pending::new(left);
        let answer = verification.await;
        pending.finish();
        self.count_outcome(&attempt, answer)
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
        self.around(credential, context, self.inner.verify(credential, context)).await
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
        Some(self.count_outcome(&attempt, answer))
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
