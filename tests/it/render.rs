//! Which layer renders a refusal, and how: `RenderRejection`, and the typed rejection in the
//! response.

use axum::Router;
use axum::routing::get as route;
use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode};
use http_body_util::Full;
use tower::{Layer as _, service_fn};
use tower_principal::RejectionKind::{DeniedToken, Forbidden, InsufficientScope, Missing, ServerError};
use tower_principal::{
    GuestRule, OAuthUser, OrgAdmin, Principal, PrincipalKind, Rejection, RequireLayer, dialect,
    extract::Authenticated, policy,
};

use crate::support::*;

fn page(rejection: &Rejection, standard: Response<Bytes>) -> Response<Bytes> {
    let mut response = standard.map(|_| Bytes::from(format!("<p>{}</p>", rejection.kind())));
    response.headers_mut().insert("content-type", HeaderValue::from_static("text/html"));
    response
}

/// One route that the layer refuses, one that a policy refuses, two that extractors refuse.
fn routes() -> Router {
    Router::new()
        .route("/policy", route(async || "in"))
        .layer(RequireLayer::new(policy::scope("write")))
        .route("/user", route(async |user: OAuthUser| user.id().to_owned()))
        .route("/client", route(async |client: OrgAdmin| client.org().to_owned()))
        .route("/anybody", route(async |_: Authenticated| "in"))
}

#[tokio::test]
async fn one_closure_renders_the_layers_the_policies_and_the_extractors_refusals() {
    let dialect = dialect::ANY.guests([GuestRule::everywhere()]).realm("data");
    let app = routes().layer(layer(dialect).respond(page));
    let token = bearer(TOKEN);
    for (target, line, kind, status) in [
        ("/user", bearer("unknown"), DeniedToken, 401),
        ("/policy", token.clone(), InsufficientScope, 403),
        ("/policy", basic(USER, PASSWORD), Forbidden, 403),
        ("/client", token, InsufficientScope, 403),
        ("/user", basic(USER, PASSWORD), Forbidden, 403),
        ("/anybody", String::new(), Missing, 401),
        ("/client", String::new(), Missing, 401),
    ] {
        let mut request = get(target, &[]);
        if !line.is_empty() {
            request.headers_mut().insert("authorization", line.parse().unwrap());
        }
        let answer = send(app.clone(), request).await;
        assert_eq!((answer.kind(), answer.status), (Some(kind), status), "{target} {line}");
        assert_eq!(answer.body, format!("<p>{kind}</p>"), "{target} {line}");
        assert_eq!(answer.lines("content-type"), ["text/html"]);
        assert_eq!(answer.lines("cache-control"), ["no-store"]);
        assert_eq!(
            status == 401,
            answer.challenges().iter().any(|line| line.contains("Basic realm=\"data\""))
        );
    }
}

/// Without a `RenderRejection`, the refusals of policies and extractors are rendered for the
/// dialect as well.
#[tokio::test]
async fn refusals_further_in_are_challenged_for_in_the_dialects_way() {
    let app = routes().layer(layer(dialect::SOCRATA.realm("open data")));
    for target in ["/policy", "/user", "/client", "/anybody"] {
        let answer = send(app.clone(), get(target, &[])).await;
        assert_eq!((answer.kind(), answer.status), (Some(Missing), 401), "{target}");
        let oauth = match target {
            "/policy" => r#"OAuth realm="open data", scope="write""#,
            _ => r#"OAuth realm="open data""#,
        };
        assert_eq!(answer.challenges(), [r#"Basic realm="open data", charset="UTF-8""#, oauth], "{target}");
    }
    let line = format!("OAuth {TOKEN}");
    let answer = send(app, get("/policy", &[("authorization", &line)])).await;
    let expected = r#"OAuth realm="open data", error="insufficient_scope", scope="write""#;
    assert_eq!(answer.challenges(), [expected]);
}

#[tokio::test]
async fn a_respond_that_makes_a_success_of_a_refusal_is_not_sent() {
    for status in [StatusCode::OK, StatusCode::NO_CONTENT, StatusCode::CONTINUE, StatusCode::PARTIAL_CONTENT]
    {
        let kindly = move |_: &Rejection, _: Response<Bytes>| {
            let mut response = Response::new(Bytes::from_static(b"welcome"));
            *response.status_mut() = status;
            response
        };
        let app = routes().layer(layer(dialect::RFC6750).respond(kindly));
        for (request, expected) in
            [(get("/user", &[]), 401), (get("/policy", &[("authorization", &bearer(TOKEN))]), 403)]
        {
            let answer = send(app.clone(), request).await;
            assert_eq!(answer.status, expected, "{status}");
            assert!(!answer.body.contains("welcome") && !answer.challenges().is_empty(), "{answer:?}");
        }
    }
}

/// A redirect to a login page is not counted as a success.
#[tokio::test]
async fn a_respond_may_redirect_and_may_hide_what_is_there() {
    let elsewhere = |_: &Rejection, mut standard: Response<Bytes>| {
        *standard.status_mut() = StatusCode::SEE_OTHER;
        standard.headers_mut().insert("location", HeaderValue::from_static("/login"));
        standard
    };
    let answer = send(routes().layer(layer(dialect::RFC6750).respond(elsewhere)), get("/user", &[])).await;
    assert_eq!((answer.status, answer.lines("location")), (303, vec!["/login"]));
    let hidden = |_: &Rejection, _: Response<Bytes>| {
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = StatusCode::NOT_FOUND;
        response
    };
    let answer = send(routes().layer(layer(dialect::RFC6750).respond(hidden)), get("/user", &[])).await;
    assert_eq!((answer.status, answer.kind()), (404, Some(Missing)));
}

#[tokio::test]
async fn a_respond_of_a_head_request_sends_no_body() {
    let app = routes().layer(layer(dialect::RFC6750).respond(page));
    let answer = send(app, request("HEAD", "/user", &[])).await;
    assert_eq!((answer.status, answer.body.as_str()), (401, ""));
    assert_eq!(answer.lines("content-type"), ["text/html"]);
}

/// Logs and metrics outside the layer can read the kind, and the missing permission.
#[tokio::test]
async fn the_typed_rejection_is_in_the_responses_extensions() {
    let app = routes().layer(layer(dialect::RFC6750));
    let answer = send(app.clone(), get("/policy", &[("authorization", &bearer(TOKEN))])).await;
    let rejection = answer.rejection.unwrap();
    assert_eq!((rejection.kind(), rejection.needed_scopes().as_str()), (InsufficientScope, "write"));
    assert_eq!(send(app, get("/user", &[("authorization", &bearer(TOKEN))])).await.kind(), None);
}

/// An outer layer does not change a refusal that an inner layer has rendered, because the inner
/// dialect is the right one.
#[tokio::test]
async fn of_two_layers_the_inner_one_renders() {
    let inner = routes().layer(layer(dialect::GEODATAHUB.realm("inner")));
    let outer = layer(dialect::SOCRATA.guests([GuestRule::everywhere()]).realm("outer")).respond(page);
    let answer = send(inner.layer(outer), get("/user", &[])).await;
    assert_eq!(answer.challenges(), [r#"Basic realm="inner", charset="UTF-8""#]);
    assert!(answer.body.starts_with('{'), "{}", answer.body);
}

/// A wrong order of layers never opens a route, never panics, and never sends a challenge that no
/// client could meet. No layer renders the refusal, so it is a bare status.
#[tokio::test]
async fn without_the_layer_everything_is_a_server_error() {
    let optional = Router::new()
        .route("/optional", route(async |_: Option<Principal>| "in"))
        .route("/optional-user", route(async |_: Option<OAuthUser>| "in"))
        .route("/principal", route(async |_: Principal| "in"));
    let app = routes().merge(optional);
    for target in ["/policy", "/user", "/client", "/anybody", "/optional", "/optional-user", "/principal"] {
        let answer = send(app.clone(), get(target, &[("authorization", &bearer(TOKEN))])).await;
        assert_eq!((answer.status, answer.kind()), (500, Some(ServerError)), "{target}");
        assert!(answer.body.is_empty() && answer.headers.get("content-type").is_none(), "{answer:?}");
        assert!(answer.challenges().is_empty(), "{target}");
    }
}

/// A handler's own response is passed on unchanged, with any status.
#[tokio::test]
async fn a_handlers_own_answer_is_left_alone() {
    let teapot = service_fn(async |_: Request<axum::body::Body>| {
        let mut response = Response::new(Full::from("no coffee"));
        *response.status_mut() = StatusCode::UNAUTHORIZED;
        Ok::<_, std::convert::Infallible>(response)
    });
    let service = layer(dialect::RFC6750).respond(page).layer(teapot);
    let answer = send(service, authorization(bearer(TOKEN))).await;
    assert_eq!((answer.status, answer.body.as_str(), answer.kind()), (401, "no coffee", None));
    assert!(answer.challenges().is_empty());
}

/// In plain Tower, a `Require` also refuses with the dialect's challenge.
#[tokio::test]
async fn require_works_without_axum() {
    let inner = RequireLayer::new(policy::kind(PrincipalKind::OrgAdmin)).layer(service_fn(greet));
    let service = layer(dialect::USERGRID.realm("grid")).layer(inner);
    let client = basic(ORG_CLIENT, CLIENT_SECRET);
    let answer = send(service.clone(), authorization(client)).await;
    assert_eq!(answer.body, format!("OrgAdmin:{ORG_CLIENT}"));
    let answer = send(service, authorization(bearer(TOKEN))).await;
    assert_eq!(answer.challenges(), [r#"Bearer realm="grid", error="insufficient_scope""#]);
}
