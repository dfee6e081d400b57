//! Why a memory verifier could not be built or changed.

use std::io;

use thiserror::Error;

use crate::credential::CredentialKind;
use crate::principal::PrincipalKind;
use crate::verify::password::{HashError, UnusableHash};

/// A memory verifier could not be built or changed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum MemoryVerifierError {
    /// The principal is of a kind that this credential cannot have: nothing makes a guest, and an
    /// app token makes an [`AppToken`](crate::AppToken) and nothing else does.
    #[error("a credential of kind {credential} cannot make a principal of kind {principal}")]
    WrongKind {
        /// The credential's kind.
        credential: CredentialKind,
        /// The principal's kind.
        principal: PrincipalKind,
    },
    /// A secret of no length, which whoever knows the id would know, too.
    #[error("a credential of kind {0} has an empty secret")]
    EmptySecret(CredentialKind),
    /// The name of one user is the UUID of another, and permissions for `${user}` would be of both.
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
    Hash(#[from] HashError),
    /// The operating system has no randomness to give.
    #[error("no randomness: {0}")]
    Randomness(#[from] io::Error),
}
