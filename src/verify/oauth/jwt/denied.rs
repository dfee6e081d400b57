//! The time for which a denied token is kept.

use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use crate::clock::Moment;

/// The least time for which a token is kept, by two clocks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Denied {
    until: SystemTime,
    /// `None` means forever.
    steady: Option<Instant>,
}

impl Denied {
    pub(super) fn new(now: Moment, until: SystemTime, life: Duration, leeway: Duration) -> Self {
        // The clock may be wrong now, so it does not show how much time the token has left.
        let steady = life.checked_add(leeway).and_then(|life| now.steady.checked_add(life));
        Self { until: until.checked_add(leeway).unwrap_or(until), steady }
    }

    pub(super) fn extend(&mut self, leeway: Duration, life: Duration) {
        self.until = self.until.checked_add(leeway).unwrap_or(self.until);
        self.steady = self.steady.and_then(|steady| steady.checked_add(leeway + life));
    }

    pub(super) fn is_over(&self, now: Moment) -> bool {
        self.until <= now.wall && self.steady.is_some_and(|steady| steady <= now.steady)
    }

    pub(super) fn longest(self, other: Self) -> Self {
        let steady = self.steady.zip(other.steady).map(|(one, other)| one.max(other));
        Self { until: self.until.max(other.until), steady }
    }
}
