//! RS256 tokens with a key made at start: signing, checking, and the key set that is published.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use jsonwebtoken::errors::{Error, ErrorKind, new_error};
use jsonwebtoken::jwk::{Jwk, JwkSet, KeyOperations, PublicKeyUse};
use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode, get_current_timestamp,
};
use rcgen::{KeyPair, PKCS_RSA_SHA256, RsaKeySize};
use serde::{Deserialize, Serialize};
use tower_principal::{Context, Credential, OAuthUser, Principal, Reason, Verifier, VerifyError};

use crate::{BoxError, random};

/// Seconds by which two clocks may differ.
const LEEWAY: u64 = 5;
/// The longest life a token may claim, in seconds.
const LONGEST_LIFE: u64 = 24 * 60 * 60;

/// A key pair and the header of every token it signs.
pub(crate) struct SigningKey {
    header: Header,
    private: EncodingKey,
    public: DecodingKey,
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
        Ok(Self { header, private, public: DecodingKey::from_jwk(&published)?, published })
    }

    pub(crate) fn sign(&self, claims: &impl Serialize) -> Result<String, Error> {
        encode(&self.header, claims, &self.private)
    }

    pub(crate) fn key_set(&self) -> JwkSet {
        JwkSet { keys: vec![self.published.clone()] }
    }
}

/// The claims of an access or identity token; which of the two, `token_use` says (as Amazon Cognito has it).
#[derive(Serialize, Deserialize)]
pub(crate) struct Claims {
    pub(crate) iss: String,
    pub(crate) sub: String,
    pub(crate) iat: u64,
    pub(crate) exp: u64,
    pub(crate) jti: String,
    #[serde(flatten)]
    pub(crate) usage: Usage,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "token_use", rename_all = "lowercase")]
pub(crate) enum Usage {
    /// For the client itself, which `aud` names.
    Id { aud: String, email: String },
    /// For the API; there is no `aud`, the client is in `client_id`.
    Access { client_id: String, scope: String },
}

impl Usage {
    fn client(&self) -> &str {
        match self {
            Self::Id { aud, .. } => aud,
            Self::Access { client_id, .. } => client_id,
        }
    }

    fn scopes(&self) -> impl Iterator<Item = &str> {
        let scope = match self {
            Self::Id { .. } => "",
            Self::Access { scope, .. } => scope,
        };
        scope.split_ascii_whitespace()
    }
}

/// Verifies access and identity tokens that `issuer` gave to `client`.
pub(crate) struct JwtVerifier {
    pub(crate) key: Arc<SigningKey>,
    pub(crate) issuer: String,
    pub(crate) client: String,
}

impl Verifier for JwtVerifier {
    async fn verify(&self, credential: &Credential<'_>, _: &Context<'_>) -> Result<Principal, VerifyError> {
        self.judge(credential)
    }

    fn verify_now(
        &self,
        credential: &Credential<'_>,
        _: &Context<'_>,
    ) -> Option<Result<Principal, VerifyError>> {
        Some(self.judge(credential))
    }
}

impl JwtVerifier {
    fn judge(&self, credential: &Credential<'_>) -> Result<Principal, VerifyError> {
        let Credential::AccessToken(token) = credential else { return Err(VerifyError::Unsupported) };
        let claims = self.check(token.expose_secret()).map_err(|error| match error.kind() {
            ErrorKind::ExpiredSignature => VerifyError::Denied(Reason::Expired),
            _ => VerifyError::UNKNOWN,
        })?;
        let user = OAuthUser::builder(claims.sub.as_str())
            .client(claims.usage.client())
            .scopes(claims.usage.scopes())
            .credential_id(claims.jti.as_str())
            .expires_at(SystemTime::UNIX_EPOCH + Duration::from_secs(claims.exp));
        Ok(user.claims(claims).build().into())
    }

    fn check(&self, token: &str) -> Result<Claims, Error> {
        let mut rules = Validation::new(Algorithm::RS256);
        rules.leeway = LEEWAY;
        rules.validate_nbf = true;
        rules.validate_aud = false; // An access token has none; `Usage::client` stands for both.
        rules.set_required_spec_claims(&["exp", "iss", "sub"]);
        rules.set_issuer(&[&self.issuer]);
        let token = decode::<Claims>(token, &self.key.public, &rules)?;

        let claims = token.claims;
        let latest = get_current_timestamp() + LEEWAY;
        if token.header != self.key.header {
            return Err(new_error(ErrorKind::InvalidToken));
        }
        if claims.usage.client() != self.client {
            return Err(new_error(ErrorKind::InvalidAudience));
        }
        if claims.iat > latest || claims.exp.saturating_sub(claims.iat) > LONGEST_LIFE {
            return Err(new_error(ErrorKind::ImmatureSignature));
        }
        if claims.sub.is_empty() {
            return Err(new_error(ErrorKind::InvalidSubject));
        }
        Ok(claims)
    }
}
