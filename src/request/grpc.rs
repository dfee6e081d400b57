//! Recognizes gRPC calls.

use super::RequestHead;
use http::header::CONTENT_TYPE;

/// Returns true for gRPC's content type, with or without a message format
/// (`application/grpc+proto`).
// A gRPC call is refused without a body. Its clients map the status of HTTP to a status of gRPC. If
// there is a body, tonic's client first takes it for a message, and reports a broken one.
pub(crate) fn is_grpc(head: RequestHead<'_>) -> bool {
    head.headers().get(CONTENT_TYPE).is_some_and(|value| value.as_bytes().starts_with(b"application/grpc"))
}
