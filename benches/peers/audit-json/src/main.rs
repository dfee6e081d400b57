//! A request whose audit event a subscriber writes as JSON, and the same event by hand.

use std::io::sink;

use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::routing::get;
use kit::Measured::Accepted;
use kit::{Case, HELLO, ID, Made, Sent, greet};
use tower_principal::verify::MemoryVerifier;
use tower_principal::{AuthenticateLayer, OAuthUser, Principal, dialect, transport};
use tracing::info;

const TOKEN: &str = "9kxoTUYvSxnAiMpv008NBqRiqk5xWt0123456789";

/// Writes events as JSON, and keeps none.
fn listen() {
    tracing_subscriber::fmt().json().with_writer(sink).init();
}

fn made(router: Router, wrong: Option<Sent>) -> Made<Router> {
    listen();
    let plain = Router::new().route("/", get(async || HELLO));
    Made { router, plain, accepted: Sent::bearer(TOKEN), wrong, of_crowd: None }
}

fn ours() -> Made<Router> {
    let verifier = MemoryVerifier::builder().access_token(TOKEN, OAuthUser::new(ID)).build();
    let transport = transport::danger_assume_secure();
    let layer = AuthenticateLayer::new(dialect::RFC6750, verifier.expect("a verifier"), transport);
    let handler = get(async |caller: Principal| greet(caller.id().unwrap_or_default()));
    made(Router::new().route("/", handler).layer(layer), Some(Sent::bearer("wrong")))
}

/// The event of [`ours`], with every field as text that is there already.
async fn event(request: Request, next: Next) -> Response {
    info!(
        target: "tower_principal::audit",
        outcome = "accepted",
        dialect = "rfc6750",
        credential = "access_token",
        carrier = "authorization",
        syntax = "bearer",
        fingerprint = "0123456789abcdef",
        principal = "oauth_user",
        id = ID,
        identity = "store:/user/otto@example.org",
        "credential accepted"
    );
    next.run(request).await
}

fn by_hand() -> Made<Router> {
    made(Router::new().route("/", get(async || HELLO)).layer(from_fn(event)), None)
}

const CASES: &[Case<Router>] = &[
    Case { name: "audit/ours", measured: Accepted, make: |_| ours() },
    Case { name: "audit/hand", measured: Accepted, make: |_| by_hand() },
];

fn main() {
    kit::run::<_, axum::body::Body, _>(CASES);
}
