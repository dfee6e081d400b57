//! The time for which fetched keys are used.

use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use super::KeySet;
use crate::clock::Clock;

/// The times of fetches; see [`JwksBuilder`](super::JwksBuilder).
#[derive(Clone, Copy, Debug)]
pub(in crate::verify::oauth) struct Times {
    /// The least time between two fetches, for any cause.
    pub(in crate::verify::oauth) cooldown: Duration,
    /// After this, keys are fetched before they are used again.
    pub(in crate::verify::oauth) max_age: Duration,
    /// After this, keys that could not be fetched again are no longer used.
    pub(in crate::verify::oauth) max_stale: Duration,
    /// The time limit of one fetch.
    pub(in crate::verify::oauth) timeout: Duration,
}

/// One moment by two clocks: one that can be set, and one that only advances.
#[derive(Clone, Copy, Debug)]
pub(in crate::verify::oauth) struct Moment {
    wall: SystemTime,
    steady: Instant,
}

/// Fetched keys, and the time of the fetch.
#[derive(Debug)]
pub(in crate::verify::oauth) struct Kept {
    pub(in crate::verify::oauth) keys: KeySet,
    pub(in crate::verify::oauth) asked: Moment,
    pub(in crate::verify::oauth) max_age: Duration,
}

/// The use of keys at their age.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::verify::oauth) enum Age {
    /// Used without a fetch.
    Fresh,
    /// Used, and fetched again in the meantime.
    Ripe,
    /// Fetched again first; used only if that fails.
    Stale,
    /// Not used.
    Dead,
}

impl Moment {
    pub(in crate::verify::oauth) fn now(clock: &dyn Clock) -> Self {
        Self { wall: clock.now(), steady: Instant::now() }
    }

    /// Returns the time until then, by the clock with the larger difference. Thus nothing lasts
    /// forever if a clock stops, or is set back or ahead.
    pub(in crate::verify::oauth) fn until(self, then: Self) -> Duration {
        let apart = self.wall.duration_since(then.wall).unwrap_or_else(|error| error.duration());
        apart.max(then.steady.saturating_duration_since(self.steady))
    }
}

impl Kept {
    pub(in crate::verify::oauth) fn age(&self, times: &Times, now: Moment) -> Age {
        match self.asked.until(now) {
            age if age >= times.max_stale => Age::Dead,
            age if age >= self.max_age => Age::Stale,
            age if age >= self.max_age * 3 / 4 => Age::Ripe,
            _ => Age::Fresh,
        }
    }
}
