//! Signature algorithms of JWS.

use std::fmt;

/// A signature algorithm of JWS (RFC 7518 section 3.1, RFC 8037), named as in an `alg` header.
///
/// # Examples
///
/// ```
/// use tower_principal::verify::Algorithm;
///
/// assert_eq!(Algorithm::from_name("ES256"), Some(Algorithm::Es256));
/// // Names are compared exactly, and `none` is not an algorithm.
/// assert_eq!(Algorithm::from_name("es256"), None);
/// assert_eq!(Algorithm::from_name("none"), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Algorithm {
    /// HMAC with SHA-256.
    Hs256,
    /// HMAC with SHA-384.
    Hs384,
    /// HMAC with SHA-512.
    Hs512,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    Rs384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    Rs512,
    /// RSASSA-PSS with SHA-256.
    Ps256,
    /// RSASSA-PSS with SHA-384.
    Ps384,
    /// RSASSA-PSS with SHA-512.
    Ps512,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// ECDSA on P-384 with SHA-384.
    Es384,
    /// ECDSA on P-521 with SHA-512.
    Es512,
    /// Ed25519; `EdDSA`, and `Ed25519` as in RFC 9864.
    EdDsa,
}

impl Algorithm {
    /// Returns the algorithm with exactly this name.
    pub fn from_name(name: &str) -> Option<Self> {
        NAMES.iter().find(|(known, _)| *known == name).map(|(_, algorithm)| *algorithm)
    }

    /// Returns the name in an `alg` header.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::verify::Algorithm;
    ///
    /// assert_eq!(Algorithm::Rs256.name(), "RS256");
    /// // RFC 9864's `Ed25519` is the same algorithm.
    /// assert_eq!(Algorithm::from_name("Ed25519"), Some(Algorithm::EdDsa));
    /// assert_eq!(Algorithm::EdDsa.name(), "EdDSA");
    /// ```
    pub fn name(self) -> &'static str {
        NAMES.iter().find(|(_, algorithm)| *algorithm == self).map_or("", |(name, _)| name)
    }

    /// Returns true if both sides share one secret.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::verify::Algorithm;
    ///
    /// assert!(Algorithm::Hs512.is_symmetric());
    /// assert!(!Algorithm::Es512.is_symmetric());
    /// ```
    pub const fn is_symmetric(self) -> bool {
        matches!(self, Self::Hs256 | Self::Hs384 | Self::Hs512)
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

const NAMES: &[(&str, Algorithm)] = &[
    ("RS256", Algorithm::Rs256),
    ("ES256", Algorithm::Es256),
    ("EdDSA", Algorithm::EdDsa),
    ("Ed25519", Algorithm::EdDsa),
    ("HS256", Algorithm::Hs256),
    ("HS384", Algorithm::Hs384),
    ("HS512", Algorithm::Hs512),
    ("RS384", Algorithm::Rs384),
    ("RS512", Algorithm::Rs512),
    ("PS256", Algorithm::Ps256),
    ("PS384", Algorithm::Ps384),
    ("PS512", Algorithm::Ps512),
    ("ES384", Algorithm::Es384),
    ("ES512", Algorithm::Es512),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_exact() {
        for (name, algorithm) in NAMES {
            assert_eq!(Algorithm::from_name(name), Some(*algorithm));
            assert_eq!(Algorithm::from_name(&name.to_lowercase()), None);
        }
        assert_eq!(Algorithm::EdDsa.to_string(), "EdDSA");
        for other in ["none", "None", "NONE", "", "HS256 ", "ES521", "ES256K", "A256GCM"] {
            assert_eq!(Algorithm::from_name(other), None, "{other}");
        }
    }
}
