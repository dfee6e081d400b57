//! Faults of a test issuer.

use std::future::pending;
use std::io;
use std::panic::panic_any;

use bytes::Bytes;
use http::StatusCode;

use crate::fetch::FetchError;

/// A fault in an issuer's answers.
///
/// # Examples
///
/// ```
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// use tower_principal::test_util::{Fault, Issuer};
///
/// let issuer = Issuer::new("https://login.example")?;
/// issuer.set_fault(Fault::Status(500));
/// assert!(issuer.published().build()?.load().await.is_err());
/// issuer.set_fault(None);
/// assert!(issuer.published().build()?.load().await.is_ok());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Fault {
    /// Answers with this status, and no body.
    Status(u16),
    /// Answers with this body instead of the correct one, with status 200.
    Body(Bytes),
    /// Never answers.
    Hang,
    /// Makes the connection fail.
    Unreachable,
    /// Panics in the client.
    Panic,
}

impl Fault {
    /// Returns the answer for the fault.
    pub(super) async fn answer(self) -> Result<(StatusCode, Bytes), FetchError> {
        match self {
            Self::Status(status) => {
                Ok((StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), Bytes::new()))
            }
            Self::Body(body) => Ok((StatusCode::OK, body)),
            Self::Hang => pending().await,
            Self::Unreachable => Err(FetchError::Failed(io::ErrorKind::ConnectionRefused)),
            Self::Panic => panic_any("on purpose"),
        }
    }
}
