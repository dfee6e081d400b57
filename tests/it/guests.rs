//! Which requests are guests (REQ-27 to REQ-31), with paths as attackers write them.

use std::convert::Infallible;

use axum::Router;
use axum::body::Body;
use axum::routing::any;
use http::{Request, Uri};
use tower::{Layer as _, Service, service_fn};
use tower_principal::RejectionKind::{DeniedToken, Malformed, Missing};
use tower_principal::layer::OriginalTargetLayer;
use tower_principal::{Authentication, GuestRule, dialect};

use crate::support::*;

/// Targets that a guest rule admits. `paths` generates targets that no rule admits.
const GUESTS: [&str; 10] = [
    "/o/sandbox/x",
    "/o/sandbox",
    "/o/sandbox/",
    "/o/sandbox/x/y/z?q=/../&limit=1",
    "/sandbox/sandbox/x",
    "/o.r-g_1~/sandbox/a.b-c_d~e",
    "/o/sandbox/b%C3%B6b",
    "/o/sandbox/x%20y",
    "/o/sandbox/100%25",
    "http://other.example/o/sandbox/x",
];

const NOBODY: [&str; 64] = [
    "/",
    "/o",
    "/o/",
    "/sandbox",
    "/sandbox/x",
    "/o/app/x",
    "/o/app/sandbox",
    "/o/app/sandbox/x",
    "/o/app?/o/sandbox",
    "/o/app?path=/o/sandbox/x",
    "//o/sandbox/x",
    "/o//sandbox/x",
    "/o/sandbox//x",
    "/o/sandbox//",
    "///sandbox/x",
    "/o/./sandbox/x",
    "/./o/sandbox/x",
    "/o/sandbox/./x",
    "/o/app/../sandbox/x",
    "/o/sandbox/../app/x",
    "/o/sandbox/..",
    "/o/sandbox/x/../../app",
    "/o/sandbox/..%2fapp",
    "/o/sandbox/..%2Fapp",
    "/o/sandbox/%2e%2e/app",
    "/o/sandbox/%2E./app",
    "/o/sandbox/%252e%252e/app",
    "/o/sandbox/%252e%252e%252fapp",
    "/o/sandbox/..%252fapp",
    // These become `/o/sandbox/%/../../app` in a program that decodes twice and keeps a stray `%`.
    "/o/sandbox/%25%252f..%252f..%252fapp",
    "/o/sandbox/x%25%2500",
    "/o/sandbox/..;/app",
    "/o/sandbox/..;x=y/app",
    "/o/sandbox;x/y",
    "/o/sandbox/x;y",
    "/o/sandbox/x%3by",
    "/o;/sandbox/x",
    "/o/app/%3bsandbox",
    "/o/app;/sandbox",
    "/o/app/x%0a/sandbox",
    "/o/sandbox/x%0ay",
    "/o/sandbox/x%0d%0ay",
    "/o/sandbox%00/x",
    "/o/sandbox/x%00",
    "/o/sandbox/x%2500",
    "/o/s%61ndbox/x",
    "/%6f/sandbox/x",
    "/o%2fsandbox/x",
    "/o/sandbox%2Fa/b",
    "/o/sandbox%2f",
    "/o/sandbox/a%5cb",
    "/o/sandbox/a%255cb",
    "/o/sandbox.json",
    "/o/sandboxes/x",
    "/o/Sandbox/x",
    "/o/SANDBOX/x",
    "/o/sandbox%20/x",
    "/o/+sandbox/x",
    "/o/app/x%3f/sandbox/",
    "/o/sandbox/%c0%ae%c0%ae/app",
    "/o/sandbox/%ff",
    "/o/sandbox/%",
    "/o/sandbox/%zz",
    "/o/app%23/sandbox",
];

/// Targets that http's `Uri` may reject. If it accepts one, no guest rule admits it.
const ODD: [&str; 9] = [
    "/o\\sandbox\\x",
    "/o/sandbox\\..\\app",
    "/o/sandbox/x\\y",
    "/o/app#/sandbox",
    "/o/ѕandbox/x",
    "/o/sandbox/ü",
    "/o/sandbox/x\u{1}",
    "*",
    "o:443",
];

async fn is_guest<S>(service: &S, method: &str, target: Uri) -> bool
where
    S: Service<Request<Body>, Response = http::Response<Body>, Error = Infallible> + Clone,
{
    let mut request = request(method, "/", &[]);
    *request.uri_mut() = target;
    let answer = send(service.clone(), request).await;
    match answer.status {
        200 => {
            assert_eq!(answer.body, "Guest:");
            true
        }
        // The layer does not see a path without a route.
        404 => false,
        401 => {
            assert_eq!(answer.kind(), Some(Missing));
            false
        }
        other => panic!("{other}"),
    }
}

async fn check(name: &str, app: Router) {
    for target in GUESTS {
        assert!(is_guest(&app, "GET", target.parse().unwrap()).await, "{name}: {target}");
    }
    for target in NOBODY {
        assert!(!is_guest(&app, "GET", target.parse().unwrap()).await, "{name}: {target}");
    }
    for target in ODD {
        let Ok(target) = target.parse::<Uri>() else { continue };
        assert!(!is_guest(&app, "GET", target.clone()).await, "{name}: {target}");
    }
}

#[tokio::test]
async fn req_28_only_a_plain_path_of_the_sandbox_is_a_guests() {
    check("the layer around a router", app(dialect::USERGRID)).await;
    let routes = Router::new().fallback_service(whoami());
    check("the layer around a router of routers", routes.layer(layer(dialect::USERGRID))).await;
}

/// Answers with the caller on every path except a bare `/`, which some nests cannot have.
fn nested() -> Router {
    let say = async |who: Authentication| name(&who);
    Router::new().route("/{*rest}", any(say)).layer(layer(dialect::USERGRID))
}

/// REQ-27: the inner layer sees a path without the nest's prefix, and decides by the original path.
#[tokio::test]
async fn req_27_inside_a_nest_the_original_path_decides() {
    for app in [
        Router::new().nest("/{org}", nested()),
        Router::new().nest_service("/{org}", nested()),
        Router::new().nest("/{org}", Router::new().nest("/{app}", nested())),
        Router::new().nest_service("/{org}", Router::new().nest_service("/{app}", nested())),
        Router::new().route_service("/{*rest}", any(async || "Guest:").layer(layer(dialect::USERGRID))),
        Router::new().fallback_service(app(dialect::USERGRID)),
    ] {
        for target in ["/o/sandbox/x", "/sandbox/sandbox/x"] {
            assert!(is_guest(&app, "GET", target.parse().unwrap()).await, "{target}");
        }
        for target in NOBODY.into_iter().chain(["/app/x/sandbox"]) {
            assert!(!is_guest(&app, "GET", target.parse().unwrap()).await, "{target}");
        }
    }
}

/// After the prefix is removed, `/v1/o/sandbox` would look like a sandbox.
#[tokio::test]
async fn req_27_what_looks_like_the_sandbox_after_stripping_is_not() {
    for app in [
        Router::new().nest("/v1", nested()),
        Router::new().nest_service("/v1", nested()),
        Router::new().nest("/v1", Router::new().nest("/v2", nested()).nest_service("/v3", nested())),
        Router::new().nest("/v1/{app}", nested()),
    ] {
        for target in ["/v1/o/sandbox/x", "/v1/v2/o/sandbox/x", "/v1/v3/o/sandbox/x", "/v1//o/sandbox"] {
            assert!(!is_guest(&app, "GET", target.parse().unwrap()).await, "{target}");
        }
    }
    let prefixed = dialect::USERGRID.guests([GuestRule::path("/v1/{org}/sandbox/**")]);
    let app = Router::new().nest("/v1", whoami().layer(layer(prefixed)));
    assert!(is_guest(&app, "GET", "/v1/o/sandbox/x".parse().unwrap()).await);
    assert!(!is_guest(&app, "GET", "/v1/v1/o/sandbox/x".parse().unwrap()).await);
}

/// If the router of a nest did not record the original path, no path rule applies.
#[tokio::test]
async fn req_27_a_nested_path_without_the_original_admits_no_guest() {
    let forgetful = tower::util::MapRequestLayer::new(|mut request: Request<Body>| {
        request.extensions_mut().remove::<axum::extract::OriginalUri>();
        request
    });
    let app = Router::new().nest("/v1", nested().layer(forgetful));
    for target in ["/v1/o/sandbox/x", "/v1/sandbox/x"] {
        assert!(!is_guest(&app, "GET", target.parse().unwrap()).await, "{target}");
    }
}

/// A router of another crate removes a prefix and records nothing; the layer around it records the
/// original target.
#[tokio::test]
async fn req_27_a_recorded_target_decides_inside_any_router() {
    let stripped = tower::util::MapRequestLayer::new(|mut request: Request<Body>| {
        let target = request.uri().to_string();
        if let Some(rest) = target.strip_prefix("/v1") {
            *request.uri_mut() = rest.parse().unwrap();
        }
        request
    });
    let service = layer(dialect::USERGRID).layer(service_fn(greet));
    let service = OriginalTargetLayer::new().layer(stripped.layer(service));
    for (target, status) in
        [("/v1/o/sandbox/x", 401), ("/v1/sandbox/x", 200), ("/o/sandbox/x", 200), ("/o/app/x", 401)]
    {
        assert_eq!(send(service.clone(), get(target, &[])).await.status, status, "{target}");
    }
    // A second layer does not replace the first record.
    let again = layer(dialect::USERGRID).layer(service_fn(greet));
    let again = OriginalTargetLayer::new().layer(stripped.layer(OriginalTargetLayer::new().layer(again)));
    assert_eq!(send(again, get("/v1/o/sandbox/x", &[])).await.status, 401);
}

/// Plain Tower: the layer is outermost, and the request's own path is the original path.
#[tokio::test]
async fn without_axum_the_requests_path_decides() {
    let service = layer(dialect::USERGRID).layer(service_fn(greet));
    for (targets, guest) in [(&GUESTS[..], true), (&NOBODY, false), (&ODD, false)] {
        for target in targets {
            let Ok(target) = target.parse::<Uri>() else { continue };
            let request = Request::get(target.clone()).body(Body::empty()).unwrap();
            let answer = send(service.clone(), request).await;
            assert_eq!(answer.status, if guest { 200 } else { 401 }, "{target}");
        }
    }
}

#[tokio::test]
async fn req_29_methods_are_a_list_and_a_path_may_be_empty() {
    let app = app(dialect::USERGRID);
    for (method, guest) in [
        ("GET", true),
        ("HEAD", true),
        ("POST", true),
        ("PUT", true),
        ("DELETE", true),
        ("PATCH", false),
        ("OPTIONS", false),
        ("TRACE", false),
        ("CONNECT", false),
        ("get", false),
        ("Get", false),
        ("PROPFIND", false),
    ] {
        let answer = send(app.clone(), request(method, "/o/sandbox/x", &[])).await;
        assert_eq!(answer.status == 200, guest, "{method}");
    }
    for (method, target) in
        [("OPTIONS", "*"), ("GET", "*"), ("CONNECT", "sandbox:443"), ("GET", "secret"), ("GET", "o")]
    {
        let target: Uri = target.parse().unwrap();
        assert!(!is_guest(&app, method, target.clone()).await, "{method} {target}");
        let service = layer(dialect::USERGRID).layer(service_fn(greet));
        let mut request = request(method, "/", &[]);
        *request.uri_mut() = target;
        assert_eq!(send(service, request).await.outcome(), Err(Missing));
    }
}

/// REQ-31 and F01 to F11: only the target of the request counts as its path.
#[tokio::test]
async fn req_31_nothing_else_of_a_request_makes_a_guest() {
    let app = app(dialect::USERGRID);
    for header in [
        ("x-original-url", "/o/sandbox/x"),
        ("x-rewrite-url", "/o/sandbox/x"),
        ("x-forwarded-uri", "/o/sandbox/x"),
        ("x-forwarded-path", "/o/sandbox/x"),
        ("x-forwarded-prefix", "/o/sandbox"),
        ("x-http-method-override", "GET"),
        ("x-middleware-subrequest", "middleware:middleware:middleware:middleware:middleware"),
        ("x-user", "admin"),
        ("x-remote-user", "admin"),
        ("x-authenticated-scopes", "all"),
        ("host", "sandbox"),
        ("user-agent", "kube-probe/1.29"),
        ("origin", "https://sandbox.example"),
        ("access-control-request-method", "GET"),
        ("upgrade", "websocket"),
        ("cookie", "session=1"),
    ] {
        for method in ["GET", "POST", "OPTIONS"] {
            let answer = send(app.clone(), request(method, "/o/app/x?/o/sandbox", &[header])).await;
            assert_eq!(answer.kind(), Some(Missing), "{method} {header:?}");
        }
    }
}

/// G43 and its neighbours: a credential is judged in the sandbox as well.
#[tokio::test]
async fn a_credential_at_the_sandbox_is_judged() {
    let app = app(dialect::USERGRID);
    for (line, expected) in [
        (bearer(TOKEN), Ok("OAuthUser")),
        (basic(ORG_CLIENT, CLIENT_SECRET), Ok("OrgAdmin")),
        (bearer(UNKNOWN_TOKEN), Err(DeniedToken)),
        ("Bearer".to_owned(), Err(Malformed)),
        (String::new(), Err(Malformed)),
    ] {
        let answer = send(app.clone(), get("/o/sandbox/x", &[("authorization", &line)])).await;
        assert_eq!(answer.outcome(), expected, "{line}");
    }
    let answer = send(app, get("/o/sandbox/x?access_token=", &[])).await;
    assert_eq!(answer.outcome(), Err(Malformed));
}

/// G47, with a length well below the limit of `Uri`.
#[tokio::test]
async fn a_long_path_is_judged_like_a_short_one() {
    let app = app(dialect::USERGRID);
    let long = "x".repeat(60_000);
    assert!(is_guest(&app, "GET", format!("/o/sandbox/{long}").parse().unwrap()).await);
    assert!(!is_guest(&app, "GET", format!("/o/{long}/sandbox").parse().unwrap()).await);
    assert!(!is_guest(&app, "GET", format!("/o/app{}", "/sandbox".repeat(7000)).parse().unwrap()).await);
}

/// Guests may use any router that routes by method.
#[tokio::test]
async fn a_method_router_answers_guests_like_a_router() {
    let app = Router::new().route("/o/{app}/x", any(async || "Guest:")).layer(layer(dialect::USERGRID));
    assert!(is_guest(&app, "GET", "/o/sandbox/x".parse().unwrap()).await);
    assert!(!is_guest(&app, "GET", "/o/app/x".parse().unwrap()).await);
    assert!(!is_guest(&app, "GET", "/o/sandbox%2fy/x".parse().unwrap()).await);
}
