//! Calls that run at most once at a time for each key. Other callers of that key wait for it.
#![cfg_attr(not(all(feature = "cache", feature = "jwt")), allow(dead_code))]

use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::Instant;

use crate::credential::fingerprint::AlreadyRandom;

/// The running calls. Keys are fingerprints, or `()` if there is one call at most. Dropping this
/// ends the tasks of the calls.
pub(crate) struct SingleFlight<K: Copy + Eq + Hash, T> {
    shared: Arc<Shared<K, T>>,
    limit: usize,
    overdue: Duration,
}

struct Shared<K, T> {
    table: Mutex<Table<K, T>>,
    /// The number of running calls, for readers that take no lock.
    running: AtomicUsize,
}

struct Table<K, T> {
    /// The calls that others may still join.
    open: HashMap<K, Open<T>, AlreadyRandom>,
    /// All calls.
    running: HashMap<u64, Option<AbortHandle>>,
    next: u64,
}

struct Open<T> {
    number: u64,
    waiter: Waiter<T>,
}

/// The role of a caller in a call.
pub(crate) enum Joined<K: Copy + Eq + Hash, T, B, E> {
    /// The caller waits for a call that another one began.
    Follows(Waiter<T>),
    /// The caller begins the call.
    Leads(Call<K, T>, Waiter<T>, B),
    /// The limit is reached: the caller works for itself.
    Full(B),
    /// There is no call, for this reason.
    Declined(E),
}

/// The waiting end of a call.
pub(crate) struct Waiter<T> {
    outcome: watch::Receiver<Option<T>>,
    /// The time when the call began.
    pub(crate) since: Instant,
}

/// The working end of a call. However it ends, it leaves no waiting caller behind.
// A call that others may wait for is a task of its own. It therefore outlives the client that was
// first, and no other request fails with that client.
pub(crate) struct Call<K: Copy + Eq + Hash, T> {
    key: K,
    number: u64,
    shared: Arc<Shared<K, T>>,
    outcome: watch::Sender<Option<T>>,
}

impl<K: Copy + Eq + Hash, T> SingleFlight<K, T> {
    /// Makes a table of at most `limit` calls. A call that runs for longer than `overdue` is no
    /// longer joined, because its task may be on a runtime that does not poll it.
    pub(crate) fn new(limit: usize, overdue: Duration) -> Self {
        let table = Mutex::new(Table { open: HashMap::default(), running: HashMap::new(), next: 0 });
        Self { shared: Arc::new(Shared { table, running: AtomicUsize::new(0) }), limit, overdue }
    }

    /// Joins the call of a key, or begins one if `begin` agrees. `begin` runs only if there is no
    /// call to join, and before any other caller can join the new one.
    pub(crate) fn join<B, E>(&self, key: K, begin: impl FnOnce() -> Result<B, E>) -> Joined<K, T, B, E> {
        let mut table = self.shared.lock();
        let joined = table.open.get(&key).filter(|open| open.waiter.since.elapsed() <= self.overdue);
        if let Some(open) = joined {
            return Joined::Follows(open.waiter.clone());
        }
        let begun = match begin() {
            Ok(begun) => begun,
            Err(reason) => return Joined::Declined(reason),
        };
        if table.running.len() >= self.limit {
            return Joined::Full(begun);
        }
        let (sender, outcome) = watch::channel(None);
        let waiter = Waiter { outcome, since: Instant::now() };
        let number = table.next;
        table.next += 1;
        table.running.insert(number, None);
        table.open.insert(key, Open { number, waiter: waiter.clone() });
        self.shared.count(&table);
        let call = Call { key, number, shared: Arc::clone(&self.shared), outcome: sender };
        Joined::Leads(call, waiter, begun)
    }

    /// Runs a call as a task, which is aborted when this table is dropped.
    pub(crate) fn spawn<F>(&self, runtime: &Handle, call: Call<K, T>, work: impl FnOnce(Call<K, T>) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let number = call.number;
        let task = runtime.spawn(work(call)).abort_handle();
        if let Some(running) = self.shared.lock().running.get_mut(&number) {
            *running = Some(task);
        }
    }

    /// Closes a call: nothing can join it any longer, and those that wait get its outcome.
    pub(crate) fn close(&self, key: K) {
        let closed = self.shared.lock().open.remove(&key);
        drop(closed);
    }

    /// Closes all current calls.
    pub(crate) fn close_all(&self) {
        drop(std::mem::take(&mut self.shared.lock().open));
    }

    /// Returns true if a call of this key can be joined.
    pub(crate) fn has(&self, key: K) -> bool {
        self.shared.lock().open.contains_key(&key)
    }

    /// Returns the number of running calls.
    #[inline]
    pub(crate) fn running(&self) -> usize {
        self.shared.running.load(Ordering::Acquire)
    }
}

impl<K, T> Shared<K, T> {
    fn lock(&self) -> MutexGuard<'_, Table<K, T>> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Publishes the number of running calls after a change.
    fn count(&self, table: &Table<K, T>) {
        self.running.store(table.running.len(), Ordering::Release);
    }
}

impl<K: Copy + Eq + Hash, T> Drop for SingleFlight<K, T> {
    fn drop(&mut self) {
        let running = std::mem::take(&mut self.shared.lock().running);
        running.into_values().flatten().for_each(|task| task.abort());
    }
}

impl<T: Clone> Waiter<T> {
    /// Waits for the outcome. Returns `None` if the call ended without one.
    pub(crate) async fn outcome(mut self) -> Option<T> {
        self.outcome.wait_for(Option::is_some).await.ok()?.clone()
    }
}

impl<T> Clone for Waiter<T> {
    fn clone(&self) -> Self {
        Self { outcome: self.outcome.clone(), since: self.since }
    }
}

impl<K: Copy + Eq + Hash, T> Call<K, T> {
    /// Sends the outcome to all that wait.
    pub(crate) fn finish(self, outcome: T) {
        self.leave();
        self.outcome.send_replace(Some(outcome));
    }

    fn leave(&self) {
        let mut table = self.shared.lock();
        table.running.remove(&self.number);
        if table.open.get(&self.key).is_some_and(|open| open.number == self.number) {
            table.open.remove(&self.key);
        }
        self.shared.count(&table);
    }
}

impl<K: Copy + Eq + Hash, T> Drop for Call<K, T> {
    fn drop(&mut self) {
        self.leave();
    }
}

impl<K: Copy + Eq + Hash, T> fmt::Debug for SingleFlight<K, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SingleFlight").field("running", &self.running()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::credential::{Fingerprint, FingerprintKey};

    type Calls = SingleFlight<Fingerprint, u8>;

    const LATE: Duration = Duration::from_secs(4);

    fn join(calls: &Calls, key: Fingerprint) -> Joined<Fingerprint, u8, (), ()> {
        calls.join(key, || Ok(()))
    }

    fn keys<const N: usize>() -> [Fingerprint; N] {
        let key = FingerprintKey::random().unwrap();
        std::array::from_fn(|at| key.of(&[&at.to_ne_bytes()]))
    }

    #[tokio::test]
    async fn all_that_wait_get_the_outcome_of_the_one_call() {
        let (calls, [key]) = (Calls::new(9, LATE), keys());
        let Joined::Leads(call, first, ()) = join(&calls, key) else { panic!("leads") };
        let Joined::Follows(second) = join(&calls, key) else { panic!("follows") };
        call.finish(7);
        for waiter in [first, second] {
            assert_eq!(waiter.outcome().await, Some(7));
        }
        assert_eq!(calls.running(), 0);
        assert!(matches!(join(&calls, key), Joined::Leads(..)));
    }

    #[tokio::test]
    async fn a_call_that_is_dropped_or_panics_frees_its_key_and_ends_all_waits() {
        let (calls, [key]) = (Calls::new(9, LATE), keys());
        let runtime = Handle::current();
        for panics in [false, true] {
            let Joined::Leads(call, waiter, ()) = join(&calls, key) else { panic!("leads") };
            match panics {
                true => calls.spawn(&runtime, call, async |_call| panic!("on purpose")),
                false => drop(call),
            }
            assert_eq!(waiter.outcome().await, None);
            assert_eq!(calls.running(), 0);
            assert!(!calls.has(key));
        }
    }

    #[tokio::test]
    async fn tasks_end_with_the_table() {
        let (calls, [key]) = (Calls::new(9, LATE), keys());
        let Joined::Leads(call, waiter, ()) = join(&calls, key) else { panic!("leads") };
        calls.spawn(&Handle::current(), call, async |_call| std::future::pending().await);
        drop(calls);
        assert_eq!(waiter.outcome().await, None);
    }

    #[test]
    fn a_closed_call_is_not_joined_and_leaves_the_next_one_alone() {
        let (calls, [key]) = (Calls::new(9, LATE), keys());
        for close in [(|calls, key| Calls::close(calls, key)) as fn(&Calls, _), |calls, _| calls.close_all()]
        {
            let Joined::Leads(old, ..) = join(&calls, key) else { panic!("leads") };
            close(&calls, key);
            let Joined::Leads(new, ..) = join(&calls, key) else { panic!("leads") };
            assert_eq!(calls.running(), 2);
            drop(old);
            assert!(matches!(join(&calls, key), Joined::Follows(_)));
            drop(new);
            assert_eq!(calls.running(), 0);
        }
    }

    #[test]
    fn req_54_calls_are_bounded_and_keys_do_not_wait_for_each_other() {
        let (calls, [one, two, three]) = (Calls::new(2, LATE), keys());
        let held = [join(&calls, one), join(&calls, two)];
        assert!(held.iter().all(|joined| matches!(joined, Joined::Leads(..))));
        assert!(matches!(join(&calls, three), Joined::Full(())));
        assert!(matches!(join(&calls, two), Joined::Follows(_)));
        drop(held);
        assert!(matches!(join(&calls, three), Joined::Leads(..)));
    }

    #[test]
    fn an_overdue_call_is_not_joined() {
        let (calls, [key]) = (Calls::new(9, Duration::ZERO), keys());
        let _stuck = join(&calls, key);
        std::thread::sleep(Duration::from_millis(1));
        assert!(matches!(join(&calls, key), Joined::Leads(..)));
    }

    #[test]
    fn a_call_that_is_declined_does_not_run() {
        let (calls, [key]) = (Calls::new(9, LATE), keys());
        assert!(matches!(calls.join(key, || Err::<(), _>("known")), Joined::Declined("known")));
        assert_eq!(calls.running(), 0);
    }
}
