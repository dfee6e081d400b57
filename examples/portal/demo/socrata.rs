//! Socrata: users, API keys, an application and access tokens.

use serde::Serialize;
use tower_principal::{
    ApiKey, AppToken, BasicUser, Context, Credential, Key as KeyForm, MemoryVerifier, OAuthUser, Pair,
    PrincipalKind, Secret, Verifier as _,
};

use super::{Login, Token, an_hour_ago};
use crate::{BoxError, random};

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

/// The one password that stays: it is there to show that a colon, a space and a letter beyond ASCII pass.
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

    /// Knows all of them.
    pub(crate) async fn verifier(&self) -> Result<MemoryVerifier, BoxError> {
        let user = |login: &Login| BasicUser::builder(login.username.as_str()).build();
        let key = |key: &Key| ApiKey::builder(key.id.as_str()).owner(ALICE).build();
        let alice = OAuthUser::builder(ALICE).client(self.app.id.as_str());
        let mut builder = MemoryVerifier::builder()
            .app_token(&self.app.token, AppToken::builder(self.app.id.as_str()).build())
            .access_token(&self.expired_access_token.token, alice.clone().expires_at(an_hour_ago()).build());
        for login in [&self.user, &self.odd_user, &self.disabled_user] {
            builder = builder.user(&login.username, &login.password, user(login));
        }
        for pair in [&self.api_key, &self.revoked_api_key] {
            builder = builder.api_key(&pair.id, &pair.secret, key(pair));
        }
        for token in self.throwaway_access_tokens.iter().chain([&self.access_token.token]) {
            builder = builder.access_token(token, alice.clone().build());
        }
        let verifier = builder.build()?;
        verifier.disable(PrincipalKind::BasicUser, DORA);
        let revoked = Pair::new(
            Secret::borrowed(&self.revoked_api_key.id),
            Secret::borrowed(&self.revoked_api_key.secret),
        );
        verifier.revoke(&Credential::ApiKey(KeyForm::Halves(revoked)), &Context::default()).await?;
        Ok(verifier)
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
