//! The errors of building or changing a memory verifier.

use std::io;

use thiserror::Error;

use crate::credential::CredentialKind;
use crate::principal::PrincipalKind;
use crate::verify::password::{PasswordError, UnusableHash};

/// The error of building or changing a memory verifier.
///
/// # Examples
///
/// ```
/// use tower_principal::AppToken;
/// use tower_principal::verify::{MemoryVerifier, MemoryVerifierError};
///
/// // An access token cannot make an app token.
/// let error = MemoryVerifier::builder()
///     .access_token("otto-token", AppToken::new("weather-map"))
///     .build();
/// assert!(matches!(error, Err(MemoryVerifierError::WrongKind { .. })));
/// ```
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum MemoryVerifierError {
    /// The principal is of a kind that this credential cannot have. No credential makes a guest,
    /// and an app token makes only an [`AppToken`](crate::AppToken).
    #[error("a credential of kind {credential} cannot make a principal of kind {principal}")]
    WrongKind {
        /// The credential's kind.
        credential: CredentialKind,
        /// The principal's kind.
        principal: PrincipalKind,
    },
    /// The secret is empty. Anyone with the id would have it, too.
    #[error("a credential of kind {0} has an empty secret")]
    EmptySecret(CredentialKind),
    /// The name of one user is the UUID of another. Permissions for `${user}` would belong to both.
    #[error("the name of one user is the UUID of another")]
    NameIsUuid,
    /// The stored hash of a user's password cannot be used.
    #[error("the password of the user `{name}`: {cause}")]
    UnusableHash {
        /// The user's name.
        name: Box<str>,
        /// What is wrong with the hash.
        cause: UnusableHash,
    },
    /// A password could not be hashed.
    #[error("a password could not be hashed: {0}")]
    Hash(#[from] PasswordError),
    /// The operating system has no randomness to give.
    #[error("random number generator failed: {0}")]
    Randomness(#[from] io::Error),
}
