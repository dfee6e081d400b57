//! `logout`.

use std::fs;

use serde_json::json;

use super::exit;
use super::site::Site;

#[tokio::test]
async fn a_log_out_revokes_and_then_deletes() {
    let site = Site::start().await;
    let home = site.logged_in().await;
    let token = home.token();
    let ended = home.run(&site, &["logout"]).await;
    assert_eq!((ended.code, &*ended.stdout), (0, ""), "{ended:?}");
    assert!(!home.file().exists());
    home.run(&site, &["logout"]).await.failed(exit::LOG_IN_AGAIN, "not logged in");
    home.store_token(&token);
    let refused = home.run(&site, &["login", "--use-refresh-token"]).await;
    refused.failed(exit::LOG_IN_AGAIN, "invalid_grant");
}

#[tokio::test]
async fn a_token_that_is_not_revoked_is_kept() {
    let site = Site::start().await;
    let home = site.logged_in().await;
    let token = home.token();
    for (status, reason) in [(503, "it answered 503"), (400, "status 400")] {
        site.fault(|faults| faults.at = Some(("/oauth2/revoke", status, json!({ "error": token }))));
        let ended = home.run(&site, &["logout"]).await;
        ended.failed(exit::NOT_REVOKED, "the refresh token was not revoked and is kept");
        assert!(ended.stderr.contains(reason) && !ended.stderr.contains(&token), "{ended:?}");
        assert_eq!(home.token(), token);
    }
    site.fault(|faults| faults.at = None);
    assert_eq!(home.run(&site, &["logout"]).await.code, 0);
}

#[tokio::test]
async fn a_token_that_is_revoked_and_not_deleted_is_reported() {
    let site = Site::start().await;
    let home = site.logged_in().await;
    let file = home.file();
    let becomes_a_folder = move || {
        fs::remove_file(&file).unwrap();
        fs::create_dir(&file).unwrap();
    };
    site.fault(|faults| faults.before = Some(("/oauth2/revoke", Box::new(becomes_a_folder))));
    let ended = home.run(&site, &["logout"]).await;
    ended.failed(exit::NOT_DELETED, "was revoked, but was not deleted");
}
