//! The grammar of tokens: `b64token = 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="`
//! (RFC 6750 section 2.1, the same as RFC 9110's `token68`).

use crate::credential::Secret;

/// The maximum length of a credential in bytes. A longer one is denied unread.
pub(crate) const MAX_LENGTH: usize = 8 * 1024;

/// Returns the token, or `None` if no genuine token has this form.
#[inline]
pub(crate) fn parse(value: &[u8]) -> Option<Secret<'_>> {
    let is_token = value.len() <= MAX_LENGTH && is_b64token(value);
    is_token.then(|| Secret::of_ascii(value))
}

/// Returns true if a value is a `b64token`, in which the characters of `also` may occur outside the
/// padding.
pub(crate) fn is_made_of(value: &[u8], also: &str) -> bool {
    let mut body = value;
    while let [rest @ .., b'='] = body {
        body = rest;
    }
    !body.is_empty() && body.iter().all(|byte| is_token_byte(*byte) || also.as_bytes().contains(byte))
}

pub(crate) fn is_b64token(value: &[u8]) -> bool {
    let mut body = value;
    while let [rest @ .., b'='] = body {
        body = rest;
    }
    let found = is_in_blocks::<32>(body).or_else(|| is_in_blocks::<16>(body));
    found.unwrap_or_else(|| !body.is_empty() && body.iter().all(|byte| is_token_byte(*byte)))
}

/// Returns true if every byte is a token's. Returns `None` if there are too few for a block.
#[inline]
fn is_in_blocks<const N: usize>(body: &[u8]) -> Option<bool> {
    // The last block overlaps the one before it, so that no bytes are left over.
    let last = body.last_chunk::<N>()?;
    let (blocks, _) = body.as_chunks::<N>();
    Some(blocks.iter().all(is_block) && is_block(last))
}

// Not `all`: without an early exit the compiler checks 16 bytes at once.
#[inline]
fn is_block<const N: usize>(block: &[u8; N]) -> bool {
    block.iter().fold(0, |odd, byte| odd | u8::from(!is_token_byte(*byte))) == 0
}

const fn is_token_byte(byte: u8) -> bool {
    // `-`, `.` and `/` are adjacent, followed by the digits.
    let letter = (byte | 0x20).wrapping_sub(b'a') < 26;
    let dash_to_nine = byte.wrapping_sub(b'-') < 13;
    letter | dash_to_nine | (byte == b'_') | (byte == b'~') | (byte == b'+')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_alphabet_is_the_one_of_the_rfc() {
        for byte in 0..=u8::MAX {
            let allowed = byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte);
            assert_eq!(is_b64token(&[byte]), allowed, "{byte:#x}");
            for length in [15, 16, 17, 31, 32, 33, 65] {
                for place in 0..length {
                    let mut token = vec![b'a'; length];
                    token[place] = byte;
                    let padded = byte == b'=' && place + 1 == length;
                    assert_eq!(is_b64token(&token), allowed || padded, "{byte:#x} at {place} of {length}");
                }
            }
        }
    }

    #[test]
    fn padding_stands_at_the_end_only() {
        for (value, good) in [
            ("a=", true),
            ("a==", true),
            ("a", true),
            ("=", false),
            ("", false),
            ("a=b", false),
            ("=a", false),
        ] {
            assert_eq!(is_b64token(value.as_bytes()), good, "{value:?}");
        }
    }

    #[test]
    fn length_is_bounded() {
        assert!(parse(&[b'a'; MAX_LENGTH]).is_some());
        assert!(parse(&[b'a'; MAX_LENGTH + 1]).is_none());
    }
}
