//! Leases of connections: a pool lends them for a second instead of for one statement.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::{Connection as _, Database, Pool};
use tokio::runtime::Handle;
use tokio::time::{Instant, sleep_until};

/// Connections that are lent, and that no statement uses at the moment.
///
/// When a connection comes back, the pool asks the server two questions: whether it answers, and
/// whether the connection is in a transaction. After each look-up, these would be two of three
/// round trips. A lease spares them, for reads alone: no read begins a transaction, and a write
/// always takes a connection that the pool has checked since the last write.
pub(super) struct Leases<DB: Database>(Arc<Idle<DB>>);

struct Idle<DB: Database>(Mutex<Vec<Lease<DB>>>);

/// A connection, and the time at which it goes back to its pool if it is lent.
pub(super) struct Lease<DB: Database> {
    pub(super) connection: PoolConnection<DB>,
    ends_at: Option<Instant>,
}

/// Length of a lease, which is also the time after which the pool tests an idle connection.
const LEASE: Duration = Duration::from_secs(1);

impl<DB: Database> Leases<DB> {
    pub(super) fn new() -> Self {
        Self(Arc::new(Idle(Mutex::new(Vec::new()))))
    }

    /// Returns a connection whose lease has not ended.
    pub(super) fn take(&self) -> Option<Lease<DB>> {
        loop {
            let lease = self.0.lock().pop()?;
            if !lease.has_ended() {
                return Some(lease);
            }
        }
    }

    /// Keeps a connection for the next read, unless its lease has ended or its pool is closed.
    pub(super) fn keep(&self, mut lease: Lease<DB>, pool: &Pool<DB>) {
        lease.ends_at = lease.ends_at.or_else(|| self.begin());
        let mut idle = self.0.lock();
        if !lease.has_ended() && !pool.is_closed() && !lease.connection.is_in_transaction() {
            idle.push(lease);
        }
    }

    /// Returns the end of a new lease. It ends by itself, so that a connection without requests is
    /// in the pool, which tests it before its next use and closes it when it is old.
    fn begin(&self) -> Option<Instant> {
        let (runtime, ends_at) = (Handle::try_current().ok()?, Instant::now() + LEASE);
        let idle = Arc::downgrade(&self.0);
        runtime.spawn(async move {
            sleep_until(ends_at).await;
            drop(idle.upgrade().map(|idle| idle.take_ended()));
        });
        Some(ends_at)
    }

    /// Returns how many connections wait for the next read.
    pub(super) fn len(&self) -> usize {
        self.0.lock().len()
    }

    /// Gives all waiting connections back.
    pub(super) fn end(&self) {
        drop(std::mem::take(&mut *self.0.lock()));
    }
}

impl<DB: Database> Lease<DB> {
    /// Returns a connection that is not lent yet.
    pub(super) const fn new(connection: PoolConnection<DB>) -> Self {
        Self { connection, ends_at: None }
    }

    fn has_ended(&self) -> bool {
        self.ends_at.is_none_or(|at| at <= Instant::now())
    }
}

impl<DB: Database> Idle<DB> {
    fn lock(&self) -> MutexGuard<'_, Vec<Lease<DB>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take_ended(&self) -> Vec<Lease<DB>> {
        self.lock().extract_if(.., |lease| lease.has_ended()).collect()
    }
}

/// A pool takes a connection back in a task of its own. Without a runtime that would panic, so the
/// connections are closed.
impl<DB: Database> Drop for Idle<DB> {
    fn drop(&mut self) {
        if Handle::try_current().is_err() {
            for lease in self.lock().drain(..) {
                drop(lease.connection.detach());
            }
        }
    }
}
