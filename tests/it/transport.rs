//! Which credentials are accepted over which connections, by the dialects' transport rules.

use http::Request;
use tower_principal::RejectionKind::{DeniedAppToken, InsecureTransport, Malformed, Missing};
use tower_principal::transport::{
    OnInsecure, PlainConnection, SecureConnection, TransportRule, from_acceptor,
};
use tower_principal::{AuthenticateLayer, Dialect, RejectionKind, Verifier as _, dialect};

use crate::support::*;

#[derive(Clone, Copy, Debug)]
enum Connection {
    Secure,
    Plain,
    Unmarked,
}

const INSECURE: [Connection; 2] = [Connection::Plain, Connection::Unmarked];

async fn over<B>(connection: Connection, dialect: Dialect, mut request: Request<B>) -> Answer
where
    B: http_body::Body<Data = bytes::Bytes> + Send + 'static,
    B::Error: Into<axum::BoxError>,
{
    match connection {
        Connection::Secure => _ = request.extensions_mut().insert(SecureConnection),
        Connection::Plain => _ = request.extensions_mut().insert(PlainConnection),
        Connection::Unmarked => {}
    }
    let layer = AuthenticateLayer::new(dialect, one_of_each_kind(), from_acceptor());
    send(whoami().layer(layer), request.map(axum::body::Body::new)).await
}

#[tokio::test]
async fn every_credential_passes_over_a_secure_connection() {
    for request in [
        authorization(bearer(TOKEN)),
        authorization(basic(USER, PASSWORD)),
        get("/", &[("x-app-token", APP_TOKEN)]),
        get(&format!("/?apikey={API_KEY}"), &[]),
    ] {
        assert_eq!(over(Connection::Secure, dialect::ANY, request).await.status, 200);
    }
}

#[tokio::test]
async fn req_35_no_credential_passes_over_another_one_nor_is_one_asked_for_there() {
    for connection in INSECURE {
        for request in [
            authorization(bearer(TOKEN)),
            authorization(bearer(UNKNOWN_TOKEN)),
            authorization(basic(USER, PASSWORD)),
            get("/", &[("x-app-token", APP_TOKEN)]),
            get(&format!("/?apikey={API_KEY}"), &[]),
            get(&format!("/?client_id={ORG_CLIENT}&client_secret={CLIENT_SECRET}"), &[]),
        ] {
            let answer = over(connection, dialect::ANY, request).await;
            assert_eq!(answer.outcome(), Err(InsecureTransport), "{connection:?}");
            // After a challenge or a redirect, the client would send the credential again.
            assert_eq!(answer.challenges(), [""; 0], "{connection:?}");
            assert_eq!(answer.lines("location"), [""; 0], "{connection:?}");
            assert_eq!(answer.lines("connection"), ["close"], "{connection:?}");
        }
    }
}

/// Socrata's documentation: an app token may travel over plain http, and credentials beside it may
/// not.
#[tokio::test]
async fn socratas_app_tokens_pass_over_plain_http_and_nothing_else_does() {
    let app_and = |line: &str| get("/", &[("x-app-token", APP_TOKEN), ("authorization", line)]);
    for connection in INSECURE {
        for (request, expected) in [
            (get("/", &[("x-app-token", APP_TOKEN)]), Ok("AppToken")),
            (get(&format!("/?$$app_token={APP_TOKEN}"), &[]), Ok("AppToken")),
            (get("/", &[("x-app-token", "unknown")]), Err(DeniedAppToken)),
            (get("/", &[]), Ok("Guest")),
            (authorization(basic(USER, PASSWORD)), Err(InsecureTransport)),
            (authorization(format!("OAuth {TOKEN}")), Err(InsecureTransport)),
            (app_and(&format!("OAuth {TOKEN}")), Err(InsecureTransport)),
            (app_and(&basic(USER, PASSWORD)), Err(InsecureTransport)),
        ] {
            assert_eq!(
                over(connection, dialect::SOCRATA, request).await.outcome(),
                expected,
                "{connection:?}"
            );
        }
    }
}

/// A statement in the request that it is secure is only the client's claim.
#[tokio::test]
async fn req_33_a_request_cannot_claim_that_its_connection_is_secure() {
    for header in [
        ("x-forwarded-proto", "https"),
        ("forwarded", "proto=https"),
        ("x-forwarded-ssl", "on"),
        ("front-end-https", "on"),
        ("x-url-scheme", "https"),
    ] {
        let request = get("https://claims.example/", &[("authorization", &bearer(TOKEN)), header]);
        let answer = over(Connection::Unmarked, dialect::RFC6750, request).await;
        assert_eq!(answer.outcome(), Err(InsecureTransport), "{header:?}");
    }
}

/// The answer has the same bytes for valid and invalid tokens, because no verifier is asked.
#[tokio::test]
async fn an_insecure_credential_asks_no_verifier_and_its_answer_reveals_nothing() {
    let (verifier, asked) = Counting::new(one_of_each_kind());
    let layer = AuthenticateLayer::new(dialect::RFC6750, verifier.boxed(), from_acceptor());
    let app = whoami().layer(layer);
    let good = send(app.clone(), authorization(bearer(TOKEN))).await;
    let bad = send(app, authorization(bearer(UNKNOWN_TOKEN))).await;
    assert_eq!((good.status, &good.headers, &good.body), (bad.status, &bad.headers, &bad.body));
    assert_eq!(asked(), 0);
}

#[tokio::test]
async fn what_is_missing_or_malformed_is_so_on_every_connection() {
    for connection in [Connection::Secure, Connection::Plain, Connection::Unmarked] {
        for (request, expected) in [(get("/", &[]), Missing), (authorization("Bearer"), Malformed)] {
            let answer = over(connection, dialect::RFC6750, request).await;
            assert_eq!(answer.outcome(), Err(expected), "{connection:?}");
        }
    }
}

#[tokio::test]
async fn a_rule_is_kept_for_each_kind_of_credential() {
    let refuses = |kind: &str| -> Result<&'static str, RejectionKind> {
        if kind == "password" { Ok("BasicUser") } else { Err(InsecureTransport) }
    };
    let lax = dialect::ANY.transport(TransportRule { password: OnInsecure::Pass, ..TransportRule::REFUSE });
    for (kind, request) in [
        ("password", authorization(basic(USER, PASSWORD))),
        ("key", authorization(basic(KEY_ID, KEY_SECRET))),
        ("client", authorization(basic(ORG_CLIENT, CLIENT_SECRET))),
        ("token", authorization(bearer(TOKEN))),
    ] {
        let answer = over(Connection::Plain, lax.clone(), request).await;
        assert_eq!(answer.outcome(), refuses(kind), "{kind}");
    }
}

/// The rule also applies to a token in a form.
#[tokio::test]
async fn a_token_in_a_body_is_refused_over_an_insecure_connection() {
    let layer = AuthenticateLayer::new(dialect::ANY, one_of_each_kind(), from_acceptor())
        .with_form_body(1024, std::time::Duration::from_secs(5));
    let answer = send(whoami().layer(layer), form("/", format!("access_token={TOKEN}"))).await;
    assert_eq!(answer.outcome(), Err(InsecureTransport));
}
