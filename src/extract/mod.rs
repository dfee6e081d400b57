//! axum extractors.
//!
//! They read the record that [`AuthenticateLayer`](crate::AuthenticateLayer) put into the request's
//! extensions; they never parse, wait or verify.

mod extractors;
mod protect;

pub use self::extractors::Authenticated;
pub use self::protect::{Protected, protect};
