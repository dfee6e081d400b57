//! The token endpoint: methods, parameters, bodies, connections and answers.

use std::net::SocketAddr;

use axum::Router;
use axum::routing::get as route;
use tower_principal::server::profile;
use tower_principal::transport::{Peer, PlainConnection, SecureConnection};

use super::*;

const ASK: (&str, &str) = ("grant_type", "client_credentials");

#[tokio::test]
async fn req_89_an_answer_has_the_token_its_type_its_end_and_its_scope_and_is_not_stored() {
    for kit in Kit::all().await {
        let reply = kit.post_as_weather(&[ASK, ("scope", "read")]).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        assert_eq!(reply.text("token_type"), "Bearer");
        assert_eq!(reply.text("scope"), "read");
        assert_eq!(reply.json["expires_in"], 3600);
        let headers = &reply.answer.headers;
        assert_eq!(headers["cache-control"], "no-store");
        assert_eq!(headers["pragma"], "no-cache");
        assert_eq!(headers["content-type"], "application/json");
        let refused = kit.post_as_weather(&[ASK, ("scope", "admin")]).await;
        assert_eq!(refused.answer.headers["cache-control"], "no-store");
    }
}

#[tokio::test]
async fn req_90_a_confidential_client_acts_for_itself_without_a_refresh_token() {
    for kit in Kit::all().await {
        let reply = kit.post_as_weather(&[ASK]).await;
        assert_eq!((reply.text("scope"), &reply.json["refresh_token"]), ("read write", &Value::Null));
        assert!(kit.is_live(reply.text("access_token")).await);
        let public = kit.post(&[ASK, ("client_id", "viewer")]).await;
        assert_eq!(public.error(), (400, "unauthorized_client"), "{}", kit.name);
    }
}

#[tokio::test]
async fn req_88_a_grant_type_or_a_scope_beyond_the_registration_is_refused() {
    let [weather, viewer] = clients();
    let weather = weather.grants([GrantType::AuthorizationCode]);
    for kit in Kit::with(&[weather, viewer], |builder| builder).await {
        assert_eq!(kit.post_as_weather(&[ASK]).await.error(), (400, "unauthorized_client"));
        for unsupported in
            ["password", "implicit", "urn:ietf:params:oauth:grant-type:device_code", "PASSWORD"]
        {
            let reply = kit.post_as_weather(&[("grant_type", unsupported)]).await;
            assert_eq!(reply.error(), (400, "unsupported_grant_type"), "{unsupported}");
        }
        assert_eq!(kit.post_as_weather(&[]).await.error(), (400, "invalid_request"));
    }
    for kit in Kit::all().await {
        for scope in ["admin", "read admin", "Read", "read\"", "réad"] {
            let reply = kit.post_as_weather(&[ASK, ("scope", scope)]).await;
            assert_eq!(reply.error(), (400, "invalid_scope"), "{scope}");
        }
    }
}

#[tokio::test]
async fn req_84_only_a_posted_form_reaches_the_endpoint() {
    for kit in Kit::all().await {
        let secret = kit.secret("weather").to_owned();
        let all = encoded(&[ASK, ("client_id", "weather"), ("client_secret", &secret)]);
        for method in ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "post"] {
            let reply = kit.send(request(method, &format!("{TOKEN_PATH}?{all}"), &[])).await;
            assert_eq!((reply.status, reply.answer.lines("allow")), (405, vec!["POST"]), "{method}");
        }
        for query in [&*all, "client_secret=x", "grant_type=client_credentials", "token=x", "%73cope=read"] {
            let reply = kit.send(form(&format!("{TOKEN_PATH}?{query}"), all.clone())).await;
            assert_eq!(reply.error(), (400, "invalid_request"), "{query}");
        }
        assert_eq!(kit.send(form(&format!("{TOKEN_PATH}?x=1"), all.clone())).await.status, 200);
        for media_type in ["application/json", "text/plain", "multipart/form-data", FORM_IN_LATIN_1] {
            let mut request = form(TOKEN_PATH, all.clone());
            request.headers_mut().insert("content-type", media_type.parse().unwrap());
            assert_eq!(kit.send(request).await.error(), (400, "invalid_request"), "{media_type}");
        }
        let mut unnamed = form(TOKEN_PATH, all.clone());
        unnamed.headers_mut().remove("content-type");
        assert_eq!(kit.send(unnamed).await.error(), (400, "invalid_request"));
        let mut packed = form(TOKEN_PATH, all.clone());
        packed.headers_mut().insert("content-encoding", "gzip".parse().unwrap());
        assert_eq!(kit.send(packed).await.error(), (400, "invalid_request"));
        let mut utf8 = form(TOKEN_PATH, all);
        utf8.headers_mut()
            .insert("content-type", "application/x-www-form-urlencoded; charset=UTF-8".parse().unwrap());
        assert_eq!(kit.send(utf8).await.status, 200);
    }
}

const FORM_IN_LATIN_1: &str = "application/x-www-form-urlencoded; charset=iso-8859-1";

/// workers-oauth-provider#207.
#[tokio::test]
async fn req_85_a_repeated_parameter_is_refused_except_resource() {
    let resources = ["https://a.example", "https://b.example"];
    let [weather, viewer] = clients();
    for kit in Kit::with(&[weather.audiences(resources), viewer], |builder| builder).await {
        for (name, value) in
            [ASK, ("scope", "read"), ("client_id", "weather"), ("code", ""), ("username", "x")]
        {
            let reply = kit.post_as_weather(&[ASK, (name, value), (name, value)]).await;
            assert_eq!(reply.error(), (400, "invalid_request"), "{name}");
        }
        let both = [("resource", resources[0]), ("resource", resources[1])];
        assert_eq!(kit.post_as_weather(&[ASK, both[0], both[1]]).await.status, 200);
        assert_eq!(kit.post_as_weather(&[ASK, ("x", "1"), ("x", "2"), ("scope", "")]).await.status, 200);
    }
}

#[tokio::test]
async fn a_body_of_a_mebibyte_is_413_and_is_not_read() {
    for kit in Kit::all().await {
        let mut body = encoded(&[ASK]);
        body.push_str("&x=");
        body.push_str(&"x".repeat(1 << 20));
        let mut announced = form(TOKEN_PATH, "");
        announced.headers_mut().insert("content-length", "1048576".parse().unwrap());
        *announced.body_mut() =
            Body::from_stream(futures_util::stream::pending::<Result<bytes::Bytes, std::io::Error>>());
        // In chunks, without a length.
        let chunk = || Ok::<_, std::io::Error>(bytes::Bytes::from_static(&[b'x'; 8_192]));
        let chunks = (0..128).map(move |_| chunk());
        let mut chunked = form(TOKEN_PATH, "");
        *chunked.body_mut() = Body::from_stream(futures_util::stream::iter(chunks));
        for request in [form(TOKEN_PATH, body), announced, chunked] {
            assert_eq!(kit.send(request).await.error(), (413, "invalid_request"), "{}", kit.name);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_does_not_end_is_408() {
    let kit = Kit::memory(&clients(), &|builder| builder);
    let mut slow = form(TOKEN_PATH, "");
    let stream = futures_util::stream::pending::<Result<bytes::Bytes, std::io::Error>>();
    *slow.body_mut() = Body::from_stream(stream);
    assert_eq!(kit.send(slow).await.error(), (408, "invalid_request"));
}

#[tokio::test]
async fn a_connection_that_is_not_secure_is_refused_before_its_body_is_read() {
    let stores = || {
        let secret = Secret::borrowed("a-secret-of-weather");
        let [weather, _] = clients();
        (MemoryGrants::new(), MemoryApplications::new().with_secret(weather, &secret))
    };
    let body = encoded(&[ASK, ("client_id", "weather"), ("client_secret", "a-secret-of-weather")]);
    let ask = async |server: &AuthorizationServer, mark: &dyn Fn(&mut http::Extensions)| {
        let mut request = form(TOKEN_PATH, body.clone());
        mark(request.extensions_mut());
        let reply = Reply::of(send(server.clone(), request).await);
        (reply.status, reply.text("error").to_owned())
    };
    let refused = (403, "https_required".to_owned());
    let peer = |address: &str| Peer(SocketAddr::new(address.parse().unwrap(), 4711));
    let server = AuthorizationServer::builder(ISSUER, stores(), transport::from_acceptor()).build().unwrap();
    assert_eq!(ask(&server, &|_| ()).await, refused);
    assert_eq!(ask(&server, &|marks| _ = marks.insert(PlainConnection)).await, refused);
    assert_eq!(ask(&server, &|marks| _ = marks.insert(peer("127.0.0.1"))).await, refused);
    assert_eq!(ask(&server, &|marks| _ = marks.insert(SecureConnection)).await.0, 200);
    // If the issuer is on the loopback, clients on the same machine need no TLS, and other clients
    // do.
    let local = AuthorizationServer::builder("http://127.0.0.1:8080", stores(), transport::from_acceptor());
    let local = local.build().unwrap();
    assert_eq!(ask(&local, &|marks| _ = marks.insert(peer("127.0.0.1"))).await.0, 200);
    assert_eq!(ask(&local, &|marks| _ = marks.insert(peer("::ffff:127.0.0.1"))).await.0, 200);
    assert_eq!(ask(&local, &|marks| _ = marks.insert(peer("192.0.2.1"))).await, refused);
    assert_eq!(ask(&local, &|_| ()).await, refused);
}

#[tokio::test]
async fn control_characters_and_invalid_utf_8_are_refused_in_every_parameter() {
    for kit in Kit::all().await {
        for name in
            ["grant_type", "scope", "code", "redirect_uri", "code_verifier", "refresh_token", "resource"]
        {
            for value in ["%00", "a%00", "%FF", "%C3", "%zz", "%0A"] {
                let body = format!("client_id=viewer&{name}={value}");
                let reply = kit.send(form(TOKEN_PATH, body)).await;
                assert_eq!(reply.error(), (400, "invalid_request"), "{name}={value}");
            }
        }
    }
}

#[tokio::test]
async fn the_router_is_merged_and_answers_only_its_paths() {
    let kit = Kit::memory(&clients(), &|builder| builder.profile(profile::USERGRID));
    let app = Router::new().route("/", route(async || "home")).merge(kit.server.router());
    let body = encoded(&[ASK, ("client_id", "weather"), ("client_secret", kit.secret("weather"))]);
    let nested = Router::new().nest("/login", kit.server.router());
    assert_eq!(send(app.clone(), get("/", &[])).await.body, "home");
    for (app, path) in [(app, TOKEN_PATH), (nested, "/login/oauth2/token")] {
        assert_eq!(send(app.clone(), form(path, body.clone())).await.status, 200);
        assert_eq!(send(app, form("/oauth2/tokens", body.clone())).await.status, 404);
    }
    assert_eq!(kit.send(form("/other", body)).await.error(), (404, "not_found"));
}

/// An application of one profile is no client at another profile's path.
#[tokio::test]
async fn a_client_is_refused_at_the_path_of_another_profile() {
    let [weather, viewer] = clients();
    let weather = weather.org("acme").app("weather");
    for kit in
        Kit::with(&[weather.profile("usergrid"), viewer], |builder| builder.profile(profile::USERGRID)).await
    {
        assert_eq!(kit.post_as_weather(&[ASK]).await.error(), (400, "unauthorized_client"));
        let secret = kit.secret("weather").to_owned();
        let body = encoded(&[ASK, ("client_id", "weather"), ("client_secret", &secret)]);
        let reply = kit.send(form("/acme/weather/token", body)).await;
        assert_eq!((reply.status, reply.text("access_token").len()), (200, 63), "{reply:?}");
    }
}

/// The path determines the client of a password log-in, and two paths never have the same client.
#[tokio::test]
async fn a_request_without_a_client_is_from_the_public_application_of_its_path_alone() {
    let app = |id: &str, org: &str, app: &str| {
        Application::public(id).org(org).app(app).grants([GrantType::Password]).profile("usergrid")
    };
    let secret = Application::confidential("acme.secret").org("acme").app("secret");
    let applications = [
        app("acme.weather", "acme", "weather"),
        app("a.b.c", "a", "b.c"),
        secret.grants([GrantType::Password]).profile("usergrid"),
    ];
    let users = ["acme", "a", "a.b"];
    let user = |org: &str| BasicUser::new(org).with_org(org);
    let start = || MemoryVerifier::builder().passwords(cheap_passwords());
    let users = || users.iter().fold(start(), |users, org| users.user(*org, PASSWORD, user(org)));
    let build = |builder: AuthorizationServerBuilder| {
        builder.profile(profile::USERGRID).users(users().build().unwrap())
    };
    for kit in Kit::with(&applications, build).await {
        for (path, user, status) in [
            ("/acme/weather/token", "acme", 200),
            ("/a/b.c/token", "a", 200),
            ("/a.b/c/token", "a.b", 400),
            ("/a.b/c/token", "a", 400),
            ("/acme/secret/token", "acme", 400),
            ("/acme/other/token", "acme", 400),
            ("/management/token", "acme", 400),
        ] {
            let body = encoded(&[("grant_type", "password"), ("username", user), ("password", PASSWORD)]);
            let reply = kit.send(form(path, body.clone())).await;
            assert_eq!(reply.status, status, "{} {path}: {reply:?}", kit.name);
            let by_query = kit.send(get(&format!("{path}?{body}"), &[])).await;
            assert_eq!(by_query.status, status, "{} {path}: {by_query:?}", kit.name);
        }
    }
}
