//! axum-login: a session in its memory store, which a log-in has made, and users in a map.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::header::SET_COOKIE;
use axum::http::{Request, StatusCode};
use axum::routing::{get, post};

use axum_login::{AuthManagerLayerBuilder, AuthSession, AuthUser, AuthnBackend, UserId, login_required};
use kit::Measured::Accepted;
use kit::{Case, HELLO, ID, Made, Sent, Setup, greet};
use tower::ServiceExt as _;
use tower_sessions::{MemoryStore, SessionManagerLayer};

#[derive(Clone, Debug)]
#[allow(dead_code, reason = "the handler needs only the id")]
struct User {
    id: String,
    client: String,
    scopes: Vec<String>,
    password_hash: Vec<u8>,
}

impl AuthUser for User {
    type Id = String;

    fn id(&self) -> String {
        self.id.clone()
    }

    fn session_auth_hash(&self) -> &[u8] {
        &self.password_hash
    }
}

#[derive(Clone)]
struct Backend {
    users: Arc<HashMap<String, User>>,
}

impl AuthnBackend for Backend {
    type User = User;
    type Credentials = String;
    type Error = Infallible;

    async fn authenticate(&self, name: String) -> Result<Option<User>, Infallible> {
        Ok(self.users.get(&name).cloned())
    }

    async fn get_user(&self, id: &UserId<Self>) -> Result<Option<User>, Infallible> {
        Ok(self.users.get(id).cloned())
    }
}

fn user(id: String) -> (String, User) {
    let scopes = ["datasets:read", "datasets:write"].map(str::to_owned).to_vec();
    (id.clone(), User { id, client: "map-app".to_owned(), scopes, password_hash: vec![7; 32] })
}

async fn log_in(mut session: AuthSession<Backend>) -> StatusCode {
    let user = session.authenticate(ID.to_owned()).await.ok().flatten().expect("a user");
    session.login(&user).await.expect("a session");
    StatusCode::NO_CONTENT
}

fn protected(setup: &Setup<'_>) -> Made<Router> {
    let crowd = (0..setup.crowd).map(|at| format!("crowd-{at:010}@example.org"));
    let backend =
        Backend { users: Arc::new(std::iter::once(ID.to_owned()).chain(crowd).map(user).collect()) };
    let sessions = SessionManagerLayer::new(MemoryStore::default());
    let handler = async |session: AuthSession<Backend>| greet(&session.user.expect("a user").id);
    let router = Router::new()
        .route("/", get(handler))
        .route_layer(login_required!(Backend))
        .route("/login", post(log_in))
        .layer(AuthManagerLayerBuilder::new(backend, sessions).build());
    let request = Request::post("/login").body(Body::empty()).expect("a request");
    let answer = setup.runtime.block_on(router.clone().oneshot(request)).expect("an answer");
    let cookie = answer.headers()[SET_COOKIE].to_str().expect("a cookie").split(';').next().expect("a pair");
    // The same cookie with one other character.
    let other = if cookie.ends_with('A') { 'B' } else { 'A' };
    let wrong = format!("{}{other}", &cookie[..cookie.len() - 2]) + &cookie[cookie.len() - 1..];
    Made {
        router,
        plain: Router::new().route("/", get(async || HELLO)),
        accepted: Sent::cookie(cookie),
        wrong: Some(Sent::cookie(&wrong)),
        of_crowd: None,
    }
}

const CASES: &[Case<Router>] = &[Case { name: "session/axum-login", measured: Accepted, make: protected }];

fn main() {
    kit::run::<_, axum::body::Body, _>(CASES);
}
