//! Faults of a test issuer.

use std::future::pending;
use std::io;
use std::panic::panic_any;

use bytes::Bytes;
use http::StatusCode;

use crate::fetch::FetchError;

/// A fault in an issuer's answers.
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
