//! An authorization server over a SQLite database, and a resource server beside it.
//!
//! `cargo run --features server,sqlite --example authorization_server` prints the commands to try.

use axum::Router;
use axum::routing::get;
use tower_principal::dialect;
use tower_principal::grant::{Application, GrantType, code_challenge};
use tower_principal::server::{AuthorizationServer, CodeOffer};
use tower_principal::verify::sql::{NewUser, SqlVerifier};
use tower_principal::{AuthenticateLayer, OAuthUser, RequireLayer, Secret, policy, transport};

const ISSUER: &str = "http://127.0.0.1:3000";
const CALLBACK: &str = "http://127.0.0.1/callback";
/// A client makes a new one for each log-in.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let database = SqlVerifier::sqlite("sqlite::memory:").connect().await?;
    let store = database.store();
    store.users().create("alice", Secret::borrowed("correct horse"), NewUser::new()).await?;

    // A web service keeps a secret; an app on a phone cannot.
    let weather =
        Application::confidential("weather").grants([GrantType::ClientCredentials]).scopes(["datasets:read"]);
    let secret = store.applications().register(&weather).await?.ok_or("no secret")?;
    let viewer = Application::public("viewer")
        .redirect(CALLBACK)
        .grants([GrantType::AuthorizationCode, GrantType::RefreshToken])
        .scopes(["datasets:read"]);
    store.applications().register(&viewer).await?;

    // Without TLS this is for clients on this machine alone. With a proxy or an acceptor that has
    // TLS, name it here; the issuer is then an https URL.
    let transport = transport::danger_assume_secure();
    let server = AuthorizationServer::builder(ISSUER, store, transport.clone()).build()?;

    // The service has logged alice in and has her consent.
    let offer = CodeOffer::new("viewer", "alice").redirect_uri(CALLBACK);
    let code = server.offer(offer.challenge(code_challenge(&Secret::borrowed(VERIFIER))?)).await?;

    let app = Router::new()
        .route("/datasets", get(|user: OAuthUser| async move { format!("hello, {}\n", user.id()) }))
        .route_layer(RequireLayer::new(policy::scope("datasets:read")))
        .route_layer(AuthenticateLayer::new(dialect::RFC6750, database, transport))
        .merge(server.router());

    let (secret, code) = (secret.expose_secret(), code.expose_secret());
    eprintln!("# A client that acts for itself:");
    eprintln!("curl {ISSUER}/oauth2/token -u weather:{secret} -d grant_type=client_credentials");
    eprintln!("# A client that acts for alice. A second use of the code ends its tokens:");
    eprintln!(
        "curl {ISSUER}/oauth2/token -d grant_type=authorization_code -d client_id=viewer -d code={code} \
         -d redirect_uri={CALLBACK} -d code_verifier={VERIFIER}"
    );
    eprintln!("# With a token of either:");
    eprintln!("curl {ISSUER}/datasets -H 'Authorization: Bearer TOKEN'");
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    Ok(axum::serve(listener, app).await?)
}
