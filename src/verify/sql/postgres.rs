//! PostgreSQL's pool.

use std::fmt;
use std::str::FromStr as _;
use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _, Postgres, Row as _};

use super::listen::Listening;
use super::{Limits, Opened, Pooled, Source, SqlError, SqlVerifier, SqlVerifierBuilder, Words, announce};

/// Where a PostgreSQL database is: an address such as `postgres://user@host/name`, the options of a
/// connection, or those of a pool.
///
/// # Examples
///
/// ```
/// use tower_principal::verify::sql::PostgresSource;
///
/// let source = PostgresSource::from("postgres://portal@db.example/portal?sslmode=verify-full");
/// # let _ = source;
/// ```
#[derive(Clone)]
pub struct PostgresSource(Result<PgConnectOptions, ()>);

/// What stands in the schema for PostgreSQL.
const WORDS: Words = Words {
    serial: "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
    bytes: "BYTEA",
    // Nodes that start at once do this one after the other.
    begin: "BEGIN; SET LOCAL statement_timeout = '60s';
SELECT pg_advisory_xact_lock(hashtextextended('tower-principal {p}', 0));",
    commit: "COMMIT",
    extra: announce::EXTRA,
};

/// A connection that was idle for so long is asked whether it still is one.
const IDLE: Duration = Duration::from_secs(1);

impl SqlVerifier {
    /// A verifier on a PostgreSQL database (12 or later): an address (`postgres://user@host/name`),
    /// options, or a pool whose server it is to share. Statements are prepared, so a pooler between them
    /// has to keep sessions; what goes over a network should say `sslmode=verify-full`.
    pub fn postgres(source: impl Into<PostgresSource>) -> SqlVerifierBuilder {
        SqlVerifierBuilder::new(source.into(), 10)
    }
}

impl Source for PostgresSource {
    fn open(&self, limits: Limits, prefix: &str) -> Result<Opened, SqlError> {
        let options =
            self.0.clone().map_err(|()| SqlError::Configuration("the database's address cannot be used"))?;
        let options = options.application_name("tower-principal").disable_statement_logging();
        Ok(Opened {
            engine: Arc::new(pooled(options.clone(), limits)),
            connections: limits.connections,
            words: &WORDS,
            listening: Some(Box::new(Listening::new(options, format!("{prefix}changes")))),
        })
    }
}

/// A pool of its own on a server: its limits and checks are not for others to set.
fn pooled(options: PgConnectOptions, limits: Limits) -> Pooled<Postgres> {
    let Limits { connections, deadline } = limits;
    let pool = PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(deadline * 2 / 3)
        .test_before_acquire(false)
        .after_connect(move |connection, _| {
            // What nobody waits for any more ends at the server, too: a lock, a lost client.
            let limits = format!(
                "SET statement_timeout = {}; SET idle_in_transaction_session_timeout = {}",
                deadline.as_millis(),
                deadline.as_millis(),
            );
            Box::pin(async move { connection.execute(AssertSqlSafe(limits)).await.map(drop) })
        })
        .before_acquire(|connection, since| {
            Box::pin(async move {
                if since.idle_for > IDLE {
                    connection.ping().await?;
                }
                Ok(!connection.is_in_transaction())
            })
        })
        .after_release(|connection, _| {
            // The driver's own count does not know of a `BEGIN` whose caller left. Asked for when the
            // connection comes back, so that no request waits for it; unprepared, or the two times differ.
            Box::pin(async move {
                let alone = "SELECT transaction_timestamp() = statement_timestamp()";
                Ok(!connection.is_in_transaction()
                    && sqlx::raw_sql(alone).fetch_one(connection).await?.try_get::<bool, _>(0)?)
            })
        });
    Pooled { pool: pool.connect_lazy_with(options), irreplaceable: false }
}

impl From<&str> for PostgresSource {
    fn from(address: &str) -> Self {
        Self(PgConnectOptions::from_str(address).map_err(|_| ()))
    }
}

impl From<String> for PostgresSource {
    fn from(address: String) -> Self {
        Self::from(address.as_str())
    }
}

impl From<PgConnectOptions> for PostgresSource {
    fn from(options: PgConnectOptions) -> Self {
        Self(Ok(options))
    }
}

/// The server of a pool, over connections of one's own.
impl From<&PgPool> for PostgresSource {
    fn from(pool: &PgPool) -> Self {
        Self(Ok((*pool.connect_options()).clone()))
    }
}

/// Shows nothing: the options hold a password.
impl fmt::Debug for PostgresSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PostgresSource(..)")
    }
}

#[cfg(test)]
mod tests {
    use sqlx::postgres::PgConnection;

    use super::*;

    async fn process(connection: &mut PgConnection) -> i32 {
        sqlx::query_scalar("SELECT pg_backend_pid()").fetch_one(connection).await.unwrap()
    }

    #[tokio::test]
    async fn req_57_a_connection_in_a_transaction_does_not_come_back() {
        let Ok(address) = std::env::var("TEST_POSTGRES_URL") else {
            eprintln!("not tested: TEST_POSTGRES_URL is not set");
            return;
        };
        let limits = Limits { connections: 1, deadline: Duration::from_secs(5) };
        let pooled = pooled(PostgresSource::from(address).0.unwrap(), limits);
        for left in ["SELECT 1", "BEGIN", "BEGIN; SELECT 1 / 0"] {
            let mut connection = pooled.pool.acquire().await.unwrap();
            let before = process(&mut connection).await;
            // As the driver itself does where a caller leaves amid a `BEGIN`: it does not count this one.
            let _ = sqlx::raw_sql(left).execute(&mut *connection).await;
            assert!(!connection.is_in_transaction());
            drop(connection);
            let mut next = pooled.pool.acquire().await.unwrap();
            assert_eq!(process(&mut next).await == before, left == "SELECT 1", "{left}");
        }
    }
}
