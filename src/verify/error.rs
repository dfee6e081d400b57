//! The errors of a verification.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use thiserror::Error;

use crate::rejection::DenialReason;

/// The reason why a credential was not verified.
///
/// Only [`Denied`](Self::Denied) is a statement about the credential. Its reason is for logs: every
/// denial except a throttled one is answered with the same bytes.
///
/// # Examples
///
/// ```
/// use tower_principal::{DenialReason, VerifyError};
///
/// fn of_row(
///     row: Result<Option<bool>, std::io::Error>,
/// ) -> Result<(), VerifyError> {
///     match row {
///         Ok(Some(true)) => Ok(()),
///         Ok(Some(false)) => Err(VerifyError::Denied(DenialReason::Disabled)),
///         Ok(None) => Err(VerifyError::UNKNOWN),
///         // Never a denial: the credential may be good.
///         Err(error) => Err(VerifyError::unavailable(error)),
///     }
/// }
/// assert!(of_row(Ok(Some(true))).is_ok());
/// assert!(matches!(of_row(Ok(None)), Err(VerifyError::Denied(_))));
/// ```
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// The credential is not valid.
    #[error("denied: {0}")]
    Denied(DenialReason),
    /// The verifier is not responsible for the credential; the next one is asked. From the last
    /// verifier it is a denial.
    #[error("credential not supported by this verifier")]
    Unsupported,
    /// The verifier cannot answer now. The response is 503, never 401.
    #[error("verifier unavailable")]
    Unavailable(#[source] UnavailableCause),
}

/// The cause of an [`Unavailable`](VerifyError::Unavailable) answer; for logs, never for clients.
///
/// # Examples
///
/// ```
/// use tower_principal::VerifyError;
///
/// let error =
///     VerifyError::unavailable("password=hunter2 in a driver's message");
/// if let VerifyError::Unavailable(cause) = &error {
///     // `Debug` shows nothing, because a backend may quote its input.
///     assert!(!format!("{cause:?}").contains("hunter2"));
/// }
/// ```
#[derive(Clone)]
pub struct UnavailableCause(Arc<dyn StdError + Send + Sync>);

impl VerifyError {
    /// The denial of an unknown credential.
    pub const UNKNOWN: Self = Self::Denied(DenialReason::Unknown);

    /// Returns the error of a verifier that cannot answer now, with its cause. The cause's text
    /// goes into the log, so it must not quote the credential.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::VerifyError;
    ///
    /// let error = VerifyError::unavailable("the user table is locked");
    /// assert_eq!(error.to_string(), "verifier unavailable");
    /// ```
    pub fn unavailable(cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::Unavailable(UnavailableCause(Arc::from(cause.into())))
    }

    /// Returns `true` if this verifier does not know the credential, so that another one may know
    /// it.
    pub(crate) const fn is_unknown(&self) -> bool {
        matches!(self, Self::Unsupported | Self::Denied(DenialReason::Unknown))
    }
}

/// Shows no content, because a backend's error may quote its input.
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
