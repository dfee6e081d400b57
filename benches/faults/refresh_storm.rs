//! D21: 16 clients issue, refresh and verify tokens, while a
//! cache receives every renewal.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tower_principal::grant::{Ending, GrantId, Grants, Lifetime, NewGrant, NextTokens, RefreshRule, Renewal};
use tower_principal::verify::Cached;
use tower_principal::verify::sql::{SqlStore, SqlVerifier};
use tower_principal::{Credential, Secret, Verifier as _, VerifyContext};

use crate::endpoint_storm;
use crate::harness::databases::Server;
use crate::harness::numbers::Times;
use crate::harness::report::Report;
use crate::refresh_races::{SHAPE, issue, next, successor};

pub(crate) const CLIENTS: usize = 16;
/// The number of renewals without an answer in time.
static REFUSED: AtomicUsize = AtomicUsize::new(0);
pub(crate) const TIME: Duration = Duration::from_secs(4);

pub(crate) async fn run() -> Report {
    let mut report = Report::default();
    let folder = TempDir::new().unwrap();
    let file = format!("sqlite:{}", folder.path().join("grants.db").display());
    let verifier = SqlVerifier::sqlite(file).connect().await.unwrap();
    judge(&mut report, "SQLite", &verifier, &verifier.clone()).await;
    match Server::start().await {
        Some(server) => {
            let node = async || SqlVerifier::postgres(server.address.as_str()).connect().await.unwrap();
            let (here, there) = (node().await, node().await);
            judge(&mut report, "PostgreSQL", &here, &there).await;
        }
        None => report.note("!! PostgreSQL is not installed, or does not start", "its part was NOT run"),
    }
    report
}

/// Repeats a step in each client until the time is over, and returns the number of steps a second.
pub(crate) async fn steps<F: Future<Output = ()> + Send + 'static>(
    start: impl Fn(Arc<AtomicUsize>) -> F,
) -> f64 {
    let count = Arc::new(AtomicUsize::new(0));
    let started = Instant::now();
    let clients: Vec<_> = (0..CLIENTS).map(|_| tokio::spawn(start(Arc::clone(&count)))).collect();
    for client in clients {
        client.await.unwrap();
    }
    count.load(Ordering::Relaxed) as f64 / started.elapsed().as_secs_f64()
}

async fn refreshing(store: SqlStore, count: Arc<AtomicUsize>, pace: Option<Duration>) {
    let until = Instant::now() + TIME;
    let (mut id, mut refresh) = issue(&store).await;
    let mut pace = pace.map(tokio::time::interval);
    while Instant::now() < until {
        if let Some(pace) = &mut pace {
            pace.tick().await;
        }
        let after = successor(&refresh);
        let renewed = store.renew(&refresh.digests, "client", &RefreshRule::new(), &next(&id, &after)).await;
        if renewed.is_err() {
            // SQLite allows one write at a time, and not in the order of arrival.
            REFUSED.fetch_add(1, Ordering::Relaxed);
            (id, refresh) = issue(&store).await;
            continue;
        }
        assert!(matches!(renewed, Ok(Renewal::Renewed(_))), "{renewed:?}");
        refresh = after;
        count.fetch_add(1, Ordering::Relaxed);
    }
}

/// Verifies one token repeatedly, without a cache.
async fn verifying(verifier: SqlVerifier, count: Arc<AtomicUsize>) {
    let until = Instant::now() + TIME;
    let (draft, secret) = issued(&verifier.store()).await;
    let token = Credential::AccessToken(secret);
    while Instant::now() < until {
        let principal = verifier.verify(&token, &VerifyContext::default()).await.unwrap();
        assert_eq!(principal.credential_id(), Some(draft.id.as_str()));
        count.fetch_add(1, Ordering::Relaxed);
    }
}

/// Creates a grant, and returns it with its access token.
async fn issued(store: &SqlStore) -> (NewGrant, Secret<'static>) {
    let id = GrantId::random().unwrap();
    let access = SHAPE.access(&id, None).unwrap();
    let draft = NewGrant::new(id, "client").user("otto");
    let tokens = NextTokens::new(access.digest, Lifetime::seconds(60));
    while store.issue(&draft, &tokens).await.is_err() {}
    (draft, access.secret)
}

async fn judge(report: &mut Report, name: &str, here: &SqlVerifier, there: &SqlVerifier) {
    let store = here.store();
    let issued = steps(|count| {
        let store = store.clone();
        async move {
            let until = Instant::now() + TIME;
            while Instant::now() < until {
                issue(&store).await;
                count.fetch_add(1, Ordering::Relaxed);
            }
        }
    });
    report.note(format!("{name}: {CLIENTS} clients issue"), format!("{:.0} grants a second", issued.await));
    let refreshed = steps(|count| refreshing(store.clone(), count, None)).await;
    report.note(
        format!("{name}: {CLIENTS} clients refresh"),
        format!("{refreshed:.0} a second, {} refused as unavailable", REFUSED.swap(0, Ordering::Relaxed)),
    );
    endpoint_storm::judge(report, name, here).await;
    let verified = steps(|count| verifying(here.clone(), count)).await;
    report.note(format!("{name}: {CLIENTS} clients verify"), format!("{verified:.0} a second"));
    // At a thousand renewals a second, how long does another node's cache accept a token of an
    // ended grant?
    let cached = Arc::new(Cached::new(there.clone()).unwrap().ttl(Duration::from_secs(3_600)));
    let evicting = tokio::spawn(there.changes().unwrap().evict_from(&cached));
    tokio::time::sleep(Duration::from_secs(1)).await;
    let watching = tokio::spawn(watch(store.clone(), Arc::clone(&cached)));
    let pace = Duration::from_millis(u64::try_from(CLIENTS).unwrap());
    let storm = steps(|count| refreshing(store.clone(), count, Some(pace))).await;
    let times = watching.await.unwrap();
    let longest = times.quantile(1.0);
    report.target(
        format!("{name}: at {storm:.0} renewals a second, a token of an ended grant is good in a cache for"),
        format!("{:.1?} in the middle, {longest:.1?} at most", times.quantile(0.5)),
        "≤ 1 s",
        longest <= Duration::from_secs(1),
    );
    evicting.abort();
}

/// Ends grants one after another while a cache holds their tokens, and measures how long each token
/// is accepted.
async fn watch(store: SqlStore, cached: Arc<Cached<SqlVerifier>>) -> Times {
    let mut times = Times::default();
    let until = Instant::now() + TIME - Duration::from_millis(500);
    while Instant::now() < until {
        let (draft, secret) = issued(&store).await;
        let token = Credential::AccessToken(secret);
        let context = VerifyContext::default();
        for _ in 0..2 {
            assert!(cached.verify(&token, &context).await.is_ok());
        }
        store.end(&Ending::Grant(&draft.id)).await.unwrap();
        let started = Instant::now();
        while cached.verify(&token, &context).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        times.push(started.elapsed());
    }
    times
}
