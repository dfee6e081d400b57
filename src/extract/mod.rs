//! axum extractors.
//!
//! They read the record that [`AuthenticateLayer`](crate::AuthenticateLayer) put into the request's
//! extensions; they never parse, wait or verify.

pub(crate) mod extractors;
pub(crate) mod protect;

pub use self::protect::Protected;
