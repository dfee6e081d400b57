//! Texts of new codes and tokens.

use std::io;

use zeroize::Zeroizing;

use crate::credential::token_format::random;
use crate::credential::{Secret, TokenFormat};

/// Minimum length of an alphanumeric text: 62 to the 22nd is more than 2 to the 130th.
pub(super) const SHORTEST: usize = 22;

pub(super) fn prefixed(word: &str, letter: char, id: &str) -> io::Result<Secret<'static>> {
    let format = TokenFormat::new(format!("{word}{letter}"));
    format.map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?.secret(id)
}

pub(super) fn alphanumeric(length: usize, shortest: usize) -> io::Result<Secret<'static>> {
    letters(length, shortest).map(Secret::wiped)
}

fn letters(length: usize, shortest: usize) -> io::Result<Zeroizing<String>> {
    if length < shortest {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "a token of this length can be guessed"));
    }
    random(length)
}

/// Returns the family and new random characters. They have 107 bits more than the family.
pub(super) fn following(family: &str, length: usize) -> io::Result<Secret<'static>> {
    let rest = letters(length.saturating_sub(family.len()), 18)?;
    let mut text = Zeroizing::new(String::with_capacity(length));
    text.push_str(family);
    text.push_str(&rest);
    Ok(Secret::wiped(text))
}

/// Returns a UUID of version 4 (RFC 9562 section 5.4).
pub(super) fn uuid() -> io::Result<Secret<'static>> {
    let mut bytes = Zeroizing::new([0_u8; 16]);
    getrandom::fill(&mut *bytes).map_err(|error| io::Error::other(error.to_string()))?;
    let [_, _, _, _, _, _, version, _, variant, ..] = &mut *bytes;
    *version = 0x40 | (*version & 0x0f);
    *variant = 0x80 | (*variant & 0x3f);
    let mut text = Zeroizing::new(String::with_capacity(36));
    for (at, byte) in bytes.iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        for digit in [byte >> 4, byte & 0x0f] {
            text.extend(char::from_digit(digit.into(), 16));
        }
    }
    Ok(Secret::wiped(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_has_its_version_its_variant_and_122_random_bits() {
        let mut seen = [0_u8; 36];
        for _ in 0..200 {
            let uuid = uuid().unwrap();
            let text = uuid.expose_secret();
            assert_eq!((text.len(), &text[14..15]), (36, "4"), "{text}");
            assert!(matches!(&text[19..20], "8" | "9" | "a" | "b"), "{text}");
            for (at, byte) in text.bytes().enumerate() {
                let is_dash = matches!(at, 8 | 13 | 18 | 23);
                assert!(if is_dash { byte == b'-' } else { matches!(byte, b'0'..=b'9' | b'a'..=b'f') });
                seen[at] |= u8::from(byte != b'0') | (u8::from(byte == b'0') << 1);
            }
        }
        // Every digit that is random was zero, and was something else.
        let fixed = [8, 13, 14, 18, 19, 23];
        assert!((0..36).all(|at| fixed.contains(&at) || seen[at] == 3), "{seen:?}");
    }
}
