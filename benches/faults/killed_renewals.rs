//! D13: a process that redeems codes and renews grants is killed at any statement, 500 times.
//!
//! The child writes each refresh token before it requests it and again when it has received it.
//! Afterwards exactly one token of each grant is in force: the last one received, or the one
//! requested after it.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tower_principal::Secret;
use tower_principal::grant::{
    CodeProof, GrantId, Grants, NewCode, NewGrant, Presented, Redemption, RefreshRule, Renewal, TokenShape,
};
use tower_principal::verify::sql::{SqlStore, SqlVerifier};

use crate::harness::databases::Server;
use crate::harness::report::Report;
use crate::refresh_races::{SHAPE, next, successor};

const KILLS: usize = 250;
/// The number of renewals of a grant before the next grant.
const RENEWALS: usize = 8;

pub(crate) async fn run() -> Report {
    let mut report = Report::default();
    let folder = TempDir::new().unwrap();
    judge(&mut report, "SQLite", format!("sqlite:{}", folder.path().join("grants.db").display())).await;
    match Server::start().await {
        Some(server) => judge(&mut report, "PostgreSQL", server.address.clone()).await,
        None => report.note("!! PostgreSQL is not installed, or does not start", "its part was NOT run"),
    }
    report
}

async fn open(address: &str) -> SqlVerifier {
    match address.starts_with("sqlite:") {
        true => SqlVerifier::sqlite(address).connect().await.unwrap(),
        false => SqlVerifier::postgres(address).connect().await.unwrap(),
    }
}

/// Runs in the child: redeems and renews until it is killed.
pub(crate) fn work(address: &str) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let store = open(address).await.store();
        loop {
            one_grant(&store).await;
        }
    });
}

fn line(word: &str, text: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{word} {text}").and_then(|()| out.flush()).unwrap();
}

async fn one_grant(store: &SqlStore) {
    let id = GrantId::random().unwrap();
    let code = SHAPE.code(&id).unwrap();
    store
        .offer(
            &NewGrant::new(id.clone(), "client").user("otto"),
            &NewCode::new(code.digest, Duration::from_secs(60)),
        )
        .await
        .unwrap();
    let mut refresh = SHAPE.refresh(&id).unwrap();
    line("code", code.secret.expose_secret());
    line("asks", refresh.secret.expose_secret());
    let redeemed = store.redeem(&code.digest, &CodeProof::new("client"), &next(&id, &refresh)).await;
    assert!(matches!(redeemed, Ok(Redemption::Redeemed(_))));
    line("got", refresh.secret.expose_secret());
    for _ in 0..RENEWALS {
        let after = successor(&refresh);
        line("asks", after.secret.expose_secret());
        let renewed = store.renew(&refresh.digests, "client", &RefreshRule::new(), &next(&id, &after)).await;
        assert!(matches!(renewed, Ok(Renewal::Renewed(_))));
        line("got", after.secret.expose_secret());
        refresh = after;
    }
}

/// The child's output about its last grant.
#[derive(Default)]
struct Last {
    code: Option<String>,
    got: Option<String>,
    asked: Option<String>,
}

fn kill_one(address: &str, after: Duration) -> Last {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["renew", address])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    // The time until the kill starts with the first grant.
    let mut last = Last::default();
    if let Some(Ok(first)) = lines.next() {
        last.code = first.strip_prefix("code ").map(str::to_owned);
    }
    let killing = std::thread::spawn(move || {
        std::thread::sleep(after);
        child.kill().unwrap();
        child.wait().unwrap();
    });
    for text in lines.map_while(Result::ok) {
        match text.split_once(' ') {
            Some(("code", code)) => last = Last { code: Some(code.to_owned()), ..Last::default() },
            Some(("asks", token)) => last.asked = Some(token.to_owned()),
            Some(("got", token)) => (last.got, last.asked) = (Some(token.to_owned()), None),
            _ => {}
        }
    }
    killing.join().unwrap();
    last
}

async fn judge(report: &mut Report, name: &str, address: String) {
    let store = open(&address).await.store();
    let started = Instant::now();
    let (mut kills, mut in_doubt, mut violations, mut dead_codes) = (0, 0, 0, 0);
    while kills < KILLS && started.elapsed() < Duration::from_secs(60) {
        let after = Duration::from_micros(u64::try_from(kills * 7_919 % 20_000).unwrap());
        let address = address.clone();
        let last = tokio::task::spawn_blocking(move || kill_one(&address, after)).await.unwrap();
        // A statement that has reached the server still ends.
        tokio::time::sleep(Duration::from_millis(20)).await;
        kills += 1;
        in_doubt += usize::from(last.asked.is_some());
        let mut live = 0;
        for token in [&last.got, &last.asked].into_iter().flatten() {
            let digests = SHAPE.read_refresh(&Secret::borrowed(token));
            let Some(digests) = digests else { continue };
            live += usize::from(store.find(&Presented::Refresh(digests)).await.unwrap().is_some());
        }
        let Some(code) = &last.code else { continue };
        let code = TokenShape::digest_of_code(&Secret::borrowed(code));
        let unused = store.find(&Presented::Code(code)).await.unwrap().is_some();
        // A violation is two live tokens of one grant, or a used code without a live token.
        violations += usize::from(live + usize::from(unused) != 1);
        dead_codes += usize::from(!unused && live == 0);
    }
    let took = started.elapsed().as_secs_f64();
    report.target(
        format!(
            "{name}: {kills} kills in {took:.1} s, {in_doubt} of them with an answer under way: violations"
        ),
        format!("{violations}, codes used up without a token {dead_codes}"),
        "0, 0",
        violations == 0 && kills == KILLS,
    );
}
