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

/// Returns true if a text has a control character.
pub(crate) fn has_control(text: &str) -> bool {
    if !text.is_ascii() {
        return text.chars().any(char::is_control);
    }
    // Not `any`: without an early exit the compiler processes 16 bytes at once.
    text.bytes().fold(0, |found, byte| found | u8::from(byte < b' ' || byte == 0x7f)) != 0
}
