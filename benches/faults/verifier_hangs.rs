//! D1: the verifier sleeps for 10 s, and 10,000 clients wait for it.
//!
//! Three kinds of rounds alternate: no client sends a token; all do, and the verifier works; all
//! do, and it sleeps. Every round also probes routes that do not need the verifier.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::get;
use tokio::time::{sleep, sleep_until};
use tower_principal::{AuthenticateLayer, OAuthUser, dialect, transport, verify};

use crate::harness::child::{Child, mib};
use crate::harness::client::{self, Connection, with_token};
use crate::harness::numbers::{Chance, Times, median};
use crate::harness::probe::Probe;
use crate::harness::report::Report;
use crate::harness::server::Gauges;

const CLIENTS: usize = 10_000;
/// All clients of a round start within this time, so that all of them wait at once.
const SPREAD: Duration = Duration::from_millis(1_900);
const ROUND: Duration = Duration::from_millis(4_200);
const ROUNDS: usize = 4;

const SLEEPS: usize = 1;

pub(crate) fn app(gauges: &Arc<Gauges>) -> Router {
    let gauges = Arc::clone(gauges);
    let verifier = verify::from_fn(move |_, _| {
        let (gauges, verifying) = (Arc::clone(&gauges), gauges.verifies());
        async move {
            let _verifying = verifying;
            sleep(Duration::from_secs(if gauges.fault() == SLEEPS { 10 } else { 0 })).await;
            Ok(OAuthUser::new("otto"))
        }
    });
    let layer = AuthenticateLayer::new(dialect::RFC6750, verifier, transport::danger_assume_secure());
    Router::new().route("/data", get(async || "data")).route_layer(layer)
}

pub(crate) async fn run() -> Report {
    let mut report = Report::default();
    let child = Child::start("verifier_hangs").await;
    let before = child.memory().resident;
    let mut crowd = client::open_many(child.address, CLIENTS).await;
    report.note("clients", format!("{CLIENTS}, one HTTP/1.1 connection each"));
    report.note("memory before, with the connections", [before, child.memory().resident].map(mib).join(", "));

    let (mut idle, mut well, mut sick) = (Vec::new(), Vec::new(), Vec::new());
    let (mut failed, mut waited) = (0, Times::default());
    let mut unexpected = 0;
    for _ in 0..ROUNDS {
        let quiet = Probe::start(child.address, vec![client::get("/healthy", "")], ROUND).end().await;
        idle.push(quiet.times.p99());
        for fault in [0, SLEEPS] {
            child.fault(fault).await;
            let probe = Probe::start(child.address, vec![client::get("/healthy", "")], ROUND);
            let (answers, connections) = ask_all(crowd).await;
            crowd = connections;
            let probed = probe.end().await;
            failed += probed.others_than(200);
            if fault == SLEEPS {
                sick.push(probed.times.p99());
                answers.iter().filter(|(status, _)| *status == 503).for_each(|(_, time)| waited.push(*time));
                unexpected += answers.iter().filter(|(status, _)| *status != 503).count();
            } else {
                well.push(probed.times.p99());
                unexpected += answers.iter().filter(|(status, _)| *status != 200).count();
            }
        }
    }
    let stats = child.stats().await;
    let memory = child.memory();

    let [fastest, middle, slow, slowest] =
        [0.0, 0.5, 0.999, 1.0].map(|share| waited.quantile(share).as_secs_f64());
    let within = |time: f64| (time - 2.0).abs() <= 0.05;
    report.target(
        format!("time to 503 of {}: fastest, median, p99.9", waited.len()),
        format!("{fastest:.4} s, {middle:.4} s, {slow:.4} s (slowest {slowest:.4} s)"),
        "2.0 s ± 50 ms",
        within(fastest) && within(middle) && within(slow),
    );
    report.exactly("answers that are neither 503 while it sleeps nor 200 while it is well", unexpected, 0);
    report.target(
        "verifications at once, at most",
        stats.peak.to_string(),
        "every client",
        stats.peak == CLIENTS,
    );
    report.exactly("verifications afterwards", stats.verifying, 0);
    report.note(
        "memory at most",
        format!("{}, {} a waiting client", mib(memory.peak), per_client(memory.peak - before)),
    );
    let text = |times: &[Duration]| {
        format!("{:.2?}", times.iter().map(|time| time.as_secs_f64() * 1e3).collect::<Vec<_>>())
    };
    report.note("p99 of healthy routes by round, in ms: no client sends a token", text(&idle));
    report.note("all clients send a token, the verifier works", text(&well));
    report.note("all clients send a token, it sleeps", text(&sick));
    let spread = well.iter().max().unwrap().saturating_sub(*well.iter().min().unwrap());
    let (calm, stressed) = (median(well), median(sick));
    let change = (stressed.as_secs_f64() / calm.as_secs_f64() - 1.0) * 100.0;
    report.target(
        "median p99 of healthy routes while it sleeps, against while it is well",
        format!("{stressed:.2?} against {calm:.2?}, {change:+.0} %"),
        "not over +10 %, or than the well rounds differ among themselves",
        stressed <= calm.mul_f64(1.1).max(calm + spread),
    );
    report.exactly("healthy requests that failed", failed, 0);
    report
}

fn per_client(kib: u64) -> String {
    format!("{:.1} KiB", kib as f64 / CLIENTS as f64)
}

/// Every client sends one request; returns the status and the time of each.
async fn ask_all(crowd: Vec<Connection>) -> (Vec<(u16, Duration)>, Vec<Connection>) {
    let mut chance = Chance::new(1);
    let start = tokio::time::Instant::now();
    let request = Arc::new(with_token("/data", "a-token-of-this-client"));
    let mut asking = Vec::with_capacity(crowd.len());
    for mut connection in crowd {
        let (at, request) = (start + chance.up_to(SPREAD), Arc::clone(&request));
        asking.push(tokio::spawn(async move {
            sleep_until(at).await;
            let asked = Instant::now();
            let status = connection.ask(&request).await.map_or(0, |answer| answer.status);
            ((status, asked.elapsed()), connection)
        }));
    }
    let answers = futures_util::future::join_all(asking).await;
    answers.into_iter().map(|answer| answer.expect("a client")).unzip()
}
