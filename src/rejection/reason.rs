//! Why a credential was denied.

use std::fmt;
use std::time::Duration;

/// Why a credential is no good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DenialReason {
    /// Nobody knows it; a wrong password too.
    Unknown,
    /// Its time is over.
    Expired,
    /// It was revoked.
    Revoked,
    /// It, or whom it belongs to, is disabled.
    Disabled,
    /// Too many attempts failed; the next is looked at after this time. Answered 429.
    Throttled(Duration),
}

impl DenialReason {
    /// A short name for logs.
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
