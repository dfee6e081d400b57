//! The limits of fetches: one at a time, and not too often.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::Instant;

use crate::clock::Moment;

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
    state: Mutex<State>,
    ended: watch::Sender<u64>,
}

#[derive(Default)]
struct State {
    /// The time when the last fetch began: set before it, and kept for any result.
    claimed: Option<Moment>,
    failed: bool,
    running: Option<RunningFetch>,
}

struct RunningFetch {
    since: Instant,
    /// `None` until it is spawned.
    task: Option<AbortHandle>,
}

/// The answer to a request for a fetch.
pub(in crate::verify::oauth) enum FetchRequest {
    /// A fetch is running.
    Running(Wait),
    /// Too soon after the last fetch; `failed` is its result.
    TooSoon { failed: bool },
}

/// Waits for a fetch to end.
pub(in crate::verify::oauth) struct Wait {
    pub(in crate::verify::oauth) ended: watch::Receiver<u64>,
    pub(in crate::verify::oauth) since: Instant,
}

impl Gate {
    pub(in crate::verify::oauth) fn new(cooldown: Duration) -> Self {
        Self { cooldown, state: Mutex::default(), ended: watch::Sender::new(0) }
    }

    /// Begins a fetch, joins the running one, or does neither. The fetch is a task that outlives
    /// the request that began it.
    pub(in crate::verify::oauth) fn request<F>(&self, now: Moment, fetch: impl FnOnce() -> F) -> FetchRequest
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let mut state = self.state();
        if let Some(running) = &state.running {
            return FetchRequest::Running(Wait { ended: self.ended.subscribe(), since: running.since });
        }
        if state.claimed.is_some_and(|claimed| claimed.until(now) < self.cooldown) {
            return FetchRequest::TooSoon { failed: state.failed };
        }
        // No fetch is possible without a runtime. No time is set, so that the next caller can
        // fetch.
        let Ok(runtime) = Handle::try_current() else { return FetchRequest::TooSoon { failed: true } };
        state.claimed = Some(now);
        let since = Instant::now();
        let ended = self.ended.subscribe();
        state.running = Some(RunningFetch { since, task: None });
        drop(state);
        let task = runtime.spawn(fetch()).abort_handle();
        if let Some(running) = &mut self.state().running {
            running.task = Some(task);
        }
        FetchRequest::Running(Wait { ended, since })
    }

    /// Returns true if the known keys may be out of date: the last fetch failed, or one is running.
    pub(in crate::verify::oauth) fn is_uncertain(&self) -> bool {
        let state = self.state();
        state.failed || state.running.is_some()
    }

    /// Ends the running fetch.
    pub(in crate::verify::oauth) fn finish(&self, failed: bool) {
        let mut state = self.state();
        state.running = None;
        state.failed = failed;
        drop(state);
        self.ended.send_modify(|count| *count = count.wrapping_add(1));
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ends the fetch when the last owner of its keys is dropped.
impl Drop for Gate {
    fn drop(&mut self) {
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(task) = state.running.take().and_then(|running| running.task) {
            task.abort();
        }
    }
}
