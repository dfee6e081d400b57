//! Log-out.

use super::*;

const LOG_OUT: &str = "/oauth2/logout";
const INVALID: (u16, &str) = (400, "invalid_grant");

#[tokio::test]
async fn a_log_out_ends_the_session_its_grants_and_its_codes_and_no_other() {
    for kit in Kit::all().await {
        let (mut here, mut elsewhere) = (Browser::new(&kit), Browser::new(&kit));
        let code = here.allow(&request()).await.answer("code").unwrap();
        let tokens = kit.redeem(&code).await.tokens();
        let unredeemed = here.allow(&request()).await.answer("code").unwrap();
        let other = elsewhere.allow(&request()).await.answer("code").unwrap();
        let other = kit.redeem(&other).await.tokens();

        let page = here.get(LOG_OUT).await;
        assert!(page.html.contains("alice"));
        let done = here.press(LOG_OUT, &page, "log_out").await;
        assert!(done.status == 200 && !here.cookies.contains_key(SESSION), "{}", kit.name);
        assert!(!kit.is_live(&tokens.access).await, "{}", kit.name);
        assert_eq!(kit.refresh(&tokens.refresh).await.error(), INVALID);
        assert_eq!(kit.redeem(&unredeemed).await.error(), INVALID);
        assert!(here.get(&request()).await.is_log_in());

        assert!(kit.is_live(&other.access).await, "{}: another session of the user", kit.name);
        assert!(elsewhere.get(&request()).await.is_consent());
    }
}

#[tokio::test]
async fn another_site_logs_no_user_out() {
    for kit in Kit::all().await {
        let mut browser = Browser::new(&kit);
        browser.log_in(&request()).await;
        let page = browser.get(LOG_OUT).await;
        let token = page.token();
        let fields = [("action", "log_out"), ("form_token", &*token)];
        assert_eq!(browser.post_from("cross-site", LOG_OUT, &fields).await.status, 403);
        assert_eq!(browser.post(LOG_OUT, &fields[..1]).await.status, 403);
        let consent = browser.get(&request()).await;
        assert_eq!(browser.press(LOG_OUT, &consent, "log_out").await.status, 403, "another form's token");
        assert!(browser.get(&request()).await.is_consent(), "{}", kit.name);
    }
}
