//! Reading a request's body.

use std::future::poll_fn;
use std::pin::pin;

use bytes::Bytes;
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http_body::{Body, Frame};
use zeroize::Zeroizing;

use super::profile::Door;
use super::refusal::{Refusal, RefusalKind};
use crate::deadline::Bounded;
use crate::layer::form_body::{is_form, is_read_as_utf8};
pub(super) use crate::layer::read_frames::BodyLimits;
use crate::layer::read_frames::{FrameReader, UnreadBody};

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
    let mut bytes = Zeroizing::new(Vec::new());
    let mut take = |frame: Frame<Bytes>| {
        if let Some(data) = frame.data_ref() {
            extend(&mut bytes, data);
        }
    };
    let mut reader = FrameReader::new(headers, limits.bytes);
    let mut body = pin!(body);
    let all = poll_fn(|context| reader.poll_all(body.as_mut(), context, &mut take));
    let read = Bounded::new(all, limits.time).await.unwrap_or_else(|unfinished| Err(unfinished.into()));
    read.map_err(|unread| match unread {
        UnreadBody::TooLarge => RefusalKind::BodyTooLarge.into(),
        UnreadBody::Late => RefusalKind::BodyTimeout.into(),
        UnreadBody::Broken => RefusalKind::InvalidRequest.because("The body could not be read."),
        UnreadBody::Panicked => RefusalKind::ServerError.into(),
    })?;
    if bytes.is_empty() {
        return Ok(None);
    }
    if !is_readable(door, headers) {
        return Err(RefusalKind::InvalidRequest.because("The media type of the body is not supported."));
    }
    Ok(Some(bytes))
}

/// Returns `true` if the headers of a body allow this door to read it as UTF-8.
fn is_readable(door: &Door, headers: &HeaderMap) -> bool {
    if headers.contains_key(CONTENT_ENCODING) {
        return false;
    }
    let mut media_types = headers.get_all(CONTENT_TYPE).iter();
    match (media_types.next(), media_types.next()) {
        (None, _) => door.any_content_type,
        (Some(value), None) => (door.any_content_type || is_form(value)) && is_read_as_utf8(value),
        (Some(_), Some(_)) => false,
    }
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
