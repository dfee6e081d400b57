//! What other sites, other accounts and changes behind the user's back cannot do.

use http::header::CONTENT_TYPE;
use tower_principal::grant::MemorySessions;

use super::*;

const LOG_OUT: &str = "/oauth2/logout";

/// Posts a form from another site, without the cookies that a browser keeps back there.
async fn foreign(kit: &Kit, target: &str, fields: &[(&str, &str)]) -> Page {
    Browser::new(kit).post_from("cross-site", target, fields).await
}

#[tokio::test]
async fn a_form_of_another_site_removes_no_session_cookie() {
    for kit in Kit::all().await {
        for site in ["cross-site", "same-site", "none"] {
            let fields = [("action", "log_out"), ("form_token", "x")];
            let refused = Browser::new(&kit).post_from(site, LOG_OUT, &fields).await;
            assert_eq!(
                (refused.status, refused.headers.get(SET_COOKIE)),
                (403, None),
                "{}: {site}",
                kit.name
            );
        }
        let own = Browser::new(&kit).post(LOG_OUT, &[("action", "log_out")]).await;
        assert_eq!(own.status, 200, "{}: the session has ended before", kit.name);
    }
}

#[tokio::test]
async fn a_user_allows_what_the_page_showed_and_nothing_that_was_registered_since() {
    let [_, viewer] = clients();
    let viewer = viewer.scopes(["read"]).audiences(["https://api.example"]).label("Viewer");
    let mut moved = viewer.clone();
    moved.redirects = vec!["https://elsewhere.example/callback".to_owned()];
    let changes = [
        ("scopes", viewer.clone().scopes(["read", "write"])),
        ("audience", viewer.clone().audiences(["https://api.example", "https://bank.example"])),
        ("name", viewer.clone().label("Another viewer")),
        ("redirect URI", moved),
    ];
    for kit in Kit::with(std::slice::from_ref(&viewer), |builder| builder).await {
        // The request leaves out what the registration then decides.
        let target = request_with(&[("redirect_uri", None)]);
        let mut browser = Browser::new(&kit);
        let page = browser.log_in(&target).await;
        for (what, changed) in &changes {
            kit.change(changed).await;
            for action in ["allow", "deny"] {
                let refused = browser.press(&target, &page, action).await;
                let answer = (refused.status, refused.headers.get(LOCATION));
                assert_eq!(answer, (403, None), "{}: {what}, {action}", kit.name);
            }
            let shown = browser.get(&target).await;
            assert_eq!(browser.press(&target, &shown, "allow").await.status, 303, "{}: {what}", kit.name);
        }
        kit.change(&viewer).await;
        assert_eq!(browser.press(&target, &page, "allow").await.status, 303, "{}", kit.name);
    }
}

#[tokio::test]
async fn a_get_changes_nothing_whatever_its_body_asks_for() {
    for kit in Kit::all().await {
        let mut browser = Browser::new(&kit);
        let page = browser.log_in(&request()).await;
        let token = page.token();
        for (target, action) in [(request(), "allow"), (request(), "deny"), (LOG_OUT.to_owned(), "log_out")] {
            let fields = [("action", action), ("form_token", &*token)];
            let get = Request::get(target)
                .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
                .header("sec-fetch-site", "same-origin")
                .header(COOKIE, format!("{SESSION}={}", browser.cookies[SESSION]));
            let shown = kit.send(get.body(Body::from(encoded(&fields))).unwrap()).await;
            assert_eq!(shown.status, 200, "{}: {action}", kit.name);
            assert!(shown.answer.headers.get(SET_COOKIE).is_none());
        }
        let fresh = Browser::new(&kit).get(&request()).await;
        let line = fresh.headers[SET_COOKIE].to_str().unwrap().split(';').next().unwrap().to_owned();
        let token = fresh.token();
        let fields =
            [("action", "log_in"), ("form_token", &*token), ("username", "alice"), ("password", PASSWORD)];
        let get = Request::get(request())
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header("sec-fetch-site", "same-origin")
            .header(COOKIE, line);
        let shown = kit.send(get.body(Body::from(encoded(&fields))).unwrap()).await;
        assert_eq!(shown.status, 200, "{}: log_in", kit.name);
        assert!(shown.answer.body.contains("value=\"log_in\""));
    }
}

#[tokio::test]
async fn a_form_of_another_site_writes_no_text_into_the_log_in_page() {
    let kit = Kit::all().await.remove(0);
    for action in ["switch", "allow", "deny"] {
        let fields = [("action", action), ("username", "call-555-0100")];
        let page = foreign(&kit, &request(), &fields).await;
        assert!(page.is_log_in() && !page.html.contains("call-555-0100"), "{action}: {}", page.html);
    }
}

/// Two servers at one address, as a service has them that serves several platforms.
#[tokio::test]
async fn a_log_in_at_one_server_of_an_address_leaves_the_session_at_another() {
    let server = |tenant: &'static str, issuer: &str| {
        let [_, viewer] = clients();
        let grants = MemoryGrants::new();
        let grants = if tenant.is_empty() { grants } else { grants.with_tenant(tenant) };
        let stores = Stores::from((grants, MemoryApplications::new().with(viewer)));
        let users = MemoryVerifier::builder().passwords(cheap_passwords());
        let users = users.user("alice", PASSWORD, BasicUser::new("alice")).build().unwrap();
        let builder = AuthorizationServer::builder(issuer, stores, transport::danger_assume_secure());
        builder.users(users).throttle(never()).build().unwrap()
    };
    let mut kit = Kit::all().await.remove(0);
    let servers = [
        server("", ISSUER),
        server("maps", ISSUER),
        server("weather", ISSUER),
        server("", "https://login.example/maps"),
        server("maps", "https://login.example/maps"),
    ];
    let mut cookies = BTreeMap::new();
    for server in &servers {
        kit.server = server.clone();
        let mut browser = Browser::new(&kit);
        browser.cookies = cookies;
        let page = browser.log_in(&request()).await;
        assert!(page.is_consent());
        cookies = browser.cookies;
    }
    assert_eq!(cookies.len(), servers.len(), "{:?}", cookies.keys());
    for server in &servers {
        kit.server = server.clone();
        let mut browser = Browser::new(&kit);
        browser.cookies.clone_from(&cookies);
        assert!(browser.get(&request()).await.is_consent());
        // The secret of another server's session is none here.
        for (name, value) in &cookies {
            for of in cookies.keys().filter(|of| *of != name) {
                let moved = Request::get(request()).header(COOKIE, format!("{of}={value}"));
                let shown = kit.send(moved.body(Body::empty()).unwrap()).await;
                assert!(!shown.answer.body.contains("value=\"allow\""), "{of} with the secret of {name}");
            }
        }
    }
}

/// A tenant of each request, by its host.
#[tokio::test]
async fn a_session_and_a_form_of_one_tenant_are_none_at_another() {
    let stores = |tenant: &'static str| {
        let [_, viewer] = clients();
        let grants = MemoryGrants::new().with_tenant(tenant);
        Stores::from((grants, MemoryApplications::new().with(viewer))).sessions(MemorySessions::new())
    };
    let (maps, weather) = (stores("maps"), stores("weather"));
    let clients = clients();
    let kits = Kit::with(&clients, move |builder| {
        let (maps, weather) = (maps.clone(), weather.clone());
        builder.tenants(move |head| match head.headers().get("x-tenant")?.to_str().ok()? {
            "maps" => Some(maps.clone()),
            "weather" => Some(weather.clone()),
            _ => None,
        })
    });
    let kit = kits.await.remove(0);
    let as_tenant = |tenant: &str, request: http::request::Builder| request.header("x-tenant", tenant);
    let cookie = |answer: &Reply, part: &str| {
        let lines = answer.answer.headers.get_all(SET_COOKIE).iter();
        let pairs = lines.map(|line| line.to_str().unwrap().split(';').next().unwrap().to_owned());
        pairs.into_iter().find(|pair| pair.contains(part)).unwrap()
    };
    let page = kit.send(as_tenant("maps", Request::get(request())).body(Body::empty()).unwrap()).await;
    let pre = cookie(&page, "login");
    let page = Page { status: 200, html: page.answer.body, headers: page.answer.headers };
    let token = page.token();
    let fields =
        [("action", "log_in"), ("form_token", &*token), ("username", "alice"), ("password", PASSWORD)];
    let post = |tenant: &str, cookie: &str, fields: &[(&str, &str)]| {
        let mut sent = form(&request(), encoded(fields));
        for (name, value) in [("x-tenant", tenant), ("cookie", cookie), ("sec-fetch-site", "same-origin")] {
            sent.headers_mut().insert(name, value.parse().unwrap());
        }
        sent
    };
    let done = kit.send(post("maps", &pre, &fields)).await;
    assert_eq!(done.status, 303);
    let session = cookie(&done, "session");
    let get = |tenant: &str| as_tenant(tenant, Request::get(request())).header(COOKIE, &session);
    let consent = kit.send(get("maps").body(Body::empty()).unwrap()).await;
    assert!(consent.answer.body.contains("value=\"allow\""));
    let other = kit.send(get("weather").body(Body::empty()).unwrap()).await;
    assert!(other.answer.body.contains("value=\"log_in\""));
    let consent = Page { status: 200, html: consent.answer.body, headers: consent.answer.headers };
    let token = consent.token();
    let allow = [("action", "allow"), ("form_token", &*token)];
    let refused = kit.send(post("weather", &session, &allow)).await;
    assert!(refused.status == 403 && refused.answer.body.contains("value=\"log_in\""), "{refused:?}");
    assert_eq!(kit.send(post("maps", &session, &allow)).await.status, 303);
    assert_eq!(kit.send(post("other", &session, &allow)).await.status, 401);
}
