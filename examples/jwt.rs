//! JWT access tokens of one issuer, whose keys are fetched. Run it with `cargo run --example jwt
//! --features jwt,test-util`.
//!
//! The issuer is inside this program, so that nothing else is needed. For a real issuer, the keys
//! are `Jwks::discovered("https://issuer.example", HttpClient::new()?)`, with the feature
//! `reqwest`.

use axum::{Router, routing::get};
use serde_json::Value;
use tower_principal::test_util::Issuer;
use tower_principal::verify::Claims;
use tower_principal::verify::JwtVerifier;
use tower_principal::{AuthenticateLayer, OAuthUser, RequireLayer, dialect, policy, transport};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let issuer = Issuer::new("https://issuer.example")?;

    let keys = issuer.discovered().build()?;
    // Optional: a service without keys can refuse to start.
    eprintln!("{} key(s) of {}", keys.load().await?, issuer.name());

    let verifier = JwtVerifier::builder(issuer.name())
        .audience("https://api.example") // the name of this service at the issuer
        .keys(keys)
        .build()?;

    let app = Router::new()
        .route("/datasets", get(|| async { "all the datasets\n" }))
        .route_layer(RequireLayer::new(policy::scope("datasets:read")))
        .route("/profile", get(profile))
        // Plain http is only for this demonstration.
        .route_layer(AuthenticateLayer::new(dialect::RFC6750, verifier, transport::danger_assume_secure()));

    let token = issuer
        .token("otto")
        .audience("https://api.example")
        .scope("datasets:read")
        .claim("department", "roads")
        .claim("roles", ["editor"].as_slice())
        .sign();
    eprintln!("try: curl -i http://127.0.0.1:3000/profile -H 'Authorization: Bearer {token}'");
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    axum::serve(listener, app).await?;
    Ok(())
}

async fn profile(user: OAuthUser) -> String {
    let claims = user.claims::<Claims>();
    let department = claims.and_then(|claims| claims.get("department"));
    let department = department.as_ref().and_then(Value::as_str).unwrap_or("no department");
    let groups = claims.map(Claims::groups).unwrap_or_default().join(", ");
    format!("{} of {department}, in {groups}, may {}\n", user.id(), user.scopes())
}
