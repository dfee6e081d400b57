//! D9: the server that publishes an issuer's keys fails in every way it can, and recovers; a key is
//! withdrawn; ten thousand tokens name unknown keys.
//!
//! The experiment moves a `TestClock` that determines ages, so that a day takes seconds. Waiting
//! for the network takes real time: HTTP over the loopback, and the time limit of a fetch, which is
//! shorter than usual.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use tokio::time::sleep;

use crate::harness::numbers::Times;
use crate::harness::publisher::{API, GONE, HANGS, LIMIT, World};
use crate::harness::report::Report;

const SECOND: Duration = Duration::from_secs(1);
const COOLDOWN: Duration = Duration::from_secs(30);
const RANDOM: usize = 10_000;

/// The faults of the server: a name, a number, and the seconds by which the clock moves between two
/// requests of the day without keys. The step is longer if each fetch lasts until its limit.
const FAULTS: [(&str, usize, u64); 8] = [
    ("500", 1, 2),
    ("hangs", HANGS, 15),
    ("HTML", 3, 2),
    ("other JSON", 4, 2),
    ("cut off", 5, 2),
    ("300 KiB", 6, 2),
    ("redirects", 7, 2),
    ("gone", GONE, 2),
];

pub(crate) async fn run() -> Report {
    let mut report = Report::default();
    report.note(
        "time",
        format!("a TestClock is moved on; HTTP and the limit of a fetch, {LIMIT:?} here, take real time"),
    );
    for (name, fault, step) in FAULTS {
        without_keys(&mut report, name, fault).await;
        a_day_without_server(&mut report, name, fault, step).await;
    }
    for busy in [true, false] {
        withdrawn(&mut report, busy).await;
    }
    new_key(&mut report).await;
    patience(&mut report).await;
    for (name, fault) in [("well", 0), ("500", 1), ("hangs", HANGS)] {
        random_keys(&mut report, name, fault).await;
    }
    report
}

/// The first keys are missing for ten minutes, with two tokens at a time; then the server recovers.
async fn without_keys(report: &mut Report, name: &str, fault: usize) {
    let mut world = World::new().await;
    world.set(fault).await;
    let (one, two) = (world.token(), world.token());
    let mut answers = Vec::new();
    for _ in 0..600 {
        answers.extend(<[u16; 2]>::from(tokio::join!(world.ask(&one), world.ask(&two))));
        world.clock.advance(SECOND);
    }
    let others = answers.iter().filter(|status| **status != 503).count();
    report.exactly(format!("{name}, cold: of {} answers other than 503", answers.len()), others, 0);
    world.set(0).await;
    let mut waited = 0;
    while world.ask(&one).await != 200 && waited < 100 {
        world.clock.advance(SECOND);
        waited += 1;
    }
    let soon = waited <= 30;
    report.target(format!("{name}, cold: first good answer after"), format!("{waited} s"), "≤ 30 s", soon);
    report_fetches(report, &world, &format!("{name}, cold"));
}

/// The keys are known, and cannot be fetched for a day.
async fn a_day_without_server(report: &mut Report, name: &str, fault: usize, step: u64) {
    let mut world = World::new().await;
    let (now, token) = (world.seconds(), world.token());
    assert_eq!(world.ask(&token).await, 200, "a good token is good");
    // A token of the same key that is still valid after a day.
    let evening = world.issuer.token("otto").audience(API).claim("iat", now + 20 * 3_600);
    let evening = evening.claim("exp", now + 30 * 3_600).sign();
    world.issuer.rotate().unwrap();
    let stranger =
        world.issuer.token("olga").audience(API).claim("iat", now).claim("exp", now + 24 * 3_600).sign();
    world.set(fault).await;

    let (mut known, mut passed, mut strange, mut unavailable) = (0, 0, 0, 0);
    let mut waited = Times::default();
    let steps = 24 * 60 / step;
    for _ in 1..steps {
        world.clock.advance(SECOND * 60 * u32::try_from(step).unwrap());
        let started = Instant::now();
        let (of_known, of_stranger) = tokio::join!(world.ask(&token), world.ask(&stranger));
        waited.push(started.elapsed());
        known += 1;
        passed += usize::from(of_known == 200);
        strange += 1;
        unavailable += usize::from(of_stranger == 503);
    }
    report.exactly(format!("{name}, warm: of {known} tokens of a known key passed"), passed, known);
    report.exactly(format!("{name}, warm: of {strange} tokens of a new key 503"), unavailable, strange);
    report.note(format!("{name}, warm: longest wait"), format!("{:.3?}", waited.quantile(1.0)));
    let before = world.ask(&evening).await;
    world.clock.advance(SECOND * 60 * u32::try_from(step).unwrap());
    let after = world.ask(&evening).await;
    report.target(
        format!("{name}, warm: a good token, just before the keys are a day old and after"),
        format!("{before}, {after}"),
        "200, 503",
        (before, after) == (200, 503),
    );
    report_fetches(report, &world, &format!("{name}, warm"));
}

/// The issuer replaces a key by a new one.
async fn withdrawn(report: &mut Report, busy: bool) {
    let name =
        if busy { "a key is withdrawn, asked each second" } else { "a key is withdrawn, asked seldom" };
    let world = World::new().await;
    let old = world.token();
    assert_eq!(world.ask(&old).await, 200, "a good token is good");
    world.issuer.rotate().unwrap();
    world.issuer.withdraw_old_keys();
    let mut died = None;
    for second in 1..=400 {
        world.clock.advance(SECOND);
        if (busy || second >= 300) && world.ask(&old).await == 401 {
            died = died.or(Some(second));
        }
        // Background work ends in this time.
        sleep(Duration::from_millis(2)).await;
    }
    report.target(
        format!("{name}: refused after"),
        died.map_or("never".to_owned(), |seconds| format!("{seconds} s")),
        "≤ 300 s",
        died.is_some_and(|seconds| seconds <= 300),
    );
    report_fetches(report, &world, name);
}

/// The issuer starts to sign with a new key just after its keys were fetched; one of its tokens
/// comes each second.
async fn new_key(report: &mut Report) {
    let world = World::new().await;
    assert_eq!(world.ask(&world.token()).await, 200, "a good token is good");
    world.issuer.rotate().unwrap();
    let mut refused = 0;
    while refused < 100 && world.ask(&world.token()).await != 200 {
        refused += 1;
        world.clock.advance(SECOND);
    }
    let soon = refused <= 30;
    report.target("a new key, used at once: taken after", format!("{refused} s"), "≤ 30 s", soon);
    report_fetches(report, &world, "a new key");
}

/// With the default limit, a token with a known key waits for a server that hangs, once for each
/// fetch.
async fn patience(report: &mut Report) {
    let mut world = World::with(Duration::from_secs(3)).await;
    let token = world.token();
    assert_eq!(world.ask(&token).await, 200, "a good token is good");
    world.clock.advance(301 * SECOND);
    world.set(HANGS).await;
    for (name, least, most) in [("first", 950, 1_050), ("second", 0, 50)] {
        let started = Instant::now();
        let status = world.ask(&token).await;
        let waited = started.elapsed();
        report.target(
            format!("hangs, limit 3 s: the {name} token of keys that are over 5 min old"),
            format!("{status} after {waited:.3?}"),
            format!("200 after {least} to {most} ms"),
            status == 200 && (least..=most).contains(&waited.as_millis()),
        );
    }
}

/// Ten thousand tokens with unknown keys, first at one moment of the clock, then spread over 1,000
/// s.
async fn random_keys(report: &mut Report, name: &str, fault: usize) {
    let name = format!("random keys, server {name}");
    let mut world = World::new().await;
    let known = world.token();
    assert_eq!(world.ask(&known).await, 200, "a good token is good");
    let token = |at| world.issuer.token("eve").audience(API).header("kid", format!("random-{at}")).sign();
    let random: Vec<String> = (0..RANDOM).map(token).collect();
    world.clock.advance(2 * COOLDOWN);
    world.set(fault).await;

    let (mut let_in, mut passed, mut asked) = (0, 0, 0);
    for crowd in random.chunks(100) {
        let (answers, of_known) =
            tokio::join!(join_all(crowd.iter().map(|token| world.ask(token))), world.ask(&known));
        let_in += answers.iter().filter(|status| **status != 401 && **status != 503).count();
        passed += usize::from(of_known == 200);
        asked += 1;
    }
    report.exactly(format!("{name}: fetches by {RANDOM} at one moment"), world.fetches().0 - 1, 1);
    for crowd in random.chunks(10) {
        world.clock.advance(SECOND);
        let (answers, of_known) =
            tokio::join!(join_all(crowd.iter().map(|token| world.ask(token))), world.ask(&known));
        let_in += answers.iter().filter(|status| **status != 401 && **status != 503).count();
        passed += usize::from(of_known == 200);
        asked += 1;
    }
    report.exactly(format!("{name}: neither 401 nor 503"), let_in, 0);
    report.exactly(format!("{name}: of {asked} tokens of a known key passed"), passed, asked);
    report_fetches(report, &world, &name);
}

fn report_fetches(report: &mut Report, world: &World, name: &str) {
    let (count, apart) = world.fetches();
    let text = if count < 2 { "-".to_owned() } else { format!("{} s", apart.as_secs_f64()) };
    report.target(
        format!("{name}: fetches, and the least time between two"),
        format!("{count}, {text}"),
        "≥ 30 s",
        apart >= COOLDOWN,
    );
}
