//! Access tokens in Usergrid's shape.

use std::io;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use crate::credential::Secret;

/// Category of an access token: base64 of `ac-`.
const CATEGORY: &str = "YWMt";
/// Seconds from the epoch of version 1 UUIDs, 15 October 1582, to 1970.
const GREGORIAN: u64 = 12_219_292_800;

/// Returns a new token: `YWMt` and, in base64url, a version 1 UUID, the end in milliseconds if
/// there is one, and 160 random bits.
///
/// Usergrid has a SHA-1 over a salt in place of the random bits. A token is found by its digest
/// here, so nothing reads them, and no salt can leak.
pub(super) fn issue(now: SystemTime, expires_at: Option<SystemTime>) -> io::Result<Secret<'static>> {
    let mut random = Zeroizing::new([0_u8; 28]);
    getrandom::fill(&mut *random).map_err(|error| io::Error::other(error.to_string()))?;
    let (node, secret) = random.split_at(8);
    let mut bytes = Zeroizing::new(Vec::with_capacity(44));
    bytes.extend_from_slice(&uuid(now, node));
    if let Some(end) = expires_at {
        bytes.extend_from_slice(&millis(end).to_be_bytes());
    }
    bytes.extend_from_slice(secret);
    // The string has its full length from the start, because a string that grows leaves copies
    // behind.
    let mut text = Zeroizing::new(String::with_capacity(CATEGORY.len() + 60));
    text.push_str(CATEGORY);
    URL_SAFE_NO_PAD.encode_string(&*bytes, &mut text);
    Ok(Secret::wiped(text))
}

/// Returns a version 1 UUID of this time, with a random clock sequence and a random node (RFC 9562
/// section 6.10).
fn uuid(now: SystemTime, random: &[u8]) -> [u8; 16] {
    let since = now.duration_since(UNIX_EPOCH).unwrap_or_default() + Duration::from_secs(GREGORIAN);
    let ticks = u64::try_from(since.as_nanos() / 100).unwrap_or(u64::MAX);
    let [a, b, c, d, e, f, g, h] = ticks.to_be_bytes();
    // The time has 60 bits; the version is in the four that it leaves free.
    let time = [e, f, g, h, c, d, 0x10 | (a & 0x0f), b];
    let mut uuid = [0; 16];
    uuid.iter_mut().zip(time.iter().chain(random)).for_each(|(to, from)| *to = *from);
    let [_, _, _, _, _, _, _, _, sequence, _, node, ..] = &mut uuid;
    *sequence = 0x80 | (*sequence & 0x3f);
    // A random node has the multicast bit.
    *node |= 0x01;
    uuid
}

fn millis(time: SystemTime) -> i64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_63_characters_with_its_end_and_52_without() {
        let now = UNIX_EPOCH + Duration::from_millis(1_370_291_710_449);
        let end = now + Duration::from_millis(604_800_000);
        let token = issue(now, Some(end)).unwrap();
        let text = token.expose_secret();
        assert_eq!((text.len(), &text[..4]), (63, "YWMt"));
        let bytes = URL_SAFE_NO_PAD.decode(&text[4..]).unwrap();
        assert_eq!(bytes.len(), 44);
        assert_eq!(bytes[16..24], 1_370_896_510_449_i64.to_be_bytes());
        // The version, and the time of the golden token `YWMtFeeWEMyNEeKtbNX3o4PU0QAAAT8v..`.
        assert_eq!((bytes[6] >> 4, &text[4..15]), (1, "FeeWEMyNEeK"));
        assert_eq!(issue(now, None).unwrap().expose_secret().len(), 52);
    }
}
