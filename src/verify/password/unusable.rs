//! Why a stored hash cannot be checked.

use thiserror::Error;

/// A stored password hash that no password can match, or one that costs too much to check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum UnusableHash {
    /// The hash is of no format that this crate can check. Without the feature `legacy-hashes` that is
    /// every format except argon2id.
    #[error("the format of a password hash is unknown, or needs the feature `legacy-hashes`")]
    Unsupported,
    /// The format is known, and the hash breaks it.
    #[error("a password hash is broken")]
    Broken,
    /// A single check would take too much memory or time.
    #[error("a password hash costs too much to check")]
    TooCostly,
}
