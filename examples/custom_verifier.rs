//! A custom verifier for a backend that is slow and sometimes does not answer.
//!
//! Run `cargo run --example custom_verifier`, then the calls it prints.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};
use std::time::{Duration, Instant, SystemTime};

use axum::{Router, routing::get};
use tokio::time::{sleep, timeout};
use tower_principal::credential::{Fingerprint, FingerprintKey};
use tower_principal::{
    AuthenticateLayer, Credential, OAuthUser, Principal, Verifier, VerifyContext, VerifyError, dialect,
    transport,
};

/// Verifies access tokens at a remote service, and remembers recent ones.
struct Tokens {
    service: Service,
    /// Entries are keyed by fingerprint, so that no secret is a map key.
    key: FingerprintKey,
    recent: RwLock<HashMap<Fingerprint, (Principal, Instant)>>,
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
/// Limits memory regardless of the requests; only valid tokens are remembered.
const MOST_REMEMBERED: usize = 10_000;

impl Verifier for Tokens {
    async fn verify(
        &self,
        credential: &Credential<'_>,
        context: &VerifyContext<'_>,
    ) -> Result<Principal, VerifyError> {
        // An unsupported kind: a verifier after this one (`Verifier::or`) is asked.
        let Credential::AccessToken(token) = credential else { return Err(VerifyError::Unsupported) };
        // A late or failed backend is not the client's fault: 503, never 401.
        let answer = timeout(PATIENCE, self.service.look_up(token.expose_secret())).await;
        let row = answer.map_err(VerifyError::unavailable)?.map_err(VerifyError::unavailable)?;
        let row = row.ok_or(VerifyError::UNKNOWN)?;
        let user = OAuthUser::new(row.user).with_expires_at(row.expires_at);
        self.remember(self.fingerprint(token.expose_secret(), context), user.clone().into());
        Ok(user.into())
    }

    /// Called first, and must not wait. If it returns `None`, `verify` is called.
    fn verify_now(
        &self,
        credential: &Credential<'_>,
        context: &VerifyContext<'_>,
    ) -> Option<Result<Principal, VerifyError>> {
        let Credential::AccessToken(token) = credential else { return Some(Err(VerifyError::Unsupported)) };
        let recent = self.recent.read().unwrap_or_else(PoisonError::into_inner);
        let (principal, until) = recent.get(&self.fingerprint(token.expose_secret(), context))?;
        let ended = principal.expires_at().is_some_and(|at| at <= SystemTime::now());
        // Denials are not remembered, because a token may be issued just after it was guessed.
        (Instant::now() < *until && !ended).then(|| Ok(principal.clone()))
    }
}

impl Tokens {
    /// Includes the tenant, so that an answer for one tenant is never used for another.
    fn fingerprint(&self, token: &str, context: &VerifyContext<'_>) -> Fingerprint {
        self.key.of(&[context.tenant().unwrap_or_default().as_bytes(), token.as_bytes()])
    }

    fn remember(&self, fingerprint: Fingerprint, principal: Principal) {
        let mut recent = self.recent.write().unwrap_or_else(PoisonError::into_inner);
        if recent.len() >= MOST_REMEMBERED {
            recent.clear();
        }
        recent.insert(fingerprint, (principal, Instant::now() + REMEMBERED));
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
    let verifier =
        Tokens { service: Service, key: FingerprintKey::random()?, recent: RwLock::new(HashMap::new()) };
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
