//! Log-ins that succeed.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use serde_json::json;
use tokio::time::sleep;

use super::exit;
use super::program::{Home, Running};
use super::site::{Site, visit};

#[tokio::test]
async fn a_log_in_stores_the_refresh_token_for_its_owner_alone() {
    let (site, home) = (Site::start().await, Home::new());
    let mut login = home.start(&site, &["login"]);
    let (status, page) = visit(&login.url().await).await;
    assert_eq!(status, 200);
    assert!(page.contains("You may close this window.") && !page.contains("<script"), "{page}");

    let ended = login.end().await;
    assert_eq!((ended.code, &*ended.stdout), (0, ""), "{ended:?}");
    assert!(ended.stderr.contains("You are logged in."), "{ended:?}");
    assert_eq!(home.modes(), (0o700, 0o600));
    assert_eq!(home.stored().as_object().unwrap().keys().collect::<Vec<_>>(), ["refresh_token"]);
    assert!(!ended.stderr.contains(&home.token()));
    // No file besides it and its lock.
    let mut files: Vec<_> = fs::read_dir(home.folder()).unwrap().map(|e| e.unwrap().file_name()).collect();
    files.sort();
    assert_eq!(files, ["authentication", "authentication.lock"]);
    assert_ne!(home.refresh(&site).await["access_token"], json!(null));
}

#[tokio::test]
async fn every_token_is_printed_only_if_the_user_asks() {
    let (site, home) = (Site::start().await, Home::new());
    let mut login = home.start(&site, &["login", "--print-all-tokens"]);
    visit(&login.url().await).await;
    let ended = login.end().await;
    let tokens = ended.tokens();
    assert_eq!(tokens["refresh_token"], home.token().as_str());
    assert!(tokens["access_token"].is_string() && tokens.get("id_token").is_none(), "{tokens}");
    for token in tokens.as_object().unwrap().values() {
        assert!(!ended.stderr.contains(token.as_str().unwrap()));
    }
}

#[tokio::test]
async fn an_identity_token_is_printed_too() {
    let (site, home) = (Site::start().await, Home::new());
    let all = json!({ "access_token": "a", "id_token": "i", "refresh_token": "r", "token_type": "Bearer" });
    site.fault(|faults| faults.at = Some(("/oauth2/token", 200, all)));
    let mut login = home.start(&site, &["login", "--print-all-tokens"]);
    visit(&login.url().await).await;
    let printed = login.end().await.tokens();
    assert_eq!(printed, json!({ "access_token": "a", "id_token": "i", "refresh_token": "r" }));
}

#[tokio::test]
async fn the_request_has_the_scopes_and_new_secrets_each_time() {
    let (site, home) = (Site::start().await, Home::new());
    let mut seen = Vec::new();
    for scopes in [&[][..], &["--scope", "datasets:read", "--scope", "datasets:write"]] {
        let mut login = home.start(&site, &[&["login"], scopes].concat());
        visit(&login.url().await).await;
        assert_eq!(login.end().await.code, 0);
        let scope = (!scopes.is_empty()).then(|| "datasets:read datasets:write".to_owned());
        assert_eq!(site.asked("scope"), scope);
        let redirect = site.asked("redirect_uri").unwrap();
        assert!(redirect.starts_with("http://127.0.0.1:") && redirect.ends_with("/callback"), "{redirect}");
        seen.extend([site.asked("state").unwrap(), site.asked("code_challenge").unwrap()]);
    }
    assert!(seen.iter().all(|secret| secret.len() >= 22), "{seen:?}");
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 4);
}

#[tokio::test]
async fn a_code_that_the_user_enters_logs_in() {
    let (site, home) = (Site::start().await, Home::new());
    let mut login = home.start(&site, &["login", "--paste"]);
    let (_, code) = visit(&login.url().await).await;
    assert_eq!(site.asked("redirect_uri"), None);
    login.enter(&format!("  {code} ")).await;
    let ended = login.end().await;
    assert_eq!(ended.code, 0, "{ended:?}");
    assert!(!ended.stderr.contains(&code));
    home.refresh(&site).await;

    // Another log-in cannot use it.
    let mut login = home.start(&site, &["login", "--paste"]);
    let (_, code) = visit(&login.url().await).await;
    let mut other = home.start(&site, &["login", "--paste"]);
    other.url().await;
    other.enter(&code).await;
    other.end().await.failed(exit::LOG_IN_AGAIN, "log in again (invalid_grant)");
    login.close_stdin();
    login.end().await.failed(exit::REFUSED, "no code was entered");
}

/// Returns a program with a display, and an `xdg-open` that runs this script.
fn with_browser(home: &Home, site: &Site, script: &str) -> Running {
    let opener = home.path().join("xdg-open");
    fs::write(&opener, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&opener, Permissions::from_mode(0o755)).unwrap();
    let mut command = home.command(site, &["login"]);
    // Nothing else is found that could open a browser.
    command.env("DISPLAY", ":99").env("PATH", home.path());
    Running::spawn(command)
}

#[tokio::test]
async fn the_browser_is_opened_with_the_url_as_one_argument() {
    let (site, home) = (Site::start().await, Home::new());
    let script = r#"printf '%s\n' "$#" "$@" > "$HOME/part"; /bin/mv "$HOME/part" "$HOME/opened""#;
    let mut login = with_browser(&home, &site, script);
    let url = login.url().await;
    let opened = home.path().join("opened");
    while !opened.exists() {
        sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(fs::read_to_string(opened).unwrap(), format!("1\n{url}\n"));
    visit(&url).await;
    let ended = login.end().await;
    assert!(ended.code == 0 && ended.stderr.contains("A browser opens."), "{ended:?}");
}

#[tokio::test]
async fn without_a_browser_the_url_is_printed_and_the_log_in_waits() {
    let (site, home) = (Site::start().await, Home::new());
    let failing = with_browser(&home, &site, "exit 3");
    for mut login in [failing, home.start(&site, &["login"])] {
        visit(&login.url().await).await;
        let ended = login.end().await;
        assert!(ended.code == 0 && ended.stderr.contains("No browser could be opened."), "{ended:?}");
    }
}
