//! jwt-authorizer: its layer with keys in memory, and its extractor.

use axum::Router;
use axum::routing::get;
use jwt_authorizer::{AuthorizerBuilder, IntoLayer as _, JwtAuthorizer, JwtClaims, Validation};
use kit::Measured::Accepted;
use kit::jwt::{AUDIENCE, ISSUER, SECRET, key_set, made};
use kit::{Case, HELLO, Made, Setup, greet};
use serde::Deserialize;

#[derive(Clone, Deserialize)]
#[allow(dead_code, reason = "the handler needs only the subject")]
struct User {
    sub: String,
    client_id: String,
    scope: String,
}

fn protected(algorithm: &str, setup: &Setup<'_>) -> Made<Router> {
    let builder: AuthorizerBuilder<User> = match algorithm {
        "hs256" => JwtAuthorizer::from_secret(SECRET),
        _ => JwtAuthorizer::from_jwks_text(&key_set(algorithm)),
    };
    let validation = Validation::new().iss(&[ISSUER]).aud(&[AUDIENCE]);
    let authorizer = setup.runtime.block_on(builder.validation(validation).build()).expect("an authorizer");
    let handler = get(|JwtClaims(user): JwtClaims<User>| async move { greet(&user.sub) });
    let router = Router::new().route("/", handler).layer(authorizer.into_layer());
    made(algorithm, router, Router::new().route("/", get(|| async { HELLO })))
}

const CASES: &[Case<Router>] = &[
    Case { name: "hs256/jwt-authorizer", measured: Accepted, make: |setup| protected("hs256", setup) },
    Case { name: "rs256/jwt-authorizer", measured: Accepted, make: |setup| protected("rs256", setup) },
    Case { name: "es256/jwt-authorizer", measured: Accepted, make: |setup| protected("es256", setup) },
];

fn main() {
    kit::run::<_, axum::body::Body, _>(CASES);
}
