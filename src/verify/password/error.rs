//! Errors of hashing and checking passwords.

use thiserror::Error;

/// An error: a password could not be hashed or checked.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PasswordError {
    /// Too many password checks are waiting.
    #[error("too many password checks are waiting")]
    Busy,
    /// Argon2 refuses the parameters, or the operating system has no randomness.
    #[error("{0}")]
    Hash(Box<str>),
}

impl PasswordError {
    pub(super) fn hash(reason: impl ToString) -> Self {
        Self::Hash(reason.to_string().into_boxed_str())
    }
}
