//! Tokens of the portal's authorization servers, from the log-in in a browser to a request.

mod browser;

use serde_json::{Value, json};

use crate::corpus_runner::portal::Portal;
use crate::{body, headers, text};
use browser::{Browser, encoded, posted};

/// Socrata's dance, and "Who am I?", in JSON and in XML.
#[tokio::test]
async fn socratas_dance_ends_with_a_token_for_its_routes() {
    let portal = Portal::start("assumed").await;
    let demo = &portal.credentials["socrata"];
    let (app, user) = (&demo["app"], &demo["user"]);
    let callback = format!("{}/auth/callback?next=map", text(&app["callback_prefix"]));
    let asked = [
        ("client_id", &*text(&app["token"])),
        ("response_type", "code"),
        ("redirect_uri", &callback),
        ("state", "xyz"),
    ];
    let location = Browser::new(&portal).allow("/oauth/authorize", &asked, user).await;
    // "If your redirect_uri contains a querystring, it will be preserved, and the code parameter
    // will be added onto the end of it."
    let added =
        location.strip_prefix(&format!("{callback}&code=")).expect("the query of the callback is kept");
    let (code, rest) = added.split_once('&').unwrap();
    assert!(rest.starts_with("state=xyz"), "{location}");
    let exchange = [
        ("client_id", &*text(&app["token"])),
        ("client_secret", &*text(&app["secret_token"])),
        ("grant_type", "authorization_code"),
        ("redirect_uri", &*callback),
        ("code", code),
    ];
    let answer = portal.ask(&format!("POST /oauth/access_token?{}", encoded(&exchange)), &[]).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let answer = answer.json().unwrap();
    assert_eq!(answer.as_object().unwrap().len(), 1, "{answer}");
    let token = [format!("Authorization: OAuth {}", text(&answer["access_token"]))];

    let account = portal.ask("GET /api/users/current.json", &token).await.json().unwrap();
    assert_eq!(account["email"], user["username"]);
    let xml = body(&portal.ask("GET /users/current.xml", &token).await);
    for (name, value) in account.as_object().unwrap() {
        let expected = match value {
            Value::Array(parts) => {
                let part = |part: &Value| format!("<{0}>{1}</{0}>", name.trim_end_matches('s'), text(part));
                parts.iter().map(part).collect()
            }
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        assert!(xml.contains(&format!("<{name}>{expected}</{name}>")), "{name} in {xml}");
    }
    assert_eq!(portal.ask("GET /resource/priv-0001.json", &token).await.status, 200);
    let whoami = portal.ask("GET /socrata/whoami", &token).await.json().unwrap();
    assert_eq!((&whoami["principal"], &whoami["id"]), (&json!("OAuthUser"), &user["username"]));
    // A token of one platform is none of another.
    let bearer = [token[0].replace("OAuth ", "Bearer ")];
    assert_eq!(portal.ask("GET /rfc6750/whoami", &bearer).await.status, 401);
}

/// "the user will be shown an error indicating as much"
#[tokio::test]
async fn a_redirect_uri_outside_the_callback_prefix_is_an_error_page() {
    let portal = Portal::start("assumed").await;
    let app = &portal.credentials["socrata"]["app"];
    for outside in ["https://client.example.evil.example/socrata-app", "https://client.example/socrata-appx"]
    {
        let asked =
            [("client_id", &*text(&app["token"])), ("response_type", "code"), ("redirect_uri", outside)];
        let page = portal.ask(&format!("GET /oauth/authorize?{}", encoded(&asked)), &[]).await;
        assert_eq!((page.status, headers(&page, "location")), (400, vec![]), "{outside}");
        assert!(headers(&page, "content-type")[0].starts_with("text/html"), "{outside}");
    }
}

#[tokio::test]
async fn opendatasofts_and_strict_clients_share_the_paths() {
    let portal = Portal::start("assumed").await;
    let demo = &portal.credentials["opendatasoft"];
    let (client, user) = (&demo["client"], &demo["user"]);
    let (id, secret) = (text(&client["id"]), text(&client["secret"]));
    let callback = text(&client["redirect_uri"]);
    let asked = [
        ("client_id", &*id),
        ("redirect_uri", &callback),
        ("response_type", "code"),
        ("scopes", "all"),
        ("state", "ilovedata"),
    ];
    let location = Browser::new(&portal).allow("/oauth2/authorize/", &asked, user).await;
    let code = location.split(['?', '&']).find_map(|part| part.strip_prefix("code=")).unwrap();
    assert_eq!(code.len(), 30, "{location}");
    let exchange = [
        ("client_id", &*id),
        ("client_secret", &secret),
        ("grant_type", "authorization_code"),
        ("code", code),
        ("scopes", "all"),
        ("redirect_uri", &callback),
        ("state", "ilovedata"),
    ];
    let answer = posted(&portal, "/oauth2/token/", &exchange, &[]).await.json().unwrap();
    assert_eq!((&answer["state"], &answer["scope"]), (&json!("ilovedata"), &json!("all")));
    let bearer = [format!("Authorization: Bearer {}", text(&answer["access_token"]))];
    let whoami = portal.ask("GET /opendatasoft/whoami", &bearer).await.json().unwrap();
    assert_eq!((&whoami["id"], &whoami["scopes"]), (&user["username"], &json!(["all"])));

    // A strict client has to send a challenge.
    let public = &demo["public_client"];
    let asked = [
        ("client_id", &*text(&public["id"])),
        ("redirect_uri", "http://127.0.0.1:50000/callback"),
        ("response_type", "code"),
    ];
    let refused = portal.ask(&format!("GET /oauth2/authorize/?{}", encoded(&asked)), &[]).await;
    let location = headers(&refused, "location");
    assert_eq!(refused.status, 303, "{refused:?}");
    assert!(location[0].contains("error=invalid_request"), "{location:?}");
}

/// "After logging in the user is given a one-time code they may exchange for a valid access token."
#[tokio::test]
async fn geodatahubs_page_gives_a_code_for_three_tokens_that_end_together() {
    let portal = Portal::start("assumed").await;
    let demo = &portal.credentials["geodatahub"];
    let (client, user) = (text(&demo["client_id"]), &demo["user"]);
    let asked = [("client_id", &*client), ("response_type", "code")];
    let page = Browser::new(&portal).shown("/geodatahub/oauth2/authorize", &asked, user).await;
    let is_uuid = |text: &&str| text.len() == 36 && text.matches('-').count() == 4;
    let code = page.split(|character: char| character != '-' && !character.is_ascii_hexdigit());
    let code = code.clone().find(is_uuid).unwrap_or_else(|| panic!("a code in {page}"));
    let exchange = [("grant_type", "authorization_code"), ("client_id", &*client), ("code", code)];
    let with_alias = [&exchange[..], &[("redirection_uri", "")]].concat();
    let answer = posted(&portal, "/geodatahub/oauth2/token", &with_alias, &[]).await.json().unwrap();
    let status = async |name: &str| {
        let line = [format!("Authorization: {}", text(&answer[name]))];
        let whoami = portal.ask("GET /geodatahub/whoami", &line).await;
        if whoami.status == 200 {
            assert_eq!(whoami.json().unwrap()["id"], user["sub"], "{name}");
        }
        whoami.status
    };
    assert_eq!([status("id_token").await, status("access_token").await], [200, 200]);
    let refresh = [
        ("grant_type", "refresh_token"),
        ("client_id", &*client),
        ("refresh_token", &*text(&answer["refresh_token"])),
    ];
    let renewed = posted(&portal, "/geodatahub/oauth2/token", &refresh, &[]).await;
    assert_eq!(renewed.status, 200, "{renewed:?}");
    let token = text(&renewed.json().unwrap()["refresh_token"]);
    let revoke = [("client_id", &*client), ("token", &token)];
    assert_eq!(posted(&portal, "/geodatahub/oauth2/revoke", &revoke, &[]).await.status, 200);
    assert_eq!([status("id_token").await, status("access_token").await], [401, 401]);
}

/// Two servers have metadata, each at the path of its issuer.
#[tokio::test]
async fn metadata_names_only_endpoints_that_exist() {
    let portal = Portal::start("assumed").await;
    let origin = portal.origin.clone();
    for below in ["", "/geodatahub"] {
        let path = format!("/.well-known/oauth-authorization-server{below}");
        let metadata = portal.ask(&format!("GET {path}"), &[]).await.json().unwrap();
        assert_eq!(metadata["issuer"], format!("{origin}{below}"));
        let names = metadata.as_object().unwrap().iter();
        let urls = names.filter(|(name, _)| name.ends_with("_endpoint") || *name == "jwks_uri");
        let mut number = 0;
        for (name, url) in urls {
            let path = text(url).strip_prefix(&format!("{origin}{below}/")).unwrap().to_owned();
            let answer = portal.ask(&format!("GET {below}/{path}"), &[]).await;
            assert_ne!(answer.status, 404, "{name}");
            number += 1;
        }
        assert!(number >= 4, "{metadata}");
        assert_eq!(metadata["authorization_response_iss_parameter_supported"], true);
    }
}
