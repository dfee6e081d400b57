//! JWT access tokens: the required claims, and the principals that result.
#![cfg(feature = "jwt")]

use std::time::{Duration, SystemTime};

use allocation_counter::measure;
use serde_json::{Value, json};
use tower_principal::clock::Clock as _;
use tower_principal::principal::Ground;
use tower_principal::verify::JwtVerifier;
use tower_principal::verify::{Algorithm, Claims, TokenUse};
use tower_principal::{Principal, Verifier as _, VerifyContext, dialect};

use crate::jwt::{API, ISSUER, ask, good, pair, seconds, verdict};
use crate::support::{authorization, layer_of, send, whoami};

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
    let weather = Ground::application("acme", "weather");
    assert!(otto.has_group_in(&weather, "admin") && otto.has_group_in(&weather, "staff"));
    assert!(!otto.has_group_in(&weather, "adm") && !otto.has_group("admin"));
    assert_eq!(format!("{claims:?}"), "Claims(..)");
    assert_eq!(claims.deserialize::<Value>().unwrap()["jti"], "j-1");
}

/// Every claim that a token must or may have, with every invalid value that is known.
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
        ("iat", json!(0)), // a lifetime that is too long
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

/// H33 and its neighbours: the issuer must be the same text. A token of another issuer is for
/// another verifier.
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
async fn req_42_dates_are_judged_with_at_most_5_min_of_leeway() {
    for leeway in [0, 10, 30, 60, 300] {
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
async fn req_42_a_life_of_more_than_a_day_is_refused_by_default() {
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

/// D11: only the current time decides, and no jump of the clock makes a token valid for longer.
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
async fn req_41_48_cognitos_tokens_are_distinguished_by_their_use() {
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
        // If there is an audience, it is checked.
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

/// GeoDataHub's clients send either of Cognito's two tokens without a scheme.
#[tokio::test]
async fn geodatahubs_bare_tokens_are_verified() {
    let (issuer, _, clock) = pair(Algorithm::Rs256);
    let builder = JwtVerifier::builder(ISSUER).audience("client-1").keys(issuer.keys().unwrap());
    let builder = builder.accept([TokenUse::CognitoAccess, TokenUse::CognitoIdentity]).clock(clock);
    let app = whoami().layer(layer_of(dialect::GEODATAHUB, builder.build().unwrap()));
    let bare = || issuer.token("f81d4fae").without_header("typ");
    let access = bare().claim("token_use", "access").claim("client_id", "client-1");
    let identity = bare().claim("token_use", "id").audience("client-1");
    for (token, status) in [
        (access.clone(), 200),
        (identity.clone(), 200),
        (access.claim("client_id", "client-2"), 401),
        (identity.claim("token_use", "refresh"), 401),
        (bare().audience("client-1"), 401),
    ] {
        let answer = send(app.clone(), authorization(token.sign())).await;
        assert_eq!(answer.status, status, "{answer:?}");
    }
}

/// A token that is bound to a key is valid only with a proof of that key, and no proof is verified
/// here (RFC 9449 section 7.2, RFC 8705 section 3).
#[tokio::test]
async fn req_47_a_token_bound_to_a_key_is_no_bearer_token() {
    let (issuer, verifier, _) = pair(Algorithm::Es256);
    assert_eq!(verdict(&verifier, &good(&issuer).sign()).await, "good");
    for binding in [
        json!({"jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}),
        json!({"x5t#S256": "x"}),
        json!({}),
        json!(null),
    ] {
        let token = good(&issuer).claim("cnf", binding.clone()).sign();
        assert_eq!(verdict(&verifier, &token).await, "unknown", "{binding}");
    }
}

/// A token of 8 KiB, with claims that the principal stores once or twice.
#[tokio::test]
async fn req_54_what_a_token_claims_is_counted() {
    let (issuer, verifier, _) = pair(Algorithm::EdDsa);
    for name in ["sub", "jti", "scope", "client_id", "department"] {
        let token = good(&issuer).claim(name, "x".repeat(5_000)).sign();
        assert_eq!(verdict(&verifier, &token).await, "good");
        let mut otto = None;
        let held = measure(|| {
            otto = verifier.verify_now(&crate::jwt::credential(&token), &VerifyContext::default());
        });
        let (held, counted) = (usize::try_from(held.bytes_current).unwrap(), otto.unwrap().unwrap().bytes());
        assert!(counted + 200 > held && counted < held + 200, "{name}: {counted} of {held}");
    }
}
