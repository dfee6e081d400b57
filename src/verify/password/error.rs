//! Errors of hashing and checking passwords.

use thiserror::Error;

/// An error: too many passwords wait to be checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("too many password checks are waiting")]
#[non_exhaustive]
pub struct Busy;

/// An error: a password could not be hashed.
#[derive(Debug, Error)]
#[error("{0}")]
pub struct HashError(String);

impl HashError {
    pub(super) fn new(reason: impl ToString) -> Self {
        Self(reason.to_string())
    }
}
