//! The callers that every layer knows.

use kit::{ID, Sent};

/// The token of the requests.
pub(crate) const TOKEN: &str = "9kxoTUYvSxnAiMpv008NBqRiqk5xWt0123456789";

/// The id and the secret of the requests with `Basic`.
pub(crate) const KEY: (&str, &str) = ("6q8nsfbqnxy2n1mo1aqjjzyr5", "a-secret-of-twenty-ch");

pub(crate) const CLIENT: &str = "map-app";
pub(crate) const SCOPES: [&str; 2] = ["datasets:read", "datasets:write"];

/// The caller of middleware that is written by hand. The principal of this crate has the same
/// fields.
#[derive(Clone)]
#[allow(dead_code, reason = "the handlers need only the id")]
pub(crate) struct User {
    pub(crate) id: String,
    pub(crate) client: String,
    pub(crate) scopes: Vec<String>,
}

pub(crate) fn user() -> User {
    User { id: ID.to_owned(), client: CLIENT.to_owned(), scopes: SCOPES.map(str::to_owned).to_vec() }
}

/// Returns the token of one of the other callers.
fn crowd_token(at: usize) -> String {
    format!("crowd-{at:034}")
}

/// Returns the tokens of the requests and of the other callers.
pub(crate) fn tokens(crowd: usize) -> impl Iterator<Item = String> {
    std::iter::once(TOKEN.to_owned()).chain((0..crowd).map(crowd_token))
}

/// Returns the pairs of the requests and of the other callers.
pub(crate) fn pairs(crowd: usize) -> impl Iterator<Item = (String, String)> {
    let others = (0..crowd).map(|at| (format!("{at:025}"), format!("{at:021}")));
    std::iter::once((KEY.0.to_owned(), KEY.1.to_owned())).chain(others)
}

pub(crate) fn sent_by_crowd(at: usize) -> Sent {
    Sent::bearer(&crowd_token(at))
}
