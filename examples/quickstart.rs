//! The quickstart. Run it with `cargo run --example quickstart`.

use axum::{Router, routing::get};
use tower_principal::{ApiKey, OAuthUser, Principal, verify::MemoryVerifier};
use tower_principal::{AuthenticateLayer, RequireLayer};
use tower_principal::{dialect, policy, transport};

pub(crate) fn app() -> Result<Router, Box<dyn std::error::Error>> {
    // The known tokens and keys. A database or an issuer of JWTs comes later.
    let otto = OAuthUser::new("otto").with_scopes(["datasets:read"]);
    let nina = OAuthUser::new("nina");
    let robot = ApiKey::new("key-1").with_owner("otto");
    let verifier = MemoryVerifier::builder()
        .access_token("otto-token", otto)
        .access_token("nina-token", nina)
        .api_key("robot-key", robot)
        .build()?;

    // Plain http is only for this demonstration.
    let transport = transport::danger_assume_secure();
    let dialect = dialect::OPENDATASOFT;
    let authenticate = AuthenticateLayer::new(dialect, verifier, transport);

    Ok(Router::new()
        .route("/datasets", get(|| async { "all the datasets\n" }))
        // Applies to the routes above it: only `/datasets` needs the scope.
        .route_layer(RequireLayer::new(policy::scope("datasets:read")))
        .route("/whoami", get(whoami))
        .route("/profile", get(profile))
        // Last, so that it applies to all routes.
        .route_layer(authenticate))
}

/// Any caller.
async fn whoami(me: Principal) -> String {
    format!("{me:?}\n")
}

/// Only users, and not keys: they get 403.
async fn profile(user: OAuthUser) -> String {
    format!("{}\n", user.id())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    axum::serve(listener, app()?).await?;
    Ok(())
}
