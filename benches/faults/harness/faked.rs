//! A service whose operating system's clock is moved, by libfaketime (Debian's package `faketime`);
//! D11.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::Router;
use axum::routing::get;
use tempfile::TempDir;
use tokio::time::sleep;
use tower_principal::verify::{Cached, FailureLimit, Throttled};
use tower_principal::{AuthenticateLayer, OAuthUser, dialect, transport, verify::MemoryVerifier};

use crate::harness::child::Child;
use crate::harness::client::with_token;
use crate::harness::report::Report;
use crate::harness::server::Gauges;

const LIBRARIES: [&str; 2] = [
    "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1",
];

/// The lifetimes of the tokens in seconds, counted from the start.
const LIVES: [u64; 4] = [45, 120, 3_660, 86_400];
const TTL: Duration = Duration::from_millis(500);
/// The number of failures that the throttle allows at once, and the time after which it allows
/// another one.
const BORNE: u32 = 5;
const EACH: Duration = Duration::from_secs(3);

pub(crate) fn app(_: &Arc<Gauges>) -> Router {
    let start = SystemTime::now();
    let inner = LIVES.iter().fold(MemoryVerifier::builder(), |builder, life| {
        let user = OAuthUser::new("otto").with_expires_at(start + Duration::from_secs(*life));
        builder.access_token(name(*life), user)
    });
    let cached = Cached::new(inner.build().unwrap()).unwrap().ttl(TTL).negative_ttl(TTL);
    let throttled = Throttled::new(cached).unwrap().by_client(FailureLimit::new(BORNE, EACH));
    let layer = AuthenticateLayer::new(dialect::RFC6750, throttled, transport::danger_assume_secure());
    let clock = async || {
        SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs().to_string()
    };
    Router::new().route("/data", get(async || "data")).route_layer(layer).route("/clock", get(clock))
}

fn name(life: u64) -> String {
    format!("a-token-that-lives-for-{life}-seconds")
}

pub(crate) async fn run(report: &mut Report) {
    let Some(library) = LIBRARIES.iter().find(|library| Path::new(library).exists()) else {
        report.note("!! libfaketime is not installed", "the operating system's clock was NOT moved");
        return;
    };
    let folder = TempDir::new().unwrap();
    let offset = folder.path().join("offset");
    let set = |seconds: i64| std::fs::write(&offset, format!("{seconds:+}")).unwrap();
    set(0);
    let variables = [
        ("LD_PRELOAD", *library),
        ("FAKETIME_TIMESTAMP_FILE", offset.to_str().unwrap()),
        ("FAKETIME_NO_CACHE", "1"),
        // Only the wall clock can be set; the monotonic clock always runs forward.
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
    ];
    let child = Child::start_with("clock_jumps", &variables).await;
    let mut connection = child.connect().await;
    let start = now();

    // Each token succeeds once from here, which the throttle remembers.
    for life in LIVES {
        assert_eq!(connection.ask(&with_token("/data", &name(life))).await.unwrap().status, 200);
    }
    let to = |date: u64| i64::try_from(date).unwrap() - i64::try_from(start).unwrap();
    let (mut asked, mut wrong) = (0, 0);
    for jump in [30, -30, 61, -61, 3_600, -3_600, to(1 << 31), 0, to(253_402_300_799), -3_600, 0] {
        set(jump);
        let clock = connection.ask(&crate::harness::client::get("/clock", "")).await.unwrap().body;
        let clock: i64 = String::from_utf8_lossy(&clock).parse().unwrap();
        let expected = i64::try_from(now()).unwrap() + jump;
        assert!((clock - expected).abs() <= 2, "the child's clock is moved: {clock}, {expected}");
        for life in LIVES {
            let status = connection.ask(&with_token("/data", &name(life))).await.unwrap().status;
            asked += 1;
            wrong += usize::from((status == 200) != (clock < i64::try_from(start + life).unwrap()));
        }
    }
    report.exactly(format!("a process under libfaketime: of {asked} answers wrong"), wrong, 0);
    throttle(report, &child, set).await;
}

/// The throttle counts failures by the monotonic clock, so a jump of the wall clock neither
/// forgives nor prolongs them.
async fn throttle(report: &mut Report, child: &Child, set: impl Fn(i64)) {
    let mut connection = child.connect().await;
    let mut fail = async |at: u32| {
        let token = format!("a-token-that-nobody-knows-{at}");
        let answer = connection.ask(&with_token("/data", &token)).await.unwrap();
        (answer.status, answer.retry_after.unwrap_or_default())
    };
    let (mut at, mut early) = (0, 0);
    while fail(at).await.0 != 429 {
        at += 1;
        early += 1;
    }
    let mut wrong = 0;
    let mut longest = 0;
    for jump in [3_600, -3_600, 30 * 365 * 86_400, 0] {
        set(jump);
        let (status, after) = fail(at).await;
        at += 1;
        wrong += usize::from(status != 429);
        longest = longest.max(after);
    }
    report.note("Throttled under libfaketime: failures until it throttles", early.to_string());
    report.exactly("Throttled under libfaketime: jumps of the clock that forgave", wrong, 0);
    let each = EACH.as_secs();
    report.target(
        "Throttled under libfaketime: longest Retry-After",
        format!("{longest} s"),
        format!("≤ {each} s"),
        (1..=each).contains(&longest),
    );
    sleep(EACH + Duration::from_millis(100)).await;
    let (status, _) = fail(at).await;
    report.exactly("Throttled under libfaketime: status of an attempt after that time", status.into(), 401);
}

fn now() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs()
}
