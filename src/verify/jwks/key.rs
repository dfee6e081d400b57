//! One key, ready to verify with.

use aws_lc_rs::hmac;
use aws_lc_rs::rsa::PublicEncryptingKey;
use aws_lc_rs::signature::{
    self, ParsedPublicKey, RsaParameters, RsaPublicKeyComponents, VerificationAlgorithm,
};

use super::{Algorithm, can_be_factored};

/// One key, prepared once; the algorithms it verifies are its own, never a token's choice (RFC 8725
/// section 3.1).
#[derive(Debug)]
pub(super) struct Key {
    pub(super) id: Option<Box<str>>,
    ways: Vec<(Algorithm, Prepared)>,
}

enum Prepared {
    Public(ParsedPublicKey),
    Shared(Box<hmac::Key>),
}

impl Key {
    /// An RSA key of 2,048 to 8,192 bits; without an algorithm it verifies the RS family.
    pub(super) fn rsa(named: Option<Algorithm>, n: &[u8], e: &[u8]) -> Result<Self, &'static str> {
        let (n, e) = (significant(n), significant(e));
        let bits = n.len() * 8 - n.first().map_or(0, |byte| byte.leading_zeros() as usize);
        if !(2_048..=8_192).contains(&bits) {
            return Err("an RSA key of less than 2048 or more than 8192 bits");
        }
        // Three at least, odd, and what aws-lc takes: 33 bits.
        if e.len() > 5 || e == [1] || !is_odd(e) || !is_odd(n) {
            return Err("an RSA key with an impossible modulus or exponent");
        }
        if can_be_factored(n) {
            return Err("an RSA key that can be factored (CVE-2017-15361)");
        }
        Self::each(rsa_family(named)?, |algorithm| {
            let parameters = rsa_parameters(algorithm).ok_or(MISMATCH)?;
            RsaPublicKeyComponents { n, e }.to_parsed_public_key(parameters).map_err(|_| UNREADABLE)
        })
    }

    /// A point on the curve that the algorithm names, uncompressed, or an Ed25519 key of 32 bytes.
    pub(super) fn point(algorithm: Algorithm, bytes: &[u8]) -> Result<Self, &'static str> {
        let curve = curve(algorithm).ok_or(MISMATCH)?;
        Self::each(vec![algorithm], |_| ParsedPublicKey::new(curve, bytes).map_err(|_| UNREADABLE))
    }

    /// A public key as `SubjectPublicKeyInfo` (RFC 5280 section 4.1).
    pub(super) fn spki(algorithm: Algorithm, der: &[u8]) -> Result<Self, &'static str> {
        if let Some(curve) = curve(algorithm) {
            return Self::each(vec![algorithm], |_| ParsedPublicKey::new(curve, der).map_err(|_| UNREADABLE));
        }
        let parameters = rsa_parameters(algorithm).ok_or(MISMATCH)?;
        // Its constructor refuses less than 2048 bits, which parsing alone does not.
        PublicEncryptingKey::from_der(der).map_err(|_| "not an RSA key of 2048 to 8192 bits")?;
        Self::each(vec![algorithm], |_| ParsedPublicKey::new(parameters, der).map_err(|_| UNREADABLE))
    }

    /// A shared secret, at least as long as the hash (RFC 7518 section 3.2); without an algorithm it
    /// verifies all that it is long enough for.
    pub(super) fn secret(named: Option<Algorithm>, secret: &[u8]) -> Result<Self, &'static str> {
        let wanted = named.map_or_else(|| HMACS.to_vec(), |named| vec![named]);
        let mut ways = Vec::new();
        for algorithm in wanted {
            let (hash, length) = hmac_of(algorithm).ok_or(MISMATCH)?;
            if secret.len() >= length {
                ways.push((algorithm, Prepared::Shared(Box::new(hmac::Key::new(hash, secret)))));
            }
        }
        if ways.is_empty() {
            Err("a secret that is shorter than the algorithm's hash")
        } else {
            Ok(Self { id: None, ways })
        }
    }

    fn each(
        algorithms: Vec<Algorithm>,
        prepare: impl Fn(Algorithm) -> Result<ParsedPublicKey, &'static str>,
    ) -> Result<Self, &'static str> {
        let way = |algorithm| prepare(algorithm).map(|key| (algorithm, Prepared::Public(key)));
        Ok(Self { id: None, ways: algorithms.into_iter().map(way).collect::<Result<_, _>>()? })
    }

    pub(super) fn verifies(&self, algorithm: Algorithm) -> bool {
        self.ways.iter().any(|(way, _)| *way == algorithm)
    }

    pub(super) fn algorithms(&self) -> impl Iterator<Item = Algorithm> {
        self.ways.iter().map(|(algorithm, _)| *algorithm)
    }

    /// Whether the signature is this key's over the message, by this algorithm.
    pub(super) fn verify(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        self.ways.iter().any(|(way, prepared)| {
            *way == algorithm
                && match prepared {
                    Prepared::Public(key) => key.verify_sig(message, signature).is_ok(),
                    Prepared::Shared(key) => hmac::verify(key, message, signature).is_ok(),
                }
        })
    }
}

/// Shows nothing: it may be a secret.
impl std::fmt::Debug for Prepared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Prepared(..)")
    }
}

/// Without leading zeros, which some issuers write though RFC 7518 section 6.3.1 does not.
fn significant(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    number.get(zeros..).unwrap_or_default()
}

fn is_odd(number: &[u8]) -> bool {
    number.last().is_some_and(|byte| byte & 1 == 1)
}

fn rsa_family(named: Option<Algorithm>) -> Result<Vec<Algorithm>, &'static str> {
    match named {
        None => Ok(vec![Algorithm::Rs256, Algorithm::Rs384, Algorithm::Rs512]),
        Some(named) => Ok(vec![named]),
    }
}

fn rsa_parameters(algorithm: Algorithm) -> Option<&'static RsaParameters> {
    Some(match algorithm {
        Algorithm::Rs256 => &signature::RSA_PKCS1_2048_8192_SHA256,
        Algorithm::Rs384 => &signature::RSA_PKCS1_2048_8192_SHA384,
        Algorithm::Rs512 => &signature::RSA_PKCS1_2048_8192_SHA512,
        Algorithm::Ps256 => &signature::RSA_PSS_2048_8192_SHA256,
        Algorithm::Ps384 => &signature::RSA_PSS_2048_8192_SHA384,
        Algorithm::Ps512 => &signature::RSA_PSS_2048_8192_SHA512,
        _ => return None,
    })
}

fn curve(algorithm: Algorithm) -> Option<&'static dyn VerificationAlgorithm> {
    Some(match algorithm {
        Algorithm::Es256 => &signature::ECDSA_P256_SHA256_FIXED,
        Algorithm::Es384 => &signature::ECDSA_P384_SHA384_FIXED,
        Algorithm::Es512 => &signature::ECDSA_P521_SHA512_FIXED,
        Algorithm::EdDsa => &signature::ED25519,
        _ => return None,
    })
}

/// The hash, and how many bytes it has.
fn hmac_of(algorithm: Algorithm) -> Option<(hmac::Algorithm, usize)> {
    Some(match algorithm {
        Algorithm::Hs256 => (hmac::HMAC_SHA256, 32),
        Algorithm::Hs384 => (hmac::HMAC_SHA384, 48),
        Algorithm::Hs512 => (hmac::HMAC_SHA512, 64),
        _ => return None,
    })
}

const HMACS: [Algorithm; 3] = [Algorithm::Hs256, Algorithm::Hs384, Algorithm::Hs512];
const MISMATCH: &str = "an algorithm that is not one of this type of key";
const UNREADABLE: &str = "a key that cannot be read";
