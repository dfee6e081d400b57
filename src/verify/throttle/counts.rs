//! Bounded counts of failures.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use quick_cache::UnitWeighter;
use quick_cache::sync::{Cache, DefaultLifecycle};

use crate::credential::Fingerprint;
use crate::credential::fingerprint::AlreadyRandom;

/// A limit of failures: a number at once, and one more after each interval.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use tower_principal::verify::FailureLimit;
///
/// // Five wrong passwords at once, and then one more in each minute.
/// const LOGINS: FailureLimit = FailureLimit::new(5, Duration::from_secs(60));
/// # let _ = LOGINS;
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FailureLimit {
    at_once: u32,
    each: Duration,
}

/// A map that evicts the least used entries.
pub(super) type Bounded<T> = Cache<Fingerprint, T, UnitWeighter, AlreadyRandom>;

/// Failures by fingerprint, as the time until which they are remembered, in milliseconds since the
/// start. Each failure adds to that time, and passing time uses it up (the generic cell rate
/// algorithm).
pub(super) struct Counts {
    pub(super) limit: FailureLimit,
    until: Bounded<Arc<AtomicU64>>,
}

/// The time after which all failures are forgiven.
const LONGEST: Duration = Duration::from_secs(3_600);

impl FailureLimit {
    /// Allows `at_once` failures at once, at least one, and one more after each interval `each`.
    #[must_use]
    pub const fn new(at_once: u32, each: Duration) -> Self {
        Self { at_once, each }
    }
}

impl Counts {
    pub(super) fn new(limit: FailureLimit, capacity: usize) -> Self {
        Self { limit, until: bounded(capacity) }
    }

    pub(super) fn len(&self) -> usize {
        self.until.len()
    }

    /// Returns how long an attempt is still over the limit, or `None` if it is not over it.
    pub(super) fn over(&self, place: Fingerprint, now: u64) -> Option<Duration> {
        let until = self.until.get(&place)?.load(Ordering::Relaxed);
        let borne = self.limit.at_once.saturating_sub(1);
        let allowed_at = until.saturating_sub(millis(self.limit.each.saturating_mul(borne)));
        let over = allowed_at.checked_sub(now).filter(|over| *over > 0)?;
        Some(Duration::from_millis(over))
    }

    pub(super) fn fail(&self, place: Fingerprint, now: u64) {
        let Ok(until) = self.until.get_or_insert_with(&place, || Ok::<_, Infallible>(Arc::default()));
        let longest = now + millis(LONGEST.max(self.limit.each.saturating_mul(self.limit.at_once)));
        let later = |until: u64| Some((until.max(now) + millis(self.limit.each)).min(longest));
        let _ = until.fetch_update(Ordering::Relaxed, Ordering::Relaxed, later);
    }
}

pub(super) fn bounded<T: Clone>(capacity: usize) -> Bounded<T> {
    let weight = u64::try_from(capacity).unwrap_or(u64::MAX);
    Cache::with(capacity, weight, UnitWeighter, AlreadyRandom::default(), DefaultLifecycle::default())
}

/// Converts to milliseconds, bounded so that sums of them do not overflow.
pub(super) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX).min(u64::MAX / 4)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::credential::FingerprintKey;

    #[test]
    fn failures_are_borne_up_to_the_limit_and_forgiven_one_by_one() {
        let counts = Counts::new(FailureLimit::new(3, Duration::from_secs(10)), 16);
        let place = FingerprintKey::random().unwrap().of(&[b"a"]);
        for _ in 0..2 {
            counts.fail(place, 0);
            assert_eq!(counts.over(place, 0), None);
        }
        counts.fail(place, 0);
        assert_eq!(counts.over(place, 0), Some(Duration::from_secs(10)));
        assert_eq!(counts.over(place, 9_999), Some(Duration::from_millis(1)));
        assert_eq!(counts.over(place, 10_000), None);
        counts.fail(place, 10_000);
        assert_eq!(counts.over(place, 10_000), Some(Duration::from_secs(10)));
    }

    #[test]
    fn a_burst_of_failures_is_paid_back_but_never_for_more_than_an_hour() {
        let counts = Counts::new(FailureLimit::new(3, Duration::from_secs(10)), 16);
        let place = FingerprintKey::random().unwrap().of(&[b"a"]);
        (0..10).for_each(|_| counts.fail(place, 0));
        assert_eq!(counts.over(place, 0), Some(Duration::from_secs(80)));
        (0..100_000).for_each(|_| counts.fail(place, 0));
        assert_eq!(counts.over(place, 0), Some(LONGEST - Duration::from_secs(20)));
    }

    #[test]
    fn memory_is_bounded() {
        let counts = Counts::new(FailureLimit::new(3, Duration::from_secs(10)), 64);
        let key = FingerprintKey::random().unwrap();
        (0..10_000_u32).for_each(|n| counts.fail(key.of(&[&n.to_be_bytes()]), 0));
        assert!(counts.len() <= 64, "{}", counts.len());
    }
}
