//! Refusals of an authorization server, and the table of their answers.

use std::time::Duration;

use http::StatusCode;

use crate::credential::Carrier;
use crate::grant::StoreError;
use crate::rejection::DenialReason;
use crate::trace;
use crate::verify::VerifyError;

/// Reason why an endpoint refused a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RefusalKind {
    /// A parameter is malformed or repeated, or a client authenticated in two ways (RFC 6749
    /// section 5.2).
    InvalidRequest,
    /// A parameter that the grant type needs is missing (RFC 6749 section 5.2).
    MissingParameter,
    /// The client is unknown, its secret is wrong, or it did not authenticate (RFC 6749 section
    /// 5.2).
    InvalidClient,
    /// The code, the refresh token or the password is not valid, or is another client's (RFC 6749
    /// section 5.2).
    InvalidGrant,
    /// The client may not do this (RFC 6749 section 5.2).
    UnauthorizedClient,
    /// The profile does not have the grant type (RFC 6749 section 5.2).
    UnsupportedGrantType,
    /// A scope is malformed, unknown, or more than the client or the grant has (RFC 6749 section
    /// 5.2).
    InvalidScope,
    /// A resource is malformed, unknown, or more than the client or the grant has (RFC 8707 section
    /// 2).
    InvalidTarget,
    /// The lifetime that the client asks for is not a number.
    InvalidLifetime,
    /// The lifetime that the client asks for exceeds the maximum.
    LifetimeTooLong,
    /// The endpoint does not have the method.
    MethodNotAllowed,
    /// No endpoint has this path.
    NotFound,
    /// The connection is not known to be secure.
    InsecureTransport,
    /// The body exceeds the limit.
    BodyTooLarge,
    /// The body did not arrive in time.
    BodyTimeout,
    /// Too many attempts of this client, or from this address, failed.
    TooManyAttempts,
    /// A store or a verifier cannot answer now. A change may or may not have been made.
    Unavailable,
    /// The server is misconfigured, or a store broke its contract.
    ServerError,
}

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

/// Refusal of a request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Refusal {
    pub(super) kind: RefusalKind,
    /// Fixed text that replaces the description of the row.
    pub(super) detail: Option<&'static str>,
    /// Time after which the client may try again.
    pub(super) retry_after: Option<Duration>,
    /// Value of `Allow`, for a method that the endpoint does not have.
    pub(super) allow: Option<&'static str>,
    /// Place of the credential that was refused.
    pub(super) carrier: Option<Carrier>,
    /// Maximum lifetime, for one that exceeds it.
    pub(super) maximum: Option<Duration>,
}

impl RefusalKind {
    /// All kinds, in the order of their declaration.
    pub const ALL: &'static [Self] = &[
        Self::InvalidRequest,
        Self::MissingParameter,
        Self::InvalidClient,
        Self::InvalidGrant,
        Self::UnauthorizedClient,
        Self::UnsupportedGrantType,
        Self::InvalidScope,
        Self::InvalidTarget,
        Self::InvalidLifetime,
        Self::LifetimeTooLong,
        Self::MethodNotAllowed,
        Self::NotFound,
        Self::InsecureTransport,
        Self::BodyTooLarge,
        Self::BodyTimeout,
        Self::TooManyAttempts,
        Self::Unavailable,
        Self::ServerError,
    ];

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

    /// Returns a short name for logs and metrics, unique to each kind.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::MissingParameter => "missing_parameter",
            Self::InvalidClient => "invalid_client",
            Self::InvalidGrant => "invalid_grant",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::InvalidScope => "invalid_scope",
            Self::InvalidTarget => "invalid_target",
            Self::InvalidLifetime => "invalid_lifetime",
            Self::LifetimeTooLong => "lifetime_too_long",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::NotFound => "not_found",
            Self::InsecureTransport => "insecure_transport",
            Self::BodyTooLarge => "body_too_large",
            Self::BodyTimeout => "body_timeout",
            Self::TooManyAttempts => "too_many_attempts",
            Self::Unavailable => "unavailable",
            Self::ServerError => "server_error",
        }
    }

    /// Returns the refusal with a text of its own in place of the row's description. The text is
    /// fixed, and never depends on whether a secret was right.
    pub(super) const fn because(self, detail: &'static str) -> Refusal {
        Refusal { detail: Some(detail), ..self.plain() }
    }

    const fn plain(self) -> Refusal {
        Refusal { kind: self, detail: None, retry_after: None, allow: None, carrier: None, maximum: None }
    }
}

impl Refusal {
    pub(super) const fn not_allowed(allow: &'static str) -> Self {
        Self { allow: Some(allow), ..RefusalKind::MethodNotAllowed.plain() }
    }

    pub(super) const fn too_long(maximum: Duration) -> Self {
        Self { maximum: Some(maximum), ..RefusalKind::LifetimeTooLong.plain() }
    }

    /// Returns `true` if the server failed, so that nothing is known of what the client presented.
    pub(super) const fn is_fault(&self) -> bool {
        matches!(self.kind, RefusalKind::ServerError | RefusalKind::Unavailable)
    }

    /// Returns the refusal of a credential from this place.
    pub(super) fn carried_by(self, carrier: Option<Carrier>) -> Self {
        Self { carrier, ..self }
    }

    /// Returns the refusal for a credential that was not verified. A denial is of this kind.
    pub(super) fn of(error: &VerifyError, denied: RefusalKind) -> Self {
        match error {
            VerifyError::Denied(DenialReason::Throttled(after)) => {
                Self { retry_after: Some(*after), ..RefusalKind::TooManyAttempts.plain() }
            }
            VerifyError::Denied(_) | VerifyError::Unsupported => denied.plain(),
            VerifyError::Unavailable(_cause) => {
                trace::warn!(cause = ?_cause.to_string(), "store or verifier unavailable");
                RefusalKind::Unavailable.into()
            }
        }
    }
}

impl From<RefusalKind> for Refusal {
    fn from(kind: RefusalKind) -> Self {
        kind.plain()
    }
}

/// An outage is never a denial. A value that the store cannot hold, or an id that is taken, is a
/// fault of this server, because it made or checked both.
impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        match &error {
            StoreError::Unavailable(_cause) => {
                trace::warn!(cause = ?_cause.to_string(), "store unavailable");
                RefusalKind::Unavailable.into()
            }
            StoreError::Exists | StoreError::Invalid(_) => {
                trace::error!(cause = ?error.to_string(), "store refused a grant");
                RefusalKind::ServerError.into()
            }
        }
    }
}

/// The operating system has no randomness, or a shape cannot be used.
impl From<std::io::Error> for Refusal {
    fn from(_error: std::io::Error) -> Self {
        trace::error!(cause = ?_error.to_string(), "token not made");
        RefusalKind::ServerError.into()
    }
}
