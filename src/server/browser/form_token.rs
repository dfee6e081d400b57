//! Anti-forgery tokens of forms.

use std::time::{Duration, SystemTime, UNIX_EPOCH};
use std::{fmt, io};

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use crate::credential::Digest;

/// Time for which a form can be sent.
const LIFETIME: Duration = Duration::from_secs(3600);

/// First part of every message, so that no other use of the key makes the same tag.
const DOMAIN: &[u8] = b"tower-principal form 1";

/// Number of bytes of the time at the start of a token.
const TIME: usize = 8;

/// Key of anti-forgery tokens: HMAC-SHA256 over the purpose of a form, the browser that holds it,
/// the request that it is about, and the time at which it expires.
///
/// A token that one browser received is worth nothing in another one, nor for another request.
#[derive(Clone)]
pub(in crate::server) struct FormTokens(hmac::Key);

/// Form that a token is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::server) enum Purpose {
    LogIn,
    Consent,
    LogOut,
    Applications,
}

impl FormTokens {
    /// Returns a new random key. Forms end with the process, and no other process accepts them.
    ///
    /// # Errors
    ///
    /// If the operating system provides no randomness.
    pub(in crate::server) fn new() -> io::Result<Self> {
        let mut key = Zeroizing::new([0_u8; 32]);
        getrandom::fill(&mut *key).map_err(|error| io::Error::other(error.to_string()))?;
        Ok(Self::with_key(&key))
    }

    /// Returns a key that several processes share.
    pub(in crate::server) fn with_key(key: &[u8; 32]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, key))
    }

    /// Returns a token that is valid for an hour.
    ///
    /// `holder` is the digest of the browser's cookie, and `request` is the exact request that the
    /// form is about, or an empty text.
    pub(in crate::server) fn token(
        &self,
        purpose: Purpose,
        holder: &Digest,
        request: &str,
        now: SystemTime,
    ) -> String {
        let expires = now.checked_add(LIFETIME).map_or(0, seconds).to_be_bytes();
        let tag = hmac::sign(&self.0, &message(purpose, holder, request, &expires));
        URL_SAFE_NO_PAD.encode([&expires, tag.as_ref()].concat())
    }

    /// Returns `true` if the token was made by this key, for the same purpose, holder and request,
    /// and has not expired. The comparison takes constant time.
    pub(in crate::server) fn is_valid(
        &self,
        purpose: Purpose,
        holder: &Digest,
        request: &str,
        token: &str,
        now: SystemTime,
    ) -> bool {
        let Ok(bytes) = URL_SAFE_NO_PAD.decode(token) else { return false };
        let Some((expires, tag)) = bytes.split_first_chunk::<TIME>() else { return false };
        let is_genuine = hmac::verify(&self.0, &message(purpose, holder, request, expires), tag).is_ok();
        is_genuine && seconds(now) < u64::from_be_bytes(*expires)
    }
}

/// Returns the parts, each after its length, so that no two lists of parts are one message.
fn message(purpose: Purpose, holder: &Digest, request: &str, expires: &[u8; TIME]) -> Vec<u8> {
    let purpose: &[u8] = match purpose {
        Purpose::LogIn => b"log in",
        Purpose::Consent => b"consent",
        Purpose::LogOut => b"log out",
        Purpose::Applications => b"applications",
    };
    let parts = [DOMAIN, purpose, holder.as_bytes(), request.as_bytes(), expires];
    let length = |part: &[u8]| u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes();
    parts.iter().flat_map(|part| length(part).into_iter().chain(part.iter().copied())).collect()
}

fn seconds(at: SystemTime) -> u64 {
    at.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

impl fmt::Debug for FormTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FormTokens").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Purpose; 4] = [Purpose::LogIn, Purpose::Consent, Purpose::LogOut, Purpose::Applications];
    const REQUEST: &str = "/oauth2/authorize?client_id=viewer&scope=read";

    fn holder(name: &str) -> Digest {
        Digest::from_parts(&[name.as_bytes()])
    }

    fn now() -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(1_900_000_000)
    }

    #[test]
    fn a_token_is_valid_for_its_purpose_holder_and_request_alone() {
        let keys = FormTokens::with_key(&[7; 32]);
        for purpose in ALL {
            let token = keys.token(purpose, &holder("alice"), REQUEST, now());
            let is_valid = |purpose, name, request| {
                keys.is_valid(purpose, &holder(name), request, &token, now() + Duration::from_secs(1))
            };
            assert!(is_valid(purpose, "alice", REQUEST));
            for other in ALL.into_iter().filter(|other| *other != purpose) {
                assert!(!is_valid(other, "alice", REQUEST), "{purpose:?} {other:?}");
            }
            assert!(!is_valid(purpose, "mallory", REQUEST));
            for other in ["", "/oauth2/authorize", &format!("{REQUEST}%20write"), &REQUEST.to_uppercase()] {
                assert!(!is_valid(purpose, "alice", other), "{other}");
            }
        }
    }

    #[test]
    fn a_token_expires_after_an_hour() {
        let keys = FormTokens::new().unwrap();
        let token = keys.token(Purpose::Consent, &holder("alice"), REQUEST, now());
        let valid_after = |seconds| {
            let then = now() + Duration::from_secs(seconds);
            keys.is_valid(Purpose::Consent, &holder("alice"), REQUEST, &token, then)
        };
        assert!(valid_after(0) && valid_after(3599));
        assert!(!valid_after(3600) && !valid_after(86_400));
    }

    #[test]
    fn a_changed_token_and_a_token_of_another_key_are_invalid() {
        let keys = FormTokens::new().unwrap();
        let is_valid = |keys: &FormTokens, token: &str| {
            keys.is_valid(Purpose::Consent, &holder("alice"), REQUEST, token, now())
        };
        let token = keys.token(Purpose::Consent, &holder("alice"), REQUEST, now());
        assert!(is_valid(&keys, &token) && is_valid(&keys.clone(), &token));
        assert!(!is_valid(&FormTokens::new().unwrap(), &token));
        let bytes = URL_SAFE_NO_PAD.decode(&token).unwrap();
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            assert!(!is_valid(&keys, &URL_SAFE_NO_PAD.encode(changed)), "byte {at}");
        }
        // Also the time alone, a tag that is cut off, and texts that are no token.
        for length in 0..bytes.len() {
            assert!(!is_valid(&keys, &URL_SAFE_NO_PAD.encode(&bytes[..length])), "{length}");
        }
        for other in [" ", "=", "\u{e9}", &format!("{token}A"), &format!(" {token}"), &format!("{token}=")] {
            assert!(!is_valid(&keys, other), "{other:?}");
        }
    }

    #[test]
    fn processes_with_one_key_accept_each_others_tokens() {
        let token = FormTokens::with_key(&[1; 32]).token(Purpose::LogIn, &holder("a"), "", now());
        let is_valid =
            |key| FormTokens::with_key(&[key; 32]).is_valid(Purpose::LogIn, &holder("a"), "", &token, now());
        assert!(is_valid(1) && !is_valid(2));
    }

    #[test]
    fn debug_shows_no_key() {
        assert_eq!(format!("{:?}", FormTokens::with_key(&[7; 32])), "FormTokens { .. }");
    }
}
