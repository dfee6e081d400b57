//! D4: a thousand clients wait for one verification, and the client that started it leaves.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use futures_util::future::join_all;
use tokio::io::AsyncWriteExt as _;
use tokio::time::sleep;
use tower_principal::verify::Cached;
use tower_principal::{
    AuthenticateLayer, Credential, OAuthUser, Principal, Verifier, VerifyContext, VerifyError, dialect,
    transport,
};

use crate::harness::child::Child;
use crate::harness::client::{open_many, with_token};
use crate::harness::report::Report;
use crate::harness::server::Gauges;

const FOLLOWERS: usize = 1_000;
const ROUNDS: usize = 20;
/// Long enough for all of their requests to arrive.
const TAKES: Duration = Duration::from_millis(600);

struct Slow(Arc<Gauges>);

impl Verifier for Slow {
    async fn verify(&self, _: &Credential<'_>, _: &VerifyContext<'_>) -> Result<Principal, VerifyError> {
        let _verifying = self.0.verifies();
        sleep(TAKES).await;
        Ok(OAuthUser::new("otto").into())
    }
}

pub(crate) fn app(gauges: &Arc<Gauges>) -> Router {
    let cached = Cached::new(Slow(Arc::clone(gauges))).unwrap();
    let layer = AuthenticateLayer::new(dialect::RFC6750, cached, transport::danger_assume_secure());
    Router::new().route("/data", get(async || "data")).route_layer(layer)
}

pub(crate) async fn run() -> Report {
    let mut report = Report::default();
    let child = Child::start("leader_leaves").await;
    let mut followers = open_many(child.address, FOLLOWERS).await;
    let (mut calls, mut most, mut good, mut early) = (0, 0, 0, 0);
    for round in 0..ROUNDS {
        let request = with_token("/data", &format!("a-token-that-is-cold-{round}"));
        let before = child.stats().await.asked;
        let mut leader = child.connect().await;
        leader.stream.write_all(&request).await.expect("a connection that lives");
        while child.stats().await.asked == before {
            sleep(Duration::from_millis(1)).await;
        }
        let asked = join_all(followers.iter_mut().map(|follower| follower.stream.write_all(&request))).await;
        assert!(asked.iter().all(Result::is_ok), "every follower is connected");
        drop(leader);
        // No answer may exist before the leader leaves; otherwise the experiment could not fail.
        early += usize::from(child.stats().await.verifying == 0);
        let answers = join_all(followers.iter_mut().map(|follower| follower.answer())).await;
        good += answers.iter().flatten().filter(|answer| answer.status == 200).count();
        let now = child.stats().await.asked - before;
        (calls, most) = (calls + now, most.max(now));
    }
    report.note("rounds, followers of each", format!("{ROUNDS}, {FOLLOWERS}"));
    report.exactly("rounds in which the leader left too late", early, 0);
    report.target("calls of the verifier in a round, at most", most.to_string(), "≤ 2", most <= 2);
    report.note("calls of the verifier, all rounds", calls.to_string());
    report.exactly("followers that failed", ROUNDS * FOLLOWERS - good, 0);
    sleep(Duration::from_secs(1)).await;
    report.exactly("verifications left after a second", child.stats().await.verifying, 0);
    report
}
