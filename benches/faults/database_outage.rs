//! D8: the database crashes, restarts, freezes, is locked or is full while requests continue.
//!
//! The experiment starts its own PostgreSQL cluster by `tests/postgres/start`. If PostgreSQL is not
//! installed, the report states that this part was left out. The cluster has one node, so failover
//! is not tested.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use http::Request;
use sqlx::Connection as _;
use sqlx::postgres::PgConnection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use tempfile::TempDir;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{MissedTickBehavior, interval, sleep};
use tower::ServiceExt as _;
use tower_principal::verify::sql::{NewCredential, SqlVerifier};
use tower_principal::{AuthenticateLayer, dialect, transport};

use crate::harness::databases::{Lock, Server};
use crate::harness::numbers::Times;
use crate::harness::report::Report;

/// The interval between requests: one each 2 ms.
const EACH: Duration = Duration::from_millis(2);
const LOCKED: Duration = Duration::from_secs(5);
const SECOND: Duration = Duration::from_secs(1);

/// A token, and its status while the database works.
type Token = (Arc<str>, u16);

/// One answer.
struct Seen {
    began: Instant,
    ended: Instant,
    due: u16,
    status: u16,
}

pub(crate) async fn run() -> Report {
    let mut report = Report::default();
    postgres(&mut report).await;
    sqlite(&mut report).await;
    full(&mut report).await;
    report
}

/// Valid tokens, revoked tokens, and one unknown token.
async fn tokens(verifier: &SqlVerifier) -> Arc<[Token]> {
    let store = verifier.store().access_tokens();
    let mut tokens: Vec<Token> = vec![("nobodys-token-at-all".into(), 401)];
    for at in 0..30 {
        let issued = store.create(NewCredential::new().user("otto")).await.unwrap();
        let revoked = at % 3 == 0 && store.revoke(&issued.id).await.unwrap();
        tokens.push((issued.secret.expose_secret().into(), if revoked { 401 } else { 200 }));
    }
    tokens.into()
}

fn service(verifier: SqlVerifier) -> Router {
    let layer = AuthenticateLayer::new(dialect::RFC6750, verifier, transport::danger_assume_secure());
    Router::new().route("/data", get(async || "data")).route_layer(layer)
}

async fn ask(app: Router, token: &str) -> u16 {
    let request = Request::get("/data").header("authorization", format!("Bearer {token}"));
    app.oneshot(request.body(Body::empty()).unwrap()).await.unwrap().status().as_u16()
}

/// Requests at a steady pace, even if earlier ones are still open.
struct Load {
    done: Arc<AtomicBool>,
    running: JoinHandle<Vec<Seen>>,
}

impl Load {
    fn start(app: &Router, tokens: &Arc<[Token]>) -> Self {
        let done = Arc::new(AtomicBool::new(false));
        let (app, tokens, until) = (app.clone(), Arc::clone(tokens), Arc::clone(&done));
        let running = tokio::spawn(async move {
            let mut requests = JoinSet::new();
            let mut pace = interval(EACH);
            pace.set_missed_tick_behavior(MissedTickBehavior::Burst);
            for (token, due) in tokens.iter().cloned().collect::<Vec<_>>().into_iter().cycle() {
                pace.tick().await;
                if until.load(Ordering::Relaxed) {
                    break;
                }
                let app = app.clone();
                requests.spawn(async move {
                    let began = Instant::now();
                    let status = ask(app, &token).await;
                    Seen { began, ended: Instant::now(), due, status }
                });
            }
            requests.join_all().await
        });
        Self { done, running }
    }

    async fn end(self) -> Vec<Seen> {
        self.done.store(true, Ordering::Relaxed);
        self.running.await.expect("the load")
    }
}

/// Judges the answers to requests while a database was away, from `gone` until `back`.
fn judge(report: &mut Report, name: &str, seen: &[Seen], gone: Instant, back: Instant) {
    let count = |test: &dyn Fn(&Seen) -> bool| seen.iter().filter(|seen| test(seen)).count();
    let began = seen.iter().map(|seen| seen.began).min().unwrap();
    let took = seen.iter().map(|seen| seen.began).max().unwrap() - began;
    let pace = seen.len() as f64 / took.as_secs_f64();
    let away = back - gone;
    report.target(
        format!("{name}: requests a second, away for {away:.1?}"),
        format!("{pace:.0}, {} in all", seen.len()),
        "≥ 200",
        pace >= 200.0,
    );
    report.exactly(
        format!("{name}: let in who should not be"),
        count(&|s| s.due != 200 && s.status == 200),
        0,
    );
    report.exactly(
        format!("{name}: denied who should be let in"),
        count(&|s| s.due == 200 && s.status == 401),
        0,
    );
    let known = |status| matches!(status, 200 | 401 | 503);
    report.exactly(format!("{name}: answers other than 200, 401, 503"), count(&|s| !known(s.status)), 0);
    report.note(format!("{name}: answers 503"), count(&|s| s.status == 503).to_string());
    let mut waits = Times::default();
    seen.iter().for_each(|seen| waits.push(seen.ended - seen.began));
    let longest = waits.quantile(1.0);
    report.target(
        format!("{name}: longest wait for an answer"),
        format!("{longest:.3?}"),
        "≤ 2.05 s",
        longest <= Duration::from_millis(2_050),
    );
    let good = seen.iter().filter(|seen| seen.due == 200 && seen.status == 200 && seen.ended >= back);
    let first = good.map(|seen| seen.ended - back).min();
    report.target(
        format!("{name}: first good answer when it is back"),
        first.map_or("never".to_owned(), |first| format!("{first:.3?}")),
        "≤ 1 s",
        first.is_some_and(|first| first <= SECOND),
    );
    let late = seen.iter().filter(|seen| seen.status == 503 && seen.began >= back);
    let last = late.map(|seen| seen.began - back).max();
    let text = last.map_or("none".to_owned(), |last| format!("{last:.3?} after it"));
    report.note(format!("{name}: last request that began when it was back and got a 503"), text);
}

async fn postgres(report: &mut Report) {
    let Some(server) = Server::start().await else {
        report.note("!! PostgreSQL is not installed, or does not start", "its part was NOT run");
        return;
    };
    let verifier = SqlVerifier::postgres(server.address.as_str()).connect().await.unwrap();
    let (tokens, app) = (tokens(&verifier).await, service(verifier.clone()));
    for (name, away) in
        [("PostgreSQL away", Duration::from_millis(1_500)), ("PostgreSQL restarted", Duration::ZERO)]
    {
        let load = Load::start(&app, &tokens);
        sleep(SECOND).await;
        let gone = Instant::now();
        server.stop().await;
        sleep(away).await;
        let back = server.start_again().await;
        sleep(2 * SECOND).await;
        judge(report, name, &load.end().await, gone, back);
    }
    let load = Load::start(&app, &tokens);
    sleep(SECOND).await;
    let gone = Instant::now();
    server.freeze(true).await;
    sleep(3 * SECOND).await;
    server.freeze(false).await;
    let back = Instant::now();
    sleep(2 * SECOND).await;
    judge(report, "PostgreSQL frozen", &load.end().await, gone, back);

    let mut looked = PgConnection::connect(&server.address).await.unwrap();
    let version: String = sqlx::query_scalar("SHOW server_version").fetch_one(&mut looked).await.unwrap();
    let sessions = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'tower-principal'";
    let open: i64 = sqlx::query_scalar(sessions).fetch_one(&mut looked).await.unwrap();
    let idle = "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'";
    let idle: i64 = sqlx::query_scalar(idle).fetch_one(&mut looked).await.unwrap();
    report.exactly("PostgreSQL: connections left in a transaction", usize::try_from(idle).unwrap(), 0);
    report.target("PostgreSQL: connections", open.to_string(), "≤ 10", open <= 10);
    report.note("PostgreSQL", version);
}

async fn connect(path: &Path) -> SqliteConnection {
    SqliteConnection::connect(&format!("sqlite:{}", path.display())).await.unwrap()
}

async fn sqlite(report: &mut Report) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("portal.db");
    let verifier = SqlVerifier::sqlite(format!("sqlite:{}", path.display())).connect().await.unwrap();
    let (tokens, app) = (tokens(&verifier).await, service(verifier.clone()));
    let spare = verifier.store().access_tokens().create(NewCredential::new().user("otto")).await.unwrap();

    // Another connection writes, so reads continue, and changes wait or fail.
    let load = Load::start(&app, &tokens);
    let mut other = connect(&path).await;
    sqlx::raw_sql("BEGIN EXCLUSIVE").execute(&mut other).await.unwrap();
    let (locked, mut kinds) = (Instant::now(), Vec::new());
    while locked.elapsed() < LOCKED {
        let refused = verifier.store().access_tokens().revoke(&spare.id).await.unwrap_err();
        kinds.push(format!("{refused:?}"));
    }
    sqlx::raw_sql("ROLLBACK").execute(&mut other).await.unwrap();
    let back = Instant::now();
    let revoked = verifier.store().access_tokens().revoke(&spare.id).await;
    report.target(
        "SQLite locked by a writer for 5 s: first change when it is not",
        format!("{revoked:?} after {:.3?}", back.elapsed()),
        "≤ 1 s",
        matches!(revoked, Ok(true)) && back.elapsed() <= SECOND,
    );
    let attempts = kinds.len();
    kinds.sort();
    kinds.dedup();
    report.note(format!("SQLite locked by a writer: {attempts} changes refused as"), kinds.join(", "));
    let seen = load.end().await;
    let wrong = seen.iter().filter(|seen| seen.status != seen.due).count();
    report.exactly(
        format!("SQLite locked by a writer: of {} answers to readers wrong", seen.len()),
        wrong,
        0,
    );

    // The lock makes reads impossible as well.
    let load = Load::start(&app, &tokens);
    sleep(SECOND).await;
    let Some(lock) = Lock::take(&path).await else {
        report.note("!! there is no Python to lock files with", "SQLite locked against readers was NOT run");
        return;
    };
    let gone = Instant::now();
    sleep(LOCKED).await;
    lock.release().await;
    let back = Instant::now();
    sleep(2 * SECOND).await;
    judge(report, "SQLite locked against readers", &load.end().await, gone, back);
}

/// `PRAGMA max_page_count` simulates a full disk: SQLite cannot add a page.
async fn full(report: &mut Report) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("portal.db");
    let options = SqliteConnectOptions::new().filename(&path).pragma("max_page_count", "64");
    let verifier = SqlVerifier::sqlite(options).connect().await.unwrap();
    let (tokens, app) = (tokens(&verifier).await, service(verifier.clone()));
    let store = verifier.store().access_tokens();
    let filler = || NewCredential::new().user("otto").label("x".repeat(255));
    let load = Load::start(&app, &tokens);
    let mut made = 0;
    let refused = loop {
        match store.create(filler()).await {
            Ok(_) => made += 1,
            Err(refused) => break refused,
        }
    };
    sleep(SECOND).await;
    let again = store.create(filler()).await.unwrap_err();
    report.note(
        format!("SQLite full (max_page_count, simulated) after {made} tokens"),
        format!("{refused:?}, {again:?}"),
    );
    let mut other = connect(&path).await;
    sqlx::raw_sql("DELETE FROM principal_credentials WHERE label IS NOT NULL")
        .execute(&mut other)
        .await
        .unwrap();
    let back = Instant::now();
    let good = store.create(filler()).await.is_ok();
    report.target(
        "SQLite full: first change when there is room again",
        format!("{:.3?}", back.elapsed()),
        "≤ 1 s",
        good && back.elapsed() <= SECOND,
    );
    let seen = load.end().await;
    let wrong = seen.iter().filter(|seen| seen.status != seen.due).count();
    report.exactly(format!("SQLite full: of {} answers to readers wrong", seen.len()), wrong, 0);
}
