//! Shared verifications: requests with the same credential at the same time share one call.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::task::AbortHandle;

use crate::credential::Fingerprint;
use crate::credential::fingerprint::AlreadyRandom;
use crate::deadline::Unfinished;
use crate::principal::Principal;
use crate::verify::VerifyError;

/// The outcome of a verification.
pub(super) type Outcome = Result<Result<Principal, VerifyError>, Unfinished>;

/// The running verifications, each on its own task. Dropping this ends them.
// `verify/oauth/jwks/fetch_gate.rs` and `pipeline/revocation.rs` also let one call run at a time.
// They share no code with this file, because they have no outcome to pass on. A fetch has no key
// but a cooldown, and its waiting requests read the new key set themselves. A revocation has a key,
// and no request waits for it.
pub(super) struct SharedCalls {
    table: Arc<Mutex<Table>>,
    limit: usize,
    deadline: Duration,
}

#[derive(Default)]
struct Table {
    /// The verifications that requests may still join.
    open: HashMap<Fingerprint, Open, AlreadyRandom>,
    /// All verifications.
    running: HashMap<u64, Option<AbortHandle>>,
    next: u64,
}

struct Open {
    number: u64,
    began: Instant,
    outcome: Waiter,
}

/// The role of a request in a verification.
pub(super) enum Joined<T> {
    /// The answer is available by now.
    Known(Result<Principal, VerifyError>),
    /// The request waits for a verification that another one began.
    Follows(Waiter),
    /// The request begins the verification.
    Leads(SharedCall, Waiter, T),
    /// The limit is reached: each request verifies its own credential.
    Full,
}

/// The waiting end of a call.
#[derive(Clone)]
pub(super) struct Waiter(watch::Receiver<Option<Outcome>>);

/// The working end of a call. However it ends, it leaves no waiting request behind.
// A verification that others may wait for is a task of its own. It therefore outlives the client
// that was first, and no other request fails with that client. It owns its data and gets a context
// without the head. It ends at a deadline, and with the cache.
pub(super) struct SharedCall {
    key: Fingerprint,
    number: u64,
    table: Arc<Mutex<Table>>,
    outcome: watch::Sender<Option<Outcome>>,
}

impl SharedCalls {
    pub(super) fn new(limit: usize, deadline: Duration) -> Self {
        Self { table: Arc::default(), limit, deadline }
    }

    /// Joins the call of a key or begins one, unless `known` returns an answer by now. `begin` is
    /// called before any request can join.
    pub(super) fn join<T>(
        &self,
        key: Fingerprint,
        known: impl FnOnce() -> Option<Result<Principal, VerifyError>>,
        begin: impl FnOnce() -> T,
    ) -> Joined<T> {
        let mut table = lock(&self.table);
        // The task of an overdue call may be on a runtime that no longer polls it.
        let overdue = |open: &Open| open.began.elapsed() > self.deadline.saturating_mul(2);
        if let Some(open) = table.open.get(&key).filter(|open| !overdue(open)) {
            return Joined::Follows(open.outcome.clone());
        }
        // Answers are stored before a call ends, so this look-up misses none.
        if let Some(answer) = known() {
            return Joined::Known(answer);
        }
        if table.running.len() >= self.limit {
            return Joined::Full;
        }
        let begun = begin();
        let (sender, receiver) = watch::channel(None);
        let (number, waiter) = (table.next, Waiter(receiver));
        table.next += 1;
        table.running.insert(number, None);
        table.open.insert(key, Open { number, began: Instant::now(), outcome: waiter.clone() });
        let call = SharedCall { key, number, table: Arc::clone(&self.table), outcome: sender };
        Joined::Leads(call, waiter, begun)
    }

    /// Attaches the handle that can abort the task of a call.
    pub(super) fn attach(&self, number: u64, task: AbortHandle) {
        if let Some(running) = lock(&self.table).running.get_mut(&number) {
            *running = Some(task);
        }
    }

    /// Closes a call: requests can no longer join it, and the waiting ones get its answer.
    pub(super) fn close(&self, key: Fingerprint) {
        let closed = lock(&self.table).open.remove(&key);
        drop(closed);
    }

    /// Closes all current calls.
    pub(super) fn close_all(&self) {
        let closed = std::mem::take(&mut lock(&self.table).open);
        drop(closed);
    }

    /// Returns the number of running verifications.
    pub(super) fn running(&self) -> usize {
        lock(&self.table).running.len()
    }
}

impl Drop for SharedCalls {
    fn drop(&mut self) {
        let running = std::mem::take(&mut lock(&self.table).running);
        running.into_values().flatten().for_each(|task| task.abort());
    }
}

impl Waiter {
    /// Waits for the outcome. Returns `None` if the task was dropped.
    pub(super) async fn outcome(mut self) -> Option<Outcome> {
        self.0.wait_for(Option::is_some).await.ok()?.clone()
    }
}

impl SharedCall {
    pub(super) const fn number(&self) -> u64 {
        self.number
    }

    /// Sends the outcome to all waiting requests.
    pub(super) fn finish(self, outcome: Outcome) {
        self.leave();
        self.outcome.send_replace(Some(outcome));
    }

    fn leave(&self) {
        let mut table = lock(&self.table);
        table.running.remove(&self.number);
        if table.open.get(&self.key).is_some_and(|open| open.number == self.number) {
            table.open.remove(&self.key);
        }
    }
}

impl Drop for SharedCall {
    fn drop(&mut self) {
        self.leave();
    }
}

fn lock(table: &Mutex<Table>) -> MutexGuard<'_, Table> {
    table.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::credential::FingerprintKey;

    fn join(shared: &SharedCalls, key: Fingerprint) -> Joined<()> {
        shared.join(key, || None, || ())
    }

    fn keys<const N: usize>() -> [Fingerprint; N] {
        let key = FingerprintKey::random().unwrap();
        std::array::from_fn(|at| key.of(&[&at.to_ne_bytes()]))
    }

    #[tokio::test]
    async fn followers_get_the_leaders_answer() {
        let (shared, [key]) = (SharedCalls::new(9, Duration::from_secs(2)), keys());
        let Joined::Leads(call, first, ()) = join(&shared, key) else { panic!("leads") };
        let Joined::Follows(second) = join(&shared, key) else { panic!("follows") };
        call.finish(Ok(Err(VerifyError::UNKNOWN)));
        for waiter in [first, second] {
            assert!(matches!(waiter.outcome().await, Some(Ok(Err(VerifyError::Denied(_))))));
        }
        assert_eq!(shared.running(), 0);
        assert!(matches!(join(&shared, key), Joined::Leads(..)));
    }

    #[tokio::test]
    async fn a_flight_that_is_dropped_ends_for_everybody() {
        let (shared, [key]) = (SharedCalls::new(9, Duration::from_secs(2)), keys());
        let Joined::Leads(call, waiter, ()) = join(&shared, key) else { panic!("leads") };
        drop(call);
        assert!(waiter.outcome().await.is_none());
        assert_eq!(shared.running(), 0);
        assert!(lock(&shared.table).open.is_empty());
    }

    #[test]
    fn a_closed_flight_is_joined_by_nobody_and_leaves_the_next_one_alone() {
        let (shared, [key]) = (SharedCalls::new(9, Duration::from_secs(2)), keys());
        for close in [(|shared, key| SharedCalls::close(shared, key)) as fn(&SharedCalls, _), |shared, _| {
            shared.close_all()
        }] {
            let Joined::Leads(old, ..) = join(&shared, key) else { panic!("leads") };
            close(&shared, key);
            let Joined::Leads(new, ..) = join(&shared, key) else { panic!("leads") };
            assert_eq!(shared.running(), 2);
            drop(old);
            assert!(matches!(join(&shared, key), Joined::Follows(_)));
            drop(new);
            assert_eq!(shared.running(), 0);
        }
    }

    #[test]
    fn req_54_flights_are_bounded() {
        let (shared, [one, two, three]) = (SharedCalls::new(2, Duration::from_secs(2)), keys());
        let held = [join(&shared, one), join(&shared, two)];
        assert!(matches!(join(&shared, three), Joined::Full));
        assert!(matches!(join(&shared, two), Joined::Follows(_)));
        drop(held);
        assert!(matches!(join(&shared, three), Joined::Leads(..)));
    }

    #[test]
    fn a_flight_that_nobody_polls_any_longer_is_not_joined() {
        let (shared, [key]) = (SharedCalls::new(9, Duration::ZERO), keys());
        let _stuck = join(&shared, key);
        std::thread::sleep(Duration::from_millis(1));
        assert!(matches!(join(&shared, key), Joined::Leads(..)));
    }

    #[test]
    fn what_is_known_by_now_is_not_asked_again() {
        let (shared, [key]) = (SharedCalls::new(9, Duration::from_secs(2)), keys());
        let known = || Some(Err(VerifyError::UNKNOWN));
        assert!(matches!(shared.join(key, known, || ()), Joined::Known(Err(_))));
        assert_eq!(shared.running(), 0);
    }
}
