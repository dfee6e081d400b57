//! Routes that cannot be left unguarded by accident, in whatever order they are added; preflights;
//! and spans without credentials (REQ-31, REQ-32; need 19 of the peers).

use std::fmt;
use std::panic::catch_unwind;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::routing::{any, get as on_get, post};
use http::{Method, Request, StatusCode};
use tower_http::cors::{Any, CorsLayer};
use tower_http::trace::TraceLayer;
use tower_principal::layer::make_span;
use tower_principal::test_util::{assert_guarded, unguarded};
use tower_principal::{GuestRule, OAuthUser, RejectionKind, RequireLayer, dialect, extract::protect, policy};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};

use crate::support::*;

const METHODS: [Method; 9] = [
    Method::GET,
    Method::HEAD,
    Method::POST,
    Method::PUT,
    Method::PATCH,
    Method::DELETE,
    Method::OPTIONS,
    Method::TRACE,
    Method::CONNECT,
];

fn routes() -> Router {
    let inner = Router::new().route("/deep", on_get(async || "deep"));
    Router::new()
        .route("/things", on_get(async || "things").post(async || "made"))
        .route("/things/{id}", on_get(async |user: OAuthUser| user.id().to_owned()))
        .route("/files/{*rest}", any(async || "file"))
        .nest("/nested", inner)
}

fn protected() -> Router {
    protect(routes(), layer(dialect::OPENDATASOFT)).into_router()
}

fn with_token(method: &str, target: &str) -> Request<Body> {
    request(method, target, &[("authorization", &bearer(TOKEN))])
}

#[tokio::test]
async fn req_32_protect_covers_every_route_with_every_method() {
    for path in ["/things", "/things/7", "/files/a/b", "/nested/deep"] {
        for method in METHODS.iter().filter(|method| **method != Method::CONNECT) {
            let answer = send(protected(), request(method.as_str(), path, &[])).await;
            assert_eq!(answer.kind(), Some(RejectionKind::Missing), "{method} {path} {answer:?}");
            assert_eq!(answer.status, 401, "{method} {path}");
        }
        assert_eq!(send(protected(), with_token("GET", path)).await.status, 200, "{path}");
    }
    // An authenticated caller gets 405 for a method without a route.
    assert_eq!(send(protected(), with_token("DELETE", "/things")).await.status, 405);
}

#[tokio::test]
async fn an_unknown_path_is_not_found_and_asks_no_verifier() {
    let (verifier, asked) = Counting::new(one_of_each_kind());
    let app = protect(routes(), layer_of(dialect::OPENDATASOFT, verifier)).into_router();
    for target in ["/", "/thing", "/things/", "/nested", "/nested/", "/nested/none"] {
        assert_eq!(send(app.clone(), request("GET", target, &[])).await.status, 404, "{target}");
        assert_eq!(send(app.clone(), with_token("GET", target)).await.status, 404, "{target}");
    }
    assert_eq!(asked(), 0);
}

/// A fallback is no route, so the layer does not wrap it, and `protect` removes it.
#[tokio::test]
async fn req_32_a_fallback_does_not_slip_through() {
    let secret = async || "secret";
    let whole = routes().fallback(secret);
    let nested = routes().nest("/more", Router::new().route("/x", any(async || "x")).fallback(secret));
    let merged = routes().merge(Router::new().route("/x", any(async || "x")).fallback(secret));
    for (router, path) in [(whole, "/none"), (nested, "/more/none"), (merged, "/none")] {
        assert_eq!(send(router.clone(), request("GET", path, &[])).await.body, "secret");
        let app = protect(router, layer(dialect::OPENDATASOFT)).into_router();
        for method in METHODS.iter().filter(|method| **method != Method::CONNECT) {
            let answer = send(app.clone(), request(method.as_str(), path, &[])).await;
            assert_eq!((answer.status, &*answer.body), (404, ""), "{method} {path}");
        }
    }
    // If a method is missing, the fallback of methods answers, which is inside the layer.
    let methods = routes().method_not_allowed_fallback(secret);
    let app = protect(methods, layer(dialect::OPENDATASOFT)).into_router();
    assert_eq!(send(app.clone(), request("DELETE", "/things", &[])).await.status, 401);
    assert_eq!(send(app, with_token("DELETE", "/things")).await.body, "secret");
}

#[test]
fn req_32_there_has_to_be_something_to_protect() {
    let empty = || protect(Router::<()>::new(), layer(dialect::RFC6750)).into_router();
    assert!(catch_unwind(empty).is_err());
    let only_a_fallback = || protect(whoami(), layer(dialect::RFC6750)).into_router();
    assert!(catch_unwind(only_a_fallback).is_err());
}

#[tokio::test]
async fn public_routes_are_open_and_leave_the_others_guarded() {
    let open = Router::new().route("/healthz", on_get(async || "ok")).fallback(async || "front page");
    let app = protect(routes(), layer(dialect::OPENDATASOFT)).public(open).into_router();
    assert_eq!(send(app.clone(), get("/healthz", &[])).await.body, "ok");
    assert_eq!(send(app.clone(), get("/anything", &[])).await.body, "front page");
    for path in ["/things", "/things/7", "/files/a", "/nested/deep"] {
        assert_eq!(send(app.clone(), get(path, &[])).await.status, 401, "{path}");
    }
    let twice = || {
        let same = Router::new().route("/things", on_get(async || "open"));
        protect(routes(), layer(dialect::OPENDATASOFT)).public(same).into_router()
    };
    assert!(catch_unwind(twice).is_err(), "a path is public or guarded, not both");
}

#[tokio::test]
async fn a_protected_router_keeps_its_state_and_may_be_nested() {
    let routes = Router::<u8>::new()
        .route("/x", on_get(async |axum::extract::State(state): axum::extract::State<u8>| state.to_string()));
    let api: Router<u8> = protect(routes, layer(dialect::OPENDATASOFT)).into();
    let app = Router::new().nest("/api", api).with_state(7);
    assert_eq!(send(app.clone(), get("/api/x", &[])).await.status, 401);
    assert_eq!(send(app, with_token("GET", "/api/x")).await.body, "7");
}

fn preflight(path: &str) -> Request<Body> {
    request(
        "OPTIONS",
        path,
        &[
            ("origin", "https://page.example"),
            ("access-control-request-method", "GET"),
            ("access-control-request-headers", "authorization"),
        ],
    )
}

#[tokio::test]
async fn req_31_a_preflight_is_answered_outside_and_judged_without_that() {
    let judged = send(protected(), preflight("/things")).await;
    assert_eq!((judged.status, judged.headers.get("access-control-allow-origin")), (401, None));
    let cors = CorsLayer::new().allow_origin(Any).allow_headers([http::header::AUTHORIZATION]);
    let (verifier, asked) = Counting::new(one_of_each_kind());
    let layer = layer_of(dialect::OPENDATASOFT, verifier);
    let app = protect(routes(), layer).cors(cors).into_router();
    let answered = send(app.clone(), preflight("/things")).await;
    assert_eq!((answered.status, asked()), (200, 0));
    assert_eq!(answered.lines("access-control-allow-origin"), ["*"]);
    // Every request that is no preflight is authenticated as usual, also with `OPTIONS`.
    for request in [
        request("OPTIONS", "/files/a", &[]),
        request("OPTIONS", "/files/a", &[("origin", "https://page.example")]),
        request(
            "GET",
            "/things",
            &[("origin", "https://page.example"), ("access-control-request-method", "GET")],
        ),
    ] {
        let shown = format!("{request:?}");
        let answer = send(app.clone(), request).await;
        let is_preflight = answer.status == 200 && answer.body.is_empty();
        assert!(answer.status == 401 || is_preflight, "{shown} {answer:?}");
        assert_ne!(answer.body, "file", "{shown}");
        assert_ne!(answer.body, "things", "{shown}");
    }
    // A page may read the reason of its refusal.
    let refused = send(app, request("GET", "/things", &[("origin", "https://page.example")])).await;
    assert_eq!((refused.status, refused.lines("access-control-allow-origin")), (401, vec!["*"]));
}

#[tokio::test]
async fn req_31_no_header_or_method_goes_round_the_layer() {
    for (name, value) in [
        ("x-middleware-subrequest", "middleware"),
        ("x-http-method-override", "OPTIONS"),
        ("x-original-url", "/healthz"),
        ("x-rewrite-url", "/healthz"),
        ("x-forwarded-uri", "/acme/sandbox/x"),
        ("user-agent", "kube-probe/1.30"),
        ("upgrade", "websocket"),
        ("x-forwarded-for", "127.0.0.1"),
    ] {
        for method in ["GET", "OPTIONS", "HEAD", "PROPFIND", "get"] {
            let answer = send(protected(), request(method, "/files/a", &[(name, value)])).await;
            assert_eq!(answer.status, 401, "{method} {name}");
        }
    }
}

#[tokio::test]
async fn req_32_a_route_that_was_merged_after_the_layer_is_found() {
    let app = routes()
        .layer(layer(dialect::OPENDATASOFT))
        .merge(Router::new().route("/forgotten", post(async || "in")));
    let list = || [(Method::GET, "/things"), (Method::POST, "/forgotten"), (Method::GET, "/forgotten")];
    let open = unguarded(app.clone(), Body::empty, list()).await;
    let forgotten = [
        (Method::POST, "/forgotten", StatusCode::OK),
        (Method::GET, "/forgotten", StatusCode::METHOD_NOT_ALLOWED),
    ];
    assert_eq!(open, forgotten);
    let failed = tokio::spawn(async move { assert_guarded(app, Body::empty, list()).await }).await;
    let said = failed.unwrap_err().into_panic().downcast::<String>().unwrap();
    assert!(said.contains("POST /forgotten returns 200") && !said.contains("/things"), "{said}");
}

#[tokio::test]
async fn req_32_a_path_that_is_not_there_proves_nothing() {
    let open = unguarded(protected(), Body::empty, [(Method::GET, "/thing"), (Method::GET, "/things")]).await;
    assert_eq!(open, [(Method::GET, "/thing", StatusCode::NOT_FOUND)]);
}

#[tokio::test]
async fn req_32_a_guarded_application_passes() {
    let all = ["/things", "/things/7", "/files/a/b", "/nested/deep"];
    let methods = METHODS.into_iter().filter(|method| *method != Method::CONNECT);
    let list: Vec<_> = methods.flat_map(|method| all.map(|path| (method.clone(), path))).collect();
    assert_guarded(protected(), Body::empty, list).await;
    // The refusal of a policy also counts: every request may be a guest here, but no guest may
    // read.
    let closed = routes()
        .layer(RequireLayer::new(policy::authenticated()))
        .layer(layer(dialect::ANY.guests([GuestRule::everywhere()])));
    assert_guarded(closed, Body::empty, [(Method::GET, "/things")]).await;
    // The same for a service without axum.
    let plain = tower::Layer::layer(&layer(dialect::RFC6750), tower::service_fn(greet));
    assert_guarded(plain, Body::empty, [(Method::GET, "/x")]).await;
}

#[tokio::test]
async fn req_32_a_guest_rule_that_is_too_wide_is_found() {
    let app = routes().layer(layer(dialect::ANY.guests([GuestRule::everywhere()])));
    assert_eq!(unguarded(app, Body::empty, [(Method::GET, "/things")]).await.len(), 1);
}

/// Everything that spans and events record on this thread, as text.
#[derive(Clone, Default)]
struct Recorded(Arc<Mutex<String>>);

impl Visit for Recorded {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.lock().unwrap().push_str(&format!("{field}={value:?}\n"));
    }
}

impl<S: tracing::Subscriber> Layer<S> for Recorded {
    fn on_new_span(&self, attributes: &Attributes<'_>, _: &Id, _: Context<'_, S>) {
        attributes.record(&mut self.clone());
    }

    fn on_record(&self, _: &Id, values: &Record<'_>, _: Context<'_, S>) {
        values.record(&mut self.clone());
    }

    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        event.record(&mut self.clone());
    }
}

/// A tracing layer is outside, where the target still contains credentials.
#[tokio::test]
async fn req_26_a_span_outside_records_no_query() {
    let recorded = Recorded::default();
    let subscriber = tracing_subscriber::registry().with(recorded.clone());
    hear_all_threads();
    let _guard = tracing::subscriber::set_default(subscriber);
    let told = async |app: Router| {
        let target = format!("/files/a?limit=1&access_token={TOKEN}");
        assert_eq!(send(app, get(&target, &[])).await.body, "file");
        std::mem::take(&mut *recorded.0.lock().unwrap())
    };
    let ours = TraceLayer::new_for_http().make_span_with(make_span::<Body>);
    let ours = told(protected().layer(ours)).await;
    assert!(ours.contains("path=\"/files/a\"") && ours.contains("method=GET"), "{ours}");
    assert!(ours.contains("version=HTTP/1.1"), "{ours}");
    assert!(!ours.contains(TOKEN) && !ours.contains("limit"), "{ours}");
    // For comparison, the tracing layer's own span records the query.
    let theirs = told(protected().layer(TraceLayer::new_for_http())).await;
    assert!(theirs.contains(TOKEN), "{theirs}");
    // Inside the crate's layer, even that span contains no token.
    let inside = routes().layer(TraceLayer::new_for_http()).layer(layer(dialect::OPENDATASOFT));
    let inside = told(inside).await;
    assert!(inside.contains("limit=1") && !inside.contains(TOKEN), "{inside}");
}
