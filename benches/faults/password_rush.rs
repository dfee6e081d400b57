//! D14: 500 clients log in at once, with argon2id passwords at 19 MiB, while other clients send
//! tokens.
//!
//! Three kinds of rounds alternate: tokens alone; tokens while other work keeps a core busy; tokens
//! and log-ins.

use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::time::sleep;
use tower_principal::{AuthenticateLayer, BasicUser, OAuthUser, dialect, transport, verify::MemoryVerifier};

use crate::harness::child::{Child, mib};
use crate::harness::client::{self, with_token};
use crate::harness::numbers::{Chance, Times, median};
use crate::harness::probe::Probe;
use crate::harness::report::Report;
use crate::harness::server::Gauges;

const CLIENTS: usize = 500;
/// Calm and busy rounds alternate.
const ROUNDS: usize = 2;
const DURING: Duration = Duration::from_secs(10);
const CALM: Duration = Duration::from_secs(3);
/// A refused client retries within this time, which is sooner than `Retry-After` demands.
const AGAIN: Duration = Duration::from_secs(2);

const USER: &str = "alice@example.org";
const PASSWORD: &str = "correct horse";
const TOKEN: &str = "9kxoTUYvSxnAiMpv008NBqRiqk5xWt";

pub(crate) fn app(_: &Arc<Gauges>) -> Router {
    let verifier = MemoryVerifier::builder()
        .user(USER, PASSWORD, BasicUser::new(USER))
        .access_token(TOKEN, OAuthUser::new("otto"))
        .build()
        .unwrap();
    let layer = AuthenticateLayer::new(dialect::ANY, verifier, transport::danger_assume_secure());
    Router::new().route("/data", get(async || "data")).route_layer(layer)
}

pub(crate) async fn run() -> Report {
    let mut report = Report::default();
    let child = Child::start("password_rush").await;
    let requests = || vec![with_token("/data", TOKEN)];
    let before = child.memory();
    let (mut seen, mut failed) = (Seen::default(), 0);
    let (mut calm, mut burnt, mut busy) = (Vec::new(), Vec::new(), Vec::new());
    let mut probed = [Times::default(), Times::default()];
    for _ in 0..ROUNDS {
        let quiet = Probe::start(child.address, requests(), CALM).end().await;
        calm.push(quiet.times.p99());
        let probe = Probe::start(child.address, requests(), CALM);
        burn(CALM).await;
        burnt.push(probe.end().await.times.p99());
        let probe = Probe::start(child.address, requests(), DURING);
        let clients =
            (0..CLIENTS as u64).map(|seed| tokio::spawn(log_in(child.address, Chance::new(seed << 32))));
        let clients = futures_util::future::join_all(clients).await;
        let stressed = probe.end().await;
        busy.push(stressed.times.p99());
        seen = clients.into_iter().fold(seen, |sum, one| sum.and(one.expect("a client")));
        failed += quiet.others_than(200) + stressed.others_than(200);
        probed[0].append(quiet.times);
        probed[1].append(stressed.times);
    }
    let memory = child.memory();

    report.note(
        format!("logins of {CLIENTS} clients in {ROUNDS} times {DURING:?}"),
        format!(
            "{} good (median {:.2?}, slowest {:.2?}), {} shed (p99 {:.2?})",
            seen.good.len(),
            seen.good.quantile(0.5),
            seen.good.quantile(1.0),
            seen.shed.len(),
            seen.shed.p99(),
        ),
    );
    report.exactly("answers other than 200 and 503", seen.others, 0);
    report.target("shed", seen.shed.len().to_string(), "some", seen.shed.len() > 0);
    report.exactly("of these without Retry-After", seen.without_retry_after, 0);
    let cores = available_parallelism().map_or(1, usize::from) as u64;
    let limit = (cores * 19 + 64) * 1024;
    report.target(
        format!("memory at most, of {cores} cores (before: {})", mib(before.resident)),
        mib(memory.peak),
        format!("≤ {}", mib(limit)),
        memory.peak <= limit,
    );
    let text = |times: &[Duration]| format!("{times:.2?}");
    let medians = probed.iter().map(|times| times.quantile(0.5)).collect::<Vec<_>>();
    report.note("median of requests with a token, before and meanwhile", text(&medians));
    report.note("p99 of requests with a token by round, before", text(&calm));
    report.note("the same, while a thread of another process keeps one core busy", text(&burnt));
    report.note("the same, meanwhile", text(&busy));
    let (quiet, busy) = (median(calm), median(busy));
    report.target(
        format!("median p99 of {} requests with a token meanwhile, against before", probed[1].len()),
        format!("{busy:.2?} against {quiet:.2?}, {:.1} times", busy.as_secs_f64() / quiet.as_secs_f64()),
        "≤ 2 times",
        busy <= quiet * 2,
    );
    report.exactly("requests with a token that failed", failed, 0);
    report
}

#[derive(Default)]
struct Seen {
    good: Times,
    shed: Times,
    without_retry_after: usize,
    others: usize,
}

impl Seen {
    fn and(mut self, other: Self) -> Self {
        self.good.append(other.good);
        self.shed.append(other.shed);
        self.without_retry_after += other.without_retry_after;
        self.others += other.others;
        self
    }
}

/// Keeps one core busy outside the service, to measure the effect of the machine alone.
async fn burn(during: Duration) {
    let started = Instant::now();
    let spin = move || {
        while started.elapsed() < during {
            std::hint::spin_loop();
        }
    };
    tokio::task::spawn_blocking(spin).await.expect("a thread");
}

/// Logs in repeatedly.
async fn log_in(address: SocketAddr, mut chance: Chance) -> Seen {
    let mut seen = Seen::default();
    let mut connection = client::Connection::open(address).await.expect("a connection");
    let basic = STANDARD.encode(format!("{USER}:{PASSWORD}"));
    let request = client::get("/data", &format!("authorization: Basic {basic}\r\n"));
    let started = Instant::now();
    while started.elapsed() < DURING {
        let asked = Instant::now();
        let answer = connection.ask(&request).await.expect("an answer");
        match answer.status {
            200 => seen.good.push(asked.elapsed()),
            503 => {
                seen.shed.push(asked.elapsed());
                seen.without_retry_after +=
                    usize::from(answer.retry_after.is_none_or(|seconds| seconds == 0));
                sleep(chance.up_to(AGAIN)).await;
            }
            _ => seen.others += 1,
        }
    }
    seen
}
