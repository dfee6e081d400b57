//! The kinds of refusal, and the table of their answers.

use std::fmt;

use http::StatusCode;

use crate::credential::{CredentialKind, ReadError};

/// The reason why a request was refused.
///
/// Absent, malformed, ambiguous, denied, forbidden and unavailable are always distinct kinds.
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

/// The challenges that are sent with an answer (RFC 9110 section 11.6.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Challenging {
    Nothing,
    /// Every scheme, without an error attribute.
    Plainly,
    /// Only the access-token scheme, if the dialect has one, with `invalid_request`.
    TokenMalformed,
    /// Every scheme; the access-token scheme with `invalid_token`.
    TokenDenied,
    /// Only the access-token scheme, with `insufficient_scope` and the needed scopes.
    ScopeNeeded,
}

/// A row of the answer table.
// Answers are one `match` in `rejection/kind.rs`: status, challenges, `error`, body. Bodies are put
// together at compile time. A dialect's own answers (`rejection/answer_row.rs`) are rows over the
// same kinds. A row has a body, optionally a status, and optionally applies to only one carrier.
// The rows are prepared when the layer is made. If an answer always has the same headers, those are
// prepared as well, and a refusal copies a map.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) challenging: Challenging,
    pub(crate) error: &'static str,
    pub(crate) description: &'static str,
    pub(crate) body: &'static str,
}

macro_rules! answer {
    ($status:ident, $challenging:expr, $error:literal, $description:literal) => {
        Answer {
            status: StatusCode::$status,
            challenging: $challenging,
            error: $error,
            description: $description,
            body: concat!("{\"error\":\"", $error, "\",\"error_description\":\"", $description, "\"}"),
        }
    };
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

    /// Returns the kind's row of the answer table.
    pub(crate) const fn answer(self) -> Answer {
        use Challenging::{Nothing, Plainly, ScopeNeeded, TokenDenied, TokenMalformed};
        match self {
            Self::Missing | Self::UnknownScheme => {
                answer!(UNAUTHORIZED, Plainly, "missing_credentials", "This resource needs credentials.")
            }
            Self::Malformed | Self::Ambiguous => answer!(
                BAD_REQUEST,
                TokenMalformed,
                "invalid_request",
                "The credentials are malformed, or there is more than one."
            ),
            Self::DeniedToken => answer!(
                UNAUTHORIZED,
                TokenDenied,
                "invalid_token",
                "The access token is unknown, expired or revoked."
            ),
            Self::DeniedCredentials => {
                answer!(UNAUTHORIZED, Plainly, "invalid_credentials", "The credentials are not valid.")
            }
            Self::DeniedAppToken => {
                answer!(FORBIDDEN, Nothing, "invalid_app_token", "The app token is not valid.")
            }
            Self::InsecureTransport => {
                answer!(FORBIDDEN, Nothing, "https_required", "Credentials are accepted over https only.")
            }
            Self::CrossSite => answer!(
                FORBIDDEN,
                Nothing,
                "cross_site_request",
                "A cookie is accepted from pages of this service only."
            ),
            Self::InsufficientScope => {
                answer!(FORBIDDEN, ScopeNeeded, "insufficient_scope", "The access token does not allow this.")
            }
            Self::Forbidden => {
                answer!(FORBIDDEN, Nothing, "forbidden", "These credentials do not allow this.")
            }
            Self::TooManyAttempts => answer!(
                TOO_MANY_REQUESTS,
                Nothing,
                "too_many_attempts",
                "Too many failed attempts; try again later."
            ),
            Self::BodyTooLarge => {
                answer!(PAYLOAD_TOO_LARGE, Nothing, "invalid_request", "The form body is too large.")
            }
            Self::BodyTimeout => {
                answer!(REQUEST_TIMEOUT, Nothing, "invalid_request", "The form body arrived too slowly.")
            }
            Self::Unavailable => answer!(
                SERVICE_UNAVAILABLE,
                Nothing,
                "temporarily_unavailable",
                "The credentials cannot be checked now; try again later."
            ),
            Self::ServerError => {
                answer!(INTERNAL_SERVER_ERROR, Nothing, "server_error", "The request could not be handled.")
            }
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

impl CredentialKind {
    /// Returns the kind of refusal for a denied credential of this kind.
    pub(crate) const fn denied(self) -> RejectionKind {
        match self {
            Self::AccessToken => RejectionKind::DeniedToken,
            Self::AppToken => RejectionKind::DeniedAppToken,
            Self::ApiKey | Self::KeyPair | Self::Client | Self::Password => RejectionKind::DeniedCredentials,
        }
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
