//! Strict percent-decoding (RFC 3986 section 2.1).

use zeroize::Zeroizing;

/// Decodes into a buffer that never grows and is wiped, because it may hold a secret. `plus` is the
/// meaning of `+`: a space in a form, itself in a path. Returns `None` if two digits do not follow
/// a `%`.
pub(crate) fn decode(text: &[u8], plus: u8) -> Option<Zeroizing<Vec<u8>>> {
    let mut decoded = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut bytes = text.iter();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'+' => plus,
            b'%' => digit(bytes.next())? << 4 | digit(bytes.next())?,
            plain => *plain,
        });
    }
    Some(decoded)
}

/// Decodes, but leaves invalid encodings unchanged.
pub(crate) fn decode_leniently(text: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, after @ ..] = rest {
        let byte = match rest {
            [b'%', high, low, ..] => {
                digit(Some(high)).zip(digit(Some(low))).map(|(high, low)| high << 4 | low)
            }
            _ => None,
        };
        decoded.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { rest.get(3..).unwrap_or_default() } else { after };
    }
    decoded
}

fn digit(character: Option<&u8>) -> Option<u8> {
    char::from(*character?).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_digits_are_one_byte_and_anything_less_is_refused() {
        assert_eq!(decode(b"a%2Bb%2fc+d", b' ').as_deref().map(Vec::as_slice), Some(&b"a+b/c d"[..]));
        assert_eq!(decode(b"+", b'+').as_deref().map(Vec::as_slice), Some(&b"+"[..]));
        assert_eq!(decode_leniently(b"%%2f%zz%41%"), b"%/%zzA%");
        for bad in [&b"%"[..], b"%2", b"%zz", b"%+1", b"%\xff1"] {
            assert!(decode(bad, b' ').is_none(), "{bad:?}");
        }
    }
}
