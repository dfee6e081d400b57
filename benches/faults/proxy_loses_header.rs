//! D16: the trusted proxy no longer forwards the scheme; then it forwards "http" for every request.
//!
//! Valid tokens come at 1,000 requests a second. The dialect revokes credentials that come over
//! plain http, and the fuse stops that at 20 in a minute. Afterwards each token is checked.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::get;
use tokio::time::sleep;
use tower_principal::{AuthenticateLayer, OAuthUser, dialect, transport, verify::MemoryVerifier};

use crate::harness::child::Child;
use crate::harness::client;
use crate::harness::probe::{Pace, Probe};
use crate::harness::report::Report;
use crate::harness::server::Gauges;

const TOKENS: usize = 1_000;
/// A refusal for plain http takes 20 ms, so a thousand requests a second need more connections.
const PACE: Pace = Pace { connections: 40, pause: Duration::from_millis(40) };
const FUSE: usize = 20;
const MINUTE: Duration = Duration::from_secs(60);

pub(crate) fn app(_: &Arc<Gauges>) -> Router {
    // Each token has another user, because one owner can use only a share of the fuse.
    let user = |number| OAuthUser::new(format!("user-{number}"));
    let known = (0..TOKENS)
        .fold(MemoryVerifier::builder(), |known, number| known.access_token(token(number), user(number)));
    let proxies = ["127.0.0.0/8".parse().unwrap()];
    let layer =
        AuthenticateLayer::new(dialect::SOCRATA, known.build().unwrap(), transport::behind_proxy(proxies));
    Router::new().route("/data", get(async || "data")).route_layer(layer)
}

fn token(number: usize) -> String {
    format!("a-live-token-{number:019}")
}

/// One request for each token, as a proxy that reports this scheme sends it.
fn requests(proxy: &str) -> Vec<Vec<u8>> {
    let request = |number| {
        // Each request has another client address, because one client can use only a share of the
        // fuse.
        let client = format!("198.18.{}.{}", number / 250, number % 250);
        let head = format!("authorization: OAuth {}\r\nx-forwarded-for: {client}\r\n{proxy}", token(number));
        client::get("/data", &head)
    };
    (0..TOKENS).map(request).collect()
}

const SAYS_HTTPS: &str = "x-forwarded-proto: https\r\n";
const SAYS_HTTP: &str = "x-forwarded-proto: http\r\n";

pub(crate) async fn run() -> Report {
    let mut report = Report::default();
    let child = Child::start("proxy_loses_header").await;
    report.note("shortened", "60 s of each fault to 12 s; the fuse's minute is measured as it is");

    for (what, proxy, seconds, status) in
        [("the proxy forwards https", SAYS_HTTPS, 3, 200), ("the proxy forwards no scheme", "", 12, 403)]
    {
        let probed =
            Probe::paced(child.address, requests(proxy), Duration::from_secs(seconds), PACE).end().await;
        report.note(format!("{what}: requests in {seconds} s"), probed.times.len().to_string());
        report.exactly(format!("{what}: not answered {status}"), probed.others_than(status), 0);
        report.exactly(format!("{what}: tokens revoked"), revoked(&child).await, 0);
    }
    report.exactly("lines of the log that say why", child.logged("sent neither"), 1);

    // The second time is more than a minute after the start and less than a minute after the first
    // time. A counter that is reset at each full minute would have started again.
    let begun = Instant::now();
    let mut refused = 0;
    for (seconds, pause) in [(12, Duration::from_secs(30)), (4, Duration::ZERO)] {
        let probed =
            Probe::paced(child.address, requests(SAYS_HTTP), Duration::from_secs(seconds), PACE).end().await;
        let name =
            format!("the proxy forwards http, {:.0} s after the first time", begun.elapsed().as_secs_f64());
        refused += probed.answered(403);
        report.exactly(format!("{name}: not answered 403"), probed.others_than(403), 0);
        let revoked = revoked(&child).await;
        let within = begun.elapsed() < MINUTE;
        report.target(
            format!("{name}: tokens revoked of {refused} shown"),
            revoked.to_string(),
            format!("≤ {FUSE} in a minute"),
            revoked <= FUSE && within,
        );
        sleep(pause).await;
    }
    let logged = child.logged("\"revoked\"");
    report.target("revoked, as logged", logged.to_string(), "1 at least", logged > 0);
    let alarms = child.logged("too many credentials over plain http: further ones are refused");
    report.target("alarms logged", alarms.to_string(), "1, or 2 past the minute", (1..=2).contains(&alarms));
    report
}

/// Returns the number of revoked tokens.
async fn revoked(child: &Child) -> usize {
    // The revocations that began before the last answer are finished by then.
    sleep(Duration::from_millis(200)).await;
    let mut connection = child.connect().await;
    let mut dead = 0;
    for request in requests(SAYS_HTTPS) {
        let status = connection.ask(&request).await.expect("an answer").status;
        dead += usize::from(status == 401);
    }
    dead
}
