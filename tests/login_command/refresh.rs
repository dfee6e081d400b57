//! New tokens with the stored refresh token.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use serde_json::json;

use super::exit;
use super::program::Home;
use super::site::Site;

#[tokio::test]
async fn a_refresh_stores_the_next_token() {
    let site = Site::start().await;
    let home = site.logged_in().await;
    let mut tokens = BTreeSet::from([home.token()]);
    for _ in 0..3 {
        let printed = home.refresh(&site).await;
        assert_eq!(printed["refresh_token"], home.token().as_str());
        assert!(tokens.insert(home.token()));
        assert_eq!(home.modes(), (0o700, 0o600));
    }
    let quiet = home.run(&site, &["login", "--use-refresh-token"]).await;
    assert_eq!((quiet.code, &*quiet.stdout), (0, ""), "{quiet:?}");
    // A token before the last one ends the grant.
    home.store_token(tokens.first().unwrap());
    let ended = home.run(&site, &["login", "--use-refresh-token"]).await;
    ended.failed(exit::LOG_IN_AGAIN, "log in again (invalid_grant)");
}

#[tokio::test]
async fn two_shells_that_refresh_at_once_both_succeed() {
    let site = Site::start().await;
    let home = site.logged_in().await;
    let shells = join_all((0..4).map(|_| home.refresh(&site))).await;
    let access: BTreeSet<_> = shells.iter().map(|tokens| tokens["access_token"].to_string()).collect();
    assert_eq!(access.len(), 4);
    // The last one to refresh has stored its token, and the grant is in force.
    assert!(shells.iter().any(|tokens| tokens["refresh_token"] == home.token().as_str()));
    home.refresh(&site).await;
}

#[tokio::test]
async fn a_server_that_keeps_the_refresh_token_is_understood() {
    let (site, home) = (Site::start().await, Home::new());
    let kept = json!({ "access_token": "a", "id_token": "i", "token_type": "Bearer" });
    site.fault(|faults| faults.at = Some(("/oauth2/token", 200, kept)));
    home.store_token("stays");
    let all = json!({ "access_token": "a", "id_token": "i", "refresh_token": "stays" });
    assert_eq!(home.refresh(&site).await, all);
    assert_eq!(home.stored(), json!({ "refresh_token": "stays" }));
}

#[tokio::test]
async fn without_a_valid_token_the_user_has_to_log_in_again() {
    let (site, home) = (Site::start().await, Home::new());
    let missing = home.run(&site, &["login", "--use-refresh-token"]).await;
    missing.failed(exit::LOG_IN_AGAIN, "not logged in");
    home.store_token("unknown-token-0123456789");
    let unknown = home.run(&site, &["login", "--use-refresh-token"]).await;
    unknown.failed(exit::LOG_IN_AGAIN, "log in again (invalid_grant)");
    assert_eq!(home.token(), "unknown-token-0123456789");
}
