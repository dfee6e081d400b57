//! Pool of PostgreSQL connections.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr as _;
use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions, PgSslMode};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _, Postgres, Row as _};

use super::listen::Listening;
use super::{Limits, Opened, Pooled, Source, SqlError, SqlVerifier, SqlVerifierBuilder, words};
use crate::trace;

/// Location of a PostgreSQL database: an address such as `postgres://user@host/name`, the options
/// of a connection, or those of a pool.
///
/// A server that is reached by a Unix socket, `localhost` or a loopback address may be plain. Any
/// other server needs `sslmode=verify-full`, in the address, the options or `PGSSLMODE`. With any
/// lower mode [`connect`](SqlVerifierBuilder::connect) returns [`SqlError::Configuration`] and no
/// byte leaves the machine. Otherwise the driver would send the password to a server that it has
/// not identified. `sslrootcert=FILE` names the certificate of a private authority.
///
/// # Examples
///
/// ```
/// use tower_principal::verify::sql::PostgresSource;
///
/// let url = "postgres://portal@db.example/portal?sslmode=verify-full";
/// let source = PostgresSource::from(url);
/// # let _ = source;
/// ```
#[derive(Clone)]
#[must_use]
pub struct PostgresSource {
    options: Result<PgConnectOptions, ()>,
    unverified: bool,
}

/// Idle time after which a connection is tested before use.
const IDLE: Duration = Duration::from_secs(1);

impl SqlVerifier {
    /// Returns a builder of a verifier on a PostgreSQL database (12 or later).
    ///
    /// The source is an address (`postgres://user@host/name`), options, or a pool whose server it
    /// shares. Statements are prepared, so a pooler in between must keep sessions. A server off the
    /// loopback needs `sslmode=verify-full`; see [`PostgresSource`].
    pub fn postgres(source: impl Into<PostgresSource>) -> SqlVerifierBuilder {
        SqlVerifierBuilder::new(source.into(), 10)
    }
}

impl PostgresSource {
    /// Allows a server off the loopback with an `sslmode` below `verify-full`.
    ///
    /// Any machine on the way can then take the server's place, receive the password and answer
    /// look-ups. With `prefer` (the driver's default), `allow` and `disable` it can also read the
    /// connection. [`connect`](SqlVerifierBuilder::connect) logs a warning that names this option.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::verify::sql::SqlVerifier;
    /// use tower_principal::verify::sql::PostgresSource;
    ///
    /// let url = "postgres://portal@db.internal/portal?sslmode=require";
    /// let source = PostgresSource::from(url);
    /// let builder = SqlVerifier::postgres(source.danger_allow_unverified_server());
    /// # let _ = builder;
    /// ```
    pub const fn danger_allow_unverified_server(mut self) -> Self {
        self.unverified = true;
        self
    }

    const fn of(options: Result<PgConnectOptions, ()>) -> Self {
        Self { options, unverified: false }
    }

    /// Returns the options if the driver identifies the server before it sends a password.
    fn checked(&self) -> Result<PgConnectOptions, SqlError> {
        let options = self.options.clone().map_err(|()| SqlError::Configuration(UNUSABLE))?;
        if is_local(&options) || matches!(options.get_ssl_mode(), PgSslMode::VerifyFull) {
            return Ok(options);
        }
        if !self.unverified {
            return Err(SqlError::Configuration(UNVERIFIED));
        }
        trace::warn!(
            "PostgreSQL server not verified because of `danger_allow_unverified_server`: any machine on the way can \
             read or replace the traffic"
        );
        Ok(options)
    }
}

const UNUSABLE: &str = "the database's address cannot be used";
const UNVERIFIED: &str = "a PostgreSQL server off the loopback needs `sslmode=verify-full` (and \
    `sslrootcert=FILE` for a private authority), or `PostgresSource::danger_allow_unverified_server`";

/// Returns `true` if nothing leaves the machine. The driver prefers a socket to a host, and takes a
/// host with a leading slash for a socket. Only full addresses and the one name that RFC 6761
/// section 6.3 reserves count: any other name may resolve to any machine.
fn is_local(options: &PgConnectOptions) -> bool {
    let host = options.get_host();
    let address = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
    options.get_socket().is_some()
        || host.starts_with('/')
        || host.eq_ignore_ascii_case("localhost")
        || address.parse::<IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback())
}

impl Source for PostgresSource {
    fn open(&self, limits: Limits, prefix: &str) -> Result<Opened, SqlError> {
        let options = self.checked()?.application_name("tower-principal").disable_statement_logging();
        Ok(Opened {
            engine: Arc::new(pooled(options.clone(), limits)),
            connections: limits.connections,
            words: &words::POSTGRES,
            listening: Some(Box::new(Listening::new(options, format!("{prefix}changes")))),
        })
    }
}

/// Builds a pool of its own, so that other code cannot set its limits and checks.
fn pooled(options: PgConnectOptions, limits: Limits) -> Pooled<Postgres> {
    let Limits { connections, deadline } = limits;
    let pool = PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(deadline * 2 / 3)
        .test_before_acquire(false)
        .after_connect(move |connection, _| {
            // Abandoned work ends at the server, too: a lock, a lost client.
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
            // The driver does not count a `BEGIN` whose caller left. The check runs when a
            // connection comes back, so that no request waits. It is unprepared, or the two times
            // differ.
            Box::pin(async move {
                let alone = "SELECT transaction_timestamp() = statement_timestamp()";
                Ok(!connection.is_in_transaction()
                    && sqlx::raw_sql(alone).fetch_one(connection).await?.try_get::<bool, _>(0)?)
            })
        });
    Pooled::new(pool.connect_lazy_with(options), false)
}

impl From<&str> for PostgresSource {
    fn from(address: &str) -> Self {
        Self::of(PgConnectOptions::from_str(address).map_err(|_| ()))
    }
}

impl From<String> for PostgresSource {
    fn from(address: String) -> Self {
        Self::from(address.as_str())
    }
}

impl From<PgConnectOptions> for PostgresSource {
    fn from(options: PgConnectOptions) -> Self {
        Self::of(Ok(options))
    }
}

/// Takes the server of a pool; the verifier opens connections of its own.
impl From<&PgPool> for PostgresSource {
    fn from(pool: &PgPool) -> Self {
        Self::of(Ok((*pool.connect_options()).clone()))
    }
}

/// Shows no field, because the options hold a password.
impl fmt::Debug for PostgresSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PostgresSource(..)")
    }
}

#[cfg(test)]
mod tests {
    use sqlx::postgres::PgConnection;

    use super::*;

    #[test]
    fn only_sockets_loopback_addresses_and_localhost_are_local() {
        for (address, local) in [
            ("postgres://u@localhost/n", true),
            ("postgres://u@LocalHost/n", true),
            ("postgres://u@127.0.0.1/n", true),
            ("postgres://u@127.8.9.1:6000/n", true),
            ("postgres://u@[::1]/n", true),
            ("postgres://u@[::ffff:127.0.0.1]/n", true),
            ("postgres://u@%2Fvar%2Frun%2Fpostgresql/n", true),
            ("postgres://u@db.example/n?host=/var/run/postgresql", true),
            ("postgres://u@db.example/n?host=localhost", true),
            ("postgres://u@db.example/n?hostaddr=127.0.0.1", true),
            ("postgres://u@db.example/n", false),
            ("postgres://u@localhost/n?host=db.example", false),
            ("postgres://u@localhost/n?hostaddr=192.0.2.1", false),
            ("postgres://u@localhost/n?hostaddr=127.0.0.1&host=db.example", false),
            ("postgres://u@localhost,db.example/n", false),
            ("postgres://u@localhost./n", false),
            ("postgres://u@localhost.example/n", false),
            ("postgres://u@127.0.0.1.example/n", false),
            ("postgres://u@127.1/n", false),
            ("postgres://u@0.0.0.0/n", false),
            ("postgres://u@[::]/n", false),
            ("postgres://u@%6Cocalhost/n", false),
            ("postgres://u@10.0.0.1/n", false),
            ("postgres://u@[fe80::1]/n", false),
        ] {
            let options = PostgresSource::from(address).options.unwrap();
            assert_eq!(is_local(&options), local, "{address}");
        }
        let socket = PgConnectOptions::new_without_pgpass().host("db.example").socket("/run/postgresql");
        assert!(is_local(&socket));
    }

    #[test]
    fn off_the_loopback_only_verify_full_or_the_danger_switch_is_taken() {
        let modes = ["", "disable", "allow", "prefer", "require", "verify-ca", "verify-full"];
        for mode in modes {
            let query = if mode.is_empty() { String::new() } else { format!("?sslmode={mode}") };
            for host in ["db.example", "192.0.2.1", "0.0.0.0"] {
                let source = PostgresSource::from(format!("postgres://u:secret@{host}/n{query}"));
                let checked = source.checked();
                assert_eq!(checked.is_ok(), mode == "verify-full", "{host} {mode}");
                if let Err(error) = checked {
                    let text = error.to_string();
                    assert!(text.contains("sslmode=verify-full") && text.contains("danger_"), "{text}");
                    assert!(!text.contains("secret"), "{text}");
                }
                assert!(source.danger_allow_unverified_server().checked().is_ok());
            }
            let local = PostgresSource::from(format!("postgres://u@127.0.0.1/n{query}"));
            assert!(local.checked().is_ok(), "{mode}");
        }
    }

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
        let pooled = pooled(PostgresSource::from(address).options.unwrap(), limits);
        for left in ["SELECT 1", "BEGIN", "BEGIN; SELECT 1 / 0"] {
            let mut connection = pooled.pool.acquire().await.unwrap();
            let before = process(&mut connection).await;
            // The driver does the same if a caller leaves amid a `BEGIN`: it does not count this
            // one.
            let _ = sqlx::raw_sql(left).execute(&mut *connection).await;
            assert!(!connection.is_in_transaction());
            drop(connection);
            let mut next = pooled.pool.acquire().await.unwrap();
            assert_eq!(process(&mut next).await == before, left == "SELECT 1", "{left}");
        }
    }
}
