//! The port for request bodies that may be forms with a credential.

use std::fmt;

use bytes::Bytes;
use http::Request;
use zeroize::Zeroizing;

use crate::rejection::Rejection;
use crate::request::RequestHead;

/// Handles a body `B` in one mode. `lenient` is true if the dialect also reads bodies of `GET` and
/// bodies without a `Content-Type`.
pub trait ReadBody<B>: Clone + Send + Sync + 'static {
    /// The body that the inner service receives.
    type Body;

    /// Forwards a request whose body was not read.
    fn forward_unread(request: Request<B>) -> Request<Self::Body>;

    /// Returns true if this body may be a form, and the mode reads it.
    fn reads_form(&self, head: RequestHead<'_>, body: &B, lenient: bool) -> Result<bool, Rejection>;

    /// Returns true if this body may be a form that the mode does not read.
    fn leaves_form(&self, head: RequestHead<'_>, body: &B, lenient: bool) -> bool;

    /// Reads the whole body within the limit and the deadline, and returns it unread.
    fn read(
        &self,
        head: RequestHead<'_>,
        body: B,
    ) -> impl Future<Output = Result<(Form, Self::Body), Rejection>> + Send;
}

/// The content of a body, in one piece.
#[derive(Default)]
pub struct Form {
    one: Bytes,
    /// Several frames, joined in a buffer that is wiped.
    joined: Option<Zeroizing<Vec<u8>>>,
}

impl Form {
    /// Returns the form of a body with one frame.
    pub(crate) const fn of_frame(one: Bytes) -> Self {
        Self { one, joined: None }
    }

    /// Returns the form of a body with several frames, which are joined.
    pub(crate) const fn of_frames(joined: Zeroizing<Vec<u8>>) -> Self {
        Self { one: Bytes::new(), joined: Some(joined) }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        self.joined.as_deref().map_or(&self.one, Vec::as_slice)
    }
}

impl fmt::Debug for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Form(..)")
    }
}
