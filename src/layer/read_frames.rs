//! Reading a body within limits.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use http::header::CONTENT_LENGTH;
use http_body::{Body, Frame};

use crate::deadline::{Bounded, Unfinished};

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

/// Reads a body and passes on its frames.
pub(crate) fn read_frames<B: Body<Data = Bytes>>(
    headers: &HeaderMap,
    body: B,
    limits: BodyLimits,
    take: impl FnMut(Frame<Bytes>),
) -> impl Future<Output = Result<(), UnreadBody>> {
    // Checked before the first poll, because a poll asks the client to send the rest
    // (100-continue).
    let announced = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    let is_too_large = announced.unwrap_or(0).max(body.size_hint().lower()) > limits.bytes as u64;
    async move {
        if is_too_large {
            return Err(UnreadBody::TooLarge);
        }
        match Bounded::new(all_frames(body, limits.bytes, take), limits.time).await {
            Ok(read) => read,
            Err(Unfinished::Late) => Err(UnreadBody::Late),
            Err(Unfinished::Panicked) => Err(UnreadBody::Panicked),
        }
    }
}

#[allow(clippy::manual_async_fn, reason = "an `async fn` keeps its arguments twice")]
fn all_frames<B: Body<Data = Bytes>>(
    body: B,
    limit: usize,
    mut take: impl FnMut(Frame<Bytes>),
) -> impl Future<Output = Result<(), UnreadBody>> {
    async move {
        let mut body = pin!(body);
        let (mut length, mut polled) = (0, 0);
        while let Some(frame) = poll_fn(|context| body.as_mut().poll_frame(context)).await {
            let frame = frame.map_err(|_| UnreadBody::Broken)?;
            polled += 1;
            length += frame.data_ref().map_or(0, Bytes::len);
            if polled > MAX_FRAMES || length > limit {
                return Err(UnreadBody::TooLarge);
            }
            take(frame);
        }
        Ok(())
    }
}
