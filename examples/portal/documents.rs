//! The portal's own table: JSON documents, one for each dataset of Socrata and each application of
//! Usergrid.
//!
//! A change is one statement that names the version it was made from. Therefore it is whole or
//! absent, also if the client leaves or another portal uses the same database.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool, SqlitePoolOptions};
use tokio::sync::Mutex;
use tokio::time::timeout;

/// The maximum length of a document in bytes. A guest may write to the sandbox, so its size must be
/// bounded.
const LIMIT: usize = 256 * 1024;
/// The time that a statement has, including the wait for a connection.
const PATIENCE: Duration = Duration::from_millis(1_500);
const CONNECTIONS: u32 = 4;
/// The number of changes by other processes that a change may collide with.
const ATTEMPTS: u32 = 16;

const CREATE: &str = "CREATE TABLE IF NOT EXISTS portal_documents \
    (name TEXT PRIMARY KEY, version BIGINT NOT NULL, body TEXT NOT NULL)";
const READ: &str = "SELECT version, body FROM portal_documents WHERE name = $1";
const WRITE: &str = "INSERT INTO portal_documents (name, version, body) VALUES ($1, $2 + 1, $3) \
    ON CONFLICT (name) DO UPDATE SET version = excluded.version, body = excluded.body \
    WHERE portal_documents.version = $2";

/// The table.
#[derive(Clone)]
pub(crate) struct Documents {
    pool: Pool,
    /// Changes by this process are made in turn, so that they do not collide.
    turn: Arc<Mutex<()>>,
}

#[derive(Clone)]
enum Pool {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

/// One document; until its first change it is the seed.
pub(crate) struct Document<T> {
    name: String,
    seed: T,
    documents: Documents,
}

/// The reason that a document was not read or changed.
pub(crate) enum Unkept {
    /// The document would be longer than its limit.
    Full,
    /// The database did not do it, or holds a document that cannot be read.
    Unavailable,
}

/// Runs an expression on the pool of either database.
macro_rules! on {
    ($pool:expr, $name:ident => $run:expr) => {
        match $pool {
            Pool::Sqlite($name) => $run,
            Pool::Postgres($name) => $run,
        }
    };
}

impl Documents {
    pub(crate) async fn sqlite(options: SqliteConnectOptions) -> sqlx::Result<Self> {
        // A second connection would be a second database, if it is in memory.
        let pool = SqlitePoolOptions::new().max_connections(1).idle_timeout(None).max_lifetime(None);
        Self::of(Pool::Sqlite(pool.acquire_timeout(PATIENCE).connect_lazy_with(options))).await
    }

    pub(crate) async fn postgres(options: PgConnectOptions) -> sqlx::Result<Self> {
        let pool = PgPoolOptions::new().max_connections(CONNECTIONS).acquire_timeout(PATIENCE);
        Self::of(Pool::Postgres(pool.connect_lazy_with(options))).await
    }

    async fn of(pool: Pool) -> sqlx::Result<Self> {
        on!(&pool, pool => sqlx::query(CREATE).execute(pool).await.map(drop))?;
        Ok(Self { pool, turn: Arc::default() })
    }

    pub(crate) async fn close(&self) {
        on!(&self.pool, pool => pool.close().await);
    }

    /// Returns the document's version and body.
    async fn read(&self, name: &str) -> sqlx::Result<Option<(i64, String)>> {
        on!(&self.pool, pool => soon(sqlx::query_as(READ).bind(name).fetch_optional(pool)).await)
    }

    /// Writes a document, and returns false if its version is another one.
    async fn write(&self, name: &str, version: i64, body: &str) -> sqlx::Result<bool> {
        on!(&self.pool, pool => {
            let write = sqlx::query(WRITE).bind(name).bind(version).bind(body);
            soon(write.execute(pool)).await.map(|done| done.rows_affected() == 1)
        })
    }
}

/// Waits for a statement, but no longer than `PATIENCE`.
async fn soon<T>(statement: impl Future<Output = sqlx::Result<T>>) -> sqlx::Result<T> {
    timeout(PATIENCE, statement).await.unwrap_or(Err(sqlx::Error::PoolTimedOut))
}

impl<T: Clone + Serialize + DeserializeOwned> Document<T> {
    pub(crate) fn new(documents: &Documents, name: String, seed: T) -> Self {
        Self { name, seed, documents: documents.clone() }
    }

    pub(crate) async fn read(&self) -> Result<T, Unkept> {
        Ok(self.versioned().await?.1)
    }

    /// Applies a change and stores the result, unless the change returns an error. It may be
    /// applied again if another process was faster.
    pub(crate) async fn change<R, E: From<Unkept>>(
        &self,
        change: impl Fn(&mut T) -> Result<R, E>,
    ) -> Result<R, E> {
        let _turn = self.documents.turn.lock().await;
        for _ in 0..ATTEMPTS {
            let (version, mut content) = self.versioned().await?;
            let result = change(&mut content)?;
            let body = serde_json::to_string(&content).map_err(|_| Unkept::Unavailable)?;
            if body.len() > LIMIT {
                return Err(Unkept::Full.into());
            }
            if self.documents.write(&self.name, version, &body).await.map_err(Unkept::from)? {
                return Ok(result);
            }
        }
        Err(Unkept::Unavailable.into())
    }

    async fn versioned(&self) -> Result<(i64, T), Unkept> {
        let Some((version, body)) = self.documents.read(&self.name).await? else {
            return Ok((0, self.seed.clone()));
        };
        Ok((version, serde_json::from_str(&body).map_err(|_| Unkept::Unavailable)?))
    }
}

/// The error is not logged, because its text may hold what a client wrote.
impl From<sqlx::Error> for Unkept {
    fn from(_: sqlx::Error) -> Self {
        tracing::warn!("document neither read nor written, database unavailable");
        Self::Unavailable
    }
}
