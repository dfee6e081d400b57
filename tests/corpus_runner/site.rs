//! A portal as its clients see it.

use serde_json::Value;

use super::route::Route;

/// The addresses and the demo credentials of a running portal.
pub(crate) struct Site {
    pub(crate) http: Route,
    pub(crate) https: Route,
    /// The URL of the portal: that of plain http with `--assume-secure`.
    pub(crate) origin: String,
    pub(crate) credentials: Value,
}
