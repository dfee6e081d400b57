//! Errors, and their exit codes. They quote nothing that a server or a file has sent, because it
//! may be a token.

use std::io;
use std::path::PathBuf;

use thiserror::Error;
use tower_principal::fetch::FetchError;

#[derive(Debug, Error)]
pub(crate) enum Error {
    #[error("{what}: {error}")]
    Local { what: &'static str, error: io::Error },
    #[error("{}: {error}", path.display())]
    File { path: PathBuf, error: io::Error },
    #[error("{}: another process has locked this file for too long", .0.display())]
    Locked(PathBuf),
    #[error("--ca: the file has no certificate")]
    Authority,
    #[error("the home directory is unknown; name the file with --file")]
    Home,

    #[error("no answer from the browser within {0} s; if it was closed, log in again")]
    TimedOut(u64),
    #[error("no code within {0} s")]
    NoCode(u64),

    #[error("the user or the server denied the log-in (access_denied)")]
    Denied,

    #[error("the server is not available: {0}")]
    Away(FetchError),
    #[error("the server is not available: it answered {0}")]
    Unavailable(u16),

    #[error("not logged in: {} is missing", .0.display())]
    NotLoggedIn(PathBuf),
    #[error("the code or refresh token has expired, was revoked or was used; log in again (invalid_grant)")]
    InvalidGrant,

    #[error("the answer in the browser does not belong to this log-in: its state differs")]
    State,

    #[error("the metadata names another issuer than --issuer")]
    OtherIssuer,
    #[error("the answer in the browser is that of another issuer, or does not name its issuer")]
    AnswerOfOtherIssuer,

    #[error("{0}")]
    Tls(FetchError),

    #[error("the server refused the request: {0}")]
    Refused(String),
    #[error("invalid answer: {0}")]
    Invalid(&'static str),
    #[error("--issuer: expected an https URL without a query; http is for servers on this machine")]
    Issuer,

    #[error("{}: {reason}", path.display())]
    FileRefused { path: PathBuf, reason: &'static str },

    #[error("logout: the refresh token was not revoked and is kept, because {0}")]
    NotRevoked(Box<Error>),
    #[error("logout: the refresh token was revoked, but was not deleted, because {0}")]
    NotDeleted(Box<Error>),
}

impl Error {
    /// Returns the exit code; `main.rs` has a table. The parser of the command line uses 2.
    pub(crate) fn code(&self) -> u8 {
        match self {
            Self::Local { .. } | Self::File { .. } | Self::Locked(_) | Self::Authority | Self::Home => 1,
            Self::TimedOut(_) | Self::NoCode(_) => 3,
            Self::Denied => 4,
            Self::Away(_) | Self::Unavailable(_) => 5,
            Self::NotLoggedIn(_) | Self::InvalidGrant => 6,
            Self::State => 7,
            Self::OtherIssuer | Self::AnswerOfOtherIssuer => 8,
            Self::Tls(_) => 9,
            Self::Refused(_) | Self::Invalid(_) | Self::Issuer => 10,
            Self::FileRefused { .. } => 11,
            Self::NotRevoked(_) => 12,
            Self::NotDeleted(_) => 13,
        }
    }
}

impl From<FetchError> for Error {
    fn from(error: FetchError) -> Self {
        match error {
            FetchError::Tls => Self::Tls(error),
            FetchError::Insecure => Self::Invalid("an endpoint of the server is not an https URL"),
            FetchError::TooLarge => Self::Invalid("the server sent too much"),
            error => Self::Away(error),
        }
    }
}
