//! JSON Web Keys (RFC 7517), read leniently if the meaning is certain.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::{Zeroize as _, Zeroizing};

use super::Algorithm;
use super::key::{KEY_ID_LENGTH, Key, Rank, significant};
use crate::verify::oauth::claims::Json;

/// A key of a set that cannot verify signatures.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(in crate::verify::oauth) struct LeftOut {
    pub(in crate::verify::oauth) id: Option<Box<str>>,
    pub(in crate::verify::oauth) why: &'static str,
}

/// Reads one key of a set, or returns the reason if it cannot verify signatures. A member that is
/// `null` is absent, and an unknown member is ignored.
pub(in crate::verify::oauth) fn read_key(text: &str) -> Result<Key, LeftOut> {
    let json =
        Json::read(text).ok_or(LeftOut { id: None, why: "a key that is not JSON, or repeats a name" })?;
    let members = Members(&json);
    members.key().map_err(|why| LeftOut { id: members.text("kid").ok().flatten().map(Box::from), why })
}

// JWKs are read by the same reader, one by one. They are read leniently if the meaning is certain,
// because the operator did not write them. Tokens are read strictly, because an attacker may have
// written them. aws-lc prepares a key when it is fetched. The crate `jsonwebtoken` is the second
// opinion in tests.
struct Members<'j>(&'j Json<'j>);

impl Members<'_> {
    fn key(&self) -> Result<Key, &'static str> {
        let id = self.text("kid")?;
        if id.is_some_and(|id| id.len() > KEY_ID_LENGTH) {
            return Err("an invalid kid");
        }
        let named = self.text("alg")?.map(|name| Algorithm::from_name(name).ok_or("an unknown algorithm"));
        let named = named.transpose()?;
        let is_for_signatures = self.is_for_signatures()?;
        let mut key = match self.text("kty")?.ok_or("a key without a type")? {
            "oct" => Key::secret(named, &self.bytes("k")?),
            _ if self.get("d").is_some() => Err("a private key"),
            "RSA" => Key::rsa(named, &self.bytes("n")?, &self.bytes("e")?),
            "EC" => {
                let (algorithm, length) = curve(self.text("crv")?.unwrap_or_default())?;
                Key::point(algorithm, named, &self.point(length)?)
            }
            "OKP" if self.text("crv")? == Some("Ed25519") => {
                // aws-lc would read a whole SubjectPublicKeyInfo, too.
                let point = self.bytes("x")?;
                if point.len() != 32 {
                    return Err("a key that is not of the curve's length");
                }
                Key::point(Algorithm::EdDsa, named, &point)
            }
            _ => Err("an unknown type of key"),
        }?;
        key.id = id.map(Box::from);
        key.issuer = self.text("issuer").ok().flatten().map(Box::from);
        key.rank = match (named, is_for_signatures) {
            (Some(_), _) => Rank::Algorithm,
            (None, true) => Rank::Purpose,
            (None, false) => Rank::Unnamed,
        };
        Ok(key)
    }

    /// Returns true if the key names signatures as its use; an error if it names another use.
    fn is_for_signatures(&self) -> Result<bool, &'static str> {
        let used = match self.text("use")? {
            None => false,
            Some("sig") => true,
            Some(_) => return Err("a key that is not for signatures"),
        };
        match self.get("key_ops").map(Json::texts) {
            None => Ok(used),
            Some(Some(operations)) if operations.contains(&"verify") => Ok(true),
            Some(Some(_)) => Err("a key that is not for verifying"),
            Some(None) => Err(TYPE),
        }
    }

    /// Returns an uncompressed point (SEC 1 section 2.3.3). A coordinate is a number, so that
    /// leading zeros mean nothing. Some issuers omit them, others write one too many.
    fn point(&self, length: usize) -> Result<Vec<u8>, &'static str> {
        let mut point = vec![4];
        for name in ["x", "y"] {
            let coordinate = self.bytes(name)?;
            let coordinate = significant(&coordinate);
            let zeros = length.checked_sub(coordinate.len());
            let zeros = zeros.ok_or("a coordinate that is not of the curve's length")?;
            point.resize(point.len() + zeros, 0);
            point.extend_from_slice(coordinate);
        }
        Ok(point)
    }

    /// Returns bytes in base64url or in the standard alphabet, with padding or without.
    fn bytes(&self, name: &str) -> Result<Zeroizing<Vec<u8>>, &'static str> {
        let text = self.text(name)?.ok_or("a key that lacks a member of its type")?;
        let text = text.strip_suffix("==").or_else(|| text.strip_suffix('=')).unwrap_or(text);
        let mut url_safe = text.replace('+', "-").replace('/', "_");
        let bytes = URL_SAFE_NO_PAD.decode(&url_safe).map(Zeroizing::new);
        url_safe.zeroize();
        bytes.map_err(|_| "a member that is not base64url")
    }

    fn text(&self, name: &str) -> Result<Option<&str>, &'static str> {
        self.get(name).map(|value| value.text().ok_or(TYPE)).transpose()
    }

    fn get(&self, name: &str) -> Option<&Json<'_>> {
        self.0.get(name).filter(|value| !matches!(value, Json::Null))
    }
}

/// Returns the algorithm of a curve, and the length of a coordinate.
fn curve(name: &str) -> Result<(Algorithm, usize), &'static str> {
    match name {
        "P-256" => Ok((Algorithm::Es256, 32)),
        "P-384" => Ok((Algorithm::Es384, 48)),
        "P-521" => Ok((Algorithm::Es512, 66)),
        _ => Err("an unknown curve"),
    }
}

const TYPE: &str = "a member of the wrong type";
