//! The borrowed head of a request.

use std::fmt;

use http::request::Parts;
use http::{Extensions, HeaderMap, Method, Request, Uri, Version};

/// The borrowed head of a request, from which credentials are read and policies decide.
///
/// `Debug` shows only the method, because headers and query may contain credentials.
///
/// # Examples
///
/// ```
/// use tower_principal::request::RequestHead;
///
/// let request = http::Request::get("/datasets?limit=1").body(()).unwrap();
/// assert_eq!(RequestHead::from_request(&request).uri().path(), "/datasets");
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
    /// Returns the head of a request.
    pub fn from_request<B>(request: &'r Request<B>) -> Self {
        Self {
            method: request.method(),
            uri: request.uri(),
            version: request.version(),
            headers: request.headers(),
            extensions: request.extensions(),
        }
    }

    /// Returns the head of a request from its parts.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::request::RequestHead;
    ///
    /// let (parts, _body) =
    ///     http::Request::delete("/datasets/1").body(()).unwrap().into_parts();
    /// let head = RequestHead::from_parts(&parts);
    /// assert_eq!(head.method(), "DELETE");
    /// ```
    pub fn from_parts(parts: &'r Parts) -> Self {
        Self {
            method: &parts.method,
            uri: &parts.uri,
            version: parts.version,
            headers: &parts.headers,
            extensions: &parts.extensions,
        }
    }

    /// Returns the method.
    pub const fn method(&self) -> &'r Method {
        self.method
    }

    /// Returns the target as this layer sees it: inside `Router::nest`, without the nest's prefix.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::request::RequestHead;
    ///
    /// let request = http::Request::get("/datasets?limit=1").body(()).unwrap();
    /// let uri = RequestHead::from_request(&request).uri();
    /// assert_eq!((uri.path(), uri.query()), ("/datasets", Some("limit=1")));
    /// ```
    pub const fn uri(&self) -> &'r Uri {
        self.uri
    }

    /// Returns the protocol version.
    pub const fn version(&self) -> Version {
        self.version
    }

    /// Returns the headers.
    pub const fn headers(&self) -> &'r HeaderMap {
        self.headers
    }

    /// Returns the extensions.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::request::RequestHead;
    ///
    /// #[derive(Clone)]
    /// struct RequestId(u64);
    ///
    /// let mut request = http::Request::new(());
    /// request.extensions_mut().insert(RequestId(7));
    /// let head = RequestHead::from_request(&request);
    /// assert_eq!(head.extensions().get::<RequestId>().map(|id| id.0), Some(7));
    /// ```
    pub const fn extensions(&self) -> &'r Extensions {
        self.extensions
    }
}

impl fmt::Debug for RequestHead<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestHead").field("method", self.method).finish_non_exhaustive()
    }
}
