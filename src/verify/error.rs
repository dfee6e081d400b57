//! Why a credential was not verified.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use thiserror::Error;

use crate::rejection::DenialReason;

/// Why a credential was not verified.
///
/// Only [`Denied`](Self::Denied) says anything about the credential. What it says is for logs: every
/// denial but a throttled one is answered in the same bytes.
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// The credential is no good.
    #[error("denied: {0}")]
    Denied(DenialReason),
    /// Not for this verifier to say; the next one is asked. From the last one it is a denial.
    #[error("not for this verifier")]
    Unsupported,
    /// Cannot tell now; answered 503, never 401.
    #[error("cannot tell now")]
    Unavailable(#[source] UnavailableCause),
}

/// What went wrong where a verifier cannot tell; for logs, never for clients.
#[derive(Clone)]
pub struct UnavailableCause(Arc<dyn StdError + Send + Sync>);

impl VerifyError {
    /// Denied: nobody knows it.
    pub const UNKNOWN: Self = Self::Denied(DenialReason::Unknown);

    /// Cannot tell now, because of this. The cause's text goes into the log, so it must not quote what
    /// was presented.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::VerifyError;
    ///
    /// let error = VerifyError::unavailable("the user table is locked");
    /// assert_eq!(error.to_string(), "cannot tell now");
    /// ```
    pub fn unavailable(cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::Unavailable(UnavailableCause(Arc::from(cause.into())))
    }

    /// Whether another verifier may know better: this one does not know the credential.
    pub(crate) const fn is_unknown(&self) -> bool {
        matches!(self, Self::Unsupported | Self::Denied(DenialReason::Unknown))
    }
}

/// Shows nothing: a backend's error may quote what it was asked.
impl fmt::Debug for UnavailableCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cause(..)")
    }
}

impl fmt::Display for UnavailableCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl StdError for UnavailableCause {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source()
    }
}
