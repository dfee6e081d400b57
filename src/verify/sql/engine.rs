//! Engines, which run statements in the same way on every database.

use std::fmt;

use async_trait::async_trait;
use sqlx::pool::PoolConnection;
use sqlx::{
    Arguments as _, ColumnIndex, Connection as _, Database, Decode, Encode, Executor, IntoArguments, Pool,
    Row as _, SqlStr, Type, TypeInfo as _, ValueRef as _,
};
use tokio::time::{Instant, timeout_at};

use super::lease::{Lease, Leases};
use super::{Plan, Row, SqlError, Value};

/// What a statement does to the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    Read,
    Write,
}

/// Engine that runs statements, each on a connection of its own.
#[async_trait]
pub(super) trait Engine: fmt::Debug + Send + Sync + 'static {
    /// Runs one statement and reads all its rows before the deadline. Only the time to make a
    /// connection may exceed it.
    async fn run(
        &self,
        access: Access,
        statement: SqlStr,
        values: Vec<Value>,
        until: Instant,
    ) -> Result<Vec<Row>, SqlError>;

    /// Brings the tables up to date, in one transaction.
    async fn migrate(&self, plan: &Plan) -> Result<(), SqlError>;

    /// Returns how many connections there are, and how many of them are in use.
    fn connections(&self) -> (u32, u32);

    /// Closes every connection. Later statements get [`SqlError::Unreachable`].
    async fn close(&self);
}

/// Pool of one engine's connections.
pub(super) struct Pooled<DB: Database> {
    pub(super) pool: Pool<DB>,
    leases: Leases<DB>,
    /// `true` if a connection in doubt is kept, because it is the whole database, in memory.
    irreplaceable: bool,
}

#[async_trait]
impl<DB: Database> Engine for Pooled<DB>
where
    DB::Arguments: IntoArguments<DB>,
    for<'c> &'c mut DB::Connection: Executor<'c, Database = DB>,
    for<'v> Option<i64>: Encode<'v, DB> + Type<DB>,
    for<'v> Option<String>: Encode<'v, DB> + Type<DB>,
    for<'v> Option<Vec<u8>>: Encode<'v, DB> + Type<DB>,
    for<'v> i64: Decode<'v, DB> + Encode<'v, DB> + Type<DB>,
    for<'v> String: Decode<'v, DB> + Type<DB>,
    for<'v> Vec<u8>: Decode<'v, DB> + Type<DB>,
    usize: ColumnIndex<DB::Row>,
{
    async fn run(
        &self,
        access: Access,
        statement: SqlStr,
        values: Vec<Value>,
        until: Instant,
    ) -> Result<Vec<Row>, SqlError> {
        let mut arguments = DB::Arguments::default();
        for value in values {
            let added = match value {
                Value::Integer(integer) => arguments.add(integer),
                Value::Text(text) => arguments.add(text),
                Value::Bytes(bytes) => arguments.add(bytes),
            };
            added.map_err(|_| SqlError::Unreadable)?;
        }
        let mut lease = self.connection(access).await?;
        if Instant::now() >= until {
            return Err(SqlError::Late);
        }
        let query = sqlx::query_with::<DB, _>(statement, arguments);
        match timeout_at(until, query.fetch_all(&mut *lease.connection)).await {
            Ok(Ok(rows)) => {
                if access == Access::Read {
                    self.leases.keep(lease, &self.pool);
                }
                rows.iter().map(read).collect()
            }
            Ok(Err(error)) => {
                let certain =
                    matches!(&error, sqlx::Error::Database(refusal) if !is_transaction_state(&**refusal));
                self.let_go(lease.connection, certain);
                Err(SqlError::of(&error))
            }
            Err(_) => {
                self.let_go(lease.connection, false);
                Err(SqlError::Late)
            }
        }
    }

    async fn migrate(&self, plan: &Plan) -> Result<(), SqlError> {
        let mut connection = self.connection(Access::Write).await?.connection;
        let work = async {
            sqlx::raw_sql(plan.begin.clone()).execute(&mut *connection).await?;
            let rows = sqlx::query(plan.version.clone()).fetch_all(&mut *connection).await?;
            let newest = rows.first().map_or(Ok(0), |row| row.try_get::<i64, _>(0))?;
            for (version, step) in plan.steps.iter().filter(|(version, _)| *version > newest) {
                sqlx::raw_sql(step.clone()).execute(&mut *connection).await?;
                sqlx::query(plan.record.clone()).bind(*version).execute(&mut *connection).await?;
            }
            sqlx::raw_sql(plan.commit.clone()).execute(&mut *connection).await.map(drop)
        };
        let done = work.await;
        // The connection is closed, and with it an unfinished transaction and the longer lock
        // timeout of a start.
        self.let_go(connection, false);
        done.map_err(|error| SqlError::of(&error))
    }

    fn connections(&self) -> (u32, u32) {
        let idle = u32::try_from(self.pool.num_idle() + self.leases.len()).unwrap_or(u32::MAX);
        (self.pool.size(), self.pool.size().saturating_sub(idle))
    }

    async fn close(&self) {
        let closed = self.pool.close();
        self.leases.end();
        closed.await;
    }
}

impl<DB: Database> Pooled<DB> {
    pub(super) fn new(pool: Pool<DB>, irreplaceable: bool) -> Self {
        Self { pool, leases: Leases::new(), irreplaceable }
    }

    /// Returns a connection that is in no transaction. For a write it comes from the pool, which
    /// gets one back first, because all of them may be lent.
    ///
    /// Making one may take the pool's time, even if less of the request's time is left. After an
    /// outage the next requests have waited long. If each of them began a connection and gave it
    /// up, no later request would ever get one.
    async fn connection(&self, access: Access) -> Result<Lease<DB>, SqlError> {
        if let Some(lease) = self.leases.take()
            && access == Access::Read
        {
            return Ok(lease);
        }
        loop {
            let connection = self.pool.acquire().await.map_err(|error| SqlError::of(&error))?;
            if !connection.is_in_transaction() {
                return Ok(Lease::new(connection));
            }
            self.let_go(connection, false);
        }
    }

    /// Returns a connection to the pool, or closes it if its state is not certain.
    fn let_go(&self, mut connection: PoolConnection<DB>, certain: bool) {
        if !certain && !self.irreplaceable {
            connection.close_on_drop();
        }
    }
}

impl<DB: Database> fmt::Debug for Pooled<DB> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple(DB::NAME).finish()
    }
}

/// Returns `true` for an invalid transaction state: the connection is in a transaction that this
/// crate did not begin.
fn is_transaction_state(refusal: &dyn sqlx::error::DatabaseError) -> bool {
    refusal.code().is_some_and(|code| code.len() == 5 && code.starts_with("25"))
}

fn read<R: sqlx::Row>(row: &R) -> Result<Row, SqlError>
where
    for<'v> i64: Decode<'v, R::Database> + Type<R::Database>,
    for<'v> String: Decode<'v, R::Database> + Type<R::Database>,
    for<'v> Vec<u8>: Decode<'v, R::Database> + Type<R::Database>,
    usize: ColumnIndex<R>,
{
    let value = |at: usize| {
        let raw = row.try_get_raw(at)?;
        if raw.is_null() {
            return Ok(Value::Text(None));
        }
        Ok(match raw.type_info().name() {
            "INT8" | "INTEGER" => Value::Integer(Some(row.try_get(at)?)),
            "BYTEA" | "BLOB" => Value::Bytes(Some(row.try_get(at)?)),
            _ => Value::Text(Some(row.try_get(at)?)),
        })
    };
    let values: Result<Vec<Value>, sqlx::Error> = (0..row.len()).map(value).collect();
    values.map(Row::of).map_err(|_| SqlError::Unreadable)
}

#[cfg(test)]
#[cfg(feature = "sqlite")]
mod tests {
    use std::time::Duration;

    use sqlx::sqlite::SqlitePoolOptions;
    use sqlx::{AssertSqlSafe, SqlSafeStr as _, Sqlite};
    use tokio::time::{sleep, timeout};

    use super::*;

    fn pooled() -> Pooled<Sqlite> {
        let pool = SqlitePoolOptions::new().max_connections(1).idle_timeout(None);
        Pooled::new(pool.connect_lazy("sqlite::memory:").unwrap(), true)
    }

    async fn run(pooled: &Pooled<Sqlite>, access: Access, statement: &'static str) {
        let statement = AssertSqlSafe(statement).into_sql_str();
        let until = Instant::now() + Duration::from_secs(5);
        pooled.run(access, statement, Vec::new(), until).await.unwrap();
    }

    #[tokio::test]
    async fn a_connection_is_lent_to_reads_for_a_second() {
        let pooled = pooled();
        for _ in 0..3 {
            run(&pooled, Access::Read, "SELECT 1").await;
            assert_eq!((pooled.leases.len(), pooled.pool.num_idle()), (1, 0));
            assert_eq!(pooled.connections(), (1, 0));
        }
        sleep(Duration::from_millis(1_500)).await;
        assert_eq!((pooled.leases.len(), pooled.pool.num_idle()), (0, 1));
    }

    #[tokio::test]
    async fn a_write_takes_no_lent_connection_and_lends_none() {
        let pooled = pooled();
        run(&pooled, Access::Read, "SELECT 1").await;
        // The only connection goes back first.
        run(&pooled, Access::Write, "CREATE TABLE t (x)").await;
        assert_eq!(pooled.leases.len(), 0);
        run(&pooled, Access::Read, "SELECT x FROM t").await;
    }

    #[tokio::test]
    async fn a_pool_that_closes_gets_lent_connections_back() {
        let pooled = pooled();
        run(&pooled, Access::Read, "SELECT 1").await;
        timeout(Duration::from_millis(500), pooled.close()).await.unwrap();
        assert_eq!(pooled.connections(), (0, 0));
    }

    #[test]
    fn a_lent_connection_may_outlive_its_runtime() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let pooled = runtime.block_on(async {
            let pooled = pooled();
            run(&pooled, Access::Read, "SELECT 1").await;
            pooled
        });
        assert_eq!(pooled.leases.len(), 1);
        drop(runtime);
        drop(pooled);
    }
}
