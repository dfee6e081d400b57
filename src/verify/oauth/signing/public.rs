//! The public part of a key.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::Key;
use crate::verify::oauth::jose::Algorithm;
use crate::verify::oauth::jwks::rsa_numbers;

/// Public part of a key.
pub(super) enum Public {
    Rsa {
        modulus: Vec<u8>,
        exponent: Vec<u8>,
    },
    /// Uncompressed point of a curve, or the 32 bytes of an Ed25519 key.
    Point(Vec<u8>),
}

impl Public {
    /// Reads an `RSAPublicKey` (RFC 8017 appendix A.1.1).
    pub(super) fn rsa(der: &[u8]) -> Option<Self> {
        let (modulus, exponent) = rsa_numbers(der).ok()?;
        Some(Self::Rsa { modulus: modulus.to_vec(), exponent: exponent.to_vec() })
    }

    /// Returns the key with which verifiers check signatures, by all rules for published keys.
    pub(super) fn key(&self, algorithm: Algorithm) -> Result<Key, &'static str> {
        match self {
            Self::Rsa { modulus, exponent } => Key::rsa(Some(algorithm), modulus, exponent),
            Self::Point(point) => Key::point(algorithm, Some(algorithm), point),
        }
    }
}

/// Returns the members of a JWK that its thumbprint is made of, in the order of their names (RFC
/// 7638 section 3.2, RFC 8037 section 2).
pub(super) fn members(algorithm: Algorithm, public: &Public) -> Vec<(&'static str, String)> {
    let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let named = |name: &str| name.to_owned();
    match public {
        Public::Rsa { modulus, exponent } => {
            vec![("e", text(exponent)), ("kty", named("RSA")), ("n", text(modulus))]
        }
        Public::Point(point) => {
            let curve = match algorithm {
                Algorithm::Es256 => "P-256",
                Algorithm::Es384 => "P-384",
                Algorithm::Es512 => "P-521",
                _ => return vec![("crv", named("Ed25519")), ("kty", named("OKP")), ("x", text(point))],
            };
            // A leading format byte, then x and y of one length (SEC 1 section 2.3.3).
            let numbers = point.get(1..).unwrap_or_default();
            let (x, y) = numbers.split_at_checked(numbers.len() / 2).unwrap_or_default();
            vec![("crv", named(curve)), ("kty", named("EC")), ("x", text(x)), ("y", text(y))]
        }
    }
}

/// Returns the SHA-256 thumbprint of a key (RFC 7638). The values need no escapes in JSON.
pub(super) fn thumbprint(members: &[(&'static str, String)]) -> String {
    let members: Vec<String> =
        members.iter().map(|(name, value)| format!("\"{name}\":\"{value}\"")).collect();
    let json = format!("{{{}}}", members.join(","));
    URL_SAFE_NO_PAD.encode(digest(&SHA256, json.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(text: &str) -> Vec<u8> {
        URL_SAFE_NO_PAD.decode(text).unwrap()
    }

    /// RFC 7638 section 3.1, and RFC 8037 appendix A.3.
    #[test]
    fn a_thumbprint_is_that_of_the_standards() {
        let modulus = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6t\
            Soc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FD\
            W2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6W\
            eZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";
        let rsa = Public::Rsa { modulus: decoded(modulus), exponent: decoded("AQAB") };
        assert_eq!(
            thumbprint(&members(Algorithm::Rs256, &rsa)),
            "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
        );
        let edwards = Public::Point(decoded("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"));
        assert_eq!(
            thumbprint(&members(Algorithm::EdDsa, &edwards)),
            "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
        );
    }
}
