//! Consent: what the page shows, what its form is bound to, and what a client gets.

use super::*;

#[tokio::test]
async fn a_user_logs_in_allows_a_client_and_the_client_redeems_the_code() {
    for kit in Kit::all().await {
        let mut browser = Browser::new(&kit);
        let done = browser.allow(&request()).await;
        assert!(done.location().starts_with(&format!("{CALLBACK}?code=")), "{done:?}");
        assert_eq!(done.answer("state").unwrap(), "a b&c=%2B\"<'", "byte for byte");
        assert_eq!(done.answer("iss").unwrap(), ISSUER);
        let reply = kit.redeem(&done.answer("code").unwrap()).await;
        assert_eq!((reply.text("scope"), reply.status), ("read write", 200), "{}", kit.name);
        let grant = kit.grant_of(&reply.tokens().access).await.unwrap();
        assert_eq!((grant.user.as_deref(), &*grant.client), (Some("alice"), "viewer"));
        assert!(grant.session.is_some() && grant.authenticated_at.is_some());
    }
}

// UserRejects
#[tokio::test]
async fn req_83_a_user_who_denies_sends_the_client_access_denied_and_no_code() {
    for kit in Kit::all().await {
        let mut browser = Browser::new(&kit);
        let page = browser.log_in(&request()).await;
        let done = browser.press(&request(), &page, "deny").await;
        assert_eq!(done.answer("error").as_deref(), Some("access_denied"));
        assert_eq!((done.answer("iss").as_deref(), done.answer("code")), (Some(ISSUER), None));
        assert_eq!(done.answer("state").unwrap(), "a b&c=%2B\"<'");
    }
}

#[tokio::test]
async fn req_81_the_page_names_the_client_the_scopes_the_user_and_where_it_leads() {
    let [weather, viewer] = clients();
    let viewer = viewer.label("Map <viewer>");
    let kits =
        Kit::with(&[weather, viewer], |builder| builder.scope_text("read", "Read your \"maps\"")).await;
    for kit in kits {
        let page = Browser::new(&kit).log_in(&request()).await;
        for shown in ["Map &#60;viewer&#62;", "Read your", "write", "alice", "viewer.example"] {
            assert!(page.html.contains(shown), "{shown}: {}", page.html);
        }
        assert!(!page.html.contains("<viewer>") && !page.html.contains("your \"maps\""));
    }
}

#[tokio::test]
async fn req_82_no_cache_frame_or_referrer_gets_a_page_and_no_policy_stops_a_redirect() {
    let kit = Kit::all().await.remove(0);
    let mut browser = Browser::new(&kit);
    let log_in = browser.get(&request()).await;
    let consent = browser.log_in(&request()).await;
    let error = browser.get("/oauth2/authorize").await;
    for page in [&log_in, &consent, &error] {
        let header = |name: &str| page.headers[name].to_str().unwrap();
        assert_eq!((header("cache-control"), header("referrer-policy")), ("no-store", "no-referrer"));
        assert_eq!(header("content-type"), "text/html; charset=utf-8");
        let policy = header("content-security-policy");
        for part in ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "style-src 'sha256-"]
        {
            assert!(policy.contains(part), "{policy}");
        }
        // Chromium applies it to the whole chain of redirects (fastmcp#2302, hexpm#1413).
        assert!(!policy.contains("form-action"));
        assert!(!page.headers.contains_key("access-control-allow-origin"));
    }
    let done = browser.press(&request(), &consent, "allow").await;
    assert_eq!(done.headers["referrer-policy"], "no-referrer");
    assert_eq!(done.headers["cache-control"], "no-store");
}

/// hydra#770, fastmcp#3519 (GHSA-rww4-4w9c-7733).
#[tokio::test]
async fn a_form_of_another_session_another_request_or_another_site_is_refused() {
    for kit in Kit::all().await {
        let mut alice = Browser::new(&kit);
        let page = alice.log_in(&request()).await;
        // The token of another browser, which is logged in as the same user.
        let mut other = Browser::new(&kit);
        let foreign = other.log_in(&request()).await;
        let refused = alice.press(&request(), &foreign, "allow").await;
        assert_eq!((refused.status, refused.headers.get(LOCATION)), (403, None), "{}", kit.name);
        // The own token for a request that was not shown.
        for changed in [
            request_with(&[("scope", Some("read"))]),
            request_with(&[("state", Some("x"))]),
            request().replace("&state", "&&state"),
            format!("{}&x=y", request()),
        ] {
            let refused = alice.press(&changed, &page, "allow").await;
            assert_eq!(refused.status, 403, "{}: {changed}", kit.name);
            assert_eq!(alice.press(&changed, &page, "deny").await.status, 403);
        }
        // The own token, posted by another site.
        for site in ["cross-site", "same-site", "none"] {
            let fields = [("action", "allow"), ("form_token", &*page.token())];
            assert_eq!(alice.post_from(site, &request(), &fields).await.status, 403, "{site}");
        }
        for token in ["", "x", &page.token()[1..], &format!("{}x", page.token())] {
            let fields = [("action", "allow"), ("form_token", token)];
            assert_eq!(alice.post(&request(), &fields).await.status, 403, "{token}");
        }
        assert_eq!(alice.press(&request(), &page, "allow").await.status, 303, "the form itself works");
    }
}

/// oxAuth#1456.
#[tokio::test]
async fn a_request_is_judged_again_when_consent_is_given() {
    for kit in Kit::all().await {
        let mut browser = Browser::new(&kit);
        let page = browser.log_in(&request()).await;
        kit.change(&clients()[1].clone().redirect("https://viewer.example/other")).await;
        let mut moved = clients()[1].clone();
        moved.redirects = vec!["https://viewer.example/other".to_owned()];
        kit.change(&moved).await;
        let refused = browser.press(&request(), &page, "allow").await;
        assert_eq!((refused.status, refused.headers.get(LOCATION)), (400, None), "{}", kit.name);
        kit.change(&clients()[1].clone().scopes(["read"])).await;
        let wide = request_with(&[("scope", Some("write"))]);
        assert_eq!(browser.get(&wide).await.answer("error").as_deref(), Some("invalid_scope"));
    }
}

#[tokio::test]
async fn consent_of_a_session_that_has_ended_asks_for_a_log_in() {
    for kit in Kit::all().await {
        let mut browser = Browser::new(&kit);
        let page = browser.log_in(&request()).await;
        let mut second = Browser::new(&kit);
        second.cookies.clone_from(&browser.cookies);
        let asked = second.get("/oauth2/logout").await;
        assert_eq!(second.press("/oauth2/logout", &asked, "log_out").await.status, 200);
        let refused = browser.press(&request(), &page, "allow").await;
        assert!(refused.is_log_in() && refused.status != 303, "{}: {refused:?}", kit.name);
    }
}
