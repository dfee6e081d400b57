//! The callers that every layer knows.

/// The token of the requests.
pub const TOKEN: &str = "9kxoTUYvSxnAiMpv008NBqRiqk5xWt0123456789";

/// The number of other callers.
pub const CROWD: usize = 1_000;

/// The caller's own fields. [`ours`](crate::ours) has the same in its principal.
#[derive(Clone)]
#[allow(dead_code, reason = "the handlers need only the id")]
pub(crate) struct User {
    pub(crate) id: String,
    pub(crate) client: String,
    pub(crate) scopes: Vec<String>,
}

pub(crate) const ID: &str = "otto@example.org";
pub(crate) const CLIENT: &str = "map-app";
pub(crate) const SCOPES: [&str; 2] = ["datasets:read", "datasets:write"];

pub(crate) fn user() -> User {
    User { id: ID.to_owned(), client: CLIENT.to_owned(), scopes: SCOPES.map(str::to_owned).to_vec() }
}

/// Returns the token of the requests and those of the crowd.
pub(crate) fn tokens(crowd: usize) -> impl Iterator<Item = String> {
    std::iter::once(TOKEN.to_owned()).chain((0..crowd).map(|at| format!("crowd-{at:034}")))
}
