//! Parameters in a query or a form body: a strict reading of the WHATWG URL standard's urlencoded
//! grammar.

use super::{Pair, UNREADABLE};
use crate::request::percent;
use crate::server::refusal::{Refusal, RefusalKind};

/// Returns the decoded names and values. Fails if an encoding is broken, also in a parameter that
/// no endpoint knows, because another parser could read a known one in it.
pub(super) fn pairs(text: &[u8]) -> Result<Vec<Pair>, Refusal> {
    let segments = text.split(|byte| *byte == b'&').filter(|segment| !segment.is_empty());
    let pair = |segment: &[u8]| {
        let equals = memchr::memchr(b'=', segment).unwrap_or(segment.len());
        let (name, value) = segment.split_at_checked(equals)?;
        let value = value.strip_prefix(b"=").unwrap_or_default();
        Some((percent::decode(name, b' ')?, percent::decode(value, b' ')?))
    };
    segments.map(|segment| pair(segment).ok_or(RefusalKind::InvalidRequest.because(UNREADABLE))).collect()
}
