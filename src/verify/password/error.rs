//! Errors of hashing and checking passwords.

use thiserror::Error;

/// An error: a password could not be hashed or checked.
///
/// # Examples
///
/// ```
/// use tower_principal::VerifyError;
/// use tower_principal::verify::password::PasswordError;
///
/// // In a verifier of your own, a full queue is an outage and no denial.
/// let error = VerifyError::unavailable(PasswordError::Busy);
/// assert!(matches!(error, VerifyError::Unavailable(_)));
/// ```
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
