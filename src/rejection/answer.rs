//! The table of standard answers, a row for each kind of refusal.

use http::StatusCode;

use super::RejectionKind;
use super::grpc::GrpcStatus;

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
// Answers are one `match` in this file: statuses, challenges, `error`, body. Bodies are put
// together at compile time. A dialect's own answers (`rejection/answer_row.rs`) are rows over the
// same kinds. A row has a body, optionally a status, and optionally applies to only one carrier.
// The rows are prepared when the layer is made. If an answer always has the same headers, those are
// prepared as well, and a refusal copies a map.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    /// The status of a gRPC call.
    pub(crate) grpc: GrpcStatus,
    pub(crate) challenging: Challenging,
    pub(crate) error: &'static str,
    pub(crate) description: &'static str,
    pub(crate) body: &'static str,
}

macro_rules! answer {
    ($status:ident, $grpc:ident, $challenging:expr, $error:literal, $description:literal) => {
        Answer {
            status: StatusCode::$status,
            grpc: GrpcStatus::$grpc,
            challenging: $challenging,
            error: $error,
            description: $description,
            body: concat!("{\"error\":\"", $error, "\",\"error_description\":\"", $description, "\"}"),
        }
    };
}

impl RejectionKind {
    /// Returns the kind's row of the answer table.
    pub(crate) const fn answer(self) -> Answer {
        use Challenging::{Nothing, Plainly, ScopeNeeded, TokenDenied, TokenMalformed};
        match self {
            Self::Missing | Self::UnknownScheme => answer!(
                UNAUTHORIZED,
                Unauthenticated,
                Plainly,
                "missing_credentials",
                "This resource needs credentials."
            ),
            Self::Malformed | Self::Ambiguous => answer!(
                BAD_REQUEST,
                InvalidArgument,
                TokenMalformed,
                "invalid_request",
                "The credentials are malformed, or there is more than one."
            ),
            Self::DeniedToken => answer!(
                UNAUTHORIZED,
                Unauthenticated,
                TokenDenied,
                "invalid_token",
                "The access token is unknown, expired or revoked."
            ),
            Self::DeniedCredentials => answer!(
                UNAUTHORIZED,
                Unauthenticated,
                Plainly,
                "invalid_credentials",
                "The credentials are not valid."
            ),
            Self::DeniedAppToken => answer!(
                FORBIDDEN,
                PermissionDenied,
                Nothing,
                "invalid_app_token",
                "The app token is not valid."
            ),
            Self::InsecureTransport => answer!(
                FORBIDDEN,
                PermissionDenied,
                Nothing,
                "https_required",
                "Credentials are accepted over https only."
            ),
            Self::CrossSite => answer!(
                FORBIDDEN,
                PermissionDenied,
                Nothing,
                "cross_site_request",
                "A cookie is accepted from pages of this service only."
            ),
            Self::InsufficientScope => answer!(
                FORBIDDEN,
                PermissionDenied,
                ScopeNeeded,
                "insufficient_scope",
                "The access token does not allow this."
            ),
            Self::Forbidden => answer!(
                FORBIDDEN,
                PermissionDenied,
                Nothing,
                "forbidden",
                "These credentials do not allow this."
            ),
            Self::TooManyAttempts => answer!(
                TOO_MANY_REQUESTS,
                ResourceExhausted,
                Nothing,
                "too_many_attempts",
                "Too many failed attempts; try again later."
            ),
            Self::BodyTooLarge => answer!(
                PAYLOAD_TOO_LARGE,
                InvalidArgument,
                Nothing,
                "invalid_request",
                "The form body is too large."
            ),
            Self::BodyTimeout => answer!(
                REQUEST_TIMEOUT,
                InvalidArgument,
                Nothing,
                "invalid_request",
                "The form body arrived too slowly."
            ),
            Self::Unavailable => answer!(
                SERVICE_UNAVAILABLE,
                Unavailable,
                Nothing,
                "temporarily_unavailable",
                "The credentials cannot be checked now; try again later."
            ),
            Self::ServerError => answer!(
                INTERNAL_SERVER_ERROR,
                Internal,
                Nothing,
                "server_error",
                "The request could not be handled."
            ),
        }
    }
}
