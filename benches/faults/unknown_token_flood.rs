//! D7: a flood of unknown tokens, first short ones, then the longest that are accepted for
//! verification.
//!
//! Every verifier that a service may use behind the layer is a row of `SUBJECTS`.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::get;
use tokio::io::AsyncWriteExt as _;
use tokio::time::sleep;
use tower_principal::verify::{Cached, Throttled};
use tower_principal::{
    AuthenticateLayer, Credential, OAuthUser, Principal, Verifier, VerifyContext, VerifyError, dialect,
    transport, verify::MemoryVerifier,
};

use crate::harness::child::{Child, mib};
use crate::harness::client::{Connection, get as get_of, with_token};
use crate::harness::numbers::Chance;
use crate::harness::probe::Probe;
use crate::harness::report::Report;
use crate::harness::server::Gauges;

const TOKENS: usize = 1_000_000;
/// A flood ends after this time, even if not all tokens were sent.
const LONGEST: Duration = Duration::from_secs(25);
const CONNECTIONS: usize = 8;
/// The number of requests that a connection sends before it reads their answers.
const AT_ONCE: usize = 32;
const GOOD: usize = 1_000;

/// A verifier, and the path of its route.
struct Subject {
    path: &'static str,
    app: fn(&str) -> Router,
}

/// The verifiers, also those that remember failures or answers.
const SUBJECTS: &[Subject] = &[
    Subject { path: "/memory", app: |path| protected(path, memory()) },
    Subject { path: "/cached", app: |path| protected(path, Cached::new(memory()).unwrap()) },
    Subject { path: "/throttled", app: throttled },
];

/// The route that returns how often the verifier behind the throttle was called.
const ASKED: &str = "/throttled/asked";

/// The lengths of the tokens of each flood, in bytes.
const FLOODS: [usize; 2] = [32, 8 * 1024];

pub(crate) fn app(_: &Arc<Gauges>) -> Router {
    SUBJECTS.iter().fold(Router::new(), |app, subject| app.merge((subject.app)(subject.path)))
}

fn protected(path: &str, verifier: impl Verifier) -> Router {
    let layer = AuthenticateLayer::new(dialect::RFC6750, verifier, transport::danger_assume_secure());
    Router::new().route(path, get(async || "data")).route_layer(layer)
}

fn throttled(path: &str) -> Router {
    let asked = Arc::new(AtomicUsize::new(0));
    let verifier = Counted { inner: memory(), asked: Arc::clone(&asked) };
    let counts = get(async move || asked.load(Ordering::Relaxed).to_string());
    protected(path, Throttled::new(verifier).unwrap()).route(ASKED, counts)
}

/// Counts the calls of a verifier.
struct Counted {
    inner: MemoryVerifier,
    asked: Arc<AtomicUsize>,
}

impl Verifier for Counted {
    async fn verify(
        &self,
        credential: &Credential<'_>,
        context: &VerifyContext<'_>,
    ) -> Result<Principal, VerifyError> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        self.inner.verify(credential, context).await
    }

    fn verify_now(
        &self,
        credential: &Credential<'_>,
        context: &VerifyContext<'_>,
    ) -> Option<Result<Principal, VerifyError>> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        self.inner.verify_now(credential, context)
    }
}

fn memory() -> MemoryVerifier {
    let user = || OAuthUser::new("otto");
    let good = (0..GOOD).map(good_token);
    good.fold(MemoryVerifier::builder(), |known, token| known.access_token(token, user())).build().unwrap()
}

fn good_token(number: usize) -> String {
    format!("a-good-token-{number:019}")
}

pub(crate) async fn run() -> Report {
    let mut report = Report::default();
    for subject in SUBJECTS {
        let child = Child::start("unknown_token_flood").await;
        let path = subject.path;
        let requests: Vec<_> = (0..GOOD).map(|number| with_token(path, &good_token(number))).collect();
        let warm = Probe::start(child.address, requests.clone(), Duration::from_secs(2)).end().await;
        report.note(
            format!("{path} good tokens before: answers, p99"),
            format!("{}, {:.2?}", warm.times.len(), warm.times.p99()),
        );
        for length in FLOODS {
            flood(&mut report, &child, path, length, &requests).await;
        }
    }
    report
}

/// Sends unknown tokens of one length, and valid ones beside them.
async fn flood(report: &mut Report, child: &Child, path: &'static str, length: usize, good: &[Vec<u8>]) {
    let flood = Arc::new(Flood::default());
    let before = child.memory().resident;
    let started = Instant::now();
    let name = format!("{path} {length} B");
    let senders: Vec<_> = (0..CONNECTIONS as u64)
        .map(|seed| {
            tokio::spawn(Arc::clone(&flood).send(child.address, path, length, Chance::new(seed << 32)))
        })
        .collect();
    let watched = Arc::clone(&flood);
    let probes = async {
        // One probe after another, until the flood ends.
        let (mut asked, mut failures, mut slowest) = (0, 0, Duration::ZERO);
        while !watched.over.load(Ordering::Relaxed) {
            let probed = Probe::start(child.address, good.to_vec(), Duration::from_secs(1)).end().await;
            asked += probed.times.len();
            failures += probed.others_than(200);
            slowest = slowest.max(probed.times.p99());
        }
        (asked, failures, slowest)
    };
    let memory = async {
        let mut samples = Vec::new();
        while !watched.over.load(Ordering::Relaxed) {
            sleep(Duration::from_millis(100)).await;
            samples.push(child.memory().resident);
        }
        samples
    };
    let sent = async {
        futures_util::future::join_all(senders).await;
        let took = started.elapsed();
        flood.over.store(true, Ordering::Relaxed);
        took
    };
    let (took, (asked, failures, slowest), samples) = tokio::join!(sent, probes, memory);

    let denied = flood.denied.load(Ordering::Relaxed);
    let sent = flood.sent.load(Ordering::Relaxed).min(TOKENS);
    report.note(
        format!("{name}: unique unknown tokens, each second"),
        format!("{sent} of {TOKENS}, {:.0}", sent as f64 / took.as_secs_f64()),
    );
    report.exactly(format!("{name}: answered neither 401 nor 429"), sent - denied, 0);
    if path == "/throttled" {
        let mut connection = Connection::open(child.address).await.expect("a connection");
        let told = connection.ask(&get_of(ASKED, "")).await.expect("an answer").body;
        let told = String::from_utf8_lossy(&told).into_owned();
        report.note(format!("{name}: the verifier was asked so far, good tokens included"), told);
    }
    let most = samples.iter().max().unwrap().saturating_sub(before);
    report.target(format!("{name}: memory, more than before"), mib(most), "≤ 64 MiB", most <= 64 * 1024);
    // Memory stays flat if the second half of the flood adds almost nothing to that of the first
    // half.
    let (first, second) = samples.split_at(samples.len() / 2);
    let growth = second.iter().max().unwrap().saturating_sub(first.iter().copied().max().unwrap_or(before));
    report.target(
        format!("{name}: its growth in the second half"),
        mib(growth),
        "≤ 4 MiB",
        growth <= 4 * 1024,
    );
    let share = 100.0 * asked.saturating_sub(failures) as f64 / asked as f64;
    report.target(
        format!("{name}: good tokens passed meanwhile"),
        format!("{} of {asked}, {share:.2} %, p99 of the worst second {slowest:.2?}", asked - failures),
        "≥ 99 %",
        share >= 99.0,
    );
}

#[derive(Default)]
struct Flood {
    sent: AtomicUsize,
    denied: AtomicUsize,
    over: AtomicBool,
}

impl Flood {
    async fn send(
        self: Arc<Self>,
        address: SocketAddr,
        path: &'static str,
        length: usize,
        mut chance: Chance,
    ) {
        let started = Instant::now();
        let mut connection = Connection::open(address).await.expect("a connection");
        let filler = "a".repeat(length - 32);
        while started.elapsed() < LONGEST && self.sent.fetch_add(AT_ONCE, Ordering::Relaxed) < TOKENS {
            let mut requests = Vec::with_capacity(AT_ONCE * (length + 100));
            for _ in 0..AT_ONCE {
                let token = format!("{:016x}{:016x}{filler}", chance.next(), chance.next());
                requests.extend(with_token(path, &token));
            }
            connection.stream.write_all(&requests).await.expect("a connection that lives");
            for _ in 0..AT_ONCE {
                let status = connection.answer().await.map_or(0, |answer| answer.status);
                self.denied.fetch_add(usize::from(matches!(status, 401 | 429)), Ordering::Relaxed);
            }
        }
    }
}
