//! The grammar of `Authorization = auth-scheme [ 1*SP value ]` (RFC 9110 sections 11.4 and 11.6.2).

use http::header::{GetAll, HeaderName};
use http::{HeaderMap, HeaderValue};

use crate::credential::{ReadError, Secret};
use crate::read::token;

/// The first word of an `Authorization` line and the rest after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Line<'r> {
    /// A scheme, or a bare token if nothing follows.
    pub(crate) word: &'r [u8],
    /// The text after the separating spaces; empty if nothing follows.
    pub(crate) value: &'r [u8],
}

/// Returns the single value of a header that may be sent once. Returns `None` if it is absent.
///
/// Two lines are ambiguous, even if they are equal.
#[inline]
pub(crate) fn only<'r>(values: GetAll<'r, HeaderValue>) -> Result<Option<&'r [u8]>, ReadError> {
    let mut values = values.iter();
    let Some(value) = values.next() else { return Ok(None) };
    match values.next() {
        None => Ok(Some(trim(value.as_bytes()))),
        Some(_) => Err(ReadError::Ambiguous),
    }
}

/// Returns the single line of a standard header that is present, as [`only`] does at more cost. It
/// is not trimmed.
#[inline]
pub(crate) fn only_line<'r>(
    headers: &'r HeaderMap,
    name: &HeaderName,
) -> Result<Option<&'r [u8]>, ReadError> {
    if headers.len() != headers.keys_len() {
        return only(headers.get_all(name));
    }
    // No header has two lines. Comparing names costs less than a look-up.
    let line = headers.iter().find(|(held, _)| *held == name);
    Ok(line.map(|(_, value)| value.as_bytes()))
}

impl<'r> Line<'r> {
    /// Splits a trimmed value at its first space. An empty value is malformed.
    pub(crate) fn split(line: &'r [u8]) -> Result<Self, ReadError> {
        let (word, rest) = line.split_at(first_space(line));
        if word.is_empty() {
            return Err(ReadError::Malformed);
        }
        Ok(Self { word, value: trim_spaces(rest) })
    }
}

/// Returns the place of the first space, or the length of a line without one.
// The first word of most lines is short, and a vectorized search costs more than these few bytes.
fn first_space(line: &[u8]) -> usize {
    let (start, rest) = line.split_at(line.len().min(MIN_BARE_LENGTH));
    match start.iter().position(|byte| *byte == b' ') {
        Some(space) => space,
        None => start.len() + memchr::memchr(b' ', rest).unwrap_or(rest.len()),
    }
}

/// Reads a token that follows a scheme. Returns `None` if it is readable but no genuine token has
/// this form.
#[inline]
pub(crate) fn token68(value: &[u8]) -> Result<Option<Secret<'_>>, ReadError> {
    match token::parse(value) {
        Some(token) => Ok(Some(token)),
        None if is_one_token(value) => Ok(None),
        None => Err(ReadError::Malformed),
    }
}

/// Returns true if a value is at least one word that may be meant as a token. It is not a list and
/// has no parameters (OAuth 1.0's `k="v"`, RFC 5849) and no character outside visible ASCII.
fn is_one_token(value: &[u8]) -> bool {
    !value.is_empty()
        && value.iter().all(|byte| byte.is_ascii_graphic() && *byte != b',')
        && !value.windows(2).any(|two| two == b"=\"")
}

/// Removes the optional whitespace around a value (HTTP/2 passes it untrimmed).
pub(crate) fn trim(value: &[u8]) -> &[u8] {
    let mut value = value;
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = value {
        value = rest;
    }
    value
}

pub(crate) fn trim_spaces(value: &[u8]) -> &[u8] {
    let mut value = value;
    while let [b' ', rest @ ..] = value {
        value = rest;
    }
    value
}

/// The schemes of IANA's registry and others in wide use. None of these words may be a bare token.
const KNOWN_SCHEMES: [&str; 21] = [
    "Basic",
    "Bearer",
    "Concealed",
    "Digest",
    "DPoP",
    "GNAP",
    "HOBA",
    "Mutual",
    "Negotiate",
    "NTLM",
    "OAuth",
    "PrivateToken",
    "SCRAM-SHA-1",
    "SCRAM-SHA-256",
    "vapid",
    "ApiKey",
    "AWS4-HMAC-SHA256",
    "Hawk",
    "MAC",
    "Token",
    "JWT",
];

/// The minimum length of a bare token. No scheme is longer, and one has this length.
const MIN_BARE_LENGTH: usize = 16;

/// Returns true if a word can be a bare token, because GeoDataHub sends tokens without a scheme.
pub(crate) fn may_be_bare(word: &[u8], also: &str) -> bool {
    !is_scheme(word) && (token::is_b64token(word) || token::is_made_of(word, also))
}

/// Returns true if a word is a scheme, or too short for a bare token.
pub(crate) fn is_scheme(word: &[u8]) -> bool {
    let is_known = || KNOWN_SCHEMES.iter().any(|scheme| word.eq_ignore_ascii_case(scheme.as_bytes()));
    word.len() < MIN_BARE_LENGTH || word.len() == MIN_BARE_LENGTH && is_known()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(line: &str) -> Result<(String, String), ReadError> {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Line::split(line.as_bytes()).map(|line| (text(line.word), text(line.value)))
    }

    #[test]
    fn the_first_space_separates_and_further_ones_are_skipped() {
        for (line, word, value) in [
            ("Bearer t", "Bearer", "t"),
            ("Bearer   t", "Bearer", "t"),
            ("t", "t", ""),
            ("a b c", "a", "b c"),
            ("a\tb", "a\tb", ""),
        ] {
            assert_eq!(split(line), Ok((word.to_owned(), value.to_owned())), "{line:?}");
        }
        assert_eq!(split(""), Err(ReadError::Malformed));
    }

    #[test]
    fn a_broken_grammar_differs_from_a_token_that_cannot_be() {
        for value in ["", "a b", "a,b", "k=\"v\"", "a\tb", "a\u{e9}", "a,"] {
            assert_eq!(token68(value.as_bytes()).err(), Some(ReadError::Malformed), "{value:?}");
        }
        for value in ["tok=mid=x", "a\"b", "a:b", "\\"] {
            assert!(matches!(token68(value.as_bytes()), Ok(None)), "{value:?}");
        }
        assert!(matches!(token68(b"abc.d-_~+/=="), Ok(Some(_))));
        assert!(matches!(token68(&[b'a'; token::MAX_LENGTH + 1]), Ok(None)));
    }

    #[test]
    fn optional_whitespace_is_trimmed_and_two_lines_are_ambiguous() {
        let mut headers = http::HeaderMap::new();
        let name = http::header::AUTHORIZATION;
        assert_eq!(only(headers.get_all(&name)), Ok(None));
        headers.append(&name, HeaderValue::from_static("  a \t"));
        assert_eq!(only(headers.get_all(&name)), Ok(Some(&b"a"[..])));
        headers.append(&name, HeaderValue::from_static("a"));
        assert_eq!(only(headers.get_all(&name)), Err(ReadError::Ambiguous));
    }

    #[test]
    fn a_scheme_is_no_bare_token() {
        assert!(
            KNOWN_SCHEMES
                .iter()
                .all(|scheme| scheme.len() <= MIN_BARE_LENGTH && is_scheme(scheme.as_bytes()))
        );
        assert!(may_be_bare(b"NgCXRK0123456789MzYjw", ""));
        assert!(may_be_bare(b"eyJhbGciOiJSUzI1NiJ9.e30.c2ln", ""));
        assert!(may_be_bare(b"17|NgCXRK0123456789", "|") && !may_be_bare(b"17|NgCXRK0123456789", ":"));
        for word in
            ["Basic", "aws4-hmac-sha256", "fifteen-chars-x", "Bearer:0123456789abc", "sixteen chars xx", ""]
        {
            assert!(!may_be_bare(word.as_bytes(), ""), "{word:?}");
        }
    }
}
