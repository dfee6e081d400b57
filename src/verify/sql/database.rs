//! Runner of statements within a deadline, even if the caller stops waiting.

use std::sync::Arc;
use std::time::Duration;

use sqlx::SqlStr;
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep, timeout_at};

use super::schema::statement;
use super::{Access, Engine, Plan, Row, SqlError, Value};

/// Database: its engine, the prefix of its tables, and the time it has for an answer.
///
/// A statement runs in a task of its own, which the caller awaits and does not own. A client that
/// leaves drops a waiting future and never a running statement (REQ-57). There are as many such
/// tasks as connections, and a caller that waits for a place holds nothing.
#[derive(Clone, Debug)]
pub(super) struct Database {
    engine: Arc<dyn Engine>,
    places: Arc<Semaphore>,
    deadline: Duration,
    prefix: Arc<str>,
}

/// Maximum number of broken connections that a read may meet in a row.
const ATTEMPTS: u32 = 16;
/// Number of deadlines that a start waits for a database that is late or locked.
const PATIENCE: u32 = 5;

impl Database {
    pub(super) fn new(
        engine: Arc<dyn Engine>,
        connections: u32,
        deadline: Duration,
        prefix: Arc<str>,
    ) -> Self {
        let places = usize::try_from(connections).unwrap_or(usize::MAX).min(Semaphore::MAX_PERMITS);
        Self { engine, places: Arc::new(Semaphore::new(places)), deadline, prefix }
    }

    /// Returns a statement with the tables' prefix in place of `{p}`.
    pub(super) fn statement(&self, template: &str) -> SqlStr {
        statement(template, &self.prefix)
    }

    /// Runs a statement that changes nothing.
    ///
    /// It is run again if its connection is broken. The server may have been restarted since that
    /// connection was made, and since the next one was.
    pub(super) async fn read(&self, statement: SqlStr, values: Vec<Value>) -> Result<Vec<Row>, SqlError> {
        let until = Instant::now() + self.deadline;
        self.detached(self.place(until).await?, Access::Read, statement, values, until, |rows| rows).await
    }

    /// Runs a statement that changes something, once, and returns the rows of its `RETURNING`.
    pub(super) async fn write(&self, statement: SqlStr, values: Vec<Value>) -> Result<Vec<Row>, SqlError> {
        self.write_then(statement, values, |rows| rows).await
    }

    /// Runs a statement as [`write`](Self::write) does, and then `then` in the statement's task,
    /// even if the caller has stopped waiting.
    pub(super) async fn write_then<T: Send + 'static>(
        &self,
        statement: SqlStr,
        values: Vec<Value>,
        then: impl FnOnce(Result<Vec<Row>, SqlError>) -> Result<T, SqlError> + Send + 'static,
    ) -> Result<T, SqlError> {
        let until = Instant::now() + self.deadline;
        self.detached(self.place(until).await?, Access::Write, statement, values, until, then).await
    }

    /// Runs a statement as [`write`](Self::write) does, if a connection is free now; otherwise
    /// returns `None`.
    pub(super) async fn write_at_leisure(
        &self,
        statement: SqlStr,
        values: Vec<Value>,
    ) -> Option<Result<Vec<Row>, SqlError>> {
        let place = Arc::clone(&self.places).try_acquire_owned().ok()?;
        let until = Instant::now() + self.deadline;
        Some(self.detached(place, Access::Write, statement, values, until, |rows| rows).await)
    }

    /// Brings the tables up to date if they are not. The database may still be starting, and other
    /// nodes may do the same at this moment.
    pub(super) async fn bring_up_to_date(&self, plan: Plan) -> Result<(), SqlError> {
        let (plan, until) = (Arc::new(plan), Instant::now() + self.deadline * PATIENCE);
        loop {
            match self.try_to_bring_up_to_date(&plan).await {
                Err(SqlError::Late | SqlError::Busy | SqlError::Locked | SqlError::Exists)
                    if Instant::now() < until =>
                {
                    sleep(Duration::from_millis(50)).await;
                }
                done => return done,
            }
        }
    }

    async fn try_to_bring_up_to_date(&self, plan: &Arc<Plan>) -> Result<(), SqlError> {
        // The first query takes no lock, and needs no right to make tables.
        match self.read(plan.version.clone(), Vec::new()).await {
            Ok(rows) => {
                let newest = rows.into_iter().next().map_or(Ok(0), |mut row| row.number())?;
                if plan.steps.iter().all(|(version, _)| *version <= newest) {
                    return Ok(());
                }
            }
            // The table does not exist yet.
            Err(SqlError::Refused(_)) => {}
            Err(error) => return Err(error),
        }
        let (engine, plan) = (Arc::clone(&self.engine), Arc::clone(plan));
        let work = async move { engine.migrate(&plan).await };
        runtime()?.spawn(work).await.map_err(|_| SqlError::Unreachable)?
    }

    pub(super) fn connections(&self) -> (u32, u32) {
        self.engine.connections()
    }

    pub(super) async fn close(&self) {
        self.engine.close().await;
    }

    async fn place(&self, until: Instant) -> Result<OwnedSemaphorePermit, SqlError> {
        let place = timeout_at(until, Arc::clone(&self.places).acquire_owned()).await;
        place.map_err(|_| SqlError::Busy)?.map_err(|_| SqlError::Unreachable)
    }

    // A database is asked by a task that its caller does not own. If a client leaves, it drops a
    // future that waits, never a statement under way. The reason is that sqlx 0.9 can leave a
    // connection in a transaction when a `BEGIN` is cancelled. There are as many such tasks as
    // connections, and every write is one statement. Before a connection goes back, the server is
    // asked whether it is in a transaction. The pool is always the verifier's own, even if a pool
    // is passed in, because only then do its limits and checks hold.
    async fn detached<T: Send + 'static>(
        &self,
        place: OwnedSemaphorePermit,
        access: Access,
        statement: SqlStr,
        values: Vec<Value>,
        until: Instant,
        then: impl FnOnce(Result<Vec<Row>, SqlError>) -> Result<T, SqlError> + Send + 'static,
    ) -> Result<T, SqlError> {
        let engine = Arc::clone(&self.engine);
        let attempts = if access == Access::Read { ATTEMPTS } else { 1 };
        let work = async move {
            let _place = place;
            for _ in 1..attempts {
                match engine.run(access, statement.clone(), values.clone(), until).await {
                    Err(SqlError::Unreachable) if Instant::now() < until => {}
                    done => return then(done),
                }
            }
            then(engine.run(access, statement, values, until).await)
        };
        // A connection that is being made is completed, and is there for the next statement.
        let done = timeout_at(until, runtime()?.spawn(work)).await;
        done.map_err(|_| SqlError::Late)?.map_err(|_| SqlError::Unreachable)?
    }
}

/// Returns the tokio runtime, which pools and timers need.
fn runtime() -> Result<Handle, SqlError> {
    Handle::try_current().map_err(|_| SqlError::Configuration("the database needs a tokio runtime"))
}
