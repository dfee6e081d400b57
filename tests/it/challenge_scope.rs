//! The scopes in the first 401 (RFC 6750 section 3).

use axum::Router;
use axum::routing::get as route;
use http::{Request, Response};
use tower_principal::Policy;
use tower_principal::RejectionKind::{self, InsufficientScope, Missing, UnknownScheme};
use tower_principal::policy::{self, Forbidden};
use tower_principal::test_util::ActAs;
use tower_principal::{
    AppToken, Dialect, Guest, GuestRule, OAuthUser, Principal, PrincipalKind, RequireLayer, dialect,
    extract::Authenticated,
};

use crate::support::*;

const URL: &str = "https://data.example/.well-known/oauth-protected-resource";

fn open(dialect: Dialect) -> Dialect {
    dialect.guests([GuestRule::everywhere()])
}

/// Returns the challenges that a guest gets from a policy.
async fn challenges(dialect: Dialect, policy: impl Policy) -> Vec<String> {
    let app = whoami().layer(RequireLayer::new(policy)).layer(layer(open(dialect)));
    let answer = send(app, get("/", &[])).await;
    assert_eq!((answer.kind(), answer.status), (Some(Missing), 401));
    answer.lines("www-authenticate").into_iter().map(str::to_owned).collect()
}

#[tokio::test]
async fn the_first_401_of_a_guest_short_of_scopes_names_them() {
    let layer = layer(open(dialect::RFC6750)).resource_metadata(URL);
    let app = whoami().layer(RequireLayer::new(policy::scope("read write"))).layer(layer);
    let answer = send(app.clone(), get("/", &[])).await;
    assert_eq!((answer.kind(), answer.status), (Some(Missing), 401));
    let expected = format!(r#"Bearer realm="api", resource_metadata="{URL}", scope="read write""#);
    assert_eq!(answer.challenges(), [expected]);
    assert_eq!(answer.rejection.unwrap().needed_scopes().as_str(), "read write");
    // A token holder gets the error as well.
    let answer = send(app, authorization(bearer(TOKEN))).await;
    assert_eq!(answer.kind(), Some(InsufficientScope));
    let [line] = answer.lines("www-authenticate")[..] else { panic!("{answer:?}") };
    assert!(
        line.contains(r#"error="insufficient_scope""#) && line.ends_with(r#"scope="read write""#),
        "{line}"
    );
}

#[tokio::test]
async fn every_scheme_of_access_tokens_names_the_scopes_and_no_other_does() {
    assert_eq!(
        challenges(dialect::SOCRATA, policy::scope("read")).await,
        [r#"OAuth realm="api", scope="read""#, r#"Basic realm="api", charset="UTF-8""#]
    );
    let any = challenges(dialect::ANY, policy::scope("read")).await;
    for line in &any {
        let of_token = line.starts_with("Bearer ") || line.starts_with("OAuth ");
        assert_eq!(line.contains("scope="), of_token, "{line}");
        assert!(!line.contains("error="), "{line}");
    }
    assert!(any.len() >= 4, "{any:?}");
    let keys = dialect::RFC6750.forms([tower_principal::CredentialForm::scheme(
        "Key",
        tower_principal::dialect::TokenMeaning::API_KEY,
    )]);
    assert_eq!(challenges(keys, policy::scope("read")).await, [r#"Key realm="api""#]);
}

#[tokio::test]
async fn and_names_both_scopes_to_a_guest_and_or_one_way_in() {
    let scope = |lines: Vec<String>| {
        let [line] = &lines[..] else { panic!("{lines:?}") };
        line.split_once("scope=\"").map(|(_, scope)| scope.trim_end_matches('"').to_owned())
    };
    let (read, write) = (|| policy::scope("read"), || policy::scope("write"));
    let user = || policy::kind(PrincipalKind::OAuthUser);
    let of = dialect::RFC6750;
    assert_eq!(scope(challenges(of.clone(), read().and(write())).await).as_deref(), Some("read write"));
    assert_eq!(
        scope(challenges(of.clone(), read().and(policy::scope("read all"))).await).as_deref(),
        Some("read all")
    );
    assert_eq!(scope(challenges(of.clone(), read().or(write())).await).as_deref(), Some("read"));
    assert_eq!(scope(challenges(of.clone(), user().or(write())).await).as_deref(), Some("write"));
    let both = policy::authenticated().and(read());
    assert_eq!(scope(challenges(of.clone(), both).await).as_deref(), Some("read"));
    assert_eq!(scope(challenges(of.clone(), policy::authenticated()).await), None);
    assert_eq!(scope(challenges(of.clone(), policy::scope("")).await), None);
    let own = |_: &Principal, _: &tower_principal::request::RequestHead<'_>| {
        Err(Forbidden::needing("own".parse().unwrap()))
    };
    assert_eq!(scope(challenges(of, own).await).as_deref(), Some("own"));
}

/// A guest that holds some of the scopes gets a challenge with all scopes that are needed together.
#[tokio::test]
async fn the_401_of_a_guest_with_some_of_the_scopes_names_all() {
    let guest = || Guest::new().with_scopes(["read"]);
    for (required, scope) in [("read write", "read write"), ("write", "write")] {
        // The test kit provides the guest, and a layer around it renders the refusal.
        let routes = whoami().layer(RequireLayer::new(policy::scope(required)));
        let acting = routes.layer(ActAs::principal(guest()));
        let answer = send(acting.layer(layer(open(dialect::RFC6750))), get("/", &[])).await;
        assert_eq!((answer.kind(), answer.status), (Some(Missing), 401));
        assert_eq!(answer.challenges(), [format!(r#"Bearer realm="api", scope="{scope}""#)]);
    }
    let routes = whoami().layer(RequireLayer::new(policy::scope("read")));
    assert_eq!(send(routes.layer(ActAs::principal(guest())), get("/", &[])).await.status, 200);
}

/// A platform's own answers do not change the challenge.
#[tokio::test]
async fn a_platforms_401_names_the_scopes_too() {
    let lines = challenges(dialect::USERGRID, policy::scope("read")).await;
    assert!(lines.iter().any(|line| line == r#"Bearer realm="api", scope="read""#), "{lines:?}");
    let page = |_: &tower_principal::Rejection, standard: Response<bytes::Bytes>| standard;
    let layer = layer(open(dialect::RFC6750)).respond(page);
    let app = whoami().layer(RequireLayer::new(policy::scope("read"))).layer(layer);
    let answer = send(app, get("/", &[])).await;
    assert_eq!(answer.challenges(), [r#"Bearer realm="api", scope="read""#]);
}

async fn first(request: Request<axum::body::Body>, kind: RejectionKind) -> Vec<String> {
    let layer = layer(open(dialect::RFC6750).guests([GuestRule::path("/open/**")]))
        .challenge_scope("datasets:read datasets:write")
        .resource_metadata(URL);
    let routes = Router::new()
        .route("/open/user", route(async |_: OAuthUser| "in"))
        .route("/open/authenticated", route(async |_: Authenticated| "in"))
        .route("/open/scoped", route(async || "in").layer(RequireLayer::new(policy::scope("own"))))
        .fallback(async || "in");
    let answer = send(routes.layer(layer), request).await;
    assert_eq!(answer.kind(), Some(kind));
    answer.lines("www-authenticate").into_iter().map(str::to_owned).collect()
}

#[tokio::test]
async fn a_layer_that_knows_the_scopes_names_them_in_every_refusal() {
    let line = |scope: &str| format!(r#"Bearer realm="api", resource_metadata="{URL}", scope="{scope}""#);
    let of_layer = line("datasets:read datasets:write");
    for (request, kind) in [
        (get("/closed", &[]), Missing),
        (get("/open/user", &[]), Missing),
        (get("/open/authenticated", &[]), Missing),
        (get("/closed", &[("authorization", "Digest x")]), UnknownScheme),
    ] {
        let shown = request.uri().to_string();
        assert_eq!(first(request, kind).await, [of_layer.as_str()], "{shown}");
    }
    // The scopes of the policy that refused take precedence.
    assert_eq!(first(get("/open/scoped", &[]), Missing).await, [line("own")]);
}

/// A client whose token has expired asks for the next one with the scopes of the challenge.
#[tokio::test]
async fn a_token_that_is_denied_is_answered_with_the_scopes_of_the_layer_and_a_malformed_one_is_not() {
    let denied = first(authorization(bearer(UNKNOWN_TOKEN)), RejectionKind::DeniedToken).await;
    let expected = format!(
        r#"Bearer realm="api", error="invalid_token", resource_metadata="{URL}", scope="datasets:read datasets:write""#
    );
    assert_eq!(denied, [expected]);
    let malformed = first(authorization("Bearer"), RejectionKind::Malformed).await;
    assert_eq!(
        malformed,
        [format!(r#"Bearer realm="api", error="invalid_request", resource_metadata="{URL}""#)]
    );
}

#[tokio::test]
async fn only_schemes_of_access_tokens_name_the_scopes_of_the_layer_once_and_in_their_order() {
    let layer = layer(dialect::SOCRATA.guests([])).challenge_scope("write read  write");
    let app = whoami().layer(layer);
    let password = r#"Basic realm="api", charset="UTF-8""#;
    for (request, error) in [
        (get("/", &[]), ""),
        (authorization(format!("OAuth {UNKNOWN_TOKEN}")), r#" error="invalid_token","#),
        (authorization(basic("nobody", "wrong")), ""),
    ] {
        let answer = send(app.clone(), request).await;
        let token = format!(r#"OAuth realm="api",{error} scope="write read""#);
        assert_eq!(answer.lines("www-authenticate"), [token.as_str(), password]);
    }
}

/// The metadata of a call's status has the same challenge.
#[tokio::test]
async fn a_refused_grpc_call_has_the_scopes_in_its_metadata() {
    let request = Request::post("/closed").header("content-type", "application/grpc");
    let answer = first(request.body(axum::body::Body::empty()).unwrap(), Missing).await;
    let scope = r#"scope="datasets:read datasets:write""#;
    assert_eq!(answer, [format!(r#"Bearer realm="api", resource_metadata="{URL}", {scope}"#)]);
}

#[test]
fn a_scope_list_that_cannot_be_sent_is_an_error_at_start_up() {
    for list in ["", " ", "a\"b", "é"] {
        let made = std::panic::catch_unwind(|| layer(dialect::RFC6750).challenge_scope(list));
        assert!(made.is_err(), "{list:?}");
    }
}

/// A credential that identifies only an application authenticates no caller, so the request is
/// asked for credentials like a guest.
#[tokio::test]
async fn a_lone_app_token_satisfies_neither_the_extractor_nor_the_policy() {
    let routes = || {
        Router::new()
            .route("/extractor", route(async |_: Authenticated| "in"))
            .route("/optional", route(async |who: Option<Authenticated>| format!("{}", who.is_some())))
            .route("/policy", route(async || "in").layer(RequireLayer::new(policy::authenticated())))
            .route("/app", route(async |app: AppToken| app.id().to_owned()))
            .route(
                "/either",
                route(async || "in").layer(RequireLayer::new(
                    policy::authenticated().or(policy::kind(PrincipalKind::AppToken)),
                )),
            )
    };
    for (dialect, header) in [(dialect::SOCRATA, "x-app-token"), (dialect::GEODATAHUB, "x-api-key")] {
        let app = routes().layer(layer(dialect.clone()));
        for path in ["/extractor", "/policy"] {
            let answer = send(app.clone(), get(path, &[(header, APP_TOKEN)])).await;
            assert_eq!((answer.kind(), answer.status), (Some(Missing), 401), "{} {path}", dialect.name);
            assert!(!answer.challenges().is_empty());
            // Beside a credential that authenticates the caller, it changes nothing.
            let token = if header == "x-app-token" { format!("OAuth {TOKEN}") } else { TOKEN.to_owned() };
            let both = get(path, &[(header, APP_TOKEN), ("authorization", &token)]);
            assert_eq!(send(app.clone(), both).await.status, 200, "{} {path}", dialect.name);
        }
        for (path, body) in [("/optional", "false"), ("/app", "weather-map"), ("/either", "in")] {
            let answer = send(app.clone(), get(path, &[(header, APP_TOKEN)])).await;
            assert_eq!((answer.status, answer.body.as_str()), (200, body), "{} {path}", dialect.name);
        }
    }
}
