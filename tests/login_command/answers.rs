//! Answers in the browser that are not those of the server, or refuse.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::{Client, Method, redirect};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use super::exit;
use super::program::Home;
use super::site::{Site, visit};

#[tokio::test]
async fn an_answer_that_is_not_genuine_ends_the_log_in() {
    let (site, home) = (Site::start().await, Home::new());
    let state = "belong to this log-in";
    let issuer = "another issuer";
    let repeated = "repeats a parameter";
    for (answer, code, message) in [
        ("code={code}&state=other&iss={iss}", exit::STATE, state),
        ("code={code}&state={state}x&iss={iss}", exit::STATE, state),
        ("code={code}&state=&iss={iss}", exit::STATE, state),
        ("code={code}&iss={iss}", exit::STATE, state),
        // The user did not deny this log-in.
        ("error=access_denied&state=other&iss={iss}", exit::STATE, state),
        ("code={code}&state={state}&iss=https%3A%2F%2Fattacker.example", exit::ISSUER, issuer),
        ("code={code}&state={state}&iss={iss}%2F", exit::ISSUER, issuer),
        ("code={code}&state={state}&iss=", exit::ISSUER, issuer),
        ("code={code}&state={state}", exit::ISSUER, issuer),
        ("error=access_denied&state={state}", exit::ISSUER, issuer),
        ("code={code}&code=x&state={state}&iss={iss}", exit::REFUSED, repeated),
        ("code={code}&state={state}&state={state}&iss={iss}", exit::REFUSED, repeated),
        ("code={code}&state={state}&iss={iss}&iss={iss}", exit::REFUSED, repeated),
        ("code={code}&error=access_denied&state={state}&iss={iss}", exit::REFUSED, "has no code"),
        ("code=&state={state}&iss={iss}", exit::REFUSED, "has no code"),
        ("error=access_denied&state={state}&iss={iss}", exit::DENIED, "denied"),
        ("error=invalid_scope&state={state}&iss={iss}", exit::REFUSED, "invalid_scope"),
        ("error=server_error&state={state}&iss={iss}", exit::AWAY, "not available"),
        ("error=%1B%5B31mred&state={state}&iss={iss}", exit::REFUSED, "unknown error code"),
    ] {
        site.fault(|faults| faults.answer = Some(answer));
        let mut login = home.start(&site, &["login"]);
        let (status, page) = visit(&login.url().await).await;
        assert_eq!(status, 400, "{answer}");
        assert!(page.contains("The log-in failed"), "{page}");
        login.end().await.failed(code, message);
    }
    assert!(!home.file().exists());
}

#[tokio::test]
async fn a_server_that_does_not_name_itself_in_answers_need_not_but_may() {
    let (site, home) = (Site::start().await, Home::new());
    let not = ("authorization_response_iss_parameter_supported", false.into());
    site.fault(|faults| faults.metadata = vec![not]);
    for (answer, code) in [
        ("code={code}&state={state}", 0),
        ("code={code}&state={state}&iss={iss}", 0),
        ("code={code}&state={state}&iss=https%3A%2F%2Fattacker.example", exit::ISSUER),
    ] {
        site.fault(|faults| faults.answer = Some(answer));
        let mut login = home.start(&site, &["login"]);
        visit(&login.url().await).await;
        assert_eq!(login.end().await.code, code, "{answer}");
    }
}

#[tokio::test]
async fn requests_of_strangers_do_not_end_the_log_in() {
    let (site, home) = (Site::start().await, Home::new());
    let mut login = home.start(&site, &["login"]);
    let url = login.url().await;
    let direct = Client::builder().redirect(redirect::Policy::none()).build().unwrap();
    let answer = direct.get(&url).send().await.unwrap();
    let location = answer.headers()["location"].to_str().unwrap().to_owned();
    let callback = location.split('?').next().unwrap();
    let origin = callback.strip_suffix("/callback").unwrap();
    // A connection that sends nothing, and one that sends half a request.
    let host = origin.strip_prefix("http://").unwrap();
    let _silent = TcpStream::connect(host).await.unwrap();
    let mut half = TcpStream::connect(host).await.unwrap();
    half.write_all(b"GET /callback?code=").await.unwrap();

    let icon = format!("{origin}/favicon.ico");
    let root = format!("{origin}/");
    let elsewhere = location.replace("/callback", "/callback/");
    for (method, target, name) in [
        (Method::GET, icon.as_str(), host),
        (Method::GET, &root, host),
        (Method::GET, &elsewhere, host),
        (Method::GET, callback, host),
        // Scanners of links.
        (Method::HEAD, &location, host),
        (Method::OPTIONS, &location, host),
        (Method::POST, &location, host),
        // A page of another site whose name leads to 127.0.0.1.
        (Method::GET, &location, "attacker.example"),
        (Method::GET, &location, "127.0.0.1"),
    ] {
        let request = direct.request(method.clone(), target).header("host", name);
        let status = request.send().await.unwrap().status().as_u16();
        assert!(matches!(status, 404 | 405), "{method} {target} of {name}: {status}");
    }
    assert_eq!(visit(&location).await.0, 200);
    assert_eq!(login.end().await.code, 0);
}

#[tokio::test]
async fn the_page_has_one_style_and_nothing_else_runs() {
    let (site, home) = (Site::start().await, Home::new());
    let mut login = home.start(&site, &["login"]);
    let answer = reqwest::get(login.url().await).await.unwrap();
    let headers = answer.headers().clone();
    let page = answer.text().await.unwrap();
    let style = page.split("<style>").nth(1).unwrap().split("</style>").next().unwrap();
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, style.as_bytes());
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{}'; base-uri 'none'; frame-ancestors 'none'",
        STANDARD.encode(digest)
    );
    assert_eq!(headers["content-security-policy"], policy.as_str());
    assert_eq!(headers["cache-control"], "no-store");
    assert_eq!(headers["referrer-policy"], "no-referrer");
    // It quotes nothing of the answer.
    let state = site.asked("state").unwrap();
    assert!(!page.contains("<script") && !page.contains(&state), "{page}");
    assert_eq!(login.end().await.code, 0);
}

#[tokio::test]
async fn of_several_answers_the_first_counts() {
    let (site, home) = (Site::start().await, Home::new());
    let mut login = home.start(&site, &["login"]);
    let url = login.url().await;
    let direct = Client::builder().redirect(redirect::Policy::none()).build().unwrap();
    let answer = direct.get(&url).send().await.unwrap();
    let location = answer.headers()["location"].to_str().unwrap().to_owned();
    assert_eq!(visit(&location).await.0, 200);
    let forged = location.replace("code=", "code=x");
    if let Ok(late) = direct.get(&forged).timeout(Duration::from_secs(5)).send().await {
        assert_eq!(late.status(), 410);
    }
    assert_eq!(login.end().await.code, 0);
    home.refresh(&site).await;
}

#[tokio::test]
async fn an_answer_that_does_not_come_in_time_is_a_time_out() {
    let (site, home) = (Site::start().await, Home::new());
    let mut login = home.start(&site, &["login", "--wait", "1"]);
    login.url().await;
    login.end().await.failed(exit::TIMED_OUT, "no answer from the browser within 1 s");
    let mut login = home.start(&site, &["login", "--paste", "--wait", "1"]);
    login.url().await;
    login.end().await.failed(exit::TIMED_OUT, "no code within 1 s");
}
