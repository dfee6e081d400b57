//! D20: many credentials are revoked at once while a cache is full.
//!
//! The nodes are two on one PostgreSQL, or two caches of one SQLite file. One node revokes; the
//! other receives the changes while clients send it tokens that are cached and tokens that are not.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio::time::sleep;
use tower_principal::verify::Cached;
use tower_principal::verify::sql::{NewCredential, SqlVerifier};
use tower_principal::{Credential, Secret, Verifier, VerifyContext};

use crate::harness::databases::Server;
use crate::harness::numbers::Times;
use crate::harness::report::Report;

const KEPT: usize = 100_000;
const SECOND: Duration = Duration::from_secs(1);
/// The number of tokens that are revoked one after another, one each 5 ms.
const STREAM: usize = 1_000;

#[path = "../../tests/it/support/crowded.rs"]
mod crowded;

use self::crowded::Crowded;

pub(crate) async fn run() -> Report {
    let mut report = Report::default();
    match Server::start().await {
        Some(server) => {
            let node = async || SqlVerifier::postgres(server.address.as_str()).connect().await.unwrap();
            let (here, there) = (node().await, node().await);
            judge(&mut report, "PostgreSQL", &here, &there).await;
        }
        None => report.note("!! PostgreSQL is not installed, or does not start", "its part was NOT run"),
    }
    let folder = TempDir::new().unwrap();
    let address = format!("sqlite:{}", folder.path().join("portal.db").display());
    let verifier = SqlVerifier::sqlite(address).connect().await.unwrap();
    judge(&mut report, "SQLite", &verifier, &verifier.clone()).await;
    report
}

async fn judge(report: &mut Report, name: &str, here: &SqlVerifier, there: &SqlVerifier) {
    // Slightly more capacity than needed, because this experiment is not about which entries a full
    // cache evicts.
    let cached = Cached::new(Crowded(there.clone())).unwrap();
    let cached = Arc::new(cached.ttl(Duration::from_secs(3600)).capacity(KEPT + KEPT / 5));
    let evicting = tokio::spawn(there.changes().unwrap().evict_from(&cached));
    sleep(SECOND).await;
    for number in 0..KEPT {
        assert!(ask(&cached, &format!("crowd{number}")).await);
    }
    let well = Others::start(&cached, there).await;
    sleep(2 * SECOND).await;
    well.end(report, &format!("{name}: while nothing is revoked")).await;
    for revoked in [1, 100, 1_000] {
        let (secrets, _) = issue(here, &cached, revoked).await;
        let kept = cached.stored().0;
        let others = Others::start(&cached, there).await;
        sleep(SECOND / 5).await;
        let started = Instant::now();
        assert_eq!(here.store().access_tokens().revoke_all_of("otto").await.unwrap(), revoked);
        let called = started.elapsed();
        let last = last_good(&cached, &secrets, started).await;
        report.target(
            format!(
                "{name}: {kept} kept, {revoked} revoked at once in {called:.1?}: the last one is good for"
            ),
            format!("{last:.1?}, {} are kept afterwards", cached.stored().0),
            "≤ 1 s",
            last <= SECOND,
        );
        sleep(SECOND / 2).await;
        others.end(report, &format!("{name}: meanwhile")).await;
    }
    // Revocations one after the other, for five seconds.
    let (secrets, ids) = issue(here, &cached, STREAM).await;
    let others = Others::start(&cached, there).await;
    let mut waits = Times::default();
    let mut pace = tokio::time::interval(Duration::from_millis(5));
    let mut watched = Vec::new();
    for (secret, id) in secrets.into_iter().zip(ids) {
        pace.tick().await;
        assert!(here.store().access_tokens().revoke(&id).await.unwrap());
        let (cached, started) = (Arc::clone(&cached), Instant::now());
        watched.push(tokio::spawn(async move { last_good(&cached, &[secret], started).await }));
    }
    for one in watched {
        waits.push(one.await.unwrap());
    }
    let longest = waits.quantile(1.0);
    report.target(
        format!("{name}: {STREAM} revoked one after another, at most 200 a second: each is good for"),
        format!("{:.1?} in the middle, {longest:.1?} at most", waits.quantile(0.5)),
        "≤ 1 s",
        longest <= SECOND,
    );
    others.end(report, &format!("{name}: meanwhile")).await;
    evicting.abort();
}

/// Creates this many tokens of one user, and stores them in the cache.
async fn issue(here: &SqlVerifier, cached: &Cached<Crowded>, count: usize) -> (Vec<String>, Vec<String>) {
    let (mut secrets, mut ids) = (Vec::new(), Vec::new());
    for _ in 0..count {
        let issued = here.store().access_tokens().create(NewCredential::new().user("otto")).await.unwrap();
        secrets.push(issued.secret.expose_secret().to_owned());
        ids.push(issued.id);
    }
    for secret in &secrets {
        assert!(ask(cached, secret).await);
    }
    (secrets, ids)
}

async fn ask(verifier: &impl Verifier, token: &str) -> bool {
    verifier
        .verify(&Credential::AccessToken(Secret::borrowed(token)), &VerifyContext::default())
        .await
        .is_ok()
}

/// The time for which the last of these is accepted without a query to the database.
async fn last_good(cached: &Cached<Crowded>, secrets: &[String], started: Instant) -> Duration {
    let good = |secret: &String| {
        let token = Credential::AccessToken(Secret::borrowed(secret));
        matches!(cached.verify_now(&token, &VerifyContext::default()), Some(Ok(_)))
    };
    let mut last = Duration::ZERO;
    while last < 30 * SECOND && secrets.iter().any(good) {
        last = started.elapsed();
        sleep(Duration::from_millis(2)).await;
    }
    last
}

/// Clients that send requests at the same time, for cached tokens and for tokens that need a query.
struct Others {
    done: Arc<AtomicBool>,
    running: JoinHandle<(Times, Times, usize)>,
}

impl Others {
    async fn start(cached: &Arc<Cached<Crowded>>, database: &SqlVerifier) -> Self {
        let issued =
            database.store().access_tokens().create(NewCredential::new().user("olga")).await.unwrap();
        let done = Arc::new(AtomicBool::new(false));
        let (until, cached, database) = (Arc::clone(&done), Arc::clone(cached), database.clone());
        let running = tokio::spawn(async move {
            let (mut hits, mut look_ups, mut failed) = (Times::default(), Times::default(), 0);
            while !until.load(Ordering::Relaxed) {
                let began = Instant::now();
                failed += usize::from(!ask(&cached, "crowd77").await);
                hits.push(began.elapsed());
                let began = Instant::now();
                failed += usize::from(!ask(&database, issued.secret.expose_secret()).await);
                look_ups.push(began.elapsed());
                sleep(Duration::from_millis(2)).await;
            }
            (hits, look_ups, failed)
        });
        Self { done, running }
    }

    async fn end(self, report: &mut Report, name: &str) {
        self.done.store(true, Ordering::Relaxed);
        let (hits, look_ups, failed) = self.running.await.expect("the others");
        let text =
            |times: &Times| format!("p99 {:.2?}, longest {:.2?}", times.quantile(0.99), times.quantile(1.0));
        report.note(format!("{name}: what is kept takes others"), text(&hits));
        report.note(format!("{name}: what the database is asked takes others"), text(&look_ups));
        report.exactly(format!("{name}: others who were refused"), failed, 0);
    }
}
