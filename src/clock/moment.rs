//! One moment on two clocks.

use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use super::Clock;

/// One moment on two clocks: one that can be set, by which expiry is judged, and a steady one that
/// only advances.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    pub(crate) wall: SystemTime,
    pub(crate) steady: Instant,
}

impl Moment {
    #[inline]
    pub(crate) fn now(clock: &dyn Clock) -> Self {
        Self::at(clock.now())
    }

    /// Returns the current moment, with this time on the clock that can be set.
    #[inline]
    pub(crate) fn at(wall: SystemTime) -> Self {
        Self { wall, steady: Instant::now() }
    }

    /// Returns the time until then, by the clock with the larger difference. Thus nothing lasts
    /// forever if a clock stops, or is set back or ahead.
    #[cfg_attr(not(feature = "jwt"), allow(dead_code))]
    pub(crate) fn until(self, then: Self) -> Duration {
        let apart = self.wall.duration_since(then.wall).unwrap_or_else(|error| error.duration());
        apart.max(then.steady.saturating_duration_since(self.steady))
    }
}
