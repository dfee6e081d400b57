//! Keys that sign, for tests.

use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{self, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RsaSignatureEncoding};
use aws_lc_rs::{hmac, rand};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::verify::Algorithm;

/// A fresh key pair, or a secret.
pub(super) struct Signer {
    pub(super) id: String,
    pub(super) algorithm: Algorithm,
    key: Key,
}

enum Key {
    Rsa(Box<RsaKeyPair>),
    Curve(Box<EcdsaKeyPair>),
    Edwards(Box<Ed25519KeyPair>),
    Secret([u8; 64]),
}

impl Signer {
    pub(super) fn generate(id: String, algorithm: Algorithm) -> Result<Self, Unspecified> {
        let curve = |curve| EcdsaKeyPair::generate(curve).map(|pair| Key::Curve(Box::new(pair)));
        let key = match algorithm {
            Algorithm::Es256 => curve(&signature::ECDSA_P256_SHA256_FIXED_SIGNING)?,
            Algorithm::Es384 => curve(&signature::ECDSA_P384_SHA384_FIXED_SIGNING)?,
            Algorithm::Es512 => curve(&signature::ECDSA_P521_SHA512_FIXED_SIGNING)?,
            Algorithm::EdDsa => Key::Edwards(Box::new(Ed25519KeyPair::generate()?)),
            Algorithm::Hs256 | Algorithm::Hs384 | Algorithm::Hs512 => {
                let mut secret = [0; 64];
                rand::fill(&mut secret)?;
                Key::Secret(secret)
            }
            _ => Key::Rsa(Box::new(RsaKeyPair::generate(KeySize::Rsa2048)?)),
        };
        Ok(Self { id, algorithm, key })
    }

    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Unspecified> {
        let random = SystemRandom::new();
        match &self.key {
            Key::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(rsa_encoding(self.algorithm), &random, message, &mut signature)?;
                Ok(signature)
            }
            Key::Curve(pair) => Ok(pair.sign(&random, message)?.as_ref().to_vec()),
            Key::Edwards(pair) => Ok(pair.sign(message).as_ref().to_vec()),
            Key::Secret(secret) => {
                let key = hmac::Key::new(hmac_hash(self.algorithm), secret);
                Ok(hmac::sign(&key, message).as_ref().to_vec())
            }
        }
    }

    /// The key that verifies, as a JWK; of a secret that is the secret.
    pub(super) fn jwk(&self) -> Value {
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let mut jwk = match &self.key {
            Key::Rsa(pair) => {
                let public = pair.public_key();
                let (n, e) = (public.modulus(), public.exponent());
                let number =
                    |number: aws_lc_rs::io::Positive<'_>| encode(number.big_endian_without_leading_zero());
                json!({"kty": "RSA", "n": number(n), "e": number(e)})
            }
            Key::Curve(pair) => {
                // Uncompressed: a byte that says so, x and y.
                let point = pair.public_key().as_ref();
                let (_, xy) = point.split_at_checked(1).unwrap_or_default();
                let (x, y) = xy.split_at_checked(xy.len() / 2).unwrap_or_default();
                json!({"kty": "EC", "crv": curve_name(self.algorithm), "x": encode(x), "y": encode(y)})
            }
            Key::Edwards(pair) => {
                json!({"kty": "OKP", "crv": "Ed25519", "x": encode(pair.public_key().as_ref())})
            }
            Key::Secret(secret) => json!({"kty": "oct", "k": encode(secret)}),
        };
        if let Value::Object(members) = &mut jwk {
            members.insert("kid".to_owned(), self.id.clone().into());
            members.insert("alg".to_owned(), self.algorithm.name().into());
            members.insert("use".to_owned(), "sig".into());
        }
        jwk
    }
}

fn rsa_encoding(algorithm: Algorithm) -> &'static RsaSignatureEncoding {
    match algorithm {
        Algorithm::Rs384 => &signature::RSA_PKCS1_SHA384,
        Algorithm::Rs512 => &signature::RSA_PKCS1_SHA512,
        Algorithm::Ps256 => &signature::RSA_PSS_SHA256,
        Algorithm::Ps384 => &signature::RSA_PSS_SHA384,
        Algorithm::Ps512 => &signature::RSA_PSS_SHA512,
        _ => &signature::RSA_PKCS1_SHA256,
    }
}

fn hmac_hash(algorithm: Algorithm) -> hmac::Algorithm {
    match algorithm {
        Algorithm::Hs384 => hmac::HMAC_SHA384,
        Algorithm::Hs512 => hmac::HMAC_SHA512,
        _ => hmac::HMAC_SHA256,
    }
}

fn curve_name(algorithm: Algorithm) -> &'static str {
    match algorithm {
        Algorithm::Es384 => "P-384",
        Algorithm::Es512 => "P-521",
        _ => "P-256",
    }
}
