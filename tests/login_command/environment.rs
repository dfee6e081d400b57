//! The variable `GDH_REFRESH_TOKEN`.

use super::program::{Ended, Home, Running};
use super::site::Site;

async fn with_variable(home: &Home, site: &Site, token: &str, arguments: &[&str]) -> Ended {
    let mut command = home.command(site, arguments);
    command.env("GDH_REFRESH_TOKEN", token);
    Running::spawn(command).end().await
}

#[tokio::test]
async fn the_token_in_the_variable_wins_over_the_file() {
    let site = Site::start().await;
    let token = site.logged_in().await.token();
    let home = Home::new();
    home.store_token("unknown-token-0123456789");
    let refresh = ["login", "--use-refresh-token", "--print-all-tokens"];
    let ended = with_variable(&home, &site, &token, &refresh).await;
    // The server accepts a token once, so the next one must not be lost.
    assert_eq!(ended.tokens()["refresh_token"], home.token().as_str());
    assert!(ended.stderr.contains("unset the variable") && !ended.stderr.contains(&token), "{ended:?}");
    home.refresh(&site).await;
}

#[tokio::test]
async fn an_empty_variable_counts_as_absent() {
    let site = Site::start().await;
    let home = site.logged_in().await;
    let ended = with_variable(&home, &site, "", &["login", "--use-refresh-token"]).await;
    assert_eq!(ended.code, 0, "{ended:?}");
}

#[tokio::test]
async fn a_log_out_ends_the_tokens_of_the_variable_and_the_file() {
    let site = Site::start().await;
    let home = site.logged_in().await;
    let other = site.logged_in().await;
    let ended = with_variable(&home, &site, &other.token(), &["logout"]).await;
    assert_eq!(ended.code, 0, "{ended:?}");
    assert!(ended.stderr.contains("unset the variable"), "{ended:?}");
    assert!(!home.file().exists());
    let refused = other.run(&site, &["login", "--use-refresh-token"]).await;
    refused.failed(super::exit::LOG_IN_AGAIN, "log in again");
}
