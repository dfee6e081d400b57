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
    let Scan { control, ascii } = scan(text.as_bytes());
    control || !ascii && text.chars().any(char::is_control)
}

/// Returns true if one of the bytes is a control character of ASCII.
pub(crate) fn has_ascii_control(bytes: &[u8]) -> bool {
    scan(bytes).control
}

/// What a pass over bytes finds.
struct Scan {
    /// A control character of ASCII.
    control: bool,
    /// Nothing but ASCII.
    ascii: bool,
}

// Eight bytes at once cost a third of what single bytes cost.
fn scan(bytes: &[u8]) -> Scan {
    const EACH: u64 = u64::from_ne_bytes([1; 8]);
    let (words, rest) = bytes.as_chunks();
    let (mut controls, mut all) = (0, 0);
    let mut look = |word: &[u8; 8]| {
        let word = u64::from_ne_bytes(*word);
        let delete = word ^ (0x7f * EACH);
        // A subtraction sets the highest bit of the lowest byte that is less, and maybe of others.
        let below_space = word.wrapping_sub(0x20 * EACH) & !word;
        controls |= below_space | (delete.wrapping_sub(EACH) & !delete);
        all |= word;
    };
    words.iter().for_each(&mut look);
    // The last bytes, and some before them a second time.
    match bytes.last_chunk() {
        Some(last) if !rest.is_empty() => look(last),
        Some(_) => {}
        None => {
            let mut last = [b' '; 8];
            last.iter_mut().zip(rest).for_each(|(last, byte)| *last = *byte);
            look(&last);
        }
    }
    Scan { control: controls & (0x80 * EACH) != 0, ascii: all & (0x80 * EACH) == 0 }
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
                }
            }
        }
    }
}
