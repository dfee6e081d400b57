//! Engines, which run statements in the same way on every database.

use std::fmt;

use async_trait::async_trait;
use sqlx::pool::PoolConnection;
use sqlx::{
    Arguments as _, ColumnIndex, Connection as _, Database, Decode, Encode, Executor, IntoArguments, Pool,
    Row as _, SqlStr, Type, TypeInfo as _, ValueRef as _,
};
use tokio::time::{Instant, timeout_at};

use super::{Plan, Row, SqlError, Value};

/// Engine that runs statements, each on a connection of its own.
#[async_trait]
pub(super) trait Engine: fmt::Debug + Send + Sync + 'static {
    /// Runs one statement and reads all its rows before the deadline. Only the time to make a
    /// connection may exceed it.
    async fn run(&self, statement: SqlStr, values: Vec<Value>, until: Instant) -> Result<Vec<Row>, SqlError>;

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
    /// `true` if a connection in doubt is kept, because it is the whole database, in memory.
    pub(super) irreplaceable: bool,
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
    async fn run(&self, statement: SqlStr, values: Vec<Value>, until: Instant) -> Result<Vec<Row>, SqlError> {
        let mut arguments = DB::Arguments::default();
        for value in values {
            let added = match value {
                Value::Integer(integer) => arguments.add(integer),
                Value::Text(text) => arguments.add(text),
                Value::Bytes(bytes) => arguments.add(bytes),
            };
            added.map_err(|_| SqlError::Unreadable)?;
        }
        let mut connection = self.connection().await?;
        if Instant::now() >= until {
            return Err(SqlError::Late);
        }
        let query = sqlx::query_with::<DB, _>(statement, arguments);
        match timeout_at(until, query.fetch_all(&mut *connection)).await {
            Ok(Ok(rows)) => rows.iter().map(read).collect(),
            Ok(Err(error)) => {
                let certain =
                    matches!(&error, sqlx::Error::Database(refusal) if !is_transaction_state(&**refusal));
                self.let_go(connection, certain);
                Err(SqlError::of(&error))
            }
            Err(_) => {
                self.let_go(connection, false);
                Err(SqlError::Late)
            }
        }
    }

    async fn migrate(&self, plan: &Plan) -> Result<(), SqlError> {
        let mut connection = self.pool.acquire().await.map_err(|error| SqlError::of(&error))?;
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
        let idle = u32::try_from(self.pool.num_idle()).unwrap_or(u32::MAX);
        (self.pool.size(), self.pool.size().saturating_sub(idle))
    }

    async fn close(&self) {
        self.pool.close().await;
    }
}

impl<DB: Database> Pooled<DB> {
    /// Returns a connection that is in no transaction.
    ///
    /// Making one may take the pool's time, even if less of the request's time is left. After an
    /// outage the next requests have waited long. If each of them began a connection and gave it
    /// up, no later request would ever get one.
    async fn connection(&self) -> Result<PoolConnection<DB>, SqlError> {
        loop {
            let connection = self.pool.acquire().await.map_err(|error| SqlError::of(&error))?;
            if !connection.is_in_transaction() {
                return Ok(connection);
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
        let name = raw.type_info().name().to_owned();
        Ok(match &*name {
            "INT8" | "INTEGER" => Value::Integer(Some(row.try_get(at)?)),
            "BYTEA" | "BLOB" => Value::Bytes(Some(row.try_get(at)?)),
            _ => Value::Text(Some(row.try_get(at)?)),
        })
    };
    let values: Result<Vec<Value>, sqlx::Error> = (0..row.len()).map(value).collect();
    values.map(Row::of).map_err(|_| SqlError::Unreadable)
}
