//! One route, behind each way of authenticating its callers. All ways know the same callers by the
//! same tokens, and all handlers return the same text.

mod by_hand;
mod ours;
mod users;

use axum::Router;
use axum::routing::get;
use tower::layer::util::Identity;

pub use crate::users::{CROWD, TOKEN};

/// The text that each handler returns.
pub const HELLO: &str = "Hello, World!";

/// A way of authenticating a caller.
pub struct Mode {
    pub name: &'static str,
    /// True if a request without a valid token is refused.
    pub refuses: bool,
    pub router: fn() -> Router,
}

/// The ways, in the order of the tables.
pub const MODES: &[Mode] = &[
    Mode { name: "none", refuses: false, router: plain },
    Mode { name: "no-op", refuses: false, router: no_op },
    Mode { name: "hand-owned", refuses: true, router: by_hand::owned },
    Mode { name: "hand-arc", refuses: true, router: by_hand::shared },
    Mode { name: "ours", refuses: true, router: ours::router },
];

/// Returns the text to the right caller.
fn greet(id: &str) -> &'static str {
    assert_eq!(id, users::ID);
    HELLO
}

/// Returns the router without any layer.
fn plain() -> Router {
    Router::new().route("/", get(async || HELLO))
}

/// Returns the router with a layer that does nothing. axum boxes a route again for any layer.
fn no_op() -> Router {
    plain().layer(Identity::new())
}
