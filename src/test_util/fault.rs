//! What can be wrong with an issuer inside the test.

use std::future::pending;
use std::io;
use std::panic::panic_any;

use bytes::Bytes;
use http::StatusCode;

use crate::fetch::FetchError;

/// What is wrong with an issuer's answers.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Fault {
    /// This status, and no body.
    Status(u16),
    /// This body instead of the right one, with status 200.
    Body(Bytes),
    /// No answer ever.
    Hang,
    /// No connection.
    Unreachable,
    /// The client panics.
    Panic,
}

impl Fault {
    /// What is answered for it.
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
