//! Verification of signatures with the keys of a set.

use super::set::SignatureCheck;
use super::{Key, KeySet};
use crate::verify::oauth::jose::jws::Wanted;
use crate::verify::oauth::jose::{Header, Jws};

impl KeySet {
    /// Verifies a JWS in the compact form (RFC 7515 section 7.1) of at most 8 KiB, and returns its
    /// payload without checking it. For messages that are not JWTs: a
    /// [`JwtVerifier`](crate::verify::JwtVerifier) also checks claims.
    ///
    /// Returns `None` if the text is not a JWS, or no key of this set signed it. Also if its header
    /// changes the meaning of the message (`crit`, `b64`, `zip`). A key in the header, or its
    /// address (`jku`, `jwk`, `x5u`, `x5c`), is ignored.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::test_util::Issuer;
    ///
    /// let issuer = Issuer::new("https://events.example")?;
    /// let keys = issuer.keys()?;
    /// // A signed message of a web hook:
    /// let message = issuer.sign(r#"{"alg":"EdDSA"}"#, r#"{"event":"paid"}"#);
    /// let payload =
    ///     keys.verify_jws(&message).ok_or("not signed by the issuer")?;
    /// assert_eq!(payload, br#"{"event":"paid"}"#);
    /// assert!(keys.verify_jws(&format!("{message}x")).is_none());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn verify_jws(&self, compact: &str) -> Option<Vec<u8>> {
        let jws = Jws::split(compact).filter(|_| compact.len() <= LENGTH)?;
        let header = Header::read(&jws).ok()?;
        if self.verifies(&header.wanted(None), &jws) { jws.payload() } else { None }
    }

    /// Returns true if a key of this set signed the token.
    pub(in crate::verify) fn verifies(&self, wanted: &Wanted<'_>, jws: &Jws<'_>) -> bool {
        matches!(self.check_signature(wanted, jws), SignatureCheck::Valid)
    }

    /// Verifies a token with the keys of this set.
    pub(in crate::verify) fn check_signature(&self, wanted: &Wanted<'_>, jws: &Jws<'_>) -> SignatureCheck {
        let named = wanted.id.is_some_and(|id| self.keys.iter().any(|key| key.id.as_deref() == Some(id)));
        let mut candidates = self.candidates(wanted, named).peekable();
        if candidates.peek().is_none() {
            return SignatureCheck::UnknownKey;
        }
        let signature = jws.signature();
        let message = jws.signed().as_bytes();
        let signed = |key: &Key| {
            signature.as_ref().is_some_and(|signature| key.verify(wanted.algorithm, message, signature))
        };
        match candidates.any(signed) {
            true => SignatureCheck::Valid,
            false if named => SignatureCheck::Invalid,
            false => SignatureCheck::UnknownKey,
        }
    }

    /// Returns the keys that may have signed a token, each once, in the order in which they are
    /// tried.
    fn candidates<'s>(&'s self, wanted: &Wanted<'s>, named: bool) -> impl Iterator<Item = &'s Key> {
        let Wanted { algorithm, id, issuer } = *wanted;
        let fits = move |key: &&Key| {
            let has_name = match id {
                None => true,
                Some(id) if named => key.id.as_deref() == Some(id),
                Some(_) => key.id.is_none(),
            };
            has_name && key.verifies(algorithm) && issuer.is_none_or(|issuer| key.signs_for(issuer))
        };
        let known = move |at: usize, key: &Key| {
            let mut before = self.keys.iter().take(at).filter(fits);
            before.any(|other| other.is_same_key(key))
        };
        let all = self.keys.iter().enumerate().filter(move |(_, key)| fits(key));
        all.filter(move |(at, key)| !known(*at, key)).map(|(_, key)| key).take(TRIED)
    }
}

/// The longest message, in bytes.
const LENGTH: usize = 8 * 1024;
/// The maximum number of keys that are tried for one token.
const TRIED: usize = 8;
