//! A service that logs users in itself, and a server without pages.

use std::time::SystemTime;

use tower_principal::VerifyError;
use tower_principal::request::RequestHead;
use tower_principal::server::{Login, Subject};

use super::*;

/// Takes the user and the session from headers.
struct Headers;

impl Login for Headers {
    async fn current(&self, head: &RequestHead<'_>) -> Result<Option<Subject>, VerifyError> {
        let text = |name: &str| head.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        match text("x-user") {
            Some(user) if user == "outage" => Err(VerifyError::unavailable("sso")),
            Some(user) if user == "denied" => Err(VerifyError::UNKNOWN),
            Some(user) => {
                let subject = Subject::new(user, text("x-session").unwrap(), SystemTime::now());
                Ok(Some(text("x-org").into_iter().fold(subject, Subject::org)))
            }
            None => Ok(None),
        }
    }

    fn page(&self, back: &str) -> String {
        format!("https://sso.example/?{}", encoded(&[("back", back)]))
    }
}

fn as_user(user: &str, session: &str, fields: Option<&[(&str, &str)]>) -> Request<Body> {
    let mut sent = match fields {
        Some(fields) => form(&request(), encoded(fields)),
        None => Request::get(request()).body(Body::empty()).unwrap(),
    };
    let headers = [("x-user", user), ("x-session", session), ("sec-fetch-site", "same-origin")];
    for (name, value) in headers {
        sent.headers_mut().insert(name, value.parse().unwrap());
    }
    sent
}

fn page(reply: Reply) -> Page {
    Page { status: reply.status, html: reply.answer.body, headers: reply.answer.headers }
}

#[tokio::test]
async fn a_service_logs_users_in_itself() {
    for kit in Kit::with(&clients(), |builder| builder.login(Headers)).await {
        let sent = Browser::new(&kit).get(&request()).await;
        let back = encoded(&[("back", &format!("{ISSUER}{}", request()))]);
        assert_eq!(sent.location(), format!("https://sso.example/?{back}"));
        let consent = page(kit.send(as_user("alice", "s-1", None)).await);
        assert!(consent.is_consent() && consent.html.contains("alice"), "{}", kit.name);
        let token = consent.token();
        let fields = [("action", "allow"), ("form_token", &*token)];
        let other = kit.send(as_user("alice", "s-2", Some(&fields))).await;
        assert_eq!(other.status, 403, "{}: another session", kit.name);
        let done = page(kit.send(as_user("alice", "s-1", Some(&fields))).await);
        let tokens = kit.redeem(&done.answer("code").unwrap()).await.tokens();
        let grant = kit.grant_of(&tokens.access).await.unwrap();
        assert_eq!((grant.user.as_deref(), grant.session.as_deref()), (Some("alice"), Some("s-1")));
    }
}

#[tokio::test]
async fn a_log_in_that_cannot_answer_is_an_outage_and_a_denial_is_a_denial() {
    for kit in Kit::with(&clients(), |builder| builder.login(Headers)).await {
        let outage = kit.send(as_user("outage", "s", None)).await;
        assert_eq!((outage.status, outage.header("retry-after")), (503, Some("5")), "{}", kit.name);
        assert_eq!(kit.send(as_user("denied", "s", None)).await.status, 403);
    }
}

#[tokio::test]
async fn a_form_of_one_user_is_none_of_another_in_the_same_session_of_a_service() {
    for kit in Kit::with(&clients(), |builder| builder.login(Headers)).await {
        let consent = page(kit.send(as_user("alice", "s-1", None)).await);
        let token = consent.token();
        let fields = [("action", "allow"), ("form_token", &*token)];
        assert_eq!(kit.send(as_user("bob", "s-1", Some(&fields))).await.status, 403, "{}", kit.name);
        // The parts of a holder are apart.
        assert_eq!(kit.send(as_user("alices", "-1", Some(&fields))).await.status, 403, "{}", kit.name);
        assert_eq!(kit.send(as_user("alice", "s-1", Some(&fields))).await.status, 303, "{}", kit.name);
    }
}

#[tokio::test]
async fn a_user_of_a_service_without_a_name_or_a_session_gets_no_page() {
    for kit in Kit::with(&clients(), |builder| builder.login(Headers)).await {
        for (user, session) in [("alice", ""), ("", "s-1"), ("", "")] {
            assert_eq!(kit.send(as_user(user, session, None)).await.status, 500, "{}", kit.name);
        }
    }
}

#[tokio::test]
async fn a_user_of_another_place_is_not_sent_round_between_the_service_and_the_server() {
    let [weather, viewer] = clients();
    for kit in Kit::with(&[weather, viewer.org("acme")], |builder| builder.login(Headers)).await {
        for org in [None, Some("other")] {
            let mut sent = as_user("alice", "s-1", None);
            if let Some(org) = org {
                sent.headers_mut().insert("x-org", org.parse().unwrap());
            }
            let refused = page(kit.send(sent).await);
            assert_eq!((refused.status, refused.headers.get(LOCATION)), (403, None), "{}", kit.name);
            assert!(refused.html.contains("access_denied"));
        }
        let mut sent = as_user("alice", "s-1", None);
        sent.headers_mut().insert("x-org", "acme".parse().unwrap());
        assert!(page(kit.send(sent).await).is_consent(), "{}", kit.name);
    }
}

#[tokio::test]
async fn a_service_that_logs_users_in_logs_them_out_and_no_page_claims_that_it_has() {
    for kit in Kit::with(&clients(), |builder| builder.login(Headers)).await {
        let to = |target: &str| {
            let mut sent = as_user("alice", "s-1", None);
            *sent.uri_mut() = target.parse().unwrap();
            sent
        };
        let asked = page(kit.send(to("/oauth2/logout")).await);
        assert_eq!(asked.status, 404, "{}: {}", kit.name, asked.html);
        let applications = page(kit.send(to("/oauth2/applications")).await);
        assert!(applications.status == 200 && applications.html.contains("alice"));
        assert!(!applications.html.contains("log_out"), "{}: {}", kit.name, applications.html);
    }
}

#[tokio::test]
async fn a_server_without_users_has_no_pages_and_does_not_advertise_them() {
    let server = AuthorizationServer::builder(
        ISSUER,
        (MemoryGrants::new(), MemoryApplications::new()),
        transport::danger_assume_secure(),
    );
    let server = server.build().unwrap();
    for path in ["/oauth2/authorize", "/oauth2/login", "/oauth2/logout", "/oauth2/applications"] {
        let answer = send(server.clone(), Request::get(path).body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, 404, "{path}");
    }
    let path = "/.well-known/oauth-authorization-server";
    let reply = Reply::of(send(server, Request::get(path).body(Body::empty()).unwrap()).await);
    assert_eq!(reply.json["authorization_endpoint"], Value::Null);
    assert_eq!(reply.json["authorization_response_iss_parameter_supported"], Value::Null);
}

#[tokio::test]
async fn req_101_metadata_advertise_the_endpoint_and_its_iss() {
    let kit = Kit::all().await.remove(0);
    let path = "/.well-known/oauth-authorization-server";
    let reply = kit.send(Request::get(path).body(Body::empty()).unwrap()).await;
    assert_eq!(reply.text("authorization_endpoint"), format!("{ISSUER}/oauth2/authorize"));
    assert_eq!(reply.json["authorization_response_iss_parameter_supported"], true);
    assert_eq!(reply.json["code_challenge_methods_supported"], serde_json::json!(["S256"]));
}
