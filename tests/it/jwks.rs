//! The published keys of an issuer: when they are fetched, how long they are valid, and the effect
//! of an outage.
#![cfg(feature = "jwt")]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Value, json};
use tokio::time::Instant;
use tower::{Layer as _, ServiceExt};
use tower_principal::fetch::{Fetch, FetchError};
use tower_principal::test_util::{Fault, Issuer, TestClock};
use tower_principal::verify::JwtVerifier;
use tower_principal::verify::{Algorithm, Jwks, JwksError, KeySet};
use tower_principal::{Credential, DenialReason, Secret, Verifier, VerifyContext, VerifyError, dialect};

use crate::support::{authorization, bearer, greet, layer_of, send};

const API: &str = "https://api.example";
const SECOND: Duration = Duration::from_secs(1);

fn start() -> (Issuer, Arc<JwtVerifier>, TestClock) {
    let clock = TestClock::default();
    let issuer = Issuer::with_algorithm("https://issuer.example", Algorithm::EdDsa, clock.clone()).unwrap();
    let verifier = verifier(&issuer, &clock);
    (issuer, Arc::new(verifier), clock)
}

fn verifier(issuer: &Issuer, clock: &TestClock) -> JwtVerifier {
    let keys = issuer.published().clock(clock.clone()).build().unwrap();
    JwtVerifier::builder(issuer.name()).audience(API).keys(keys).clock(clock.clone()).build().unwrap()
}

fn token(issuer: &Issuer) -> String {
    issuer.token("otto").audience(API).sign()
}

async fn verdict(verifier: &impl Verifier, token: &str) -> &'static str {
    let credential = Credential::AccessToken(Secret::borrowed(token));
    let context = VerifyContext::default();
    let answer = match verifier.verify_now(&credential, &context) {
        Some(answer) => answer,
        None => verifier.verify(&credential, &context).await,
    };
    match answer {
        Ok(_) => "good",
        Err(VerifyError::Denied(DenialReason::Unknown)) => "unknown",
        Err(VerifyError::Unavailable(_)) => "unavailable",
        Err(_) => "other",
    }
}

/// Returns true if the token is accepted without waiting.
fn is_now(verifier: &impl Verifier, token: &str) -> bool {
    verifier
        .verify_now(&Credential::AccessToken(Secret::borrowed(token)), &VerifyContext::default())
        .is_some()
}

/// Lets background tasks end.
async fn settle() {
    tokio::time::sleep(Duration::from_millis(1)).await;
}

#[tokio::test(start_paused = true)]
async fn keys_are_fetched_once_and_then_at_hand() {
    let (issuer, verifier, _) = start();
    let token = token(&issuer);
    assert!(!is_now(&verifier, &token));
    assert_eq!(verdict(&verifier, &token).await, "good");
    assert!(is_now(&verifier, &token));
    for _ in 0..100 {
        assert_eq!(verdict(&verifier, &token).await, "good");
    }
    assert_eq!(issuer.fetches(), 1);
}

/// A token of another issuer never causes a fetch.
#[tokio::test(start_paused = true)]
async fn what_is_not_this_issuers_is_not_fetched_for() {
    let (issuer, verifier, _) = start();
    for token in [
        "opaque".to_owned(),
        issuer.token("otto").claim("iss", "https://other.example").sign(),
        issuer.token("otto").header("alg", "none").sign(),
        issuer.token("otto").header("alg", "HS256").header("crit", json!([])).sign(),
    ] {
        assert!(is_now(&verifier, &token), "{token}");
    }
    assert_eq!(issuer.fetches(), 0);
}

/// D5, REQ-46: all requests wait for the same fetch.
#[tokio::test(start_paused = true)]
async fn req_46_ten_thousand_cold_requests_are_one_fetch() {
    let (issuer, verifier, _) = start();
    let token = Arc::new(token(&issuer));
    let one = || {
        let (verifier, token) = (Arc::clone(&verifier), Arc::clone(&token));
        tokio::spawn(async move { verdict(&verifier, &token).await })
    };
    let all: Vec<_> = (0..10_000).map(|_| one()).collect();
    for task in all {
        assert_eq!(task.await.unwrap(), "good");
    }
    assert_eq!(issuer.fetches(), 1);
}

/// D4: the first caller may leave.
#[tokio::test(start_paused = true)]
async fn req_53_a_fetch_outlives_the_request_that_began_it() {
    let (issuer, verifier, _) = start();
    issuer.set_fault(Fault::Hang);
    let token = Arc::new(token(&issuer));
    let ask = || {
        let (verifier, token) = (Arc::clone(&verifier), Arc::clone(&token));
        tokio::spawn(async move { verdict(&verifier, &token).await })
    };
    let leader = ask();
    settle().await;
    let followers: Vec<_> = (0..100).map(|_| ask()).collect();
    settle().await;
    leader.abort();
    for follower in followers {
        assert_eq!(follower.await.unwrap(), "unavailable");
    }
    assert_eq!(issuer.fetches(), 1);
}

/// D9: every fault of the server is an outage and not a denial, and causes one fetch in 30 s.
#[tokio::test(start_paused = true)]
async fn req_46_a_first_load_that_fails_is_unavailable() {
    let faults = [
        Fault::Status(500),
        Fault::Status(404),
        Fault::Status(302),
        Fault::Status(204),
        Fault::Hang,
        Fault::Unreachable,
        Fault::Panic,
        Fault::Body(Bytes::from_static(b"<html>")),
        Fault::Body(Bytes::from_static(b"{}")),
        Fault::Body(Bytes::from_static(b"[]")),
        Fault::Body(Bytes::from_static(br#"{"keys":{}}"#)),
        Fault::Body(Bytes::from_static(br#"{"keys":[],"keys":[]}"#)),
        Fault::Body(Bytes::from(vec![b' '; 256 * 1024 + 1])),
    ];
    for fault in faults {
        let (issuer, verifier, clock) = start();
        issuer.set_fault(fault.clone());
        let token = token(&issuer);
        let began = Instant::now();
        // Two at once and then more cause one fetch.
        let both = tokio::join!(verdict(&verifier, &token), verdict(&verifier, &token));
        assert_eq!(both, ("unavailable", "unavailable"), "{fault:?}");
        assert!(began.elapsed() <= SECOND * 4, "{fault:?}: {:?}", began.elapsed());
        for _ in 0..10 {
            assert!(is_now(&verifier, &token), "{fault:?}");
            assert_eq!(verdict(&verifier, &token).await, "unavailable", "{fault:?}");
        }
        assert_eq!(issuer.fetches(), 1, "{fault:?}");
        issuer.set_fault(None);
        clock.advance(SECOND * 29);
        assert_eq!(verdict(&verifier, &token).await, "unavailable", "{fault:?}");
        clock.advance(SECOND);
        assert_eq!(verdict(&verifier, &token).await, "good", "{fault:?}");
        assert_eq!(issuer.fetches(), 2, "{fault:?}");
    }
}

/// D9: 10,000 random `kid`s.
#[tokio::test(start_paused = true)]
async fn req_46_random_key_ids_cause_one_fetch_in_30_s() {
    let (issuer, verifier, clock) = start();
    let known = token(&issuer);
    assert_eq!(verdict(&verifier, &known).await, "good");
    let random = |at: usize| issuer.token("eve").audience(API).header("kid", format!("random-{at}")).sign();
    for at in 0..10_000 {
        assert_eq!(verdict(&verifier, &random(at)).await, "unknown");
    }
    assert_eq!(issuer.fetches(), 1);
    for at in 0..1_000 {
        clock.advance(Duration::from_millis(100));
        assert_eq!(verdict(&verifier, &random(at)).await, "unknown");
        assert_eq!(verdict(&verifier, &known).await, "good");
    }
    // In 100 s, the fetches are at 30, 60 and 90 s.
    assert_eq!(issuer.fetches(), 4);
    // The same while the fetches fail: a fetch uses up its interval before it starts, and a failure
    // does not give it back.
    issuer.set_fault(Fault::Status(500));
    for at in 0..1_000 {
        clock.advance(Duration::from_millis(100));
        let random = verdict(&verifier, &random(at)).await;
        assert!(random == "unavailable" || random == "unknown", "{random}");
        assert_eq!(verdict(&verifier, &known).await, "good");
    }
    assert!(issuer.fetches() <= 8, "{}", issuer.fetches());
}

#[tokio::test(start_paused = true)]
async fn a_new_key_is_found_when_it_is_used() {
    let (issuer, verifier, clock) = start();
    let old = token(&issuer);
    assert_eq!(verdict(&verifier, &old).await, "good");
    clock.advance(SECOND * 31);
    issuer.rotate().unwrap();
    let new = token(&issuer);
    assert_eq!(verdict(&verifier, &new).await, "good");
    assert_eq!(verdict(&verifier, &old).await, "good");
    assert_eq!(issuer.fetches(), 2);
}

/// D9: a withdrawn key is rejected within 5 minutes, with and without traffic.
#[tokio::test(start_paused = true)]
async fn req_46_a_withdrawn_key_dies_within_5_minutes() {
    for is_busy in [true, false] {
        let (issuer, verifier, clock) = start();
        let old = token(&issuer);
        assert_eq!(verdict(&verifier, &old).await, "good");
        issuer.rotate().unwrap();
        issuer.withdraw_old_keys();
        for _ in 0..30 {
            clock.advance(SECOND * 10);
            if is_busy {
                verdict(&verifier, &old).await;
                settle().await;
            }
        }
        assert_eq!(verdict(&verifier, &old).await, "unknown", "busy: {is_busy}");
        assert_eq!(verdict(&verifier, &token(&issuer)).await, "good");
    }
}

/// While there is traffic, no request waits for the keys to be fetched again.
#[tokio::test(start_paused = true)]
async fn keys_are_fetched_again_in_the_background() {
    let (issuer, verifier, clock) = start();
    let token = token(&issuer);
    assert_eq!(verdict(&verifier, &token).await, "good");
    for _ in 0..350 {
        clock.advance(SECOND * 10);
        assert!(is_now(&verifier, &token));
        settle().await;
    }
    // About every 230 s.
    assert!((12..=18).contains(&issuer.fetches()), "{}", issuer.fetches());
}

#[tokio::test(start_paused = true)]
async fn req_46_in_an_outage_known_keys_last_for_a_day_and_unknown_ones_are_unavailable() {
    for fault in [Fault::Status(500), Fault::Hang, Fault::Panic, Fault::Body(Bytes::from_static(b"{}"))] {
        let (issuer, verifier, clock) = start();
        let fresh = |issuer: &Issuer| issuer.token("otto").audience(API).sign();
        assert_eq!(verdict(&verifier, &fresh(&issuer)).await, "good");
        issuer.set_fault(fault.clone());
        issuer.rotate().unwrap();
        let stranger = issuer.token("otto").audience(API).header("kid", "key-9");
        for minute in 1..24 * 60 {
            clock.advance(SECOND * 60);
            let known = issuer.token("otto").audience(API).header("kid", "key-1").sign();
            // The token is signed by the second key, so the first key refuses it. That a known key
            // decides is the point.
            let began = Instant::now();
            assert_eq!(verdict(&verifier, &known).await, "unknown", "{fault:?} {minute}");
            assert!(began.elapsed() <= SECOND, "{fault:?} {minute}");
            if minute > 5 {
                assert_eq!(verdict(&verifier, &stranger.clone().sign()).await, "unavailable", "{fault:?}");
            }
        }
        clock.advance(SECOND * 60);
        let known = issuer.token("otto").audience(API).header("kid", "key-1").sign();
        assert_eq!(verdict(&verifier, &known).await, "unavailable", "{fault:?}");
        assert!(issuer.fetches() <= 2 * 24 * 60, "{fault:?} {}", issuer.fetches());
        issuer.set_fault(None);
        clock.advance(SECOND * 31);
        assert_eq!(verdict(&verifier, &fresh(&issuer)).await, "good", "{fault:?}");
    }
}

/// A valid token of a known key is accepted all day while the issuer hangs, within 1 s.
#[tokio::test(start_paused = true)]
async fn a_hanging_issuer_does_not_stop_tokens_of_known_keys() {
    let (issuer, verifier, clock) = start();
    assert_eq!(verdict(&verifier, &token(&issuer)).await, "good");
    issuer.set_fault(Fault::Hang);
    for _ in 0..200 {
        clock.advance(SECOND * 40);
        let began = Instant::now();
        assert_eq!(verdict(&verifier, &token(&issuer)).await, "good");
        assert!(began.elapsed() <= SECOND);
        // While the same fetch still hangs, no further request waits.
        let token = token(&issuer);
        tokio::time::sleep(SECOND).await;
        assert!(is_now(&verifier, &token));
        tokio::time::sleep(SECOND * 3).await;
    }
}

/// D11: a jump of the clock makes no key valid for ever.
#[tokio::test(start_paused = true)]
async fn no_jump_of_the_clock_makes_keys_last() {
    let (issuer, verifier, clock) = start();
    assert_eq!(verdict(&verifier, &token(&issuer)).await, "good");
    issuer.set_fault(Fault::Status(500));
    clock.set_back(SECOND * 3_600);
    assert_eq!(verdict(&verifier, &token(&issuer)).await, "good");
    assert_eq!(issuer.fetches(), 2, "keys that were fetched in the future are fetched again");
    clock.set_back(SECOND * 86_400);
    assert_eq!(verdict(&verifier, &token(&issuer)).await, "unavailable");
    clock.advance(SECOND * 86_400 * 365 * 12);
    assert_eq!(verdict(&verifier, &token(&issuer)).await, "unavailable");
    issuer.set_fault(None);
    clock.set_back(SECOND * 60);
    assert_eq!(verdict(&verifier, &token(&issuer)).await, "good");
}

/// D11: the same for a clock that stands still, or is set back as fast as it runs.
#[tokio::test(start_paused = true)]
async fn a_clock_that_stands_keeps_no_withdrawn_key() {
    let (issuer, verifier, _) = start();
    let old = token(&issuer);
    assert_eq!(verdict(&verifier, &old).await, "good");
    issuer.rotate().unwrap();
    issuer.withdraw_old_keys();
    tokio::time::sleep(SECOND * 301).await;
    assert_eq!(verdict(&verifier, &old).await, "unknown");
    assert_eq!(issuer.fetches(), 2);
}

#[tokio::test(start_paused = true)]
async fn max_age_is_kept_within_bounds() {
    for (header, at_least, at_most) in [
        ("max-age=60", 20, 61),
        ("max-age=0", 20, 31),
        ("no-store", 20, 31),
        ("max-age=86400", 200, 301),
        ("max-age=nonsense", 200, 301),
    ] {
        let (issuer, verifier, clock) = start();
        issuer.answer_header("cache-control", header);
        assert_eq!(verdict(&verifier, &token(&issuer)).await, "good");
        let mut seconds = 0;
        while issuer.fetches() < 2 {
            clock.advance(SECOND);
            seconds += 1;
            assert_eq!(verdict(&verifier, &token(&issuer)).await, "good");
            settle().await;
        }
        assert!((at_least..=at_most).contains(&seconds), "{header}: {seconds}");
    }
}

/// A key without a `kid` does not identify its tokens: a token that it did not sign may be signed
/// by a new key.
#[tokio::test(start_paused = true)]
async fn what_a_nameless_key_did_not_sign_is_looked_for_once_in_30_s() {
    for kid in [None, Some("new")] {
        let (issuer, verifier, clock) = start();
        let publish_newest = || {
            let set: Value = serde_json::from_str(&issuer.keys_json()).unwrap();
            let mut newest = set["keys"].as_array().unwrap().last().unwrap().clone();
            newest.as_object_mut().unwrap().remove("kid");
            issuer.set_fault(Fault::Body(json!({"keys": [newest]}).to_string().into()));
        };
        let token = || match kid {
            None => issuer.token("otto").audience(API).without_header("kid").sign(),
            Some(kid) => issuer.token("otto").audience(API).header("kid", kid).sign(),
        };
        publish_newest();
        let old = token();
        assert_eq!(verdict(&verifier, &old).await, "good", "{kid:?}");
        assert!(is_now(&verifier, &old));

        issuer.rotate().unwrap();
        publish_newest();
        let new = token();
        assert_eq!(verdict(&verifier, &new).await, "unknown", "{kid:?}: too soon after the first fetch");
        assert_eq!(issuer.fetches(), 1);
        clock.advance(31 * SECOND);
        tokio::time::advance(31 * SECOND).await;
        assert_eq!(verdict(&verifier, &new).await, "good", "{kid:?}");
        assert_eq!(verdict(&verifier, &old).await, "unknown", "{kid:?}");
        for _ in 0..100 {
            assert_eq!(verdict(&verifier, &old).await, "unknown", "{kid:?}");
        }
        assert_eq!(issuer.fetches(), 2, "{kid:?}");
    }
}

/// An unusable key does not make the other keys unusable.
#[tokio::test(start_paused = true)]
async fn req_45_of_a_published_set_only_usable_keys_count() {
    let (issuer, _, _) = start();
    let good = serde_json::from_str::<Value>(&issuer.keys_json()).unwrap()["keys"][0].clone();
    let with = |name: &str, value: Value| {
        let mut key = good.clone();
        key["kid"] = "other".into();
        key[name] = value;
        key
    };
    let split_elsewhere = {
        let other =
            Issuer::with_algorithm("https://other.example", Algorithm::Es256, TestClock::default()).unwrap();
        let mut key = serde_json::from_str::<Value>(&other.keys_json()).unwrap()["keys"][0].clone();
        let bytes = |name: &str| URL_SAFE_NO_PAD.decode(key[name].as_str().unwrap()).unwrap();
        let point = [bytes("x"), bytes("y")].concat();
        key["x"] = URL_SAFE_NO_PAD.encode(&point[..31]).into();
        key["y"] = URL_SAFE_NO_PAD.encode(&point[31..]).into();
        key
    };
    let bad = [
        split_elsewhere,
        json!(5),
        json!(null),
        json!([]),
        json!({}),
        json!({"kty": "oct", "kid": "s", "k": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}),
        json!({"kty": "RSA", "kid": "r", "n": "AQAB", "e": "AQAB"}),
        json!({"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}),
        json!({"kty": "AKP", "alg": "ML-DSA-44", "pub": "AA"}),
        with("use", json!("enc")), // H49
        with("key_ops", json!(["encrypt"])),
        with("key_ops", json!("verify")),
        with("alg", json!("ES256")),
        with("alg", json!("none")),
        with("alg", json!(5)),
        with("d", json!("AAAA")),
        with("crv", json!("Ed448")),
        with("x", json!("AAAA")),
        with("x", {
            // The same key as a SubjectPublicKeyInfo (RFC 8410 section 4).
            let x = URL_SAFE_NO_PAD.decode(good["x"].as_str().unwrap()).unwrap();
            let head = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
            json!(URL_SAFE_NO_PAD.encode([&head[..], &x].concat()))
        }),
        with("kid", json!("k".repeat(129))),
        with("kid", json!(5)),
    ];
    let fine = [
        with("key_ops", json!(["sign", "verify"])),
        with("alg", json!("Ed25519")),
        with("use", json!(null)),
        with("key_ops", json!(null)),
        with("alg", json!(null)),
        with("kid", json!(null)),
        with("d", json!(null)),
        with("x", json!(format!("{}=", good["x"].as_str().unwrap()))),
        good.clone(),
    ];
    for key in &bad {
        // The rule is the same for a file and for the network.
        assert_eq!(KeySet::from_jwks(&json!({"keys": [good, key]}).to_string()).unwrap().len(), 1, "{key}");
        assert_eq!(count(json!({"keys": [good, key]}).to_string()).await, Ok(1), "{key}");
    }
    for key in &fine {
        assert_eq!(count(json!({"keys": [key]}).to_string()).await, Ok(1), "{key}");
    }
    let repeated = good.to_string().replacen('{', r#"{"kty":"OKP","#, 1);
    assert_eq!(count(format!(r#"{{"keys":[{repeated},{good}]}}"#)).await, Ok(1));
    let named = |at: usize| with("kid", json!(format!("key-{at}")));
    let many = |count: usize| json!({"keys": (0..count).map(named).collect::<Vec<_>>()}).to_string();
    assert_eq!(count(many(100)).await, Ok(100));
    assert_eq!(count(many(101)).await, Err(()));
    assert_eq!(count(json!({"keys": bad}).to_string()).await, Err(()));
    assert_eq!(count(json!({"keys": vec![good.clone(); 100]}).to_string()).await, Ok(1));
}

/// Returns the number of keys in a body that are used.
async fn count(body: String) -> Result<usize, ()> {
    let issuer = Issuer::new("https://issuer.example").unwrap();
    issuer.set_fault(Fault::Body(body.into()));
    issuer.published().build().unwrap().load().await.map_err(|_| ())
}

#[tokio::test(start_paused = true)]
async fn keys_are_found_by_the_issuers_metadata() {
    let (issuer, _, clock) = start();
    let keys = issuer.discovered().clock(clock.clone()).build().unwrap();
    assert_eq!(keys.load().await.unwrap(), 1);
    assert_eq!((keys.load().await.unwrap(), issuer.fetches()), (1, 2));
    for metadata in [
        json!({"issuer": "https://other.example", "jwks_uri": "https://issuer.example/.well-known/jwks.json"}),
        json!({"issuer": "https://issuer.example/", "jwks_uri": "https://issuer.example/.well-known/jwks.json"}),
        json!({"issuer": "https://issuer.example", "jwks_uri": "http://issuer.example/.well-known/jwks.json"}),
        json!({"issuer": "https://issuer.example", "jwks_uri": "/keys"}),
        json!({"issuer": "https://issuer.example"}),
    ] {
        let issuer = Issuer::new("https://issuer.example").unwrap();
        issuer.set_fault(Fault::Body(metadata.to_string().into()));
        assert!(issuer.discovered().build().unwrap().load().await.is_err(), "{metadata}");
        assert_eq!(issuer.fetches(), 1, "{metadata}");
    }
}

#[test]
fn req_46_only_https_addresses_and_sane_times_are_taken() {
    let issuer = Issuer::new("https://issuer.example").unwrap();
    let build = |address: &str| Jwks::builder(address, issuer.clone()).build().map(|_| ());
    assert_eq!(build("https://issuer.example/keys"), Ok(()));
    for address in
        ["http://issuer.example/keys", "https://user@issuer.example/", "/keys", "ftp://x/", "", "https://"]
    {
        assert_eq!(build(address), Err(JwksError::Address), "{address}");
    }
    assert!(Jwks::builder("http://127.0.0.1:1/", issuer.clone()).danger_allow_http().build().is_ok());
    let start = || Jwks::builder("https://issuer.example/keys", issuer.clone());
    for wrong in [
        start().cooldown(Duration::ZERO),
        start().max_age(SECOND * 301),
        start().max_stale(SECOND * 86_401),
        start().timeout(SECOND * 11),
    ] {
        assert_eq!(wrong.build().err(), Some(JwksError::Times));
    }
}

/// Records that it was dropped.
struct Hangs(Arc<AtomicBool>);

impl Fetch for Hangs {
    async fn fetch(&self, _: Request<Bytes>, _: usize) -> Result<Response<Bytes>, FetchError> {
        struct Ends(Arc<AtomicBool>);
        impl Drop for Ends {
            fn drop(&mut self) {
                self.0.store(true, Ordering::SeqCst);
            }
        }
        let _ends = Ends(Arc::clone(&self.0));
        std::future::pending().await
    }
}

#[tokio::test(start_paused = true)]
async fn a_fetch_ends_with_the_keys_it_is_for() {
    let ended = Arc::new(AtomicBool::new(false));
    let keys = Jwks::builder("https://issuer.example/keys", Hangs(Arc::clone(&ended))).build().unwrap();
    let other = keys.clone();
    let waiting = tokio::spawn(async move { keys.load().await });
    settle().await;
    waiting.abort();
    settle().await;
    assert!(!ended.load(Ordering::SeqCst), "a clone is left");
    drop(other);
    settle().await;
    assert!(ended.load(Ordering::SeqCst));
}

/// Without a tokio runtime nothing is fetched, and the interval between fetches is not used up.
#[test]
fn without_a_runtime_keys_are_unavailable_and_later_they_are_not() {
    let (issuer, verifier, _) = start();
    let token = token(&issuer);
    assert!(is_now(&verifier, &token));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    assert_eq!(runtime.block_on(verdict(&verifier, &token)), "good");
}

/// If a runtime ends during a fetch, the fetch ends as well.
#[test]
fn a_fetch_that_ends_with_its_runtime_is_over() {
    let (issuer, verifier, clock) = start();
    issuer.set_fault(Fault::Hang);
    let token = token(&issuer);
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let first = runtime();
    first.block_on(async { assert!(!is_now(&verifier, &token)) });
    drop(first);
    issuer.set_fault(None);
    clock.advance(SECOND * 30);
    assert_eq!(runtime().block_on(verdict(&verifier, &token)), "good");
}

/// An issuer that hangs affects neither the service's readiness nor requests of another issuer.
#[tokio::test(start_paused = true)]
async fn issuers_do_not_wait_for_each_other() {
    let clock = TestClock::default();
    let issuer = |name| Issuer::with_algorithm(name, Algorithm::EdDsa, clock.clone()).unwrap();
    let (one, two) = (issuer("https://one.example"), issuer("https://two.example"));
    one.set_fault(Fault::Hang);
    let layer = layer_of(dialect::RFC6750, verifier(&one, &clock).or(verifier(&two, &clock)));
    let mut app = layer.layer(tower::service_fn(greet::<Body>));
    let waiting = tokio::spawn(send(app.clone(), authorization(bearer(&token(&one)))));
    settle().await;
    let began = Instant::now();
    ServiceExt::<Request<Body>>::ready(&mut app).await.unwrap();
    assert_eq!(send(app.clone(), authorization(bearer(&token(&two)))).await.status, 200);
    assert!(began.elapsed() < SECOND);
    let answer = waiting.await.unwrap();
    assert_eq!((answer.status, answer.lines("www-authenticate").len()), (503, 0));
    assert_eq!(answer.lines("retry-after").len(), 1);
}
