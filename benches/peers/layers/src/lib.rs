//! One route, behind each way of authenticating its callers. All ways know the same callers by the
//! same credentials, and all handlers return the same text.

mod by_hand;
mod ours;
mod paths;
mod tower_http;
mod users;

use axum::Router;
use kit::Measured::{self, Accepted, Missing, Wrong};
use kit::{Case, Made, Setup};
use tower::layer::util::Identity;

const fn case(name: &'static str, measured: Measured, make: fn(&Setup<'_>) -> Made<Router>) -> Case<Router> {
    Case { name, measured, make }
}

/// The ways, each named `PATH/WAY`.
pub const CASES: &[Case<Router>] = &[
    case("bearer/none", Accepted, |_| paths::open(paths::plain())),
    // axum boxes a route again for any layer.
    case("bearer/no-op", Accepted, |_| paths::open(paths::plain().layer(Identity::new()))),
    case("bearer/hand-owned", Accepted, by_hand::owned),
    case("bearer/hand-marked", Accepted, by_hand::marked),
    case("bearer/hand-arc", Accepted, by_hand::shared),
    case("bearer/axum-extra", Accepted, by_hand::typed),
    case("bearer/tower-http", Accepted, tower_http::asynchronous),
    case("bearer/tower-http-validate", Accepted, tower_http::validate_bearer),
    case("bearer/ours", Accepted, ours::bearer),
    case("bearer/ours-protect", Accepted, ours::protected),
    case("bearer/ours-many", Accepted, ours::bearer_of_many),
    case("basic/hand-owned", Accepted, by_hand::basic),
    case("basic/axum-extra", Accepted, by_hand::basic_typed),
    case("basic/tower-http-validate", Accepted, tower_http::validate_basic),
    case("basic/ours", Accepted, ours::basic),
    case("query/hand-owned", Accepted, by_hand::query),
    case("query/ours", Accepted, ours::query),
    case("form/hand-owned", Accepted, by_hand::form),
    case("form/ours", Accepted, ours::form),
    case("missing/hand-owned", Missing, by_hand::owned),
    case("missing/axum-extra", Missing, by_hand::typed),
    case("missing/tower-http", Missing, tower_http::asynchronous),
    case("missing/tower-http-validate", Missing, tower_http::validate_bearer),
    case("missing/ours", Missing, ours::bearer),
    case("wrong/hand-owned", Wrong, by_hand::owned),
    case("wrong/axum-extra", Wrong, by_hand::typed),
    case("wrong/tower-http", Wrong, tower_http::asynchronous),
    case("wrong/tower-http-validate", Wrong, tower_http::validate_bearer),
    case("wrong/ours", Wrong, ours::bearer),
];
