//! The authorization server. Every test runs over stores in memory, over SQLite, and over
//! PostgreSQL if `TEST_POSTGRES_URL` names a server.

mod absent;
mod authorize_redirects;
mod authorize_requests;
mod browser;
mod client_authentication;
mod codes;
mod connected;
mod domains;
#[cfg(feature = "jwt")]
mod geodatahub;
mod holders;
#[cfg(feature = "introspection")]
mod introspect;
#[cfg(feature = "jwt")]
mod jwts;
#[cfg(feature = "jwt")]
mod metadata;
mod oauth2_crate;
mod opendatasoft;
mod races;
mod refresh;
#[cfg(feature = "metrics")]
mod reports;
#[cfg(all(feature = "jwt", feature = "cache"))]
mod resource_servers;
mod resources;
mod revoke;
#[cfg(feature = "jwt")]
mod signer;
#[cfg(feature = "jwt")]
mod signer_keys;
mod socrata;
mod throttling;
mod token_endpoint;
mod usergrid;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Body;
use http::Request;
use serde_json::Value;
use tower_principal::grant::{
    Application, Applications, DynGrants, Grant, GrantType, MemoryApplications, MemoryGrants, MemorySessions,
    Presented, StoreError, TokenShape,
};
use tower_principal::server::{AuthorizationServer, AuthorizationServerBuilder, CodeOffer, Stores};
use tower_principal::verify::sql::{NewUser, SqlVerifier};
use tower_principal::verify::{FailureLimit, MemoryVerifier, Throttled};
use tower_principal::{BasicUser, Secret, transport};

use crate::sql::{Hand, Place, Short, ask, token};
use crate::support::*;

pub(crate) const ISSUER: &str = "https://login.example";
pub(crate) const TOKEN_PATH: &str = "/oauth2/token";
pub(crate) const CALLBACK: &str = "https://viewer.example/callback";
/// The verifier in RFC 7636 appendix B, and its challenge.
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// A server over one kind of store.
pub(crate) struct Kit {
    pub(crate) name: &'static str,
    pub(crate) server: AuthorizationServer,
    pub(crate) grants: Arc<dyn DynGrants>,
    pub(crate) clock: Hand,
    /// The database; `None` if the stores are in memory.
    pub(crate) database: Option<SqlVerifier>,
    registry: Registry,
    secrets: HashMap<String, String>,
    _place: Option<Place>,
}

/// Applications in memory that can be changed.
#[derive(Clone, Default)]
struct Registry(Arc<Mutex<MemoryApplications>>);

impl Registry {
    fn change(&self, change: impl FnOnce(MemoryApplications) -> MemoryApplications) {
        let mut applications = self.0.lock().unwrap();
        *applications = change(applications.clone());
    }
}

impl Applications for Registry {
    async fn find(&self, id: &str) -> Result<Option<Application>, StoreError> {
        let applications = self.0.lock().unwrap().clone();
        applications.find(id).await
    }

    async fn authenticate(&self, id: &str, secret: &Secret<'_>) -> Result<Option<Application>, StoreError> {
        let applications = self.0.lock().unwrap().clone();
        applications.authenticate(id, secret).await
    }
}

/// Returns the two clients of most tests: `weather` with a secret, `viewer` without.
pub(crate) fn clients() -> [Application; 2] {
    let all = [GrantType::AuthorizationCode, GrantType::RefreshToken, GrantType::ClientCredentials];
    let weather =
        Application::confidential("weather").redirect(CALLBACK).grants(all).scopes(["read", "write"]);
    let viewer = Application::public("viewer").redirect(CALLBACK).grants(all).scopes(["read", "write"]);
    [weather, viewer]
}

/// Returns a throttle with limits that no test reaches.
pub(crate) fn never() -> Throttled<()> {
    let limit = FailureLimit::new(1_000_000, Duration::from_millis(1));
    Throttled::new(()).unwrap().by_id(limit).by_client(limit)
}

impl Kit {
    /// Returns one server for each kind of store, with the clients of [`clients`] and the user
    /// `alice`.
    pub(crate) async fn all() -> Vec<Self> {
        Self::with(&clients(), |builder| builder).await
    }

    pub(crate) async fn with(
        applications: &[Application],
        build: impl Fn(AuthorizationServerBuilder) -> AuthorizationServerBuilder,
    ) -> Vec<Self> {
        let mut kits = vec![Self::memory(applications, &build)];
        for place in Place::all() {
            kits.push(Self::sql(place, applications, &build).await);
        }
        kits
    }

    fn memory(
        applications: &[Application],
        build: &impl Fn(AuthorizationServerBuilder) -> AuthorizationServerBuilder,
    ) -> Self {
        let clock = Hand::at(1_700_000_000_000);
        let grants = MemoryGrants::new().with_clock(clock.clone());
        let (registry, mut secrets) = (Registry::default(), HashMap::new());
        for application in applications {
            let secret = format!("secret-of-{}-6b3ab0e3f1c94b7a9d2c", application.id);
            registry.change(|known| match application.is_confidential() {
                true => known.with_secret(application.clone(), &Secret::borrowed(&secret)),
                false => known.with(application.clone()),
            });
            secrets.insert(application.id.clone(), secret);
        }
        let users = MemoryVerifier::builder().passwords(cheap_passwords());
        let users = users.user("alice", PASSWORD, BasicUser::new("alice")).build().unwrap();
        let sessions = MemorySessions::new().with_clock(clock.clone());
        let stores = Stores::from((grants.clone(), registry.clone())).sessions(sessions);
        let builder = AuthorizationServer::builder(ISSUER, stores, transport::danger_assume_secure());
        let server = build(builder.users(users).throttle(never())).build().unwrap();
        let (name, grants) = ("memory", Arc::new(grants));
        Self { name, server, grants, clock, database: None, registry, secrets, _place: None }
    }

    async fn sql(
        place: Place,
        applications: &[Application],
        build: &impl Fn(AuthorizationServerBuilder) -> AuthorizationServerBuilder,
    ) -> Self {
        let clock = Hand::at(1_700_000_000_000);
        let database = place.builder().clock(clock.clone()).connect().await.unwrap();
        let store = database.store();
        let mut secrets = HashMap::new();
        for application in applications {
            if let Some(secret) = store.applications().register(application).await.unwrap() {
                secrets.insert(application.id.clone(), secret.expose_secret().to_owned());
            }
        }
        store.users().create("alice", Secret::borrowed(PASSWORD), NewUser::new()).await.unwrap();
        let stores = Stores::from(store.clone());
        let builder = AuthorizationServer::builder(ISSUER, stores, transport::danger_assume_secure());
        let server = build(builder.users(database.clone()).throttle(never())).build().unwrap();
        let (name, registry, grants) = (place.name, Registry::default(), Arc::new(store));
        let database = Some(database);
        Self { name, server, grants, clock, database, registry, secrets, _place: Some(place) }
    }

    /// Replaces everything of an application except its id and its secrets.
    pub(crate) async fn change(&self, application: &Application) {
        match &self.database {
            Some(database) => {
                assert!(database.store().applications().change(application).await.unwrap());
            }
            None => self.registry.change(|known| known.with(application.clone())),
        }
    }

    pub(crate) fn secret(&self, client: &str) -> &str {
        &self.secrets[client]
    }

    /// Sends a request.
    pub(crate) async fn send(&self, request: Request<Body>) -> Reply {
        Reply::of(send(self.server.clone(), request).await)
    }

    /// Posts a form to the token endpoint.
    pub(crate) async fn post(&self, parameters: &[(&str, &str)]) -> Reply {
        self.send(form(TOKEN_PATH, encoded(parameters))).await
    }

    /// Posts a form to the token endpoint, with the id and the secret of `weather` in `Basic`.
    pub(crate) async fn post_as_weather(&self, parameters: &[(&str, &str)]) -> Reply {
        let mut request = form(TOKEN_PATH, encoded(parameters));
        let line = basic("weather", self.secret("weather"));
        request.headers_mut().insert("authorization", line.parse().unwrap());
        self.send(request).await
    }

    /// Returns a code of alice for `viewer`, with a challenge.
    pub(crate) async fn code(&self) -> String {
        self.code_of(CodeOffer::new("viewer", "alice")).await
    }

    pub(crate) async fn code_of(&self, offer: CodeOffer) -> String {
        let offer = offer.redirect_uri(CALLBACK).challenge(CHALLENGE);
        self.server.offer(offer).await.unwrap().expose_secret().to_owned()
    }

    /// Redeems a code as `viewer`.
    pub(crate) async fn redeem(&self, code: &str) -> Reply {
        self.post(&[
            ("grant_type", "authorization_code"),
            ("client_id", "viewer"),
            ("code", code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ])
        .await
    }

    /// Refreshes as `viewer`.
    pub(crate) async fn refresh(&self, refresh: &str) -> Reply {
        self.refresh_with(refresh, &[]).await
    }

    pub(crate) async fn refresh_with(&self, refresh: &str, more: &[(&str, &str)]) -> Reply {
        let base = [("grant_type", "refresh_token"), ("client_id", "viewer"), ("refresh_token", refresh)];
        self.post(&[&base, more].concat()).await
    }

    /// Returns tokens of alice for `viewer`.
    pub(crate) async fn log_in(&self) -> Tokens {
        self.redeem(&self.code().await).await.tokens()
    }

    /// Returns the grant of an access token that is in force.
    pub(crate) async fn grant_of(&self, access: &str) -> Option<Grant> {
        let digest = TokenShape::digest_of_access(&Secret::borrowed(access), None);
        self.grants.find_dyn(&Presented::Access(digest)).await.unwrap()
    }

    /// Returns true if an access token is in force, at the store and at the resource server.
    pub(crate) async fn is_live(&self, access: &str) -> bool {
        let found = self.grant_of(access).await.is_some();
        if let Some(database) = &self.database {
            let accepted = matches!(ask(database, &token(access)).await, Short::Is(_));
            assert_eq!(found, accepted, "{}: the store and the verifier disagree", self.name);
        }
        found
    }
}

/// The tokens in an answer.
#[derive(Clone, Debug)]
pub(crate) struct Tokens {
    pub(crate) access: String,
    pub(crate) refresh: String,
}

/// An answer, parsed as JSON.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) answer: Answer,
    pub(crate) json: Value,
}

impl Reply {
    pub(crate) fn of(answer: Answer) -> Self {
        let json = serde_json::from_str(&answer.body).unwrap_or(Value::Null);
        Self { status: answer.status, answer, json }
    }

    pub(crate) fn text(&self, field: &str) -> &str {
        self.json[field].as_str().unwrap_or_default()
    }

    /// Returns the value of a header of one line.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.answer.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// Returns the status and the error code.
    pub(crate) fn error(&self) -> (u16, &str) {
        (self.status, self.text("error"))
    }

    #[track_caller]
    pub(crate) fn tokens(&self) -> Tokens {
        assert_eq!(self.status, 200, "{self:?}");
        Tokens {
            access: self.text("access_token").to_owned(),
            refresh: self.text("refresh_token").to_owned(),
        }
    }
}

/// Returns these parameters as a form.
pub(crate) fn encoded(parameters: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish()
}
