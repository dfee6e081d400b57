//! What layers outside learn of an accepted request: the record in the response, and the span.

use std::io;
use std::sync::{Arc, Mutex};

use axum::body::Body;
use axum::routing::get as route;
use axum::{Extension, Router};
use http::{Request, Response};
use tower::ServiceExt as _;
use tower_http::trace::TraceLayer;
use tower_principal::extract::Authenticated;
use tower_principal::layer::{AuthenticationInResponseLayer as InResponse, make_span};
use tower_principal::{
    Authentication, AuthenticationExt as _, CredentialForm, Dialect, GuestRule, OAuthUser, Principal,
    Rejection, RejectionKind, RequireLayer, dialect, dialect::TokenMeaning, policy,
};
use tracing::field::Empty;

use crate::support::*;

fn open() -> Dialect {
    dialect::ANY.guests([GuestRule::path("/open/**")])
}

fn routes() -> Router {
    Router::new()
        .route("/open/user", route(async |_: OAuthUser| "in"))
        .route("/open/authenticated", route(async |_: Authenticated| "in"))
        .route("/scoped", route(async || "in").layer(RequireLayer::new(policy::scope("own"))))
        .route("/error", route(async || http::StatusCode::INTERNAL_SERVER_ERROR))
        .fallback(async || "in")
}

/// What the response says of the caller: its name, or the refusal, and never both.
async fn seen(app: Router, request: Request<Body>) -> Result<Option<String>, RejectionKind> {
    let response: Response<Body> = app.oneshot(request).await.unwrap();
    let refused = response.extensions().get::<Rejection>().map(Rejection::kind);
    let who = response.authentication().map(name);
    assert_eq!(response.principal().is_some(), who.is_some());
    match refused {
        None => Ok(who),
        Some(kind) => {
            assert_eq!(who, None, "{kind:?}");
            Err(kind)
        }
    }
}

fn with_token(target: &str) -> Request<Body> {
    get(target, &[("authorization", &bearer(TOKEN))])
}

#[tokio::test]
async fn the_response_to_an_accepted_request_names_the_caller() {
    let both = || get("/x", &[("authorization", &bearer(TOKEN)), ("x-app-token", APP_TOKEN)]);
    let later = || says_later(|_| Ok(OAuthUser::new("late").into()));
    let named = || routes().layer(InResponse::new()).layer(layer(open()));
    for (request, expected) in [
        (with_token("/x"), "OAuthUser:otto"),
        (with_token("/error"), "OAuthUser:otto"),
        (with_token("/open/user"), "OAuthUser:otto"),
        (get("/open/x", &[]), "Guest:"),
        (get("/x", &[("x-app-token", APP_TOKEN)]), "AppToken:weather-map"),
        (both(), "OAuthUser:otto+weather-map"),
        (authorization(basic(USER, PASSWORD)), "BasicUser:alice@example.org"),
    ] {
        assert_eq!(seen(named(), request).await, Ok(Some(expected.to_owned())));
    }
    let waits = routes().layer(InResponse::new()).layer(layer_of(open(), later()));
    assert_eq!(seen(waits, with_token("/x")).await, Ok(Some("OAuthUser:late".to_owned())));
    let forms = layer(dialect::OPENDATASOFT);
    let forms = routes()
        .layer(InResponse::new())
        .layer(forms.with_form_body(1024, std::time::Duration::from_secs(5)));
    let request = form("/x", format!("access_token={TOKEN}"));
    assert_eq!(seen(forms, request).await, Ok(Some("OAuthUser:otto".to_owned())));
}

#[tokio::test]
async fn a_refused_request_names_no_caller_whichever_part_refuses() {
    let app = || routes().layer(InResponse::new()).layer(layer(open()));
    for (request, kind) in [
        (get("/x", &[]), RejectionKind::Missing),
        (get("/x", &[("authorization", &bearer(UNKNOWN_TOKEN))]), RejectionKind::DeniedToken),
        (with_token("/scoped"), RejectionKind::InsufficientScope),
        (get("/open/user", &[]), RejectionKind::Missing),
        (get("/open/authenticated", &[]), RejectionKind::Missing),
        (get("/open/user", &[("authorization", &basic(USER, PASSWORD))]), RejectionKind::Forbidden),
    ] {
        assert_eq!(seen(app(), request).await, Err(kind));
    }
}

#[tokio::test]
async fn without_the_layer_for_it_a_response_has_no_record() {
    assert_eq!(seen(routes().layer(layer(open())), with_token("/x")).await, Ok(None));
    assert_eq!(seen(routes(), with_token("/x")).await, Ok(None), "without a layer");
}

#[tokio::test]
async fn of_two_nested_layers_the_response_has_the_record_that_the_handler_received() {
    let inner = || {
        let keys = dialect::RFC6750.forms([CredentialForm::header("x-api-key", TokenMeaning::API_KEY)]);
        layer(keys.guests([GuestRule::path("/guests/**")]))
    };
    let handler = async |who: Principal| who.kind().to_string();
    let app = || {
        let outer = layer(dialect::RFC6750.guests([GuestRule::everywhere()]));
        let app = Router::new().fallback(handler).layer(InResponse::new()).layer(inner());
        app.layer(InResponse::new()).layer(outer)
    };
    let key = |target| get(target, &[("x-api-key", API_KEY)]);
    assert_eq!(seen(app(), key("/x")).await, Ok(Some("ApiKey:whole".to_owned())));
    // The outer layer admits a guest, and the inner layer refuses it.
    assert_eq!(seen(app(), get("/x", &[])).await, Err(RejectionKind::Missing));
}

/// A response that already has extensions keeps them.
#[tokio::test]
async fn the_record_stands_beside_other_extensions() {
    #[derive(Clone, Debug, PartialEq)]
    struct Own(u8);

    let app = Router::new().fallback(async || (Extension(Own(7)), "in"));
    let app = app.layer(InResponse::new()).layer(layer(open()));
    let response = app.oneshot(with_token("/x")).await.unwrap();
    assert_eq!(response.extensions().get::<Own>(), Some(&Own(7)));
    let (parts, _) = response.into_parts();
    assert_eq!(parts.principal().and_then(Principal::id), Some("otto"));
    assert_eq!(parts.extensions.get::<Authentication>().map(name).as_deref(), Some("OAuthUser:otto"));
}

#[derive(Clone, Default)]
struct Text(Arc<Mutex<Vec<u8>>>);

impl io::Write for Text {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The line that a trace layer outside writes about a request.
async fn traced(app: Router, request: Request<Body>) -> String {
    let text = Text::default();
    let writer = text.clone();
    let log = tracing_subscriber::fmt().with_ansi(false).with_max_level(tracing::Level::DEBUG);
    hear_all_threads();
    let guard = tracing::subscriber::set_default(log.with_writer(move || writer.clone()).finish());
    app.oneshot(request).await.unwrap();
    drop(guard);
    let text = String::from_utf8(text.0.lock().unwrap().clone()).unwrap();
    assert!(!text.contains(TOKEN) && !text.contains(UNKNOWN_TOKEN) && !text.contains(PASSWORD), "{text}");
    let line = text.lines().find(|line| line.contains("finished processing request"));
    line.unwrap_or_else(|| panic!("{text}")).to_owned()
}

#[tokio::test]
async fn the_span_of_a_trace_layer_outside_names_the_caller_and_the_outcome() {
    let app = || {
        let trace = TraceLayer::new_for_http().make_span_with(make_span::<Body>);
        routes().layer(layer(open())).layer(trace)
    };
    let query = format!("/x?access_token={TOKEN}");
    for (request, expected, unexpected) in [
        (
            with_token("/x"),
            vec![r#"principal="OAuthUser" identity="store:/user/otto" outcome="accepted""#],
            vec!["fingerprint="],
        ),
        (get(&query, &[]), vec![r#"identity="store:/user/otto" outcome="accepted""#], vec!["access_token="]),
        (get("/open/x", &[]), vec![r#"principal="Guest" outcome="guest""#], vec!["identity="]),
        (
            get("/x", &[("authorization", &bearer(UNKNOWN_TOKEN))]),
            vec![r#"outcome="denied_token""#, "fingerprint="],
            vec!["principal=", "identity="],
        ),
        (get("/x", &[]), vec![r#"outcome="missing""#], vec!["principal=", "accepted"]),
        (
            with_token("/scoped"),
            vec![r#"identity="store:/user/otto" outcome="insufficient_scope""#],
            vec!["accepted"],
        ),
    ] {
        let line = traced(app(), request).await;
        for part in expected {
            assert!(line.contains(part), "{part}: {line}");
        }
        for part in unexpected {
            assert!(!line.contains(part), "{part}: {line}");
        }
    }
    let waits = says_later(|_| Ok(OAuthUser::new("late").into()));
    let trace = TraceLayer::new_for_http().make_span_with(make_span::<Body>);
    let line = traced(routes().layer(layer_of(open(), waits)).layer(trace), with_token("/x")).await;
    assert!(line.contains(r#"identity="store:/user/late" outcome="accepted""#), "{line}");
}

#[tokio::test]
async fn a_span_of_the_services_own_has_the_fields_that_it_names() {
    let span = |_: &Request<Body>| tracing::info_span!("own", principal = Empty, other = 7);
    let app = routes().layer(layer(open())).layer(TraceLayer::new_for_http().make_span_with(span));
    let line = traced(app, with_token("/x")).await;
    assert!(line.contains(r#"own{other=7 principal="OAuthUser"}"#), "{line}");
    assert!(!line.contains("identity=") && !line.contains("outcome="), "{line}");
}
