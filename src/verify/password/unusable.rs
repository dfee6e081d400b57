//! The errors of unusable password hashes.

use thiserror::Error;

/// A stored password hash that no password can match, or one that costs too much to check.
///
/// # Examples
///
/// ```
/// use tower_principal::BasicUser;
/// use tower_principal::verify::password::UnusableHash;
/// use tower_principal::verify::{MemoryVerifier, MemoryVerifierError};
///
/// let error = MemoryVerifier::builder()
///     .user_hash(
///         "alice",
///         "5f4dcc3b5aa765d61d8327deb882cf99",
///         BasicUser::new("alice"),
///     )
///     .build();
/// let cause = match error {
///     Err(MemoryVerifierError::UnusableHash { cause, .. }) => Some(cause),
///     _ => None,
/// };
/// assert_eq!(cause, Some(UnusableHash::Unsupported)); // it is MD5
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum UnusableHash {
    /// The hash is in a format that this crate cannot check. Without the feature `legacy-hashes`
    /// that is every format except argon2id.
    #[error("the format of a password hash is unknown, or needs the feature `legacy-hashes`")]
    Unsupported,
    /// The format is known, but the hash is invalid in it.
    #[error("a password hash is malformed")]
    Broken,
    /// A single check would take too much memory or time.
    #[error("a password hash costs too much to check")]
    TooCostly,
}
