//! Random names and secrets from the operating system.

use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use getrandom::Error;

const ALPHANUMERIC: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const LOWERCASE: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789";
const HEX: &[u8] = b"0123456789abcdef";

/// Returns random characters of `[A-Za-z0-9]`.
pub(crate) fn alphanumeric(length: usize) -> Result<String, Error> {
    letters(ALPHANUMERIC, length)
}

/// Returns random characters of `[a-z0-9]`.
pub(crate) fn lowercase(length: usize) -> Result<String, Error> {
    letters(LOWERCASE, length)
}

/// Returns random characters of `[0-9a-f]`.
pub(crate) fn hex(length: usize) -> Result<String, Error> {
    letters(HEX, length)
}

fn letters(alphabet: &[u8], length: usize) -> Result<String, Error> {
    let mut text = String::with_capacity(length);
    while text.len() < length {
        let byte = usize::from(bytes::<1>()?[0]);
        // Bytes beyond the last whole multiple of the alphabet would make its first letters
        // likelier.
        if byte < 256 - 256 % alphabet.len() {
            text.extend(alphabet.get(byte % alphabet.len()).copied().map(char::from));
        }
    }
    Ok(text)
}

/// Returns `prefix` and the base64 of a UUID, as in Usergrid's client ids: 26 characters.
pub(crate) fn usergrid_id(prefix: &str) -> Result<String, Error> {
    Ok(prefix.to_owned() + &BASE64_URL_SAFE_NO_PAD.encode(uuid_bytes(1)?))
}

/// Returns `prefix` and the base64 of 20 bytes, as in Usergrid's client secrets: 31 characters.
pub(crate) fn usergrid_secret(prefix: &str) -> Result<String, Error> {
    Ok(prefix.to_owned() + &BASE64_URL_SAFE_NO_PAD.encode(bytes::<20>()?))
}

/// Returns a Usergrid access token of 63 characters: a UUID, the expiry in milliseconds since 1970,
/// 20 random bytes.
pub(crate) fn usergrid_token(expiry: SystemTime) -> Result<String, Error> {
    let expiry = expiry.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO);
    let expiry = u64::try_from(expiry.as_millis()).unwrap_or(u64::MAX);
    let parts = [&uuid_bytes(1)?[..], &expiry.to_be_bytes(), &bytes::<20>()?].concat();
    Ok("YWMt".to_owned() + &BASE64_URL_SAFE_NO_PAD.encode(parts))
}

/// Returns a UUID of version 4.
pub(crate) fn uuid() -> Result<String, Error> {
    let digits: String = uuid_bytes(4)?.iter().map(|byte| format!("{byte:02x}")).collect();
    let (mut text, mut rest) = (String::with_capacity(36), digits.as_str());
    for length in [8, 4, 4, 4] {
        let (group, tail) = rest.split_at(length);
        text = text + group + "-";
        rest = tail;
    }
    Ok(text + rest)
}

fn uuid_bytes(version: u8) -> Result<[u8; 16], Error> {
    let mut bytes = bytes::<16>()?;
    bytes[6] = bytes[6] & 0x0f | version << 4;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    Ok(bytes)
}

fn bytes<const N: usize>() -> Result<[u8; N], Error> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}
