//! Request bodies that were not read to the end.
//!
//! If a server drops such a body on HTTP/2, it resets the stream after its answer. That is legal
//! (RFC 9113 section 8.1), but curl 7.88 and others then lose the answer. A refusal is such an
//! answer, because it does not wait for the body. Therefore the rest of a short body is still read,
//! for a short time.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Limited};
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::{Error, Version};
use tokio::time::timeout;

const LIMIT: usize = 64 * 1024;
const TIME: Duration = Duration::from_secs(5);

pub(crate) struct Lingering {
    /// `None` after it was read to the end.
    body: Option<Incoming>,
    version: Version,
}

impl Lingering {
    pub(crate) fn new(body: Incoming, version: Version) -> Self {
        Self { body: Some(body), version }
    }
}

impl Body for Lingering {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let Some(body) = &mut self.body else { return Poll::Ready(None) };
        let frame = ready!(Pin::new(body).poll_frame(context));
        if !matches!(frame, Some(Ok(_))) {
            self.body = None;
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Incoming::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or_else(|| SizeHint::with_exact(0), Incoming::size_hint)
    }
}

impl Drop for Lingering {
    fn drop(&mut self) {
        if self.version == Version::HTTP_2
            && let Some(rest) = self.body.take().filter(|body| !body.is_end_stream())
        {
            tokio::spawn(timeout(TIME, Limited::new(rest, LIMIT).collect()));
        }
    }
}
