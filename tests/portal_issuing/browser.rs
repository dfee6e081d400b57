//! A browser with cookies that fills in the portal's forms.

use std::cell::RefCell;
use std::collections::BTreeMap;

use serde_json::Value;

use crate::corpus_runner::case::Mode;
use crate::corpus_runner::portal::Portal;
use crate::corpus_runner::wire::{Answer, Message, exchange};
use crate::{body, headers, text};

pub(super) struct Browser<'p> {
    portal: &'p Portal,
    cookies: RefCell<BTreeMap<String, String>>,
}

impl<'p> Browser<'p> {
    pub(super) fn new(portal: &'p Portal) -> Self {
        Self { portal, cookies: RefCell::default() }
    }

    /// Logs a user in and allows what a client asks for. Returns the URL that the user is sent to.
    pub(super) async fn allow(&self, path: &str, asked: &[(&str, &str)], user: &Value) -> String {
        let answer = self.decide(path, asked, user).await;
        assert_eq!(answer.status, 303, "{}", body(&answer));
        headers(&answer, "location").remove(0)
    }

    /// Logs a user in and allows what a client asks for. Returns the page with the code.
    pub(super) async fn shown(&self, path: &str, asked: &[(&str, &str)], user: &Value) -> String {
        let answer = self.decide(path, asked, user).await;
        assert_eq!(answer.status, 200, "{}", body(&answer));
        body(&answer)
    }

    async fn decide(&self, path: &str, asked: &[(&str, &str)], user: &Value) -> Answer {
        let target = format!("{path}?{}", encoded(asked));
        let page = self.get(&target).await;
        let (name, password) = (text(&user["username"]), text(&user["password"]));
        let fields = [("action", "log_in"), ("username", &name), ("password", &password)];
        let logged_in = self.submit(&target, &page, &fields).await;
        assert_eq!(logged_in.status, 303, "{}", body(&logged_in));
        let consent = self.get(&target).await;
        self.submit(&target, &consent, &[("action", "allow")]).await
    }

    async fn get(&self, target: &str) -> String {
        let answer = self.kept(self.portal.ask(&format!("GET {target}"), &[self.cookie()]).await);
        assert_eq!(answer.status, 200, "{target}: {}", body(&answer));
        body(&answer)
    }

    /// Posts the form of a page.
    async fn submit(&self, target: &str, page: &str, fields: &[(&str, &str)]) -> Answer {
        let token = page.split("name=\"form_token\" value=\"").nth(1).expect("a form");
        let token = [("form_token", token.split('"').next().unwrap())];
        let lines = [self.cookie(), format!("Origin: {}", self.portal.origin)];
        self.kept(posted(self.portal, target, &[&token, fields].concat(), &lines).await)
    }

    fn kept(&self, answer: Answer) -> Answer {
        for line in headers(&answer, "set-cookie") {
            let (name, value) = line.split(';').next().unwrap().split_once('=').unwrap();
            self.cookies.borrow_mut().insert(name.to_owned(), value.to_owned());
        }
        answer
    }

    fn cookie(&self) -> String {
        let pairs: Vec<String> =
            self.cookies.borrow().iter().map(|(name, value)| format!("{name}={value}")).collect();
        format!("Cookie: {}", pairs.join("; "))
    }
}

/// Posts a form.
pub(super) async fn posted(
    portal: &Portal,
    target: &str,
    fields: &[(&str, &str)],
    lines: &[String],
) -> Answer {
    let form = encoded(fields);
    let lines: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
    let head = format!(
        "POST {target} HTTP/1.1\r\nHost: portal.example\r\nConnection: close\r\n{lines}\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n",
        form.len()
    );
    let message = Message { head: head.into_bytes(), body: form.into_bytes() };
    exchange(&portal.http, message, Mode::Http1, false).await.unwrap()
}

pub(super) fn encoded(fields: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}
