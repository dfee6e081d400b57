//! D14: 500 clients log in at a time, with passwords of argon2id at 19 MiB, while others come with tokens.

use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::time::sleep;
use tower_principal::{AuthenticateLayer, BasicUser, MemoryVerifier, OAuthUser, dialect, transport};

use crate::child::{Child, mib};
use crate::client::{self, with_token};
use crate::numbers::Times;
use crate::probe::Probe;
use crate::report::Report;
use crate::server::Gauges;

const CLIENTS: usize = 500;
const DURING: Duration = Duration::from_secs(10);
/// A client that was sent away comes back after this time, sooner than it was told.
const AGAIN: Duration = Duration::from_secs(1);

const USER: &str = "alice@example.org";
const PASSWORD: &str = "correct horse";
const TOKEN: &str = "9kxoTUYvSxnAiMpv008NBqRiqk5xWt";

pub(crate) fn app(_: &Arc<Gauges>) -> Router {
    let verifier = MemoryVerifier::builder()
        .user(USER, PASSWORD, BasicUser::builder(USER).build())
        .access_token(TOKEN, OAuthUser::builder("otto").build())
        .build()
        .unwrap();
    let layer = AuthenticateLayer::new(dialect::ANY, verifier, transport::danger_assume_secure());
    Router::new().route("/data", get(async || "data")).route_layer(layer)
}

pub(crate) async fn run() -> Report {
    let mut report = Report::default();
    let child = Child::start("d14").await;
    let requests = || vec![with_token("/data", TOKEN)];
    let before = child.memory();
    let calm = Probe::start(child.address, requests(), DURING / 2).end().await;

    let probe = Probe::start(child.address, requests(), DURING);
    let clients = (0..CLIENTS).map(|_| tokio::spawn(log_in(child.address)));
    let clients = futures_util::future::join_all(clients).await;
    let stressed = probe.end().await;
    let memory = child.memory();
    let seen = clients.into_iter().fold(Seen::default(), |sum, one| sum.and(one.expect("a client")));

    report.note(
        format!("logins of {CLIENTS} clients in {DURING:?}"),
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
    let (quiet, busy) = (calm.times.p99(), stressed.times.p99());
    report.note(
        "median of requests with a token, before and meanwhile",
        format!("{:.2?}, {:.2?}", calm.times.quantile(0.5), stressed.times.quantile(0.5)),
    );
    report.target(
        format!("p99 of {} requests with a token meanwhile, against before", stressed.times.len()),
        format!("{busy:.2?} against {quiet:.2?}, {:.1} times", busy.as_secs_f64() / quiet.as_secs_f64()),
        "≤ 2 times",
        busy <= quiet * 2,
    );
    report.exactly("requests with a token that failed", calm.failures + stressed.failures, 0);
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

/// Logs in again and again.
async fn log_in(address: SocketAddr) -> Seen {
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
                sleep(AGAIN).await;
            }
            _ => seen.others += 1,
        }
    }
    seen
}
