//! The README's example. Run it with `cargo run --example quickstart`.

use axum::{Router, routing::get};
use tower_principal::{
    ApiKey, AuthenticateLayer, MemoryVerifier, OAuthUser, Principal, RequireLayer, dialect, policy, transport,
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // The known users and tokens. To use your own database, implement `Verifier`.
    let otto = OAuthUser::builder("otto").scopes(["datasets:read"]).build();
    let nina = OAuthUser::builder("nina").build();
    let robot = ApiKey::builder("key-1").owner("otto").build();
    let verifier = MemoryVerifier::builder()
        .access_token("otto-token", otto)
        .access_token("nina-token", nina)
        .key("robot-key", robot)
        .build()?;

    let app = Router::new()
        .route("/datasets", get(|| async { "all the datasets\n" }))
        // A `route_layer` applies to the routes above it: only `/datasets` needs the scope.
        .route_layer(RequireLayer::new(policy::scope("datasets:read")))
        .route("/whoami", get(|me: Principal| async move { format!("{me:?}\n") }))
        .route("/profile", get(|user: OAuthUser| async move { format!("{}\n", user.id()) }))
        // Last, so that it applies to all routes. Plain http is only for this demonstration.
        .route_layer(AuthenticateLayer::new(
            dialect::OPENDATASOFT,
            verifier,
            transport::danger_assume_secure(),
        ));

    eprintln!("try: curl -i http://127.0.0.1:3000/datasets -H 'Authorization: Bearer otto-token'");
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    axum::serve(listener, app).await?;
    Ok(())
}
