//! Errors of stores.

use std::error::Error as StdError;

use thiserror::Error;

/// Error of a store of grants or applications.
///
/// A store that cannot answer never answers "unknown": an outage is not a refusal.
///
/// # Examples
///
/// ```
/// use tower_principal::grant::StoreError;
///
/// fn status(error: &StoreError) -> u16 {
///     match error {
///         StoreError::Exists => 409,
///         StoreError::Invalid(_) => 422,
///         _ => 503,
///     }
/// }
/// assert_eq!(status(&StoreError::unavailable("the disk is full")), 503);
/// ```
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The store cannot answer now. A change may or may not have been made.
    #[error("the store is unavailable")]
    Unavailable(#[source] Box<dyn StdError + Send + Sync>),
    /// The id, or the digest of a code or a token, is taken.
    #[error("the id or the token exists")]
    Exists,
    /// The store knew the user, and the user was deleted a short time ago. A database remembers a
    /// deleted user for an hour.
    #[error("the user was deleted")]
    UserDeleted,
    /// The store cannot hold a value.
    #[error("the store cannot hold {0}")]
    Invalid(&'static str),
}

impl StoreError {
    /// Returns an error for a store that cannot answer now.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::error::Error;
    /// use tower_principal::grant::StoreError;
    ///
    /// let error = StoreError::unavailable("connection reset");
    /// // The cause is for the log, beside a text without it.
    /// assert_eq!(error.to_string(), "the store is unavailable");
    /// assert!(error.source().is_some());
    /// ```
    pub fn unavailable(error: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::Unavailable(error.into())
    }
}
