//! Tokens of HTTP headers (RFC 9110 section 5.6).

/// Returns true if the text is `token = 1*tchar` (RFC 9110 section 5.6.2).
pub(crate) fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(is_tchar)
}

pub(crate) const fn is_tchar(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'!' | b'#'
                | b'$'
                | b'%'
                | b'&'
                | b'\''
                | b'*'
                | b'+'
                | b'-'
                | b'.'
                | b'^'
                | b'_'
                | b'`'
                | b'|'
                | b'~'
        )
}

/// Returns true if a text is a scheme, a colon and more, in visible ASCII without a fragment: an
/// absolute URI (RFC 3986 section 4.3) as far as its parts need no rules of their own.
#[cfg(feature = "server")]
pub(crate) fn is_absolute_uri(text: &str) -> bool {
    let is_scheme = |scheme: &str| {
        scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
    };
    text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#')
        && text.split_once(':').is_some_and(|(scheme, rest)| is_scheme(scheme) && !rest.is_empty())
}

/// Returns true if a text has a control character.
pub(crate) fn has_control(text: &str) -> bool {
    !is_printable(text.as_bytes()) && text.chars().any(char::is_control)
}

/// Returns true if one of the bytes is a control character of ASCII.
pub(crate) fn has_ascii_control(bytes: &[u8]) -> bool {
    !is_printable(bytes) && bytes.iter().any(u8::is_ascii_control)
}

/// Returns true if each byte is a space or visible ASCII.
pub(crate) fn is_printable(bytes: &[u8]) -> bool {
    const BLOCK: usize = 16;
    let is_odd = |byte: &u8| !matches!(byte, b' '..=b'~');
    // Not `any`: without an early exit the compiler looks at all bytes of a block at once.
    let is_block = |block: &[u8; BLOCK]| !block.iter().fold(false, |odd, byte| odd | is_odd(byte));
    // The last block overlaps the one before it, so that no bytes are left over.
    let Some(last) = bytes.last_chunk() else { return !bytes.iter().any(is_odd) };
    let (blocks, _) = bytes.as_chunks();
    blocks.iter().all(is_block) && is_block(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_control_character_is_found_at_every_place_and_nothing_else_is() {
        for byte in 0..=u8::MAX {
            let is_control = byte < b' ' || byte == 0x7f;
            for (length, at) in (1..=19).flat_map(|length| (0..length).map(move |at| (length, at))) {
                for other in [b' ', b'~', 0xff] {
                    let mut bytes = vec![other; length];
                    bytes[at] = byte;
                    assert_eq!(has_ascii_control(&bytes), is_control, "{bytes:?}");
                    let is_ascii = other != 0xff || length == 1;
                    let is_printable_too = !is_control && byte.is_ascii() && is_ascii;
                    assert_eq!(is_printable(&bytes), is_printable_too, "{bytes:?}");
                }
            }
        }
    }
}
