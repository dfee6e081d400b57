//! Authentication challenges.

use std::fmt::Write as _;

use http::HeaderValue;
use thiserror::Error;

use crate::request::grammar::is_token;

/// A challenge: a scheme and its parameters (RFC 9110 section 11.6.1).
///
/// Each challenge is sent as its own `WWW-Authenticate` line, never joined by commas.
///
/// # Examples
///
/// ```
/// use tower_principal::rejection::Challenge;
///
/// let challenge = Challenge::new("Bearer")
///     .param("realm", "the \"open\" data")
///     .param("error", "invalid_token");
/// assert_eq!(
///     challenge.header_value()?,
///     r#"Bearer realm="the \"open\" data", error="invalid_token""#,
/// );
/// # Ok::<(), tower_principal::rejection::InvalidChallenge>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Challenge {
    scheme: String,
    parameters: Vec<(String, String)>,
}

/// A challenge that cannot be sent. A scheme or parameter name is not a token (RFC 9110 section
/// 5.6.2), or a value has a control or non-ASCII character.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a challenge's names must be tokens and its values printable ASCII")]
#[non_exhaustive]
pub struct InvalidChallenge;

impl Challenge {
    /// Creates a challenge of a scheme, without parameters.
    #[must_use]
    pub fn new(scheme: impl Into<String>) -> Self {
        Self { scheme: scheme.into(), parameters: Vec::new() }
    }

    /// Returns a `Basic` challenge with a realm and `charset="UTF-8"` (RFC 7617 section 2.1).
    pub(crate) fn basic(realm: &str) -> Self {
        Self::new("Basic").param("realm", realm).param("charset", "UTF-8")
    }

    /// Adds a parameter; its value is quoted and escaped when it is sent.
    #[must_use]
    pub fn param(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.parameters.push((name.into(), value.into()));
        self
    }

    /// Returns the challenge as a `WWW-Authenticate` line.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidChallenge`] if a name is not a token or a value cannot be quoted.
    pub fn header_value(&self) -> Result<HeaderValue, InvalidChallenge> {
        if !is_token(&self.scheme) {
            return Err(InvalidChallenge);
        }
        let mut line = self.scheme.clone();
        for (at, (name, value)) in self.parameters.iter().enumerate() {
            if !is_token(name) || !value.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
                return Err(InvalidChallenge);
            }
            let separator = if at == 0 { " " } else { ", " };
            let quoted = value.replace('\\', "\\\\").replace('"', "\\\"");
            write!(line, "{separator}{name}=\"{quoted}\"").map_err(|_| InvalidChallenge)?;
        }
        HeaderValue::from_str(&line).map_err(|_| InvalidChallenge)
    }
}

/// A scheme of a challenge.
// `OAuth` dialects challenge with `OAuth`. The challenge names the scheme that the service takes,
// because a client of Socrata could not use `Bearer`. Error attributes of RFC 6750 are added
// because the scheme carries an access token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Challenged {
    /// `Basic`.
    Basic,
    /// A scheme of access tokens; may carry errors of RFC 6750.
    Token(&'static str),
    /// Any other scheme.
    Other(&'static str),
}

impl Challenged {
    /// Returns the challenge that a row without a scheme names. Only `Bearer` has the errors of RFC
    /// 6750, and only for access tokens.
    pub(crate) fn named(word: &'static str, is_token: bool) -> Self {
        if word.eq_ignore_ascii_case("Basic") {
            Self::Basic
        } else if is_token && word.eq_ignore_ascii_case("Bearer") {
            Self::Token(word)
        } else {
            Self::Other(word)
        }
    }

    /// Returns the scheme.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Basic => "Basic",
            Self::Token(word) | Self::Other(word) => word,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_quoted_and_escaped_and_separated_by_commas() {
        let line = |challenge: Challenge| challenge.header_value().unwrap();
        assert_eq!(line(Challenge::new("Bearer")), "Bearer");
        assert_eq!(line(Challenge::basic("a b")), r#"Basic realm="a b", charset="UTF-8""#);
        assert_eq!(line(Challenge::new("X").param("a", r#"q"b\"#)), r#"X a="q\"b\\""#);
    }

    #[test]
    fn what_would_break_the_line_is_an_error() {
        for bad in ["a\r\nb", "a\nb", "é", "a\tb", "\u{7f}"] {
            assert_eq!(
                Challenge::new("Bearer").param("realm", bad).header_value(),
                Err(InvalidChallenge),
                "{bad:?}"
            );
        }
        assert!(Challenge::new("Bear er").header_value().is_err());
        assert!(Challenge::new("").header_value().is_err());
        assert!(Challenge::new("Bearer").param("re alm", "x").header_value().is_err());
    }
}
