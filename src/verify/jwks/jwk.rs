//! JSON Web Keys (RFC 7517), as `jsonwebtoken` reads them, strictly.

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyOperations, PublicKeyUse};
use jsonwebtoken::{DecodingKey, DecodingKeyKind};
use zeroize::Zeroize as _;

use super::{Algorithm, Json, KEY_ID_LENGTH, Key};

/// One key of a set, or why it cannot verify signatures. Where keys come from over the network, a shared
/// secret is none.
pub(super) fn read_key(text: &str, is_remote: bool) -> Result<Key, &'static str> {
    // What `jsonwebtoken` passes over: a repeated name, the private half, a null, an algorithm it has no word for.
    let json = Json::read(text).ok_or("a key that is no JSON, or repeats a name")?;
    if SAID.iter().any(|name| matches!(json.get(name), Some(Json::Null))) {
        return Err("a member that is null");
    }
    let named = match json.get("alg") {
        None => None,
        Some(name) => Some(name.text().and_then(Algorithm::from_name).ok_or("an unknown algorithm")?),
    };
    let mut jwk: Jwk =
        serde_json::from_str(text).map_err(|_| "a member of another type than it should be")?;
    let decoded = DecodingKey::from_jwk(&jwk);
    if let AlgorithmParameters::OctetKey(secret) = &mut jwk.algorithm {
        secret.value.zeroize();
    }
    let decoded = decoded.map_err(|_| "an unknown type of key, or a member that is not base64url")?;
    is_for_verifying(&jwk)?;
    let mut key = match &jwk.algorithm {
        AlgorithmParameters::OctetKey(_) if is_remote => {
            return Err("a shared secret that came over the network");
        }
        AlgorithmParameters::OctetKey(_) => Key::secret(named, bytes(&decoded)?),
        _ if json.get("d").is_some() => Err("a private key where a public one belongs"),
        AlgorithmParameters::RSA(_) => match decoded.kind() {
            DecodingKeyKind::RsaModulusExponent { n, e } => Key::rsa(named, n, e),
            DecodingKeyKind::SecretOrDer(_) => Err(UNKNOWN),
        },
        AlgorithmParameters::EllipticCurve(parameters) => {
            let (algorithm, length) = curve(&parameters.curve)?;
            let point = bytes(&decoded)?;
            // Of one length each: what one coordinate lacks the other must not have.
            if point.len() != 1 + 2 * length || parameters.x.len() != parameters.y.len() {
                return Err("a coordinate that is not of the curve's length");
            }
            point_of(algorithm, named, point)
        }
        AlgorithmParameters::OctetKeyPair(parameters) if parameters.curve == EllipticCurve::Ed25519 => {
            // aws-lc would read a whole SubjectPublicKeyInfo there, too.
            let point = bytes(&decoded)?;
            if point.len() != 32 {
                return Err("a key that is not of the curve's length");
            }
            point_of(Algorithm::EdDsa, named, point)
        }
        _ => Err(UNKNOWN),
    }?;
    key.id = match jwk.common.key_id {
        Some(id) if id.len() > KEY_ID_LENGTH => return Err("an impossible kid"),
        id => id.map(String::into_boxed_str),
    };
    Ok(key)
}

fn is_for_verifying(jwk: &Jwk) -> Result<(), &'static str> {
    if jwk.common.public_key_use.as_ref().is_some_and(|purpose| *purpose != PublicKeyUse::Signature) {
        return Err("a key that is not for signatures");
    }
    match &jwk.common.key_operations {
        Some(operations) if !operations.contains(&KeyOperations::Verify) => {
            Err("a key that is not for verifying")
        }
        _ => Ok(()),
    }
}

/// What a curve verifies, and the length of a coordinate.
fn curve(curve: &EllipticCurve) -> Result<(Algorithm, usize), &'static str> {
    match curve {
        EllipticCurve::P256 => Ok((Algorithm::Es256, 32)),
        EllipticCurve::P384 => Ok((Algorithm::Es384, 48)),
        EllipticCurve::P521 => Ok((Algorithm::Es512, 66)),
        _ => Err(UNKNOWN),
    }
}

fn point_of(algorithm: Algorithm, named: Option<Algorithm>, point: &[u8]) -> Result<Key, &'static str> {
    if named.is_some_and(|named| named != algorithm) {
        return Err("an algorithm that is not the curve's");
    }
    Key::point(algorithm, point)
}

fn bytes(decoded: &DecodingKey) -> Result<&[u8], &'static str> {
    decoded.try_get_as_bytes().map_err(|_| UNKNOWN)
}

/// What may be left out, and says something where it stands.
const SAID: [&str; 4] = ["use", "key_ops", "alg", "kid"];

const UNKNOWN: &str = "an unknown type of key";
