//! Clients authenticate in exactly one way (RFC 6749 section 2.3).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::*;

const ASK: (&str, &str) = ("grant_type", "client_credentials");

/// Returns a server with one application in memory, whose secret needs form encoding.
fn with_odd_secret(secret: &str) -> AuthorizationServer {
    let weather = Application::confidential("weather").grants([GrantType::ClientCredentials]);
    let applications = MemoryApplications::new().with_secret(weather, &Secret::borrowed(secret));
    let stores = (MemoryGrants::new(), applications);
    AuthorizationServer::builder(ISSUER, stores, transport::danger_assume_secure())
        .throttle(never())
        .build()
        .unwrap()
}

async fn with_line(server: &AuthorizationServer, line: &str, body: &[(&str, &str)]) -> Reply {
    let mut request = form(TOKEN_PATH, encoded(body));
    request.headers_mut().append("authorization", line.parse().unwrap());
    Reply::of(send(server.clone(), request).await)
}

#[tokio::test]
async fn req_86_a_client_authenticates_by_basic_or_in_the_body() {
    for kit in Kit::all().await {
        let secret = kit.secret("weather");
        let by_body = kit.post(&[ASK, ("client_id", "weather"), ("client_secret", secret)]).await;
        let by_basic = kit.post_as_weather(&[ASK]).await;
        // The id of the same client beside `Basic` is allowed.
        let named = kit.post_as_weather(&[ASK, ("client_id", "weather")]).await;
        for reply in [by_body, by_basic, named] {
            assert!(kit.is_live(&reply.tokens().access).await, "{}", kit.name);
        }
    }
}

#[tokio::test]
async fn req_86_two_ways_at_once_are_refused() {
    for kit in Kit::all().await {
        let secret = kit.secret("weather").to_owned();
        let body = [ASK, ("client_id", "weather"), ("client_secret", &*secret)];
        for line in [
            basic("weather", &secret),
            // Another scheme beside a secret in the body.
            bearer("some-token"),
            "Digest username=\"weather\"".to_owned(),
            "Basic".to_owned(),
        ] {
            let reply = with_line(&kit.server, &line, &body).await;
            assert_eq!(reply.error(), (400, "invalid_request"), "{} {line}", kit.name);
        }
        let other = kit.post_as_weather(&[ASK, ("client_id", "viewer")]).await;
        assert_eq!(other.error(), (400, "invalid_request"));
        let mut twice = form(TOKEN_PATH, encoded(&[ASK]));
        for _ in 0..2 {
            twice.headers_mut().append("authorization", basic("weather", &secret).parse().unwrap());
        }
        assert_eq!(kit.send(twice).await.error(), (400, "invalid_request"));
    }
}

#[tokio::test]
async fn req_87_an_unknown_client_and_a_wrong_secret_get_the_same_answer() {
    for kit in Kit::all().await {
        let mut answers = Vec::new();
        for (id, secret) in [
            ("weather", "wrong-secret"),
            ("nobody", "wrong-secret"),
            ("viewer", "wrong-secret"),
            ("weather ", kit.secret("weather")),
            ("Weather", kit.secret("weather")),
        ] {
            let reply = kit.post(&[ASK, ("client_id", id), ("client_secret", secret)]).await;
            assert_eq!(reply.error(), (401, "invalid_client"), "{} {id}", kit.name);
            assert_eq!(reply.answer.lines("www-authenticate").len(), 1);
            answers.push((reply.answer.body, format!("{:?}", reply.answer.headers)));
            let reply = with_line(&kit.server, &basic(id, secret), &[ASK]).await;
            assert_eq!(reply.error(), (401, "invalid_client"), "{} {id}", kit.name);
            answers.push((reply.answer.body, format!("{:?}", reply.answer.headers)));
        }
        // A confidential client sends only its id, or the request names no client.
        for body in [&[ASK, ("client_id", "weather")][..], &[ASK], &[ASK, ("client_id", "")]] {
            let reply = kit.post(body).await;
            assert_eq!(reply.error(), (401, "invalid_client"), "{}", kit.name);
            answers.push((reply.answer.body, format!("{:?}", reply.answer.headers)));
        }
        assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:#?}");
    }
}

/// workers-oauth-provider#243.
#[tokio::test]
async fn a_broken_escape_in_basic_is_an_unknown_client_and_no_server_error() {
    for kit in Kit::all().await {
        for halves in ["%ZZ:%ZZ", "weather:%", "%ff%fe:%ff", "weather:%00", ":", "weather", "%:x"] {
            let line = format!("Basic {}", STANDARD.encode(halves));
            let reply = with_line(&kit.server, &line, &[ASK]).await;
            assert_eq!(reply.error(), (401, "invalid_client"), "{} {halves}", kit.name);
        }
        for line in ["Basic !!!", "Basic", "Basic dTpw dTpw", "Bearer x", "Digest x", "x"] {
            let reply = with_line(&kit.server, line, &[ASK]).await;
            assert_eq!(reply.error(), (401, "invalid_client"), "{} {line}", kit.name);
        }
    }
}

/// oxAuth#677, pyop#35, authentik#20739.
#[tokio::test]
async fn halves_of_basic_are_form_encoded_or_raw() {
    for secret in ["a+b%2Fc d", "100%", "%41bc", "p+q", "a:b%3Ac", "é+%C3%A9"] {
        let server = with_odd_secret(secret);
        let encoded: String = form_urlencoded::byte_serialize(secret.as_bytes()).collect();
        for sent in [secret, &encoded] {
            let reply = with_line(&server, &basic("weather", sent), &[ASK]).await;
            assert_eq!(reply.status, 200, "{secret} sent as {sent}: {reply:?}");
        }
        let wrong = with_line(&server, &basic("weather", "p q"), &[ASK]).await;
        assert_eq!(wrong.error(), (401, "invalid_client"), "{secret}");
        // A body has only one encoding, that of the form.
        let body = [ASK, ("client_id", "weather"), ("client_secret", secret)];
        assert_eq!(
            Reply::of(send(server.clone(), form(TOKEN_PATH, super::encoded(&body))).await).status,
            200
        );
    }
}

/// SAS#292, authlib#578, node-oauth2-server#288.
#[tokio::test]
async fn a_public_client_refreshes_with_its_id_alone_and_its_token_rotates() {
    for kit in Kit::all().await {
        let first = kit.log_in().await;
        let second = kit.refresh(&first.refresh).await.tokens();
        assert_ne!(first.refresh, second.refresh);
        // `Basic` with an empty secret counts as the id alone.
        let body = [("grant_type", "refresh_token"), ("refresh_token", &*second.refresh)];
        let third = with_line(&kit.server, &basic("viewer", ""), &body).await.tokens();
        assert!(kit.is_live(&third.access).await, "{}", kit.name);
        let secret = [("client_id", "viewer"), ("client_secret", "guessed"), body[0], body[1]];
        assert_eq!(kit.post(&secret).await.error(), (401, "invalid_client"));
    }
}

#[tokio::test]
async fn a_client_assertion_is_not_another_way_around_the_secret() {
    for kit in Kit::all().await {
        let secret = kit.secret("weather").to_owned();
        for extra in ["client_assertion", "client_assertion_type"] {
            let body = [ASK, ("client_id", "weather"), ("client_secret", &*secret), (extra, "x")];
            assert_eq!(kit.post(&body).await.error(), (401, "invalid_client"), "{extra}");
        }
    }
}
