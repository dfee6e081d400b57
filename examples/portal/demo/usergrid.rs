//! Usergrid: two organizations, one with two applications, their clients and an application user.

use std::time::SystemTime;

use serde::Serialize;
use tower_principal::{AppAdmin, MemoryVerifier, OAuthUser, OrgAdmin, Permissions};

use super::{HOUR, Token, an_hour_ago};
use crate::{BoxError, random};

pub(crate) const ORG: &str = "acme";
pub(crate) const OTHER_ORG: &str = "umbrella";
pub(crate) const APPS: [&str; 2] = ["sandbox", "weather"];
pub(crate) const WENDY: &str = "wendy";

const ORG_PREFIX: &str = "b3U6";
const APP_PREFIX: &str = "YXA6";

#[derive(Serialize)]
pub(crate) struct Credentials {
    pub(crate) org: &'static str,
    pub(crate) apps: [&'static str; 2],
    pub(crate) org_client: Client,
    pub(crate) app_client: Client,
    pub(crate) other_org_client: Client,
    pub(crate) user: User,
    pub(crate) access_token: Token,
    pub(crate) expired_access_token: Token,
}

#[derive(Serialize)]
pub(crate) struct Client {
    pub(crate) id: String,
    pub(crate) secret: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) org: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) app: Option<&'static str>,
}

#[derive(Serialize)]
pub(crate) struct User {
    pub(crate) username: &'static str,
    pub(crate) password: String,
    pub(crate) uuid: String,
    pub(crate) apps: [&'static str; 2],
}

impl Credentials {
    pub(super) fn new() -> Result<Self, getrandom::Error> {
        Ok(Self {
            org: ORG,
            apps: APPS,
            org_client: Client::new(ORG_PREFIX)?,
            app_client: Client { app: Some("weather"), ..Client::new(APP_PREFIX)? },
            other_org_client: Client { org: Some(OTHER_ORG), ..Client::new(ORG_PREFIX)? },
            user: User {
                username: WENDY,
                password: random::alphanumeric(20)?,
                uuid: random::uuid()?,
                apps: APPS,
            },
            access_token: Token::of(WENDY, random::usergrid_token(SystemTime::now() + 7 * 24 * HOUR)?),
            expired_access_token: Token::expired(random::usergrid_token(an_hour_ago())?),
        })
    }

    /// Knows the clients and the tokens. A user's password is good for getting a token only.
    pub(crate) fn verifier(&self) -> Result<MemoryVerifier, BoxError> {
        let (org, app, other) = (&self.org_client, &self.app_client, &self.other_org_client);
        let wendy = OAuthUser::builder(WENDY)
            .uuid(self.user.uuid.as_str())
            .org(ORG)
            .permissions(Permissions::parse(["get,put,post,delete:/**"])?);
        Ok(MemoryVerifier::builder()
            .client(&org.id, &org.secret, OrgAdmin::builder(org.id.as_str(), ORG).build())
            .client(&app.id, &app.secret, AppAdmin::builder(app.id.as_str(), ORG, "weather").build())
            .client(&other.id, &other.secret, OrgAdmin::builder(other.id.as_str(), OTHER_ORG).build())
            .access_token(&self.access_token.token, wendy.clone().build())
            .access_token(&self.expired_access_token.token, wendy.expires_at(an_hour_ago()).build())
            .build()?)
    }
}

impl Client {
    fn new(prefix: &str) -> Result<Self, getrandom::Error> {
        let (id, secret) = (random::usergrid_id(prefix)?, random::usergrid_secret(prefix)?);
        Ok(Self { id, secret, org: None, app: None })
    }
}
