//! Log-out and connected applications.

use super::*;

const APPLICATIONS: &str = "/oauth2/applications";
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
        assert_eq!(done.headers["clear-site-data"], "\"cache\"");
        assert!(done.status == 200 && !here.cookies.contains_key(SESSION), "{}", kit.name);
        assert!(!kit.is_live(&tokens.access).await, "{}", kit.name);
        assert_eq!(kit.refresh(&tokens.refresh).await.error(), INVALID);
        assert_eq!(kit.redeem(&unredeemed).await.error(), INVALID);
        assert!(here.get(APPLICATIONS).await.is_log_in());

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

#[tokio::test]
async fn a_user_sees_the_applications_and_ends_the_access_of_one() {
    let all = [GrantType::AuthorizationCode, GrantType::RefreshToken];
    let maps = Application::public("maps").label("Maps").redirect(CALLBACK).grants(all).scopes(["read"]);
    let [weather, viewer] = clients();
    for kit in Kit::with(&[weather, viewer, maps], |builder| builder.scope_text("read", "Read maps")).await {
        let mut browser = Browser::new(&kit);
        let of_viewer = browser.allow(&request()).await.answer("code").unwrap();
        let of_viewer = kit.redeem(&of_viewer).await.tokens();
        let for_maps = request_with(&[("client_id", Some("maps"))]);
        let of_maps = browser.allow(&for_maps).await.answer("code").unwrap();

        let page = browser.get(APPLICATIONS).await;
        for shown in ["alice", "viewer", "Maps", "Read maps"] {
            assert!(page.html.contains(shown), "{}: {shown}", kit.name);
        }
        let token = page.token();
        let end = |client| [("action", "end"), ("form_token", &*token), ("client", client)];
        for site in ["cross-site", "same-site"] {
            assert_eq!(browser.post_from(site, APPLICATIONS, &end("viewer")).await.status, 403);
        }
        assert_eq!(browser.post(APPLICATIONS, &end("maps")).await.status, 303, "{}", kit.name);
        let code = [
            ("grant_type", "authorization_code"),
            ("client_id", "maps"),
            ("code", &*of_maps),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ];
        assert_eq!(kit.post(&code).await.error(), INVALID, "{}: a code that was not redeemed", kit.name);
        assert!(kit.is_live(&of_viewer.access).await, "{}", kit.name);
        assert!(!browser.get(APPLICATIONS).await.html.contains("Maps"));
        assert_eq!(browser.post(APPLICATIONS, &end("viewer")).await.status, 303);
        assert!(!kit.is_live(&of_viewer.access).await, "{}", kit.name);
    }
}

#[tokio::test]
async fn a_program_of_the_same_site_reads_and_ends_them_as_json() {
    for kit in Kit::all().await {
        let mut browser = Browser::new(&kit);
        let code = browser.allow(&request()).await.answer("code").unwrap();
        let tokens = kit.redeem(&code).await.tokens();
        let cookie = format!("{SESSION}={}", browser.cookies[SESSION]);
        let get = Request::get(APPLICATIONS).header("accept", "application/json").header(COOKIE, &cookie);
        let reply = kit.send(get.body(Body::empty()).unwrap()).await;
        assert_eq!(reply.json["applications"][0]["client_id"], "viewer", "{reply:?}");
        assert_eq!(reply.json["applications"][0]["scopes"], serde_json::json!(["read", "write"]));
        assert_eq!(reply.text("user"), "alice");
        let fields = [("action", "end"), ("form_token", reply.text("form_token")), ("client", "viewer")];
        let mut post = form(APPLICATIONS, encoded(&fields));
        for (name, value) in [("accept", "application/json"), ("cookie", &cookie), ("origin", ISSUER)] {
            post.headers_mut().insert(name, value.parse().unwrap());
        }
        assert_eq!(kit.send(post).await.status, 200, "{}", kit.name);
        assert!(!kit.is_live(&tokens.access).await, "{}", kit.name);
        let get = Request::get(APPLICATIONS).header("accept", "application/json");
        let reply = kit.send(get.body(Body::empty()).unwrap()).await;
        assert_eq!(reply.error(), (403, "login_required"), "{}", kit.name);
    }
}

#[tokio::test]
async fn a_log_in_without_a_client_leads_to_the_applications() {
    for kit in Kit::all().await {
        let mut browser = Browser::new(&kit);
        let next = browser.log_in("/oauth2/login").await;
        assert_eq!(next.location(), format!("{ISSUER}{APPLICATIONS}"), "{}", kit.name);
        let page = browser.get(APPLICATIONS).await;
        assert!(page.status == 200 && page.html.contains("alice"));
    }
}
