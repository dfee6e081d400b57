//! Authorization server: issues, renews and ends the tokens of [grants](crate::grant).

#[cfg(feature = "jwt")]
mod signer;

#[cfg(feature = "jwt")]
pub use self::signer::{InvalidSigningKey, JwtContext, SignError, Signer};
