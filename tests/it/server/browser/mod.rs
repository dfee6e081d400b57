//! The pages of the server, as a browser uses them.

mod accounts;
mod authorize;
mod consent;
mod hostile;
mod log_in;
mod outages;
mod own_login;
mod reports;
mod unread;

use std::collections::BTreeMap;

use http::header::{COOKIE, LOCATION, SET_COOKIE};

use super::*;

/// A browser: it keeps cookies, and sends what Chromium sends with a form.
pub(super) struct Browser<'k> {
    kit: &'k Kit,
    pub(super) cookies: BTreeMap<String, String>,
}

/// A page, or a redirect.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) status: u16,
    pub(super) html: String,
    pub(super) headers: http::HeaderMap,
}

pub(super) const SESSION: &str = "__Host-tp-session";

/// Returns the target of a valid request of `viewer`, with changes: a value of `None` removes the
/// parameter, another name adds one.
pub(super) fn request_with(changes: &[(&str, Option<&str>)]) -> String {
    let mut pairs = vec![
        ("response_type", "code"),
        ("client_id", "viewer"),
        ("redirect_uri", CALLBACK),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
        ("state", "a b&c=%2B\"<'"),
    ];
    for (name, value) in changes {
        pairs.retain(|(of, _)| of != name);
        pairs.extend(value.map(|value| (*name, value)));
    }
    format!("/oauth2/authorize?{}", encoded(&pairs))
}

pub(super) fn request() -> String {
    request_with(&[])
}

impl<'k> Browser<'k> {
    pub(super) fn new(kit: &'k Kit) -> Self {
        Self { kit, cookies: BTreeMap::new() }
    }

    pub(super) async fn get(&mut self, target: &str) -> Page {
        self.send(Request::get(target), Body::empty()).await
    }

    /// Posts a form to the page that it is on, from this very site.
    pub(super) async fn post(&mut self, target: &str, fields: &[(&str, &str)]) -> Page {
        self.post_from("same-origin", target, fields).await
    }

    pub(super) async fn post_from(&mut self, site: &str, target: &str, fields: &[(&str, &str)]) -> Page {
        let request = Request::post(target)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("sec-fetch-site", site)
            .header("origin", "null");
        self.send(request, Body::from(encoded(fields))).await
    }

    async fn send(&mut self, mut request: http::request::Builder, body: Body) -> Page {
        if !self.cookies.is_empty() {
            let pairs: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request = request.header(COOKIE, pairs.join("; "));
        }
        let answer = send(self.kit.server.clone(), request.body(body).unwrap()).await;
        for line in answer.headers.get_all(SET_COOKIE) {
            let line = line.to_str().unwrap();
            let (name, value) = line.split(';').next().unwrap().split_once('=').unwrap();
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        Page { status: answer.status, html: answer.body, headers: answer.headers }
    }

    /// Logs alice in at a page that asks for it, and returns the page behind.
    pub(super) async fn log_in(&mut self, target: &str) -> Page {
        let page = self.get(target).await;
        let done = self.submit_log_in(target, &page, "alice", PASSWORD).await;
        assert_eq!(done.status, 303, "{done:?}");
        // The redirect is relative to the page.
        let (path, _) = target.split_once('?').unwrap_or((target, ""));
        let next = format!("{path}{}", done.location());
        self.get(&next).await
    }

    pub(super) async fn submit_log_in(
        &mut self,
        target: &str,
        page: &Page,
        username: &str,
        password: &str,
    ) -> Page {
        let token = page.token();
        let fields =
            [("action", "log_in"), ("form_token", &*token), ("username", username), ("password", password)];
        self.post(target, &fields).await
    }

    /// Presses a button of a page.
    pub(super) async fn press(&mut self, target: &str, page: &Page, action: &str) -> Page {
        self.post(target, &[("action", action), ("form_token", &page.token())]).await
    }

    /// Allows a request, and returns the redirect.
    pub(super) async fn allow(&mut self, target: &str) -> Page {
        let page = match self.cookies.contains_key(SESSION) {
            true => self.get(target).await,
            false => self.log_in(target).await,
        };
        assert!(page.is_consent(), "{page:?}");
        self.press(target, &page, "allow").await
    }
}

impl Page {
    /// Returns the token in the form of the page.
    #[track_caller]
    pub(super) fn token(&self) -> String {
        let (_, behind) = self.html.split_once("name=\"form_token\" value=\"").expect("a form");
        behind.split_once('"').unwrap().0.to_owned()
    }

    #[track_caller]
    pub(super) fn location(&self) -> &str {
        assert_eq!(self.status, 303, "{self:?}");
        self.headers[LOCATION].to_str().unwrap()
    }

    /// Returns a parameter of the redirect, decoded once.
    #[track_caller]
    pub(super) fn answer(&self, name: &str) -> Option<String> {
        let (_, query) = self.location().split_once('?')?;
        form_urlencoded::parse(query.as_bytes()).find(|(of, _)| of == name).map(|(_, value)| value.into())
    }

    pub(super) fn is_log_in(&self) -> bool {
        self.html.contains("value=\"log_in\"")
    }

    pub(super) fn is_consent(&self) -> bool {
        self.status == 200 && self.html.contains("value=\"allow\"")
    }
}
