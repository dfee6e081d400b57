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
    rest: Option<Box<Rest>>,
}

/// The frames after the first.
#[derive(Debug, Default)]
struct Rest {
    data: VecDeque<Bytes>,
    trailers: Option<HeaderMap>,
}

impl Frames {
    pub(super) fn push(&mut self, frame: Frame<Bytes>) {
        match (frame.into_data(), &self.first) {
            (Ok(data), None) => self.first = Some(data),
            (Ok(data), Some(_)) => self.rest.get_or_insert_default().data.push_back(data),
            (Err(frame), _) => {
                if let Ok(trailers) = frame.into_trailers() {
                    self.rest.get_or_insert_default().trailers = Some(trailers);
                }
            }
        }
    }

    fn data(&self) -> impl Iterator<Item = &Bytes> {
        self.first.iter().chain(self.rest.iter().flat_map(|rest| &rest.data))
    }

    fn length(&self) -> usize {
        self.data().map(Bytes::len).sum()
    }

    fn form(&self) -> Form<'_> {
        if self.rest.as_ref().is_none_or(|rest| rest.data.is_empty()) {
            return Form::Frame(self.first.as_deref().unwrap_or_default());
        }
        let mut joined = Zeroizing::new(Vec::with_capacity(self.length()));
        self.data().for_each(|frame| joined.extend_from_slice(frame));
        Form::Joined(joined)
    }

    fn next(&mut self) -> Option<Frame<Bytes>> {
        if let Some(first) = self.first.take() {
            return Some(Frame::data(first));
        }
        let rest = self.rest.as_mut()?;
        let data = rest.data.pop_front().map(Frame::data);
        data.or_else(|| rest.trailers.take().map(Frame::trailers))
    }

    fn is_empty(&self) -> bool {
        let rest = |rest: &Rest| rest.data.is_empty() && rest.trailers.is_none();
        self.first.is_none() && self.rest.as_deref().is_none_or(rest)
    }
}

impl<B> RequestBody<B> {
    pub(super) const fn unread(body: B) -> Self {
        Self { source: Source::Unread { body } }
    }

    /// Returns a body that was read, as if it were unread.
    pub(super) const fn read(frames: Frames) -> Self {
        Self { source: Source::Read { frames } }
    }

    /// Returns the content of a body that was read.
    pub(super) fn form(&self) -> Form<'_> {
        match &self.source {
            Source::Read { frames } => frames.form(),
            Source::Unread { .. } => Form::Frame(&[]),
        }
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
            Source::Read { frames } => frames.is_empty(),
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
