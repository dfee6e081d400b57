//! A request body that may have been read already.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use zeroize::Zeroizing;

use crate::pipeline::body::Form;

pin_project! {
    /// A request body: the original, or the same frames again after they were read for a
    /// credential.
    pub struct RequestBody<B> {
        #[pin]
        source: Source<B>,
    }
}

pin_project! {
    #[project = SourceProjection]
    enum Source<B> {
        Unread { #[pin] body: B },
        Read { frames: Frames },
    }
}

/// A whole body as it arrived, byte for byte. The first frame is separate because most bodies have
/// only one.
#[derive(Debug, Default)]
pub(super) struct Frames {
    first: Option<Bytes>,
    more: VecDeque<Bytes>,
    trailers: Option<HeaderMap>,
}

impl Frames {
    pub(super) fn push(&mut self, frame: Frame<Bytes>) {
        match (frame.into_data(), &self.first) {
            (Ok(data), None) => self.first = Some(data),
            (Ok(data), Some(_)) => self.more.push_back(data),
            (Err(frame), _) => self.trailers = frame.into_trailers().ok().or(self.trailers.take()),
        }
    }

    /// Returns the form that was read, and the body as if it were unread.
    pub(super) fn replay<B>(self) -> (Form, RequestBody<B>) {
        let form = match self.joined() {
            Some(joined) => Form::of_frames(joined),
            None => Form::of_frame(self.first.clone().unwrap_or_default()),
        };
        (form, RequestBody { source: Source::Read { frames: self } })
    }

    fn joined(&self) -> Option<Zeroizing<Vec<u8>>> {
        if self.more.is_empty() {
            return None;
        }
        let mut joined = Zeroizing::new(Vec::with_capacity(self.length()));
        self.first.iter().chain(&self.more).for_each(|frame| joined.extend_from_slice(frame));
        Some(joined)
    }

    fn length(&self) -> usize {
        self.first.iter().chain(&self.more).map(Bytes::len).sum()
    }

    fn next(&mut self) -> Option<Frame<Bytes>> {
        let data = self.first.take().or_else(|| self.more.pop_front());
        data.map(Frame::data).or_else(|| self.trailers.take().map(Frame::trailers))
    }
}

impl<B> RequestBody<B> {
    pub(super) const fn unread(body: B) -> Self {
        Self { source: Source::Unread { body } }
    }
}

impl<B: Body<Data = Bytes>> Body for RequestBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        match self.project().source.project() {
            SourceProjection::Unread { body } => body.poll_frame(context),
            SourceProjection::Read { frames } => Poll::Ready(frames.next().map(Ok)),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.source {
            Source::Unread { body } => body.is_end_stream(),
            Source::Read { frames } => {
                frames.first.is_none() && frames.more.is_empty() && frames.trailers.is_none()
            }
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.source {
            Source::Unread { body } => body.size_hint(),
            Source::Read { frames } => {
                SizeHint::with_exact(u64::try_from(frames.length()).unwrap_or(u64::MAX))
            }
        }
    }
}

impl<B: Default> Default for RequestBody<B> {
    fn default() -> Self {
        Self::unread(B::default())
    }
}

impl<B> fmt::Debug for RequestBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestBody").finish_non_exhaustive()
    }
}
