//! Unit tests of handlers and routes that need no credentials.
//!
//! `cargo run --example testing --features test-util` runs the checks below and ends. In a service
//! they are `#[tokio::test]` functions, and the feature `test-util` is enabled in
//! `[dev-dependencies]`.

use std::error::Error;

use axum::body::Body;
use axum::{Router, routing::get};
use http::{Request, StatusCode};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;
use tower_principal::test_util::{self, ActAs};
use tower_principal::{
    AppToken, Authentication, AuthenticationExt as _, BasicUser, OAuthUser, RequireLayer, policy,
};

/// The routes under test. They are testable alone because the `AuthenticateLayer` is added
/// elsewhere.
fn routes() -> Router {
    Router::new()
        .route("/reports", get(|user: OAuthUser| async move { format!("reports of {}", user.id()) }))
        .route_layer(RequireLayer::new(policy::scope("reports")))
        .route("/usage", get(usage))
}

async fn usage(who: Authentication) -> String {
    let app = who.app().map_or("no application", AppToken::id);
    format!("{} by {app}", who.principal().id().unwrap_or("guest"))
}

/// Calls a route as a principal: `ActAs` takes the place of the `AuthenticateLayer`.
async fn call(who: ActAs, path: &str) -> Result<(StatusCode, String), Box<dyn Error>> {
    let response = routes().layer(who).oneshot(Request::get(path).body(Body::empty())?).await?;
    let status = response.status();
    let body = response.into_body().collect().await?.to_bytes();
    Ok((status, String::from_utf8(body.to_vec())?))
}

async fn those_with_the_scope_see_their_reports() -> Result<(), Box<dyn Error>> {
    let otto = OAuthUser::new("otto").with_scopes(["reports"]);
    assert_eq!(
        call(ActAs::principal(otto), "/reports").await?,
        (StatusCode::OK, "reports of otto".to_owned())
    );
    Ok(())
}

async fn others_do_not() -> Result<(), Box<dyn Error>> {
    let nina = ActAs::principal(OAuthUser::new("nina"));
    let alice = ActAs::principal(BasicUser::new("alice"));
    for (who, status) in [
        (nina, StatusCode::FORBIDDEN),
        (alice, StatusCode::FORBIDDEN),
        // A guest is asked to log in.
        (ActAs::guest(), StatusCode::UNAUTHORIZED),
    ] {
        assert_eq!(call(who, "/reports").await?.0, status);
    }
    Ok(())
}

async fn usage_names_the_application_that_came_along() -> Result<(), Box<dyn Error>> {
    let alice = || ActAs::principal(BasicUser::new("alice"));
    let map = AppToken::new("map");
    assert_eq!(call(alice(), "/usage").await?.1, "alice by no application");
    assert_eq!(call(alice().with_app(map), "/usage").await?.1, "alice by map");
    assert_eq!(call(ActAs::guest(), "/usage").await?.1, "guest by no application");
    Ok(())
}

async fn a_handler_is_a_function() {
    let who = test_util::authentication(BasicUser::new("alice"));
    assert_eq!(usage(who).await, "alice by no application");
}

fn on_plain_tower_the_record_goes_into_the_extensions() {
    let mut request = Request::new(());
    request.extensions_mut().insert(test_util::authentication(BasicUser::new("alice")));
    assert_eq!(request.principal().and_then(|who| who.id()), Some("alice"));
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    those_with_the_scope_see_their_reports().await?;
    others_do_not().await?;
    usage_names_the_application_that_came_along().await?;
    a_handler_is_a_function().await;
    on_plain_tower_the_record_goes_into_the_extensions();
    eprintln!("all checks passed");
    Ok(())
}
