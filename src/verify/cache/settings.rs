//! How much is stored, and for how long.

use std::sync::Arc;
use std::time::Duration;

use super::Cached;
use crate::clock::{Clock, SystemClock};
use crate::verify::Verifier;

/// The numbers of a cache.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) ttl: Duration,
    pub(super) negative_ttl: Duration,
    pub(super) capacity: usize,
    pub(super) negative_capacity: usize,
    pub(super) passwords: bool,
    pub(super) deadline: Duration,
    pub(super) flights: usize,
    pub(super) clock: Arc<dyn Clock>,
}

/// No answer is kept longer, whatever is asked for.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

impl Default for Settings {
    fn default() -> Self {
        Self {
            ttl: Duration::from_secs(30),
            negative_ttl: Duration::from_secs(5),
            capacity: 100_000,
            negative_capacity: 50_000,
            passwords: false,
            deadline: Duration::from_secs(2),
            flights: 4_096,
            clock: Arc::new(SystemClock),
        }
    }
}

impl<V: Verifier> Cached<V> {
    /// How long good answers are kept: 30 s unless said, and a day at most. So long may something that was
    /// revoked elsewhere go unnoticed. Zero keeps none. Empties the cache, as all of these do.
    #[must_use]
    pub fn ttl(self, ttl: Duration) -> Self {
        self.set(|settings| settings.ttl = ttl.min(LONGEST))
    }

    /// How long refusals are kept: 5 s unless said, and a day at most. So long may something that was issued
    /// or enabled just now be refused. Zero keeps none.
    #[must_use]
    pub fn negative_ttl(self, ttl: Duration) -> Self {
        self.set(|settings| settings.negative_ttl = ttl.min(LONGEST))
    }

    /// How many good answers are kept, about: 100,000 unless said. The least used go first.
    ///
    /// One that holds more than 2 KiB ([`Principal::bytes`](crate::Principal::bytes)) counts as several, one for each 2 KiB.
    /// So whatever tokens and authorization servers say, 100,000 hold 250 MB at most; the claims of a verifier of your own
    /// are counted where it says how large they are. An answer that is larger than a part of the cache is not kept.
    #[must_use]
    pub fn capacity(self, answers: usize) -> Self {
        self.set(|settings| settings.capacity = answers)
    }

    /// How many refusals are kept, about: 50,000 unless said.
    #[must_use]
    pub fn negative_capacity(self, answers: usize) -> Self {
        self.set(|settings| settings.negative_capacity = answers)
    }

    /// Whether right passwords are kept, too; no unless said. A password hash is slow on purpose, and
    /// clients of Basic send it with every request.
    ///
    /// It is a choice since with it an old password is good for some seconds after it was changed, and
    /// since who can read the process's memory can try passwords against a fast fingerprint rather than
    /// a slow hash. Wrong passwords are never kept: each has to be seen by whoever counts them.
    #[must_use]
    pub fn passwords(self, kept: bool) -> Self {
        self.set(|settings| settings.passwords = kept)
    }

    /// After what time the verifier is given up, 2 s unless said; give the layer the same.
    #[must_use]
    pub fn deadline(self, deadline: Duration) -> Self {
        self.set(|settings| settings.deadline = deadline)
    }

    /// How many verifications run on tasks of their own at a time: 4,096 unless said. What comes on top is
    /// verified by the request itself, and shared with nobody.
    #[must_use]
    pub fn flights(self, limit: usize) -> Self {
        self.set(|settings| settings.flights = limit)
    }

    /// The clock that expiry is judged by, the operating system's unless said. Whatever it says, nothing
    /// is kept longer than a steady clock allows.
    #[must_use]
    pub fn clock(self, clock: impl Clock) -> Self {
        self.set(|settings| settings.clock = Arc::new(clock))
    }
}
