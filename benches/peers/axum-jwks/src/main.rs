//! axum-jwks: its extractor with keys in memory. It knows RSA keys only, and does not check the
//! issuer.

use axum::Router;
use axum::extract::FromRef;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum_jwks::{Claims, Jwks, ParseTokenClaims, TokenError};
use kit::Measured::Accepted;
use kit::jwt::{AUDIENCE, key_set, made};
use kit::{Case, HELLO, Made, greet};
use serde::Deserialize;

#[derive(Deserialize)]
#[allow(dead_code, reason = "the handler needs only the subject")]
struct User {
    sub: String,
    client_id: String,
    scope: String,
}

struct Refused;

impl From<TokenError> for Refused {
    fn from(_: TokenError) -> Self {
        Self
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        StatusCode::UNAUTHORIZED.into_response()
    }
}

impl ParseTokenClaims for User {
    type Rejection = Refused;
}

#[derive(Clone)]
struct AppState {
    jwks: Jwks,
}

impl FromRef<AppState> for Jwks {
    fn from_ref(state: &AppState) -> Self {
        state.jwks.clone()
    }
}

fn protected() -> Made<Router> {
    let set = serde_json::from_str(&key_set("rs256")).expect("a key set");
    let jwks = Jwks::from_jwk_set(set, Some(AUDIENCE), None).expect("keys");
    let handler = get(async |Claims(user): Claims<User>| greet(&user.sub));
    let router = Router::new().route("/", handler).with_state(AppState { jwks });
    made("rs256", router, Router::new().route("/", get(async || HELLO)))
}

const CASES: &[Case<Router>] = &[Case { name: "rs256/axum-jwks", measured: Accepted, make: |_| protected() }];

fn main() {
    kit::run::<_, axum::body::Body, _>(CASES);
}
