//! The log-in page and its session.

use super::*;

#[tokio::test]
async fn a_wrong_password_an_unknown_user_and_an_empty_form_show_the_form_again_with_one_text() {
    for kit in Kit::all().await {
        let mut browser = Browser::new(&kit);
        let page = browser.get(&request()).await;
        assert!(page.is_log_in() && page.status == 200);
        let mut shown = Vec::new();
        for (username, password) in [("alice", "wrong"), ("mallory", PASSWORD), ("alice", "")] {
            let again = browser.submit_log_in(&request(), &page, username, password).await;
            assert!(again.is_log_in() && again.status == 403, "{}: {again:?}", kit.name);
            assert!(!browser.cookies.contains_key(SESSION), "{username}");
            assert!(!again.html.contains("wrong"), "the password is not on the page");
            shown.push(again.html.replace(&again.token(), "").replace(username, ""));
        }
        assert!(shown.iter().all(|html| *html == shown[0]), "{}", kit.name);
        let done = browser.submit_log_in(&request(), &page, "alice", PASSWORD).await;
        assert_eq!(done.status, 303, "the first form still works");
    }
}

#[tokio::test]
async fn a_log_in_form_of_another_browser_or_another_site_logs_no_visitor_in() {
    for kit in Kit::all().await {
        let (mut mallory, mut alice) = (Browser::new(&kit), Browser::new(&kit));
        let theirs = mallory.get(&request()).await;
        let own = alice.get(&request()).await;
        let refused = alice.submit_log_in(&request(), &theirs, "alice", PASSWORD).await;
        assert!(refused.status == 403 && !alice.cookies.contains_key(SESSION), "{}", kit.name);
        let token = own.token();
        let fields =
            [("action", "log_in"), ("form_token", &*token), ("username", "alice"), ("password", PASSWORD)];
        for site in ["cross-site", "same-site", "none"] {
            assert_eq!(alice.post_from(site, &request(), &fields).await.status, 403, "{site}");
        }
        let mut without = Browser::new(&kit);
        let page = without.submit_log_in(&request(), &own, "alice", PASSWORD).await;
        assert!(page.status == 403 && !without.cookies.contains_key(SESSION), "without its cookie");
    }
}

#[tokio::test]
async fn every_log_in_has_a_new_secret_in_a_cookie_of_this_host_alone() {
    for kit in Kit::all().await {
        let mut secrets = Vec::new();
        for _ in 0..2 {
            let mut browser = Browser::new(&kit);
            let page = browser.get(&request()).await;
            let done = browser.submit_log_in(&request(), &page, "alice", PASSWORD).await;
            let lines: Vec<_> = done.headers.get_all(SET_COOKIE).iter().collect();
            let line = lines.iter().map(|line| line.to_str().unwrap());
            let line = line.into_iter().find(|line| line.starts_with(SESSION)).unwrap().to_lowercase();
            for part in ["secure", "httponly", "samesite=lax", "path=/"] {
                assert!(line.split("; ").any(|of| of == part), "{line}");
            }
            assert!(!line.contains("domain"));
            secrets.push(browser.cookies[SESSION].clone());
        }
        assert_ne!(secrets[0], secrets[1]);
        // A cookie that a stranger has planted is not taken over.
        let mut planted = Browser::new(&kit);
        let other = if secrets[0].starts_with('A') { "B" } else { "A" };
        planted.cookies.insert(SESSION.to_owned(), format!("{other}{}", &secrets[0][1..]));
        assert!(planted.get(&request()).await.is_log_in());
    }
}

#[tokio::test]
async fn two_session_cookies_are_none() {
    let kit = Kit::all().await.remove(0);
    let mut browser = Browser::new(&kit);
    browser.log_in(&request()).await;
    let secret = browser.cookies[SESSION].clone();
    let both = Request::get(request()).header(COOKIE, format!("{SESSION}={secret}; {SESSION}={secret}"));
    let answer = send(kit.server.clone(), both.body(Body::empty()).unwrap()).await;
    assert!(answer.body.contains("value=\"log_in\""));
}

#[tokio::test]
async fn a_session_ends_after_its_lifetime_and_with_its_user() {
    for kit in Kit::all().await {
        let mut browser = Browser::new(&kit);
        assert!(browser.log_in(&request()).await.is_consent());
        if let Some(database) = &kit.database {
            assert!(database.store().users().disable("alice").await.unwrap());
            assert!(browser.get(&request()).await.is_log_in(), "{}: disabled", kit.name);
            assert!(database.store().users().enable("alice").await.unwrap());
        }
        kit.clock.pass(Duration::from_secs(12 * 3_600 - 1));
        assert!(browser.get(&request()).await.is_consent(), "{}", kit.name);
        kit.clock.pass(Duration::from_secs(2));
        assert!(browser.get(&request()).await.is_log_in(), "{}", kit.name);
    }
}

#[tokio::test]
async fn failed_log_ins_are_throttled_and_the_page_shows_for_how_long() {
    let limit = FailureLimit::new(3, Duration::from_secs(60));
    let clients = clients();
    let kits = Kit::with(&clients, |builder| {
        builder.throttle(Throttled::new(()).unwrap().by_id(limit).by_client(limit))
    });
    for kit in kits.await {
        let mut browser = Browser::new(&kit);
        let page = browser.get(&request()).await;
        for _ in 0..3 {
            assert_eq!(browser.submit_log_in(&request(), &page, "alice", "wrong").await.status, 403);
        }
        let held = browser.submit_log_in(&request(), &page, "alice", PASSWORD).await;
        assert!(held.status == 429 && held.is_log_in(), "{}: {held:?}", kit.name);
        assert!(held.headers.contains_key("retry-after") && !browser.cookies.contains_key(SESSION));
    }
}

#[tokio::test]
async fn the_form_of_a_second_tab_works_after_the_first() {
    for kit in Kit::all().await {
        let mut browser = Browser::new(&kit);
        let other = request_with(&[("scope", Some("read"))]);
        let (first, second) = (browser.get(&request()).await, browser.get(&other).await);
        let done = browser.submit_log_in(&other, &second, "alice", PASSWORD).await;
        assert_eq!(done.status, 303);
        // The first tab was shown before; its page asks again, or goes on to consent.
        let late = browser.submit_log_in(&request(), &first, "alice", PASSWORD).await;
        assert!(late.is_log_in() || late.status == 303, "{late:?}");
        assert!(browser.get(&request()).await.is_consent());
    }
}

#[tokio::test]
async fn another_account_replaces_the_session_of_the_browser() {
    for kit in Kit::all().await {
        let mut browser = Browser::new(&kit);
        let code = browser.allow(&request()).await.answer("code").unwrap();
        let tokens = kit.redeem(&code).await.tokens();
        let mut stolen = Browser::new(&kit);
        stolen.cookies.clone_from(&browser.cookies);
        let page = browser.post(&request(), &[("action", "switch")]).await;
        assert!(page.is_log_in() && page.status == 200, "{page:?}");
        let done = browser.submit_log_in(&request(), &page, "alice", PASSWORD).await;
        assert_eq!(done.status, 303);
        assert!(browser.get(&request()).await.is_consent());
        assert!(stolen.get(&request()).await.is_log_in(), "{}: the earlier session has ended", kit.name);
        assert!(!kit.is_live(&tokens.access).await, "{}: as after a log-out", kit.name);
    }
}

#[tokio::test]
async fn a_user_that_was_deleted_after_the_password_was_verified_gets_the_form_again() {
    // Like a log-in that has verified the password when the user is deleted.
    let verified = || {
        let users = MemoryVerifier::builder().passwords(cheap_passwords());
        users.user("alice", PASSWORD, BasicUser::new("alice")).build().unwrap()
    };
    for kit in Kit::with(&clients(), |builder| builder.users(verified())).await {
        let Some(database) = &kit.database else { continue };
        let mut browser = Browser::new(&kit);
        let page = browser.get(&request()).await;
        assert!(database.store().users().delete("alice").await.unwrap());
        let again = browser.submit_log_in(&request(), &page, "alice", PASSWORD).await;
        assert!(again.is_log_in() && again.status == 403, "{}: {again:?}", kit.name);
        assert!(!browser.cookies.contains_key(SESSION));
    }
}
