//! Key pairs, and signatures with them.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{
    self, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair as _, RsaEncoding,
};

use super::public::Public;
use crate::verify::oauth::jose::Algorithm;

/// Key pair. The library wipes the private part when it is dropped.
pub(super) enum Pair {
    Rsa(Box<RsaKeyPair>),
    Curve(Box<EcdsaKeyPair>),
    Edwards(Box<Ed25519KeyPair>),
}

impl Pair {
    pub(super) fn generate(algorithm: Algorithm) -> Result<Self, &'static str> {
        let failed = |_| "a key could not be made";
        if let Some((_, curve)) = CURVES.iter().find(|(known, _)| *known == algorithm) {
            return EcdsaKeyPair::generate(curve).map(Box::new).map(Self::Curve).map_err(failed);
        }
        if algorithm == Algorithm::EdDsa {
            return Ed25519KeyPair::generate().map(Box::new).map(Self::Edwards).map_err(failed);
        }
        padding(algorithm)?;
        RsaKeyPair::generate(KeySize::Rsa2048).map(Box::new).map(Self::Rsa).map_err(failed)
    }

    pub(super) fn sign(&self, algorithm: Algorithm, message: &[u8]) -> Result<Vec<u8>, &'static str> {
        let failed = |_| "the key cannot sign now";
        match self {
            Self::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                let random = SystemRandom::new();
                pair.sign(padding(algorithm)?, &random, message, &mut signature).map_err(failed)?;
                Ok(signature)
            }
            Self::Curve(pair) => {
                let signature = pair.sign(&SystemRandom::new(), message).map_err(failed)?;
                Ok(signature.as_ref().to_vec())
            }
            Self::Edwards(pair) => {
                let signature = pair.try_sign(message).map_err(failed)?;
                Ok(signature.as_ref().to_vec())
            }
        }
    }

    pub(super) fn public(&self) -> Result<Public, &'static str> {
        match self {
            Self::Rsa(pair) => Public::rsa(pair.public_key().as_ref()).ok_or(UNREADABLE),
            Self::Curve(pair) => Ok(Public::Point(pair.public_key().as_ref().to_vec())),
            Self::Edwards(pair) => Ok(Public::Point(pair.public_key().as_ref().to_vec())),
        }
    }
}

fn padding(algorithm: Algorithm) -> Result<&'static dyn RsaEncoding, &'static str> {
    Ok(match algorithm {
        Algorithm::Rs256 => &signature::RSA_PKCS1_SHA256,
        Algorithm::Rs384 => &signature::RSA_PKCS1_SHA384,
        Algorithm::Rs512 => &signature::RSA_PKCS1_SHA512,
        Algorithm::Ps256 => &signature::RSA_PSS_SHA256,
        Algorithm::Ps384 => &signature::RSA_PSS_SHA384,
        Algorithm::Ps512 => &signature::RSA_PSS_SHA512,
        _ => return Err("an algorithm without a public key"),
    })
}

pub(super) const CURVES: [(Algorithm, &EcdsaSigningAlgorithm); 3] = [
    (Algorithm::Es256, &signature::ECDSA_P256_SHA256_FIXED_SIGNING),
    (Algorithm::Es384, &signature::ECDSA_P384_SHA384_FIXED_SIGNING),
    (Algorithm::Es512, &signature::ECDSA_P521_SHA512_FIXED_SIGNING),
];

pub(super) const UNREADABLE: &str = "a private key that cannot be read";
