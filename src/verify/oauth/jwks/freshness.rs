//! How long keys that were fetched are good for.

use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use super::KeySet;
use crate::clock::Clock;

/// When keys are fetched again; see [`JwksBuilder`](super::JwksBuilder).
#[derive(Clone, Copy, Debug)]
pub(in crate::verify::oauth) struct Times {
    /// Between two fetches, whatever asked for them.
    pub(in crate::verify::oauth) cooldown: Duration,
    /// After this, keys are fetched before they are used again.
    pub(in crate::verify::oauth) max_age: Duration,
    /// After this, keys that could not be fetched again are not used any more.
    pub(in crate::verify::oauth) max_stale: Duration,
    /// For one fetch.
    pub(in crate::verify::oauth) timeout: Duration,
}

/// One moment by two clocks: the one that somebody may set, and one that only goes on.
#[derive(Clone, Copy, Debug)]
pub(in crate::verify::oauth) struct Moment {
    wall: SystemTime,
    steady: Instant,
}

/// Keys that were fetched, and when.
#[derive(Debug)]
pub(in crate::verify::oauth) struct Kept {
    pub(in crate::verify::oauth) keys: KeySet,
    pub(in crate::verify::oauth) asked: Moment,
    pub(in crate::verify::oauth) max_age: Duration,
}

/// What the age of keys means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::verify::oauth) enum Age {
    /// Used as they are.
    Fresh,
    /// Used, and fetched again meanwhile.
    Ripe,
    /// Fetched again first; used only where that fails.
    Stale,
    /// Not used.
    Dead,
}

impl Moment {
    pub(in crate::verify::oauth) fn now(clock: &dyn Clock) -> Self {
        Self { wall: clock.now(), steady: Instant::now() }
    }

    /// The time until then, by the clock that says more: whichever of them stands, or was set back or ahead,
    /// nothing lasts for ever.
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
