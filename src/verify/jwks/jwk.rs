//! JSON Web Keys (RFC 7517).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use super::{Algorithm, Json, KEY_ID_LENGTH, Key};

/// One key of a set, or why it cannot verify signatures. Where keys come from over the network, a shared
/// secret is none.
pub(super) fn read_key(json: &Json<'_>, is_remote: bool) -> Result<Key, &'static str> {
    if let Some(purpose) = json.get("use")
        && purpose.text() != Some("sig")
    {
        return Err("a key that is not for signatures");
    }
    if let Some(operations) = json.get("key_ops")
        && !operations.texts().is_some_and(|operations| operations.contains(&"verify"))
    {
        return Err("a key that is not for verifying");
    }
    let named = match json.get("alg") {
        None => None,
        Some(name) => Some(name.text().and_then(Algorithm::from_name).ok_or("an unknown algorithm")?),
    };
    let mut key = match json.get("kty").and_then(Json::text) {
        Some("oct") if is_remote => return Err("a shared secret that came over the network"),
        Some("oct") => Key::secret(named, &bytes(json, "k")?),
        Some(_) if json.get("d").is_some() => Err("a private key where a public one belongs"),
        Some("RSA") => Key::rsa(named, &bytes(json, "n")?, &bytes(json, "e")?),
        Some("EC") => curve(json, named),
        Some("OKP") if text(json, "crv")? == "Ed25519" => edwards(json, named),
        _ => Err("an unknown type of key"),
    }?;
    key.id = match json.get("kid") {
        None => None,
        Some(id) => Some(id.text().filter(|id| id.len() <= KEY_ID_LENGTH).ok_or("an impossible kid")?.into()),
    };
    Ok(key)
}

fn curve(json: &Json<'_>, named: Option<Algorithm>) -> Result<Key, &'static str> {
    let (algorithm, length) = match text(json, "crv")? {
        "P-256" => (Algorithm::Es256, 32),
        "P-384" => (Algorithm::Es384, 48),
        "P-521" => (Algorithm::Es512, 66),
        _ => return Err("an unknown curve"),
    };
    let (x, y) = (bytes(json, "x")?, bytes(json, "y")?);
    if named.is_some_and(|named| named != algorithm) || x.len() != length || y.len() != length {
        return Err("an algorithm or a coordinate that is not the curve's");
    }
    // An uncompressed point (SEC 1 section 2.3.3).
    Key::point(algorithm, &[&[4], &x[..], &y[..]].concat())
}

fn edwards(json: &Json<'_>, named: Option<Algorithm>) -> Result<Key, &'static str> {
    let x = bytes(json, "x")?;
    if named.is_some_and(|named| named != Algorithm::EdDsa) || x.len() != 32 {
        return Err("an algorithm or a length that is not Ed25519's");
    }
    Key::point(Algorithm::EdDsa, &x)
}

fn text<'j>(json: &'j Json<'_>, name: &str) -> Result<&'j str, &'static str> {
    json.get(name).and_then(Json::text).ok_or("a member that is missing or no text")
}

fn bytes(json: &Json<'_>, name: &str) -> Result<Zeroizing<Vec<u8>>, &'static str> {
    let decoded = URL_SAFE_NO_PAD.decode(text(json, name)?);
    decoded.map(Zeroizing::new).map_err(|_| "a member that is not base64url")
}
