//! Reasons for which a credential is denied.

use std::fmt;
use std::time::Duration;

/// The reason why a credential is not accepted.
///
/// # Examples
///
/// ```
/// use tower_principal::{DenialReason, VerifyError};
///
/// // In a verifier of your own, for a row that has ended:
/// let error = VerifyError::Denied(DenialReason::Expired);
/// assert!(error.to_string().starts_with("denied"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DenialReason {
    /// The credential is unknown, or the password is wrong.
    Unknown,
    /// The credential has expired.
    Expired,
    /// The credential was revoked.
    Revoked,
    /// The credential or its owner is disabled.
    Disabled,
    /// Too many attempts failed; the next attempt is checked after this time. Answered 429.
    Throttled(Duration),
}

impl DenialReason {
    /// Returns a short name for logs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
            Self::Disabled => "disabled",
            Self::Throttled(_) => "throttled",
        }
    }
}

impl fmt::Display for DenialReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
