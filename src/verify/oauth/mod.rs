//! Verifiers for the access tokens of authorization servers.

pub(super) mod claims;
#[cfg(feature = "introspection")]
pub(super) mod introspection;
#[cfg(feature = "jwt")]
pub(super) mod jose;
#[cfg(feature = "jwt")]
pub(super) mod jwks;
#[cfg(feature = "jwt")]
pub(super) mod jwt;
#[cfg(all(feature = "jwt", any(feature = "server", feature = "test-util")))]
pub(crate) mod signing;
