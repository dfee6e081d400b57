//! JWT access tokens: what is taken, and what is refused.
#![cfg(feature = "jwt")]

use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use tower_principal::test_util::{Issuer, TestClock, Token};
use tower_principal::verify::{Algorithm, Claims, Denylist, KeySet, TokenUse};
use tower_principal::{
    Clock as _, Context, Credential, JwtVerifier, JwtVerifierError, MemoryVerifier, OAuthUser, Principal,
    Reason, Secret, Verifier, VerifyError, dialect,
};

use crate::support::{authorization, bearer, layer_of, send, whoami};

const ISSUER: &str = "https://issuer.example";
const API: &str = "https://api.example";

/// An issuer with keys for an algorithm, and a verifier that holds them.
fn pair(algorithm: Algorithm) -> (Issuer, JwtVerifier, TestClock) {
    let clock = TestClock::default();
    let issuer = Issuer::with(ISSUER, algorithm, clock.clone()).unwrap();
    let verifier = verifier(&issuer, &clock);
    (issuer, verifier, clock)
}

fn verifier(issuer: &Issuer, clock: &TestClock) -> JwtVerifier {
    let builder = JwtVerifier::builder(issuer.name()).audience(API).clock(clock.clone());
    builder.keys(issuer.keys().unwrap()).build().unwrap()
}

fn credential(token: &str) -> Credential<'_> {
    Credential::AccessToken(Secret::borrowed(token))
}

async fn ask<V: Verifier>(verifier: &V, token: &str) -> Result<Principal, VerifyError> {
    let (credential, context) = (credential(token), Context::default());
    let now = verifier.verify_now(&credential, &context);
    let later = verifier.verify(&credential, &context).await;
    if let Some(now) = now {
        assert_eq!(word(&now), word(&later), "verify_now and verify disagree");
    }
    later
}

fn word(answer: &Result<Principal, VerifyError>) -> &'static str {
    match answer {
        Ok(_) => "good",
        Err(VerifyError::Denied(reason)) => reason.as_str(),
        Err(VerifyError::Unsupported) => "unsupported",
        Err(VerifyError::Unavailable(_)) => "unavailable",
        Err(_) => "other",
    }
}

async fn verdict<V: Verifier>(verifier: &V, token: &str) -> &'static str {
    word(&ask(verifier, token).await)
}

/// A good token for this service.
fn good(issuer: &Issuer) -> Token {
    issuer.token("otto").audience(API)
}

fn seconds(clock: &TestClock) -> i64 {
    let since = clock.now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    since.as_secs().try_into().unwrap()
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
        // A signature over something else is not one.
        let (message, signature) = token.rsplit_once('.').unwrap();
        let (_, other) = good(&issuer).sign().rsplit_once('.').map(|(_, s)| ((), s.to_owned())).unwrap();
        assert_eq!(verdict(&verifier, &format!("{message}.{other}")).await, "unknown", "{algorithm}");
        assert_eq!(verdict(&verifier, &format!("{message}.")).await, "unknown", "{algorithm}");
        assert_eq!(verdict(&verifier, &format!("{message}.{signature}AA")).await, "unknown", "{algorithm}");
    }
}

#[tokio::test]
async fn what_a_token_claims_is_what_the_principal_is() {
    let (issuer, _, clock) = pair(Algorithm::Es256);
    let verifier = JwtVerifier::builder(ISSUER)
        .audience(API)
        .keys(issuer.keys().unwrap())
        .clock(clock.clone())
        .id_claim("email")
        .org_claim("/tenant/name")
        .app_claim("https://example.org/app")
        .build()
        .unwrap();
    let token = good(&issuer)
        .claim("email", "otto@example.org")
        .claim("tenant", json!({"name": "acme"}))
        .claim("https://example.org/app", "weather")
        .claim("scp", json!(["read", "write"]))
        .claim("azp", "map-app")
        .claim("jti", "j-1")
        .claim("department", "roads")
        .claim("realm_access", json!({"roles": ["admin"]}))
        .claim("cognito:groups", json!(["staff"]))
        .expires_in(Duration::from_secs(600))
        .sign();
    let otto = ask(&verifier, &token).await.unwrap();
    assert_eq!(otto.id(), Some("otto@example.org"));
    assert_eq!((otto.org(), otto.app()), (Some("acme"), Some("weather")));
    assert_eq!(otto.scopes().as_str(), "read write");
    assert_eq!(otto.credential_id(), Some("j-1"));
    assert_eq!(otto.expires_at(), Some(clock.now() + Duration::from_secs(600)));
    let Principal::OAuthUser(user) = &otto else { panic!("{otto:?}") };
    assert_eq!(user.client(), Some("map-app"));
    let claims: &Claims = otto.claims().unwrap();
    assert_eq!(claims.get("department"), Some(Value::from("roads")));
    assert_eq!(claims.get("nothing"), None);
    assert_eq!(claims.groups(), ["staff", "admin"]);
    assert!(claims.has_group("admin") && !claims.has_group("adm") && !claims.has_group("read"));
    assert_eq!(format!("{claims:?}"), "Claims(..)");
    assert_eq!(claims.deserialize::<Value>().unwrap()["jti"], "j-1");
}

/// Every claim that a token needs or may have, wrong in every way we could think of.
#[tokio::test]
async fn req_41_claims_are_required_and_typed() {
    let (issuer, verifier, _) = pair(Algorithm::EdDsa);
    for name in ["exp", "aud", "sub"] {
        assert_eq!(verdict(&verifier, &good(&issuer).without(name).sign()).await, "unknown", "{name}");
    }
    let wrong: &[(&str, Value)] = &[
        ("exp", json!("9999999999")), // H17
        ("exp", json!(-1)),           // H19
        ("exp", json!(u64::MAX)),     // H21
        ("exp", json!(1e300)),
        ("exp", json!(null)),
        ("exp", json!(true)),
        ("exp", json!([1])),
        ("nbf", json!("1")), // H23
        ("nbf", json!(null)),
        ("nbf", json!(-1)),
        ("iat", json!("1")),
        ("iat", json!({})),
        ("iat", json!(0)), // so long a life
        ("aud", json!(5)), // H27
        ("aud", json!(null)),
        ("aud", json!([])), // H29
        ("aud", json!([5])),
        ("aud", json!([API, 5])),
        ("aud", json!({API: API})),
        ("aud", json!("HTTPS://API.EXAMPLE")), // H31
        ("aud", json!("https://api.example/")),
        ("aud", json!("https://api.exampl")),
        ("aud", json!([[API]])),
        ("aud", json!("")),
        ("sub", json!("")), // H35
        ("sub", json!(5)),
        ("sub", json!(["otto"])),
        ("sub", json!(null)),
        ("jti", json!(5)),
        ("scope", json!(5)),
        ("scope", json!(["a", 5])),
        ("client_id", json!(["c"])),
        ("azp", json!(1)),
        ("cnf", json!({"jkt": "x"})), // REQ-47
        ("cnf", json!({})),
        ("cnf", json!(null)),
    ];
    for (name, value) in wrong {
        let token = good(&issuer).claim(name, value.clone()).sign();
        assert_eq!(verdict(&verifier, &token).await, "unknown", "{name}: {value}");
    }
    let right: &[(&str, Value)] = &[
        ("aud", json!([API])),
        ("aud", json!(["other", API])),
        ("scope", json!(["a", "b"])),
        ("client_id", json!("c")),
        ("nested", json!({"a": [1, {"b": null}]})),
    ];
    for (name, value) in right {
        let token = good(&issuer).claim(name, value.clone()).sign();
        assert_eq!(verdict(&verifier, &token).await, "good", "{name}: {value}");
    }
}

/// H33 and its neighbours: the issuer is one text, the very same. Of another issuer nothing is said.
#[tokio::test]
async fn req_41_the_issuer_is_the_very_same_text() {
    let (issuer, verifier, _) = pair(Algorithm::EdDsa);
    for iss in [
        json!(["https://issuer.example", "https://evil.example"]),
        json!("https://issuer.example/"),
        json!("https://ISSUER.example"),
        json!(""),
        json!(null),
        json!(3),
    ] {
        let token = good(&issuer).claim("iss", iss.clone()).sign();
        assert_eq!(verdict(&verifier, &token).await, "unsupported", "{iss}");
    }
    assert_eq!(verdict(&verifier, &good(&issuer).without("iss").sign()).await, "unsupported");
}

#[tokio::test]
async fn req_42_dates_are_judged_with_at_most_30_s_of_leeway() {
    for leeway in [0, 10, 30] {
        let (issuer, _, clock) = pair(Algorithm::EdDsa);
        let verifier = JwtVerifier::builder(ISSUER)
            .audience(API)
            .keys(issuer.keys().unwrap())
            .clock(clock.clone())
            .leeway(Duration::from_secs(leeway))
            .build()
            .unwrap();
        let (now, leeway) = (seconds(&clock), i64::try_from(leeway).unwrap());
        let at = |name: &str, seconds: i64| good(&issuer).claim(name, seconds).sign();
        assert_eq!(verdict(&verifier, &at("exp", now + 1)).await, "good");
        assert_eq!(verdict(&verifier, &at("exp", now - leeway)).await, "expired");
        assert_eq!(verdict(&verifier, &at("exp", now - leeway - 1)).await, "expired");
        assert_eq!(verdict(&verifier, &at("exp", now - leeway + 1)).await, "good");
        for name in ["nbf", "iat"] {
            assert_eq!(verdict(&verifier, &at(name, now + leeway)).await, "good", "{name}");
            assert_eq!(verdict(&verifier, &at(name, now + leeway + 1)).await, "unknown", "{name}"); // H25
        }
        let fraction = |exp: f64| good(&issuer).claim("exp", exp).sign();
        let now = now as f64;
        assert_eq!(verdict(&verifier, &fraction(now - leeway as f64 + 0.5)).await, "good");
        assert_eq!(verdict(&verifier, &fraction(now - leeway as f64 - 0.5)).await, "expired");
    }
}

#[tokio::test]
async fn req_42_a_life_of_more_than_a_day_is_refused() {
    let (issuer, verifier, clock) = pair(Algorithm::EdDsa);
    let (now, day) = (seconds(&clock), 24 * 3600);
    let life = |iat: i64, exp: i64| good(&issuer).claim("iat", iat).claim("exp", exp).sign();
    assert_eq!(verdict(&verifier, &life(now, now + day)).await, "good");
    assert_eq!(verdict(&verifier, &life(now, now + day + 1)).await, "unknown");
    assert_eq!(verdict(&verifier, &life(now - day, now + 1)).await, "unknown");
    let from_now = |exp: i64| good(&issuer).without("iat").claim("exp", exp).sign();
    assert_eq!(verdict(&verifier, &from_now(now + day)).await, "good");
    assert_eq!(verdict(&verifier, &from_now(now + day + 1)).await, "unknown");
    let short = JwtVerifier::builder(ISSUER).audience(API).keys(issuer.keys().unwrap()).clock(clock.clone());
    let short = short.max_lifetime(Duration::from_secs(600)).build().unwrap();
    assert_eq!(verdict(&short, &life(now, now + 600)).await, "good");
    assert_eq!(verdict(&short, &life(now, now + 601)).await, "unknown");
}

/// D11: what is accepted depends on the clock alone; no jump of it makes a token last.
#[tokio::test]
async fn no_jump_of_the_clock_makes_a_token_last() {
    let (issuer, verifier, clock) = pair(Algorithm::EdDsa);
    let start = clock.now();
    let token = good(&issuer).sign();
    for (offset, expected) in [
        (0, "good"),
        (-10, "good"),
        (-11, "unknown"),
        (-30, "unknown"),
        (-3600, "unknown"),
        (3599, "good"),
        (3609, "good"),
        (3610, "expired"),
        (3661, "expired"),
        (86_400 * 365 * 12, "expired"),
        (86_400 * 365 * 7_000, "expired"),
        (0, "good"),
    ] {
        let by = Duration::from_secs(i64::unsigned_abs(offset));
        clock.set(if offset < 0 { start - by } else { start + by });
        assert_eq!(verdict(&verifier, &token).await, expected, "{offset}");
    }
    clock.set(SystemTime::UNIX_EPOCH);
    assert_eq!(verdict(&verifier, &token).await, "unknown");
    clock.set(SystemTime::UNIX_EPOCH - Duration::from_secs(1));
    assert_eq!(verdict(&verifier, &token).await, "unknown");
}

/// H15 and its neighbours: two readers must not read two tokens.
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
        // What cannot be read cannot say whose it is.
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
            // Without a signature, as `none` has it.
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

/// H05: the bytes of a public key, in every form an attacker has them, are no secret.
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
async fn req_43_44_headers_that_change_a_token_or_bring_a_key_are_refused() {
    let (issuer, verifier, _) = pair(Algorithm::Es256);
    let jwk = serde_json::from_str::<Value>(&issuer.keys_json()).unwrap()["keys"][0].clone();
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
        ("jku", json!("https://evil.example/keys")), // H41
        ("jku", json!("https://issuer.example/.well-known/jwks.json")),
        ("x5u", json!("https://evil.example/cert")),
        ("x5c", json!(["MIIB"])),
        ("jwk", jwk),                       // H43
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
    // One key: nothing is unclear without a `kid`.
    assert_eq!(verdict(&verifier, &good(&issuer).without_header("kid").sign()).await, "good");
}

/// H41: nothing is fetched from where a token says.
#[tokio::test]
async fn req_44_a_token_cannot_say_where_its_key_is() {
    let clock = TestClock::default();
    let issuer = Issuer::with(ISSUER, Algorithm::Es256, clock.clone()).unwrap();
    let verifier = issuer.verifier(API).clock(clock.clone()).build().unwrap();
    for name in ["jku", "x5u"] {
        let token = good(&issuer).header(name, "https://issuer.example/.well-known/jwks.json").sign();
        assert_eq!(verdict(&verifier, &token).await, "unknown");
    }
    assert_eq!(issuer.fetches(), 0);
}

/// H09, H11, H13, H55, H57, and what is too long.
#[tokio::test]
async fn req_43_only_one_writing_of_a_token_is_one() {
    let (issuer, verifier, _) = pair(Algorithm::Hs256);
    let token = good(&issuer).sign();
    let parts: Vec<&str> = token.split('.').collect();
    let [header, payload, signature] = parts[..] else { panic!() };
    // 32 bytes are 43 characters: the last two bits of the last one mean nothing.
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
    // The other alphabet of base64, where it makes a difference.
    let bytes = URL_SAFE_NO_PAD.decode(signature).unwrap();
    let standard = STANDARD.encode(bytes);
    if standard.trim_end_matches('=') != signature {
        let odd = format!("{header}.{payload}.{}", standard.trim_end_matches('='));
        assert_eq!(verdict(&verifier, &odd).await, "unknown");
    }
}

#[tokio::test]
async fn req_48_identity_refresh_and_logout_tokens_are_no_access_tokens() {
    let (issuer, _, clock) = pair(Algorithm::EdDsa);
    let plain = JwtVerifier::builder(ISSUER)
        .audience(API)
        .keys(issuer.keys().unwrap())
        .clock(clock.clone())
        .accept([TokenUse::PlainJwt])
        .build()
        .unwrap();
    let jwt = || good(&issuer).header("typ", "JWT");
    assert_eq!(verdict(&plain, &jwt().sign()).await, "good");
    assert_eq!(verdict(&plain, &good(&issuer).sign()).await, "unknown");
    for typ in ["Bearer", "access"] {
        assert_eq!(verdict(&plain, &jwt().claim("typ", typ).sign()).await, "good", "{typ}");
    }
    for (name, value) in [
        ("nonce", json!("n")),
        ("at_hash", json!("x")),
        ("c_hash", json!("x")),
        ("s_hash", json!("x")),
        ("events", json!({"http://schemas.openid.net/event/backchannel-logout": {}})),
        ("htm", json!("GET")),
        ("htu", json!("https://api.example/")),
        ("typ", json!("Refresh")),
        ("typ", json!("ID")),
        ("typ", json!("Offline")),
        ("typ", json!("Logout")),
        ("typ", json!(5)),
        ("token_type", json!("refresh")),
        ("token_use", json!("id")),
        ("token_use", json!("refresh")),
        ("token_use", json!("access")),
        ("token_use", json!(null)),
    ] {
        assert_eq!(
            verdict(&plain, &jwt().claim(name, value.clone()).sign()).await,
            "unknown",
            "{name} {value}"
        );
    }
}

#[tokio::test]
async fn req_41_48_cognitos_tokens_are_told_apart_by_their_use() {
    let (issuer, _, clock) = pair(Algorithm::Rs256);
    let accepting = |uses: &[TokenUse]| {
        let builder = JwtVerifier::builder(ISSUER).audience("client-1").clock(clock.clone());
        builder.keys(issuer.keys().unwrap()).accept(uses.to_vec()).build().unwrap()
    };
    let bare = || issuer.token("f81d4fae").without_header("typ");
    let access = || bare().claim("token_use", "access").claim("client_id", "client-1").scope("openid");
    let identity = || bare().claim("token_use", "id").audience("client-1").claim("at_hash", "x");
    let only_access = accepting(&[TokenUse::CognitoAccess]);
    let both = accepting(&[TokenUse::CognitoAccess, TokenUse::CognitoIdentity]);
    let strict = accepting(&[TokenUse::AccessToken, TokenUse::PlainJwt]);

    let user = ask(&only_access, &access().sign()).await.unwrap();
    assert_eq!((user.id(), user.scopes().as_str()), (Some("f81d4fae"), "openid"));
    for (token, on_access, on_both) in [
        (access(), "good", "good"),
        (identity(), "unknown", "good"),
        (access().claim("client_id", "client-2"), "unknown", "unknown"),
        (access().without("client_id"), "unknown", "unknown"),
        (access().claim("client_id", json!(["client-1"])), "unknown", "unknown"),
        // An audience that is there counts.
        (access().audience("client-2"), "unknown", "unknown"),
        (access().claim("aud", json!(null)), "unknown", "unknown"),
        (identity().audience("client-2"), "unknown", "unknown"),
        (identity().without("aud").claim("client_id", "client-1"), "unknown", "unknown"),
        (access().claim("token_use", "refresh"), "unknown", "unknown"),
        (access().claim("token_use", json!(["access"])), "unknown", "unknown"),
        (access().without("token_use"), "unknown", "unknown"),
        (access().header("typ", "dpop+jwt"), "unknown", "unknown"),
    ] {
        let token = token.sign();
        assert_eq!(verdict(&only_access, &token).await, on_access, "{token}");
        assert_eq!(verdict(&both, &token).await, on_both, "{token}");
        assert_eq!(verdict(&strict, &token).await, "unknown", "{token}");
    }
    // Two verifiers of one issuer, one after the other.
    let joined = only_access.or(accepting(&[TokenUse::CognitoIdentity]));
    assert_eq!(verdict(&joined, &identity().sign()).await, "good");
}

/// H59, REQ-37: also another valid signature over the same message is the same token.
#[tokio::test]
async fn req_37_a_revoked_token_stays_denied_until_it_expires() {
    let (issuer, verifier, clock) = pair(Algorithm::Es256);
    let context = Context::default();
    for token in [good(&issuer).sign(), good(&issuer).without("jti").sign()] {
        assert_eq!(verdict(&verifier, &token).await, "good");
        verifier.revoke(&credential(&token), &context).await.unwrap();
        assert_eq!(verdict(&verifier, &token).await, "revoked");
        verifier.revoke(&credential(&token), &context).await.unwrap();
        let twin = malleated(&token);
        assert_ne!(twin, token);
        assert_eq!(verdict(&verifier, &twin).await, "revoked");
        assert_eq!(verdict(&verifier, &good(&issuer).sign()).await, "good");
        // A denied token is not asked on.
        let lenient =
            tower_principal::verify::from_fn(async |_, _| Ok(OAuthUser::builder("any").build().into()));
        let joined = verifier_of(&verifier, &issuer, &clock).or(lenient);
        assert_eq!(verdict(&joined, &token).await, "revoked");
    }
    assert_eq!(verifier.denylist().len(), 2);
}

/// Another verifier that shares the denylist.
fn verifier_of(of: &JwtVerifier, issuer: &Issuer, clock: &TestClock) -> JwtVerifier {
    let builder = JwtVerifier::builder(ISSUER).audience(API).keys(issuer.keys().unwrap());
    builder.clock(clock.clone()).denylist(of.denylist().clone()).build().unwrap()
}

/// The other valid signature that ECDSA has: `s` becomes the group's order less `s`.
fn malleated(token: &str) -> String {
    const ORDER: [u8; 32] = [
        0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa,
        0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
    ];
    let (message, signature) = token.rsplit_once('.').unwrap();
    let mut bytes = URL_SAFE_NO_PAD.decode(signature).unwrap();
    let mut borrow = 0;
    for at in (0..32).rev() {
        let difference = i32::from(ORDER[at]) - i32::from(bytes[32 + at]) - borrow;
        borrow = i32::from(difference < 0);
        bytes[32 + at] = u8::try_from(difference.rem_euclid(256)).unwrap();
    }
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(bytes))
}

#[tokio::test]
async fn req_37_only_a_token_that_verifies_is_revoked() {
    let (issuer, _, clock) = pair(Algorithm::EdDsa);
    let builder =
        JwtVerifier::builder(ISSUER).audience(API).keys(issuer.keys().unwrap()).clock(clock.clone());
    let verifier = builder.denylist(Denylist::with_capacity(1).unwrap()).build().unwrap();
    let context = Context::default();
    let token = good(&issuer).sign();
    let (message, _) = token.rsplit_once('.').unwrap();
    let forged = format!("{message}.{}", URL_SAFE_NO_PAD.encode([0; 64]));
    let refused = verifier.revoke(&credential(&forged), &context).await;
    assert!(matches!(refused, Err(VerifyError::Denied(Reason::Unknown))), "{refused:?}");
    let opaque = verifier.revoke(&credential("opaque"), &context).await;
    assert!(matches!(opaque, Err(VerifyError::Unsupported)), "{opaque:?}");
    assert!(verifier.denylist().is_empty());
    verifier.revoke(&credential(&token), &context).await.unwrap();
    // A full list forgets nobody before the time.
    let other = good(&issuer).sign();
    let full = verifier.revoke(&credential(&other), &context).await;
    assert!(matches!(full, Err(VerifyError::Unavailable(_))), "{full:?}");
    assert_eq!(verdict(&verifier, &token).await, "revoked");
    clock.advance(Duration::from_secs(3700));
    let later = good(&issuer).sign();
    verifier.revoke(&credential(&later), &context).await.unwrap();
    assert_eq!(verdict(&verifier, &later).await, "revoked");
}

/// H61: each issuer has its own keys, whatever a token says.
#[tokio::test]
async fn a_key_of_one_issuer_signs_nothing_for_another() {
    let clock = TestClock::default();
    let one = Issuer::with("https://one.example", Algorithm::Es256, clock.clone()).unwrap();
    let two = Issuer::with("https://two.example", Algorithm::Es256, clock.clone()).unwrap();
    let opaque = "9kxoTUYvSxnAiMpv008NBqRiqk5xWt";
    let memory = MemoryVerifier::builder().access_token(opaque, OAuthUser::builder("olga").build());
    let everybody = verifier(&one, &clock).or(verifier(&two, &clock)).or(memory.build().unwrap());
    for (issuer, name) in [(&one, "anna"), (&two, "bert")] {
        let token = issuer.token(name).audience(API).sign();
        assert_eq!(ask(&everybody, &token).await.unwrap().id(), Some(name));
    }
    assert_eq!(ask(&everybody, opaque).await.unwrap().id(), Some("olga"));
    for token in [
        one.token("eve").audience(API).claim("iss", two.name()).sign(),
        two.token("eve").audience(API).claim("iss", one.name()).sign(),
        one.token("eve").audience(API).claim("iss", json!([one.name(), two.name()])).sign(),
        one.token("eve").audience(API).claim("iss", "https://three.example").sign(),
    ] {
        assert_eq!(verdict(&everybody, &token).await, "unknown");
    }
    // What one of them knows to be over is not asked on.
    let late = two.token("bert").audience(API).claim("exp", seconds(&clock) - 60).sign();
    assert_eq!(verdict(&everybody, &late).await, "expired");
}

/// On the wire every one of them is the same 401.
#[tokio::test]
async fn every_refused_token_is_answered_in_the_same_bytes() {
    let (issuer, verifier, clock) = pair(Algorithm::EdDsa);
    let revoked = good(&issuer).sign();
    verifier.revoke(&credential(&revoked), &Context::default()).await.unwrap();
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
    let error = |builder: tower_principal::JwtVerifierBuilder| builder.build().unwrap_err();
    assert!(matches!(error(start().audience("")), JwtVerifierError::NoAudience));
    assert!(matches!(error(start().accept([])), JwtVerifierError::NoUse));
    assert!(matches!(error(start().leeway(Duration::from_secs(31))), JwtVerifierError::Times));
    assert!(matches!(error(start().max_lifetime(Duration::from_secs(86_401))), JwtVerifierError::Times));
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
}

/// Whatever the other library takes with every check that it has switched on, and we refuse, is in this list.
#[tokio::test]
async fn the_crate_jsonwebtoken_agrees() {
    for (algorithm, theirs) in [
        (Algorithm::Rs256, jsonwebtoken::Algorithm::RS256),
        (Algorithm::Ps384, jsonwebtoken::Algorithm::PS384),
        (Algorithm::Es256, jsonwebtoken::Algorithm::ES256),
        (Algorithm::EdDsa, jsonwebtoken::Algorithm::EdDSA),
        (Algorithm::Hs512, jsonwebtoken::Algorithm::HS512),
    ] {
        let issuer = Issuer::with(ISSUER, algorithm, tower_principal::SystemClock).unwrap();
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
            // We are stricter, each for a requirement of its own.
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

/// What is no token is for somebody else, and so is every other kind of credential.
#[tokio::test]
async fn other_credentials_are_for_others() {
    let (_, verifier, _) = pair(Algorithm::EdDsa);
    assert_eq!(verdict(&verifier, "9kxoTUYvSxnAiMpv008NBqRiqk5xWt").await, "unsupported");
    let app = Credential::AppToken(Secret::borrowed("a.b.c"));
    let answer = verifier.verify_now(&app, &Context::default()).unwrap();
    assert!(matches!(answer, Err(VerifyError::Unsupported)));
}
