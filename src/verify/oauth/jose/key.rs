//! One key, ready to verify signatures.

use aws_lc_rs::signature::{
    self, ParsedPublicKey, RsaParameters, RsaPublicKeyComponents, VerificationAlgorithm,
};
use aws_lc_rs::{digest, hmac};

use super::Algorithm;
use super::roca::can_be_factored;

/// One key, prepared once. The key decides which algorithms it verifies, never a token (RFC 8725
/// section 3.1).
pub(in crate::verify::oauth) struct Key {
    pub(in crate::verify::oauth) id: Option<Box<str>>,
    /// The issuer whose tokens it signs, if the set names one for each key (Microsoft Entra).
    pub(in crate::verify::oauth) issuer: Option<Box<str>>,
    pub(in crate::verify::oauth) rank: Rank,
    material: Material,
    ways: Vec<(Algorithm, Prepared)>,
}

/// How exactly a set names the use of a key. Keys are tried in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::verify::oauth) enum Rank {
    /// It names its algorithm.
    Algorithm,
    /// It names `sig` or `verify`.
    Purpose,
    Unnamed,
}

/// A digest of the key itself. Keys with equal digests are the same key under any name.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Material([u8; 32]);

enum Prepared {
    Public(ParsedPublicKey),
    Shared(Box<hmac::Key>),
}

impl Key {
    /// Makes an RSA key of 2,048 to 8,192 bits. Without an algorithm it verifies the RS and the PS
    /// family.
    pub(in crate::verify::oauth) fn rsa(
        named: Option<Algorithm>,
        n: &[u8],
        e: &[u8],
    ) -> Result<Self, &'static str> {
        let (n, e) = (significant(n), significant(e));
        let bits = n.len() * 8 - n.first().map_or(0, |byte| byte.leading_zeros() as usize);
        if !(2_048..=8_192).contains(&bits) {
            return Err("an RSA key of less than 2048 or more than 8192 bits");
        }
        // At least three, odd, and within the limit of aws-lc: 33 bits.
        if e.len() > 5 || e == [1] || !is_odd(e) || !is_odd(n) {
            return Err("an RSA key with an invalid modulus or exponent");
        }
        if can_be_factored(n) {
            return Err("an RSA key that can be factored (CVE-2017-15361)");
        }
        let algorithms = named.map_or_else(|| RSA.to_vec(), |named| vec![named]);
        Self::each(Material::of(&[b"RSA", n, e]), algorithms, |algorithm| {
            let parameters = rsa_parameters(algorithm).ok_or(MISMATCH)?;
            RsaPublicKeyComponents { n, e }.to_parsed_public_key(parameters).map_err(|_| UNREADABLE)
        })
    }

    /// Makes a key of a point on the curve of this algorithm, uncompressed, or an Ed25519 key of 32
    /// bytes.
    pub(in crate::verify::oauth) fn point(
        algorithm: Algorithm,
        named: Option<Algorithm>,
        bytes: &[u8],
    ) -> Result<Self, &'static str> {
        if named.is_some_and(|named| named != algorithm) {
            return Err("an algorithm that does not fit the curve");
        }
        let curve = curve(algorithm).ok_or(MISMATCH)?;
        let material = Material::of(&[algorithm.name().as_bytes(), bytes]);
        Self::each(material, vec![algorithm], |_| ParsedPublicKey::new(curve, bytes).map_err(|_| UNREADABLE))
    }

    /// Makes a key of a shared secret, at least as long as the hash (RFC 7518 section 3.2). Without
    /// an algorithm it verifies every algorithm for which it is long enough.
    pub(in crate::verify::oauth) fn secret(
        named: Option<Algorithm>,
        secret: &[u8],
    ) -> Result<Self, &'static str> {
        let wanted = named.map_or_else(|| HMACS.to_vec(), |named| vec![named]);
        let mut ways = Vec::new();
        for algorithm in wanted {
            let (hash, length) = hmac_of(algorithm).ok_or(MISMATCH)?;
            if secret.len() >= length {
                ways.push((algorithm, Prepared::Shared(Box::new(hmac::Key::new(hash, secret)))));
            }
        }
        if ways.is_empty() {
            Err("a secret shorter than the algorithm's hash")
        } else {
            Ok(Self::new(Material::of(&[b"oct", secret]), ways))
        }
    }

    fn each(
        material: Material,
        algorithms: Vec<Algorithm>,
        prepare: impl Fn(Algorithm) -> Result<ParsedPublicKey, &'static str>,
    ) -> Result<Self, &'static str> {
        let way = |algorithm| prepare(algorithm).map(|key| (algorithm, Prepared::Public(key)));
        let ways = algorithms.into_iter().map(way).collect::<Result<_, _>>()?;
        Ok(Self::new(material, ways))
    }

    const fn new(material: Material, ways: Vec<(Algorithm, Prepared)>) -> Self {
        Self { id: None, issuer: None, rank: Rank::Unnamed, material, ways }
    }

    pub(in crate::verify::oauth) fn is_secret(&self) -> bool {
        self.ways.iter().any(|(way, _)| way.is_symmetric())
    }

    /// Returns true if it is the same key, under any name.
    pub(in crate::verify::oauth) fn is_same_key(&self, other: &Self) -> bool {
        self.material == other.material
    }

    /// Returns true if one of the two can be left out.
    pub(in crate::verify::oauth) fn is_repeated_by(&self, other: &Self) -> bool {
        self.is_same_key(other)
            && self.id == other.id
            && self.issuer == other.issuer
            && self.ways.iter().map(|(way, _)| way).eq(other.ways.iter().map(|(way, _)| way))
    }

    /// Returns true if a token can match both keys and does not name one of them.
    pub(in crate::verify::oauth) fn is_confused_with(&self, other: &Self) -> bool {
        self.id == other.id && self.ways.iter().any(|(way, _)| other.verifies(*way))
    }

    /// Returns true if this key may sign tokens of this issuer. A key that names no issuer signs
    /// for every issuer. A key that names a pattern with `{tenantid}` signs for each tenant in it.
    pub(in crate::verify::oauth) fn signs_for(&self, issuer: &str) -> bool {
        self.issuer.as_deref().is_none_or(|own| own == issuer || is_tenant_of(own, issuer))
    }

    pub(in crate::verify::oauth) fn verifies(&self, algorithm: Algorithm) -> bool {
        self.ways.iter().any(|(way, _)| *way == algorithm)
    }

    /// Returns true if the signature is this key's over the message, by this algorithm.
    pub(in crate::verify::oauth) fn verify(
        &self,
        algorithm: Algorithm,
        message: &[u8],
        signature: &[u8],
    ) -> bool {
        self.ways.iter().any(|(way, prepared)| {
            *way == algorithm
                && match prepared {
                    Prepared::Public(key) => key.verify_sig(message, signature).is_ok(),
                    Prepared::Shared(key) => hmac::verify(key, message, signature).is_ok(),
                }
        })
    }
}

/// Shows nothing of the key itself: it may be a secret.
impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ways: Vec<Algorithm> = self.ways.iter().map(|(way, _)| *way).collect();
        f.debug_struct("Key").field("id", &self.id).field("algorithms", &ways).finish_non_exhaustive()
    }
}

impl Material {
    fn of(parts: &[&[u8]]) -> Self {
        let mut context = digest::Context::new(&digest::SHA256);
        for part in parts {
            context.update(&part.len().to_be_bytes());
            context.update(part);
        }
        let mut material = [0; 32];
        material.iter_mut().zip(context.finish().as_ref()).for_each(|(to, from)| *to = *from);
        Self(material)
    }
}

/// Returns true if an issuer is this pattern with the name of a tenant instead of its placeholder.
fn is_tenant_of(pattern: &str, issuer: &str) -> bool {
    let tenant = pattern.split_once('{').and_then(|(before, rest)| {
        let (_, after) = rest.split_once('}')?;
        issuer.strip_prefix(before)?.strip_suffix(after)
    });
    tenant.is_some_and(|tenant| !tenant.is_empty() && !tenant.contains('/'))
}

/// Returns a number without leading zeros. Some issuers write them, against RFC 7518 section 6.3.1.
pub(in crate::verify::oauth) fn significant(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    number.get(zeros..).unwrap_or_default()
}

fn is_odd(number: &[u8]) -> bool {
    number.last().is_some_and(|byte| byte & 1 == 1)
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

/// Returns the hash, and its length in bytes.
fn hmac_of(algorithm: Algorithm) -> Option<(hmac::Algorithm, usize)> {
    Some(match algorithm {
        Algorithm::Hs256 => (hmac::HMAC_SHA256, 32),
        Algorithm::Hs384 => (hmac::HMAC_SHA384, 48),
        Algorithm::Hs512 => (hmac::HMAC_SHA512, 64),
        _ => return None,
    })
}

const RSA: [Algorithm; 6] = [
    Algorithm::Rs256,
    Algorithm::Rs384,
    Algorithm::Rs512,
    Algorithm::Ps256,
    Algorithm::Ps384,
    Algorithm::Ps512,
];
const HMACS: [Algorithm; 3] = [Algorithm::Hs256, Algorithm::Hs384, Algorithm::Hs512];
const MISMATCH: &str = "an algorithm that does not fit the type of key";
const UNREADABLE: &str = "a key that cannot be read";

/// The longest `kid`, in bytes.
pub(crate) const KEY_ID_LENGTH: usize = 128;
