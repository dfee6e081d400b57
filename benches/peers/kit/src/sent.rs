//! A request, and how it is built as a server builds it.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request, Uri};

/// A request that is sent many times.
#[derive(Clone)]
pub struct Sent {
    uri: Uri,
    header: Option<HeaderName>,
    /// The values of all headers, in one buffer as in a server's.
    head: Bytes,
    form: Bytes,
}

/// The value of the headers that every request has.
const COMMON: &str = "0123456789";

impl Sent {
    fn new(target: &str, header: Option<(HeaderName, &str)>, form: &str) -> Self {
        let value = header.as_ref().map_or("", |(_, value)| value);
        Self {
            uri: target.parse().expect("a target"),
            head: Bytes::from(format!("{COMMON}{value}")),
            header: header.map(|(name, _)| name),
            form: Bytes::copy_from_slice(form.as_bytes()),
        }
    }

    /// Returns a request without a credential.
    pub fn plain() -> Self {
        Self::new("/", None, "")
    }

    /// Returns a request with this `Authorization`.
    pub fn authorization(value: &str) -> Self {
        Self::new("/", Some((http::header::AUTHORIZATION, value)), "")
    }

    pub fn bearer(token: &str) -> Self {
        Self::authorization(&format!("Bearer {token}"))
    }

    pub fn cookie(value: &str) -> Self {
        Self::new("/", Some((http::header::COOKIE, value)), "")
    }

    /// Returns a request with this query.
    pub fn query(query: &str) -> Self {
        Self::new(&format!("/?{query}"), None, "")
    }

    /// Returns a request with this form as its body.
    pub fn form(form: &str) -> Self {
        let name = http::header::CONTENT_TYPE;
        Self::new("/", Some((name, "application/x-www-form-urlencoded")), form)
    }

    /// Returns the same request without its credential.
    pub fn without_credential(&self) -> Self {
        if self.form.is_empty() { Self::plain() } else { Self::form("name=value") }
    }

    /// Builds the request. The values of its headers are slices of one buffer, as in a server's.
    pub fn build<B: From<Bytes> + Default>(&self) -> Request<B> {
        let value = |slice| HeaderValue::from_maybe_shared(slice).expect("a value");
        let mut request = Request::new(B::default());
        if !self.form.is_empty() {
            *request.method_mut() = Method::POST;
            *request.body_mut() = B::from(self.form.clone());
        }
        *request.uri_mut() = self.uri.clone();
        let headers = request.headers_mut();
        for name in ["host", "user-agent", "accept", "accept-encoding", "x-request-id"] {
            headers.insert(HeaderName::from_static(name), value(self.head.slice(..COMMON.len())));
        }
        if let Some(name) = &self.header {
            headers.insert(name.clone(), value(self.head.slice(COMMON.len()..)));
        }
        request
    }
}
