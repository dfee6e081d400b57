//! JOSE: signed tokens (RFC 7515), the keys that verify them (RFC 7517), and their algorithms (RFC
//! 7518).

mod algorithm;
pub(super) mod jwk;
pub(super) mod jws;
pub(super) mod key;
mod roca;

pub use self::algorithm::Algorithm;
pub(in crate::verify) use self::jws::{Header, HeaderFlaw, Jws, Kind};
