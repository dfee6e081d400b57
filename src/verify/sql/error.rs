//! Errors of a database.

use std::io;

use thiserror::Error;

use crate::credential::InvalidFormat;
use crate::principal::InvalidPermission;
use crate::verify::VerifyError;
use crate::verify::password::{PasswordError, UnusableHash};

/// Error of a database that could not be asked or changed, or that does not accept a value.
///
/// No variant holds a text of the server, because its `DETAIL` quotes values (a `SQLSTATE` code
/// does not).
///
/// # Examples
///
/// ```
/// # #[cfg(feature = "sqlite")]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use tower_principal::VerifyError;
/// use tower_principal::verify::sql::{NewCredential, SqlError, SqlVerifier};
///
/// let keys = SqlVerifier::sqlite("sqlite::memory:")
///     .connect()
///     .await?
///     .store()
///     .api_keys();
/// keys.create(NewCredential::new().id("key-1")).await?;
/// let status = match keys.create(NewCredential::new().id("key-1")).await {
///     Ok(_) => 201,
///     Err(SqlError::Exists) => 409,
///     Err(SqlError::InvalidName | SqlError::InvalidPermission(_)) => 422,
///     Err(_) => 503,
/// };
/// assert_eq!(status, 409);
/// // For a verifier of your own, any failure is an outage.
/// let error = VerifyError::from(SqlError::Late);
/// assert!(matches!(error, VerifyError::Unavailable(_)));
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "sqlite"))]
/// # fn main() {}
/// ```
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SqlError {
    /// The database did not answer within the deadline.
    #[error("the database did not answer in time")]
    Late,
    /// Every connection was in use for too long.
    #[error("the database has no connection free")]
    Busy,
    /// Another process holds a lock.
    #[error("the database is locked")]
    Locked,
    /// There is no connection, or it broke.
    #[error("the database cannot be reached")]
    Unreachable,
    /// The server offers no TLS, or its certificate is not valid for its name.
    #[error(
        "the database's server offers no TLS, or its certificate is not trusted: `sslrootcert=FILE` names a private \
         authority"
    )]
    Untrusted,
    /// The database refused a statement; holds its code (`SQLSTATE`, or SQLite's result code).
    #[error("the database refused a statement with code {0:?}")]
    Refused(Box<str>),
    /// A row does not match the schema.
    #[error("the database contains a row that cannot be read")]
    Unreadable,
    /// This name or this secret already exists, or a name is the UUID of another user.
    #[error("a record with this name or this secret already exists")]
    Exists,
    /// This name does not exist, or was revoked.
    #[error("no record has this name")]
    NotFound,
    /// A name is empty, longer than 255 bytes, or has a control character; or
    /// [`TokenFormat::is_id`](crate::credential::TokenFormat::is_id) is `false` for an id.
    #[error("a name is 1 to 255 bytes without control characters, and an id has plain characters only")]
    InvalidName,
    /// A secret is too short to have 128 random bits, or a password is empty.
    #[error("a secret has at least 16 bytes, a password at least one")]
    ShortSecret,
    /// A credential lacks a field that its kind needs.
    #[error("a credential of this kind needs {0}")]
    Incomplete(&'static str),
    /// A permission is not in the grammar.
    #[error(transparent)]
    InvalidPermission(#[from] InvalidPermission),
    /// The word at the start of secrets is not valid.
    #[error(transparent)]
    InvalidFormat(#[from] InvalidFormat),
    /// An address, a prefix or a limit cannot be used.
    #[error("{0}")]
    Configuration(&'static str),
    /// A stored password hash cannot be used.
    #[error(transparent)]
    UnusableHash(#[from] UnusableHash),
    /// A password could not be hashed.
    #[error("a password could not be hashed: {0}")]
    Hash(#[from] PasswordError),
    /// The operating system provides no randomness.
    #[error("random number generator failed: {0}")]
    Randomness(#[from] io::Error),
}

impl SqlError {
    /// Converts an error of sqlx, without any of its text.
    pub(super) fn of(error: &sqlx::Error) -> Self {
        match error {
            sqlx::Error::PoolTimedOut => Self::Late,
            sqlx::Error::Tls(_) => Self::Untrusted,
            sqlx::Error::Database(refusal) => {
                let code = refusal.code().unwrap_or_default();
                match &*code {
                    // PostgreSQL: unique_violation. SQLite: SQLITE_CONSTRAINT_UNIQUE, _PRIMARYKEY
                    // and _TRIGGER.
                    "23505" | "2067" | "1555" | "1811" => Self::Exists,
                    // lock_not_available, deadlock_detected, serialization_failure.
                    "55P03" | "40P01" | "40001" => Self::Locked,
                    // SQLITE_BUSY, SQLITE_LOCKED and their kin.
                    "5" | "6" | "261" | "262" | "517" => Self::Locked,
                    // query_canceled: `statement_timeout`.
                    "57014" => Self::Late,
                    // The server shuts down, crashed, or is starting; connection exceptions.
                    "57P01" | "57P02" | "57P03" => Self::Unreachable,
                    code if code.len() == 5 && code.starts_with("08") => Self::Unreachable,
                    code => Self::Refused(code.into()),
                }
            }
            sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) | sqlx::Error::ColumnNotFound(_) => {
                Self::Unreadable
            }
            sqlx::Error::Configuration(_) => Self::Configuration("the database's address cannot be used"),
            _ => Self::Unreachable,
        }
    }
}

impl From<SqlError> for VerifyError {
    /// Converts any error to unavailable, because it is unknown if the credential is good.
    fn from(error: SqlError) -> Self {
        Self::unavailable(error)
    }
}
