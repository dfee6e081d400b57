//! Claims of tokens, with the same meaning in a JWT and in an introspection response.
#![cfg(all(feature = "introspection", feature = "jwt"))]

use allocation_counter::measure;
use axum::Router;
use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Value, json};
use tokio::runtime::Builder;
use tower_principal::fetch::{Fetch, FetchError};
use tower_principal::verify::{Algorithm, Claims, Introspection, IntrospectionBuilder, IntrospectionError};
use tower_principal::verify::{JwtVerifier, JwtVerifierError};
use tower_principal::{OAuthUser, Principal, RequireLayer, Verifier as _, dialect, policy};

use crate::jwt::{API, ISSUER, ask, good, pair, verdict};
use crate::support::{authorization, bearer, layer_of, request, send};

/// An authorization server that gives the same answer for every token.
struct Says(Bytes);

impl Fetch for Says {
    async fn fetch(&self, _: Request<Bytes>, _: usize) -> Result<Response<Bytes>, FetchError> {
        let response = Response::builder().header("content-type", "application/json");
        Ok(response.body(self.0.clone()).unwrap())
    }
}

fn saying(answer: impl Into<Bytes>) -> IntrospectionBuilder<Says> {
    Introspection::builder("https://login.example/introspect", Says(answer.into())).bearer("its-token")
}

async fn department(user: OAuthUser) -> String {
    let claims = user.claims::<Claims>();
    let department = claims.and_then(|claims| Some(claims.get("department")?.as_str()?.to_owned()));
    department.unwrap_or_else(|| "none".to_owned())
}

#[tokio::test]
async fn behind_one_or_a_handler_finds_the_claims_of_either_token() {
    let (issuer, jwts, _) = pair(Algorithm::EdDsa);
    let opaque =
        saying(r#"{"active":true,"sub":"olga","department":"maps","groups":["staff"]}"#).build().unwrap();
    let app = Router::new().fallback(department);
    let app = app.layer(layer_of(dialect::RFC6750, jwts.or(opaque)));
    let jwt = good(&issuer).claim("department", "roads").sign();
    for (token, department) in [(jwt.as_str(), "roads"), ("an-opaque-token", "maps")] {
        let answer = send(app.clone(), authorization(bearer(token))).await;
        assert_eq!((answer.status, &*answer.body), (200, department), "{token}");
    }
}

#[tokio::test]
async fn an_answer_about_a_token_names_groups_as_a_jwt_does() {
    let answer = r#"{"active":true,"sub":"olga","groups":["staff"],"realm_access":{"roles":["admin"]}}"#;
    let olga = ask(&saying(answer).build().unwrap(), "opaque").await.unwrap();
    let claims: &Claims = olga.claims().unwrap();
    assert_eq!((claims.groups(), claims.as_json()), (vec!["staff".to_owned(), "admin".to_owned()], answer));
    assert!(olga.has_group("admin") && !olga.has_group("olga"));
}

#[tokio::test]
async fn an_answer_is_mapped_by_the_claims_that_the_builder_names() {
    let answer = r#"{"active":true,"sub":"u-1","email":"olga@example.org","tenant":{"name":"acme"},"app":"weather",
        "client_id":null,"azp":"map-app","scope":null,"rights":["read","write"],"teams":["roads"],"groups":["staff"]}"#;
    let verifier = saying(answer).id_claim("email").org_claim("/tenant/name").app_claim("app");
    let verifier = verifier.scope_claims(["scope", "rights"]).group_claims(["teams"]).build().unwrap();
    let olga = ask(&verifier, "opaque").await.unwrap();
    assert_eq!(
        (olga.id(), olga.org(), olga.app()),
        (Some("olga@example.org"), Some("acme"), Some("weather"))
    );
    assert_eq!(olga.scopes().as_str(), "read write");
    assert_eq!(olga.claims::<Claims>().unwrap().groups(), ["roads"]);
    let Principal::OAuthUser(user) = &olga else { panic!("{olga:?}") };
    assert_eq!(user.client(), Some("map-app"));
    // A principal without an application has access to all applications of its organization, so a
    // claim of the wrong type must not be skipped.
    for app in ["null", "5", "[]"] {
        let answer = format!(r#"{{"active":true,"sub":"u-1","app":{app}}}"#);
        let verifier = saying(answer).app_claim("app").build().unwrap();
        assert_eq!(verdict(&verifier, "opaque").await, "unknown", "{app}");
    }
}

/// A cache stores many answers. As separate values, these claims would take fifteen times the size
/// of their text.
#[test]
fn a_large_answer_is_kept_as_its_text() {
    let answer = format!(r#"{{"active":true,"sub":"otto","groups":[{}"x"]}}"#, r#""g","#.repeat(15_000));
    let length = i64::try_from(answer.len()).unwrap();
    let verifier = saying(answer).build().unwrap();
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let ask = || runtime.block_on(ask(&verifier, "opaque")).unwrap();
    // The first call may allocate structures that stay.
    drop(ask());
    let mut kept = None;
    let counted = measure(|| kept = Some(ask()));
    assert_eq!(kept.unwrap().claims::<Claims>().unwrap().groups().len(), 15_001);
    assert!(counted.bytes_current < length + 4_096, "{} bytes of {length}", counted.bytes_current);
}

/// Sends the same claims as a JWT and as an introspection response. Returns both statuses after the
/// policies.
async fn may(claims: &Value, method: &str, path: &str) -> Vec<u16> {
    let (issuer, _, clock) = pair(Algorithm::EdDsa);
    let jwts = JwtVerifier::builder(ISSUER).audience(API).keys(issuer.keys().unwrap()).clock(clock);
    let mut answer = json!({"active": true, "sub": "olga"});
    let mut jwt = issuer.token("olga").audience(API);
    for (name, value) in claims.as_object().unwrap() {
        jwt = jwt.claim(name, value.clone());
        answer[name] = value.clone();
    }
    let reports = ["get,put:/reports/**"];
    let own = "get:/users/${user}/**";
    let jwts =
        jwts.org_claim("org").permissions_of("editor", reports).permissions_of("reader", ["get:/reports"]);
    let jwts = jwts.permissions_of("reader", [own]).permissions_of("nobody", []).build().unwrap();
    let answers = saying(answer.to_string()).org_claim("org").permissions_of("editor", reports);
    let answers = answers.permissions_of("reader", ["get:/reports", own]).build().unwrap();
    let verifiers = [(jwts.boxed(), jwt.sign()), (answers.boxed(), "opaque".to_owned())];
    let mut statuses = Vec::new();
    for (verifier, token) in verifiers {
        let app = Router::new().fallback(|| async {});
        let app = app.layer(RequireLayer::new(policy::application("/{org}/{app}/**")));
        let app = app.layer(layer_of(dialect::RFC6750, verifier));
        let target = format!("/acme/weather{path}");
        let sent = request(method, &target, &[("authorization", &bearer(&token))]);
        statuses.push(send(app, sent).await.status);
    }
    statuses
}

#[tokio::test]
async fn a_role_gives_the_permissions_that_the_builder_names() {
    for (claims, method, path, status) in [
        (json!({"org": "acme", "roles": ["editor"]}), "PUT", "/reports/7", 200),
        (json!({"org": "acme", "realm_access": {"roles": ["editor"]}}), "PUT", "/reports/7", 200),
        (json!({"org": "acme", "cognito:groups": ["x", "editor", "editor"]}), "PUT", "/reports/7", 200),
        (json!({"org": "acme", "roles": ["editor"]}), "DELETE", "/reports/7", 403),
        (json!({"org": "acme", "roles": ["editor"]}), "PUT", "/users/olga/name", 403),
        (json!({"org": "acme", "roles": ["reader"]}), "GET", "/reports", 200),
        (json!({"org": "acme", "roles": ["reader"]}), "GET", "/users/olga/name", 200),
        (json!({"org": "acme", "roles": ["reader"]}), "GET", "/users/otto/name", 403),
        (json!({"org": "acme", "roles": ["reader"]}), "PUT", "/reports", 403),
        // The permissions of several roles add up.
        (json!({"org": "acme", "groups": ["reader"], "roles": ["editor"]}), "PUT", "/reports", 200),
        (json!({"org": "acme", "groups": ["reader"], "roles": ["editor"]}), "GET", "/users/olga/name", 200),
        // Outside the token's organization they grant nothing.
        (json!({"org": "umbrella", "roles": ["editor"]}), "GET", "/reports", 403),
        (json!({"roles": ["editor"]}), "GET", "/reports", 403),
    ] {
        assert_eq!(may(&claims, method, path).await, [status; 2], "{claims} {method} {path}");
    }
}

#[tokio::test]
async fn what_is_not_clearly_a_role_that_was_named_gives_nothing() {
    for roles in [
        json!([]),
        json!(["root"]),
        json!(["nobody"]),
        json!(["Editor", "editors", "edito", " editor", "editor ", ""]),
        json!("editor"),
        json!("editor reader"),
        json!({"editor": true}),
        json!([["editor"], {"editor": "editor"}, 5, null, true]),
        json!(null),
    ] {
        let claims = json!({"org": "acme", "roles": roles, "role": ["editor"], "scope": "editor"});
        assert_eq!(may(&claims, "GET", "/reports").await, [403; 2], "{claims}");
    }
}

#[tokio::test]
async fn a_permission_is_held_for_the_policy_that_asks_for_one() {
    let answer = r#"{"active":true,"sub":"olga","groups":["editor"]}"#;
    for (needed, status) in [("get,put:/reports/1", 200), ("get,delete:/reports/1", 403)] {
        let verifier = saying(answer).permissions_of("editor", ["get,put:/reports/*"]).build().unwrap();
        let app = Router::new().fallback(|| async {}).layer(RequireLayer::new(policy::permission(needed)));
        let app = app.layer(layer_of(dialect::RFC6750, verifier));
        assert_eq!(send(app, authorization(bearer("opaque"))).await.status, status, "{needed}");
    }
}

#[test]
fn a_permission_that_is_none_builds_no_verifier() {
    let (issuer, ..) = pair(Algorithm::EdDsa);
    for (bad, others) in [("fly:/reports", ["get:/a"; 2]), ("get:", ["/b"; 2]), ("", ["get:/c"; 2])] {
        let jwts = JwtVerifier::builder(ISSUER).audience(API).keys(issuer.keys().unwrap());
        let jwts = jwts.permissions_of("editor", [others[0], bad]).permissions_of("reader", others).build();
        assert!(matches!(jwts, Err(JwtVerifierError::Permission(_))), "{bad}");
        let answers = saying("").permissions_of("editor", [bad]).permissions_of("editor", others).build();
        assert!(matches!(answers, Err(IntrospectionError::Permission(_))), "{bad}");
    }
}
