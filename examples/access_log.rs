//! An access log that names the caller of every request, and the reason of every refusal.
//!
//! `cargo run --example access_log` sends four requests, whose lines are on the standard error.

use std::time::Duration;

use axum::body::Body;
use axum::{Router, routing::get};
use http::{Request, Response};
use tower::ServiceExt as _;
use tower_http::trace::{DefaultOnRequest, TraceLayer};
use tower_principal::layer::{AuthenticationInResponseLayer, make_span};
use tower_principal::{
    AuthenticateLayer, AuthenticationExt as _, GuestRule, OAuthUser, Rejection, dialect, transport,
    verify::MemoryVerifier,
};
use tracing::Span;

/// Writes one line for each response. The span adds the method, the path and the principal, and no
/// query, because a query may have credentials.
fn access_line<B>(response: &Response<B>, latency: Duration, _: &Span) {
    let (status, micros) = (response.status().as_u16(), latency.as_micros());
    // `key` is printable ASCII and belongs to one principal. A guest has none.
    let caller = response.principal().map(|caller| caller.key().unwrap_or_else(|| "guest".to_owned()));
    // A refusal is in the response instead of a principal.
    let refusal = response.extensions().get::<Rejection>().map(|refusal| refusal.kind().as_str());
    tracing::info!(target: "access", status, micros, caller, refusal);
}

fn app() -> Result<Router, Box<dyn std::error::Error>> {
    let verifier = MemoryVerifier::builder().access_token("otto-token", OAuthUser::new("otto")).build()?;
    let dialect = dialect::RFC6750.guests([GuestRule::path("/public/**")]);
    // This example has no listener.
    let authenticate = AuthenticateLayer::new(dialect, verifier, transport::danger_assume_secure());
    Ok(Router::new()
        .route("/private", get(|user: OAuthUser| async move { user.id().to_owned() }))
        .route("/public/news", get(|| async { "news" }))
        // Without it, responses do not carry the principal; the span has it in any case.
        .layer(AuthenticationInResponseLayer::new())
        .layer(authenticate)
        // Last, so that it is outside and also sees what the layer refuses.
        .layer(
            TraceLayer::new_for_http()
                .make_span_with(make_span::<Body>)
                .on_request(DefaultOnRequest::new().level(tracing::Level::TRACE))
                .on_response(access_line::<Body>),
        ))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // The span has the level DEBUG.
    tracing_subscriber::fmt().with_max_level(tracing::Level::DEBUG).with_writer(std::io::stderr).init();
    let app = app()?;
    for (path, line, status) in [
        ("/private", Some("Bearer otto-token"), 200),
        ("/private", Some("Bearer a-guess"), 401),
        ("/private", None, 401),
        ("/public/news", None, 200),
    ] {
        let request = Request::get(path);
        let request = line.into_iter().fold(request, |request, line| request.header("authorization", line));
        let response = app.clone().oneshot(request.body(Body::empty())?).await?;
        assert_eq!(response.status(), status);
    }
    Ok(())
}
