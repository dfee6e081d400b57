//! D11: the clock moves by a little, by an hour, to 2038, to 9999, to 1970, and back, while
//! credentials expire.
//!
//! The experiment moves the clocks that the crate accepts as arguments. If libfaketime is
//! installed, it moves the clock of a child process. The expected results are computed here, from
//! the dates and the clock alone.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use axum::Router;
use axum::routing::get;
use tokio::time::sleep;
use tower_principal::clock::Clock as _;
use tower_principal::test_util::{Issuer, TestClock};
use tower_principal::verify::sql::{NewCredential, SqlVerifier};
use tower_principal::verify::{Algorithm, Cached};
use tower_principal::verify::{JwtVerifier, MemoryVerifierBuilder};
use tower_principal::{
    AuthenticateLayer, Credential, DenialReason, OAuthUser, PrincipalKind, Secret, Verifier, VerifyContext,
    VerifyError, dialect, transport, verify::MemoryVerifier,
};

use crate::harness::faked;
use crate::harness::numbers::Chance;
use crate::harness::report::Report;

const HOUR: i64 = 3_600;
/// The positions of the clock, in seconds from the right time.
const JUMPS: [i64; 11] = [0, 10, -10, 30, -30, 31, -31, 61, -61, HOUR, -HOUR];
/// The same in seconds since 1970: the first second that does not fit into 32 bits, the last second
/// of 9999, and the first second of all.
const LEAPS: [i64; 3] = [1 << 31, 253_402_300_799, 0];
const TTL: Duration = Duration::from_millis(1_000);
const STEPS: usize = 400;

/// Returns the right time and all wrong ones, in seconds since 1970.
fn moments(right: i64) -> Vec<i64> {
    JUMPS.iter().map(|jump| right + jump).chain(LEAPS).collect()
}

fn time(seconds: i64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(seconds).unwrap())
}

fn seconds(clock: &TestClock) -> i64 {
    clock.now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs().try_into().unwrap()
}

/// Returns true if the token is accepted, and panics on an outage.
async fn takes(verifier: &impl Verifier, token: &str) -> bool {
    let credential = Credential::AccessToken(Secret::borrowed(token));
    let answer = match verifier.verify_now(&credential, &VerifyContext::default()) {
        Some(answer) => answer,
        None => verifier.verify(&credential, &VerifyContext::default()).await,
    };
    match answer {
        Ok(_) => true,
        Err(VerifyError::Denied(DenialReason::Unknown | DenialReason::Expired | DenialReason::Revoked)) => {
            false
        }
        Err(other) => panic!("{other:?}"),
    }
}

pub(crate) async fn run() -> Report {
    let mut report = Report::default();
    for leeway in [0, 10, 30] {
        jwts(&mut report, leeway).await;
    }
    stored(&mut report).await;
    walk(&mut report).await;
    eternal(&mut report).await;
    keys(&mut report).await;
    faked::run(&mut report).await;
    report
}

/// Tokens with many lifetimes, from an issuer with a correct clock, at a verifier with a wrong
/// clock.
async fn jwts(report: &mut Report, leeway: i64) {
    let clock = TestClock::default();
    let right = seconds(&clock);
    let issuer = Issuer::with_algorithm("https://issuer.example", Algorithm::EdDsa, clock.clone()).unwrap();
    let verifier = JwtVerifier::builder(issuer.name())
        .audience("api")
        .keys(issuer.keys().unwrap())
        .leeway(Duration::from_secs(leeway.unsigned_abs()))
        .clock(clock.clone())
        .build()
        .unwrap();
    let mut tokens = Vec::new();
    for begins in
        [-23 * HOUR, -2 * HOUR, -HOUR - 61, -600, -61, -31, -30, -10, -1, 0, 1, 10, 30, 31, 61, HOUR]
    {
        for ends in [-HOUR, -61, -31, -30, -10, -1, 0, 1, 10, 30, 31, 61, HOUR, HOUR + 61, 2 * HOUR] {
            if begins < ends && ends - begins <= 24 * HOUR {
                let (begins, ends) = (right + begins, right + ends);
                let token = issuer.token("otto").audience("api").claim("iat", begins).claim("exp", ends);
                tokens.push((token.claim("nbf", begins).sign(), begins, ends));
            }
        }
    }
    let (mut asked, mut accepted, mut rejected, mut spared, mut within) = (0, 0, 0, 0, 0);
    for now in moments(right) {
        clock.set(time(now));
        for (token, begins, ends) in &tokens {
            let taken = takes(&verifier, token).await;
            asked += 1;
            accepted += usize::from(taken && (now + leeway < *begins || now >= *ends + leeway));
            rejected += usize::from(!taken && *begins <= now && now < *ends);
            let in_leeway =
                (now < *begins && *begins <= now + leeway) || (*ends <= now && now < *ends + leeway);
            within += usize::from(in_leeway);
            spared += usize::from(in_leeway && taken);
        }
    }
    report.note(format!("JWTs, leeway {leeway} s: asked for"), asked.to_string());
    report.exactly(format!("JWTs, leeway {leeway} s: wrong accepts"), accepted, 0);
    report.exactly(format!("JWTs, leeway {leeway} s: wrong rejects"), rejected, 0);
    report.exactly(format!("JWTs, leeway {leeway} s: of {within} within the leeway taken"), spared, within);

    // The same behind the layer, which also reads the clock.
    let layer = AuthenticateLayer::new(dialect::RFC6750, verifier, transport::danger_assume_secure());
    let app = Router::new().route("/data", get(async || "data")).route_layer(layer.clock(clock.clone()));
    let fresh = issuer.token("otto").audience("api").claim("iat", right).claim("exp", right + HOUR).sign();
    let mut taken = Vec::new();
    for jump in [-leeway, HOUR - 1, HOUR + leeway - 1] {
        clock.set(time(right + jump));
        let request = http::Request::get("/data").header("authorization", format!("Bearer {fresh}"));
        let request = request.body(axum::body::Body::empty()).unwrap();
        let status = tower::ServiceExt::oneshot(app.clone(), request).await.unwrap().status();
        taken.push(format!("{jump:+} s: {}", status.as_u16()));
    }
    report.note(
        format!("JWTs, leeway {leeway} s: behind the layer, by the time since it was issued for 3600 s"),
        taken.join(", "),
    );
}

/// Tokens that are looked up and expire.
async fn stored(report: &mut Report) {
    let clock = TestClock::default();
    let right = seconds(&clock);
    let ends: Vec<i64> = moments(right).into_iter().filter(|at| *at > 0).collect();
    let name = |at: &i64| format!("a-token-that-ends-at-{at}");

    let user = |at: &i64| OAuthUser::new("otto").with_expires_at(time(*at));
    let build = |builder: MemoryVerifierBuilder, at| builder.access_token(name(at), user(at));
    let memory = ends.iter().fold(MemoryVerifier::builder().clock(clock.clone()), build).build().unwrap();
    let names: Vec<(String, i64)> = ends.iter().map(|at| (name(at), *at)).collect();
    compare(report, "MemoryVerifier", &memory, &names, &clock, right).await;

    let sql = SqlVerifier::sqlite("sqlite::memory:").clock(clock.clone()).connect().await.unwrap();
    let mut names = Vec::new();
    clock.set(time(1));
    for at in &ends {
        let token = NewCredential::new().owner("otto").expires_at(time(*at));
        let issued = sql.store().access_tokens().create(token).await.unwrap();
        names.push((issued.secret.expose_secret().to_owned(), *at));
    }
    compare(report, "SqlVerifier", &sql, &names, &clock, right).await;
}

async fn compare(
    report: &mut Report,
    name: &str,
    verifier: &impl Verifier,
    tokens: &[(String, i64)],
    clock: &TestClock,
    right: i64,
) {
    let (mut asked, mut wrong) = (0, 0);
    for now in moments(right).into_iter().flat_map(|now| [now, now + 1]) {
        clock.set(time(now));
        for (token, ends) in tokens {
            asked += 1;
            wrong += usize::from(takes(verifier, token).await != (now < *ends));
        }
    }
    report.exactly(format!("{name}: of {asked} answers wrong"), wrong, 0);
}

/// A cache, while the clock moves back and forth and tokens are revoked behind it.
async fn walk(report: &mut Report) {
    let clock = TestClock::default();
    let right = seconds(&clock);
    let mut chance = Chance::new(11);
    let all = moments(right);
    let ends: Vec<i64> =
        (0..300).map(|at| all[at % all.len()].max(right) + i64::try_from(at).unwrap()).collect();
    let name = |at: usize| format!("a-token-of-number-{at}");
    let builder = ends.iter().enumerate().fold(MemoryVerifier::builder(), |builder, (at, ends)| {
        builder.access_token(name(at), OAuthUser::new(format!("user-{at}")).with_expires_at(time(*ends)))
    });
    let inner = Arc::new(builder.clock(clock.clone()).build().unwrap());
    let cached = Cached::new(Arc::clone(&inner)).unwrap().ttl(TTL).clock(clock.clone());

    let mut revoked: Vec<Option<Instant>> = vec![None; ends.len()];
    let (mut asked, mut accepted, mut rejected) = (0, 0, 0);
    let mut stale = Duration::ZERO;
    for step in 0..STEPS {
        let now = all[usize::try_from(chance.next()).unwrap_or(usize::MAX) % all.len()];
        clock.set(time(now));
        for _ in 0..100 {
            let at = usize::try_from(chance.next() % 300).unwrap();
            let taken = takes(&cached, &name(at)).await;
            asked += 1;
            match revoked[at] {
                Some(since) if taken => {
                    stale = stale.max(since.elapsed());
                    accepted += usize::from(now >= ends[at]);
                }
                Some(_) => {}
                None => {
                    accepted += usize::from(taken && now >= ends[at]);
                    rejected += usize::from(!taken && now < ends[at]);
                }
            }
        }
        if step % 2 == 0 {
            let at = step / 2;
            assert_eq!(inner.revoke_all(PrincipalKind::OAuthUser, &format!("user-{at}")), 1);
            revoked[at] = Some(Instant::now());
        }
        sleep(Duration::from_millis(10)).await;
    }
    report.note("Cached: asked for, while the clock jumps each 10 ms", asked.to_string());
    report.exactly("Cached: wrong accepts", accepted, 0);
    report.exactly("Cached: wrong rejects", rejected, 0);
    let most = TTL + Duration::from_millis(50);
    report.target(
        "Cached: longest that a token was taken after it was revoked elsewhere",
        format!("{stale:.3?}"),
        format!("≤ {most:.3?}"),
        stale <= most && !stale.is_zero(),
    );
}

/// Answers that were cached at one position of the clock, then requested at every other position
/// after their `ttl`.
async fn eternal(report: &mut Report) {
    let (mut asked, mut kept) = (0, 0);
    let right = seconds(&TestClock::default());
    for stored_at in moments(right) {
        let clock = TestClock::at(time(stored_at));
        let token = "a-token-without-any-end".to_owned();
        let inner = MemoryVerifier::builder().access_token(token.as_str(), OAuthUser::new("otto"));
        let inner = Arc::new(inner.clock(clock.clone()).build().unwrap());
        let ttl = Duration::from_millis(150);
        let cached = Cached::new(Arc::clone(&inner)).unwrap().ttl(ttl).negative_ttl(ttl).clock(clock.clone());
        assert!(takes(&cached, &token).await, "a good token is good");
        inner.revoke_all(PrincipalKind::OAuthUser, "otto");
        assert!(takes(&cached, &token).await, "the answer is kept");
        sleep(ttl + Duration::from_millis(10)).await;
        for now in [stored_at].into_iter().chain(moments(right)) {
            clock.set(time(now));
            asked += 1;
            kept += usize::from(takes(&cached, &token).await);
        }
    }
    report.exactly(format!("Cached: of {asked} answers past their time still good"), kept, 0);
}

/// A key that its issuer has withdrawn, while the clock stands still or is set back again and
/// again.
async fn keys(report: &mut Report) {
    let age = Duration::from_secs(2);
    for (name, back) in [("stands still", 0), ("is set back by 61 s now and then", 61)] {
        let clock = TestClock::default();
        let issuer =
            Issuer::with_algorithm("https://issuer.example", Algorithm::EdDsa, clock.clone()).unwrap();
        let keys = issuer.published().max_age(age).cooldown(age / 2).clock(clock.clone()).build().unwrap();
        let verifier = JwtVerifier::builder(issuer.name()).audience("api").keys(keys).clock(clock.clone());
        let verifier = verifier.leeway(Duration::from_secs(30)).build().unwrap();
        let token = issuer.token("otto").audience("api").claim("iat", seconds(&clock) - 2 * HOUR).sign();
        assert!(takes(&verifier, &token).await, "a good token is good");
        issuer.rotate().unwrap();
        issuer.withdraw_old_keys();
        let (since, mut died) = (Instant::now(), None);
        while died.is_none() && since.elapsed() < 3 * age {
            sleep(Duration::from_millis(20)).await;
            clock.set_back(Duration::from_secs(if since.elapsed().as_millis() % 500 < 20 {
                back
            } else {
                0
            }));
            died = (!takes(&verifier, &token).await).then(|| since.elapsed());
        }
        let most = age + Duration::from_millis(100);
        report.target(
            format!("Jwks: a withdrawn key is refused, where keys are kept for {age:?} and the clock {name}"),
            died.map_or("never".to_owned(), |time| format!("after {time:.3?}")),
            format!("≤ {most:.3?}"),
            died.is_some_and(|time| time <= most),
        );
    }
}
