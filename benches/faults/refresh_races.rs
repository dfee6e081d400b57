//! D12: 50 simultaneous calls use one refresh token, a thousand times; then old tokens are used
//! again.
//!
//! It runs on SQLite and on PostgreSQL, each with two pools of one database, like two nodes.

use std::time::{Duration, Instant};

use tempfile::TempDir;
use tokio::task::JoinSet;
use tower_principal::grant::{
    GrantId, Grants, IssuedRefresh, Lifetime, NewGrant, NextRefresh, NextTokens, Presented, RefreshRule,
    Renewal, TokenShape,
};
use tower_principal::verify::sql::{SqlStore, SqlVerifier};

use crate::harness::databases::Server;
use crate::harness::report::Report;

pub(crate) const SHAPE: TokenShape = TokenShape::prefixed("faults");
const RACERS: usize = 50;
const ROUNDS: usize = 1_000;
/// The time limit for the races of one database. The report has the number of races.
const TIME: Duration = Duration::from_secs(110);

#[derive(Default)]
struct Counts {
    rounds: usize,
    not_one_winner: usize,
    ended_by_a_race: usize,
    live_after_reuse: usize,
    errors: usize,
}

pub(crate) async fn run() -> Report {
    let mut report = Report::default();
    let folder = TempDir::new().unwrap();
    let file = format!("sqlite:{}", folder.path().join("grants.db").display());
    let node = async || SqlVerifier::sqlite(file.as_str()).connect().await.unwrap().store();
    judge(&mut report, "SQLite", [node().await, node().await]).await;
    match Server::start().await {
        Some(server) => {
            let node =
                async || SqlVerifier::postgres(server.address.as_str()).connect().await.unwrap().store();
            judge(&mut report, "PostgreSQL", [node().await, node().await]).await;
        }
        None => report.note("!! PostgreSQL is not installed, or does not start", "its part was NOT run"),
    }
    report
}

/// Creates a grant of a client, and returns its refresh token. Retries if the store is locked.
pub(crate) async fn issue(store: &SqlStore) -> (GrantId, IssuedRefresh) {
    loop {
        let id = GrantId::random().unwrap();
        let refresh = SHAPE.refresh(&id).unwrap();
        let draft = NewGrant::new(id.clone(), "client").user("otto").scopes(["read"]);
        if store.issue(&draft, &next(&id, &refresh)).await.is_ok() {
            return (id, refresh);
        }
    }
}

/// Returns an access token and this refresh token.
pub(crate) fn next(id: &GrantId, refresh: &IssuedRefresh) -> NextTokens {
    let access = SHAPE.access(id, None).unwrap();
    let refresh = NextRefresh::new(refresh.digests, Lifetime::seconds(24 * 3_600));
    NextTokens::new(access.digest, Lifetime::seconds(3_600)).refresh(refresh)
}

pub(crate) fn successor(before: &IssuedRefresh) -> IssuedRefresh {
    SHAPE.successor(&before.secret).unwrap().unwrap()
}

async fn judge(report: &mut Report, name: &str, nodes: [SqlStore; 2]) {
    let started = Instant::now();
    let mut counts = Counts::default();
    while counts.rounds < ROUNDS && started.elapsed() < TIME {
        round(&nodes, &mut counts).await;
        counts.rounds += 1;
    }
    let took = started.elapsed().as_secs_f64();
    let races = format!("{name}: of {} races of {RACERS} calls, two nodes, in {took:.1} s", counts.rounds);
    report.target(
        format!("{races}: without exactly one winner"),
        format!("{}", counts.not_one_winner),
        "0",
        counts.not_one_winner == 0,
    );
    let ended = counts.ended_by_a_race;
    report.target(format!("{name}: grants that a race ended"), format!("{ended}"), "0", ended == 0);
    let live = counts.live_after_reuse;
    report.target(format!("{name}: tokens live after reuse"), format!("{live}"), "0", live == 0);
    report.target(format!("{name}: errors"), format!("{}", counts.errors), "0", counts.errors == 0);
}

async fn round(nodes: &[SqlStore; 2], counts: &mut Counts) {
    let (id, first) = issue(&nodes[0]).await;
    let mut calls = JoinSet::new();
    for racer in 0..RACERS {
        let (store, refresh, shown) = (nodes[racer % 2].clone(), successor(&first), first.digests);
        let next = next(&id, &refresh);
        calls
            .spawn(async move { (store.renew(&shown, "client", &RefreshRule::new(), &next).await, refresh) });
    }
    let mut winners = Vec::new();
    for (outcome, refresh) in calls.join_all().await {
        match outcome {
            Ok(Renewal::Renewed(_)) => winners.push(refresh),
            Ok(Renewal::Superseded(_)) => {}
            Ok(_) => counts.ended_by_a_race += 1,
            Err(_) => counts.errors += 1,
        }
    }
    let [second] = &winners[..] else {
        counts.not_one_winner += 1;
        return;
    };
    // After the winner's renewal, the first token is older than the predecessor.
    let third = successor(second);
    let renewed = nodes[1].renew(&second.digests, "client", &RefreshRule::new(), &next(&id, &third)).await;
    counts.ended_by_a_race += usize::from(!matches!(renewed, Ok(Renewal::Renewed(_))));
    let last = next(&id, &successor(&first));
    let reused = nodes[0].renew(&first.digests, "client", &RefreshRule::new(), &last).await;
    counts.live_after_reuse += usize::from(!matches!(reused, Ok(Renewal::Reused(_))));
    for token in [Presented::Refresh(third.digests), Presented::Grant(id)] {
        counts.live_after_reuse += usize::from(nodes[1].find(&token).await.unwrap().is_some());
    }
}
