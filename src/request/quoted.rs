//! Parameters of header fields: a name, and a token or quoted string as its value (RFC 9110
//! sections 5.6.4 and 5.6.6).

use super::grammar::is_tchar;

/// The value of a parameter, as it was sent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Value<'h> {
    /// The text without the quotes; includes the backslashes if it was quoted.
    text: &'h [u8],
    is_quoted: bool,
}

impl<'h> Value<'h> {
    /// Returns its bytes, without the backslashes of quoted pairs.
    pub(crate) fn bytes(self) -> impl Iterator<Item = u8> + 'h {
        let mut rest = self.text.iter().copied();
        std::iter::from_fn(move || match rest.next()? {
            b'\\' if self.is_quoted => rest.next(),
            byte => Some(byte),
        })
    }

    /// Compares the value with a word, ignoring case.
    pub(crate) fn is(self, word: &str) -> bool {
        self.bytes().map(|byte| byte.to_ascii_lowercase()).eq(word.bytes())
    }

    /// Calls `read` with the value as text. Returns `None` if it is longer than 64 bytes or not
    /// UTF-8.
    pub(crate) fn read<T>(self, read: impl FnOnce(&str) -> Option<T>) -> Option<T> {
        let mut text = [0; 64];
        let mut length = 0;
        for byte in self.bytes() {
            *text.get_mut(length)? = byte;
            length += 1;
        }
        read(std::str::from_utf8(text.get(..length)?).ok()?)
    }
}

/// Reads one `name=value` from the start of `rest` and advances `rest` past it. Returns `None` if
/// it is not well-formed.
pub(crate) fn parameter<'h>(rest: &mut &'h [u8]) -> Option<(&'h [u8], Value<'h>)> {
    let name = token(rest)?;
    *rest = rest.strip_prefix(b"=")?;
    let value = match rest.strip_prefix(b"\"") {
        Some(quoted) => {
            let (text, behind) = quoted_string(quoted)?;
            *rest = behind;
            Value { text, is_quoted: true }
        }
        None => Value { text: token(rest)?, is_quoted: false },
    };
    Some((name, value))
}

/// Advances `rest` past its leading spaces and tabs.
pub(crate) const fn skip_blanks(rest: &mut &[u8]) {
    while let [b' ' | b'\t', behind @ ..] = *rest {
        *rest = behind;
    }
}

fn token<'h>(rest: &mut &'h [u8]) -> Option<&'h [u8]> {
    let length = rest.iter().position(|byte| !is_tchar(*byte)).unwrap_or(rest.len());
    let (token, behind) = rest.split_at_checked(length)?;
    *rest = behind;
    (!token.is_empty()).then_some(token)
}

/// Splits the text after an opening quote at the closing quote.
fn quoted_string(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut at = 0;
    loop {
        match text.get(at)? {
            b'"' => return Some((text.get(..at)?, text.get(at + 1..)?)),
            b'\\' if is_text(*text.get(at + 1)?) => at += 2,
            byte if *byte != b'\\' && is_text(*byte) => at += 1,
            _ => return None,
        }
    }
}

/// Returns true for bytes allowed in quotes: a tab, a space, visible ASCII, and bytes beyond ASCII.
const fn is_text(byte: u8) -> bool {
    matches!(byte, b'\t' | b' '..=b'~' | 0x80..)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &[u8]) -> Option<(Vec<u8>, Vec<u8>, usize)> {
        let mut rest = line;
        let (name, value) = parameter(&mut rest)?;
        Some((name.to_vec(), value.bytes().collect(), rest.len()))
    }

    #[test]
    fn a_value_is_a_token_or_a_quoted_string_and_ends_there() {
        for (line, name, value, left) in [
            (&b"a=b"[..], &b"a"[..], &b"b"[..], 0),
            (b"a=b;c", b"a", b"b", 2),
            (b"a=b c", b"a", b"b", 2),
            (br#"a="b""#, b"a", b"b", 0),
            (br#"a="""#, b"a", b"", 0),
            (br#"a="b;c,d=e" ;"#, b"a", b"b;c,d=e", 2),
            (br#"a="x\";proto=https;y=\"";b"#, b"a", br#"x";proto=https;y=""#, 2),
            (br#"a="\\";b"#, b"a", br"\", 2),
            (br#"a="\h\t\tps""#, b"a", b"https", 0),
            (b"a=\"\xe9\t\"", b"a", b"\xe9\t", 0),
        ] {
            assert_eq!(read(line), Some((name.to_vec(), value.to_vec(), left)), "{line:?}");
        }
    }

    #[test]
    fn what_is_no_parameter_is_not_read() {
        for line in [
            &b""[..],
            b"a",
            b"=b",
            b"a=",
            b"a =b",
            b"a= b",
            b"a=;",
            b"a=[",
            b"a=\"",
            b"a=\"b",
            br#"a="b\"#,
            br#"a="b\""#,
            b"a=\"b\x7f\"",
            b"a=\"\\\x01\"",
            b"\"a\"=b",
            b"a=\xe9",
        ] {
            assert_eq!(read(line), None, "{line:?}");
        }
    }

    #[test]
    fn a_value_is_compared_and_read_without_its_backslashes() {
        let mut rest = &br#"a="\H\t\tpS""#[..];
        let (_, value) = parameter(&mut rest).unwrap();
        assert!(value.is("https") && !value.is("http") && !value.is("httpss"));
        assert_eq!(value.read(|text| Some(text.to_owned())).unwrap(), "HttpS");
        let long = format!("a={}", "x".repeat(65));
        let (_, value) = parameter(&mut long.as_bytes()).unwrap();
        assert_eq!(value.read(|_| Some(())), None);
    }
}
