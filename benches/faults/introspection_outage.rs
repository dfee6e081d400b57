//! D10: the authorization server that introspects tokens fails in every way it can, recovers, and
//! ends valid tokens.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::{Form, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use futures_util::future::join_all;
use http::Request;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use tokio::net::TcpListener;
use tokio::time::{sleep, timeout};
use tower::ServiceExt as _;
use tower_principal::verify::{Cached, Introspection};
use tower_principal::{AuthenticateLayer, dialect, fetch, transport};

use crate::harness::numbers::Times;
use crate::harness::report::Report;

/// Shorter than usual, to keep the experiment short.
const TTL: Duration = Duration::from_secs(5);
const DEADLINE: Duration = Duration::from_secs(2);
const CLIENTS: usize = 200;
const FAULTS: [(&str, usize); 6] =
    [("errors", 1), ("hangs", 2), ("HTML", 3), ("redirects", 4), ("refuses us", 5), ("is cut off", 6)];

/// The authorization server: its current fault, and its active tokens, which are all except the
/// ended ones.
#[derive(Default)]
struct Authority {
    fault: AtomicUsize,
    ended: AtomicUsize,
    asked: AtomicUsize,
}

async fn introspect(
    State(authority): State<Arc<Authority>>,
    Form(form): Form<Vec<(String, String)>>,
) -> Response {
    authority.asked.fetch_add(1, Ordering::Relaxed);
    let token = form.iter().find(|(name, _)| name == "token").map_or("", |(_, token)| token);
    let active = token.starts_with("good") && authority.ended.load(Ordering::Relaxed) == 0;
    let json = [("content-type", "application/json")];
    let answer = if active { r#"{"active":true,"sub":"otto"}"# } else { r#"{"active":false}"# };
    let open = r#"{"active":true,"sub":"mallory"}"#;
    match authority.fault.load(Ordering::Relaxed) {
        0 => (json, answer).into_response(),
        1 => (http::StatusCode::SERVICE_UNAVAILABLE, json, open).into_response(),
        2 => std::future::pending().await,
        3 => ([("content-type", "text/html")], open).into_response(),
        4 => (http::StatusCode::FOUND, [("content-type", "application/json"), ("location", "/open")], open)
            .into_response(),
        5 => (http::StatusCode::UNAUTHORIZED, json, open).into_response(),
        _ => (json, &open[..20]).into_response(),
    }
}

pub(crate) async fn run() -> Report {
    let mut report = Report::default();
    let authority = Arc::new(Authority::default());
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let endpoint = format!("http://{}/introspect", listener.local_addr().unwrap());
    let open = async || ([("content-type", "application/json")], r#"{"active":true,"sub":"mallory"}"#);
    let server = Router::new().route("/introspect", post(introspect)).route("/open", get(open).post(open));
    let serving =
        tokio::spawn(axum::serve(listener, server.with_state(Arc::clone(&authority))).into_future());

    let client = fetch::service::<_, Body>(Client::builder(TokioExecutor::new()).build_http());
    let verifier = Introspection::builder(endpoint, client).client("api", "secret").danger_allow_http();
    let cached = Arc::new(Cached::new(verifier.deadline(DEADLINE).build().unwrap()).unwrap().ttl(TTL));
    let layer =
        AuthenticateLayer::new(dialect::RFC6750, Arc::clone(&cached), transport::danger_assume_secure());
    let app: Router = Router::new().route("/data", get(async || "data")).route_layer(layer);

    for (name, fault) in FAULTS {
        fail(&mut report, &app, &authority, name, fault).await;
    }
    flip(&mut report, &app, &authority).await;
    sleep(DEADLINE).await;
    report.exactly("verifications left", cached.in_flight(), 0);
    serving.abort();
    report
}

async fn ask(app: &Router, token: &str) -> (u16, Duration) {
    let request = Request::get("/data").header("authorization", format!("Bearer {token}"));
    let started = Instant::now();
    let answer = app.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    (answer.status().as_u16(), started.elapsed())
}

async fn fail(report: &mut Report, app: &Router, authority: &Authority, name: &str, fault: usize) {
    authority.fault.store(0, Ordering::Relaxed);
    let warm = format!("good-{fault}-warm");
    assert_eq!(ask(app, &warm).await.0, 200, "a good token is good");
    authority.fault.store(fault, Ordering::Relaxed);

    // Half of them are valid.
    let tokens: Vec<_> = (0..CLIENTS)
        .map(|at| format!("{}-{fault}-{at}", if at % 2 == 0 { "good" } else { "evil" }))
        .collect();
    let asking = join_all(tokens.iter().map(|token| ask(app, token)));
    let known = async {
        let mut passed = 0;
        for _ in 0..100 {
            sleep(Duration::from_millis(10)).await;
            passed += usize::from(ask(app, &warm).await.0 == 200);
        }
        passed
    };
    let (answers, passed) = tokio::join!(asking, known);
    let count = |status| answers.iter().filter(|(said, _)| *said == status).count();
    let mut took = Times::default();
    answers.iter().for_each(|(_, time)| took.push(*time));
    report.exactly(format!("{name}: invalid tokens accepted"), count(200), 0);
    report.exactly(format!("{name}: tokens denied during the outage"), count(401), 0);
    report.exactly(format!("{name}: answers 503"), count(503), CLIENTS);
    let most = DEADLINE + Duration::from_millis(50);
    let p99 = took.p99();
    report.target(
        format!("{name}: p99 until 503"),
        format!("{p99:.3?}"),
        format!("≤ {most:.3?}"),
        p99 <= most,
    );
    report.exactly(format!("{name}: answers 200 to a token that is known, of 100"), passed, 100);

    authority.fault.store(0, Ordering::Relaxed);
    let back = Instant::now();
    let good = async {
        while ask(app, &format!("good-{fault}-again")).await.0 != 200 {
            sleep(Duration::from_millis(5)).await;
        }
    };
    let again = timeout(Duration::from_secs(10), good).await.is_ok();
    let took = back.elapsed();
    let soon = again && took <= Duration::from_secs(1);
    report.target(format!("{name}: first good answer after it"), format!("{took:.3?}"), "≤ 1 s", soon);
}

/// The server ends valid tokens, each after another delay since its verification.
async fn flip(report: &mut Report, app: &Router, authority: &Authority) {
    let tokens: Vec<String> = (0..50).map(|at| format!("good-flip-{at}")).collect();
    for token in &tokens {
        assert_eq!(ask(app, token).await.0, 200, "a good token is good");
        sleep(Duration::from_millis(40)).await;
    }
    authority.ended.store(1, Ordering::Relaxed);
    let ended = Instant::now();
    let waits = join_all(tokens.iter().map(async |token| {
        while ask(app, token).await.0 != 401 {
            sleep(Duration::from_millis(10)).await;
        }
        ended.elapsed()
    }));
    let waits = timeout(2 * TTL, waits).await.unwrap_or_default();
    let longest = waits.iter().max().copied().unwrap_or(Duration::MAX);
    let most = TTL + Duration::from_millis(50);
    report.exactly("tokens ended at the server that are refused", waits.len(), tokens.len());
    report.target(
        "the longest that one of them lived on",
        format!("{longest:.3?}"),
        format!("≤ {most:.3?}"),
        longest <= most,
    );
    report.note("questions to the server, all in all", authority.asked.load(Ordering::Relaxed).to_string());
}
