//! Usergrid's demo account: two organizations, one with two applications, their clients and an
//! application user.

use std::time::{Duration, SystemTime};

use serde::Serialize;
use tower_principal::Secret;
use tower_principal::grant::{Application, GrantType};
use tower_principal::verify::sql::{NewUser, SqlError, SqlStore};

use super::stored::{self, demo};
use super::{Login, Token, an_hour_ago};
use crate::random;

pub(crate) const ORG: &str = "acme";
pub(crate) const OTHER_ORG: &str = "umbrella";
pub(crate) const APPS: [&str; 2] = ["sandbox", "weather"];
const WENDY: &str = "wendy";
const WALTER: &str = "walter";
/// A user's UUID, which stays the same if the password changes.
const WENDYS_UUID: &str = "5b1f0a6e-2f63-4c0b-9a55-6f0d5c1f8e21";
const WALTERS_UUID: &str = "c3a9d2f4-6b1e-4d7a-8f30-51e7b9c04d6a";

const ORG_PREFIX: &str = "b3U6";
const APP_PREFIX: &str = "YXA6";
const WEEK: Duration = Duration::from_secs(7 * 24 * 60 * 60);

#[derive(Serialize)]
pub(crate) struct Credentials {
    pub(crate) org: &'static str,
    pub(crate) apps: [&'static str; 2],
    pub(crate) org_client: Client,
    pub(crate) app_client: Client,
    pub(crate) other_org_client: Client,
    pub(crate) user: User,
    /// Another user, whose tokens may all be revoked without an effect on the first.
    pub(crate) other_user: User,
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
    #[serde(flatten)]
    pub(crate) login: Login,
    pub(crate) uuid: &'static str,
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
            user: User { login: Login::new(WENDY)?, uuid: WENDYS_UUID, apps: APPS },
            other_user: User { login: Login::new(WALTER)?, uuid: WALTERS_UUID, apps: APPS },
            access_token: Token::of(WENDY, random::usergrid_token(SystemTime::now() + WEEK)?),
            expired_access_token: Token::expired(random::usergrid_token(an_hour_ago())?),
        })
    }

    /// Stores all of them in the database. The tokens have the user's permissions.
    pub(super) async fn store(&self, store: &SqlStore) -> Result<(), SqlError> {
        for user in [&self.user, &self.other_user] {
            stored::user(store, &user.login, NewUser::new().uuid(user.uuid).org(ORG)).await?;
            store.users().grant(&user.login.username, "get,put,post,delete:/**").await?;
        }
        for (client, org) in
            [(&self.org_client, ORG), (&self.app_client, ORG), (&self.other_org_client, OTHER_ORG)]
        {
            stored::client(store, client.application(org), Some(&client.secret)).await?;
        }
        for app in APPS {
            let place = Application::public(format!("{ORG}.{app}")).org(ORG).app(app);
            stored::place(store, place.grants([GrantType::Password])).await?;
        }
        let management = Application::public("management").org(ORG).grants([GrantType::Password]);
        stored::place(store, management).await?;
        let tokens = store.access_tokens();
        let of_wendy = |end| demo().user(WENDY).expires_at(end);
        let (token, expired) = (&self.access_token.token, &self.expired_access_token.token);
        tokens.import(Secret::borrowed(token), of_wendy(SystemTime::now() + WEEK)).await?;
        tokens.import(Secret::borrowed(expired), of_wendy(an_hour_ago())).await?;
        Ok(())
    }
}

impl Client {
    fn new(prefix: &str) -> Result<Self, getrandom::Error> {
        let (id, secret) = (random::usergrid_id(prefix)?, random::usergrid_secret(prefix)?);
        Ok(Self { id, secret, org: None, app: None })
    }

    /// Returns the client as an application that may log in for itself.
    fn application(&self, org: &str) -> Application {
        let application = Application::confidential(&self.id).org(org);
        let application = application.grants([GrantType::ClientCredentials]);
        self.app.into_iter().fold(application, Application::app)
    }
}
