//! `Basic` credentials: `base64(user-id ":" password)` in UTF-8 or ISO-8859-1 (RFC 7617 section 2).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::{Zeroize as _, Zeroizing};

use crate::credential::{Pair, ReadError};
use crate::read::token::MAX_LENGTH;
use crate::request::grammar::has_control;

/// Decodes into one buffer that is wiped. Returns `None` if the value is longer than any genuine
/// one.
///
/// Accepts only canonical, padded base64, and only text without control characters. Bytes that are
/// valid UTF-8 are read as UTF-8, because the challenge asks for it. All others are read as
/// ISO-8859-1, which clients send if they ignore the challenge. ISO-8859-1 that happens to be valid
/// UTF-8 is read as UTF-8. The text is compared as it is: no Unicode normalization is applied.
pub(crate) fn decode(value: &[u8]) -> Result<Option<Pair<'static>>, ReadError> {
    if value.len() > MAX_LENGTH {
        return Ok(None);
    }
    let text = decode_text(value).ok_or(ReadError::Malformed)?;
    if has_control(&text) {
        return Err(ReadError::Malformed);
    }
    Pair::split(text).map(Some).ok_or(ReadError::Malformed)
}

// Basic is strict about form and lenient about the charset. The base64 is canonical and padded, and
// the text has no control characters. The user id is not empty unless the dialect reads `:TOKEN` as
// a token.
fn decode_text(value: &[u8]) -> Option<Zeroizing<String>> {
    // Padded base64 has whole groups, so this rejects a broken value without a buffer.
    if !value.len().is_multiple_of(4) {
        return None;
    }
    // Not zeros: `calloc` takes no memory from the thread's cache and costs twice as much.
    let mut buffer = Zeroizing::new(vec![b' '; value.len() / 4 * 3]);
    let length = STANDARD.decode_slice(value, &mut buffer).ok()?;
    buffer.truncate(length);
    match String::from_utf8(std::mem::take(&mut *buffer)) {
        Ok(text) => Some(Zeroizing::new(text)),
        Err(error) => {
            let mut bytes = error.into_bytes();
            let text = latin1(&bytes);
            bytes.zeroize();
            Some(text)
        }
    }
}

/// Decodes ISO-8859-1, whose bytes are the first 256 code points.
// Valid UTF-8 is UTF-8. All other bytes are ISO-8859-1, because `requests`, `aiohttp` and browsers'
// `btoa` send it. If ISO-8859-1 happens to be valid UTF-8, it is read as UTF-8, which can only deny
// a good password. Names and passwords are compared code point by code point. In RFC 7617 section
// 2.1 clients send NFC, so a client that sends NFD sends another password.
fn latin1(bytes: &[u8]) -> Zeroizing<String> {
    // Each byte takes at most two, so the buffer is never reallocated and leaves no copy.
    let mut text = Zeroizing::new(String::with_capacity(bytes.len() * 2));
    text.extend(bytes.iter().map(|byte| char::from(*byte)));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(text: &[u8]) -> Option<(String, String)> {
        let pair = decode(STANDARD.encode(text).as_bytes()).ok()??;
        Some((pair.id().to_owned(), pair.secret().expose_secret().to_owned()))
    }

    #[test]
    fn the_first_colon_splits_and_nothing_is_cut() {
        for (text, id, secret) in [
            ("u:p", "u", "p"),
            ("u:a:b:c", "u", "a:b:c"),
            ("u:", "u", ""),
            (" u : p ", " u ", " p "),
            ("ü:pa:ss wörd", "ü", "pa:ss wörd"),
            (":p", "", "p"),
        ] {
            assert_eq!(pair(text.as_bytes()), Some((id.to_owned(), secret.to_owned())), "{text:?}");
        }
    }

    #[test]
    fn what_is_not_basic_is_malformed() {
        for text in [&b"nocolon"[..], b"", b"u:p\0q", b"u:p\nq", b"u\x7f:p", b"\xffp", b"u:\xc2\x85"] {
            assert_eq!(pair(text), None, "{text:?}");
        }
        for value in [
            "",
            "dTpwdw",
            "dTpw-_==",
            "dTpw=dTpw",
            "dTpwdw=",
            "dTpwdx==",
            "dTp wdw==",
            "dTpwdw==\t",
            "a.b.c",
            "====",
            "dTpwdw===",
        ] {
            assert_eq!(decode(value.as_bytes()).err(), Some(ReadError::Malformed), "{value:?}");
        }
    }

    #[test]
    fn what_is_no_utf_8_is_latin_1_without_its_control_characters() {
        let latin = |text: &[u8]| pair(text).map(|(id, secret)| format!("{id}:{secret}"));
        assert_eq!(latin(b"m\xfcller:gr\xf6\xdfe:1").as_deref(), Some("müller:größe:1"));
        assert_eq!(latin("müller:größe:1".as_bytes()).as_deref(), Some("müller:größe:1"));
        assert_eq!(latin(b"\xe9:\xff").as_deref(), Some("é:ÿ"));
        assert_eq!(latin(b"u:caf\xe9\xa0").as_deref(), Some("u:café\u{a0}"));
        // Valid UTF-8 takes precedence: these two Latin-1 letters decode to one.
        assert_eq!(latin(b"u:\xc3\xbc").as_deref(), Some("u:ü"));
        for byte in (0x80..=0x9f).chain(0..=0x1f).chain([0x7f]) {
            assert_eq!(latin(&[b'u', b':', 0xfc, byte, 0xfc]), None, "{byte:#x}");
        }
    }

    #[test]
    fn a_value_over_the_limit_is_not_decoded() {
        assert!(matches!(decode(&[b'A'; MAX_LENGTH + 4]), Ok(None)));
    }
}
