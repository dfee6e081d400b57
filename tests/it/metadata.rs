//! The metadata from which clients learn their authorization server (REQ-24, RFC 9728).

use std::panic::catch_unwind;

use axum::Router;
use axum::body::Body;
use axum::routing::any;
use serde_json::{Value, json};
use tower_principal::dialect::{self, PairMeaning, TokenMeaning};
use tower_principal::metadata::{InvalidResource, ProtectedResource};
use tower_principal::{CredentialForm, Dialect, RequireLayer, extract::protect, policy};

use crate::support::*;

const URL: &str = "https://api.example/.well-known/oauth-protected-resource";

/// Rows for `Bearer`, `Basic`, a scheme of keys, and app tokens, which cause no challenge.
fn mine() -> Dialect {
    Dialect { name: "mine", ..dialect::RFC6750 }
        .forms([
            CredentialForm::scheme("Bearer", TokenMeaning::ACCESS_TOKEN),
            CredentialForm::basic(PairMeaning::PASSWORD),
            CredentialForm::scheme("Apikey", TokenMeaning::API_KEY),
            CredentialForm::header("x-app-token", TokenMeaning::APP_TOKEN),
        ])
        .realm("data")
}

fn secured(dialect: Dialect) -> Router {
    whoami().layer(RequireLayer::new(policy::scope("write"))).layer(layer(dialect).resource_metadata(URL))
}

#[tokio::test]
async fn req_24_every_challenge_for_a_token_names_the_document_and_no_other_does() {
    let plain = format!(r#"Bearer realm="data", resource_metadata="{URL}""#);
    let error = |error: &str| format!(r#"Bearer realm="data", error="{error}", resource_metadata="{URL}""#);
    let scope = format!(r#"{}, scope="write""#, error("insufficient_scope"));
    let (basic_line, key_line) = (r#"Basic realm="data", charset="UTF-8""#, r#"Apikey realm="data""#);
    for (request, status, expected) in [
        (get("/", &[]), 401, vec![&*plain, basic_line, key_line]),
        (authorization("Digest x"), 401, vec![&*plain, basic_line, key_line]),
        (authorization(bearer(UNKNOWN_TOKEN)), 401, vec![&*error("invalid_token"), basic_line, key_line]),
        (authorization(basic(USER, "wrong")), 401, vec![&*plain, basic_line, key_line]),
        (authorization("Bearer"), 400, vec![&*error("invalid_request")]),
        (authorization("Basic ?"), 400, vec![basic_line]),
        (authorization(bearer(TOKEN)), 403, vec![&*scope]),
        (authorization(basic(USER, PASSWORD)), 403, vec![]),
        (get("/", &[("x-app-token", "unknown")]), 403, vec![]),
    ] {
        let shown = format!("{:?}", request.headers());
        let answer = send(secured(mine()), request).await;
        assert_eq!(answer.status, status, "{shown}");
        let mut expected = expected;
        expected.sort_unstable();
        assert_eq!(answer.challenges(), expected, "{shown}");
    }
}

#[tokio::test]
async fn req_24_it_is_in_the_challenges_of_every_preset_and_in_none_unless_said() {
    for dialect in [
        dialect::RFC6750,
        dialect::SOCRATA.guests([]),
        dialect::USERGRID,
        dialect::GEODATAHUB,
        dialect::OPENDATASOFT,
        dialect::ANY,
    ] {
        let name = dialect.name;
        let with = send(secured(dialect.clone()), get("/", &[])).await;
        let named: Vec<_> =
            with.challenges().into_iter().filter(|line| line.contains("resource_metadata")).collect();
        // A client that finds an authorization server sends `Bearer`, which GeoDataHub refuses.
        assert_eq!(named.is_empty(), name == "geodatahub", "{name}");
        for line in with.challenges() {
            assert!(!line.starts_with("Basic") || !line.contains("resource_metadata"), "{name} {line}");
            assert_eq!(line.matches("resource_metadata").count(), line.matches(URL).count(), "{name}");
        }
        let without = send(app(dialect), get("/", &[])).await;
        assert!(without.challenges().iter().all(|line| !line.contains("resource_metadata")), "{name}");
    }
}

/// RFC 9728 section 3.3: the `resource` in the document is the URL from which its address was made.
#[tokio::test]
async fn req_24_a_client_finds_the_document_by_the_challenge() {
    for (resource, path) in [
        ("https://api.example", "/.well-known/oauth-protected-resource"),
        ("https://api.example/mcp", "/.well-known/oauth-protected-resource/mcp"),
        ("https://api.example/a/b/", "/.well-known/oauth-protected-resource/a/b/"),
        ("https://api.example:8443/mcp", "/.well-known/oauth-protected-resource/mcp"),
        ("http://localhost:8080/mcp", "/.well-known/oauth-protected-resource/mcp"),
        ("https://[2001:db8::1]/mcp", "/.well-known/oauth-protected-resource/mcp"),
    ] {
        let document = ProtectedResource::new(resource, &dialect::OPENDATASOFT)
            .unwrap()
            .authorization_server("https://login.example")
            .scopes(["datasets:read", "not a scope", "datasets:write"])
            .documentation("https://docs.example");
        let layer = layer(dialect::OPENDATASOFT).resource_metadata(document.url());
        let served = document.clone();
        let open = Router::new().route(document.path(), any(async move || served.response().map(Body::from)));
        let routes = Router::new().route("/x", any(async || "in"));
        let app = protect(routes, layer).public(open).into_router();

        let refused = send(app.clone(), get("/x", &[])).await;
        let line = refused.challenges().into_iter().find(|line| line.starts_with("Bearer")).unwrap();
        let url = line.split("resource_metadata=\"").nth(1).unwrap().split('"').next().unwrap();
        assert_eq!(url, document.url());
        let found: http::Uri = url.parse().unwrap();
        assert_eq!(found.path(), path);
        let answer = send(app, get(found.path(), &[])).await;
        assert_eq!((answer.status, answer.lines("content-type")), (200, vec!["application/json"]));
        assert_eq!(answer.lines("access-control-allow-origin"), ["*"]);
        let body: Value = serde_json::from_str(&answer.body).unwrap();
        let expected = json!({
            "resource": resource,
            "authorization_servers": ["https://login.example"],
            "scopes_supported": ["datasets:read", "datasets:write"],
            "bearer_methods_supported": ["body", "header", "query"],
            "resource_documentation": "https://docs.example",
        });
        assert_eq!(body, expected);
    }
}

#[test]
fn the_ways_to_carry_a_token_are_those_of_the_dialect() {
    let only_keys = dialect::RFC6750.forms([CredentialForm::basic(PairMeaning::PASSWORD)]);
    let token = TokenMeaning::ACCESS_TOKEN;
    let by_header = dialect::RFC6750.forms([CredentialForm::header("x-token", token)]);
    // Clients could not guess the names of these places.
    let by_colon = dialect::RFC6750.forms([CredentialForm::scheme_colon("Bearer", token)]);
    let by_query = dialect::RFC6750.forms([CredentialForm::query("token", token)]);
    let by_form = dialect::RFC6750.forms([CredentialForm::body("token", token)]);
    let bearer_key = dialect::RFC6750.forms([CredentialForm::scheme("Bearer", TokenMeaning::API_KEY)]);
    let small = dialect::RFC6750.forms([CredentialForm::scheme("bearer", token)]);
    for (dialect, expected) in [
        (dialect::RFC6750, json!(["header"])),
        (dialect::SOCRATA, json!([])),
        (dialect::USERGRID, json!(["header", "query"])),
        (dialect::GEODATAHUB, json!([])),
        (dialect::OPENDATASOFT, json!(["body", "header", "query"])),
        (dialect::ANY, json!(["body", "header", "query"])),
        (only_keys, json!([])),
        (by_header, json!([])),
        (by_colon, json!([])),
        (by_query, json!([])),
        (by_form, json!([])),
        (bearer_key, json!([])),
        (small, json!(["header"])),
    ] {
        let document = ProtectedResource::new("https://api.example", &dialect).unwrap();
        let body: Value = serde_json::from_slice(&document.json()).unwrap();
        assert_eq!(body["bearer_methods_supported"], expected, "{}", dialect.name);
        assert_eq!(body.as_object().unwrap().len(), 2, "nothing that was not said: {body}");
    }
}

/// Every valid resource can be served and named in a challenge.
#[test]
fn what_is_no_resource_is_an_error_at_start_up() {
    for bad in [
        "",
        "/",
        "api.example",
        "http://api.example",
        "http://localhost.evil.example",
        "http://127.0.0.1.evil.example",
        "ftp://api.example",
        "https://",
        "https:///x",
        "https://:443/x",
        "https://@h",
        "https://user:secret@api.example",
        "https://api.example/?a=b",
        "https://api.example?",
        "https://api.example#",
        "https://api.example/#x",
        "https://api.example/a b",
        "https://api.example/\u{e9}",
        "https://api.\u{e9}xample/",
        "https://api.example/\r\nx: y",
        "https://api.example/\"",
        "https://api.example/{x}",
        "https://api.example/\\",
    ] {
        let made = ProtectedResource::new(bad, &dialect::RFC6750);
        assert_eq!(made.err(), Some(InvalidResource::Url), "{bad:?}");
    }
    let no_dialect = dialect::RFC6750.forms([]);
    assert!(matches!(ProtectedResource::new("https://h", &no_dialect), Err(InvalidResource::Dialect(_))));
}

#[tokio::test]
async fn a_url_of_ones_own_cannot_break_the_challenge() {
    for bad in ["https://h/\r\nx: y", "https://h/\u{e9}", "https://h/\t"] {
        let named = || layer(dialect::RFC6750).resource_metadata(bad);
        assert!(catch_unwind(named).is_err(), "{bad:?}");
    }
    let odd = layer(dialect::RFC6750).resource_metadata(r#"https://h/", error="x"#);
    let answer = send(whoami().layer(odd), get("/", &[])).await;
    assert_eq!(
        answer.challenges(),
        [r#"Bearer realm="api", resource_metadata="https://h/\", error=\"x""#],
        "it is quoted"
    );
}

/// The settings may come in any order.
#[tokio::test]
async fn it_goes_with_the_other_settings_of_a_layer() {
    let respond = |_: &tower_principal::Rejection, standard: http::Response<bytes::Bytes>| standard;
    let layer = layer(dialect::SOCRATA.guests([]).realm("data"))
        .respond(respond)
        .resource_metadata("https://one.example")
        .resource_metadata(URL)
        .keep_query_credentials();
    let answer = send(whoami().layer(layer), get("/", &[])).await;
    let expected = [
        r#"Basic realm="data", charset="UTF-8""#.to_owned(),
        format!(r#"OAuth realm="data", resource_metadata="{URL}""#),
    ];
    assert_eq!(answer.challenges(), expected);
    assert!(answer.body.contains("authentication_required"));
}
