//! The limits of fetches: one at a time, and not too often.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::runtime::Handle;

use crate::clock::Moment;
use crate::single_flight::{Call, Joined, SingleFlight, Waiter};

/// Lets one fetch at a time begin, and none until the cooldown of the previous one is over.
// Keys are fetched by a task that belongs to them. `verify/oauth/jwks/fetch_gate.rs` lets one fetch
// at a time begin and claims the cooldown before it. When keys are 225 s old, they are fetched
// again in the background. When they are older than 300 s, they are fetched before they are used. A
// token of a known key then waits up to 1 s. A withdrawn key therefore becomes invalid in time, and
// an issuer that hangs stops no request. Ages follow two clocks, the given clock and a monotonic
// clock, and the greater age counts. If a clock is put back or stands still, it therefore extends
// nothing.
pub(in crate::verify::oauth) struct Gate {
    cooldown: Duration,
    last: Mutex<LastFetch>,
    fetches: SingleFlight<(), ()>,
}

#[derive(Default)]
struct LastFetch {
    /// The time when the last fetch began: set before it, and kept for any result.
    claimed: Option<Moment>,
    failed: bool,
}

/// A running fetch. It has no outcome: requests that waited for it read the keys themselves.
pub(in crate::verify::oauth) type FetchCall = Call<(), ()>;

/// The answer to a request for a fetch.
pub(in crate::verify::oauth) enum FetchRequest {
    /// A fetch is running.
    Running(Waiter<()>),
    /// Too soon after the last fetch; `failed` is its result.
    TooSoon { failed: bool },
}

impl Gate {
    pub(in crate::verify::oauth) fn new(cooldown: Duration) -> Self {
        Self { cooldown, last: Mutex::default(), fetches: SingleFlight::new(1, Duration::MAX) }
    }

    /// Begins a fetch, joins the running one, or does neither. The fetch is a task that outlives
    /// the request that began it.
    pub(in crate::verify::oauth) fn request<F>(
        &self,
        now: Moment,
        fetch: impl FnOnce(FetchCall) -> F,
    ) -> FetchRequest
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let claim = || {
            let mut last = self.last();
            if last.claimed.is_some_and(|claimed| claimed.until(now) < self.cooldown) {
                return Err(last.failed);
            }
            // No fetch is possible without a runtime. No time is set, so that the next caller can
            // fetch.
            let runtime = Handle::try_current().map_err(|_| true)?;
            last.claimed = Some(now);
            Ok(runtime)
        };
        match self.fetches.join((), claim) {
            Joined::Follows(wait) => FetchRequest::Running(wait),
            Joined::Leads(call, wait, runtime) => {
                self.fetches.spawn(&runtime, call, fetch);
                FetchRequest::Running(wait)
            }
            Joined::Declined(failed) => FetchRequest::TooSoon { failed },
            Joined::Full(_) => FetchRequest::TooSoon { failed: true },
        }
    }

    /// Returns true if the known keys may be out of date: the last fetch failed, or one is running.
    pub(in crate::verify::oauth) fn is_uncertain(&self) -> bool {
        // A fetch that has ended since then has set its result.
        self.fetches.running() > 0 || self.last().failed
    }

    /// Sets the result of the running fetch, before its call ends.
    pub(in crate::verify::oauth) fn set_result(&self, failed: bool) {
        self.last().failed = failed;
    }

    fn last(&self) -> MutexGuard<'_, LastFetch> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
