//! Socrata's demo account: users, API keys, an application and access tokens.

use serde::Serialize;
use tower_principal::Secret;
use tower_principal::grant::{Application, GrantType};
use tower_principal::server::profile::SOCRATA;
use tower_principal::verify::sql::{NewUser, SqlError, SqlStore};

use super::stored::{self, demo};
use super::{Login, Token, an_hour_ago};
use crate::random;

pub(crate) const ALICE: &str = "alice@example.org";
const BOB: &str = "bob@example.org";
const DORA: &str = "dora@example.org";

#[derive(Serialize)]
pub(crate) struct Credentials {
    pub(crate) user: Login,
    pub(crate) odd_user: Login,
    pub(crate) disabled_user: Login,
    pub(crate) api_key: Key,
    pub(crate) revoked_api_key: Key,
    pub(crate) app: App,
    pub(crate) access_token: Token,
    pub(crate) throwaway_access_tokens: Vec<String>,
    pub(crate) expired_access_token: Token,
}

#[derive(Serialize)]
pub(crate) struct Key {
    pub(crate) id: String,
    pub(crate) secret: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) owner: Option<&'static str>,
}

#[derive(Serialize)]
pub(crate) struct App {
    pub(crate) id: String,
    pub(crate) token: String,
    pub(crate) secret_token: String,
    pub(crate) callback_prefix: &'static str,
}

/// The one password that stays the same. It shows that a colon, a space and a non-ASCII letter are
/// accepted.
const ODD_PASSWORD: &str = "pa:ss wörd";

impl Credentials {
    pub(super) fn new() -> Result<Self, getrandom::Error> {
        Ok(Self {
            user: Login::new(ALICE)?,
            odd_user: Login { username: BOB.to_owned(), password: ODD_PASSWORD.to_owned() },
            disabled_user: Login::new(DORA)?,
            api_key: Key::new(Some(ALICE))?,
            revoked_api_key: Key::new(None)?,
            app: App {
                id: random::lowercase(12)?,
                token: random::alphanumeric(25)?,
                secret_token: random::alphanumeric(36)?,
                callback_prefix: "https://client.example/socrata-app",
            },
            access_token: Token::of(ALICE, access_token()?),
            throwaway_access_tokens: (0..50).map(|_| access_token()).collect::<Result<_, _>>()?,
            expired_access_token: Token::expired(access_token()?),
        })
    }

    /// Stores all of them in the database.
    pub(super) async fn store(&self, store: &SqlStore) -> Result<(), SqlError> {
        for login in [&self.user, &self.odd_user, &self.disabled_user] {
            stored::user(store, login, NewUser::new()).await?;
        }
        store.users().disable(DORA).await?;
        let (keys, apps, tokens) = (store.key_pairs(), store.app_tokens(), store.access_tokens());
        for Key { id, secret, .. } in [&self.api_key, &self.revoked_api_key] {
            keys.import(Secret::borrowed(secret), demo().id(id).owner(ALICE)).await?;
        }
        keys.revoke(&self.revoked_api_key.id).await?;
        apps.import(Secret::borrowed(&self.app.token), demo().id(&self.app.id)).await?;
        stored::client(store, self.app.application(), Some(&self.app.secret_token)).await?;
        let of_alice = || demo().user(ALICE).client(&self.app.id);
        for token in self.throwaway_access_tokens.iter().chain([&self.access_token.token]) {
            tokens.import(Secret::borrowed(token), of_alice()).await?;
        }
        let expired = Secret::borrowed(&self.expired_access_token.token);
        tokens.import(expired, of_alice().expires_at(an_hour_ago())).await?;
        Ok(())
    }
}

impl App {
    /// Returns the application that gets access tokens. Its client id is the app token.
    fn application(&self) -> Application {
        let application = Application::confidential(&self.token).profile(SOCRATA.name);
        let application = application.redirect(self.callback_prefix).redirect_prefixes();
        application.grants([GrantType::AuthorizationCode])
    }
}

impl Key {
    fn new(owner: Option<&'static str>) -> Result<Self, getrandom::Error> {
        Ok(Self { id: random::lowercase(25)?, secret: random::lowercase(50)?, owner })
    }
}

fn access_token() -> Result<String, getrandom::Error> {
    random::alphanumeric(40)
}
