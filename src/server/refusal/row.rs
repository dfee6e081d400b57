//! The table of the answers to refusals.

use http::StatusCode;

use super::RefusalKind;
use crate::credential::Carrier;

/// Row of the answer table: the status and the body of a refusal.
///
/// # Examples
///
/// ```
/// use http::StatusCode;
/// use tower_principal::server::{RefusalKind, RefusalRow};
///
/// let row = RefusalKind::InvalidGrant.row();
/// assert_eq!((row.status, row.error), (StatusCode::BAD_REQUEST, "invalid_grant"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs, reason = "profiles write it as data")]
pub struct RefusalRow {
    /// Status of the answer.
    pub status: StatusCode,
    /// Value of `error`.
    pub error: &'static str,
    /// Value of `error_description`, a fixed text. `{maximum}` stands for the maximum lifetime in
    /// milliseconds.
    pub description: &'static str,
    /// Value of the member `exception`; `None` for a body without it.
    pub exception: Option<&'static str>,
    /// Place of the credential that was refused; `None` for every place. Of the rows of a kind, the
    /// first that fits is the answer.
    pub carrier: Option<Carrier>,
}

impl RefusalKind {
    /// Returns the row of the standard answer (RFC 6749 section 5.2).
    pub const fn row(self) -> RefusalRow {
        let (status, error, description) = match self {
            Self::InvalidRequest => {
                (StatusCode::BAD_REQUEST, "invalid_request", "A parameter is missing, malformed or repeated.")
            }
            Self::MissingParameter => (StatusCode::BAD_REQUEST, "invalid_request", "A parameter is missing."),
            Self::InvalidClient => {
                (StatusCode::UNAUTHORIZED, "invalid_client", "The client could not be authenticated.")
            }
            Self::InvalidGrant => (
                StatusCode::BAD_REQUEST,
                "invalid_grant",
                "The code, the token or the password is not valid for this client.",
            ),
            Self::UnauthorizedClient => {
                (StatusCode::BAD_REQUEST, "unauthorized_client", "The client may not do this.")
            }
            Self::UnsupportedGrantType => {
                (StatusCode::BAD_REQUEST, "unsupported_grant_type", "The grant type is not supported.")
            }
            Self::UnsupportedResponseType => {
                (StatusCode::BAD_REQUEST, "unsupported_response_type", "The response type is not supported.")
            }
            Self::UnsupportedRequest => {
                (StatusCode::BAD_REQUEST, "request_not_supported", "The parameter request is not supported.")
            }
            Self::UnsupportedRequestUri => (
                StatusCode::BAD_REQUEST,
                "request_uri_not_supported",
                "The parameter request_uri is not supported.",
            ),
            Self::AccessDenied => {
                (StatusCode::FORBIDDEN, "access_denied", "The user or the log-in denied the request.")
            }
            Self::Forged => (
                StatusCode::FORBIDDEN,
                "forged_request",
                "The form is out of date or came from another site.",
            ),
            Self::LogInRequired => (StatusCode::FORBIDDEN, "login_required", "No user is logged in."),
            Self::InvalidScope => {
                (StatusCode::BAD_REQUEST, "invalid_scope", "A scope is unknown or was not granted.")
            }
            Self::InvalidTarget => {
                (StatusCode::BAD_REQUEST, "invalid_target", "A resource is unknown or was not granted.")
            }
            Self::InvalidLifetime => {
                (StatusCode::BAD_REQUEST, "invalid_request", "The lifetime is not a number.")
            }
            Self::LifetimeTooLong => {
                (StatusCode::BAD_REQUEST, "invalid_request", "The lifetime exceeds {maximum} ms.")
            }
            Self::MethodNotAllowed => (
                StatusCode::METHOD_NOT_ALLOWED,
                "invalid_request",
                "The endpoint does not support this method.",
            ),
            Self::NotFound => (StatusCode::NOT_FOUND, "not_found", "There is no endpoint here."),
            Self::InsecureTransport => {
                (StatusCode::FORBIDDEN, "https_required", "Credentials are accepted over https only.")
            }
            Self::BodyTooLarge => {
                (StatusCode::PAYLOAD_TOO_LARGE, "invalid_request", "The body is too large.")
            }
            Self::BodyTimeout => {
                (StatusCode::REQUEST_TIMEOUT, "invalid_request", "The body arrived too slowly.")
            }
            Self::TooManyAttempts => (
                StatusCode::TOO_MANY_REQUESTS,
                "too_many_attempts",
                "Too many failed attempts; try again later.",
            ),
            Self::Unavailable => (
                StatusCode::SERVICE_UNAVAILABLE,
                "temporarily_unavailable",
                "The request cannot be answered now; try again later.",
            ),
            Self::ServerError => {
                (StatusCode::INTERNAL_SERVER_ERROR, "server_error", "The request could not be handled.")
            }
        };
        RefusalRow { status, error, description, exception: None, carrier: None }
    }
}
