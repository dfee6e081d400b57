//! The start of a line that presents an access token.

use crate::credential::Source;

/// A scheme with the space after it, and with the colon before that if it has one, if these are at
/// most eight bytes.
// The schemes of nearly all requests are that short. One comparison finds one in any case of its
// letters, and the place of the value.
#[derive(Clone, Copy, Debug)]
pub(super) struct Start {
    /// The bits that do not count: the case of each letter, and all bytes after the start.
    ignored: u64,
    /// The first eight bytes of a line, with the ignored bits set.
    expected: u64,
    length: u8,
    /// The source and the rank of its row.
    pub(super) source: Source,
    pub(super) rank: u8,
}

impl Start {
    /// Returns `None` if the start is longer.
    pub(super) fn of(word: &str, colon: bool, source: Source, rank: u8) -> Option<Self> {
        let (mut bytes, mut ignored, mut length) = ([0; 8], [u8::MAX; 8], 0);
        for byte in word.bytes().chain(colon.then_some(b':')).chain([b' ']) {
            *bytes.get_mut(usize::from(length))? = byte;
            *ignored.get_mut(usize::from(length))? = if byte.is_ascii_alphabetic() { 0x20 } else { 0 };
            length += 1;
        }
        let ignored = u64::from_le_bytes(ignored);
        Some(Self { ignored, expected: u64::from_le_bytes(bytes) | ignored, length, source, rank })
    }

    /// Returns the rest of a line that starts so. A line of less than eight bytes is not looked at.
    #[inline]
    pub(super) fn strip_from<'r>(&self, line: &'r [u8]) -> Option<&'r [u8]> {
        let first = u64::from_le_bytes(*line.first_chunk()?);
        if first | self.ignored == self.expected { line.get(usize::from(self.length)..) } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(word: &str, colon: bool) -> Option<Start> {
        Start::of(word, colon, Source::Scheme, 0)
    }

    #[test]
    fn a_line_starts_with_a_scheme_in_any_case_and_with_no_other_byte() {
        for (word, colon) in
            [("Bearer", false), ("Bearer", true), ("X-1", false), ("x", false), ("OAuth", true)]
        {
            let start = start(word, colon).unwrap();
            let line = format!("{word}{} the-token", if colon { ":" } else { "" }).into_bytes();
            let length = line.len() - "the-token".len();
            assert_eq!(start.strip_from(&line), Some(&b"the-token"[..]), "{word}");
            assert_eq!(start.strip_from(&line[..7]), None, "{word}");
            for (at, byte) in (0..length).flat_map(|at| (0..=u8::MAX).map(move |byte| (at, byte))) {
                let mut other = line.clone();
                other[at] = byte;
                let is_same = byte.eq_ignore_ascii_case(&line[at]);
                assert_eq!(start.strip_from(&other).is_some(), is_same, "{word}: {byte:#x} at {at}");
            }
        }
    }

    #[test]
    fn a_scheme_that_does_not_fit_has_no_start() {
        assert!(start("Private", false).is_some() && start("Private", true).is_none());
        assert!(start("PrivateToken", false).is_none());
    }
}
