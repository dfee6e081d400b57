//! The answer to a refused gRPC call.

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderName};
use http::{HeaderValue, Response, StatusCode};

use super::RejectionKind;
use crate::request::grpc::GrpcCall;

/// The statuses of gRPC that refusals have, with their numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GrpcStatus {
    InvalidArgument = 3,
    PermissionDenied = 7,
    ResourceExhausted = 8,
    Internal = 13,
    Unavailable = 14,
    Unauthenticated = 16,
}

const GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");
const GRPC_MESSAGE: HeaderName = HeaderName::from_static("grpc-message");

/// Makes a refusal a response of gRPC that consists of trailers only: HTTP status 200, the call's
/// status in the headers, and no body. The other headers stay, so a client still finds challenges
/// and `Retry-After` in the metadata of the status.
// Clients of gRPC map other statuses of HTTP by a table of their own, in which a 400 is an internal
// error. tonic's client reads any body as a broken message. The message is fixed text without `%`,
// so that it needs no percent-encoding.
pub(super) fn frame(response: &mut Response<Bytes>, kind: RejectionKind, call: GrpcCall) {
    *response.status_mut() = StatusCode::OK;
    *response.body_mut() = Bytes::new();
    let headers = response.headers_mut();
    headers.remove(CONTENT_LENGTH);
    headers.insert(CONTENT_TYPE, call.content_type());
    headers.insert(GRPC_STATUS, HeaderValue::from(kind.answer().grpc as u16));
    headers.insert(GRPC_MESSAGE, HeaderValue::from_static(kind.description()));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The grammar of `Percent-Encoded` in the specification of gRPC over HTTP/2.
    #[test]
    fn no_message_needs_percent_encoding() {
        for kind in RejectionKind::ALL {
            let text = kind.description();
            assert!(text.bytes().all(|byte| matches!(byte, b' '..=b'~') && byte != b'%'), "{text}");
        }
    }

    #[test]
    fn an_outage_a_denial_and_a_lack_of_permission_stay_apart() {
        for kind in RejectionKind::ALL {
            let expected = match kind.status().as_u16() {
                401 => GrpcStatus::Unauthenticated,
                403 => GrpcStatus::PermissionDenied,
                429 => GrpcStatus::ResourceExhausted,
                503 => GrpcStatus::Unavailable,
                400 | 408 | 413 => GrpcStatus::InvalidArgument,
                _ => GrpcStatus::Internal,
            };
            assert_eq!(kind.answer().grpc, expected, "{kind:?}");
        }
    }
}
