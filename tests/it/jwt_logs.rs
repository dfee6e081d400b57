//! The log of a JWT and of its issuer's keys contains no text that was sent.
#![cfg(feature = "jwt")]

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;
use tower_principal::test_util::{Fault, Issuer};
use tower_principal::verify::JwtVerifier;
use tower_principal::verify::TokenUse;
use tower_principal::{Credential, Secret, Verifier as _, VerifyContext};

use crate::support::hear_all_threads;

/// A log in memory.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn nothing_of_a_token_is_logged_whatever_is_wrong_with_it() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let canary = "c4n4ry";
    let hostile = format!("{canary}\r\n\u{1b}[31mERROR forged");
    hear_all_threads();
    let tokens = tracing::subscriber::with_default(subscriber, || runtime.block_on(refuse(&hostile)));
    let logged = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(
        logged.contains("credential denied") && logged.contains("fetching an issuer's keys failed"),
        "{logged}"
    );
    assert!(!logged.contains(canary), "{logged}");
    for part in tokens.iter().flat_map(|token| token.split('.')).filter(|part| part.len() > 8) {
        assert!(!logged.contains(part), "{part}");
    }
}

/// Refuses tokens with every known fault, each with the canary in it, and then tries keys of an
/// issuer that answers with the canary. Returns the tokens.
async fn refuse(canary: &str) -> Vec<String> {
    let issuer = Issuer::new("https://issuer.example").unwrap();
    let keys = issuer.keys().unwrap();
    let builder = JwtVerifier::builder(issuer.name()).audience("a").accept([TokenUse::AccessToken]);
    let verifier = builder.keys(keys).build().unwrap();
    let start = || issuer.token(canary).audience("a").claim("x", canary);
    let tokens = vec![
        start().sign(),
        start().header("crit", json!([canary])).sign(),
        start().claim("aud", "b").claim("sub", canary).sign(),
        start().claim("exp", canary).sign(),
        start().claim("jti", json!([canary])).sign(),
        start().expires_in(Duration::from_secs(999_999)).sign(),
        start().claim("exp", 1).claim("iat", 1).sign(),
        issuer.sign(canary, &json!({"iss": issuer.name(), "x": canary}).to_string()),
    ];
    for token in &tokens {
        let credential = Credential::AccessToken(Secret::borrowed(token));
        let _ = verifier.verify(&credential, &VerifyContext::default()).await;
        let _ = verifier.revoke(&credential, &VerifyContext::default()).await;
    }
    for fault in [Fault::Body(canary.to_owned().into()), Fault::Status(500), Fault::Panic] {
        let issuer = Issuer::new(format!("https://issuer.example/{}", "c4n4ry")).unwrap();
        issuer.set_fault(fault);
        assert!(issuer.published().build().unwrap().load().await.is_err());
        assert!(issuer.discovered().build().unwrap().load().await.is_err());
    }
    tokens
}

/// Names that services agree on may be logged. They are escaped and cut, so that they forge no
/// line.
#[test]
fn a_name_that_was_received_is_logged_on_one_line_and_cut() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let issuer = Issuer::new("https://issuer.example").unwrap();
    let verifier =
        JwtVerifier::builder(issuer.name()).audience("a").keys(issuer.keys().unwrap()).build().unwrap();
    let name = format!("first\r\n\u{1b}[31mERROR forged {}", "x".repeat(200));
    let start = || issuer.token("otto").audience("a");
    let tokens = [
        start().claim("aud", name.as_str()).sign(),
        start().claim("iss", name.as_str()).sign(),
        start().header("typ", name.as_str()).sign(),
    ];
    hear_all_threads();
    tracing::subscriber::with_default(subscriber, || {
        runtime.block_on(async {
            for token in &tokens {
                let credential = Credential::AccessToken(Secret::borrowed(token));
                assert!(verifier.verify(&credential, &VerifyContext::default()).await.is_err());
            }
        });
    });
    let logged = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert_eq!(logged.lines().count(), tokens.len(), "{logged}");
    for (at, line) in logged.lines().enumerate() {
        // The sender chooses the issuer, because no signature is verified yet.
        let received = if at == 1 { "received=a text that is not a URL" } else { r"received=first\r\n" };
        assert!(line.contains("tower_principal::denial") && line.contains(received), "{line}");
        assert!(line.contains("expected=") && line.len() < 500 && !line.contains('\u{1b}'), "{line}");
    }
}

/// If a client sends a secret in the wrong place, it is not logged, because only texts in the form
/// of a name are.
#[tokio::test]
async fn what_was_received_before_a_signature_is_verified_is_logged_only_as_a_name() {
    let issuer = Issuer::new("https://issuer.example").unwrap();
    let start = || issuer.token("otto").audience("a");
    for (token, line) in [
        (start().claim("iss", "http://issuer.example"), "received=http://issuer.example"),
        (start().claim("iss", "issuer.example"), "received=issuer.example"),
        (start().claim("iss", "https://x.example"), "received=https://x.example"),
        (start().claim("iss", "85e55c9b2ec4n4ry"), "received=a text that is not a URL"),
        (start().claim("iss", "https://me:c4n4ry@x.example"), "received=a text that is not a URL"),
        (start().claim("iss", "https://x.example?token=c4n4ry"), "received=a text that is not a URL"),
        (start().claim("iss", "https://x.example/c4n4ry\u{1b}[31m"), "received=a text that is not a name"),
        (start().claim("iss", json!(["c4n4ry"])), "received=a text that is not a URL"),
        (start().claim("iss", ""), "received=a text that is not a URL"),
        (start().without("iss"), "received=none"),
        (start().header("kid", "key-7"), "kid key-7"),
        (start().header("kid", "c4n4ry\r\n"), "kid a text that is not a name"),
        (start().header("alg", "XS256"), "received=XS256"),
        (start().header("alg", "c4n4ry c4n4ry"), "received=a text that is not a name"),
        (start().header("alg", json!({"c4n4ry": 1})), "received=a text that is not a name"),
    ] {
        let verifier =
            JwtVerifier::builder(issuer.name()).audience("a").keys(issuer.keys().unwrap()).build().unwrap();
        let token = token.sign();
        let text = logged(|| {
            let credential = Credential::AccessToken(Secret::borrowed(&token));
            assert!(verifier.verify_now(&credential, &VerifyContext::default()).unwrap().is_err());
        });
        assert!(text.contains(line) && !text.contains("c4n4ry"), "{line}: {text}");
        assert_eq!(text.lines().count(), 1, "{text}");
        let explained = verifier.explain(&token).await.to_string();
        assert!(!explained.contains("c4n4ry"), "{explained}");
    }
}

#[test]
fn a_token_too_long_is_logged_once_at_warn_for_each_verifier() {
    let issuer = Issuer::new("https://issuer.example").unwrap();
    let builder = || JwtVerifier::builder(issuer.name()).audience("a").keys(issuer.keys().unwrap());
    let (one, other) = (builder().build().unwrap(), builder().build().unwrap());
    let long = issuer.token("otto").audience("a").claim("x", "c4n4ry".repeat(2_000)).sign();
    let opaque = "c4n4ry".repeat(2_000);
    let ask = |verifier: &JwtVerifier, token: &str| {
        let credential = Credential::AccessToken(Secret::borrowed(token));
        assert!(verifier.verify_now(&credential, &VerifyContext::default()).unwrap().is_err());
    };
    let text = logged(|| {
        ask(&one, &opaque);
        ask(&one, &long);
        ask(&one, &long);
        ask(&other, &long);
    });
    let warned: Vec<&str> = text.lines().filter(|line| line.contains("WARN")).collect();
    assert_eq!(warned.len(), 2, "{text}");
    let bytes = format!("bytes={} longest=8192", long.len());
    assert!(warned[0].contains("issuer=https://issuer.example") && warned[0].contains(&bytes), "{text}");
    assert!(warned[0].contains("danger_max_token_length") && !text.contains("c4n4ry"), "{text}");
    assert_eq!(text.lines().filter(|line| line.contains("tower_principal::denial")).count(), 4, "{text}");
}

/// Returns the log of `f` at every level.
fn logged<T>(f: impl FnOnce() -> T) -> String {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    hear_all_threads();
    tracing::subscriber::with_default(subscriber, f);
    String::from_utf8(log.0.lock().unwrap().clone()).unwrap()
}

/// j38: a fault that makes every token of an issuer fail is logged once, with the key's name and
/// the reason.
#[test]
fn a_published_key_that_is_left_out_is_logged_with_its_name_and_the_reason() {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
    let small = json!({"kty": "RSA", "kid": "left-out-1", "n": "AQAB", "e": "AQAB"});
    let private =
        json!({"kty": "oct", "kid": "left-out-2", "k": "c4n4ryc4n4ryc4n4ryc4n4ryc4n4ryc4n4ryc4n4ry0"});
    let good: serde_json::Value =
        serde_json::from_str(&Issuer::new("https://other.example").unwrap().keys_json()).unwrap();
    for (keys, level, others) in [
        (json!([small]), "WARN", "every token fails"),
        (json!([small, private]), "WARN", "every token fails"),
        (json!([good["keys"][0], small]), "INFO", "usable=1 left_out=1"),
    ] {
        let clock = tower_principal::test_util::TestClock::default();
        let issuer = Issuer::new("https://issuer.example").unwrap();
        issuer.set_fault(Fault::Body(json!({ "keys": keys }).to_string().into()));
        let jwks = issuer.published().clock(clock.clone()).build().unwrap();
        let text = logged(|| {
            runtime().unwrap().block_on(async {
                for _ in 0..3 {
                    let _ = jwks.load().await;
                    clock.advance(Duration::from_secs(86_400));
                }
            });
        });
        assert_eq!(issuer.fetches(), 3);
        let lines: Vec<&str> = text.lines().filter(|line| line.contains("left-out-1")).collect();
        assert!(lines[0].contains(level) && lines[0].contains("why=\"an RSA key of less than"), "{text}");
        assert!(lines[1..].iter().all(|line| line.contains("DEBUG")) && lines.len() == 3, "{text}");
        assert!(text.contains(others) && !text.contains("c4n4ry"), "{text}");
    }
    let text = logged(|| {
        let keys = json!([good["keys"][0], small]);
        tower_principal::verify::KeySet::from_jwks(&json!({ "keys": keys }).to_string()).unwrap()
    });
    assert!(text.contains("left-out-1") && text.contains("an RSA key of less than"), "{text}");
}
