//! Format of the secrets that this crate makes: scannable, checkable, without meaning.

use std::{fmt, io};

use thiserror::Error;
use zeroize::Zeroizing;

use super::Secret;

/// Format of the secrets that are made here: `word_id_random`, where the random part ends in a
/// checksum.
///
/// * The word shows scanners of repositories and logs which service's secret leaked.
/// * The id is public: it is for lists, logs and revoking.
/// * 27 characters of `0-9A-Za-z` from the operating system are 160 bits (RFC 6749 section 10.10
///   asks for 128).
/// * Six more are the CRC-32 of all before them in base 62. With it a scanner distinguishes a
///   secret from noise without a query. It proves nothing about the secret.
///
/// Every character may stand in a header, a URL and a user name or password (RFC 6750 section 2.1).
///
/// # Examples
///
/// ```
/// use tower_principal::credential::TokenFormat;
///
/// let format = TokenFormat::new("acme")?;
/// let secret = format.secret("key-1")?;
/// assert!(secret.expose_secret().starts_with("acme_key-1_"));
/// assert_eq!(format.id_of(secret.expose_secret()), Some("key-1"));
/// assert_eq!(format.id_of("acme_key-1_x"), None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TokenFormat {
    word: Box<str>,
}

/// Error for a word that cannot start a secret, or a text that is not a public id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a word is 1 to 16 characters of `0-9a-z`, an id 1 to 64 of `0-9A-Za-z`, `-`, `.`, `_` and `~`")]
#[non_exhaustive]
pub struct InvalidFormat;

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// 62 to the 27th is more than 2 to the 160th.
const RANDOM: usize = 27;
/// 62 to the 6th is more than 2 to the 32nd.
const CHECKSUM: usize = 6;
/// 62 to the 14th is more than 2 to the 83rd.
const ID: usize = 14;

impl TokenFormat {
    /// Returns a format whose secrets start with this word: 1 to 16 of `0-9a-z`.
    ///
    /// # Errors
    ///
    /// [`InvalidFormat`] for any other word.
    pub fn new(word: impl Into<Box<str>>) -> Result<Self, InvalidFormat> {
        let word = word.into();
        let plain = word.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_lowercase());
        if plain && (1..=16).contains(&word.len()) { Ok(Self { word }) } else { Err(InvalidFormat) }
    }

    /// Returns a new public id: 14 random characters of `0-9A-Za-z`.
    ///
    /// # Errors
    ///
    /// If the operating system provides no randomness.
    pub fn id() -> io::Result<String> {
        random(ID).map(|id| id.to_string())
    }

    /// Returns a new secret for this id.
    ///
    /// # Errors
    ///
    /// If the operating system provides no randomness, or the id is not one; see
    /// [`is_id`](Self::is_id).
    pub fn secret(&self, id: &str) -> io::Result<Secret<'static>> {
        if !Self::is_id(id) {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, InvalidFormat));
        }
        let random = random(RANDOM)?;
        let length = self.word.len() + id.len() + 2 + RANDOM + CHECKSUM;
        // The string has its full length from the start, because a string that grows leaves copies
        // behind.
        let mut text = Zeroizing::new(String::with_capacity(length));
        for part in [&self.word, "_", id, "_", &random] {
            text.push_str(part);
        }
        let checksum = checksum(&text);
        text.push_str(&checksum);
        Ok(Secret::wiped(text))
    }

    /// Returns the public id in a secret of this format. Returns `None` for any other text, and if
    /// the checksum does not match.
    pub fn id_of<'t>(&self, text: &'t str) -> Option<&'t str> {
        let rest = text.strip_prefix(&*self.word)?.strip_prefix('_')?;
        let (id, random) = rest.rsplit_once('_')?;
        let (signed, sum) = text.split_at_checked(text.len().checked_sub(CHECKSUM)?)?;
        let genuine = random.len() == RANDOM + CHECKSUM && Self::is_id(id) && sum == checksum(signed);
        genuine.then_some(id)
    }

    /// Returns `true` if a text may be a public id: 1 to 64 of `0-9A-Za-z`, `-`, `.`, `_` and `~`.
    pub fn is_id(text: &str) -> bool {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
        (1..=64).contains(&text.len()) && text.bytes().all(plain)
    }
}

impl fmt::Display for TokenFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_", self.word)
    }
}

/// Returns random characters of the alphabet, each as likely as any other.
pub(crate) fn random(length: usize) -> io::Result<Zeroizing<String>> {
    let mut text = Zeroizing::new(String::with_capacity(length));
    let mut bytes = Zeroizing::new([0_u8; 64]);
    while text.len() < length {
        getrandom::fill(&mut *bytes).map_err(|error| io::Error::other(error.to_string()))?;
        // 248 is the largest multiple of 62 in a byte; higher bytes would favour the first
        // characters.
        let even = bytes.iter().filter(|byte| **byte < 248);
        let wanted = length - text.len();
        text.extend(even.take(wanted).filter_map(|byte| character(u32::from(*byte))));
    }
    Ok(text)
}

fn checksum(text: &str) -> String {
    let mut sum = crc32fast::hash(text.as_bytes());
    let mut digits = ['0'; CHECKSUM];
    for digit in digits.iter_mut().rev() {
        *digit = character(sum).unwrap_or('0');
        sum /= 62;
    }
    digits.iter().collect()
}

fn character(number: u32) -> Option<char> {
    let at = usize::try_from(number % 62).ok()?;
    ALPHABET.get(at).map(|byte| char::from(*byte))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn req_103_a_secret_is_random_scannable_and_checked() {
        let format = TokenFormat::new("tpk").unwrap();
        let mut seen = BTreeSet::new();
        for _ in 0..1_000 {
            let secret = format.secret("id_1").unwrap();
            let text = secret.expose_secret().to_owned();
            assert_eq!(text.len(), "tpk_id_1_".len() + RANDOM + CHECKSUM);
            assert_eq!(format.id_of(&text), Some("id_1"));
            assert!(seen.insert(text));
        }
        let used: BTreeSet<char> = seen.iter().flat_map(|text| text["tpk_id_1_".len()..].chars()).collect();
        assert_eq!(used.len(), 62);
        // 62^27 in bits.
        assert!(27.0 * 62_f64.log2() > 160.0);
    }

    #[test]
    fn any_other_character_breaks_the_checksum() {
        let format = TokenFormat::new("tpk").unwrap();
        let text = format.secret("key-1").unwrap().expose_secret().to_owned();
        for at in 0..text.len() {
            let other = if &text[at..=at] == "x" { "y" } else { "x" };
            let changed = format!("{}{other}{}", &text[..at], &text[at + 1..]);
            assert_eq!(format.id_of(&changed), None, "{changed}");
        }
        for other in ["", "tpk_", "tpk__", "tpk", "tpk_é", &text[1..], &text[..text.len() - 1]] {
            assert_eq!(format.id_of(other), None, "{other}");
        }
        assert_eq!(TokenFormat::new("tp").unwrap().id_of(&text), None);
    }

    #[test]
    fn the_checksum_is_that_of_crc_32_in_base_62() {
        // CRC-32 of "123456789" is 0xCBF43926 by its definition.
        assert_eq!(checksum("123456789"), "3jZRME");
    }

    #[test]
    fn words_and_ids_are_plain() {
        for word in ["", "Tpk", "a_b", "12345678901234567", "é"] {
            assert_eq!(TokenFormat::new(word).err(), Some(InvalidFormat), "{word}");
        }
        for id in ["", "a b", "a:b", "é", "a\0", &"x".repeat(65)] {
            assert!(!TokenFormat::is_id(id), "{id:?}");
            assert!(TokenFormat::new("t").unwrap().secret(id).is_err());
        }
        assert!(TokenFormat::is_id(&TokenFormat::id().unwrap()));
    }
}
