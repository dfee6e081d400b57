//! The strict standard: `Authorization: Bearer` and nothing else.

use axum::Router;
use axum::routing::get;
use tower_principal::transport::Transport;
use tower_principal::{AuthenticateLayer, RequireLayer, Verifier, dialect, policy};

use crate::whoami::whoami;

pub(super) fn routes(verifier: impl Verifier, transport: &Transport) -> Router {
    let all = RequireLayer::new(policy::scope("all"));
    Router::new()
        .route("/rfc6750/scoped", get(whoami))
        .route_layer(all)
        .route("/rfc6750/whoami", get(whoami))
        .route_layer(AuthenticateLayer::new(dialect::RFC6750, verifier, transport.clone()))
}
