//! Routes of the strict standard: only `Authorization: Bearer`.

use axum::Router;
use axum::routing::get;
use tower_principal::transport::Transport;
use tower_principal::{AuthenticateLayer, RequireLayer, Verifier, dialect, extract::protect, policy};

use crate::whoami::whoami;

/// Builds the routes. `metadata` is the URL of the document that names the authorization server.
pub(super) fn routes(verifier: impl Verifier, transport: &Transport, metadata: &str) -> Router {
    let all = RequireLayer::new(policy::scope("all"));
    let routes =
        Router::new().route("/rfc6750/scoped", get(whoami).layer(all)).route("/rfc6750/whoami", get(whoami));
    let authenticate = AuthenticateLayer::new(dialect::RFC6750, verifier, transport.clone());
    protect(routes, authenticate.resource_metadata(metadata)).into_router()
}
