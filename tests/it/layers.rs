//! If a layer is missing or in the wrong order, every request is refused, and the log names the
//! layer (REQ-32).

use axum::Router;
use axum::routing::get;
use http::Method;
use tower::{Layer as _, service_fn};
use tower_principal::request::RequestHead;
use tower_principal::{
    Authentication, OAuthUser, Principal, RejectionKind, RequireLayer, dialect, extract::Authenticated,
    policy,
};

use crate::support::{self, *};

/// Every extractor, on a route without the layer.
fn naked() -> Router {
    Router::new()
        .route("/principal", get(async |_: Principal| "in"))
        .route("/optional", get(async |_: Option<Principal>| "in"))
        .route("/authenticated", get(async |_: Authenticated| "in"))
        .route("/authentication", get(async |_: Authentication| "in"))
        .route("/user", get(async |_: OAuthUser| "in"))
        .route("/maybe", get(async |_: Option<OAuthUser>| "in"))
        .route("/required", get(async || "in").layer(RequireLayer::new(policy::authenticated())))
        .route(
            "/anybody",
            get(async || "in").layer(RequireLayer::new(|_: &Principal, _: &RequestHead<'_>| Ok(()))),
        )
}

const PATHS: [&str; 8] = [
    "/principal",
    "/optional",
    "/authenticated",
    "/authentication",
    "/user",
    "/maybe",
    "/required",
    "/anybody",
];

#[tokio::test(flavor = "current_thread")]
async fn req_32_without_the_layer_is_a_server_error_that_the_log_names_the_fix_of() {
    for path in PATHS {
        for headers in [&[][..], &[("authorization", &*bearer(TOKEN))]] {
            let (answer, log) = logged(send(naked(), support::get(path, headers))).await;
            assert_eq!((answer.status, answer.kind()), (500, Some(RejectionKind::ServerError)), "{path}");
            assert!(answer.challenges().is_empty() && !answer.body.contains("Layer"), "{path} {answer:?}");
            assert!(log.contains("ERROR") && log.contains("in an `AuthenticateLayer`"), "{path} {log}");
            assert!(!log.contains(TOKEN), "{log}");
        }
    }
}

/// A layer of axum wraps the routes that were added before it.
#[tokio::test]
async fn req_32_a_route_added_behind_the_layer_is_not_open() {
    let early = Router::new().route("/early", get(async |_: Principal| "in"));
    let app = early.layer(layer(dialect::ANY)).merge(naked());
    assert_eq!(
        send(app.clone(), support::get("/early", &[("authorization", &bearer(TOKEN))])).await.status,
        200
    );
    for path in PATHS {
        let answer = send(app.clone(), support::get(path, &[("authorization", &bearer(TOKEN))])).await;
        assert_eq!(answer.status, 500, "{path}");
    }
}

/// The policy's layer outside `AuthenticateLayer`, where there is no principal yet.
#[tokio::test]
async fn req_32_layers_in_the_wrong_order_admit_no_request() {
    let wrong =
        RequireLayer::new(policy::authenticated()).layer(layer(dialect::ANY).layer(service_fn(greet)));
    let answer = send(wrong, authorization(bearer(TOKEN))).await;
    assert_eq!(answer.status, 500);
}

/// Requests every method and path of a list without a credential; a route that does not answer 401
/// or 403 is open.
#[tokio::test]
async fn req_32_every_route_behind_the_layer_asks_for_credentials() {
    let routes = [
        (Method::GET, "/early"),
        (Method::POST, "/early"),
        (Method::OPTIONS, "/early"),
        (Method::GET, "/later/x"),
    ];
    let app = Router::new()
        .route("/early", get(async || "in").post(async || "in").options(async || "in"))
        .nest("/later", Router::new().route("/x", get(async || "in")))
        .route_layer(RequireLayer::new(policy::authenticated()))
        .route_layer(layer(dialect::ANY));
    for (method, path) in routes {
        let answer = send(app.clone(), request(method.as_str(), path, &[])).await;
        assert_eq!(answer.status, 401, "{method} {path}");
    }
}
