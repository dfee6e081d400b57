//! OpenDataSoft: two OAuth clients, a user, access tokens and an API key.

use serde::Serialize;
use tower_principal::{ApiKey, MemoryVerifier, OAuthUser};

use super::{Login, Token};
use crate::{BoxError, random};

pub(crate) const OTTO: &str = "otto@example.org";

#[derive(Serialize)]
pub(crate) struct Credentials {
    pub(crate) client: Client,
    pub(crate) public_client: Client,
    pub(crate) user: Login,
    pub(crate) access_token: Token,
    pub(crate) narrow_access_token: Token,
    pub(crate) api_key: Key,
}

#[derive(Serialize)]
pub(crate) struct Client {
    pub(crate) id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) secret: Option<String>,
    pub(crate) redirect_uri: &'static str,
    pub(crate) r#type: &'static str,
}

#[derive(Serialize)]
pub(crate) struct Key {
    pub(crate) id: String,
    pub(crate) key: String,
    pub(crate) owner: &'static str,
}

impl Credentials {
    pub(super) fn new() -> Result<Self, getrandom::Error> {
        Ok(Self {
            client: Client {
                id: random::alphanumeric(40)?,
                secret: Some(random::alphanumeric(64)?),
                redirect_uri: "https://client.example/ods/callback",
                r#type: "confidential",
            },
            public_client: Client {
                id: random::alphanumeric(40)?,
                secret: None,
                redirect_uri: "http://127.0.0.1/callback",
                r#type: "public",
            },
            user: Login::new(OTTO)?,
            access_token: access_token(&["all"])?,
            narrow_access_token: access_token(&[])?,
            api_key: Key { id: random::lowercase(12)?, key: random::hex(56)?, owner: OTTO },
        })
    }

    /// Knows the tokens and the API key. The user's password is good for logging in only.
    pub(crate) fn verifier(&self) -> Result<MemoryVerifier, BoxError> {
        let otto = OAuthUser::builder(OTTO).client(self.client.id.as_str());
        let key = ApiKey::builder(self.api_key.id.as_str()).owner(OTTO).build();
        let mut builder = MemoryVerifier::builder().key(&self.api_key.key, key);
        for token in [&self.access_token, &self.narrow_access_token] {
            let scopes = token.scopes.into_iter().flatten();
            builder = builder.access_token(&token.token, otto.clone().scopes(scopes).build());
        }
        Ok(builder.build()?)
    }
}

fn access_token(scopes: &'static [&'static str]) -> Result<Token, getrandom::Error> {
    Ok(Token { scopes: Some(scopes), ..Token::of(OTTO, random::alphanumeric(30)?) })
}
