//! A slow verifier behind a cache: it is asked once, and told when to forget.
//!
//! `cargo run --features cache --example cached`, then the calls it prints.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::routing::{delete, get};
use axum::{Router, serve};
use tokio::net::TcpListener;
use tokio::time::sleep;
use tower_principal::verify::Cached;
use tower_principal::{
    AuthenticateLayer, Credential, OAuthUser, Principal, PrincipalKind, Verifier, VerifyContext, VerifyError,
    dialect, transport,
};

/// A stand-in for a database or a remote service that takes its time.
struct Remote;

impl Verifier for Remote {
    async fn verify(
        &self,
        credential: &Credential<'_>,
        _: &VerifyContext<'_>,
    ) -> Result<Principal, VerifyError> {
        let Credential::AccessToken(token) = credential else { return Err(VerifyError::Unsupported) };
        eprintln!("the remote service is asked");
        sleep(Duration::from_millis(500)).await;
        match token.expose_secret() {
            "otto-token" => Ok(OAuthUser::builder("otto").build().into()),
            _ => Err(VerifyError::UNKNOWN),
        }
    }
}

/// What somebody calls who has ended a user's sessions: without it they would last up to `ttl`.
async fn forget(State(cached): State<Arc<Cached<Remote>>>, Path(user): Path<String>) -> String {
    let forgotten = cached.evict_principal(PrincipalKind::OAuthUser, &user);
    format!("{forgotten} forgotten\n")
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let cached = Arc::new(Cached::new(Remote)?.ttl(Duration::from_secs(10)).capacity(10_000));

    let app = Router::new()
        .route("/whoami", get(|me: Principal| async move { format!("{me:?}\n") }))
        // Plain http is for this demonstration only.
        .route_layer(AuthenticateLayer::new(
            dialect::RFC6750,
            Arc::clone(&cached),
            transport::danger_assume_secure(),
        ))
        // For this demonstration anybody may; yours would have a layer of its own.
        .route("/sessions/{user}", delete(forget))
        .with_state(cached);

    let listener = TcpListener::bind("127.0.0.1:3000").await?;
    eprintln!("half a second, then at once, for ten seconds; bad ones for five:");
    eprintln!(
        "  curl -w '%{{time_total}} s\\n' http://127.0.0.1:3000/whoami -H 'Authorization: Bearer otto-token'"
    );
    eprintln!(
        "  curl -w '%{{time_total}} s\\n' http://127.0.0.1:3000/whoami -H 'Authorization: Bearer nobodys'"
    );
    eprintln!("forget a user before that:");
    eprintln!("  curl -X DELETE http://127.0.0.1:3000/sessions/otto");
    serve(listener, app).await?;
    Ok(())
}
