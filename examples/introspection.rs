//! Access tokens that are introspected at an authorization server (RFC 7662). This program runs
//! both the server and the service, each on its own port.
//!
//! Run `cargo run --features cache,introspection --example introspection`, then the calls it
//! prints.

use std::collections::HashMap;

use axum::body::Body;
use axum::extract::Form;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router, serve};
use http::StatusCode;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tower_principal::verify::{Cached, Claims, Introspection};
use tower_principal::{AuthenticateLayer, OAuthUser, RequireLayer, dialect, fetch, policy, transport};

/// The authorization server, with one token and one service that may introspect.
async fn introspect(headers: HeaderMap, Form(form): Form<HashMap<String, String>>) -> Response {
    // The credentials are my-api:its-secret.
    if headers.get("authorization").is_none_or(|sent| sent != "Basic bXktYXBpOml0cy1zZWNyZXQ=") {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    eprintln!("the authorization server is asked");
    let answer = match form.get("token").map(String::as_str) {
        Some("otto-token") => json!({
            "active": true, "sub": "otto", "client_id": "map-app", "scope": "datasets:read",
            "aud": "my-api", "exp": 4_000_000_000_u64, "department": "maps",
        }),
        _ => json!({ "active": false }),
    };
    Json(answer).into_response()
}

/// The claims contain the server's whole answer.
async fn profile(user: OAuthUser) -> String {
    let department = user.claims::<Claims>().and_then(|claims| claims.get("department"));
    format!("{} of {}\n", user.id(), department.as_ref().and_then(Value::as_str).unwrap_or("nowhere"))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let authority = TcpListener::bind("127.0.0.1:3001").await?;
    let server = Router::new().route("/introspect", post(introspect));
    tokio::spawn(async { serve(authority, server).await });

    // Any Tower client works; the feature `reqwest` adds `fetch::HttpClient`, which supports TLS.
    let client = fetch::service::<_, Body>(Client::builder(TokioExecutor::new()).build_http());
    let introspection = Introspection::builder("http://127.0.0.1:3001/introspect", client)
        .client("my-api", "its-secret")
        .audience("my-api")
        // Only for this demonstration, as below: tokens would be sent in clear text.
        .danger_allow_http()
        .build()?;
    let verifier = Cached::new(introspection)?;

    let app = Router::new()
        .route("/profile", get(profile))
        .route_layer(RequireLayer::new(policy::scope("datasets:read")))
        .route_layer(AuthenticateLayer::new(dialect::RFC6750, verifier, transport::danger_assume_secure()));
    eprintln!("try, more than once:");
    eprintln!("  curl http://127.0.0.1:3000/profile -H 'Authorization: Bearer otto-token'");
    eprintln!("  curl -i http://127.0.0.1:3000/profile -H 'Authorization: Bearer nobodys'");
    serve(TcpListener::bind("127.0.0.1:3000").await?, app).await?;
    Ok(())
}
