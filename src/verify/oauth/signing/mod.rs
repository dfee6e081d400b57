//! Private keys that sign tokens (RFC 7515).

mod pair;
#[cfg(feature = "server")]
mod pem;
mod public;

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use self::pair::Pair;
use self::public::{members, thumbprint};
use super::jose::Algorithm;
use super::jose::key::Key;

/// Private key, its algorithm, and its public part.
pub(crate) struct SigningKey {
    id: Box<str>,
    algorithm: Algorithm,
    pair: Pair,
    /// The public part, as verifiers use it.
    key: Key,
    members: Vec<(&'static str, String)>,
}

impl SigningKey {
    /// Makes a key for an algorithm of public keys; an RSA key has 2,048 bits.
    ///
    /// # Errors
    ///
    /// Returns the reason if the algorithm has no public key, or the key cannot be made.
    pub(crate) fn generate(algorithm: Algorithm) -> Result<Self, &'static str> {
        Self::checked(algorithm, Pair::generate(algorithm)?)
    }

    /// Names the key. Without this it has the name of its thumbprint.
    #[cfg(feature = "test-util")]
    pub(crate) fn named(mut self, id: String) -> Self {
        self.id = id.into();
        self
    }

    /// Refuses what a verifier refuses: the public part must be a key by the rules for published
    /// keys, and must verify what the private part signs.
    fn checked(algorithm: Algorithm, pair: Pair) -> Result<Self, &'static str> {
        let public = pair.public()?;
        let key = public.key(algorithm)?;
        let members = members(algorithm, &public);
        let this = Self { id: thumbprint(&members).into(), algorithm, pair, key, members };
        if !this.verifies(PROBE, &this.pair.sign(algorithm, PROBE)?) {
            return Err("a private key that does not belong to its public key");
        }
        Ok(this)
    }

    /// Returns the name of the key (`kid`). It is the SHA-256 thumbprint of its public part (RFC
    /// 7638), unless it was named.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    pub(crate) const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Returns a signed token in the compact form (RFC 7515 section 3.1).
    ///
    /// # Errors
    ///
    /// Returns the reason if the operating system provides no randomness.
    pub(crate) fn token(&self, header: &str, payload: &str) -> Result<String, &'static str> {
        let mut token = URL_SAFE_NO_PAD.encode(header);
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(payload, &mut token);
        let signature = self.pair.sign(self.algorithm, token.as_bytes())?;
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut token);
        Ok(token)
    }

    /// Returns `true` if the signature is this key's over the message.
    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        self.key.verify(self.algorithm, message, signature)
    }

    /// Returns the public part as a JWK (RFC 7517).
    pub(crate) fn jwk(&self) -> Map<String, Value> {
        let own = self.members.iter().map(|(name, value)| (*name, value.as_str()));
        let about = [("use", "sig"), ("alg", self.algorithm().name()), ("kid", self.id())];
        own.chain(about).map(|(name, value)| (name.to_owned(), value.into())).collect()
    }
}

/// Shows nothing of the private part.
impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, algorithm, .. } = self;
        f.debug_struct("SigningKey").field("id", id).field("algorithm", algorithm).finish_non_exhaustive()
    }
}

/// Message that a key signs when it is read.
const PROBE: &[u8] = b"a message that proves that both parts of a key are one pair";
