//! The kinds of refusal.

use std::fmt;

use http::StatusCode;

use crate::credential::{CredentialKind, ReadError};

/// The reason why a request was refused.
///
/// Absent, malformed, ambiguous, denied, forbidden and unavailable are always distinct kinds.
///
/// # Examples
///
/// ```
/// use tower_principal::RejectionKind;
///
/// // An outage is never a denial.
/// assert_eq!(RejectionKind::Unavailable.status(), 503);
/// assert_eq!(RejectionKind::Missing.status(), 401);
/// assert_eq!(RejectionKind::Forbidden.status(), 403);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RejectionKind {
    /// No credential was sent and no guest rule admits the request, or a guest does not meet a
    /// requirement.
    Missing,
    /// The `Authorization` scheme is well-formed, but the dialect does not have it.
    UnknownScheme,
    /// A credential is syntactically invalid.
    Malformed,
    /// More than one credential was sent for one role (RFC 6750 section 2).
    Ambiguous,
    /// No verifier accepts the access token.
    DeniedToken,
    /// No verifier accepts the password, API key or client secret.
    DeniedCredentials,
    /// No verifier accepts the app token.
    DeniedAppToken,
    /// A credential was sent over a connection that is not known to be secure.
    InsecureTransport,
    /// A cookie was sent in a request that can change something, without proof that the request is
    /// from the service's own origin. See
    /// [`CredentialForm::cookie`](crate::CredentialForm::cookie).
    CrossSite,
    /// The request is not allowed with this token (RFC 6750 section 3.1).
    InsufficientScope,
    /// The request is not allowed for any other principal.
    Forbidden,
    /// Too many attempts failed.
    TooManyAttempts,
    /// A form body exceeds the limit.
    BodyTooLarge,
    /// A form body did not arrive in time.
    BodyTimeout,
    /// The verifier is unavailable.
    Unavailable,
    /// The service is misconfigured, or a verifier broke its contract.
    ServerError,
}

impl RejectionKind {
    /// All kinds, in the order of their declaration.
    pub(crate) const ALL: &'static [Self] = &[
        Self::Missing,
        Self::UnknownScheme,
        Self::Malformed,
        Self::Ambiguous,
        Self::DeniedToken,
        Self::DeniedCredentials,
        Self::DeniedAppToken,
        Self::InsecureTransport,
        Self::CrossSite,
        Self::InsufficientScope,
        Self::Forbidden,
        Self::TooManyAttempts,
        Self::BodyTooLarge,
        Self::BodyTimeout,
        Self::Unavailable,
        Self::ServerError,
    ];

    /// Returns the kind of refusal for a denied credential of a kind.
    pub(crate) const fn denied(credential: CredentialKind) -> Self {
        match credential {
            CredentialKind::AccessToken => Self::DeniedToken,
            CredentialKind::AppToken => Self::DeniedAppToken,
            CredentialKind::ApiKey
            | CredentialKind::KeyPair
            | CredentialKind::Client
            | CredentialKind::Password => Self::DeniedCredentials,
        }
    }

    /// Returns the status of the answer if neither a dialect nor a
    /// [`RenderRejection`](crate::rejection::RenderRejection) changes it.
    pub const fn status(self) -> StatusCode {
        self.answer().status
    }

    /// Returns the `error` of the standard body.
    pub const fn error(self) -> &'static str {
        self.answer().error
    }

    /// Returns the `error_description` of the standard body.
    pub(crate) const fn description(self) -> &'static str {
        self.answer().description
    }

    /// Returns a short name for logs and metrics, unique to each kind.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::UnknownScheme => "unknown_scheme",
            Self::Malformed => "malformed",
            Self::Ambiguous => "ambiguous",
            Self::DeniedToken => "denied_token",
            Self::DeniedCredentials => "denied_credentials",
            Self::DeniedAppToken => "denied_app_token",
            Self::InsecureTransport => "insecure_transport",
            Self::CrossSite => "cross_site",
            Self::InsufficientScope => "insufficient_scope",
            Self::Forbidden => "forbidden",
            Self::TooManyAttempts => "too_many_attempts",
            Self::BodyTooLarge => "body_too_large",
            Self::BodyTimeout => "body_timeout",
            Self::Unavailable => "unavailable",
            Self::ServerError => "server_error",
        }
    }
}

impl std::error::Error for RejectionKind {}

impl From<ReadError> for RejectionKind {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::UnknownScheme => Self::UnknownScheme,
            ReadError::Malformed => Self::Malformed,
            ReadError::Ambiguous => Self::Ambiguous,
            ReadError::CrossSite => Self::CrossSite,
        }
    }
}

impl fmt::Display for RejectionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.error())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_listed_once_and_in_order() {
        for (at, kind) in RejectionKind::ALL.iter().enumerate() {
            assert_eq!(*kind as usize, at, "{kind:?}");
        }
        assert_eq!(RejectionKind::ServerError as usize + 1, RejectionKind::ALL.len());
    }
}
