//! GeoDataHub's demo account: a user and the three tokens of a login, valid and invalid ones.

use jsonwebtoken::get_current_timestamp;
use serde::Serialize;
use tower_principal::Secret;
use tower_principal::verify::JwtVerifier;
use tower_principal::verify::TokenUse;
use tower_principal::verify::sql::{NewUser, SqlError, SqlStore};

use super::stored::{self, demo};
use super::{HOUR, Login};
use crate::jwt::{Claims, SigningKey, Usage};
use crate::{BoxError, random};

const GERDA: &str = "gerda@example.org";

#[derive(Serialize)]
pub(crate) struct Credentials {
    pub(crate) issuer: String,
    pub(crate) jwks_uri: String,
    pub(crate) client_id: String,
    pub(crate) id_token: String,
    pub(crate) access_token: String,
    pub(crate) refresh_token: String,
    pub(crate) expired_id_token: String,
    pub(crate) wrong_issuer_token: String,
    pub(crate) api_key: String,
    pub(crate) user: User,
}

#[derive(Serialize)]
pub(crate) struct User {
    #[serde(flatten)]
    pub(crate) login: Login,
    pub(crate) sub: String,
}

impl Credentials {
    pub(super) fn new(issuer: &str, key: &SigningKey) -> Result<Self, BoxError> {
        let client_id = random::lowercase(26)?;
        let user = User { login: Login::new(GERDA)?, sub: random::uuid()? };
        let now = get_current_timestamp();
        let hour = HOUR.as_secs();
        let id = || Usage::Id { aud: client_id.clone(), email: user.login.username.clone() };
        let access = || Usage::Access { client_id: client_id.clone(), scope: "datasets".to_owned() };
        let token = |issuer: &str, iat: u64, usage: Usage| -> Result<String, BoxError> {
            let (iss, sub) = (issuer.to_owned(), user.sub.clone());
            Ok(key.sign(&Claims { iss, sub, iat, exp: iat + hour, jti: random::uuid()?, usage })?)
        };
        Ok(Self {
            issuer: issuer.to_owned(),
            jwks_uri: format!("{issuer}/geodatahub/.well-known/jwks.json"),
            id_token: token(issuer, now, id())?,
            access_token: token(issuer, now, access())?,
            refresh_token: random::alphanumeric(64)?,
            expired_id_token: token(issuer, now - 2 * hour, id())?,
            wrong_issuer_token: token("https://issuer.example", now, id())?,
            api_key: random::alphanumeric(40)?,
            client_id: client_id.clone(),
            user: User { login: Login { ..user.login }, sub: user.sub.clone() },
        })
    }

    /// Returns a verifier that checks tokens with the key.
    pub(crate) fn tokens(&self, key: &SigningKey) -> Result<JwtVerifier, BoxError> {
        let tokens = JwtVerifier::builder(&self.issuer)
            .audience(&self.client_id)
            .accept([TokenUse::CognitoAccess, TokenUse::CognitoIdentity])
            .keys(key.verifying()?);
        Ok(tokens.build()?)
    }

    /// Stores the user and the API key in the database. Tokens are self-contained.
    pub(super) async fn store(&self, store: &SqlStore) -> Result<(), SqlError> {
        stored::user(store, &self.user.login, NewUser::new()).await?;
        let key = Secret::borrowed(&self.api_key);
        store.app_tokens().import(key, demo().id(&self.client_id)).await?;
        Ok(())
    }
}
