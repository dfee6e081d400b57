//! Reasons why a code cannot be offered.

use std::io;

use thiserror::Error;

use crate::grant::StoreError;

/// Error for a code that cannot be offered.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum OfferError {
    /// The client is not registered, or its profile is not one of the server.
    #[error("the client is not registered")]
    Client,
    /// The client may not use codes.
    #[error("the client may not use authorization codes")]
    GrantType,
    /// The redirect URI is not one of the client, byte for byte. [`RedirectRule`] does not apply
    /// here.
    ///
    /// [`RedirectRule`]: crate::grant::RedirectRule
    #[error("the redirect URI is not registered")]
    RedirectUri,
    /// A challenge is missing, or is not 43 characters of base64url (RFC 7636 section 4.2).
    #[error("the code challenge is missing or malformed")]
    Challenge,
    /// A scope is beyond the client's.
    #[error("a scope is beyond those of the client")]
    Scope,
    /// A resource is not registered for the client or, if the client has no list, for the server.
    #[error("a resource is beyond those of the client")]
    Resource,
    /// The user has the name of the client, so services could take one for the other.
    #[error("the user has the name of the client")]
    User,
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
    /// The operating system has no randomness.
    #[error("the operating system has no randomness")]
    Randomness(#[from] io::Error),
}
