//! Lifetimes of answers.

use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use crate::clock::Moment;

/// The lifetime of an answer on both clocks. If one of them is set back, the other still ends it.
// Each answer expires by two clocks: the clock of the principal's expiry, and a monotonic clock. A
// clock that is set back therefore keeps no answer for ever. Both count from the time when the
// verifier was asked, not from its answer.
#[derive(Clone, Copy, Debug, Hash)]
pub(super) struct Lifetime {
    from: SystemTime,
    until: SystemTime,
    bound: Instant,
}

impl Lifetime {
    /// Returns a lifetime from a moment on, which ends at the latest when the credential itself
    /// expires. Returns `None` if that time has passed already.
    pub(super) fn new(from: Moment, time: Duration, expires_at: Option<SystemTime>) -> Option<Self> {
        let until = from.wall.checked_add(time)?;
        let until = expires_at.map_or(until, |expires_at| expires_at.min(until));
        let lifetime = Self { from: from.wall, until, bound: from.steady.checked_add(time)? };
        lifetime.holds(from).then_some(lifetime)
    }

    #[inline]
    pub(super) fn holds(&self, now: Moment) -> bool {
        self.from <= now.wall && now.wall < self.until && now.steady < self.bound
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIME: Duration = Duration::from_secs(30);
    const SECOND: Duration = Duration::from_secs(1);

    fn at(second: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + SECOND * u32::try_from(second).unwrap()
    }

    #[test]
    fn it_ends_by_the_clock_that_is_first() {
        let start = Instant::now();
        let lifetime = Lifetime::new(Moment { wall: at(1000), steady: start }, TIME, None).unwrap();
        for (wall, steady, holds) in [
            (1000, 0, true),
            (1029, 29, true),
            (1030, 29, false),
            (1029, 30, false),
            // The clock is set ahead, and set back. Before its begin a lifetime does not hold, and
            // never longer than the bound.
            (2000, 1, false),
            (999, 1, false),
            (1001, 29, true),
            (1001, 30, false),
        ] {
            let now = Moment { wall: at(wall), steady: start + SECOND * steady };
            assert_eq!(lifetime.holds(now), holds, "{wall} {steady}");
        }
    }

    #[test]
    fn it_ends_when_the_credential_does() {
        let steady = Instant::now();
        let from = Moment { wall: at(1000), steady };
        let holds = |lifetime: &Lifetime, second| lifetime.holds(Moment { wall: at(second), steady });
        let short = Lifetime::new(from, TIME, Some(at(1010))).unwrap();
        assert!(holds(&short, 1009) && !holds(&short, 1010));
        assert!(!holds(&Lifetime::new(from, TIME, Some(at(9999))).unwrap(), 1030));
        assert!(Lifetime::new(from, TIME, Some(at(1000))).is_none());
        assert!(Lifetime::new(from, TIME, Some(at(0))).is_none());
        assert!(Lifetime::new(from, Duration::ZERO, None).is_none());
        assert!(Lifetime::new(from, Duration::MAX, None).is_none());
    }
}
