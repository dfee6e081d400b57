//! Decisions by path if the crate is built without axum: a path rule never takes a nested path for
//! the original path.
//!
//! The routers are real ones of axum, but the crate is built without its feature `axum`. With the
//! feature, the tests of `it` cover the same.
#![cfg(not(feature = "axum"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

use axum::Router;
use axum::body::Body;
use axum::routing::any;
use http::{Request, StatusCode};
use tower::{Layer as _, ServiceExt as _};
use tower_principal::layer::OriginalTargetLayer;
use tower_principal::request::RequestHead;
use tower_principal::{
    AuthenticateLayer, GuestRule, OrgAdmin, RequireLayer, dialect, policy, transport, verify::MemoryVerifier,
};

fn layer(dialect: tower_principal::Dialect) -> AuthenticateLayer<MemoryVerifier> {
    let verifier = MemoryVerifier::builder()
        .client("b3U68vghI6FmEeKn9wLoGtzz0A", "s3cret", OrgAdmin::new("acme-client", "acme"))
        .build()
        .unwrap();
    AuthenticateLayer::new(dialect, verifier, transport::danger_assume_secure())
}

/// Returns a router that answers 200 to every request that the layer passes on.
fn guarded() -> Router {
    Router::new().route("/{*rest}", any(async || "in")).layer(layer(dialect::USERGRID))
}

async fn status(app: Router, target: &str) -> StatusCode {
    app.oneshot(Request::get(target).body(Body::empty()).unwrap()).await.unwrap().status()
}

/// Returns the app inside the layer that records the original target.
fn recorded(app: Router) -> Router {
    Router::new().fallback_service(OriginalTargetLayer::new().layer(app))
}

#[tokio::test]
async fn a_guest_inside_a_nest_is_not_admitted_by_the_nested_path() {
    for app in [
        Router::new().nest("/v1", guarded()),
        Router::new().nest_service("/v1", guarded()),
        Router::new().nest("/v1", Router::new().nest("/v2", guarded())),
        Router::new().nest("/v1/{app}", guarded()),
    ] {
        for target in ["/v1/o/sandbox/x", "/v1/v2/o/sandbox/x", "/v1/app/o/sandbox/x"] {
            let without = status(app.clone(), target).await;
            let with = status(recorded(app.clone()), target).await;
            for answer in [without, with] {
                assert!(matches!(answer.as_u16(), 401 | 404), "{target} {answer}");
            }
        }
    }
}

#[tokio::test]
async fn without_a_record_no_path_rule_admits_and_with_one_the_original_path_decides() {
    assert_eq!(status(guarded(), "/o/sandbox/x").await, 401);
    assert_eq!(status(recorded(guarded()), "/o/sandbox/x").await, 200);
    assert_eq!(status(recorded(guarded()), "/o/app/x").await, 401);
    let nested = Router::new().nest("/{org}", guarded());
    assert_eq!(status(nested.clone(), "/o/sandbox/x").await, 401);
    assert_eq!(status(recorded(nested), "/o/sandbox/x").await, 200);
}

#[tokio::test]
async fn a_record_further_in_does_not_replace_the_one_around_it() {
    let inner = OriginalTargetLayer::new().layer(guarded());
    let app = recorded(Router::new().nest_service("/v1", inner));
    assert_eq!(status(app, "/v1/o/sandbox/x").await, 401);
}

#[tokio::test]
async fn an_application_policy_forbids_what_it_cannot_place() {
    let routes = || {
        Router::new()
            .route("/{*rest}", any(async || "in"))
            .layer(RequireLayer::new(policy::application("/{org}/{app}/**")))
            .layer(layer(dialect::USERGRID))
    };
    let target = "/acme/weather?client_id=b3U68vghI6FmEeKn9wLoGtzz0A&client_secret=s3cret";
    assert_eq!(status(recorded(routes()), target).await, 200);
    assert_eq!(status(routes(), target).await, 401);
    // Usergrid answers 401 to a principal that may not do something.
    let nested = format!("/rival{target}");
    assert_eq!(status(Router::new().nest("/rival", routes()), &nested).await, 401);
    assert_eq!(status(recorded(Router::new().nest("/rival", routes())), &nested).await, 401);
}

#[tokio::test]
async fn a_rule_without_a_path_needs_no_record() {
    let open = dialect::RFC6750.guests([GuestRule::reads()]);
    let app = Router::new().route("/x", any(async || "in")).layer(layer(open));
    assert_eq!(status(app, "/x").await, 200);
}

#[test]
fn the_original_path_is_unknown_without_a_record() {
    let request = Request::get("/x").body(()).unwrap();
    assert_eq!(RequestHead::from_request(&request).original_path(), None);
}
