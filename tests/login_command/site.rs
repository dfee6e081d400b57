//! An authorization server of the crate on 127.0.0.1, with an authorization endpoint that allows
//! everything, or answers as an attacker would.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::{Query, Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use http::{StatusCode, header};
use serde_json::{Value, json};
use tower_principal::grant::{
    Application, Applications, GrantType, MemoryApplications, MemoryGrants, StoreError,
};
use tower_principal::server::{AuthorizationServer, CodeOffer, Stores};
use tower_principal::{Secret, transport};

use super::program::Home;
use super::tls;

type Asked = std::collections::HashMap<String, String>;

type Act = Box<dyn Fn() + Send>;

/// A server, and what is wrong with it.
#[derive(Clone)]
pub(crate) struct Site {
    pub(crate) issuer: String,
    server: AuthorizationServer,
    registry: Registry,
    faults: Arc<Mutex<Faults>>,
    /// The last authorization request.
    asked: Arc<Mutex<Asked>>,
}

/// Changes to what the server answers.
#[derive(Default)]
pub(crate) struct Faults {
    /// Members of the metadata to replace.
    pub(crate) metadata: Vec<(&'static str, Value)>,
    /// The query that the authorization endpoint answers with. `{code}`, `{state}` and `{iss}` are
    /// replaced by the true ones.
    pub(crate) answer: Option<&'static str>,
    /// The answer of this path.
    pub(crate) at: Option<(&'static str, u16, Value)>,
    /// Runs before a request to this path.
    pub(crate) before: Option<(&'static str, Act)>,
}

/// The one application. It has every redirect URI that was asked for, because `CodeOffer` takes
/// those alone that are registered byte for byte.
#[derive(Clone)]
struct Registry(Arc<Mutex<Application>>);

impl Registry {
    fn known(&self) -> MemoryApplications {
        MemoryApplications::new().with(self.0.lock().unwrap().clone())
    }
}

impl Applications for Registry {
    async fn find(&self, id: &str) -> Result<Option<Application>, StoreError> {
        let known = self.known();
        known.find(id).await
    }

    async fn authenticate(&self, id: &str, secret: &Secret<'_>) -> Result<Option<Application>, StoreError> {
        let known = self.known();
        known.authenticate(id, secret).await
    }
}

impl Site {
    pub(crate) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let site = Self::new(format!("http://{}", listener.local_addr().unwrap()));
        tokio::spawn(axum::serve(listener, site.app()).into_future());
        site
    }

    /// Starts a server with TLS, and returns the certificate of its authority.
    pub(crate) async fn start_tls() -> (Self, String) {
        let (listener, pem) = tls::listen().await;
        let site = Self::new(format!("https://localhost:{}", listener.local_addr().unwrap().port()));
        tokio::spawn(axum::serve(listener, site.app()).into_future());
        (site, pem)
    }

    fn new(issuer: String) -> Self {
        let application = Application::public("gdh")
            .grants([GrantType::AuthorizationCode, GrantType::RefreshToken])
            .scopes(["datasets:read", "datasets:write"]);
        let registry = Registry(Arc::new(Mutex::new(application)));
        let stores = Stores::from((MemoryGrants::new(), registry.clone()));
        let server = AuthorizationServer::builder(&issuer, stores, transport::danger_assume_secure());
        let server = server.build().unwrap();
        Self { issuer, server, registry, faults: Arc::default(), asked: Arc::default() }
    }

    fn app(&self) -> Router {
        Router::new()
            .route("/.well-known/oauth-authorization-server", get(metadata))
            .route("/authorize", get(authorize))
            .fallback_service(self.server.clone())
            .layer(middleware::from_fn_with_state(self.clone(), faults))
            .with_state(self.clone())
    }

    pub(crate) fn fault(&self, change: impl FnOnce(&mut Faults)) {
        change(&mut self.faults.lock().unwrap());
    }

    /// Returns a parameter of the last authorization request.
    pub(crate) fn asked(&self, name: &str) -> Option<String> {
        self.asked.lock().unwrap().get(name).cloned()
    }

    /// Returns the home directory of a user that has logged in.
    pub(crate) async fn logged_in(&self) -> Home {
        let home = Home::new();
        let mut login = home.start(self, &["login"]);
        visit(&login.url().await).await;
        assert_eq!(login.end().await.code, 0);
        home
    }

    async fn code(&self, asked: &Asked) -> String {
        let mut offer = CodeOffer::new("gdh", "alice").challenge(&asked["code_challenge"]);
        if let Some(redirect) = asked.get("redirect_uri") {
            let mut application = self.registry.0.lock().unwrap();
            application.redirects = vec![redirect.clone()];
            offer = offer.redirect_uri(redirect);
        }
        self.server.offer(offer).await.unwrap().expose_secret().to_owned()
    }
}

async fn metadata(State(site): State<Site>) -> Response {
    let issuer = &site.issuer;
    let mut document = json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/oauth2/token"),
        "revocation_endpoint": format!("{issuer}/oauth2/revoke"),
        "authorization_response_iss_parameter_supported": true,
    });
    for (name, value) in &site.faults.lock().unwrap().metadata {
        document[*name] = value.clone();
    }
    axum::Json(document).into_response()
}

/// Redirects with a code, or shows it if the request has no redirect URI.
async fn authorize(State(site): State<Site>, Query(asked): Query<Asked>) -> Response {
    assert_eq!((&*asked["response_type"], &*asked["code_challenge_method"]), ("code", "S256"));
    *site.asked.lock().unwrap() = asked.clone();
    let code = site.code(&asked).await;
    let Some(redirect) = asked.get("redirect_uri") else { return code.into_response() };
    let query = site.faults.lock().unwrap().answer.unwrap_or("code={code}&state={state}&iss={iss}");
    let issuer: String = oauth2::url::form_urlencoded::byte_serialize(site.issuer.as_bytes()).collect();
    let query = query.replace("{code}", &code).replace("{state}", &asked["state"]).replace("{iss}", &issuer);
    (StatusCode::SEE_OTHER, [(header::LOCATION, format!("{redirect}?{query}"))]).into_response()
}

async fn faults(State(site): State<Site>, request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let instead = {
        let faults = site.faults.lock().unwrap();
        faults.before.iter().filter(|(at, _)| *at == path).for_each(|(_, act)| act());
        faults.at.clone().filter(|(at, ..)| *at == path)
    };
    let Some((_, status, body)) = instead else { return next.run(request).await };
    let response = Response::builder().status(status).header("content-type", "application/json");
    response.body(Body::from(body.to_string())).unwrap()
}

/// Visits a page as a browser does, and returns the status and the text of the last page.
pub(crate) async fn visit(url: &str) -> (u16, String) {
    visit_with(&reqwest::Client::new(), url).await
}

pub(crate) async fn visit_with(browser: &reqwest::Client, url: &str) -> (u16, String) {
    let page = browser.get(url).send().await.unwrap();
    (page.status().as_u16(), page.text().await.unwrap())
}
