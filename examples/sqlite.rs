//! Users and API keys in a SQLite database: created, used, rotated and revoked, behind a router.
//!
//! `cargo run --features sqlite --example sqlite`

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use http::{Request, StatusCode};
use tower::ServiceExt as _;
use tower_principal::verify::sql::{NewCredential, NewUser, SqlVerifier};
use tower_principal::{AuthenticateLayer, Principal, RequireLayer, Secret, dialect, policy, transport};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let address = format!("sqlite:{}", folder.path().join("service.db").display());
    // Creates the file and its tables if they do not exist.
    let verifier = SqlVerifier::sqlite(address).secret_word("acme").connect().await?;

    // The operations of an administration page.
    let store = verifier.store();
    store.users().create("alice", Secret::borrowed("correct horse"), NewUser::new()).await?;
    store.roles().create("reader", ["get:/reports/*"]).await?;
    store.roles().assign("reader", "alice").await?;
    let keys = store.api_keys();
    let issued = keys.create(NewCredential::new().owner("alice").label("nightly import")).await?;
    let old = issued.secret.expose_secret();
    eprintln!("key {} of alice, shown once: {old}", issued.id);

    let app = Router::new()
        .route("/reports/{id}", get(|who: Principal| async move { format!("hello, {who:?}\n") }))
        .route_layer(RequireLayer::new(policy::permission("get:/reports/1")))
        .route_layer(AuthenticateLayer::new(
            dialect::OPENDATASOFT,
            verifier.clone(),
            // This example has no listener. A service declares how it determines that a connection
            // is secure.
            transport::danger_assume_secure(),
        ));
    assert_eq!(status(&app, old).await?, StatusCode::OK);

    // Both secrets are valid for a day, then only the new one.
    let rotated = keys.rotate(&issued.id, Duration::from_secs(24 * 3600)).await?;
    assert_eq!(status(&app, old).await?, StatusCode::OK);
    assert_eq!(status(&app, rotated.secret.expose_secret()).await?, StatusCode::OK);

    // The key carries its owner's current permissions.
    store.roles().unassign("reader", "alice").await?;
    assert_eq!(status(&app, old).await?, StatusCode::FORBIDDEN);
    store.roles().assign("reader", "alice").await?;

    keys.revoke(&issued.id).await?;
    assert_eq!(status(&app, old).await?, StatusCode::UNAUTHORIZED);
    for key in keys.list(None, 100).await? {
        eprintln!("{} {:?} {:?}, last used {:?}", key.id, key.label, key.state, key.last_used_at);
    }

    // An outage is never a denial.
    verifier.close().await;
    assert_eq!(status(&app, old).await?, StatusCode::SERVICE_UNAVAILABLE);
    eprintln!("all checks passed");
    Ok(())
}

async fn status(app: &Router, key: &str) -> Result<StatusCode, Box<dyn std::error::Error>> {
    let request = Request::get("/reports/1").header("authorization", format!("Apikey {key}"));
    Ok(app.clone().oneshot(request.body(Body::empty())?).await?.status())
}
