//! A request's head, borrowed.

use std::fmt;

use http::request::Parts;
use http::{Extensions, HeaderMap, Method, Request, Uri, Version};

/// A request's head, borrowed: what credentials are read from and policies may look at.
///
/// `Debug` shows the method alone, since headers and query carry credentials.
///
/// # Examples
///
/// ```
/// use tower_principal::request::RequestHead;
///
/// let request = http::Request::get("/datasets?limit=1").body(()).unwrap();
/// assert_eq!(RequestHead::of(&request).uri().path(), "/datasets");
/// ```
#[derive(Clone, Copy)]
pub struct RequestHead<'r> {
    method: &'r Method,
    uri: &'r Uri,
    version: Version,
    headers: &'r HeaderMap,
    extensions: &'r Extensions,
}

impl<'r> RequestHead<'r> {
    /// The head of a request.
    pub fn of<B>(request: &'r Request<B>) -> Self {
        Self {
            method: request.method(),
            uri: request.uri(),
            version: request.version(),
            headers: request.headers(),
            extensions: request.extensions(),
        }
    }

    /// The head that a request was taken apart into.
    pub fn of_parts(parts: &'r Parts) -> Self {
        Self {
            method: &parts.method,
            uri: &parts.uri,
            version: parts.version,
            headers: &parts.headers,
            extensions: &parts.extensions,
        }
    }

    /// The method.
    pub const fn method(&self) -> &'r Method {
        self.method
    }

    /// The target, as this layer sees it: inside `Router::nest` without the nest's prefix.
    pub const fn uri(&self) -> &'r Uri {
        self.uri
    }

    /// The protocol version.
    pub const fn version(&self) -> Version {
        self.version
    }

    /// The headers.
    pub const fn headers(&self) -> &'r HeaderMap {
        self.headers
    }

    /// The extensions.
    pub const fn extensions(&self) -> &'r Extensions {
        self.extensions
    }
}

impl fmt::Debug for RequestHead<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Head").field("method", self.method).finish_non_exhaustive()
    }
}
