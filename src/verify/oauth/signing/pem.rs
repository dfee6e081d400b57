//! Private keys as PEM (RFC 7468).

use aws_lc_rs::rsa::KeyPair as RsaKeyPair;
use aws_lc_rs::signature::{EcdsaKeyPair, Ed25519KeyPair};
use zeroize::Zeroizing;

use super::SigningKey;
use super::pair::{CURVES, Pair, UNREADABLE};
use crate::verify::oauth::jose::Algorithm;

impl SigningKey {
    /// Reads a private key from PEM: PKCS#8 (RFC 5958), `RSA PRIVATE KEY` (RFC 8017 appendix A.1.2)
    /// or `EC PRIVATE KEY` (RFC 5915). An RSA key signs with `RS256`, any other key with the
    /// algorithm of its curve.
    ///
    /// # Errors
    ///
    /// Returns the reason if the text does not have exactly one private key, or if that is
    /// encrypted, weak, damaged, or of an unknown type.
    pub(crate) fn from_pem(text: &str) -> Result<Self, &'static str> {
        let (label, der) = private_key(text)?;
        let (algorithm, pair) = match label {
            Label::Pkcs8 => pkcs8(&der)?,
            Label::Rsa => rsa(RsaKeyPair::from_der(&der).map_err(|error| reason(error.description_()))?),
            Label::Curve => curve(&der).ok_or(UNREADABLE)?,
        };
        Self::checked(algorithm, pair)
    }
}

/// Label of a PEM block.
enum Label {
    Pkcs8,
    Rsa,
    Curve,
}

/// Returns the only private key of a text. A block that is not a private key does not count: some
/// tools write the parameters of a curve before the key.
fn private_key(text: &str) -> Result<(Label, Zeroizing<Vec<u8>>), &'static str> {
    let blocks = pem::parse_many(text).map_err(|_| "invalid PEM")?;
    let mut found = None;
    for block in blocks.into_iter().filter(|block| block.tag().ends_with("PRIVATE KEY")) {
        // The older encryption is a header of the block (RFC 1421 section 4.6.1.1).
        let is_encrypted = block.headers().get("Proc-Type").is_some_and(|kind| kind.ends_with("ENCRYPTED"));
        let label = match block.tag() {
            "ENCRYPTED PRIVATE KEY" => return Err(ENCRYPTED),
            _ if is_encrypted => return Err(ENCRYPTED),
            "PRIVATE KEY" => Label::Pkcs8,
            "RSA PRIVATE KEY" => Label::Rsa,
            "EC PRIVATE KEY" => Label::Curve,
            _ => return Err("an unknown type of private key"),
        };
        if found.replace((label, Zeroizing::new(block.into_contents()))).is_some() {
            return Err("several private keys in one text");
        }
    }
    found.ok_or("no PEM block PRIVATE KEY, RSA PRIVATE KEY or EC PRIVATE KEY")
}

/// PKCS#8 names the type of a key; the library reads one type at a time.
fn pkcs8(der: &[u8]) -> Result<(Algorithm, Pair), &'static str> {
    let error = match RsaKeyPair::from_pkcs8(der) {
        Ok(pair) => return Ok(rsa(pair)),
        Err(error) => error,
    };
    match Ed25519KeyPair::from_pkcs8(der) {
        Ok(pair) => Ok((Algorithm::EdDsa, Pair::Edwards(Box::new(pair)))),
        Err(_) => curve(der).ok_or_else(|| reason(error.description_())),
    }
}

fn rsa(pair: RsaKeyPair) -> (Algorithm, Pair) {
    (Algorithm::Rs256, Pair::Rsa(Box::new(pair)))
}

fn curve(der: &[u8]) -> Option<(Algorithm, Pair)> {
    CURVES.iter().find_map(|(algorithm, curve)| {
        let pair = EcdsaKeyPair::from_private_key_der(curve, der).ok()?;
        Some((*algorithm, Pair::Curve(Box::new(pair))))
    })
}

fn reason(description: &str) -> &'static str {
    match description {
        "TooSmall" => "an RSA key of less than 2048 bits",
        "TooLarge" => "an RSA key of more than 8192 bits",
        "InconsistentComponents" => "a private key whose parts do not fit",
        _ => UNREADABLE,
    }
}

const ENCRYPTED: &str = "an encrypted private key";
