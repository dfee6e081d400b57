//! OpenDataSoft's demo account: two OAuth clients, a user, access tokens and an API key.

use serde::Serialize;
use tower_principal::Secret;
use tower_principal::credential::Digest;
use tower_principal::grant::{
    Application, GrantId, GrantType, Grants as _, Lifetime, NewGrant, NextRefresh, NextTokens, RefreshDigests,
};
use tower_principal::server::profile;
use tower_principal::verify::sql::{NewUser, SqlError, SqlStore};

use super::stored::{self, demo};
use super::{HOUR, Login, Token};
use crate::{BoxError, random};

pub(crate) const OTTO: &str = "otto@example.org";

#[derive(Serialize)]
pub(crate) struct Credentials {
    pub(crate) client: Client,
    /// A confidential client that acts for itself.
    pub(crate) service_client: Service,
    pub(crate) public_client: Client,
    pub(crate) user: Login,
    pub(crate) access_token: Token,
    pub(crate) narrow_access_token: Token,
    pub(crate) api_key: Key,
    /// Refresh tokens of the public client and the user, each for one try.
    pub(crate) throwaway_refresh_tokens: Vec<String>,
    #[serde(skip)]
    grants: Vec<(GrantId, RefreshDigests)>,
}

/// The number of refresh tokens.
const THROWAWAY: usize = 20;

#[derive(Serialize)]
pub(crate) struct Client {
    pub(crate) id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) secret: Option<String>,
    pub(crate) redirect_uri: &'static str,
    pub(crate) r#type: &'static str,
}

#[derive(Serialize)]
pub(crate) struct Service {
    pub(crate) id: String,
    pub(crate) secret: String,
}

#[derive(Serialize)]
pub(crate) struct Key {
    pub(crate) id: String,
    pub(crate) key: String,
    pub(crate) owner: &'static str,
}

impl Credentials {
    pub(super) fn new() -> Result<Self, BoxError> {
        let shape = profile::STANDARD.ways.access.shape;
        let (mut throwaway_refresh_tokens, mut grants) = (Vec::new(), Vec::new());
        for _ in 0..THROWAWAY {
            let id = GrantId::random()?;
            let refresh = shape.refresh(&id)?;
            throwaway_refresh_tokens.push(refresh.secret.expose_secret().to_owned());
            grants.push((id, refresh.digests));
        }
        Ok(Self {
            throwaway_refresh_tokens,
            grants,
            client: Client {
                id: random::alphanumeric(40)?,
                secret: Some(random::alphanumeric(64)?),
                redirect_uri: "https://client.example/ods/callback",
                r#type: "confidential",
            },
            service_client: Service { id: random::alphanumeric(40)?, secret: random::alphanumeric(64)? },
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

    /// Stores all of them in the database. The OAuth clients are registered applications.
    pub(super) async fn store(&self, store: &SqlStore) -> Result<(), SqlError> {
        stored::user(store, &self.user, NewUser::new()).await?;
        let codes = [GrantType::AuthorizationCode, GrantType::RefreshToken];
        let client = Application::confidential(&self.client.id).redirect(self.client.redirect_uri);
        let client = client.profile(profile::OPENDATASOFT.name).grants(codes).scopes(["all"]);
        stored::client(store, client, self.client.secret.as_deref()).await?;
        let service = &self.service_client;
        let itself = Application::confidential(&service.id).grants([GrantType::ClientCredentials]);
        stored::client(store, itself.scopes(["all"]), Some(&service.secret)).await?;
        let public = &self.public_client;
        let public = Application::public(&public.id).redirect(public.redirect_uri);
        stored::client(store, public.grants(codes).scopes(["all"]), None).await?;
        for (id, digests) in &self.grants {
            let grant = NewGrant::new(id.clone(), &self.public_client.id).user(OTTO).scopes(["all"]);
            let refresh = NextRefresh::new(*digests, Lifetime::Limited(30 * 24 * HOUR));
            let tokens = NextTokens::new(Digest::random()?, Lifetime::Limited(HOUR)).refresh(refresh);
            store.issue(&grant, &tokens).await.map_err(stored::unstored)?;
        }
        let key = demo().id(&self.api_key.id).owner(OTTO);
        store.api_keys().import(Secret::borrowed(&self.api_key.key), key).await?;
        for token in [&self.access_token, &self.narrow_access_token] {
            let scopes = token.scopes.into_iter().flatten();
            let of_otto = demo().user(OTTO).client(&self.client.id).scopes(scopes);
            store.access_tokens().import(Secret::borrowed(&token.token), of_otto).await?;
        }
        Ok(())
    }
}

fn access_token(scopes: &'static [&'static str]) -> Result<Token, getrandom::Error> {
    Ok(Token { scopes: Some(scopes), ..Token::of(OTTO, random::alphanumeric(30)?) })
}
