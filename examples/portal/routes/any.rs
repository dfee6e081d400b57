//! Any form in, a typed principal out.

use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use tower_principal::transport::Transport;
use tower_principal::{AuthenticateLayer, Dialect, GuestRule, Verifier, dialect};

use super::{BODY_DEADLINE, BODY_LIMIT};
use crate::whoami::whoami;

pub(super) fn routes<V: Verifier>(verifier: Arc<V>, transport: &Transport) -> Router {
    let group = |path: &str, dialect: Dialect| {
        let authenticate = AuthenticateLayer::new(dialect, verifier.clone(), transport.clone());
        Router::new()
            .route(path, get(whoami).post(whoami))
            .route_layer(authenticate.form_body(BODY_LIMIT, BODY_DEADLINE))
    };
    let open = dialect::ANY.guests([GuestRule::everywhere()]);
    group("/any/whoami", open).merge(group("/any/protected", dialect::ANY))
}
