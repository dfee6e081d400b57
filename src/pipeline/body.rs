//! The port for request bodies that may be forms with a credential.

use std::fmt;

use http::Request;
use tower_service::Service;
use zeroize::Zeroizing;

use crate::rejection::Rejection;
use crate::request::RequestHead;

/// Handles a body `B` in one mode. `lenient` is true if the dialect also reads bodies of `GET` and
/// bodies without a `Content-Type`.
pub trait ReadBody<B>: Clone + Send + Sync + 'static {
    /// The body that the inner service receives.
    type Body;

    /// A request whose body is being read.
    type Reading: Future<Output = Result<Request<Self::Body>, Rejection>> + Send;

    /// Forwards a request whose body was not read.
    fn forward_unread(request: Request<B>) -> Request<Self::Body>;

    /// Calls the inner service with a request whose body was not read.
    fn call_unread<S: Service<Request<Self::Body>>>(inner: &mut S, request: Request<B>) -> S::Future {
        inner.call(Self::forward_unread(request))
    }

    /// Returns true if this body may be a form, and the mode reads it.
    fn reads_form(&self, head: RequestHead<'_>, body: &B, lenient: bool) -> Result<bool, Rejection>;

    /// Returns true if this body may be a form that the mode does not read.
    fn leaves_form(&self, head: RequestHead<'_>, body: &B, lenient: bool) -> bool;

    /// Reads the whole body within the limit and the deadline, and returns it unread.
    fn read(&self, request: Request<B>) -> Self::Reading;

    /// Returns the content of a body that was read.
    fn form(body: &Self::Body) -> Form<'_>;
}

/// The content of a body, in one piece.
pub enum Form<'b> {
    /// The only frame, or nothing.
    Frame(&'b [u8]),
    /// Several frames, joined in a buffer that is wiped.
    Joined(Zeroizing<Vec<u8>>),
}

impl Form<'_> {
    pub(super) fn bytes(&self) -> &[u8] {
        match self {
            Self::Frame(frame) => frame,
            Self::Joined(frames) => frames,
        }
    }
}

impl fmt::Debug for Form<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Form(..)")
    }
}
