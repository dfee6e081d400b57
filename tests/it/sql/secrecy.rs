//! No secret is in the database, in a log line or in an error.

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tower_principal::credential::Digest;
use tower_principal::verify::sql::{NewCredential, NewUser, SqlVerifier};
use tower_principal::{Secret, Verifier as _, VerifyContext};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt as _;

use super::*;

/// A log that a test can read.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// REQ-19: only the digest of a secret is stored, and no part of the secret is logged.
#[tokio::test]
async fn req_19_a_secret_is_neither_stored_nor_logged() {
    for place in Place::all() {
        let log = Log::default();
        let writer = log.clone();
        let format = tracing_subscriber::fmt::layer().with_writer(move || writer.clone());
        let subscriber = tracing_subscriber::registry().with(LevelFilter::TRACE).with(format);
        // All tasks of this runtime run on this thread.
        hear_all_threads();
        let guard = tracing::subscriber::set_default(subscriber);
        let verifier = place.connect().await;
        let store = verifier.store();
        let mut secrets = vec!["the-pass-word".to_owned()];
        store.users().create("alice", Secret::borrowed(&secrets[0]), NewUser::new()).await.unwrap();
        for credentials in [store.api_keys(), store.key_pairs(), store.app_tokens(), store.clients()] {
            let issued = credentials.create(NewCredential::new().org("acme")).await.unwrap();
            secrets.push(issued.secret.expose_secret().to_owned());
            let rotated = credentials.rotate(&issued.id, Duration::from_secs(60)).await.unwrap();
            secrets.push(rotated.secret.expose_secret().to_owned());
        }
        assert_eq!(ask(&verifier, &key(&secrets[1])).await, KEY);
        assert_eq!(
            ask(&verifier, &password("alice", &secrets[0])).await,
            Short::Is(PrincipalKind::BasicUser)
        );
        verifier.revoke(&key(&secrets[1]), &VerifyContext::default()).await.unwrap();
        verifier.close().await;
        let failed = verifier.verify(&key(&secrets[2]), &VerifyContext::default()).await.unwrap_err();
        let told = format!("{failed} {failed:?} {verifier:?} {store:?}");
        drop(guard);

        let mut stored = String::new();
        match &place.folder {
            Some(folder) => {
                for file in std::fs::read_dir(folder.path()).unwrap() {
                    stored.push_str(&String::from_utf8_lossy(&std::fs::read(file.unwrap().path()).unwrap()));
                }
            }
            None => {
                for table in ["users", "credentials"] {
                    let rows = format!("SELECT t::text FROM {} t", place.table(table));
                    let rows: Vec<String> = sqlx::query_scalar(sqlx::AssertSqlSafe(rows))
                        .fetch_all(&place.server().await)
                        .await
                        .unwrap();
                    stored.extend(rows);
                }
            }
        }
        assert!(stored.contains("alice"), "something was read");
        let logged = String::from_utf8_lossy(&log.0.lock().unwrap()).into_owned();
        for secret in &secrets {
            let random = secret.rsplit_once('_').map_or(secret.as_str(), |(_, random)| random);
            for text in [&stored, &logged, &told] {
                assert!(!text.contains(random), "{} {random}", place.name);
            }
        }
        // No statement is logged, slow or not.
        assert!(!logged.contains("SELECT") && !logged.contains("password_hash"), "{logged}");
    }
}

#[tokio::test]
async fn an_address_with_a_password_is_not_shown() {
    let address = "postgres://portal:hunter-2@db.example/portal";
    let builder = SqlVerifier::postgres(address);
    assert!(!format!("{builder:?}").contains("hunter"));
    let source = tower_principal::verify::sql::PostgresSource::from(address);
    assert!(!format!("{source:?}").contains("hunter"));
    let bad = SqlVerifier::postgres("postgres://portal:hunter-2@db.example:port/portal")
        .connect()
        .await
        .unwrap_err();
    assert!(!format!("{bad} {bad:?}").contains("hunter"), "{bad:?}");
    for address in ["portal.db", "postgres://x/y", ""] {
        assert!(SqlVerifier::sqlite(address).connect().await.is_err(), "{address}");
    }
}

#[tokio::test]
async fn a_setting_that_cannot_be_is_refused_at_the_start() {
    for place in Place::all() {
        for prefix in ["", "X", "1a", "a-b", "a; DROP TABLE x", "a\"b", "ä"] {
            assert!(place.builder().table_prefix(prefix).connect().await.is_err(), "{prefix}");
        }
        assert!(place.builder().secret_word("a_b").connect().await.is_err());
        assert!(place.builder().connections(0).connect().await.is_err());
        assert!(place.builder().deadline(Duration::ZERO).connect().await.is_err());
    }
}

/// A look-up finds its row by an index, for any number of rows.
#[tokio::test]
async fn a_look_up_reads_no_table_from_end_to_end() {
    let Some(place) = Place::postgres() else { return };
    let verifier = place.connect().await;
    let issued = verifier.store().api_keys().create(NewCredential::new().owner("alice")).await.unwrap();
    let server = place.server().await;
    let (table, users) = (place.table("credentials"), place.table("users"));
    let fill = format!(
        "INSERT INTO {table} (tenant, kind, public_id, digest, scopes, created_at)
             SELECT '', 'api_key', 'k' || n, sha256(n::text::bytea), '', 0 FROM generate_series(1, 20000) n;
         INSERT INTO {users} (tenant, name, created_at) SELECT '', 'u' || n, 0 FROM generate_series(1, 20000) n;
         ANALYZE {table}; ANALYZE {users};"
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(fill)).execute(&server).await.unwrap();
    for number in 0..50 {
        assert_eq!(ask(&verifier, &key(issued.secret.expose_secret())).await, KEY);
        assert_eq!(ask(&verifier, &key("nobodys")).await, UNKNOWN);
        assert_eq!(ask(&verifier, &password(&format!("u{number}"), "p")).await, UNKNOWN);
        let store = verifier.store();
        assert!(!store.is_denied(Digest::from_parts(&[b"x"])).await.unwrap());
        store.api_keys().list(Some("k1"), 10).await.unwrap();
        store.api_keys().of_user("alice").await.unwrap();
    }
    // The server's statistics are up to a second late, and a connection reports them at its next
    // use.
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    for _ in 0..50 {
        assert_eq!(ask(&verifier, &key("nobodys")).await, UNKNOWN);
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    let read = format!(
        "SELECT sum(seq_tup_read)::bigint, sum(idx_scan)::bigint FROM pg_stat_user_tables
         WHERE relname IN ('{table}', '{users}')"
    );
    let (read, by_index): (i64, i64) =
        sqlx::query_as(sqlx::AssertSqlSafe(read)).fetch_one(&server).await.unwrap();
    assert_eq!(read, 0, "rows read one after the other");
    assert!(by_index > 100, "{by_index}");
}
