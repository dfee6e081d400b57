//! Refusals of an authorization server.

mod row;

use std::time::Duration;

pub use self::row::RefusalRow;
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
    /// The server does not have the response type (RFC 6749 section 4.1.2.1).
    UnsupportedResponseType,
    /// The server does not read `request`, the authorization request as a JWT (RFC 9101 section 7).
    UnsupportedRequest,
    /// The server does not read `request_uri` (RFC 9101 section 7).
    UnsupportedRequestUri,
    /// The user, or the log-in of the service, denied what the client asked for (RFC 6749 section
    /// 4.1.2.1).
    AccessDenied,
    /// A form of a page has expired, belongs to another session or request, or came from another
    /// site.
    Forged,
    /// A program asked for the list of connected applications, and no user is logged in.
    LogInRequired,
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

/// Refusal of a request.
#[derive(Clone, Copy, Debug)]
pub(in crate::server) struct Refusal {
    pub(in crate::server) kind: RefusalKind,
    /// Fixed text that replaces the description of the row.
    pub(in crate::server) detail: Option<&'static str>,
    /// Time after which the client may try again.
    pub(in crate::server) retry_after: Option<Duration>,
    /// Value of `Allow`, for a method that the endpoint does not have.
    pub(in crate::server) allow: Option<&'static str>,
    /// Place of the credential that was refused.
    pub(in crate::server) carrier: Option<Carrier>,
    /// Maximum lifetime, for one that exceeds it.
    pub(in crate::server) maximum: Option<Duration>,
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
        Self::UnsupportedResponseType,
        Self::UnsupportedRequest,
        Self::UnsupportedRequestUri,
        Self::AccessDenied,
        Self::Forged,
        Self::LogInRequired,
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

    /// Returns a short name for logs and metrics, unique to each kind.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::MissingParameter => "missing_parameter",
            Self::InvalidClient => "invalid_client",
            Self::InvalidGrant => "invalid_grant",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::UnsupportedResponseType => "unsupported_response_type",
            Self::UnsupportedRequest => "unsupported_request",
            Self::UnsupportedRequestUri => "unsupported_request_uri",
            Self::AccessDenied => "access_denied",
            Self::Forged => "forged",
            Self::LogInRequired => "log_in_required",
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
    pub(in crate::server) const fn because(self, detail: &'static str) -> Refusal {
        Refusal { detail: Some(detail), ..self.plain() }
    }

    const fn plain(self) -> Refusal {
        Refusal { kind: self, detail: None, retry_after: None, allow: None, carrier: None, maximum: None }
    }
}

impl Refusal {
    pub(in crate::server) const fn not_allowed(allow: &'static str) -> Self {
        Self { allow: Some(allow), ..RefusalKind::MethodNotAllowed.plain() }
    }

    pub(in crate::server) const fn too_long(maximum: Duration) -> Self {
        Self { maximum: Some(maximum), ..RefusalKind::LifetimeTooLong.plain() }
    }

    /// Returns `true` if the server failed, so that nothing is known of what the client presented.
    pub(in crate::server) const fn is_fault(&self) -> bool {
        matches!(self.kind, RefusalKind::ServerError | RefusalKind::Unavailable)
    }

    /// Returns the refusal of a credential from this place.
    pub(in crate::server) fn carried_by(self, carrier: Option<Carrier>) -> Self {
        Self { carrier, ..self }
    }

    /// Returns the refusal for a credential that was not verified. A denial is of this kind.
    pub(in crate::server) fn of(error: &VerifyError, denied: RefusalKind) -> Self {
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
            StoreError::UserDeleted => RefusalKind::InvalidGrant.into(),
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
