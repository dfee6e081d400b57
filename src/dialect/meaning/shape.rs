//! Shapes of ids, as data.

/// The shape of an id: its length, its alphabet and how it starts.
///
/// # Examples
///
/// ```
/// use tower_principal::dialect::{Alphabet, IdShape};
///
/// const KEY: IdShape = IdShape::new(25, Alphabet::LowerAlphanumeric);
/// assert!(KEY.fits("6q8nsfbqnxy2n1mo1aqjjzyr5"));
/// assert!(!KEY.fits("alice@example.org"));
///
/// const LIVE: IdShape =
///     IdShape::new(12, Alphabet::Alphanumeric).starting_with(&["live", "test"]);
/// assert!(LIVE.fits("live12345678") && !LIVE.fits("demo12345678"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct IdShape {
    length: usize,
    alphabet: Alphabet,
    prefixes: &'static [&'static str],
}

/// The characters that an id is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Alphabet {
    /// `0-9 a-z`.
    LowerAlphanumeric,
    /// `0-9 A-Z a-z`.
    Alphanumeric,
    /// `0-9 A-Z a-z - _`.
    Base64Url,
    /// `0-9 a-f`.
    LowerHex,
}

impl IdShape {
    /// Socrata's key ids, by its published samples.
    pub const SOCRATA_KEY: Self = Self::new(25, Alphabet::LowerAlphanumeric);

    /// Usergrid's client ids: a type prefix and a UUID.
    pub(super) const CLIENT: Self = Self::new(26, Alphabet::Base64Url).starting_with(&["b3U6", "YXA6"]);

    /// Makes the shape of ids with this many characters of an alphabet.
    pub const fn new(length: usize, alphabet: Alphabet) -> Self {
        Self { length, alphabet, prefixes: &[] }
    }

    /// Limits the shape to ids that start with one of these prefixes.
    #[must_use]
    pub const fn starting_with(self, prefixes: &'static [&'static str]) -> Self {
        Self { prefixes, ..self }
    }

    /// Returns true if an id has this shape.
    pub fn fits(&self, id: &str) -> bool {
        id.len() == self.length
            && self.alphabet.has_all(id)
            && (self.prefixes.is_empty() || self.prefixes.iter().any(|prefix| id.starts_with(prefix)))
    }
}

impl Alphabet {
    /// Returns true if every character of an id is in the alphabet.
    fn has_all(self, id: &str) -> bool {
        match self {
            Self::LowerAlphanumeric => every(id, |byte| byte.is_ascii_digit() | byte.is_ascii_lowercase()),
            Self::Alphanumeric => every(id, |byte| byte.is_ascii_alphanumeric()),
            Self::Base64Url => {
                every(id, |byte| byte.is_ascii_alphanumeric() | (byte == b'-') | (byte == b'_'))
            }
            Self::LowerHex => every(id, |byte| byte.is_ascii_digit() | matches!(byte, b'a'..=b'f')),
        }
    }
}

/// Not `all`: without an early exit the compiler processes 16 bytes at once.
fn every(id: &str, has: impl Fn(u8) -> bool) -> bool {
    id.bytes().fold(true, |so_far, byte| so_far & has(byte))
}
