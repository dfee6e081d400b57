//! No password leaves the machine for a PostgreSQL server that has not been identified.

use std::io::Write as _;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tower_principal::verify::sql::{PostgresSource, SqlError, SqlVerifier};

use crate::support::*;

const PASSWORD: &str = "the-password-of-the-portal";

/// A server that refuses TLS and asks for the password in clear text.
struct Fake {
    port: u16,
    connections: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Fake {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let connections = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&connections);
        tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                let place = {
                    let mut heard = heard.lock().unwrap();
                    heard.push(Vec::new());
                    heard.len() - 1
                };
                let heard = Arc::clone(&heard);
                tokio::spawn(async move {
                    let mut bytes = [0; 4096];
                    while let Ok(length @ 1..) = client.read(&mut bytes).await {
                        let message = &bytes[..length];
                        heard.lock().unwrap()[place].extend_from_slice(message);
                        // `SSLRequest` has eight bytes, and the answer is no. Any other message is
                        // answered by a request for the password in clear text.
                        let answer: &[u8] =
                            if message.len() == 8 { b"N" } else { &[b'R', 0, 0, 0, 8, 0, 0, 0, 3] };
                        if client.write_all(answer).await.is_err() {
                            return;
                        }
                    }
                });
            }
        });
        Self { port, connections }
    }

    fn heard(&self) -> Vec<Vec<u8>> {
        self.connections.lock().unwrap().clone()
    }

    fn has_the_password(&self) -> bool {
        self.heard().iter().any(|heard| heard.windows(PASSWORD.len()).any(|text| text == PASSWORD.as_bytes()))
    }

    fn address(&self, host: &str, query: &str) -> String {
        format!("postgres://portal:{PASSWORD}@{host}:{}/portal{query}", self.port)
    }
}

async fn connect(source: PostgresSource) -> SqlError {
    SqlVerifier::postgres(source)
        .passwords(cheap_passwords())
        .deadline(Duration::from_millis(300))
        .connect()
        .await
        .unwrap_err()
}

/// Two names that reach the loopback but do not count as loopback addresses.
const ELSEWHERE: [&str; 2] = ["0.0.0.0", "127.1"];

#[tokio::test]
async fn a_server_that_refuses_tls_gets_no_password_and_no_connection() {
    for host in ELSEWHERE {
        for query in ["", "?sslmode=prefer", "?sslmode=disable", "?sslmode=require", "?sslmode=verify-ca"] {
            let fake = Fake::start().await;
            let error = connect(PostgresSource::from(fake.address(host, query))).await;
            let text = error.to_string();
            assert!(matches!(error, SqlError::Configuration(_)), "{host}{query}: {error:?}");
            assert!(text.contains("sslmode=verify-full") && !text.contains(PASSWORD), "{text}");
            assert_eq!(fake.heard(), Vec::<Vec<u8>>::new(), "{host}{query}");
        }
    }
}

#[tokio::test]
async fn a_server_that_refuses_tls_gets_no_password_by_verify_full() {
    for host in ELSEWHERE {
        let fake = Fake::start().await;
        let error = connect(PostgresSource::from(fake.address(host, "?sslmode=verify-full"))).await;
        assert!(matches!(error, SqlError::Untrusted), "{error:?}");
        assert!(error.to_string().contains("sslrootcert"), "{error}");
        let heard = fake.heard();
        assert!(!heard.is_empty() && heard.iter().all(|heard| heard.len() == 8), "{heard:?}");
    }
}

/// The switch permits this; and the fake server would indeed receive a password.
#[tokio::test(flavor = "current_thread")]
async fn the_danger_switch_sends_the_password_in_clear_text_and_logs_its_name() {
    for host in ELSEWHERE {
        let fake = Fake::start().await;
        let source = PostgresSource::from(fake.address(host, "?sslmode=prefer"));
        let (error, log) = logged(connect(source.danger_allow_unverified_server())).await;
        assert!(fake.has_the_password(), "{error:?} {:?}", fake.heard());
        assert!(log.contains("WARN") && log.contains("danger_allow_unverified_server"), "{log}");
        assert!(!log.contains(PASSWORD), "{log}");
    }
    // An address that counts as loopback needs no switch.
    let fake = Fake::start().await;
    let (_, log) = logged(connect(PostgresSource::from(fake.address("127.0.0.1", "")))).await;
    assert!(fake.has_the_password() && !log.contains("danger_"), "{log}");
}

/// The options of a pool contain the server's address and the TLS mode.
#[tokio::test]
async fn a_pool_and_options_are_held_to_the_same_rule() {
    let fake = Fake::start().await;
    let options: sqlx::postgres::PgConnectOptions = fake.address("0.0.0.0", "").parse().unwrap();
    let pool = sqlx::PgPool::connect_lazy_with(options.clone());
    for source in [PostgresSource::from(&pool), PostgresSource::from(options)] {
        assert!(matches!(connect(source).await, SqlError::Configuration(_)));
    }
    assert!(fake.heard().is_empty());
}

/// Runs in a separate process, with an environment that this test sets.
#[test]
fn the_environment_of_the_driver_is_held_to_the_same_rule() {
    for (variables, refused) in [
        (vec![("PGHOST", "db.example")], true),
        (vec![("PGHOSTADDR", "192.0.2.1"), ("PGHOST", "localhost")], true),
        (vec![("PGHOST", "db.example"), ("PGSSLMODE", "require")], true),
        (vec![("PGHOST", "db.example"), ("PGSSLMODE", "nonsense")], true),
        (vec![("PGHOST", "db.example"), ("PGSSLMODE", "verify-full")], false),
        (vec![("PGHOST", "127.0.0.1"), ("PGSSLMODE", "disable")], false),
        (vec![("PGHOST", "/nonexistent")], false),
    ] {
        let mut child = Command::new(std::env::current_exe().unwrap());
        child.args(["--exact", "sql::tls::by_the_environment", "--ignored", "--nocapture"]);
        ["PGHOST", "PGHOSTADDR", "PGSSLMODE"].iter().for_each(|name| _ = child.env_remove(name));
        let output = child.envs(variables.clone()).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(said.contains("connecting: "), "{said}");
        assert_eq!(said.contains("sslmode=verify-full"), refused, "{variables:?} {said}");
    }
}

#[tokio::test]
#[ignore = "asked by the test above, in a process of its own"]
async fn by_the_environment() {
    let options = sqlx::postgres::PgConnectOptions::new_without_pgpass();
    let error = connect(PostgresSource::from(options)).await;
    writeln!(std::io::stdout(), "connecting: {error}").unwrap();
}
