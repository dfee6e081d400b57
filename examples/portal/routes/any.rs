//! A route that accepts any credential form and returns a typed principal.

use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use tower_principal::transport::Transport;
use tower_principal::{AuthenticateLayer, Dialect, GuestRule, Verifier, dialect, extract::protect};

use super::{BODY_DEADLINE, BODY_LIMIT};
use crate::whoami::whoami;

/// Builds the routes. `metadata` is the URL of the document that names the authorization server.
pub(super) fn routes<V: Verifier>(verifier: Arc<V>, transport: &Transport, metadata: &str) -> Router {
    let group = |path: &str, dialect: Dialect| {
        let authenticate = AuthenticateLayer::new(dialect, verifier.clone(), transport.clone())
            .with_form_body(BODY_LIMIT, BODY_DEADLINE)
            .resource_metadata(metadata);
        protect(Router::new().route(path, get(whoami).post(whoami)), authenticate).into_router()
    };
    let open = dialect::ANY.guests([GuestRule::everywhere()]);
    group("/any/whoami", open).merge(group("/any/protected", dialect::ANY))
}
