//! Reading a body within limits.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use http::header::CONTENT_LENGTH;
use http_body::{Body, Frame};

use crate::deadline::Unfinished;

/// The limits of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BodyLimits {
    pub(crate) bytes: usize,
    pub(crate) time: Duration,
}

/// The reason why a body was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UnreadBody {
    TooLarge,
    Late,
    /// The connection failed.
    Broken,
    Panicked,
}

/// The highest number of frames, empty ones included.
const MAX_FRAMES: usize = 65_536;

/// Reads the frames of a body and counts them.
#[derive(Debug)]
pub(crate) struct FrameReader {
    limit: u64,
    /// The length that the headers announce.
    announced: u64,
    length: u64,
    polled: usize,
}

impl FrameReader {
    pub(crate) fn new(headers: &HeaderMap, limit: usize) -> Self {
        let announced = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
        Self { limit: limit as u64, announced: announced.unwrap_or(0), length: 0, polled: 0 }
    }

    /// Reads a body to its end, and passes on its frames.
    pub(crate) fn poll_all<B: Body<Data = Bytes>>(
        &mut self,
        mut body: Pin<&mut B>,
        context: &mut Context<'_>,
        mut take: impl FnMut(Frame<Bytes>),
    ) -> Poll<Result<(), UnreadBody>> {
        // Checked before the body is polled, because a poll asks the client to send the rest
        // (100-continue). Not in `new`, because a panic of the body is caught only here.
        let expected = self.length.saturating_add(body.size_hint().lower());
        if self.announced.max(expected) > self.limit {
            return Poll::Ready(Err(UnreadBody::TooLarge));
        }
        while let Some(frame) = ready!(body.as_mut().poll_frame(context)) {
            let frame = frame.map_err(|_| UnreadBody::Broken)?;
            self.polled += 1;
            self.length += frame.data_ref().map_or(0, Bytes::len) as u64;
            if self.polled > MAX_FRAMES || self.length > self.limit {
                return Poll::Ready(Err(UnreadBody::TooLarge));
            }
            take(frame);
        }
        Poll::Ready(Ok(()))
    }
}

impl From<Unfinished> for UnreadBody {
    fn from(unfinished: Unfinished) -> Self {
        match unfinished {
            Unfinished::Late => Self::Late,
            Unfinished::Panicked => Self::Panicked,
        }
    }
}
