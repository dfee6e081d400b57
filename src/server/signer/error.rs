//! Errors of signatures.

use thiserror::Error;

/// Error for a private key that cannot sign tokens. It shows nothing of the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct InvalidSigningKey(pub(super) &'static str);

/// Error for an access token that is not signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SignError {
    /// The token would never expire, or live longer than the signer's
    /// [maximum](super::Signer::max_lifetime).
    #[error("a signed token must expire within the maximum lifetime of the signer")]
    Lifetime,
    /// The user has the name of the client, so that a service could take the user's token for the
    /// client's own (RFC 9068 section 5).
    #[error("the user has the name of the client")]
    Subject,
    /// The client acts for itself, so there is no user to describe.
    #[error("the grant has no user")]
    NoUser,
    /// The key cannot sign.
    #[error(transparent)]
    Key(#[from] InvalidSigningKey),
}
