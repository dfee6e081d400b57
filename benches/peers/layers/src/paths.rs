//! The ways in which a client sends its credential.

use axum::Router;
use axum::handler::Handler;
use axum::routing::{MethodFilter, on};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kit::{HELLO, Made, Sent};

use crate::users::{KEY, TOKEN, sent_by_crowd};

const WRONG: &str = "9kxoTUYvSxnAiMpv008NBqRiqk5xWt012345678X";

/// Returns the router of one handler.
pub(crate) fn route<T: 'static>(handler: impl Handler<T, ()>) -> Router {
    // Not `any`, because axum makes the route of a layered fallback anew for each request.
    Router::new().route("/", on(MethodFilter::GET.or(MethodFilter::POST), handler))
}

/// Returns the router without any layer.
pub(crate) fn plain() -> Router {
    route(async || HELLO)
}

pub(crate) fn bearer(router: Router) -> Made<Router> {
    Made {
        router,
        plain: plain(),
        accepted: Sent::bearer(TOKEN),
        wrong: Some(Sent::bearer(WRONG)),
        of_crowd: Some(sent_by_crowd),
    }
}

/// For a router that refuses nothing.
pub(crate) fn open(router: Router) -> Made<Router> {
    Made { wrong: None, ..bearer(router) }
}

/// For a router that knows only one token.
pub(crate) fn lone(router: Router) -> Made<Router> {
    Made { of_crowd: None, ..bearer(router) }
}

pub(crate) fn basic(router: Router) -> Made<Router> {
    let sent =
        |secret| Sent::authorization(&format!("Basic {}", STANDARD.encode(format!("{}:{secret}", KEY.0))));
    Made { accepted: sent(KEY.1), wrong: Some(sent("a-secret-of-nobody-21")), ..lone(router) }
}

pub(crate) fn query(router: Router) -> Made<Router> {
    let sent = |token| Sent::query(&format!("access_token={token}"));
    Made { accepted: sent(TOKEN), wrong: Some(sent(WRONG)), ..lone(router) }
}

pub(crate) fn form(router: Router) -> Made<Router> {
    let sent = |token| Sent::form(&format!("access_token={token}"));
    Made { accepted: sent(TOKEN), wrong: Some(sent(WRONG)), ..lone(router) }
}
