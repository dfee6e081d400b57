//! The errors of unusable password hashes.

use thiserror::Error;

/// A stored password hash that no password can match, or one that costs too much to check.
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
