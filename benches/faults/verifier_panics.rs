//! D2: the verifier panics in 1 of 3 calls: in `verify_now`, or in `verify` before or after it
//! waits.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use tokio::time::sleep;
use tower::limit::GlobalConcurrencyLimitLayer;
use tower_principal::{
    AuthenticateLayer, Credential, OAuthUser, Principal, Verifier, VerifyContext, VerifyError, dialect,
    transport,
};

use crate::harness::child::Child;
use crate::harness::client::{Connection, with_token};
use crate::harness::report::Report;
use crate::harness::server::Gauges;

const CONNECTIONS: usize = 50;
const REQUESTS: usize = 300;
/// The limit of concurrent handlers. If each panic kept a permit, the service would soon stop.
const PLACES: usize = 64;

struct Panicking {
    gauges: Arc<Gauges>,
    asked: AtomicUsize,
}

impl Verifier for Panicking {
    async fn verify(&self, _: &Credential<'_>, _: &VerifyContext<'_>) -> Result<Principal, VerifyError> {
        let _verifying = self.gauges.verifies();
        let turn = self.asked.fetch_add(1, Ordering::Relaxed);
        assert!(!turn.is_multiple_of(6), "on purpose, before it waits");
        sleep(Duration::from_millis(1)).await;
        assert!(turn % 6 != 3, "on purpose, after it waited");
        Ok(OAuthUser::new("otto").into())
    }

    fn verify_now(
        &self,
        token: &Credential<'_>,
        _: &VerifyContext<'_>,
    ) -> Option<Result<Principal, VerifyError>> {
        let Credential::AccessToken(token) = token else { return Some(Err(VerifyError::Unsupported)) };
        if token.expose_secret() == WAITS {
            return None;
        }
        let _verifying = self.gauges.verifies();
        let turn = self.asked.fetch_add(1, Ordering::Relaxed);
        assert!(!turn.is_multiple_of(3), "on purpose, at once");
        Some(Ok(OAuthUser::new("otto").into()))
    }
}

const WAITS: &str = "a-token-that-is-waited-for";
const AT_ONCE: &str = "a-token-that-is-known-at-once";

pub(crate) fn app(gauges: &Arc<Gauges>) -> Router {
    let verifier = Panicking { gauges: Arc::clone(gauges), asked: AtomicUsize::new(0) };
    let layer = AuthenticateLayer::new(dialect::RFC6750, verifier, transport::danger_assume_secure());
    Router::new()
        .route("/data", get(async || "data"))
        .route_layer(layer)
        .route_layer(GlobalConcurrencyLimitLayer::new(PLACES))
}

pub(crate) async fn run() -> Report {
    let mut report = Report::default();
    let mut child = Child::start("verifier_panics").await;
    let calm = child.stats().await;
    for (name, token) in [("by `verify_now`", AT_ONCE), ("by `verify`", WAITS)] {
        let panicked = child.stats().await.panics;
        let asking = (0..CONNECTIONS).map(|_| async {
            let connection = child.connect().await;
            tokio::spawn(ask(connection, with_token("/data", token))).await.expect("a client")
        });
        let all = futures_util::future::join_all(asking).await;
        let sum = |what: fn(&Seen) -> usize| all.iter().map(what).sum::<usize>();
        let share = sum(|seen| seen.errors) as f64 / sum(|seen| seen.good + seen.errors + seen.others) as f64;
        report.target(
            format!("answered 500, {name}"),
            format!("{} of {}, {:.2} %", sum(|seen| seen.errors), CONNECTIONS * REQUESTS, share * 100.0),
            "33.33 %",
            (share - 1.0 / 3.0).abs() < 0.001,
        );
        let panics = child.stats().await.panics - panicked;
        report.exactly("panics that are answered 500", sum(|seen| seen.errors), panics);
        report.exactly("answers other than 200 and 500", sum(|seen| seen.others), 0);
        report.exactly("connections lost", sum(|seen| seen.lost), 0);
    }
    sleep(Duration::from_millis(500)).await;
    let after = child.stats().await;
    report.exactly("verifications that are stuck", after.verifying, 0);
    report.exactly("tasks that are left", after.tasks.saturating_sub(calm.tasks), 0);
    // A verification that kept its permit would have stopped the service.
    let mut served = 0;
    for _ in 0..2 * PLACES {
        let status =
            child.connect().await.ask(&with_token("/data", AT_ONCE)).await.map_or(0, |answer| answer.status);
        served += usize::from(matches!(status, 200 | 500));
    }
    report.exactly(format!("answers afterwards, past a limit of {PLACES} at a time"), served, 2 * PLACES);
    report.target("the process", if child.lives() { "lives" } else { "has ended" }, "lives", child.lives());
    report
}

#[derive(Default)]
struct Seen {
    good: usize,
    errors: usize,
    others: usize,
    lost: usize,
}

/// Sends requests over one connection until the server closes it.
async fn ask(mut connection: Connection, request: Vec<u8>) -> Seen {
    let mut seen = Seen::default();
    for _ in 0..REQUESTS {
        match connection.ask(&request).await.map(|answer| answer.status) {
            Ok(200) => seen.good += 1,
            Ok(500) => seen.errors += 1,
            Ok(_) => seen.others += 1,
            Err(_) => {
                seen.lost += 1;
                break;
            }
        }
    }
    seen
}
