//! Access tokens of the signer, read back.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use super::Signer;
use crate::credential::Secret;
use crate::grant::Presented;

impl Signer {
    /// Returns the grant and the generation of an access token that one of the published keys
    /// signed for this issuer. Returns `None` for any other text.
    ///
    /// It does not compare times: the grant decides if the token is in force.
    pub(in crate::server) fn read(&self, token: &Secret<'_>, issuer: &str) -> Option<Presented> {
        let (message, signature) = token.expose_secret().rsplit_once('.')?;
        let (header, payload) = message.split_once('.')?;
        let header = json(header)?;
        let is_of = |name: &str, value: &str| header.get(name).and_then(Value::as_str) == Some(value);
        let now = self.clock.now();
        let keys = self.read_ring(|ring| ring.published(now, self.kept()));
        let key = keys.iter().find(|key| is_of("kid", key.id()) && is_of("alg", key.algorithm().name()))?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        if !key.verifies(message.as_bytes(), &signature) {
            return None;
        }
        let claims = json(payload)?;
        let claim = |name: &str| claims.get(name).and_then(Value::as_str);
        let is_cognitos = header.get("typ").is_none() && claim("token_use") == Some("access");
        if !is_of("typ", "at+jwt") && !is_cognitos {
            return None;
        }
        Presented::jwt(claim("jti")?).filter(|_| claim("iss") == Some(issuer))
    }
}

fn json(part: &str) -> Option<Value> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}
