//! The layer's result for a request, as JSON.

use axum::Json;
use serde_json::{Value, json};
use tower_principal::{Authentication, Principal, PrincipalKind};

/// Returns the answer of each `whoami` route.
pub(crate) async fn whoami(found: Authentication) -> Json<Value> {
    let principal = found.principal();
    // An app token that is the principal itself does not accompany another one.
    let beside = found.app().filter(|_| principal.kind() != PrincipalKind::AppToken);
    let sandbox = matches!(principal, Principal::Guest(guest) if guest.is_sandbox());
    Json(json!({
        "principal": principal.kind().to_string(),
        "id": principal.id(),
        "app": beside.map(|app| app.id()).or(principal.app()),
        "org": principal.org(),
        "scopes": principal.scopes().iter().collect::<Vec<_>>(),
        "carrier": found.credential_source().map(|source| source.carrier().as_str()),
        "sandbox": sandbox,
    }))
}
