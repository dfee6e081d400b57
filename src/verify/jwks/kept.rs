//! How long keys that were fetched are good for.

use std::time::{Duration, SystemTime};

use super::KeySet;

/// When keys are fetched again; see [`JwksBuilder`](super::JwksBuilder).
#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    /// Between two fetches, whatever asked for them.
    pub(super) cooldown: Duration,
    /// After this, keys are fetched before they are used again.
    pub(super) max_age: Duration,
    /// After this, keys that could not be fetched again are not used any more.
    pub(super) max_stale: Duration,
    /// For one fetch.
    pub(super) timeout: Duration,
}

/// Keys that were fetched, and when.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) keys: KeySet,
    pub(super) asked: SystemTime,
    pub(super) max_age: Duration,
}

/// What the age of keys means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Age {
    /// Used as they are.
    Fresh,
    /// Used, and fetched again meanwhile.
    Ripe,
    /// Fetched again first; used only where that fails.
    Stale,
    /// Not used.
    Dead,
}

impl Kept {
    pub(super) fn age(&self, times: &Times, now: SystemTime) -> Age {
        match apart(self.asked, now) {
            age if age >= times.max_stale => Age::Dead,
            age if age >= self.max_age => Age::Stale,
            age if age >= self.max_age * 3 / 4 => Age::Ripe,
            _ => Age::Fresh,
        }
    }
}

/// The time between two moments, whichever is first: after a clock was set back, nothing lasts for ever.
pub(super) fn apart(one: SystemTime, other: SystemTime) -> Duration {
    one.duration_since(other).unwrap_or_else(|error| error.duration())
}
