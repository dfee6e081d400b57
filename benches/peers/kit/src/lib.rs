//! Sends the same requests to every router, checks the answers, and counts or times them.
//!
//! A program of this workspace calls [`run`] with its cases. `../run` starts it, under callgrind
//! and alone.

mod checks;
mod clock;
mod jobs;
pub mod jwt;
mod sent;

use tokio::runtime::Runtime;

pub use crate::jobs::run;
pub use crate::sent::Sent;

/// The text that each handler returns to the right caller.
pub const HELLO: &str = "Hello, World!";

/// The id of the caller.
pub const ID: &str = "otto@example.org";

/// Returns the text, or panics if the handler does not see the caller.
pub fn greet(id: &str) -> &'static str {
    assert_eq!(id, ID);
    HELLO
}

/// A way to authenticate a request.
pub struct Case<S> {
    pub name: &'static str,
    pub measured: Measured,
    pub make: fn(&Setup<'_>) -> Made<S>,
}

/// The request that is measured.
#[derive(Clone, Copy, PartialEq)]
pub enum Measured {
    Accepted,
    /// A request without a credential.
    Missing,
    /// A request with a wrong credential.
    Wrong,
}

/// What a case is made with.
pub struct Setup<'a> {
    /// The number of other callers.
    pub crowd: usize,
    pub runtime: &'a Runtime,
}

/// A router, and the requests that it answers.
pub struct Made<S> {
    pub router: S,
    /// The same router without anything that authenticates.
    pub plain: S,
    pub accepted: Sent,
    /// A request with a credential of the same shape that is not valid. `None` for a router that
    /// refuses nothing.
    pub wrong: Option<Sent>,
    /// Returns the request of one of the other callers.
    pub of_crowd: Option<fn(usize) -> Sent>,
}
