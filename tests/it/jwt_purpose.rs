//! The purpose of a JWT, and tokens that are refused because of another purpose.
#![cfg(feature = "jwt")]

use serde_json::{Value, json};
use tower_principal::test_util::{Issuer, TestClock, Token};
use tower_principal::verify::{Algorithm, TokenUse};
use tower_principal::verify::{JwtVerifier, JwtVerifierBuilder, JwtVerifierError};

use crate::jwt::{API, ISSUER, ask, verdict};

fn issuer() -> (Issuer, TestClock) {
    let clock = TestClock::default();
    (Issuer::with_algorithm(ISSUER, Algorithm::Es256, clock.clone()).unwrap(), clock)
}

fn builder(issuer: &Issuer, clock: &TestClock) -> JwtVerifierBuilder {
    let keys = issuer.keys().unwrap();
    JwtVerifier::builder(ISSUER).audience(API).keys(keys).clock(clock.clone())
}

fn plain(issuer: &Issuer) -> Token {
    issuer.token("u-1").audience(API).header("typ", "JWT")
}

const NAMES: [&str; 7] = ["typ", "type", "token_use", "token_type", "tokenType", "Token-Type", "tokenUse"];

#[tokio::test]
async fn a_word_for_refresh_or_identity_refuses_a_token_in_every_claim_and_under_every_use() {
    let (issuer, clock) = issuer();
    let every = builder(&issuer, &clock).accept([
        TokenUse::AccessToken,
        TokenUse::PlainJwt,
        TokenUse::UntypedJwt,
        TokenUse::CognitoAccess,
    ]);
    let every = every.build().unwrap();
    let words = [
        "refresh",
        "Refresh",
        "refresh_token",
        "refresh-token",
        "REFRESH_TOKEN",
        "refreshToken",
        "Offline",
        "offline",
        "application/rt+jwt",
        "urn:ietf:params:oauth:token-type:refresh_token",
        "ID",
        "id",
        "id_token",
        "ID-Token",
        "identity",
    ];
    for name in NAMES {
        for word in words {
            for token in
                [plain(&issuer), plain(&issuer).without_header("typ"), plain(&issuer).header("typ", "at+jwt")]
            {
                let token = token.claim(name, word);
                assert_eq!(verdict(&every, &token.clone().sign()).await, "unknown", "{name} {word}");
                // The same with any other claims.
                let token = token.claim("scope", "read").claim("azp", "web");
                let other = if name == "typ" { "type" } else { "typ" };
                let token = token.claim(other, "Bearer").claim("client_id", API);
                assert_eq!(verdict(&every, &token.sign()).await, "unknown", "{name} {word} {other}");
            }
        }
    }
}

#[tokio::test]
async fn a_word_for_access_is_good_and_an_unknown_one_refuses() {
    let (issuer, clock) = issuer();
    let verifier =
        builder(&issuer, &clock).accept([TokenUse::AccessToken, TokenUse::PlainJwt]).build().unwrap();
    for name in ["typ", "type", "token_type", "tokenType"] {
        for word in ["app", "access", "Access", "ACCESS_TOKEN", "access-token", "Bearer", "bearer", "at+jwt"]
        {
            let token = plain(&issuer).claim(name, word);
            assert_eq!(verdict(&verifier, &token.sign()).await, "good", "{name} {word}");
        }
        for word in ["org", "Logout", "DPoP", "employee", "", " access", "mfa"] {
            for typ in ["JWT", "at+jwt"] {
                let token = plain(&issuer).header("typ", typ).claim(name, word);
                assert_eq!(verdict(&verifier, &token.sign()).await, "unknown", "{name} {word}");
            }
        }
        for odd in [json!(null), json!(1), json!(true), json!(["access"]), json!({"a": "access"})] {
            let token = plain(&issuer).claim(name, odd.clone());
            assert_eq!(verdict(&verifier, &token.sign()).await, "unknown", "{name} {odd}");
        }
    }
    let told = builder(&issuer, &clock).accept([TokenUse::PlainJwt]).access_word("Employee").build().unwrap();
    assert_eq!(verdict(&told, &plain(&issuer).claim("type", "employee").sign()).await, "good");
    assert_eq!(verdict(&told, &plain(&issuer).claim("type", "employer").sign()).await, "unknown");
    for word in ["refresh", "ID-token", "offline", ""] {
        let error = builder(&issuer, &clock).access_word(word).build().unwrap_err();
        assert!(matches!(error, JwtVerifierError::AccessWord(_)), "{word} {error}");
    }
}

#[tokio::test]
async fn a_nonce_is_refused_only_where_nothing_names_an_access_token() {
    let (issuer, clock) = issuer();
    let verifier =
        builder(&issuer, &clock).accept([TokenUse::AccessToken, TokenUse::PlainJwt]).build().unwrap();
    let bearer = || plain(&issuer).claim("azp", "web").claim("scope", "openid");
    for (token, expected) in [
        (bearer().claim("typ", "Bearer").claim("nonce", "2f1c"), "good"),
        (bearer().claim("token_type", "access").claim("nonce", "2f1c"), "good"),
        (bearer().header("typ", "at+jwt").claim("nonce", "2f1c"), "good"),
        (bearer().claim("nonce", "2f1c"), "unknown"),
        (bearer().claim("typ", "ID").claim("nonce", "2f1c"), "unknown"),
        // Only identity tokens have a claim with the hash of another token.
        (bearer().claim("typ", "Bearer").claim("at_hash", "h"), "unknown"),
        (bearer().claim("typ", "Bearer").claim("c_hash", "h"), "unknown"),
        (bearer().header("typ", "at+jwt").claim("at_hash", "h"), "unknown"),
    ] {
        let shown = format!("{token:?}");
        assert_eq!(verdict(&verifier, &token.sign()).await, expected, "{shown}");
    }
}

#[tokio::test]
async fn a_missing_typ_is_accepted_only_where_it_is_switched_on() {
    let (issuer, clock) = issuer();
    let okta = || {
        let token = issuer.token("u-1").audience(API).without_header("typ");
        token.claim("cid", "0oa1").claim("uid", "00u1").claim("scp", json!(["openid"]))
    };
    let switched = builder(&issuer, &clock).accept([TokenUse::UntypedJwt]).build().unwrap();
    let user = ask(&switched, &okta().sign()).await.unwrap();
    assert_eq!((user.id(), user.scopes().as_str()), (Some("u-1"), "openid"));
    for uses in [vec![TokenUse::AccessToken], vec![TokenUse::AccessToken, TokenUse::PlainJwt]] {
        let strict = builder(&issuer, &clock).accept(uses).build().unwrap();
        assert_eq!(verdict(&strict, &okta().sign()).await, "unknown");
    }
    for (name, value) in
        [("nonce", "n"), ("at_hash", "h"), ("c_hash", "h"), ("type", "refresh"), ("typ", "ID")]
    {
        assert_eq!(verdict(&switched, &okta().claim(name, value).sign()).await, "unknown", "{name}");
    }
    for (name, value) in
        [("typ", json!("JWT")), ("typ", json!("at+jwt")), ("typ", json!("")), ("typ", json!(null))]
    {
        assert_eq!(
            verdict(&switched, &okta().header(name, value.clone()).sign()).await,
            "unknown",
            "{value}"
        );
    }
    assert_eq!(verdict(&switched, &okta().audience("https://other.example").sign()).await, "unknown");
    assert_eq!(verdict(&switched, &okta().header("alg", "none").sign()).await, "unknown");
}

#[tokio::test]
async fn identity_tokens_are_those_of_a_named_client() {
    let (issuer, clock) = issuer();
    let keys = || JwtVerifier::builder(ISSUER).keys(issuer.keys().unwrap()).clock(clock.clone());
    let switched = keys().accept([]).identity_client("client-1").build().unwrap();
    let both =
        builder(&issuer, &clock).accept([TokenUse::PlainJwt]).identity_client("client-1").build().unwrap();
    let never = builder(&issuer, &clock).accept([TokenUse::PlainJwt]).build().unwrap();
    let token = || plain(&issuer).audience("client-1");
    let identity = || token().claim("azp", "client-1").claim("at_hash", "h").claim("nonce", "n");
    assert_eq!(ask(&switched, &identity().sign()).await.unwrap().id(), Some("u-1"));
    let several = |aud: Value| identity().claim("aud", aud);
    for (token, expected) in [
        (identity(), "good"),
        (token(), "good"),
        (identity().without_header("typ"), "good"),
        (identity().claim("typ", "ID"), "good"),
        (several(json!(["client-1"])), "good"),
        (several(json!(["client-1", "client-2"])), "good"),
        // If there are several audiences, `azp` must be one of them, and it must be ours.
        (several(json!(["client-1", "client-2"])).claim("azp", "client-2"), "unknown"),
        (several(json!(["client-1", "client-2"])).without("azp"), "unknown"),
        (several(json!(["client-2", "client-3"])), "unknown"),
        (identity().audience("client-2"), "unknown"),
        (identity().audience(API), "unknown"),
        (identity().without("aud"), "unknown"),
        // Access tokens, recognized by a claim, by the header, or by their scopes.
        (token().claim("typ", "Bearer"), "unknown"),
        (token().claim("token_use", "access"), "unknown"),
        (token().header("typ", "at+jwt"), "unknown"),
        (token().claim("scope", "read"), "unknown"),
        (token().claim("scp", json!(["read"])), "unknown"),
        (token().claim("type", "refresh"), "unknown"),
        (identity().claim("events", json!({})), "unknown"),
        (identity().header("typ", "logout+jwt"), "unknown"),
    ] {
        let shown = format!("{token:?}");
        let token = token.sign();
        assert_eq!(verdict(&switched, &token).await, expected, "{shown}");
        assert_eq!(verdict(&both, &token).await, expected, "{shown}");
        assert_eq!(verdict(&never, &token).await, "unknown", "{shown}");
    }
    assert_eq!(verdict(&both, &plain(&issuer).sign()).await, "good");
    let nameless = [keys().accept([TokenUse::IdentityToken]), keys().accept([]).identity_client("")];
    for builder in nameless {
        assert!(matches!(builder.build(), Err(JwtVerifierError::NoClient)));
    }
}

#[tokio::test]
async fn service_account_tokens_are_accepted_only_where_they_are_switched_on() {
    let (issuer, clock) = issuer();
    let about = |namespace: &str, name: &str| {
        let account = json!({"name": name, "uid": "7c1f"});
        json!({"namespace": namespace, "serviceaccount": account, "pod": {"name": "p", "uid": "y"}})
    };
    let subject = "system:serviceaccount:shop:cart";
    let token = || {
        let token = issuer.token(subject).claim("aud", json!([API])).without_header("typ");
        token.claim("kubernetes.io", about("shop", "cart"))
    };
    let switched = builder(&issuer, &clock).accept([TokenUse::ServiceAccountToken]).build().unwrap();
    assert_eq!(ask(&switched, &token().sign()).await.unwrap().id(), Some(subject));
    for token in [
        token().claim("kubernetes.io", about("shop", "till")),
        token().claim("kubernetes.io", about("bank", "cart")),
        token().claim("kubernetes.io", about("", "")).claim("sub", "system:serviceaccount::"),
        token().claim("kubernetes.io", json!("shop")),
        token().claim("sub", "otto"),
        token().without("kubernetes.io"),
        token().claim("aud", json!(["https://kubernetes.default.svc"])),
        token().claim("nonce", "n"),
        token().claim("type", "refresh"),
        token().header("typ", "at+jwt"),
        // The legacy form has no expiry and no audience.
        token().without("aud").without("exp"),
    ] {
        let shown = format!("{token:?}");
        assert_eq!(verdict(&switched, &token.sign()).await, "unknown", "{shown}");
    }
    let others = builder(&issuer, &clock).accept([TokenUse::PlainJwt, TokenUse::UntypedJwt]).build().unwrap();
    assert_eq!(verdict(&others, &token().sign()).await, "unknown");
}

#[tokio::test]
async fn messages_that_are_jwts_of_the_issuer_are_no_tokens() {
    let (issuer, clock) = issuer();
    let every: Vec<TokenUse> = vec![
        TokenUse::AccessToken,
        TokenUse::PlainJwt,
        TokenUse::UntypedJwt,
        TokenUse::ServiceAccountToken,
        TokenUse::CognitoAccess,
        TokenUse::CognitoIdentity,
    ];
    let verifier = builder(&issuer, &clock).accept(every).identity_client(API).build().unwrap();
    for typ in [
        "logout+jwt",
        "dpop+jwt",
        "secevent+jwt",
        "jarm",
        "jarm+jwt",
        "oauth-authz-req+jwt",
        "application/oauth-authz-req+jwt",
        "token-introspection+jwt",
        "rt+jwt",
        "entity-statement+jwt",
        "openid4vci-proof+jwt",
    ] {
        assert_eq!(verdict(&verifier, &plain(&issuer).header("typ", typ).sign()).await, "unknown", "{typ}");
    }
    let claims: &[&[(&str, Value)]] = &[
        &[("events", json!({"http://schemas.openid.net/event/backchannel-logout": {}}))],
        &[("events", json!({})), ("typ", json!("Bearer"))],
        &[("htm", json!("GET")), ("htu", json!(API))],
        &[("code", json!("c")), ("state", json!("s"))],
        &[("error", json!("access_denied")), ("state", json!("s"))],
        &[("response_type", json!("code")), ("client_id", json!("c"))],
        &[("redirect_uri", json!("https://app.example")), ("typ", json!("Bearer"))],
        &[("token_introspection", json!({"active": true}))],
    ];
    for message in claims {
        for typ in ["JWT", "at+jwt"] {
            let token = plain(&issuer).header("typ", typ);
            let token = message.iter().fold(token, |token, (name, value)| token.claim(name, value.clone()));
            assert_eq!(verdict(&verifier, &token.sign()).await, "unknown", "{message:?}");
        }
    }
    assert_eq!(verdict(&verifier, &plain(&issuer).sign()).await, "good");
}
