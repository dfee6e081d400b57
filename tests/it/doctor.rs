//! The doctor's report about a token, and the texts that it must not contain.
#![cfg(feature = "jwt")]

use std::time::Duration;

use serde_json::json;
use tower_principal::test_util::{Fault, Issuer, TestClock, doctor};
use tower_principal::verify::Algorithm;

const API: &str = "https://api.example";

fn issuer(clock: &TestClock) -> Issuer {
    Issuer::with_algorithm("https://issuer.example", Algorithm::EdDsa, clock.clone()).unwrap()
}

#[tokio::test]
async fn a_good_token_passes_every_step() {
    let issuer = Issuer::new("https://issuer.example").unwrap();
    let token = issuer.token("c4n4ry").audience(API).claim("email", "c4n4ry@example.org").sign();
    for keys in [
        tower_principal::verify::Keys::from(issuer.keys().unwrap()),
        issuer.discovered().build().unwrap().into(),
    ] {
        let explanation = doctor(&token, issuer.name(), API, keys).await.unwrap();
        let text = explanation.to_string();
        assert!(explanation.is_accepted() && text.ends_with("the token is accepted"), "{text}");
        assert_eq!(text.matches("ok  ").count(), 10, "{text}");
        for part in token.split('.').chain(["c4n4ry"]) {
            assert!(!text.contains(part), "{text}");
        }
    }
}

#[tokio::test]
async fn each_fault_is_named_with_the_setting_that_accepts_it() {
    let clock = TestClock::default();
    let issuer = issuer(&clock);
    let other = self::issuer(&clock);
    let verifier = issuer.verifier(API).clock(clock.clone()).build().unwrap();
    let good = || issuer.token("c4n4ry").audience(API);
    let now =
        tower_principal::clock::Clock::now(&clock).duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    for (token, step, why, setting) in [
        ("c4n4ry".to_owned(), "FAILED  format", "not a JWT", None),
        (good().header("alg", "none").sign(), "FAILED  header", "received: none", None),
        (
            good().claim("iss", "https://issuer.example/").sign(),
            "FAILED  issuer",
            "received: https://issuer.example/",
            Some("`/`"),
        ),
        (good().header("kid", "key-9").sign(), "FAILED  signature", "kid key-9", None),
        (other.token("c4n4ry").audience(API).sign(), "FAILED  signature", "not signed by the key", None),
        (good().header("typ", "JWT").sign(), "FAILED  use", "received: JWT", Some("TokenUse::PlainJwt")),
        (
            good().audience("https://web.example").sign(),
            "FAILED  audience",
            "received: https://web.example",
            Some("audience"),
        ),
        (good().claim("nbf", now + 25).sign(), "FAILED  time", "received: 25 s", Some("leeway")),
        (
            good().expires_in(Duration::from_secs(2 * 86_400)).sign(),
            "FAILED  time",
            "too long",
            Some("max_lifetime"),
        ),
        (good().without("sub").sign(), "FAILED  claims", "", None),
        (good().claim("cnf", json!({"jkt": "x"})).sign(), "FAILED  claims", "bound to a key", None),
    ] {
        let explanation = verifier.explain(&token).await;
        let text = explanation.to_string();
        assert!(!explanation.is_accepted() && text.contains("the token is refused"), "{text}");
        let line =
            text.lines().find(|line| line.starts_with(step)).unwrap_or_else(|| panic!("{step}: {text}"));
        assert!(line.contains(why), "{text}");
        assert_eq!(text.matches("FAILED").count(), 1, "{text}");
        match setting {
            Some(setting) => assert!(text.lines().last().unwrap().contains(setting), "{text}"),
            None => assert!(text.contains("no safe setting"), "{text}"),
        }
        assert!(!text.contains("c4n4ry"), "{text}");
    }
}

#[tokio::test]
async fn a_token_with_two_faults_shows_both_and_a_revoked_one_that_it_is() {
    let clock = TestClock::default();
    let issuer = issuer(&clock);
    let verifier = issuer.verifier(API).clock(clock.clone()).build().unwrap();
    let token = issuer.token("otto").audience("https://web.example").claim("exp", 1).claim("iat", 0).sign();
    let text = verifier.explain(&token).await.to_string();
    assert!(text.contains("FAILED  audience") && text.contains("FAILED  time"), "{text}");
    let token = issuer.token("otto").audience(API).sign();
    assert!(verifier.explain(&token).await.is_accepted());
    let credential = tower_principal::Credential::AccessToken(tower_principal::Secret::borrowed(&token));
    tower_principal::Verifier::revoke(&verifier, &credential, &Default::default()).await.unwrap();
    let text = verifier.explain(&token).await.to_string();
    assert!(text.contains("FAILED  revocation"), "{text}");
}

#[tokio::test]
async fn keys_that_cannot_be_fetched_are_named_with_the_reason() {
    let issuer = Issuer::new("https://issuer.example").unwrap();
    let token = issuer.token("otto").audience(API).sign();
    for (fault, why) in [
        (Fault::Status(404), "404"),
        (Fault::Body("{}".into()), "the issuer's metadata"),
        (Fault::Unreachable, "connection refused"),
    ] {
        issuer.set_fault(fault);
        let keys = issuer.discovered().build().unwrap();
        let text = doctor(&token, issuer.name(), API, keys).await.unwrap().to_string();
        let line =
            text.lines().find(|line| line.starts_with("FAILED  key")).unwrap_or_else(|| panic!("{text}"));
        assert!(line.contains(why), "{text}");
        assert!(text.contains("-       signature"), "{text}");
    }
}

/// The doctor and the verifier agree, also about the rules of a preset.
#[tokio::test]
async fn what_a_preset_refuses_is_refused_by_its_explanation() {
    use tower_principal::verify::provider;
    let clock = TestClock::default();
    for (preset, typ, claims) in [
        (provider::okta("https://t.okta.example/oauth2/default"), None, json!({"uid": "u-1"})),
        (provider::entra("4c2f0d1e-0000-4000-8000-000000000001"), Some("JWT"), json!({"oid": "u-1"})),
        (provider::clerk("https://clerk.example"), Some("JWT"), json!({"sts": "pending"})),
        (
            provider::uaa("https://uaa.example/oauth/token"),
            Some("JWT"),
            json!({"user_id": "u-1", "jti": "a-r"}),
        ),
    ] {
        let issuer = Issuer::with_algorithm(preset.issuer(), Algorithm::EdDsa, clock.clone()).unwrap();
        let verifier = preset.verifier_with(issuer.keys().unwrap()).audience(API).clock(clock.clone());
        let verifier = verifier.build().unwrap();
        let mut token = issuer.token("u-1").audience(API);
        token = match typ {
            Some(typ) => token.header("typ", typ),
            None => token.without_header("typ"),
        };
        for (name, value) in claims.as_object().unwrap() {
            token = token.claim(name, value.clone());
        }
        let token = token.sign();
        let credential = tower_principal::Credential::AccessToken(tower_principal::Secret::borrowed(&token));
        let verified = tower_principal::Verifier::verify(&verifier, &credential, &Default::default()).await;
        let explanation = verifier.explain(&token).await;
        assert!(verified.is_err() && !explanation.is_accepted(), "{}: {explanation}", issuer.name());
        assert!(explanation.to_string().contains("FAILED  use"), "{explanation}");
    }
}
