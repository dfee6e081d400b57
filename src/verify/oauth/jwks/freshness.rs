//! The time for which fetched keys are used.

use std::time::Duration;

use super::KeySet;
use crate::clock::Moment;

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

/// Fetched keys, and the time of the fetch.
#[derive(Debug)]
pub(in crate::verify::oauth) struct Kept {
    pub(in crate::verify::oauth) keys: KeySet,
    pub(in crate::verify::oauth) requested_at: Moment,
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

impl Kept {
    pub(in crate::verify::oauth) fn age(&self, times: &Times, now: Moment) -> Age {
        match self.requested_at.until(now) {
            age if age >= times.max_stale => Age::Dead,
            age if age >= self.max_age => Age::Stale,
            age if age >= self.max_age * 3 / 4 => Age::Ripe,
            _ => Age::Fresh,
        }
    }
}
