//! A clock that tests set.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use crate::clock::Clock;

/// A clock that stands still until it is changed. Clones share the same time.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use tower_principal::clock::Clock as _;
/// use tower_principal::test_util::TestClock;
///
/// let clock = TestClock::default();
/// let before = clock.now();
/// clock.advance(Duration::from_secs(60));
/// assert_eq!(clock.now(), before + Duration::from_secs(60));
/// ```
#[derive(Clone, Debug)]
pub struct TestClock(Arc<Mutex<SystemTime>>);

impl TestClock {
    /// Creates a clock at this time.
    pub fn at(time: SystemTime) -> Self {
        Self(Arc::new(Mutex::new(time)))
    }

    /// Advances the clock.
    pub fn advance(&self, by: Duration) {
        self.set(self.now() + by);
    }

    /// Sets the clock back, as when a clock is corrected.
    pub fn set_back(&self, by: Duration) {
        self.set(self.now() - by);
    }

    /// Sets the clock to another time.
    pub fn set(&self, time: SystemTime) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = time;
    }
}

/// Creates a clock at the current time, in whole seconds.
impl Default for TestClock {
    fn default() -> Self {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Self::at(SystemTime::UNIX_EPOCH + Duration::from_secs(now.as_secs()))
    }
}

impl Clock for TestClock {
    fn now(&self) -> SystemTime {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
