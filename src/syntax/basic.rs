//! `Basic` credentials: `base64(user-id ":" password)` in UTF-8 (RFC 7617 section 2).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::{Zeroize as _, Zeroizing};

use crate::kind::RejectionKind;
use crate::pair::Pair;
use crate::syntax::token::MAX_LENGTH;

/// Decodes into one wiped buffer. `None` where the value is longer than any genuine one.
///
/// Only canonical, padded base64 is read; the text is UTF-8 without control characters, and its
/// user id is not empty.
pub(crate) fn decode(value: &[u8]) -> Result<Option<Pair<'static>>, RejectionKind> {
    if value.len() > MAX_LENGTH {
        return Ok(None);
    }
    let text = decode_text(value).ok_or(RejectionKind::Malformed)?;
    if text.bytes().fold(false, |so_far, byte| so_far | byte.is_ascii_control()) {
        return Err(RejectionKind::Malformed);
    }
    let pair = Pair::split(text).filter(|pair| !pair.id().is_empty());
    pair.map(Some).ok_or(RejectionKind::Malformed)
}

fn decode_text(value: &[u8]) -> Option<Zeroizing<String>> {
    let mut buffer = Zeroizing::new(vec![0; value.len().div_ceil(4) * 3]);
    let length = STANDARD.decode_slice(value, &mut buffer).ok()?;
    buffer.truncate(length);
    match String::from_utf8(std::mem::take(&mut *buffer)) {
        Ok(text) => Some(Zeroizing::new(text)),
        Err(error) => {
            error.into_bytes().zeroize();
            None
        }
    }
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
        ] {
            assert_eq!(pair(text.as_bytes()), Some((id.to_owned(), secret.to_owned())), "{text:?}");
        }
    }

    #[test]
    fn what_is_not_basic_is_malformed() {
        for text in [&b":pw"[..], b"nocolon", b"", b"u:p\0q", b"u:p\nq", b"u\x7f:p", b"\xff:p", b"u:\xc3"] {
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
            assert_eq!(decode(value.as_bytes()).err(), Some(RejectionKind::Malformed), "{value:?}");
        }
    }

    #[test]
    fn a_value_over_the_limit_is_not_decoded() {
        assert!(matches!(decode(&[b'A'; MAX_LENGTH + 4]), Ok(None)));
    }
}
