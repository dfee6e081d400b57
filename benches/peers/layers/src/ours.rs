//! This crate: its layer, a verifier in memory, and an extractor.

use axum::Router;
use axum::routing::get;
use tower_principal::verify::MemoryVerifier;
use tower_principal::{AuthenticateLayer, OAuthUser, Principal, dialect, transport};

use crate::greet;
use crate::users::{CLIENT, CROWD, ID, SCOPES, tokens};

fn verifier(crowd: usize) -> MemoryVerifier {
    let user = || OAuthUser::new(ID).with_client(CLIENT).with_scopes(SCOPES);
    let known = MemoryVerifier::builder();
    tokens(crowd).fold(known, |known, token| known.access_token(token, user())).build().expect("a verifier")
}

pub(crate) fn router() -> Router {
    let layer = AuthenticateLayer::new(dialect::RFC6750, verifier(CROWD), transport::danger_assume_secure());
    Router::new().route("/", get(async |user: Principal| greet(user.id().unwrap_or_default()))).layer(layer)
}
