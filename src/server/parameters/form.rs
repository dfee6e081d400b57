//! Parameters in a query or a form body: a strict reading of the WHATWG URL standard's urlencoded
//! grammar.

use super::{Half, Pair, UNREADABLE};
use crate::request::percent;
use crate::server::refusal::{Refusal, RefusalKind};

/// Returns the decoded names and values. Fails if an encoding is broken, also in a parameter that
/// no endpoint knows, because another parser could read a known one in it.
pub(super) fn pairs(text: &[u8]) -> Result<Vec<Pair>, Refusal> {
    let pairs = halves(text).map(|(name, value)| name.zip(value));
    pairs.map(|pair| pair.ok_or(RefusalKind::InvalidRequest.because(UNREADABLE))).collect()
}

/// Returns the decoded names and values; `None` for one whose encoding is broken.
pub(super) fn halves(text: &[u8]) -> impl Iterator<Item = (Option<Half>, Option<Half>)> {
    let segments = text.split(|byte| *byte == b'&').filter(|segment| !segment.is_empty());
    segments.map(|segment| {
        let equals = memchr::memchr(b'=', segment).unwrap_or(segment.len());
        let (name, value) = segment.split_at_checked(equals).unwrap_or((segment, b""));
        let value = value.strip_prefix(b"=").unwrap_or_default();
        (percent::decode(name, b' '), percent::decode(value, b' '))
    })
}
