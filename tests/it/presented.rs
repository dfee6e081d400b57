//! Which parts of a request present a credential: a guest rule admits only requests that present
//! none.

use axum::body::Body;
use http::header::{HeaderName, HeaderValue};
use http::{Request, Uri};
use std::time::Duration;
use tower_principal::RejectionKind::{self, Ambiguous, Malformed, Missing, UnknownScheme};
use tower_principal::dialect::{self, TokenMeaning};
use tower_principal::{CredentialForm, Dialect, GuestRule};

use crate::support::*;

/// Reads API keys from a header and nothing else.
fn header_only() -> Dialect {
    dialect::RFC6750.forms([CredentialForm::header("x-api-key", TokenMeaning::API_KEY)])
}

/// Reads access tokens from the query and nothing else.
fn query_only() -> Dialect {
    dialect::RFC6750.forms([CredentialForm::query("access_token", TokenMeaning::ACCESS_TOKEN)])
}

/// Reads access tokens from a form and nothing else.
fn body_only() -> Dialect {
    dialect::RFC6750.forms([CredentialForm::body("access_token", TokenMeaning::ACCESS_TOKEN)])
}

fn open(dialect: Dialect) -> Dialect {
    dialect.guests([GuestRule::everywhere()])
}

async fn outcome(dialect: Dialect, request: Request<Body>) -> Result<String, RejectionKind> {
    send(app(open(dialect)), request).await.outcome().map(str::to_owned)
}

/// The same with a layer that reads form bodies.
async fn outcome_reading(dialect: Dialect, request: Request<Body>) -> Result<String, RejectionKind> {
    let layer = layer(open(dialect)).with_form_body(1024, Duration::from_secs(5));
    send(whoami().layer(layer), request).await.outcome().map(str::to_owned)
}

fn guest() -> Result<String, RejectionKind> {
    Ok("Guest".to_owned())
}

#[tokio::test]
async fn an_authorization_header_is_presented_in_every_dialect() {
    for dialect in [header_only(), query_only(), body_only()] {
        for (line, expected) in [
            ("Bearer x", UnknownScheme),
            ("Basic YTpi", UnknownScheme),
            ("Digest username=\"a\"", UnknownScheme),
            ("Negotiate abc==", UnknownScheme),
            ("Bearer", Malformed),
            ("NgCXRK0123456789MzYjw", Malformed),
            ("", Malformed),
            (" ", Malformed),
            ("Bearer \u{e9}", Malformed),
        ] {
            let answer = send(app(open(dialect.clone())), authorization(line)).await;
            assert_eq!(answer.outcome(), Err(expected), "{line}");
            assert!(answer.status != 401 || !answer.challenges().is_empty(), "{line}");
        }
        assert_eq!(outcome(dialect.clone(), get("/", &[])).await, guest());
        let mut twice = authorization("Bearer x");
        twice.headers_mut().append("authorization", HeaderValue::from_static("Bearer x"));
        assert_eq!(outcome(dialect, twice).await, Err(Ambiguous));
    }
}

/// An unknown scheme refuses the request even beside a valid credential, as in dialects with
/// schemes.
#[tokio::test]
async fn an_unknown_scheme_beside_a_good_key_is_refused() {
    let request = get("/", &[("x-api-key", API_KEY), ("authorization", "Bearer x")]);
    assert_eq!(outcome(header_only(), request).await, Err(UnknownScheme));
    assert_eq!(outcome(header_only(), get("/", &[("x-api-key", API_KEY)])).await, Ok("ApiKey".to_owned()));
}

#[tokio::test]
async fn a_row_finds_its_header_in_any_case_and_an_empty_or_repeated_one_is_no_guest() {
    let socrata = || dialect::SOCRATA;
    for name in ["x-app-token", "X-App-Token", "X-APP-TOKEN"] {
        assert_eq!(
            outcome(socrata(), get("/", &[(name, APP_TOKEN)])).await,
            Ok("AppToken".to_owned()),
            "{name}"
        );
        assert_eq!(outcome(socrata(), get("/", &[(name, "")])).await, Err(Malformed), "{name}");
        assert_eq!(outcome(socrata(), get("/", &[(name, " \t")])).await, Err(Malformed), "{name}");
        let twice = get("/", &[(name, APP_TOKEN), ("x-app-token", APP_TOKEN)]);
        assert_eq!(outcome(socrata(), twice).await, Err(Ambiguous), "{name}");
        let empty = get("/", &[(name, ""), ("x-app-token", "")]);
        assert_eq!(outcome(socrata(), empty).await, Err(Ambiguous), "{name}");
    }
}

#[tokio::test]
async fn a_credential_name_in_another_carrier_makes_no_guest() {
    for (dialect, target, headers) in [
        (body_only(), "/?access_token=x", &[][..]),
        (body_only(), "/?a=b&access%5Ftoken=x", &[]),
        (body_only(), "/?access_token", &[]),
        (body_only(), "/", &[("access_token", "x")]),
        (header_only(), "/?x-api-key=k", &[]),
        (query_only(), "/", &[("access_token", "x")]),
        (dialect::OPENDATASOFT, "/", &[("apikey", "k")]),
        (dialect::OPENDATASOFT, "/", &[("ApiKey", "")]),
        (dialect::USERGRID, "/", &[("client_secret", "s")]),
        (dialect::SOCRATA, "/?x-app-token=t", &[]),
    ] {
        let name = dialect.name;
        assert_eq!(outcome(dialect, get(target, headers)).await, Err(Missing), "{name} {target} {headers:?}");
    }
    // Parameters with names that the dialect does not have belong to the service.
    for (dialect, target) in [
        (dialect::SOCRATA, "/?access_token=x&client_id=y"),
        (header_only(), "/?access_token=x"),
        (query_only(), "/?Access_Token=x&access_tokens=y&x=access_token"),
        (dialect::RFC6750, "/?access_token=x"),
    ] {
        assert_eq!(outcome(dialect, get(target, &[])).await, guest(), "{target}");
    }
}

fn typed(method: &str, content_type: &str, body: &'static str) -> Request<Body> {
    let request = Request::builder().method(method).uri("/").header("content-type", content_type);
    request.body(Body::from(body)).unwrap()
}

const FORM: &str = "application/x-www-form-urlencoded";

/// The body row is off, so the form may present a credential.
#[tokio::test]
async fn a_form_that_the_layer_does_not_read_makes_no_guest() {
    for dialect in [body_only(), dialect::OPENDATASOFT] {
        for request in [
            typed("POST", FORM, "access_token=x"),
            typed("POST", FORM, "a=b"),
            typed("PUT", "Application/X-WWW-Form-Urlencoded ; charset=UTF-8", "access_token=x"),
            typed("GET", FORM, "access_token=x"),
        ] {
            let shown = format!("{} {request:?}", dialect.name);
            assert_eq!(outcome(dialect.clone(), request).await, Err(Missing), "{shown}");
        }
        let two_types = {
            let mut request = typed("POST", "text/plain", "access_token=x");
            request.headers_mut().append("content-type", HeaderValue::from_static(FORM));
            request
        };
        assert_eq!(outcome(dialect.clone(), two_types).await, Err(Missing));
        // With another media type the body is the service's payload, and these methods have no
        // form.
        for request in [
            typed("POST", "application/json", r#"{"access_token":"x"}"#),
            typed("POST", "multipart/form-data; boundary=b", "access_token=x"),
            typed("POST", "text/plain", "access_token=x"),
            typed("OPTIONS", FORM, "access_token=x"),
            typed("TRACE", FORM, "access_token=x"),
        ] {
            let shown = format!("{} {request:?}", dialect.name);
            assert_eq!(outcome(dialect.clone(), request).await, guest(), "{shown}");
        }
        let mut empty = typed("POST", FORM, "");
        empty.headers_mut().insert("content-length", HeaderValue::from_static("0"));
        assert_eq!(outcome(dialect, empty).await, guest());
    }
    // A dialect without a body row leaves bodies to the service.
    assert_eq!(outcome(header_only(), typed("POST", FORM, "access_token=x")).await, guest());
}

/// OpenDataSoft's row also reads a body without a media type.
#[tokio::test]
async fn a_body_without_a_media_type_makes_no_guest_if_a_row_would_read_it() {
    let untyped = || {
        let mut untyped = request("POST", "/", &[("content-length", "14")]);
        *untyped.body_mut() = Body::from("access_token=x");
        untyped
    };
    assert_eq!(outcome(dialect::OPENDATASOFT, untyped()).await, Err(Missing));
    assert_eq!(outcome(body_only(), untyped()).await, guest());
    let chunked = request("GET", "/", &[("transfer-encoding", "chunked")]);
    assert_eq!(outcome(dialect::OPENDATASOFT, chunked).await, Err(Missing));
    assert_eq!(outcome(dialect::OPENDATASOFT, get("/", &[])).await, guest());
}

/// The layer reads forms, but not this one.
#[tokio::test]
async fn a_form_in_a_way_that_is_not_read_makes_no_guest() {
    let mut encoded = typed("POST", FORM, "access_token=x");
    encoded.headers_mut().insert("content-encoding", HeaderValue::from_static("gzip"));
    for (dialect, request) in [
        (body_only(), encoded),
        (body_only(), typed("GET", FORM, "access_token=x")),
        // A name of the dialect that its body rows do not read.
        (dialect::OPENDATASOFT, typed("POST", FORM, "apikey=k")),
        (dialect::OPENDATASOFT, typed("POST", FORM, "a=b&%61pikey=k")),
    ] {
        let shown = format!("{} {request:?}", dialect.name);
        assert_eq!(outcome_reading(dialect, request).await, Err(Missing), "{shown}");
    }
    for (dialect, request) in [
        (body_only(), typed("POST", FORM, "a=b")),
        (body_only(), typed("POST", FORM, "")),
        (body_only(), typed("POST", "application/json", "{}")),
        (dialect::OPENDATASOFT, typed("POST", FORM, "a=b&xapikey=k")),
    ] {
        let shown = format!("{} {request:?}", dialect.name);
        assert_eq!(outcome_reading(dialect, request).await, guest(), "{shown}");
    }
}

/// RFC 9110 section 4.2.4: userinfo in a target is an error.
#[tokio::test]
async fn userinfo_in_the_target_makes_no_guest() {
    for target in
        ["http://user:pass@other.example/", "https://token@other.example/x", "http://@other.example/"]
    {
        let mut request = get("/", &[]);
        *request.uri_mut() = target.parse::<Uri>().unwrap();
        assert_eq!(outcome(dialect::RFC6750, request).await, Err(Missing), "{target}");
    }
    let mut request = get("/", &[]);
    *request.uri_mut() = "http://other.example/a@b?c@d".parse().unwrap();
    assert_eq!(outcome(dialect::RFC6750, request).await, guest());
}

/// Headers and parameters that belong to a proxy, a browser or the service.
#[tokio::test]
async fn what_is_no_credential_of_the_dialect_is_a_guests() {
    for (name, value) in [
        ("proxy-authorization", "Basic YTpi"),
        ("cookie", "session=1; access_token=x"),
        ("x-authorization", "Bearer x"),
        ("x-api-keys", "k"),
        ("authentication", "Bearer x"),
        ("sec-websocket-protocol", "bearer, x"),
    ] {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        for dialect in [header_only(), query_only(), dialect::SOCRATA] {
            let request = get("/", &[(name.as_str(), value)]);
            assert_eq!(outcome(dialect, request).await, guest(), "{name}");
        }
    }
}
