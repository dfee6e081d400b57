//! Reading a request's body.

use std::future::poll_fn;
use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use http_body::Body;
use zeroize::Zeroizing;

use super::profile::Door;
use super::refusal::{Refusal, RefusalKind};
use crate::deadline::{Bounded, Unfinished};
use crate::layer::form_body::{is_form, is_read_as_utf8, media_type};

/// The limits of a body.
#[derive(Clone, Copy, Debug)]
pub(super) struct BodyLimits {
    pub(super) bytes: usize,
    pub(super) time: Duration,
}

/// The highest number of frames, empty ones included.
const MAX_FRAMES: usize = 65_536;

/// Reads a body into a buffer that is wiped. Returns `None` if it is empty. Fails if the body is
/// too large or too slow, or if the door does not read its media type.
pub(super) async fn collect<B: Body<Data = Bytes>>(
    door: &Door,
    headers: &HeaderMap,
    body: B,
    limits: BodyLimits,
) -> Result<Option<Zeroizing<Vec<u8>>>, Refusal> {
    if body.is_end_stream() {
        return Ok(None);
    }
    // Checked before the first poll, because a poll asks the client to send the rest
    // (100-continue).
    let announced = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    if announced.unwrap_or(0).max(body.size_hint().lower()) > limits.bytes as u64 {
        return Err(RefusalKind::BodyTooLarge.into());
    }
    let body = match Bounded::new(frames(body, limits.bytes), limits.time).await {
        Ok(body) => body?,
        Err(Unfinished::Late) => return Err(RefusalKind::BodyTimeout.into()),
        Err(Unfinished::Panicked) => return Err(RefusalKind::ServerError.into()),
    };
    if body.is_empty() {
        return Ok(None);
    }
    if !is_readable(door, headers) {
        return Err(RefusalKind::InvalidRequest.because("The media type of the body is not supported."));
    }
    Ok(Some(body))
}

/// Returns `true` if the headers of a body allow this door to read it as UTF-8.
fn is_readable(door: &Door, headers: &HeaderMap) -> bool {
    if headers.contains_key(CONTENT_ENCODING) {
        return false;
    }
    match media_type(headers) {
        Err(_) => false,
        Ok(None) => door.any_content_type,
        Ok(Some(value)) => (door.any_content_type || is_form(value)) && is_read_as_utf8(value),
    }
}

async fn frames<B: Body<Data = Bytes>>(body: B, limit: usize) -> Result<Zeroizing<Vec<u8>>, Refusal> {
    let mut body = pin!(body);
    let mut bytes = Zeroizing::new(Vec::new());
    let mut polled = 0;
    while let Some(frame) = poll_fn(|context| body.as_mut().poll_frame(context)).await {
        let frame = frame.map_err(|_| RefusalKind::InvalidRequest.because("The body could not be read."))?;
        polled += 1;
        if polled > MAX_FRAMES {
            return Err(RefusalKind::BodyTooLarge.into());
        }
        let Ok(data) = frame.into_data() else { continue };
        if bytes.len() + data.len() > limit {
            return Err(RefusalKind::BodyTooLarge.into());
        }
        extend(&mut bytes, &data);
    }
    Ok(bytes)
}

/// Adds data. A buffer that grows leaves copies behind, so it moves to a new one and the old one is
/// wiped.
fn extend(bytes: &mut Zeroizing<Vec<u8>>, data: &[u8]) {
    if bytes.capacity() < bytes.len() + data.len() {
        let mut grown = Zeroizing::new(Vec::with_capacity(2 * (bytes.len() + data.len())));
        grown.extend_from_slice(bytes);
        *bytes = grown;
    }
    bytes.extend_from_slice(data);
}
