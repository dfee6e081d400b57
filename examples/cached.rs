//! A slow verifier behind a cache: a credential is verified once, until its entry is removed.
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

/// A stand-in for a slow database or remote service.
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
            "otto-token" => Ok(OAuthUser::new("otto").into()),
            _ => Err(VerifyError::UNKNOWN),
        }
    }
}

/// Called after a user's sessions were ended; without it, cached answers would remain up to `ttl`.
async fn forget(State(cached): State<Arc<Cached<Remote>>>, Path(user): Path<String>) -> String {
    let forgotten = cached.evict_principal(PrincipalKind::OAuthUser, &user);
    format!("{forgotten} forgotten\n")
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let cached = Arc::new(Cached::new(Remote)?.ttl(Duration::from_secs(10)).capacity(10_000));

    let app = Router::new()
        .route("/whoami", get(|me: Principal| async move { format!("{me:?}\n") }))
        // Plain http is only for this demonstration.
        .route_layer(AuthenticateLayer::new(
            dialect::RFC6750,
            Arc::clone(&cached),
            transport::danger_assume_secure(),
        ))
        // Open to any caller in this demonstration; in a service, protect it with its own layer.
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
