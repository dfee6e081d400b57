//! The future that reads the body of a form.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::Request;
use http::request::Parts;
use http_body::Body;
use pin_project_lite::pin_project;

use super::RequestBody;
use super::read_frames::{BodyLimits, FrameReader, UnreadBody};
use super::request_body::Frames;
use crate::deadline::Timer;
use crate::rejection::{Rejection, RejectionKind};

pin_project! {
    /// A request whose body is read for a credential. It is read in place, because most forms are
    /// complete when they arrive.
    pub struct ReadForm<B> {
        // `None` once the body is read.
        head: Option<Parts>,
        #[pin]
        body: B,
        frames: Frames,
        reader: FrameReader,
        #[pin]
        timer: Timer,
    }
}

impl<B: Body<Data = Bytes>> ReadForm<B> {
    #[inline]
    pub(super) fn new(request: Request<B>, limits: BodyLimits) -> Self {
        let reader = FrameReader::new(request.headers(), limits.bytes);
        let (head, body) = request.into_parts();
        Self { head: Some(head), body, frames: Frames::default(), reader, timer: Timer::after(limits.time) }
    }
}

impl<B: Body<Data = Bytes>> Future for ReadForm<B> {
    type Output = Result<Request<RequestBody<B>>, Rejection>;

    #[inline]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let read = this.timer.bound(context, |context| {
            this.reader.poll_all(this.body, context, |frame| this.frames.push(frame))
        });
        ready!(read).unwrap_or_else(|unfinished| Err(unfinished.into())).map_err(refusal)?;
        // Only a future that is polled after completion has already returned its request.
        let Some(head) = this.head.take() else { return Poll::Pending };
        let body = RequestBody::read(std::mem::take(this.frames));
        Poll::Ready(Ok(Request::from_parts(head, body)))
    }
}

#[cold]
fn refusal(unread: UnreadBody) -> RejectionKind {
    match unread {
        UnreadBody::TooLarge => RejectionKind::BodyTooLarge,
        UnreadBody::Late => RejectionKind::BodyTimeout,
        UnreadBody::Broken => RejectionKind::Malformed,
        UnreadBody::Panicked => RejectionKind::ServerError,
    }
}

impl<B> fmt::Debug for ReadForm<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadForm").finish_non_exhaustive()
    }
}
