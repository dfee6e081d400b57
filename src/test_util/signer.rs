//! Signing keys for tests.

use std::io;

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::rand;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{self, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::crypto::CryptoProvider;
use jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER;
use jsonwebtoken::jwk::{
    AlgorithmParameters, CommonParameters, EllipticCurve, EllipticCurveKeyParameters, Jwk,
    OctetKeyPairParameters, OctetKeyParameters, PublicKeyUse, RSAKeyParameters,
};
use jsonwebtoken::{AlgorithmFamily, EncodingKey};
use serde_json::Value;

use crate::verify::Algorithm;

/// A new key pair, or a secret.
pub(super) struct Signer {
    pub(super) id: String,
    pub(super) algorithm: Algorithm,
    key: Key,
}

enum Key {
    Named(jsonwebtoken::Algorithm, EncodingKey),
    /// `ES512`, which `jsonwebtoken` cannot sign.
    Es512(Box<EcdsaKeyPair>),
}

impl Signer {
    pub(super) fn generate(id: String, algorithm: Algorithm) -> io::Result<Self> {
        let key = match algorithm.name().parse::<jsonwebtoken::Algorithm>() {
            Ok(named) => Key::Named(named, fresh(named)?),
            Err(_) => Key::Es512(Box::new(pair(&signature::ECDSA_P521_SHA512_FIXED_SIGNING)?)),
        };
        Ok(Self { id, algorithm, key })
    }

    pub(super) fn sign(&self, message: &[u8]) -> io::Result<Vec<u8>> {
        match &self.key {
            Key::Named(named, key) => {
                let signer = (PROVIDER.signer_factory)(named, key).map_err(io::Error::other)?;
                signer.try_sign(message).map_err(io::Error::other)
            }
            Key::Es512(pair) => {
                let signature = pair.sign(&rand::SystemRandom::new(), message).map_err(io::Error::other)?;
                Ok(signature.as_ref().to_vec())
            }
        }
    }

    /// Returns the verifying key as a JWK; for a secret, the secret itself.
    pub(super) fn jwk(&self) -> io::Result<Value> {
        let algorithm = match &self.key {
            Key::Named(named, key) => parameters(*named, key)?,
            Key::Es512(pair) => {
                // Uncompressed: a leading format byte, then x and y.
                let point = pair.public_key().as_ref().get(1..).unwrap_or_default();
                let (x, y) = point.split_at_checked(point.len() / 2).unwrap_or_default();
                on_curve(EllipticCurve::P521, x, y)
            }
        };
        let common = CommonParameters {
            public_key_use: Some(PublicKeyUse::Signature),
            key_id: Some(self.id.clone()),
            ..CommonParameters::default()
        };
        let mut jwk = serde_json::to_value(Jwk { common, algorithm })?;
        if let Value::Object(members) = &mut jwk {
            members.insert("alg".to_owned(), self.algorithm.name().into());
        }
        Ok(jwk)
    }
}

fn fresh(algorithm: jsonwebtoken::Algorithm) -> io::Result<EncodingKey> {
    use jsonwebtoken::Algorithm::ES384;
    match algorithm.family() {
        AlgorithmFamily::Hmac => {
            let mut secret = [0; 64];
            rand::fill(&mut secret).map_err(io::Error::other)?;
            Ok(EncodingKey::from_secret(&secret))
        }
        AlgorithmFamily::Rsa => {
            let pair = RsaKeyPair::generate(KeySize::Rsa2048).map_err(io::Error::other)?;
            // From DER it would accept only PKCS #1, which aws-lc-rs does not produce.
            let der: Pkcs8V1Der<'_> = pair.as_der().map_err(io::Error::other)?;
            let pem = STANDARD.encode(der.as_ref());
            let pem = format!("-----BEGIN PRIVATE KEY-----\n{pem}\n-----END PRIVATE KEY-----\n");
            EncodingKey::from_rsa_pem(pem.as_bytes()).map_err(io::Error::other)
        }
        AlgorithmFamily::Ec => {
            let curve = if algorithm == ES384 {
                &signature::ECDSA_P384_SHA384_FIXED_SIGNING
            } else {
                &signature::ECDSA_P256_SHA256_FIXED_SIGNING
            };
            let der = pair(curve)?.to_pkcs8v1().map_err(io::Error::other)?;
            Ok(EncodingKey::from_ec_der(der.as_ref()))
        }
        AlgorithmFamily::Ed => {
            let der = Ed25519KeyPair::generate().and_then(|pair| pair.to_pkcs8v1());
            Ok(EncodingKey::from_ed_der(der.map_err(io::Error::other)?.as_ref()))
        }
    }
}

fn pair(curve: &'static EcdsaSigningAlgorithm) -> io::Result<EcdsaKeyPair> {
    EcdsaKeyPair::generate(curve).map_err(io::Error::other)
}

fn parameters(algorithm: jsonwebtoken::Algorithm, key: &EncodingKey) -> io::Result<AlgorithmParameters> {
    let (tools, der) = (&PROVIDER.key_utils, key.as_bytes());
    Ok(match key.family() {
        AlgorithmFamily::Hmac => AlgorithmParameters::OctetKey(OctetKeyParameters {
            value: URL_SAFE_NO_PAD.encode(der),
            ..OctetKeyParameters::default()
        }),
        AlgorithmFamily::Rsa => {
            let (n, e) = (tools.rsa_pub_components_from_private_key)(der).map_err(io::Error::other)?;
            let (n, e) = (URL_SAFE_NO_PAD.encode(n), URL_SAFE_NO_PAD.encode(e));
            AlgorithmParameters::RSA(RSAKeyParameters { n, e, ..RSAKeyParameters::default() })
        }
        AlgorithmFamily::Ec => {
            let point = (tools.ec_pub_components_from_private_key)(der, algorithm);
            let (curve, x, y) = point.map_err(io::Error::other)?;
            on_curve(curve, &x, &y)
        }
        AlgorithmFamily::Ed => {
            let curve = EllipticCurve::Ed25519;
            let x = (tools.ed_pub_components_from_private_key)(der, &curve).map_err(io::Error::other)?;
            let x = URL_SAFE_NO_PAD.encode(x);
            AlgorithmParameters::OctetKeyPair(OctetKeyPairParameters {
                curve,
                x,
                ..OctetKeyPairParameters::default()
            })
        }
    })
}

fn on_curve(curve: EllipticCurve, x: &[u8], y: &[u8]) -> AlgorithmParameters {
    let (x, y) = (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y));
    let key_type = EllipticCurveKeyParameters::default().key_type;
    AlgorithmParameters::EllipticCurve(EllipticCurveKeyParameters { key_type, curve, x, y })
}

/// Named here instead of using the process's provider, which panics if two crates requested two.
static PROVIDER: &CryptoProvider = &DEFAULT_PROVIDER;

#[cfg(test)]
mod tests {
    use super::*;

    /// If features of `jsonwebtoken` conflict, its process-wide provider panics; it is not used
    /// here.
    #[test]
    fn the_processes_own_cryptography_is_left_alone() {
        for name in ["HS256", "RS512", "PS256", "ES256", "ES384", "ES512", "EdDSA"] {
            let algorithm = Algorithm::from_name(name).unwrap();
            let signer = Signer::generate("key".to_owned(), algorithm).unwrap();
            assert!(!signer.sign(b"message").unwrap().is_empty());
            let set = crate::verify::KeySet::from_jwks(&signer.jwk().unwrap().to_string()).unwrap();
            assert_eq!(set.len(), 1, "{name}");
        }
        // The first use sets it; afterwards it cannot be installed.
        assert!(DEFAULT_PROVIDER.install_default().is_ok());
    }
}
