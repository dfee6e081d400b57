//! Databases that go away, return, or are locked (D8).

use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use sqlx::Connection as _;
use sqlx::sqlite::SqliteConnection;
use tempfile::TempDir;
use tower_principal::test_util::conformance::Suite;
use tower_principal::verify::sql::{Change, NewCredential, NewUser, SqlError};
use tower_principal::{PrincipalKind, Secret, Verifier as _, VerifyContext, VerifyError};

use super::*;

/// A server that only one test uses and may stop.
pub(super) struct Server(TempDir);

impl Server {
    /// Makes the folder readable for other users, because the server does not run as root.
    pub(super) fn new() -> Self {
        let folder = TempDir::new().unwrap();
        #[cfg(unix)]
        std::fs::set_permissions(folder.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        Self(folder)
    }

    fn script(&self, name: &str) -> Command {
        let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/postgres").join(name);
        let mut command = Command::new(script);
        command.arg(self.0.path().join("cluster"));
        command
    }

    /// Starts it, and returns its address.
    pub(super) fn start(&self) -> String {
        let output = self.script("start").output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// Stops it without a shutdown, like a crash.
    fn stop(&self) {
        assert!(self.script("stop").status().unwrap().success());
    }

    /// Returns the server's log of all statements.
    pub(super) fn log(&self) -> String {
        std::fs::read_to_string(self.0.path().join("cluster/data/server.log")).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.script("stop").arg("-r").status();
    }
}

/// The outcomes while a database was away.
#[derive(Default, Debug)]
struct Counts {
    good: AtomicU32,
    unavailable: AtomicU32,
    denied: AtomicU32,
    let_in: AtomicU32,
    /// The slowest answer in milliseconds.
    slowest: AtomicU32,
}

/// D8, REQ-19, REQ-55: a server crashes and comes back under load. No invalid credential is
/// accepted, no valid one is denied, each answer comes in time, and a second after the return every
/// answer is correct.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_of_the_server_is_an_outage_and_over_with_it() {
    if Place::postgres().is_none() {
        return;
    }
    let _quiet = QUIET.lock().await;
    let server = Server::new();
    let place = Place::at(server.start());
    let verifier = place.connect().await;
    let mut changes = verifier.changes().unwrap();
    assert_eq!(changes.next().await, Some(Change::Everything));
    let keys = verifier.store().api_keys();
    let good = keys.create(NewCredential::new()).await.unwrap();
    let revoked = keys.create(NewCredential::new()).await.unwrap();
    keys.revoke(&revoked.id).await.unwrap();

    let (counts, done) = (Arc::new(Counts::default()), Arc::new(AtomicBool::new(false)));
    let load: Vec<_> = (0..16)
        .map(|number| {
            let (verifier, counts, done) = (verifier.clone(), Arc::clone(&counts), Arc::clone(&done));
            let bad = number % 2 == 0;
            let secret = if bad { &revoked } else { &good }.secret.expose_secret().to_owned();
            tokio::spawn(async move {
                while !done.load(Ordering::SeqCst) {
                    let started = Instant::now();
                    let answer = ask(&verifier, &key(&secret)).await;
                    let counter = match (answer, bad) {
                        (KEY, false) | (REVOKED, true) => &counts.good,
                        (Short::Unavailable, _) => &counts.unavailable,
                        (KEY, true) => &counts.let_in,
                        _ => &counts.denied,
                    };
                    counter.fetch_add(1, Ordering::SeqCst);
                    let millis = u32::try_from(started.elapsed().as_millis()).unwrap();
                    counts.slowest.fetch_max(millis, Ordering::SeqCst);
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            })
        })
        .collect();
    for away in [Duration::from_millis(1_500), Duration::ZERO] {
        tokio::time::sleep(Duration::from_millis(300)).await;
        tokio::task::block_in_place(|| server.stop());
        tokio::time::sleep(away).await;
        tokio::task::block_in_place(|| server.start());
        let back = Instant::now();
        while ask(&verifier, &key(good.secret.expose_secret())).await != KEY {}
        eprintln!("good again {:?} after the server was back", back.elapsed());
        // On an idle machine this takes a second.
        assert!(back.elapsed() < Duration::from_secs(5), "{:?}", back.elapsed());
    }
    done.store(true, Ordering::SeqCst);
    for task in load {
        task.await.unwrap();
    }
    eprintln!("{counts:?}");
    assert!(
        counts.good.load(Ordering::SeqCst) > 0 && counts.unavailable.load(Ordering::SeqCst) > 0,
        "{counts:?}"
    );
    assert_eq!(
        (counts.let_in.load(Ordering::SeqCst), counts.denied.load(Ordering::SeqCst)),
        (0, 0),
        "{counts:?}"
    );
    assert!(counts.slowest.load(Ordering::SeqCst) < 2_000, "{counts:?}");
    // The listeners learned that they may have missed a change.
    let told = async { while changes.next().await != Some(Change::Everything) {} };
    tokio::time::timeout(Duration::from_secs(10), told).await.unwrap();

    // The same connections are reused.
    let sessions = "SELECT sessions FROM pg_stat_database WHERE datname = 'postgres'";
    let looked = place.server().await;
    let before: i64 = sqlx::query_scalar(sessions).fetch_one(&looked).await.unwrap();
    for _ in 0..100 {
        assert_eq!(ask(&verifier, &key(good.secret.expose_secret())).await, KEY);
    }
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    let after: i64 = sqlx::query_scalar(sessions).fetch_one(&looked).await.unwrap();
    assert!(after - before < 15, "{} connections for 100 answers", after - before);

    // The server logged every statement and its values; none is a secret.
    let log = server.log();
    assert!(log.contains("_credentials"));
    for secret in [&good, &revoked] {
        assert!(!log.contains(secret.secret.expose_secret().rsplit_once('_').unwrap().1));
    }
}

/// The rules about outages, with a server that is stopped before any verification, and again after
/// all of them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stopped_server_is_neither_a_denial_nor_an_acceptance() {
    if Place::postgres().is_none() {
        return;
    }
    let _quiet = QUIET.lock().await;
    let server = Arc::new(Server::new());
    let place = Place::at(server.start());
    let verifier = place.connect().await;
    let (users, keys) = (verifier.store().users(), verifier.store().api_keys());
    users.create(USER, Secret::borrowed(PASSWORD), NewUser::new()).await.unwrap();
    let good = keys.create(NewCredential::new()).await.unwrap();
    let revoked = keys.create(NewCredential::new()).await.unwrap();
    keys.revoke(&revoked.id).await.unwrap();
    let elsewhere = verifier.store().tenant("other").unwrap().api_keys();
    let elsewhere = elsewhere.create(NewCredential::new()).await.unwrap();
    let suite = Suite::new()
        .good(password(USER, PASSWORD), PrincipalKind::BasicUser)
        .good(key(good.secret.expose_secret()), PrincipalKind::ApiKey)
        .unknown(key(elsewhere.secret.expose_secret()))
        .revoked(key(revoked.secret.expose_secret()))
        .outage(move |is_down| {
            let server = Arc::clone(&server);
            let turn = move || if is_down { server.stop() } else { drop(server.start()) };
            async move { tokio::task::spawn_blocking(turn).await.unwrap() }
        });
    suite.check(&verifier).await.assert_holds();
    #[cfg(feature = "cache")]
    suite.check(&tower_principal::verify::Cached::new(verifier).unwrap()).await.assert_holds();
}

/// D8: while another process locks a database, it is an outage, and no longer.
#[tokio::test]
async fn a_locked_sqlite_file_is_an_outage_while_it_lasts() {
    let place = Place::all().swap_remove(0);
    let verifier = place.builder().deadline(Duration::from_millis(400)).connect().await.unwrap();
    let keys = verifier.store().api_keys();
    let issued = keys.create(NewCredential::new()).await.unwrap();
    let credential = key(issued.secret.expose_secret());
    let file = place.folder.as_ref().unwrap().path().join("test.db");
    let mut other = SqliteConnection::connect(&format!("sqlite:{}", file.display())).await.unwrap();

    // Reads continue while another process writes. A change waits for a while and then fails as an
    // outage.
    sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    assert_eq!(ask(&verifier, &credential).await, KEY);
    let started = Instant::now();
    let locked = keys.disable(&issued.id).await;
    assert!(matches!(locked, Err(SqlError::Locked | SqlError::Late)), "{locked:?}");
    let revoked = verifier.revoke(&credential, &VerifyContext::default()).await;
    assert!(matches!(revoked, Err(VerifyError::Unavailable(_))), "{revoked:?}");
    assert!(started.elapsed() < Duration::from_secs(2));
    sqlx::raw_sql("ROLLBACK").execute(&mut other).await.unwrap();
    assert!(keys.disable(&issued.id).await.unwrap());
    assert_eq!(ask(&verifier, &credential).await, DISABLED);
}

/// A record that cannot be read is an outage. It neither accepts nor denies a credential.
#[tokio::test]
async fn a_database_without_its_tables_is_an_outage() {
    for place in Place::all() {
        let verifier = place.connect().await;
        let issued = verifier.store().api_keys().create(NewCredential::new()).await.unwrap();
        let gone = format!("DROP TABLE {}", place.table("credentials"));
        match &place.folder {
            Some(folder) => {
                let file = folder.path().join("test.db");
                let mut other =
                    SqliteConnection::connect(&format!("sqlite:{}", file.display())).await.unwrap();
                sqlx::raw_sql(sqlx::AssertSqlSafe(gone)).execute(&mut other).await.unwrap();
            }
            None => {
                sqlx::raw_sql(sqlx::AssertSqlSafe(gone)).execute(&place.server().await).await.unwrap();
            }
        }
        assert_eq!(
            ask(&verifier, &key(issued.secret.expose_secret())).await,
            Short::Unavailable,
            "{}",
            place.name
        );
        assert_eq!(ask(&verifier, &key("nobodys")).await, Short::Unavailable);
    }
}
