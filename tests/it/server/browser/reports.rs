//! Audit events of pages.

use super::*;

/// Returns the audit events since the last call, and checks that none shows a secret.
fn events(log: &Log, secrets: &[&str]) -> Vec<String> {
    let lines = log.take();
    for line in &lines {
        let shown = format!("{line:?}");
        assert!(secrets.iter().all(|secret| !shown.contains(secret)), "{shown}");
    }
    let audit = lines.into_iter().filter(|line| line.target == "tower_principal::audit");
    audit
        .map(|line| ["outcome", "kind", "oauth_client", "user"].map(|field| line.get(field)).join(" "))
        .collect()
}

#[tokio::test]
async fn what_a_user_does_at_a_page_is_one_event_without_a_secret() {
    let kit = Kit::all().await.remove(0);
    // An event that another test writes first while a listener is added never reaches it.
    let mut first = Browser::new(&kit);
    let page = first.log_in(&request()).await;
    first.press(&request(), &page, "allow").await;
    let log = listen();

    let mut browser = Browser::new(&kit);
    let page = browser.get(&request()).await;
    assert!(events(&log, &[]).is_empty(), "a page that is shown");
    browser.submit_log_in(&request(), &page, "alice", "wrong-password").await;
    assert_eq!(events(&log, &["wrong-password"]), ["refused log_in_denied viewer "]);
    browser.submit_log_in(&request(), &page, "alice", PASSWORD).await;
    let session = browser.cookies[SESSION].clone();
    assert_eq!(events(&log, &[PASSWORD, &session]), ["logged_in   alice"]);
    let page = browser.get(&request()).await;
    let token = page.token();
    browser.press(&request(), &page, "deny").await;
    assert_eq!(events(&log, &[&token]), ["refused access_denied viewer "]);
    let code = browser.press(&request(), &page, "allow").await.answer("code").unwrap();
    assert_eq!(events(&log, &[&token, &code, &session]), ["allowed  viewer alice"]);
    browser.post(&request(), &[("action", "allow"), ("form_token", "guess")]).await;
    assert_eq!(events(&log, &[&session]), ["refused forged viewer "]);
    let page = browser.get("/oauth2/applications").await;
    let token = page.token();
    let end = [("action", "end"), ("form_token", &*token), ("client", "viewer")];
    browser.post("/oauth2/applications", &end).await;
    assert_eq!(events(&log, &[&token, &session]), ["disconnected  viewer alice"]);
    let page = browser.get("/oauth2/logout").await;
    browser.press("/oauth2/logout", &page, "log_out").await;
    assert_eq!(events(&log, &[&session]), ["logged_out   alice"]);
}
