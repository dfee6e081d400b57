//! RS256 tokens like those of Amazon Cognito, signed by a key made at start, and the published key
//! set.

use jsonwebtoken::errors::Error;
use jsonwebtoken::jwk::{Jwk, JwkSet, KeyOperations, PublicKeyUse};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use rcgen::{KeyPair, PKCS_RSA_SHA256, RsaKeySize};
use serde::Serialize;
use tower_principal::verify::KeySet;

use crate::{BoxError, random};

/// A key pair and the header of every token it signs.
pub(crate) struct SigningKey {
    header: Header,
    private: EncodingKey,
    published: Jwk,
}

impl SigningKey {
    pub(crate) fn generate() -> Result<Self, BoxError> {
        let pair = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048)?;
        let private = EncodingKey::from_rsa_pem(pair.serialize_pem().as_bytes())?;
        let mut header = Header::new(Algorithm::RS256);
        header.kid = Some(random::alphanumeric(16)?);
        let mut published = Jwk::from_encoding_key(&private, Algorithm::RS256)?;
        published.common.key_id.clone_from(&header.kid);
        published.common.public_key_use = Some(PublicKeyUse::Signature);
        published.common.key_operations = Some(vec![KeyOperations::Verify]);
        Ok(Self { header, private, published })
    }

    pub(crate) fn sign(&self, claims: &impl Serialize) -> Result<String, Error> {
        encode(&self.header, claims, &self.private)
    }

    pub(crate) fn key_set(&self) -> JwkSet {
        JwkSet { keys: vec![self.published.clone()] }
    }

    /// Returns the published keys, read as any other client reads them.
    pub(crate) fn verifying(&self) -> Result<KeySet, BoxError> {
        Ok(KeySet::from_jwks(&serde_json::to_string(&self.key_set())?)?)
    }
}

/// The claims of an access or identity token; `token_use` names the type (as in Amazon Cognito).
#[derive(Serialize)]
pub(crate) struct Claims {
    pub(crate) iss: String,
    pub(crate) sub: String,
    pub(crate) iat: u64,
    pub(crate) exp: u64,
    pub(crate) jti: String,
    #[serde(flatten)]
    pub(crate) usage: Usage,
}

#[derive(Serialize)]
#[serde(tag = "token_use", rename_all = "lowercase")]
pub(crate) enum Usage {
    /// A token for the client itself, which `aud` names.
    Id { aud: String, email: String },
    /// A token for the API; it has no `aud`, and the client is in `client_id`.
    Access { client_id: String, scope: String },
}
