//! Signing keys for tests.

use std::io;

use aws_lc_rs::{hmac, rand};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::verify::{Algorithm, SigningKey};

/// A new key pair, or a secret.
pub(super) struct Signer {
    pub(super) id: String,
    pub(super) algorithm: Algorithm,
    key: Key,
}

enum Key {
    Pair(SigningKey),
    Secret([u8; 64]),
}

impl Signer {
    pub(super) fn generate(id: String, algorithm: Algorithm) -> io::Result<Self> {
        let key = if algorithm.is_symmetric() {
            let mut secret = [0; 64];
            rand::fill(&mut secret).map_err(io::Error::other)?;
            Key::Secret(secret)
        } else {
            Key::Pair(SigningKey::generate(algorithm).map_err(io::Error::other)?.named(id.clone()))
        };
        Ok(Self { id, algorithm, key })
    }

    /// Returns a token of this header and this payload; `None` if it cannot be signed.
    pub(super) fn token(&self, header: &str, payload: &str) -> Option<String> {
        match &self.key {
            Key::Pair(pair) => pair.token(header, payload).ok(),
            Key::Secret(secret) => {
                let message =
                    format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
                let key = hmac::Key::new(hash(self.algorithm), secret);
                let signature = URL_SAFE_NO_PAD.encode(hmac::sign(&key, message.as_bytes()));
                Some(format!("{message}.{signature}"))
            }
        }
    }

    /// Returns the verifying key as a JWK; for a secret, the secret itself.
    pub(super) fn jwk(&self) -> Value {
        match &self.key {
            Key::Pair(pair) => pair.jwk().into(),
            Key::Secret(secret) => json!({
                "kty": "oct",
                "use": "sig",
                "alg": self.algorithm.name(),
                "kid": self.id,
                "k": URL_SAFE_NO_PAD.encode(secret),
            }),
        }
    }
}

const fn hash(algorithm: Algorithm) -> hmac::Algorithm {
    match algorithm {
        Algorithm::Hs512 => hmac::HMAC_SHA512,
        Algorithm::Hs384 => hmac::HMAC_SHA384,
        _ => hmac::HMAC_SHA256,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_of_every_algorithm_signs_what_it_verifies() {
        let all = "RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA HS256 HS384 HS512";
        for name in all.split(' ') {
            let algorithm = Algorithm::from_name(name).unwrap();
            let signer = Signer::generate("key".to_owned(), algorithm).unwrap();
            let set = json!({ "keys": [signer.jwk()] }).to_string();
            let set = crate::verify::KeySet::from_jwks(&set).unwrap();
            let token = signer.token(&format!(r#"{{"alg":"{name}","kid":"key"}}"#), "{}").unwrap();
            assert_eq!(set.verify_jws(&token).as_deref(), Some(&b"{}"[..]), "{name}");
        }
    }
}
