//! An authorization server over a SQLite database, and a resource server beside it.
//!
//! `cargo run --features server,sqlite --example authorization_server` prints the commands to try.
//! The guide walks through them: `docs/guide/authorize_with_curl.md`.

use axum::Router;
use axum::routing::get;
use tower_principal::dialect;
use tower_principal::grant::{Application, GrantType};
use tower_principal::server::AuthorizationServer;
use tower_principal::server::pages::StandardPages;
use tower_principal::verify::sql::{NewUser, SqlVerifier};
use tower_principal::{AuthenticateLayer, OAuthUser, RequireLayer, Secret, policy, transport};

const ISSUER: &str = "http://127.0.0.1:3000";

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let database = SqlVerifier::sqlite("sqlite::memory:").connect().await?;
    let store = database.store();
    store.users().create("alice", Secret::borrowed("correct horse"), NewUser::new()).await?;

    // A web service keeps a secret; an app on a phone cannot.
    let weather = Application::confidential("weather")
        .grants([GrantType::ClientCredentials])
        .scopes(["datasets:read"])
        .serves([ISSUER]);
    let secret = store.applications().register(&weather).await?.ok_or("no secret")?;
    let viewer = Application::public("viewer")
        .label("Map viewer")
        .redirect("http://127.0.0.1/callback")
        .grants([GrantType::AuthorizationCode, GrantType::RefreshToken])
        .scopes(["datasets:read"]);
    store.applications().register(&viewer).await?;

    // Without TLS this is for clients on this machine alone. With a proxy or an acceptor that has
    // TLS, name it here; the issuer is then an https URL.
    let transport = transport::danger_assume_secure();
    let server = AuthorizationServer::builder(ISSUER, store, transport.clone())
        .users(database.clone())
        .pages(StandardPages::named("Data service"))
        .scope_text("datasets:read", "Read your datasets")
        .build()?;

    let app = Router::new()
        .route("/datasets", get(|user: OAuthUser| async move { format!("hello, {}\n", user.id()) }))
        .route_layer(RequireLayer::new(policy::scope("datasets:read")))
        .route_layer(AuthenticateLayer::new(dialect::RFC6750, database, transport))
        .merge(server.router());

    let secret = secret.expose_secret();
    eprintln!("# A client that acts for itself:");
    eprintln!("curl {ISSUER}/oauth2/token -u weather:{secret} -d grant_type=client_credentials");
    eprintln!("# With its token:");
    eprintln!("curl {ISSUER}/datasets -H 'Authorization: Bearer TOKEN'");
    eprintln!("# The applications of the user alice, whose password is `correct horse`, in a browser:");
    eprintln!("{ISSUER}/oauth2/applications");
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    Ok(axum::serve(listener, app).await?)
}
