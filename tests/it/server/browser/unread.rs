//! What a page does not read: other methods, other origins, bodies, and headers of strangers.

use tower_principal::server::profile::SOCRATA;

use super::*;

const LOG_OUT: &str = "/oauth2/logout";

#[tokio::test]
async fn a_page_has_no_other_methods_and_lets_no_other_origin_read_or_post() {
    let kit = Kit::all().await.remove(0);
    let mut browser = Browser::new(&kit);
    browser.log_in(&request()).await;
    let cookie = format!("{SESSION}={}", browser.cookies[SESSION]);
    let foreign = |method: &str, target: &str, body: String| {
        let mut sent = form(target, body);
        *sent.method_mut() = method.parse().unwrap();
        let headers =
            [("cookie", &*cookie), ("accept", "application/json"), ("origin", "https://evil.example")];
        for (name, value) in headers {
            sent.headers_mut().insert(name, value.parse().unwrap());
        }
        sent
    };
    for target in [&*request(), "/oauth2/login", LOG_OUT, "/oauth2/applications"] {
        for method in ["OPTIONS", "HEAD", "PUT", "DELETE", "TRACE", "get", "X"] {
            let reply = kit.send(foreign(method, target, String::new())).await;
            assert_eq!((reply.status, reply.header("allow")), (405, Some("GET, POST")), "{method} {target}");
            assert!(reply.answer.headers.keys().all(|name| !name.as_str().starts_with("access-control-")));
        }
    }
    let list = kit.send(foreign("GET", "/oauth2/applications", String::new())).await;
    assert!(list.status == 200 && list.header("access-control-allow-origin").is_none());
    let fields = [("action", "end"), ("form_token", list.text("form_token")), ("client", "viewer")];
    let refused = kit.send(foreign("POST", "/oauth2/applications", encoded(&fields))).await;
    assert_eq!(refused.error(), (403, "forged_request"));
}

#[tokio::test]
async fn an_authorization_request_in_a_body_is_none() {
    for kit in Kit::all().await {
        let mut browser = Browser::new(&kit);
        let page = browser.log_in(&request()).await;
        let (path, query) = request().split_once('?').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
        let pairs: Vec<_> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let token = page.token();
        let mut fields = vec![("action", "allow"), ("form_token", &*token)];
        fields.extend(pairs.iter().map(|(name, value)| (&**name, &**value)));
        let refused = browser.post(&path, &fields).await;
        assert_eq!((refused.status, refused.headers.get(LOCATION)), (400, None), "{}", kit.name);
        // Beside the query, the body changes nothing.
        let others = [("redirect_uri", "https://evil.example"), ("state", "other"), ("scope", "read")];
        let fields = [&[("action", "allow"), ("form_token", &*token)][..], &others].concat();
        let done = browser.post(&request(), &fields).await;
        assert!(done.location().starts_with(CALLBACK), "{}", kit.name);
        assert_eq!(done.answer("state").unwrap(), "a b&c=%2B\"<'");
        assert_eq!(kit.redeem(&done.answer("code").unwrap()).await.text("scope"), "read write");
    }
}

#[tokio::test]
async fn a_client_of_one_profile_gets_no_page_at_the_path_of_another() {
    let all = [GrantType::AuthorizationCode];
    let weak = Application::confidential("weak").profile("socrata").redirect(CALLBACK).grants(all);
    let [_, viewer] = clients();
    for kit in Kit::with(&[viewer, weak], |builder| builder.profile(SOCRATA)).await {
        let mut browser = Browser::new(&kit);
        browser.log_in(&request()).await;
        let at_socratas = request().replace("/oauth2/", "/oauth/");
        let weak = request_with(&[("client_id", Some("weak")), ("code_challenge", None)]);
        let weak = weak.replace("&code_challenge_method=S256", "");
        for target in [&at_socratas, &weak] {
            let refused = browser.get(target).await;
            assert_eq!(
                (refused.status, refused.headers.get(LOCATION)),
                (400, None),
                "{}: {target}",
                kit.name
            );
            assert!(refused.html.contains("unauthorized_client"));
        }
        assert!(browser.get(&weak.replace("/oauth2/", "/oauth/")).await.is_consent(), "{}", kit.name);
    }
}

#[tokio::test]
async fn a_user_who_was_deleted_and_made_again_is_not_logged_in() {
    for kit in Kit::all().await {
        let Some(database) = &kit.database else { continue };
        let mut browser = Browser::new(&kit);
        browser.log_in(&request()).await;
        let users = database.store().users();
        assert!(users.delete("alice").await.unwrap());
        assert!(browser.get(&request()).await.is_log_in(), "{}", kit.name);
        users.create("alice", Secret::borrowed("another"), NewUser::new()).await.unwrap();
        assert!(browser.get(&request()).await.is_log_in(), "{}", kit.name);
    }
}

#[tokio::test]
async fn forwarded_addresses_of_strangers_do_not_multiply_the_guesses_at_the_log_in_form() {
    let limit = FailureLimit::new(3, Duration::from_secs(60));
    let clients = clients();
    let kits = Kit::with(&clients, |builder| {
        builder.throttle(Throttled::new(()).unwrap().by_id(limit).by_client(limit))
    });
    for kit in kits.await {
        let mut browser = Browser::new(&kit);
        let token = browser.get(&request()).await.token();
        let (name, secret) = browser.cookies.iter().next().unwrap();
        let mut statuses = Vec::new();
        for at in 0..5 {
            let user = format!("user-{at}");
            let fields =
                [("action", "log_in"), ("form_token", &*token), ("username", &*user), ("password", "wrong")];
            let mut sent = form(&request(), encoded(&fields));
            let (cookie, address) = (format!("{name}={secret}"), format!("192.0.2.{at}"));
            let headers = [
                ("cookie", &*cookie),
                ("sec-fetch-site", "same-origin"),
                ("x-forwarded-for", &*address),
                ("forwarded", &*format!("for={address}")),
                ("x-real-ip", &*address),
            ];
            for (name, value) in headers {
                sent.headers_mut().insert(name, value.parse().unwrap());
            }
            statuses.push(kit.send(sent).await.status);
        }
        assert_eq!(statuses, [403, 403, 403, 429, 429], "{}", kit.name);
    }
}
