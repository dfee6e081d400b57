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
    // The last block overlaps the one before it, so that no bytes are left over.
    let Some(last) = body.last_chunk() else { return is_short_token(body) };
    let (blocks, _) = body.as_chunks();
    // Without an early exit the compiler looks at all bytes of a block at once.
    let mut odd = [0; BLOCK];
    let mut look_at = |block: &[u8; BLOCK]| {
        odd.iter_mut().zip(block).for_each(|(odd, byte)| *odd |= distance(*byte));
    };
    blocks.iter().for_each(&mut look_at);
    look_at(last);
    odd == [0; BLOCK]
}

const BLOCK: usize = 16;

#[cold]
fn is_short_token(body: &[u8]) -> bool {
    !body.is_empty() && body.iter().all(|byte| is_token_byte(*byte))
}

fn is_token_byte(byte: u8) -> bool {
    distance(byte) == 0
}

/// Returns zero for a byte of a token and for no other.
// A distance to a range takes two instructions for a block, and a comparison takes three.
#[inline]
fn distance(byte: u8) -> u8 {
    let to_letter = (byte | 0x20).wrapping_sub(b'a').saturating_sub(25);
    // `-`, `.` and `/` are adjacent, followed by the digits.
    let to_dash_or_digit = byte.wrapping_sub(b'-').saturating_sub(12);
    to_letter.min(to_dash_or_digit).min(byte ^ b'_').min(byte ^ b'~').min(byte ^ b'+')
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
