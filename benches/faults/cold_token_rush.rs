//! D5: ten thousand simultaneous requests with one token that has not been verified before.
//!
//! The number of verifier calls is counted over connections. The waiting time is measured within
//! one process, because it would otherwise include the time of ten thousand connections. It is
//! compared with a bare channel, because it takes some milliseconds to wake ten thousand tasks.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use futures_util::future::join_all;
use http::Request;
use tokio::sync::watch;
use tokio::time::sleep;
use tower::ServiceExt as _;
use tower_principal::verify::Cached;
use tower_principal::{
    AuthenticateLayer, Credential, OAuthUser, Principal, Secret, Verifier, VerifyContext, VerifyError,
    dialect, transport,
};

use crate::harness::child::Child;
use crate::harness::client::{open_many, with_token};
use crate::harness::numbers::Times;
use crate::harness::report::Report;
use crate::harness::server::Gauges;

const CLIENTS: usize = 10_000;
/// Long enough for ten thousand requests to arrive, and shorter than the layer's deadline.
const TAKES: Duration = Duration::from_millis(1_000);
const ROUNDS: usize = 5;
const MARGIN: Duration = Duration::from_millis(5);

struct Slow {
    gauges: Arc<Gauges>,
    asked: Arc<AtomicUsize>,
}

impl Verifier for Slow {
    async fn verify(&self, _: &Credential<'_>, _: &VerifyContext<'_>) -> Result<Principal, VerifyError> {
        let _verifying = self.gauges.verifies();
        self.asked.fetch_add(1, Ordering::Relaxed);
        sleep(TAKES).await;
        Ok(OAuthUser::new("otto").into())
    }
}

pub(crate) fn app(gauges: &Arc<Gauges>) -> Router {
    service(Slow { gauges: Arc::clone(gauges), asked: Arc::default() })
}

fn service(verifier: Slow) -> Router {
    let cached = Cached::new(verifier).unwrap();
    let layer = AuthenticateLayer::new(dialect::RFC6750, cached, transport::danger_assume_secure());
    Router::new().route("/data", get(async || "data")).route_layer(layer)
}

pub(crate) async fn run() -> Report {
    let mut report = Report::default();
    over_connections(&mut report).await;
    within_a_process(&mut report).await;
    report
}

async fn over_connections(report: &mut Report) {
    let child = Child::start("cold_token_rush").await;
    let mut clients = open_many(child.address, CLIENTS).await;
    let request = with_token("/data", "a-token-that-is-cold");
    let answers = join_all(clients.iter_mut().map(|client| client.ask(&request))).await;
    let good = answers.iter().flatten().filter(|answer| answer.status == 200).count();
    report.exactly("connections: answers 200", good, CLIENTS);
    report.exactly("connections: calls of the verifier", child.stats().await.asked, 1);
}

/// Measures how much longer than the verification 10,000 tasks wait: on a bare channel of tokio's,
/// on the cache, and behind the layer, which also has a timer for each.
async fn within_a_process(report: &mut Report) {
    let asked = Arc::<AtomicUsize>::default();
    let slow = || Slow { gauges: Arc::default(), asked: Arc::clone(&asked) };
    let cached = Arc::new(Cached::new(slow()).unwrap());
    let app = service(slow());
    let (mut channel, mut cache, mut layer) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let token = format!("a-token-that-is-cold-{round}");
        let (open, opened) = watch::channel(false);
        let channels = all(|| {
            let mut opened = opened.clone();
            async move { opened.wait_for(|open| *open).await.is_ok() }
        });
        let opening = async {
            sleep(TAKES).await;
            open.send_replace(true);
        };
        channel.push(tokio::join!(channels, opening).0);
        cache.push(
            all(|| {
                let (cached, token) = (Arc::clone(&cached), token.clone());
                async move {
                    let credential = Credential::AccessToken(Secret::borrowed(&token));
                    cached.verify(&credential, &VerifyContext::default()).await.is_ok()
                }
            })
            .await,
        );
        layer.push(
            all(|| {
                let request = Request::get("/data").header("authorization", format!("Bearer {token}"));
                let answer = app.clone().oneshot(request.body(Body::empty()).unwrap());
                async move { answer.await.is_ok_and(|answer| answer.status() == 200) }
            })
            .await,
        );
    }
    let good = [&channel, &cache, &layer].map(|rounds| rounds.iter().map(|round| round.good).sum::<usize>());
    report.exactly("tasks: good answers", good.iter().sum(), 3 * ROUNDS * CLIENTS);
    report.exactly("tasks: calls of the verifier", asked.load(Ordering::Relaxed), 2 * ROUNDS);
    let [channel, cache, layer] = [channel, cache, layer].map(late);
    report.note("tasks: p99 over the verification, a bare channel", format!("{channel:.1?}"));
    let met = cache <= MARGIN;
    report.target("tasks: the same, the cache", format!("{cache:.1?}"), format!("≤ {MARGIN:?}"), met);
    report.note("tasks: the same, behind the layer", format!("{layer:.1?}"));
}

/// The results of ten thousand tasks.
struct Round {
    good: usize,
    waited: Times,
}

/// Runs ten thousand tasks at once.
async fn all<F>(mut ask: impl FnMut() -> F) -> Round
where
    F: Future<Output = bool> + Send + 'static,
{
    let asking: Vec<_> = (0..CLIENTS)
        .map(|_| {
            let asking = ask();
            tokio::spawn(async move {
                let started = Instant::now();
                (asking.await, started.elapsed())
            })
        })
        .collect();
    let mut round = Round { good: 0, waited: Times::default() };
    for answer in join_all(asking).await {
        let (good, took) = answer.expect("an answer");
        round.good += usize::from(good);
        round.waited.push(took);
    }
    round
}

/// Returns by how much p99 exceeds the time of the verification in the best round, because other
/// work of the machine only makes it longer.
fn late(rounds: Vec<Round>) -> Duration {
    rounds.iter().map(|round| round.waited.p99().saturating_sub(TAKES)).min().unwrap_or_default()
}
