//! This crate with JWTs, verified anew for each request and from its cache.

use axum::Router;
use axum::routing::get;
use kit::Measured::Accepted;
use kit::jwt::{AUDIENCE, ISSUER, SECRET, key_set, made};
use kit::{Case, HELLO, Made, greet};
use tower_principal::verify::{Algorithm, Cached, JwtVerifier, KeySet};
use tower_principal::{AuthenticateLayer, Principal, Verifier, dialect, transport};

fn verifier(algorithm: &str) -> JwtVerifier {
    let keys = match algorithm {
        "hs256" => KeySet::from_secret(Algorithm::Hs256, SECRET.as_bytes())
            .and_then(|keys| keys.with_key_id("key-1")),
        _ => KeySet::from_jwks(&key_set(algorithm)),
    };
    let builder = JwtVerifier::builder(ISSUER).audience(AUDIENCE);
    builder.keys(keys.expect("keys")).build().expect("a verifier")
}

fn protected(algorithm: &str, verifier: impl Verifier) -> Made<Router> {
    let layer = AuthenticateLayer::new(dialect::RFC6750, verifier, transport::danger_assume_secure());
    let handler = get(async |caller: Principal| greet(caller.id().unwrap_or_default()));
    let router = Router::new().route("/", handler).layer(layer);
    made(algorithm, router, Router::new().route("/", get(async || HELLO)))
}

fn cached(algorithm: &str) -> Made<Router> {
    protected(algorithm, Cached::new(verifier(algorithm)).expect("a cache"))
}

const CASES: &[Case<Router>] = &[
    Case { name: "hs256/ours", measured: Accepted, make: |_| protected("hs256", verifier("hs256")) },
    Case { name: "rs256/ours", measured: Accepted, make: |_| protected("rs256", verifier("rs256")) },
    Case { name: "es256/ours", measured: Accepted, make: |_| protected("es256", verifier("es256")) },
    Case { name: "hs256/ours-cached", measured: Accepted, make: |_| cached("hs256") },
    Case { name: "rs256/ours-cached", measured: Accepted, make: |_| cached("rs256") },
    Case { name: "es256/ours-cached", measured: Accepted, make: |_| cached("es256") },
];

fn main() {
    kit::run::<_, axum::body::Body, _>(CASES);
}
