//! GeoDataHub's demo account: a user and the three tokens of a login, valid and invalid ones.

use std::time::SystemTime;

use serde::Serialize;
use tower_principal::Secret;
use tower_principal::credential::Digest;
use tower_principal::grant::{
    Application, Grant, GrantId, GrantType, Grants as _, Lifetime, NewGrant, NextRefresh, NextTokens,
    RefreshDigests, TokenShape,
};
use tower_principal::server::profile::{GEODATAHUB, JwtClaims};
use tower_principal::server::{JwtContext, Signer};
use tower_principal::verify::sql::{NewUser, SqlError, SqlStore};
use tower_principal::verify::{JwtVerifier, KeySet, TokenUse};

use super::stored::{self, demo};
use super::{HOUR, Login, an_hour_ago};
use crate::platform::Platform;
use crate::{BoxError, random};

const GERDA: &str = "gerda@example.org";
/// The user's UUID, which stays the same if the password changes.
const GERDAS_UUID: &str = "9c1d7f3a-52be-4e0f-8a67-3d1b6c9e2f04";
const DATASETS: &str = "datasets";
/// Where a program on the user's machine waits for a code, at a port of its own.
const LOOPBACK: &str = "http://127.0.0.1/callback";

#[derive(Serialize)]
pub(crate) struct Credentials {
    pub(crate) issuer: String,
    pub(crate) jwks_uri: String,
    /// A public client without a redirect URI: a page shows the code.
    pub(crate) client_id: String,
    /// A public client on the user's machine.
    pub(crate) cli_client: CliClient,
    pub(crate) id_token: String,
    pub(crate) access_token: String,
    pub(crate) refresh_token: String,
    pub(crate) expired_id_token: String,
    pub(crate) wrong_issuer_token: String,
    pub(crate) api_key: String,
    pub(crate) user: User,
    #[serde(skip)]
    grant: NewGrant,
    #[serde(skip)]
    refresh: RefreshDigests,
}

#[derive(Serialize)]
pub(crate) struct User {
    #[serde(flatten)]
    pub(crate) login: Login,
    pub(crate) sub: &'static str,
}

#[derive(Serialize)]
pub(crate) struct CliClient {
    pub(crate) id: String,
    pub(crate) redirect_uri: &'static str,
}

impl Credentials {
    /// Makes them. The tokens are those of a grant that [`store`](Self::store) stores.
    pub(super) fn new(issuer: &str, signer: &Signer) -> Result<Self, BoxError> {
        let client_id = random::lowercase(26)?;
        let grant = NewGrant::new(GrantId::random()?, &client_id).user(GERDA).uuid(GERDAS_UUID);
        let grant = grant.scopes([DATASETS]).lifetime(27 * 24 * HOUR);
        let refresh = GEODATAHUB.ways.refresh.map_or(TokenShape::Uuid, |of| of.shape).refresh(&grant.id)?;
        let context = |issuer| JwtContext::new(issuer).claims(JwtClaims::Cognito).tenant(Some("geodatahub"));
        let signed = |at: SystemTime| Grant {
            generation: 1,
            expires_at: Some(at + HOUR),
            ..Grant::from_draft(&grant, at)
        };
        let (now, past) = (signed(SystemTime::now()), signed(an_hour_ago() - HOUR));
        let text = |token: Secret<'_>| token.expose_secret().to_owned();
        Ok(Self {
            issuer: issuer.to_owned(),
            jwks_uri: format!("{issuer}/.well-known/jwks.json"),
            id_token: text(signer.identity_token(&now, &context(issuer))?),
            access_token: text(signer.access_token(&now, &context(issuer))?),
            refresh_token: text(refresh.secret),
            expired_id_token: text(signer.identity_token(&past, &context(issuer))?),
            wrong_issuer_token: text(signer.identity_token(&now, &context("https://issuer.example"))?),
            api_key: random::alphanumeric(40)?,
            cli_client: CliClient { id: random::lowercase(26)?, redirect_uri: LOOPBACK },
            client_id,
            user: User { login: Login::new(GERDA)?, sub: GERDAS_UUID },
            refresh: refresh.digests,
            grant,
        })
    }

    /// Returns a verifier of the tokens, which end with their grants.
    pub(crate) fn tokens(
        &self,
        platform: &Platform,
        signer: &Signer,
    ) -> Result<impl tower_principal::Verifier + use<>, BoxError> {
        let tokens = JwtVerifier::builder(&self.issuer)
            .audience(&self.client_id)
            .audience(&self.cli_client.id)
            // A strict client's tokens are for the issuer.
            .audience(&self.issuer)
            .accept([TokenUse::AccessToken, TokenUse::CognitoAccess, TokenUse::CognitoIdentity])
            .tenant_claim("tenant")
            .keys(KeySet::from_jwks(std::str::from_utf8(&signer.jwks())?)?);
        Ok(platform.granted(tokens.build()?, &self.issuer))
    }

    /// Stores the user, the clients, the grant and the API key in the database.
    pub(super) async fn store(&self, store: &SqlStore) -> Result<(), SqlError> {
        stored::user(store, &self.user.login, NewUser::new().uuid(GERDAS_UUID)).await?;
        let codes = [GrantType::AuthorizationCode, GrantType::RefreshToken];
        let public =
            |id: &String| Application::public(id).profile(GEODATAHUB.name).grants(codes).scopes([DATASETS]);
        stored::client(store, public(&self.client_id), None).await?;
        stored::client(store, public(&self.cli_client.id).redirect(LOOPBACK), None).await?;
        let refresh = NextRefresh::new(self.refresh, Lifetime::Limited(27 * 24 * HOUR));
        let tokens = NextTokens::new(Digest::random()?, Lifetime::Limited(HOUR)).refresh(refresh);
        store.issue(&self.grant, &tokens).await.map_err(stored::unstored)?;
        let key = Secret::borrowed(&self.api_key);
        store.app_tokens().import(key, demo().id(&self.client_id)).await?;
        Ok(())
    }
}
