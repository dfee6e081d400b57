//! The authorization server.

#[cfg(feature = "jwt")]
mod signer;
#[cfg(feature = "jwt")]
mod signer_keys;
