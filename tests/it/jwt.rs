//! JWT access tokens: which are accepted, and which are refused.
#![cfg(feature = "jwt")]

use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use tower_principal::clock::Clock as _;
use tower_principal::test_util::{Fault, Issuer, TestClock, Token};
use tower_principal::verify::{Algorithm, KeySet};
use tower_principal::verify::{JwtVerifier, JwtVerifierError};
use tower_principal::{
    Credential, OAuthUser, Principal, Secret, Verifier, VerifyContext, VerifyError, dialect,
    verify::MemoryVerifier,
};

use crate::support::{authorization, bearer, layer_of, send, whoami};

pub(crate) const ISSUER: &str = "https://issuer.example";
pub(crate) const API: &str = "https://api.example";

/// Returns an issuer with keys for an algorithm, and a verifier with the same keys.
pub(crate) fn pair(algorithm: Algorithm) -> (Issuer, JwtVerifier, TestClock) {
    let clock = TestClock::default();
    let issuer = Issuer::with_algorithm(ISSUER, algorithm, clock.clone()).unwrap();
    let verifier = verifier(&issuer, &clock);
    (issuer, verifier, clock)
}

pub(crate) fn verifier(issuer: &Issuer, clock: &TestClock) -> JwtVerifier {
    let builder = JwtVerifier::builder(issuer.name()).audience(API).clock(clock.clone());
    builder.keys(issuer.keys().unwrap()).build().unwrap()
}

pub(crate) fn credential(token: &str) -> Credential<'_> {
    Credential::AccessToken(Secret::borrowed(token))
}

pub(crate) async fn ask<V: Verifier>(verifier: &V, token: &str) -> Result<Principal, VerifyError> {
    let (credential, context) = (credential(token), VerifyContext::default());
    let now = verifier.verify_now(&credential, &context);
    let later = verifier.verify(&credential, &context).await;
    if let Some(now) = now {
        assert_eq!(word(&now), word(&later), "verify_now and verify disagree");
    }
    later
}

pub(crate) fn word(answer: &Result<Principal, VerifyError>) -> &'static str {
    match answer {
        Ok(_) => "good",
        Err(VerifyError::Denied(reason)) => reason.as_str(),
        Err(VerifyError::Unsupported) => "unsupported",
        Err(VerifyError::Unavailable(_)) => "unavailable",
        Err(_) => "other",
    }
}

pub(crate) async fn verdict<V: Verifier>(verifier: &V, token: &str) -> &'static str {
    word(&ask(verifier, token).await)
}

/// Returns a valid token for this service.
pub(crate) fn good(issuer: &Issuer) -> Token {
    issuer.token("otto").audience(API)
}

pub(crate) fn seconds(clock: &TestClock) -> i64 {
    let since = clock.now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    since.as_secs().try_into().unwrap()
}

/// H49: a key that is published for encryption verifies no signature, even a correct one with its
/// `kid`.
#[tokio::test]
async fn a_token_by_a_key_for_encryption_is_refused() {
    for (purpose, expected) in [("sig", "good"), ("enc", "unknown"), ("other", "unknown")] {
        let issuer = Issuer::new(ISSUER).unwrap();
        issuer.rotate().unwrap();
        let mut keys: Value = serde_json::from_str(&issuer.keys_json()).unwrap();
        let newest = &mut keys["keys"][1];
        assert_eq!(newest["use"], "sig");
        newest["use"] = purpose.into();
        let named = json!({"alg": "EdDSA", "typ": "at+jwt", "kid": newest["kid"]});
        issuer.set_fault(Fault::Body(keys.to_string().into()));
        let verifier = issuer.verifier(API).build().unwrap();
        let token = good(&issuer).sign();
        let header = URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap();
        assert_eq!(serde_json::from_slice::<Value>(&header).unwrap(), named);
        assert_eq!(verdict(&verifier, &token).await, expected, "{purpose}");
        assert_eq!(issuer.fetches(), 1);
    }
}

#[tokio::test]
async fn a_good_token_of_every_algorithm_makes_a_user() {
    let all = [
        Algorithm::Hs256,
        Algorithm::Hs384,
        Algorithm::Hs512,
        Algorithm::Rs256,
        Algorithm::Rs384,
        Algorithm::Rs512,
        Algorithm::Ps256,
        Algorithm::Ps384,
        Algorithm::Ps512,
        Algorithm::Es256,
        Algorithm::Es384,
        Algorithm::Es512,
        Algorithm::EdDsa,
    ];
    for algorithm in all {
        let (issuer, verifier, _) = pair(algorithm);
        let token = good(&issuer).scope("a b").sign();
        let otto = ask(&verifier, &token).await.unwrap_or_else(|error| panic!("{algorithm}: {error}"));
        assert_eq!((otto.id(), otto.scopes().as_str()), (Some("otto"), "a b"));
        // A signature over another message is invalid.
        let (message, signature) = token.rsplit_once('.').unwrap();
        let (_, other) = good(&issuer).sign().rsplit_once('.').map(|(_, s)| ((), s.to_owned())).unwrap();
        assert_eq!(verdict(&verifier, &format!("{message}.{other}")).await, "unknown", "{algorithm}");
        assert_eq!(verdict(&verifier, &format!("{message}.")).await, "unknown", "{algorithm}");
        assert_eq!(verdict(&verifier, &format!("{message}.{signature}AA")).await, "unknown", "{algorithm}");
    }
}

/// H15 and its neighbours: two parsers must not read two different tokens.
#[tokio::test]
async fn a_repeated_name_is_refused_wherever_it_stands() {
    let (issuer, verifier, clock) = pair(Algorithm::EdDsa);
    let now = seconds(&clock);
    let header = r#"{"alg":"EdDSA","kid":"key-1","typ":"at+jwt"}"#;
    let claims = |more: &str| {
        format!(r#"{{"iss":"{ISSUER}","sub":"otto","aud":"{API}","iat":{now},"exp":{}{more}}}"#, now + 60)
    };
    assert_eq!(verdict(&verifier, &issuer.sign(header, &claims(""))).await, "good");
    for more in [
        format!(r#","exp":{}"#, now + 60),
        format!(r#","\u0065xp":{}"#, now + 60),
        r#","x":{"a":1,"a":1}"#.to_owned(),
        format!(r#","iss":"{ISSUER}""#),
        ",".to_owned(),
        "}{".to_owned(),
    ] {
        // A token that cannot be read has no issuer.
        assert_eq!(verdict(&verifier, &issuer.sign(header, &claims(&more))).await, "unsupported", "{more}");
    }
    for header in [
        r#"{"alg":"EdDSA","kid":"key-1","typ":"at+jwt","alg":"EdDSA"}"#,
        r#"{"alg":"EdDSA","kid":"key-1","typ":"at+jwt","x":1,"x":1}"#,
        r#"{"alg":"EdDSA","kid":"key-1","typ":"at+jwt"} {}"#,
        "[]",
        "",
    ] {
        assert_eq!(verdict(&verifier, &issuer.sign(header, &claims(""))).await, "unknown", "{header}");
    }
}

/// H01, H03, H07 and their neighbours.
#[tokio::test]
async fn req_40_the_algorithm_is_the_keys_own() {
    for algorithm in [Algorithm::Rs256, Algorithm::Es256, Algorithm::EdDsa, Algorithm::Hs256] {
        let (issuer, verifier, _) = pair(algorithm);
        for name in [
            "none", "None", "NONE", "nOnE", "", "hs256", "rs256", "HS256", "HS384", "RS256", "RS384",
            "PS256", "ES256", "ES384", "EdDSA", "ES256K", "A256GCM", "dir", "HS256 ",
        ] {
            if name == algorithm.name() {
                continue;
            }
            let token = good(&issuer).header("alg", name).sign();
            assert_eq!(verdict(&verifier, &token).await, "unknown", "{algorithm} {name}");
            // The signature is missing, as with `none`.
            let (message, _) = token.rsplit_once('.').unwrap();
            assert_eq!(verdict(&verifier, &format!("{message}.")).await, "unknown", "{algorithm} {name}");
        }
        for odd in [json!(null), json!(["RS256"]), json!(256), json!({})] {
            let token = good(&issuer).header("alg", odd.clone()).sign();
            assert_eq!(verdict(&verifier, &token).await, "unknown", "{odd}");
        }
        assert_eq!(verdict(&verifier, &good(&issuer).without_header("alg").sign()).await, "unknown");
    }
}

/// H05: a public key, in every form in which an attacker has it, is no HMAC secret.
#[tokio::test]
async fn req_40_a_public_key_is_never_a_secret() {
    for algorithm in [Algorithm::Es256, Algorithm::Rs256, Algorithm::EdDsa] {
        let (issuer, verifier, clock) = pair(algorithm);
        let now = seconds(&clock);
        let published = issuer.keys_json();
        let jwk: Value = serde_json::from_str(&published).unwrap();
        let jwk = &jwk["keys"][0];
        let member = |name: &str| jwk[name].as_str().unwrap_or_default().to_owned();
        let decoded = |name: &str| URL_SAFE_NO_PAD.decode(member(name)).unwrap();
        let point = [vec![4], decoded("x"), decoded("y")].concat();
        for secret in [published.into_bytes(), jwk.to_string().into(), decoded("n"), decoded("x"), point] {
            let header = jsonwebtoken::Header {
                kid: Some("key-1".to_owned()),
                typ: Some("at+jwt".to_owned()),
                ..jsonwebtoken::Header::new(jsonwebtoken::Algorithm::HS256)
            };
            let claims = json!({"iss": ISSUER, "sub": "otto", "aud": API, "iat": now, "exp": now + 60});
            let key = jsonwebtoken::EncodingKey::from_secret(&secret);
            let token = jsonwebtoken::encode(&header, &claims, &key).unwrap();
            assert_eq!(verdict(&verifier, &token).await, "unknown", "{algorithm}");
        }
    }
}

#[tokio::test]
async fn req_43_headers_that_change_a_token_are_refused() {
    let (issuer, verifier, _) = pair(Algorithm::Es256);
    let long = "k".repeat(129);
    let wrong: &[(&str, Value)] = &[
        ("crit", json!(["x"])), // H37
        ("crit", json!(["b64"])),
        ("crit", json!([])),
        ("crit", json!("exp")),
        ("crit", json!(null)),
        ("b64", json!(false)), // H39
        ("b64", json!(true)),
        ("zip", json!("DEF")),
        ("kid", json!("key-1' OR '1'='1")), // H45
        ("kid", json!("../../../../dev/null")),
        ("kid", json!(1)), // H47
        ("kid", json!(null)),
        ("kid", json!(["key-1"])),
        ("kid", json!(long)),
        ("kid", json!("")),
        ("typ", json!("dpop+jwt")), // H51
        ("typ", json!("JWT")),
        ("typ", json!("logout+jwt")),
        ("typ", json!("id_token")),
        ("typ", json!("rt+jwt")), // H53
        ("typ", json!("secevent+jwt")),
        ("typ", json!("")),
        ("typ", json!(null)),
        ("typ", json!(5)),
    ];
    for (name, value) in wrong {
        let token = good(&issuer).header(name, value.clone()).sign();
        assert_eq!(verdict(&verifier, &token).await, "unknown", "{name}: {value}");
    }
    assert_eq!(verdict(&verifier, &good(&issuer).without_header("typ").sign()).await, "unknown");
    for typ in ["application/at+jwt", "AT+JWT"] {
        assert_eq!(verdict(&verifier, &good(&issuer).header("typ", typ).sign()).await, "good", "{typ}");
    }
    assert_eq!(verdict(&verifier, &good(&issuer).header("x-mine", 1).sign()).await, "good");
    // With a single key, a token needs no `kid`.
    assert_eq!(verdict(&verifier, &good(&issuer).without_header("kid").sign()).await, "good");
}

/// H41, H43: the configured keys decide, and nothing else is fetched.
#[tokio::test]
async fn req_44_a_key_or_an_address_in_a_token_is_ignored() {
    let (other, _, _) = pair(Algorithm::Es256);
    let foreign = serde_json::from_str::<Value>(&other.keys_json()).unwrap()["keys"][0].clone();
    let headers = [
        ("jku", json!("https://issuer.example/token_keys")),
        ("jku", json!("https://evil.example/keys")),
        ("x5u", json!("https://evil.example/cert")),
        ("x5c", json!(["MIIB"])),
        ("x5t", json!("AAAA")),
        ("jwk", foreign),
        ("jwk", json!(null)),
    ];
    for (name, value) in headers {
        let clock = TestClock::default();
        let issuer = Issuer::with_algorithm(ISSUER, Algorithm::Es256, clock.clone()).unwrap();
        let verifier = issuer.verifier(API).clock(clock.clone()).build().unwrap();
        let token = good(&issuer).header(name, value.clone()).sign();
        assert_eq!(verdict(&verifier, &token).await, "good", "{name}: {value}");
        let parts: Vec<&str> = token.split('.').collect();
        let header = String::from_utf8(URL_SAFE_NO_PAD.decode(parts[0]).unwrap()).unwrap();
        let payload = String::from_utf8(URL_SAFE_NO_PAD.decode(parts[1]).unwrap()).unwrap();
        // The same message, signed by the key that the token contains.
        assert_eq!(verdict(&verifier, &other.sign(&header, &payload)).await, "unknown", "{name}");
        assert_eq!((issuer.fetches(), other.fetches()), (1, 0), "{name}: {value}");
    }
}

/// H09, H11, H13, H55, H57, and texts that are too long.
#[tokio::test]
async fn req_43_only_one_writing_of_a_token_is_one() {
    let (issuer, verifier, _) = pair(Algorithm::Hs256);
    let token = good(&issuer).sign();
    let parts: Vec<&str> = token.split('.').collect();
    let [header, payload, signature] = parts[..] else { panic!() };
    // 32 bytes are 43 characters, whose last one has two unused bits.
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let last = alphabet.find(&signature[42..]).unwrap();
    for other in (last - last % 4..last - last % 4 + 4).filter(|other| *other != last) {
        let flipped = format!("{header}.{payload}.{}{}", &signature[..42], &alphabet[other..=other]);
        assert_eq!(verdict(&verifier, &flipped).await, "unknown", "{other}");
    }
    for odd in [
        format!("{header}.{payload}.{signature}="),
        format!("{header}.{payload}.{signature}\n"),
        format!("{header}.{payload}. {signature}"),
        format!("{header}.{payload}.{signature}AAAA"),
        format!("{header}=.{payload}.{signature}"),
    ] {
        assert_eq!(verdict(&verifier, &odd).await, "unknown", "{odd}");
    }
    for odd in [
        format!("{header}.{payload}"),
        format!("{header}.{payload}.{signature}."),
        format!("{header}.{payload}.{signature}.{signature}"),
        format!("{header}.{payload}.{signature}.{signature}.{signature}"),
        format!("{header}..{signature}"),
        format!(".{payload}="),
        format!("{header}.{payload}=.{signature}"),
        format!("{header}. {payload}.{signature}"),
        format!(r#"{{"payload":"{payload}","protected":"{header}","signature":"{signature}"}}"#),
        "a.b".to_owned(),
        "..".to_owned(),
        ".".to_owned(),
        String::new(),
    ] {
        assert_eq!(verdict(&verifier, &odd).await, "unsupported", "{odd}");
    }
    for payload in ["", "otto", "null", "[]", "5", "{", "\u{fffd}"] {
        let header = r#"{"alg":"HS256","kid":"key-1","typ":"at+jwt"}"#;
        assert_eq!(verdict(&verifier, &issuer.sign(header, payload)).await, "unsupported", "{payload}");
    }
    let long = good(&issuer).claim("x", "x".repeat(6 * 1024)).sign();
    assert!(long.len() > 8192);
    assert_eq!(verdict(&verifier, &long).await, "unsupported");
    let fits = good(&issuer).claim("x", "x".repeat(5 * 1024)).sign();
    assert_eq!(verdict(&verifier, &fits).await, "good");
    // The other base64 alphabet, for a signature in which it differs.
    let bytes = URL_SAFE_NO_PAD.decode(signature).unwrap();
    let standard = STANDARD.encode(bytes);
    if standard.trim_end_matches('=') != signature {
        let odd = format!("{header}.{payload}.{}", standard.trim_end_matches('='));
        assert_eq!(verdict(&verifier, &odd).await, "unknown");
    }
}

/// H61: each issuer has its own keys, and no token can change that.
#[tokio::test]
async fn a_key_of_one_issuer_signs_nothing_for_another() {
    let clock = TestClock::default();
    let one = Issuer::with_algorithm("https://one.example", Algorithm::Es256, clock.clone()).unwrap();
    let two = Issuer::with_algorithm("https://two.example", Algorithm::Es256, clock.clone()).unwrap();
    let opaque = "9kxoTUYvSxnAiMpv008NBqRiqk5xWt";
    let memory = MemoryVerifier::builder().access_token(opaque, OAuthUser::new("olga"));
    let all = verifier(&one, &clock).or(verifier(&two, &clock)).or(memory.build().unwrap());
    for (issuer, name) in [(&one, "anna"), (&two, "bert")] {
        let token = issuer.token(name).audience(API).sign();
        assert_eq!(ask(&all, &token).await.unwrap().id(), Some(name));
    }
    assert_eq!(ask(&all, opaque).await.unwrap().id(), Some("olga"));
    for token in [
        one.token("eve").audience(API).claim("iss", two.name()).sign(),
        two.token("eve").audience(API).claim("iss", one.name()).sign(),
        one.token("eve").audience(API).claim("iss", json!([one.name(), two.name()])).sign(),
        one.token("eve").audience(API).claim("iss", "https://three.example").sign(),
    ] {
        assert_eq!(verdict(&all, &token).await, "unknown");
    }
    // If one verifier refuses a token as expired, the next one is not asked.
    let late = two.token("bert").audience(API).claim("exp", seconds(&clock) - 60).sign();
    assert_eq!(verdict(&all, &late).await, "expired");
}

/// On the wire, every refusal is the same 401.
#[tokio::test]
async fn every_refused_token_is_answered_in_the_same_bytes() {
    let (issuer, verifier, clock) = pair(Algorithm::EdDsa);
    let revoked = good(&issuer).sign();
    verifier.revoke(&credential(&revoked), &VerifyContext::default()).await.unwrap();
    let app = whoami().layer(layer_of(dialect::RFC6750, verifier));
    let answer = send(app.clone(), authorization(bearer(&good(&issuer).sign()))).await;
    assert_eq!((answer.status, &*answer.body), (200, "OAuthUser:otto"));
    let mut bodies = Vec::new();
    for token in [
        revoked,
        good(&issuer).claim("exp", seconds(&clock) - 60).sign(),
        good(&issuer).header("alg", "none").sign(),
        good(&issuer).claim("iss", "https://other.example").sign(),
        good(&issuer).audience("other").sign(),
        good(&issuer).header("kid", "x").sign(),
        "opaque-and-unknown".to_owned(),
    ] {
        let answer = send(app.clone(), authorization(bearer(&token))).await;
        assert_eq!(answer.status, 401, "{token}");
        assert_eq!(answer.challenges(), [r#"Bearer realm="api", error="invalid_token""#]);
        bodies.push(answer.body);
    }
    bodies.dedup();
    assert_eq!(bodies.len(), 1);
}

#[test]
fn a_verifier_that_cannot_work_is_not_built() {
    let (issuer, _, _) = pair(Algorithm::EdDsa);
    let start = || JwtVerifier::builder(ISSUER).audience(API).keys(issuer.keys().unwrap());
    assert!(start().build().is_ok());
    let error = |builder: tower_principal::verify::JwtVerifierBuilder| builder.build().unwrap_err();
    assert!(matches!(error(start().audience("")), JwtVerifierError::NoAudience));
    assert!(matches!(error(start().accept([])), JwtVerifierError::NoUse));
    assert!(matches!(error(start().leeway(Duration::from_secs(301))), JwtVerifierError::Times));
    assert!(matches!(
        error(start().max_lifetime(Duration::from_secs(3_653 * 86_400 + 1))),
        JwtVerifierError::Times
    ));
    assert!(matches!(error(start().max_lifetime(Duration::ZERO)), JwtVerifierError::Times));
    let keyless = JwtVerifier::builder(ISSUER).audience(API);
    assert!(matches!(error(keyless), JwtVerifierError::NoKeys));
    let nobodys = JwtVerifier::builder("").audience(API).keys(issuer.keys().unwrap());
    assert!(matches!(error(nobodys), JwtVerifierError::NoIssuer));
    let homeless = JwtVerifier::builder(ISSUER).keys(issuer.keys().unwrap());
    assert!(matches!(error(homeless), JwtVerifierError::NoAudience));
}

#[test]
fn a_key_is_taken_from_pem() {
    let pair = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
    let pem = pair.public_key_pem();
    assert_eq!(KeySet::from_pem(Algorithm::Es256, &pem).unwrap().len(), 1);
    for other in [Algorithm::Es384, Algorithm::Rs256, Algorithm::EdDsa, Algorithm::Hs256] {
        assert!(KeySet::from_pem(other, &pem).is_err(), "{other}");
    }
    assert!(KeySet::from_pem(Algorithm::Es256, pair.serialize_pem()).is_err(), "a private key");
    assert!(KeySet::from_pem(Algorithm::Es256, "").is_err());
    let key = jsonwebtoken::EncodingKey::from_ec_pem(pair.serialize_pem().as_bytes()).unwrap();
    let header = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::ES256);
    let jws = jsonwebtoken::encode(&header, &json!({"a": 1}), &key).unwrap();
    let keys = KeySet::from_pem(Algorithm::Es256, &pem).unwrap();
    assert_eq!(keys.verify_jws(&jws).unwrap(), br#"{"a":1}"#);
    assert!(keys.with_key_id("k1").unwrap().verify_jws(&jws).is_some());

    let rsa = rcgen::KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).unwrap();
    let key = jsonwebtoken::EncodingKey::from_rsa_pem(rsa.serialize_pem().as_bytes()).unwrap();
    let header = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::RS256);
    let jws = jsonwebtoken::encode(&header, &json!({"a": 1}), &key).unwrap();
    let taken = |algorithm| {
        let keys = KeySet::from_pem(algorithm, rsa.public_key_pem()).unwrap();
        keys.verify_jws(&jws).is_some()
    };
    assert!(taken(Algorithm::Rs256));
    assert!(!taken(Algorithm::Rs384) && !taken(Algorithm::Ps256));
    assert!(KeySet::from_pem(Algorithm::Es256, rsa.public_key_pem()).is_err());
    let edwards = rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
    assert!(KeySet::from_pem(Algorithm::EdDsa, edwards.public_key_pem()).is_ok());
    assert!(KeySet::from_pem(Algorithm::Rs256, edwards.public_key_pem()).is_err());
}

/// This list contains every token that the other library accepts with all of its checks and that
/// this crate refuses.
#[tokio::test]
async fn the_crate_jsonwebtoken_agrees() {
    for (algorithm, theirs) in [
        (Algorithm::Rs256, jsonwebtoken::Algorithm::RS256),
        (Algorithm::Ps384, jsonwebtoken::Algorithm::PS384),
        (Algorithm::Es256, jsonwebtoken::Algorithm::ES256),
        (Algorithm::EdDsa, jsonwebtoken::Algorithm::EdDSA),
        (Algorithm::Hs512, jsonwebtoken::Algorithm::HS512),
    ] {
        let issuer = Issuer::with_algorithm(ISSUER, algorithm, tower_principal::clock::SystemClock).unwrap();
        let builder = JwtVerifier::builder(ISSUER).audience(API).keys(issuer.keys().unwrap());
        let verifier = builder.build().unwrap();
        let set: jsonwebtoken::jwk::JwkSet = serde_json::from_str(&issuer.keys_json()).unwrap();
        let key = jsonwebtoken::DecodingKey::from_jwk(&set.keys[0]).unwrap();
        let mut rules = jsonwebtoken::Validation::new(theirs);
        rules.set_audience(&[API]);
        rules.set_issuer(&[ISSUER]);
        rules.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        rules.validate_nbf = true;
        rules.leeway = 10;
        let now = i64::try_from(jsonwebtoken::get_current_timestamp()).unwrap();
        let token = || good(&issuer);
        let cases = [
            ("good", token()),
            ("good", token().claim("aud", json!(["x", API]))),
            ("good", token().claim("nbf", now - 5)),
            ("good", token().claim("exp", now - 5)),
            ("bad", token().claim("exp", now - 15)),
            ("bad", token().claim("nbf", now + 60)),
            ("bad", token().audience("x")),
            ("bad", token().without("exp")),
            ("bad", token().without("aud")),
            ("bad", token().without("sub")),
            ("bad", token().without("iss")),
            ("bad", token().claim("iss", "x")),
            ("bad", token().claim("exp", "x")),
            ("bad", token().claim("aud", 5)),
            ("bad", token().header("alg", "none")),
            ("bad", token().header("alg", "HS256")),
            // This crate is stricter, each time because of a requirement.
            ("strict", token().claim("sub", "")),
            ("strict", token().claim("iss", json!([ISSUER, "x"]))),
            ("strict", token().claim("iat", now + 600)),
            ("strict", token().claim("exp", now + 200_000)),
            ("strict", token().claim("cnf", json!({}))),
            ("strict", token().header("crit", json!(["x"]))),
            ("strict", token().header("b64", false)),
            ("strict", token().header("typ", "dpop+jwt")),
        ];
        for (expected, token) in cases {
            let shown = format!("{token:?}");
            let token = token.sign();
            let ours = ask(&verifier, &token).await.is_ok();
            let other = jsonwebtoken::decode::<Value>(&token, &key, &rules).is_ok();
            assert_eq!(ours, expected == "good", "{algorithm} {shown}");
            assert_eq!(other, expected != "bad", "{algorithm} {shown}");
        }
    }
}

/// Text that is no JWT is for another verifier, and so is every other kind of credential.
#[tokio::test]
async fn other_credentials_are_for_others() {
    let (_, verifier, _) = pair(Algorithm::EdDsa);
    assert_eq!(verdict(&verifier, "9kxoTUYvSxnAiMpv008NBqRiqk5xWt").await, "unsupported");
    let app = Credential::AppToken(Secret::borrowed("a.b.c"));
    let answer = verifier.verify_now(&app, &VerifyContext::default()).unwrap();
    assert!(matches!(answer, Err(VerifyError::Unsupported)));
}
