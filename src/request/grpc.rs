//! Recognizes gRPC calls.

use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method};

use super::RequestHead;

/// The protocol of a gRPC call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GrpcCall {
    Grpc,
    /// gRPC-Web, for browsers.
    Web,
    /// gRPC-Web with bodies in Base64.
    WebText,
}

/// The content types of calls, without the message format that may follow (`+proto`).
// gRPC-Web is answered like gRPC, in its own content type. Its clients read the status of a call
// from the headers if the response has no body, as Envoy and grpc-web's proxy send it. A proxy that
// translates gRPC-Web passes on `application/grpc`, so both occur.
const CALLS: [(&[u8], GrpcCall); 3] = [
    (PREFIX, GrpcCall::Grpc),
    (b"application/grpc-web", GrpcCall::Web),
    (b"application/grpc-web-text", GrpcCall::WebText),
];

const PREFIX: &[u8] = b"application/grpc";

impl GrpcCall {
    /// Returns the protocol of a call. Returns `None` if the request is not one, by its method and
    /// its content type.
    // Every call is a `POST`, also in gRPC-Web. The method is compared first, because that costs
    // less than to look for a header in every request.
    #[inline]
    pub(crate) fn of(head: RequestHead<'_>) -> Option<Self> {
        if head.method() != Method::POST {
            return None;
        }
        let value = head.headers().get(CONTENT_TYPE)?.as_bytes();
        let is_call = value.get(..PREFIX.len())?.eq_ignore_ascii_case(PREFIX);
        if is_call { Self::of_content_type(value) } else { None }
    }

    #[cold]
    fn of_content_type(value: &[u8]) -> Option<Self> {
        let end = value.iter().position(|byte| matches!(byte, b'+' | b';')).unwrap_or(value.len());
        let name = value.get(..end)?.trim_ascii_end();
        CALLS.iter().find(|(known, _)| name.eq_ignore_ascii_case(known)).map(|(_, call)| *call)
    }

    /// Returns the content type of an answer.
    pub(crate) const fn content_type(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Grpc => "application/grpc",
            Self::Web => "application/grpc-web",
            Self::WebText => "application/grpc-web-text",
        })
    }
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    #[test]
    fn a_call_is_known_by_its_content_type_with_any_message_format() {
        for (content_type, call) in [
            ("application/grpc", Some(GrpcCall::Grpc)),
            ("application/grpc+proto", Some(GrpcCall::Grpc)),
            ("application/grpc+json", Some(GrpcCall::Grpc)),
            ("Application/gRPC", Some(GrpcCall::Grpc)),
            ("application/grpc;charset=utf-8", Some(GrpcCall::Grpc)),
            ("application/grpc ; a=b", Some(GrpcCall::Grpc)),
            ("application/grpc-web", Some(GrpcCall::Web)),
            ("application/grpc-web+proto", Some(GrpcCall::Web)),
            ("application/grpc-web-text", Some(GrpcCall::WebText)),
            ("application/grpc-web-text+proto", Some(GrpcCall::WebText)),
            ("application/grpcx", None),
            ("application/grpc-other", None),
            ("application/grp", None),
            ("application/json", None),
            ("text/application/grpc", None),
            ("", None),
        ] {
            let request = Request::post("/").header("content-type", content_type).body(()).unwrap();
            assert_eq!(GrpcCall::of(RequestHead::from_request(&request)), call, "{content_type:?}");
            let sent = call.map(|call| call.content_type().to_str().unwrap().to_owned());
            assert!(sent.is_none_or(|sent| content_type.to_ascii_lowercase().starts_with(&sent)));
        }
        assert_eq!(GrpcCall::of(RequestHead::from_request(&Request::post("/").body(()).unwrap())), None);
        let get = Request::get("/").header("content-type", "application/grpc").body(()).unwrap();
        assert_eq!(GrpcCall::of(RequestHead::from_request(&get)), None);
    }
}
