//! The response body of the layers.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

pin_project! {
    /// The inner service's body, or the fixed bytes of a refusal.
    pub struct ResponseBody<B> {
        #[pin]
        source: Source<B>,
    }
}

pin_project! {
    #[project = SourceProjection]
    enum Source<B> {
        Inner { #[pin] body: B },
        Fixed { bytes: Option<Bytes> },
    }
}

// Responses are an enum of bodies. `ResponseBody<B>` is the inner service's body or fixed bytes.
// The inner body needs no bound until it is polled as a body. The layers therefore fit axum, hyper
// and any other library that uses `http`.
impl<B> ResponseBody<B> {
    pub(super) const fn inner(body: B) -> Self {
        Self { source: Source::Inner { body } }
    }

    pub(super) const fn empty() -> Self {
        Self { source: Source::Fixed { bytes: None } }
    }

    pub(super) fn fixed(bytes: Bytes) -> Self {
        Self { source: Source::Fixed { bytes: Some(bytes).filter(|bytes| !bytes.is_empty()) } }
    }
}

#[cfg(feature = "axum")]
impl ResponseBody<axum_core::body::Body> {
    /// Returns the same body as axum's.
    pub(crate) fn into_axum(self) -> axum_core::body::Body {
        match self.source {
            Source::Inner { body } => body,
            Source::Fixed { bytes } => bytes.unwrap_or_default().into(),
        }
    }
}

impl<B: Body<Data = Bytes>> Body for ResponseBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        match self.project().source.project() {
            SourceProjection::Inner { body } => body.poll_frame(context),
            SourceProjection::Fixed { bytes } => {
                Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.source {
            Source::Inner { body } => body.is_end_stream(),
            Source::Fixed { bytes } => bytes.is_none(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.source {
            Source::Inner { body } => body.size_hint(),
            Source::Fixed { bytes } => {
                let length = bytes.as_ref().map_or(0, Bytes::len);
                SizeHint::with_exact(u64::try_from(length).unwrap_or(u64::MAX))
            }
        }
    }
}

impl<B: Default> Default for ResponseBody<B> {
    fn default() -> Self {
        Self::inner(B::default())
    }
}

impl<B> fmt::Debug for ResponseBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseBody").finish_non_exhaustive()
    }
}
