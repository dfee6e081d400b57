//! axum-jwt-auth: its extractor with keys in memory.

use std::sync::Arc;

use axum::Router;
use axum::extract::FromRef;
use axum::routing::get;
use axum_jwt_auth::{Claims, Decoder, LocalDecoder};
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use kit::Measured::Accepted;
use kit::jwt::{AUDIENCE, ISSUER, SECRET, key_set, made};
use kit::{Case, HELLO, Made, greet};
use serde::Deserialize;

#[derive(Clone, Deserialize)]
#[allow(dead_code, reason = "the handler needs only the subject")]
struct User {
    sub: String,
    client_id: String,
    scope: String,
}

#[derive(Clone, FromRef)]
struct AppState {
    decoder: Decoder<User>,
}

fn protected(name: &str, algorithm: Algorithm) -> Made<Router> {
    let key = match name {
        "hs256" => DecodingKey::from_secret(SECRET.as_bytes()),
        _ => {
            let set: JwkSet = serde_json::from_str(&key_set(name)).expect("a key set");
            DecodingKey::from_jwk(&set.keys[0]).expect("a key")
        }
    };
    let mut validation = Validation::new(algorithm);
    validation.set_audience(&[AUDIENCE]);
    validation.set_issuer(&[ISSUER]);
    let decoder = LocalDecoder::builder().keys(vec![key]).validation(validation).build().expect("a decoder");
    let handler = get(async |user: Claims<User>| greet(&user.claims.sub));
    let router = Router::new().route("/", handler).with_state(AppState { decoder: Arc::new(decoder) });
    made(name, router, Router::new().route("/", get(async || HELLO)))
}

const CASES: &[Case<Router>] = &[
    Case { name: "hs256/axum-jwt-auth", measured: Accepted, make: |_| protected("hs256", Algorithm::HS256) },
    Case { name: "rs256/axum-jwt-auth", measured: Accepted, make: |_| protected("rs256", Algorithm::RS256) },
    Case { name: "es256/axum-jwt-auth", measured: Accepted, make: |_| protected("es256", Algorithm::ES256) },
];

fn main() {
    kit::run::<_, axum::body::Body, _>(CASES);
}
