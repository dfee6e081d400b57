//! Servers that are away, are others, or answer with errors.

use serde_json::{Value, json};

use super::exit;
use super::program::{Home, Running};
use super::site::{Site, visit};

const METADATA: &str = "/.well-known/oauth-authorization-server";
const TOKEN: &str = "/oauth2/token";

#[tokio::test]
async fn a_server_that_is_away_is_reported_by_every_command() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let site = Site::start().await;
    let home = site.logged_in().await;
    let away = format!("http://{free}");
    for (arguments, code) in [
        (&["login"][..], exit::AWAY),
        (&["login", "--paste"], exit::AWAY),
        (&["login", "--use-refresh-token"], exit::AWAY),
        (&["logout"], exit::NOT_REVOKED),
    ] {
        let ended = Running::spawn(home.command_at(&away, arguments)).end().await;
        ended.failed(code, "connection refused");
    }
    for status in [500, 503, 429] {
        site.fault(|faults| faults.at = Some((METADATA, status, json!({}))));
        home.run(&site, &["login"]).await.failed(exit::AWAY, &format!("it answered {status}"));
        site.fault(|faults| faults.at = Some((TOKEN, status, json!({ "error": "server_error" }))));
        let refresh = home.run(&site, &["login", "--use-refresh-token"]).await;
        refresh.failed(exit::AWAY, &format!("it answered {status}"));
    }
    // The token is still the one that is in force.
    site.fault(|faults| faults.at = None);
    home.refresh(&site).await;
}

#[tokio::test]
async fn the_issuer_is_compared_byte_for_byte() {
    let (site, home) = (Site::start().await, Home::new());
    let (origin, host) = (&site.issuer, site.issuer.strip_prefix("http://").unwrap());
    for issuer in [
        format!("{origin}/"),
        format!("HTTP://{host}"),
        format!("http://localhost:{}", host.split(':').next_back().unwrap()),
    ] {
        let ended = Running::spawn(home.command_at(&issuer, &["login"])).end().await;
        ended.failed(exit::ISSUER, "another issuer than --issuer");
    }
    site.fault(|faults| faults.metadata = vec![("issuer", json!("https://attacker.example"))]);
    home.run(&site, &["login"]).await.failed(exit::ISSUER, "another issuer than --issuer");
}

#[tokio::test]
async fn tokens_are_sent_over_tls_or_to_this_machine() {
    let (site, home) = (Site::start().await, Home::new());
    for issuer in [
        "http://login.example",
        "http://192.0.2.1:80",
        "http://127.0.0.1.nip.example",
        "ftp://login.example",
        "login.example",
        "https://login.example?tenant=1",
        "https://login.example#x",
        "https://alice:secret@login.example",
    ] {
        let ended = Running::spawn(home.command_at(issuer, &["login"])).end().await;
        ended.failed(exit::REFUSED, "--issuer: expected an https URL");
        assert!(!ended.stderr.contains("secret"));
    }
    for (endpoint, url) in [
        ("token_endpoint", "http://login.example/token"),
        ("authorization_endpoint", "http://login.example/authorize"),
        ("authorization_endpoint", "file:///etc/passwd"),
        ("authorization_endpoint", "--help"),
        ("revocation_endpoint", "http://login.example/revoke"),
    ] {
        site.fault(|faults| faults.metadata = vec![(endpoint, json!(url))]);
        home.run(&site, &["login"]).await.failed(exit::REFUSED, "is not an https URL");
    }
}

#[tokio::test]
async fn a_server_without_tls_at_an_https_issuer_is_a_tls_error() {
    let (site, home) = (Site::start().await, Home::new());
    let issuer = site.issuer.replace("http://", "https://");
    let ended = Running::spawn(home.command_at(&issuer, &["login"])).end().await;
    ended.failed(exit::TLS, "certificate is not trusted");
}

#[tokio::test]
async fn errors_of_the_token_endpoint_have_codes_and_quote_nothing() {
    let (site, home) = (Site::start().await, Home::new());
    let error = |error: &str| json!({ "error": error, "error_description": "t0ken" });
    for (status, body, code, message) in [
        (400, error("invalid_grant"), exit::LOG_IN_AGAIN, "log in again (invalid_grant)"),
        (401, error("invalid_client"), exit::REFUSED, "invalid_client"),
        (400, error("unauthorized_client"), exit::REFUSED, "unauthorized_client"),
        (400, error("\u{1b}[31mt0ken"), exit::REFUSED, "unknown error code"),
        (400, json!({ "message": "t0ken" }), exit::REFUSED, "neither tokens nor an error"),
        (200, json!({ "access_token": ["t0ken"] }), exit::REFUSED, "neither tokens nor an error"),
        (200, json!("t0ken"), exit::REFUSED, "neither tokens nor an error"),
        (302, Value::Null, exit::REFUSED, "neither tokens nor an error"),
        (200, json!({ "access_token": "t0ken", "token_type": "Bearer" }), exit::REFUSED, "no refresh token"),
        (200, json!({ "access_token": "t0ken".repeat(100_000) }), exit::REFUSED, "sent too much"),
    ] {
        site.fault(|faults| faults.at = Some((TOKEN, status, body)));
        let mut login = home.start(&site, &["login"]);
        visit(&login.url().await).await;
        let ended = login.end().await;
        ended.failed(code, message);
        assert!(!ended.stderr.contains("t0ken"), "{ended:?}");
    }
    assert!(!home.file().exists());
}

#[tokio::test]
async fn options_that_exclude_each_other_are_refused() {
    let (site, home) = (Site::start().await, Home::new());
    for option in [&["--paste"][..], &["--scope", "datasets:read"]] {
        let arguments = [&["login", "--use-refresh-token"], option].concat();
        assert_eq!(home.run(&site, &arguments).await.code, exit::USAGE);
    }
    let missing = home.path().join("missing.pem");
    let ended = home.run(&site, &["login", "--ca", missing.to_str().unwrap()]).await;
    ended.failed(1, "missing.pem: No such file");
    std::fs::write(&missing, "no certificate").unwrap();
    let ended = home.run(&site, &["login", "--ca", missing.to_str().unwrap()]).await;
    ended.failed(1, "--ca: the file has no certificate");
}
