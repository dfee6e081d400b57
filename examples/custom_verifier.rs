//! A custom verifier for a backend that is slow and sometimes does not answer, with a cache around
//! it.
//!
//! Run `cargo run --features cache --example custom_verifier`, then the calls it prints.

use std::time::{Duration, SystemTime};

use axum::{Router, routing::get};
use tokio::time::{sleep, timeout};
use tower_principal::verify::Cached;
use tower_principal::{
    AuthenticateLayer, Credential, OAuthUser, Principal, Verifier, VerifyContext, VerifyError, dialect,
    transport,
};

/// Verifies access tokens at a remote service.
struct Tokens {
    service: Service,
}

/// A stand-in for a database or an HTTP call.
struct Service;

struct Row {
    user: &'static str,
    expires_at: SystemTime,
}

/// Shorter than the layer's deadline (2 s), so that the log names the slow part.
const PATIENCE: Duration = Duration::from_millis(500);
/// The time for which a revoked token may still be accepted here.
const REMEMBERED: Duration = Duration::from_secs(30);

impl Verifier for Tokens {
    async fn verify(
        &self,
        credential: &Credential<'_>,
        _: &VerifyContext<'_>,
    ) -> Result<Principal, VerifyError> {
        // An unsupported kind: a verifier after this one (`Verifier::or`) is asked.
        let Credential::AccessToken(token) = credential else { return Err(VerifyError::Unsupported) };
        // A late or failed backend is not the client's fault: 503, never 401.
        let answer = timeout(PATIENCE, self.service.look_up(token.expose_secret())).await;
        let row = answer.map_err(VerifyError::unavailable)?.map_err(VerifyError::unavailable)?;
        let row = row.ok_or(VerifyError::UNKNOWN)?;
        // The cache keeps no answer past this time.
        Ok(OAuthUser::new(row.user).with_expires_at(row.expires_at).into())
    }
}

impl Service {
    async fn look_up(&self, token: &str) -> Result<Option<Row>, std::io::Error> {
        sleep(Duration::from_millis(200)).await;
        match token {
            "otto-token" => {
                let expires_at = SystemTime::now() + Duration::from_secs(3600);
                Ok(Some(Row { user: "otto", expires_at }))
            }
            "broken" => Err(std::io::Error::other("connection reset")),
            "stuck" => std::future::pending().await,
            _ => Ok(None),
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // It keeps answers by fingerprint and tenant, and no outages. Its memory is bounded.
    let verifier = Cached::new(Tokens { service: Service })?.ttl(REMEMBERED).capacity(10_000);
    let app = Router::new()
        .route("/whoami", get(|me: Principal| async move { format!("{me:?}\n") }))
        .route_layer(AuthenticateLayer::new(dialect::RFC6750, verifier, transport::danger_assume_secure()));

    let listener = tokio::net::TcpListener::bind("127.0.0.1:3002").await?;
    eprintln!(
        "slow, then at once:  curl -i http://127.0.0.1:3002/whoami -H 'Authorization: Bearer otto-token'"
    );
    eprintln!("401:                 curl -i http://127.0.0.1:3002/whoami -H 'Authorization: Bearer guess'");
    eprintln!("503:                 curl -i http://127.0.0.1:3002/whoami -H 'Authorization: Bearer stuck'");
    axum::serve(listener, app).await?;
    Ok(())
}
