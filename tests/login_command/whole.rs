//! The whole way: the pages of the server, and a user that logs in and decides there.

use std::collections::BTreeMap;

use http::header::{CONTENT_TYPE, COOKIE, LOCATION, ORIGIN, SET_COOKIE};
use oauth2::url::{Url, form_urlencoded};
use reqwest::{Client, Response, redirect};
use tower_principal::grant::{Application, GrantType, MemoryApplications, MemoryGrants};
use tower_principal::server::AuthorizationServer;
use tower_principal::verify::MemoryVerifier;
use tower_principal::verify::password::Passwords;
use tower_principal::{BasicUser, transport};

use super::exit;
use super::program::{Ended, Home, Running};

const PASSWORD: &str = "correct horse";

/// A browser, and a user at it.
struct User {
    client: Client,
    cookies: BTreeMap<String, String>,
}

impl User {
    fn new() -> Self {
        let client = Client::builder().redirect(redirect::Policy::none()).build().unwrap();
        Self { client, cookies: BTreeMap::new() }
    }

    /// Visits a page, logs in if it asks, presses this button if it asks, and returns the status of
    /// the last page and its text.
    async fn visit(&mut self, url: &str, decision: &str) -> (u16, String) {
        let mut url: Url = url.parse().unwrap();
        let mut answer = self.send(&url, None).await;
        loop {
            if let Some(location) = answer.headers().get(LOCATION) {
                url = url.join(location.to_str().unwrap()).unwrap();
                answer = self.send(&url, None).await;
                continue;
            }
            let (status, html) = (answer.status().as_u16(), answer.text().await.unwrap());
            let Some((_, token)) = html.split_once("name=\"form_token\" value=\"") else {
                return (status, html);
            };
            let token = token.split('"').next().unwrap();
            let log_in = [("action", "log_in"), ("username", "alice"), ("password", PASSWORD)];
            let fields = match html.contains("value=\"log_in\"") {
                true => &log_in[..],
                false => &[("action", decision)],
            };
            let form = form_urlencoded::Serializer::new(String::new())
                .append_pair("form_token", token)
                .extend_pairs(fields)
                .finish();
            answer = self.send(&url, Some(form)).await;
        }
    }

    /// Sends what a browser sends, to this server alone its cookies.
    async fn send(&mut self, url: &Url, form: Option<String>) -> Response {
        let pairs: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = match form {
            Some(form) => self.client.post(url.clone()).body(form).header(ORIGIN, "null"),
            None => self.client.get(url.clone()),
        };
        let request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        let request = request.header("sec-fetch-site", "same-origin").header(COOKIE, pairs.join("; "));
        let answer = request.send().await.unwrap();
        for line in answer.headers().get_all(SET_COOKIE) {
            let pair = line.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        answer
    }
}

/// Starts a server as a service has it, with alice as its user, and returns its issuer.
async fn serve() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let issuer = format!("http://{}", listener.local_addr().unwrap());
    let application = Application::public("gdh")
        .redirect("http://127.0.0.1/callback")
        .grants([GrantType::AuthorizationCode, GrantType::RefreshToken])
        .scopes(["datasets:read", "datasets:write"]);
    let stores = (MemoryGrants::new(), MemoryApplications::new().with(application));
    let users = MemoryVerifier::builder().passwords(Passwords::with_params(64, 1, 1).unwrap());
    let users = users.user("alice", PASSWORD, BasicUser::new("alice")).build().unwrap();
    let server = AuthorizationServer::builder(&issuer, stores, transport::danger_assume_secure());
    let app = axum::Router::new().fallback_service(server.users(users).build().unwrap());
    tokio::spawn(axum::serve(listener, app).into_future());
    issuer
}

async fn run(home: &Home, issuer: &str, arguments: &[&str]) -> Ended {
    Running::spawn(home.command_at(issuer, arguments)).end().await
}

#[tokio::test]
async fn a_user_logs_in_and_allows_it() {
    let (issuer, home, mut alice) = (serve().await, Home::new(), User::new());
    let arguments = ["login", "--scope", "datasets:read", "--print-all-tokens"];
    let mut login = Running::spawn(home.command_at(&issuer, &arguments));
    let (status, page) = alice.visit(&login.url().await, "allow").await;
    assert!(status == 200 && page.contains("Back to the command line"), "{status} {page}");
    let tokens = login.end().await.tokens();
    assert_eq!(tokens["refresh_token"], home.token().as_str());

    let refreshed = run(&home, &issuer, &["login", "--use-refresh-token", "--print-all-tokens"]).await;
    assert_ne!(refreshed.tokens()["access_token"], tokens["access_token"]);
    let token = home.token();
    assert_eq!(run(&home, &issuer, &["logout"]).await.code, 0);
    home.store_token(&token);
    let ended = run(&home, &issuer, &["login", "--use-refresh-token"]).await;
    ended.failed(exit::LOG_IN_AGAIN, "invalid_grant");
}

#[tokio::test]
async fn a_user_that_denies_it_is_not_logged_in() {
    let (issuer, home, mut alice) = (serve().await, Home::new(), User::new());
    let mut login = Running::spawn(home.command_at(&issuer, &["login"]));
    let (status, page) = alice.visit(&login.url().await, "deny").await;
    assert!(status == 400 && page.contains("The log-in failed"), "{status} {page}");
    login.end().await.failed(exit::DENIED, "denied the log-in");
    assert!(!home.file().exists());
    // The same browser allows the next one, without another log-in.
    let mut login = Running::spawn(home.command_at(&issuer, &["login"]));
    alice.visit(&login.url().await, "allow").await;
    assert_eq!(login.end().await.code, 0);
}

#[tokio::test]
async fn a_request_that_the_server_refuses_is_reported() {
    let (issuer, home, mut alice) = (serve().await, Home::new(), User::new());
    let mut login = Running::spawn(home.command_at(&issuer, &["login", "--scope", "datasets:delete"]));
    alice.visit(&login.url().await, "allow").await;
    login.end().await.failed(exit::REFUSED, "the server refused the request: invalid_scope");
    // A page of the server has the reason if no answer may be sent.
    let mut login = Running::spawn(home.command_at(&issuer, &["login", "--client-id", "other"]));
    let (status, _) = alice.visit(&login.url().await, "allow").await;
    assert_eq!(status, 400);
}
