//! The introspection endpoint of the issuer inside a test (RFC 7662).

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use serde_json::{Value, json};
use tower_principal::fetch::{Fetch as _, FetchError};
use tower_principal::test_util::{Fault, Issuer, TestClock};
use tower_principal::verify::Algorithm;
use tower_principal::{
    Credential, DenialReason, Principal, Secret, Verifier as _, VerifyContext, VerifyError,
};

const API: &str = "https://api.example";
const SECRET: &str = "s%cr:t+ü";

/// Returns the issuer's answer to a form with these headers.
async fn post(issuer: &Issuer, form: &str, headers: &[(&str, &str)]) -> Response<Bytes> {
    let mut request = Request::post(issuer.introspection_endpoint());
    if !headers.iter().any(|(name, _)| *name == "content-type") {
        request = request.header("content-type", "application/x-www-form-urlencoded");
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    issuer.fetch(request.body(Bytes::from(form.to_owned())).unwrap(), 4096).await.unwrap()
}

fn json_of(response: &Response<Bytes>) -> Value {
    assert_eq!(response.headers()["content-type"], "application/json");
    serde_json::from_slice(response.body()).unwrap()
}

fn basic(id: &str, secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")))
}

/// Returns the answer about a token to a known client.
async fn about(issuer: &Issuer, token: &str) -> Value {
    issuer.register_client("map", "its-secret");
    let authorization = basic("map", "its-secret");
    let response = post(issuer, &format!("token={token}"), &[("authorization", &authorization)]).await;
    assert_eq!(response.status(), StatusCode::OK);
    json_of(&response)
}

async fn is_active(issuer: &Issuer, token: &str) -> bool {
    about(issuer, token).await["active"].as_bool().unwrap()
}

async fn ask(issuer: &Issuer, token: &str) -> Result<Principal, VerifyError> {
    let verifier = issuer.introspection().audience(API).deadline(Duration::from_millis(50)).build().unwrap();
    verifier.verify(&Credential::AccessToken(Secret::borrowed(token)), &VerifyContext::default()).await
}

#[tokio::test]
async fn an_issuer_names_the_subjects_of_its_jwts_and_opaque_tokens() {
    for algorithm in [Algorithm::EdDsa, Algorithm::Es256, Algorithm::Hs256] {
        let issuer =
            Issuer::with_algorithm("https://issuer.example", algorithm, TestClock::default()).unwrap();
        let token =
            || issuer.token("otto").audience(API).scope("read write").client("map").claim("team", "roads");
        for text in [token().sign(), token().opaque(), token().opaque_as("9kxoTUYvSxnAiMpv008NBqRiqk5xWt")] {
            let said = about(&issuer, &text).await;
            assert_eq!((&said["active"], &said["token_type"]), (&json!(true), &json!("Bearer")), "{said}");
            assert_eq!(
                (&said["sub"], &said["client_id"], &said["team"]),
                (&"otto".into(), &"map".into(), &"roads".into())
            );
            assert_eq!((&said["iss"], &said["aud"]), (&json!("https://issuer.example"), &json!(API)));
            let otto = ask(&issuer, &text).await.unwrap();
            assert_eq!((otto.id(), otto.issuer()), (Some("otto"), Some("https://issuer.example")));
            assert_eq!(otto.scopes().as_str(), "read write");
        }
    }
}

#[tokio::test]
async fn what_is_not_its_own_or_over_or_revoked_is_not_active() {
    let clock = TestClock::default();
    let issuer = Issuer::with_algorithm("https://issuer.example", Algorithm::Es256, clock.clone()).unwrap();
    let forger = Issuer::with_algorithm(issuer.name(), Algorithm::Es256, clock.clone()).unwrap();
    let token = || issuer.token("otto").audience(API);
    let later = issuer.token("otto").claim("nbf", u64::MAX);
    for text in [
        forger.token("otto").sign(),
        forger.token("otto").opaque(),
        "nobodys".to_owned(),
        "a.b.c".to_owned(),
        String::new(),
        later.clone().sign(),
        later.opaque(),
    ] {
        assert_eq!(about(&issuer, &text).await, json!({"active": false}), "{text}");
        assert!(
            matches!(ask(&issuer, &text).await, Err(VerifyError::Denied(DenialReason::Unknown))),
            "{text}"
        );
    }
    for (text, other) in [(token().sign(), token().sign()), (token().opaque(), token().opaque())] {
        assert!(is_active(&issuer, &text).await);
        issuer.revoke(&text);
        assert_eq!(about(&issuer, &text).await, json!({"active": false}));
        assert!(is_active(&issuer, &other).await);
    }
    let token = || issuer.token("otto").expires_in(Duration::from_secs(60));
    let short = [token().sign(), token().opaque()];
    clock.advance(Duration::from_secs(59));
    assert!(is_active(&issuer, &short[0]).await && is_active(&issuer, &short[1]).await);
    clock.advance(Duration::from_secs(1));
    assert!(!is_active(&issuer, &short[0]).await && !is_active(&issuer, &short[1]).await);
    // A withdrawn key signs nothing any more.
    let old = issuer.token("otto").sign();
    issuer.rotate().unwrap();
    assert!(is_active(&issuer, &old).await);
    issuer.withdraw_old_keys();
    assert!(!is_active(&issuer, &old).await);
}

#[tokio::test]
async fn what_a_test_sets_for_an_opaque_token_is_answered_unchanged() {
    let issuer = Issuer::new("https://issuer.example").unwrap();
    for (name, value) in
        [("active", json!("true")), ("token_type", json!("DPoP")), ("exp", json!("9999999999"))]
    {
        let token = issuer.token("otto").audience(API).claim(name, value.clone()).opaque();
        assert_eq!(about(&issuer, &token).await[name], value);
        assert!(matches!(ask(&issuer, &token).await, Err(VerifyError::Denied(_))), "{name}");
    }
}

#[tokio::test]
async fn a_client_has_to_authenticate() {
    let issuer = Issuer::new("https://issuer.example").unwrap();
    issuer.register_client("my api", SECRET);
    let token = issuer.token("otto").opaque();
    let own = issuer.token("my api").opaque();
    let gone = issuer.token("my api").opaque();
    issuer.revoke(&gone);
    let form = format!("token={token}&token_type_hint=access_token");
    let with = |id: &str, secret: &str| format!("{form}&client_id={id}&client_secret={secret}");
    let (right, bearer) = (basic("my+api", "s%25cr%3At%2B%C3%BC"), format!("Bearer {own}"));
    for (form, authorization, status) in [
        (&form, Some(&right), 200),
        (&form, Some(&right.replacen("Basic", "basic", 1)), 200),
        (&form, Some(&bearer), 200),
        (&with("my+api", "s%25cr%3At%2B%C3%BC"), None, 200),
        (&form, None, 401),
        (&form, Some(&format!("Bearer {gone}")), 401),
        (&form, Some(&basic("my+api", "wrong")), 401),
        (&form, Some(&basic("other", "s%25cr%3At%2B%C3%BC")), 401),
        // These credentials are not form-encoded.
        (&form, Some(&basic("my api", SECRET)), 401),
        (&form, Some(&right.replacen("Basic", "Digest", 1)), 401),
        (&form, Some(&"Basic".to_owned()), 401),
        (&with("my+api", "wrong"), None, 401),
        (&with("my+api", "s%25cr%3At%2B%C3%BC"), Some(&basic("my+api", "wrong")), 401),
        (&"token_type_hint=access_token".to_owned(), Some(&right), 400),
        (&format!("{form}&token={own}"), Some(&right), 400),
    ] {
        let headers: Vec<_> =
            authorization.map(|sent| ("authorization", sent.as_str())).into_iter().collect();
        let response = post(&issuer, form, &headers).await;
        assert_eq!(response.status().as_u16(), status, "{form} {authorization:?}");
        let said = json_of(&response);
        match status {
            200 => assert_eq!(said["sub"], "otto"),
            401 => assert_eq!(said, json!({"error": "invalid_client"})),
            _ => assert_eq!(said, json!({"error": "invalid_request"})),
        }
    }
    let typed = [("authorization", right.as_str()), ("content-type", "application/json")];
    assert_eq!(post(&issuer, &form, &typed).await.status(), StatusCode::BAD_REQUEST);
    let get = Request::get(issuer.introspection_endpoint()).header("authorization", right).body(Bytes::new());
    assert_eq!(issuer.fetch(get.unwrap(), 4096).await.unwrap().status(), StatusCode::METHOD_NOT_ALLOWED);
    let refused = issuer.introspection().client("nobody", "known").build().unwrap();
    let credential = Credential::AccessToken(Secret::borrowed(&token));
    let answer = refused.verify(&credential, &VerifyContext::default()).await;
    assert!(matches!(answer, Err(VerifyError::Unavailable(_))), "{answer:?}");
}

#[tokio::test]
async fn its_faults_and_headers_are_in_its_answers_and_every_request_counts() {
    let issuer = Issuer::new("https://issuer.example").unwrap();
    let token = issuer.token("otto").audience(API).opaque();
    assert!(ask(&issuer, &token).await.is_ok());
    assert_eq!(issuer.fetches(), 1);
    let body = Bytes::from_static(
        br#"{"active":true,"sub":"olga","iss":"https://issuer.example","aud":"https://api.example"}"#,
    );
    issuer.set_fault(Fault::Body(body));
    assert_eq!(ask(&issuer, &token).await.unwrap().id(), Some("olga"));
    for fault in [
        Fault::Status(500),
        Fault::Body(Bytes::from_static(b"<html>")),
        Fault::Hang,
        Fault::Unreachable,
        Fault::Panic,
    ] {
        issuer.set_fault(fault.clone());
        let answer = ask(&issuer, &token).await;
        assert!(matches!(answer, Err(VerifyError::Unavailable(_))), "{fault:?} {answer:?}");
    }
    issuer.set_fault(None);
    assert!(ask(&issuer, &token).await.is_ok());
    assert_eq!(issuer.fetches(), 8);
    issuer.answer_header("content-type", "text/html");
    assert!(matches!(ask(&issuer, &token).await, Err(VerifyError::Unavailable(_))));
    let too_large = Request::post(issuer.introspection_endpoint()).body(Bytes::new()).unwrap();
    assert_eq!(issuer.fetch(too_large, 2).await.unwrap_err(), FetchError::TooLarge);
}

#[tokio::test]
async fn its_metadata_have_the_address_of_its_endpoint() {
    let issuer = Issuer::new("https://issuer.example/tenant/").unwrap();
    let address = "https://issuer.example/tenant/.well-known/openid-configuration";
    let metadata = issuer.fetch(Request::get(address).body(Bytes::new()).unwrap(), 4096).await.unwrap();
    let said = json_of(&metadata);
    assert_eq!(said["introspection_endpoint"], "https://issuer.example/tenant/introspect");
    assert_eq!(said["introspection_endpoint"], issuer.introspection_endpoint());
    let nothing = Request::get("https://issuer.example/tenant/other").body(Bytes::new()).unwrap();
    assert_eq!(issuer.fetch(nothing, 4096).await.unwrap().status(), StatusCode::NOT_FOUND);
}
