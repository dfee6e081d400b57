//! Usergrid's token endpoints, with the values of its document and its source.

use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{Method, Request};
use serde_json::json;
use tower_principal::grant::{Application, GrantType, Lifetime, Lifetimes};
use tower_principal::server::profile::USERGRID;
use tower_principal::verify::MemoryVerifier;
use tower_principal::{BasicUser, PrincipalKind};

use super::{Kit, Reply, encoded};
use crate::sql::{Hand, Short, ask, token, who};
use crate::support::*;

const NOW: u64 = 1_700_000_000_000;
const WEEK: u64 = 7 * 24 * 3_600;
const UUID: &str = "5b1f0a6e-2f63-4c0b-9a55-6f0d5c1f8e21";
const ORG_CLIENT: &str = "b3U68vghI6FmEeKn9wLoGtzz0A";
const APP_CLIENT: &str = "YXA68vghI6FmEeKn9wLoGtzz0A";
/// The UUID of both client ids, as Usergrid's document has it.
const UUID_OF_CLIENT: &str = "f2f82123-a166-11e2-a7f7-02e81adcf3d0";
const REFUSED: &str = r#"{"error":"invalid_grant","error_description":"invalid username or password"}"#;

fn place(org: &str, app: &str) -> Application {
    Application::public(format!("{org}.{app}")).org(org).app(app).grants([GrantType::Password])
}

fn applications() -> Vec<Application> {
    let itself = [GrantType::ClientCredentials];
    let brief = Lifetimes { access: Some(Lifetime::seconds(3_600)), ..Lifetimes::default() };
    let endless = Lifetimes { access: Some(Lifetime::Unlimited), ..Lifetimes::default() };
    vec![
        place("acme", "weather"),
        place("acme", "brief").lifetimes(brief),
        place("acme", "endless").lifetimes(endless),
        place("umbrella", "weather"),
        Application::public("management").grants([GrantType::Password]),
        Application::confidential(ORG_CLIENT).org("acme").grants(itself),
        Application::confidential(APP_CLIENT).org("acme").app("weather").grants(itself),
    ]
}

/// Users of an organization, of one application of it, and of none.
fn users() -> MemoryVerifier {
    let user = BasicUser::new;
    let builder = MemoryVerifier::builder().passwords(cheap_passwords());
    let builder = builder.user("wendy", PASSWORD, user("wendy").with_uuid(UUID).with_org("acme"));
    let builder = builder.user("willy", PASSWORD, user("willy").with_org("acme").with_app("weather"));
    builder.user("alice", PASSWORD, BasicUser::new("alice")).build().unwrap()
}

async fn kits() -> Vec<Kit> {
    let clock = Hand::at(NOW);
    Kit::with(&applications(), |builder| builder.only(USERGRID).users(users()).clock(clock.clone())).await
}

impl Kit {
    /// Posts JSON without a media type, as the vendor's Python client does.
    async fn post_json(&self, path: &str, body: &serde_json::Value) -> Reply {
        self.send(Request::post(path).body(Body::from(body.to_string())).unwrap()).await
    }

    /// Logs a user in at an application.
    async fn user(&self, name: &str, path: &str) -> Reply {
        let body = json!({ "grant_type": "password", "username": name, "password": PASSWORD });
        self.post_json(path, &body).await
    }

    /// Asks for a lifetime in the query.
    async fn lasting(&self, app: &str, ttl: &str) -> Reply {
        let query = [("grant_type", "password"), ("username", "wendy"), ("password", PASSWORD), ("ttl", ttl)];
        let path = format!("/acme/{app}/token?{}", encoded(&query));
        self.send(Request::get(path).body(Body::empty()).unwrap()).await
    }
}

#[track_caller]
fn access(reply: &Reply) -> &str {
    assert_eq!(reply.status, 200, "{reply:?}");
    reply.text("access_token")
}

/// 63 characters: a version 1 UUID of the time, the end in milliseconds, and 160 bits. The answer
/// has Usergrid's members and no others.
#[tokio::test]
async fn a_user_gets_a_token_in_usergrids_shape_with_its_end() {
    for kit in kits().await {
        let reply = kit.user("wendy", "/acme/weather/token").await;
        let text = access(&reply);
        assert_eq!((text.len(), &text[..4]), (63, "YWMt"));
        let bytes = URL_SAFE_NO_PAD.decode(&text[4..]).unwrap();
        assert_eq!((bytes.len(), bytes[6] >> 4), (44, 1), "a UUID of version 1");
        assert_eq!(bytes[16..24], (NOW + 1_000 * WEEK).to_be_bytes());
        let user = json!({ "uuid": UUID, "type": "user", "username": "wendy" });
        let expected = json!({ "access_token": text, "expires_in": WEEK, "user": user });
        assert_eq!(reply.json, expected, "{}", kit.name);
        assert_eq!(reply.answer.headers["cache-control"], "no-store");
        let grant = kit.grant_of(text).await.unwrap();
        assert_eq!((grant.user.as_deref(), grant.uuid.as_deref()), (Some("wendy"), Some(UUID)));
        assert_eq!((grant.org.as_deref(), grant.app.as_deref()), (Some("acme"), Some("weather")));
        assert!(!grant.has_refresh);
    }
}

/// A body that starts with a brace is JSON, whatever its media type.
#[tokio::test]
async fn parameters_are_read_from_the_query_a_form_and_json_whatever_the_content_type() {
    let parameters = [("grant_type", "password"), ("username", "wendy"), ("password", PASSWORD)];
    let form = encoded(&parameters);
    let json = json!({ "grant_type": "password", "username": "wendy", "password": PASSWORD }).to_string();
    let halves = (encoded(&parameters[..2]), json!({ "password": PASSWORD }).to_string());
    for kit in kits().await {
        for media in
            [None, Some("application/x-www-form-urlencoded"), Some("application/json"), Some("text/plain")]
        {
            for (method, query, body) in [
                (Method::GET, &*form, ""),
                (Method::GET, &form, "{}"),
                (Method::POST, &form, ""),
                (Method::POST, "", &*form),
                (Method::POST, "", &json),
                (Method::POST, "", &format!("\r\n {json}")),
                (Method::POST, &halves.0, &halves.1),
            ] {
                let request = Request::builder().method(&method).uri(format!("/acme/weather/token?{query}"));
                let request = match media {
                    Some(media) => request.header("content-type", media),
                    None => request,
                };
                let reply = kit.send(request.body(Body::from(body.to_owned())).unwrap()).await;
                assert_eq!(reply.status, 200, "{} {method} {media:?} {query} {body} {reply:?}", kit.name);
            }
        }
        let twice =
            Request::post(format!("/acme/weather/token?{form}")).body(Body::from(json.clone())).unwrap();
        assert_eq!(kit.send(twice).await.error(), (400, "invalid_request"));
    }
}

/// `ttl` counts milliseconds and `expires_in` seconds. 0 asks for the maximum, which is the
/// application's own or 7 days.
#[tokio::test]
async fn a_ttl_is_bounded_by_the_applications_maximum() {
    for kit in kits().await {
        for (app, ttl, expected) in [
            ("weather", "", WEEK),
            ("weather", "0", WEEK),
            ("weather", "00", WEEK),
            ("weather", "604800000", WEEK),
            ("weather", "3600000", 3_600),
            ("weather", "1999", 1),
            ("weather", "1", 0),
            ("brief", "0", 3_600),
            ("brief", "3600000", 3_600),
            ("brief", "60000", 60),
            ("endless", "60000", 60),
        ] {
            let reply = kit.lasting(app, ttl).await;
            assert_eq!(reply.json["expires_in"], json!(expected), "{} {app} {ttl} {reply:?}", kit.name);
            assert_eq!(access(&reply).len(), 63);
        }
        for ttl in ["", "0"] {
            let reply = kit.lasting("endless", ttl).await;
            assert_eq!((access(&reply).len(), reply.json.get("expires_in")), (52, None));
        }
        for (app, maximum) in [("weather", 1_000 * WEEK), ("brief", 3_600_000)] {
            for ttl in [&*(maximum + 1).to_string(), "99999999999999999999999999"] {
                let reply = kit.lasting(app, ttl).await;
                let description =
                    format!("Your token age cannot be more than the maximum age of {maximum} milliseconds");
                let expected = json!({
                    "error": "illegal_argument", "exception": "java.lang.IllegalArgumentException",
                    "error_description": description,
                });
                assert_eq!((reply.status, reply.json), (400, expected), "{} {app} {ttl}", kit.name);
            }
        }
        for ttl in ["x", "-1", "+1", "1.5", "1e3", " 1", "0x10"] {
            let reply = kit.lasting("weather", ttl).await;
            assert_eq!(reply.error(), (400, "illegal_argument"), "{ttl}");
            assert_eq!(reply.text("error_description"), "ttl must be a number >= 0");
        }
        let number =
            json!({ "grant_type": "password", "username": "wendy", "password": PASSWORD, "ttl": 60_000 });
        let reply = kit.post_json("/acme/weather/token", &number).await;
        assert_eq!(reply.json["expires_in"], 60);
    }
}

/// A token ends when its `ttl` is over, by the store's clock.
#[tokio::test]
async fn a_token_ends_with_its_ttl() {
    for kit in kits().await {
        let (short, long) = (kit.lasting("weather", "60000").await, kit.lasting("weather", "").await);
        kit.clock.pass(std::time::Duration::from_secs(60));
        assert!(!kit.is_live(access(&short)).await && kit.is_live(access(&long)).await, "{}", kit.name);
    }
}

#[tokio::test]
async fn a_client_gets_a_token_for_its_organization_or_its_application() {
    for kit in kits().await {
        let organization = json!({ "uuid": UUID_OF_CLIENT, "name": "acme" });
        for (client, path, member, value, kind) in [
            (ORG_CLIENT, "/management/token", "organization", organization.clone(), PrincipalKind::OrgAdmin),
            (ORG_CLIENT, "/acme/weather/token", "organization", organization, PrincipalKind::OrgAdmin),
            (
                APP_CLIENT,
                "/acme/weather/token",
                "application",
                json!(UUID_OF_CLIENT),
                PrincipalKind::AppAdmin,
            ),
            (APP_CLIENT, "/management/token", "application", json!(UUID_OF_CLIENT), PrincipalKind::AppAdmin),
        ] {
            let secret = kit.secret(client);
            let asked = json!({ "grant_type": "client_credentials" });
            let with_secret =
                json!({ "grant_type": "client_credentials", "client_id": client, "client_secret": secret });
            let query = encoded(&[("client_id", client), ("client_secret", secret)]);
            let mut basic_request = Request::post(path).body(Body::from(asked.to_string())).unwrap();
            basic_request.headers_mut().insert("authorization", basic(client, secret).parse().unwrap());
            for reply in [
                kit.post_json(path, &with_secret).await,
                kit.post_json(&format!("{path}?{query}"), &asked).await,
                kit.send(basic_request).await,
            ] {
                let expected = json!({ "access_token": access(&reply), "expires_in": WEEK, member: value });
                assert_eq!(reply.json, expected, "{} {client} {path}", kit.name);
                if let Some(database) = &kit.database {
                    let principal = who(database, &token(access(&reply))).await;
                    assert_eq!((principal.kind(), principal.id()), (kind, Some(client)));
                }
            }
        }
    }
}

/// The text of every refusal of the endpoint itself is the same, whatever was wrong.
#[tokio::test]
async fn every_refused_log_in_is_one_answer() {
    for kit in kits().await {
        let secret = kit.secret(ORG_CLIENT);
        let user = |name: &str, password: &str| json!({ "grant_type": "password", "username": name, "password": password });
        let client = |id: &str, secret: &str| json!({ "grant_type": "client_credentials", "client_id": id, "client_secret": secret });
        for (path, body) in [
            ("/acme/weather/token", user("wendy", "wrong")),
            ("/acme/weather/token", user("nobody", PASSWORD)),
            ("/acme/weather/token", user("wendy", "")),
            ("/acme/weather/token", json!({ "grant_type": "password", "username": "wendy" })),
            ("/acme/weather/token", json!({ "username": "wendy", "password": PASSWORD })),
            ("/acme/weather/token", json!({})),
            ("/acme/weather/token", json!({ "grant_type": "refresh_token", "refresh_token": "x" })),
            ("/acme/weather/token", json!({ "grant_type": "authorization_code", "code": "x" })),
            ("/acme/weather/token", json!({ "grant_type": "magic" })),
            ("/acme/weather/token", json!({ "grant_type": "client_credentials" })),
            ("/acme/weather/token", client(ORG_CLIENT, "wrong")),
            ("/acme/weather/token", client(APP_CLIENT, secret)),
            ("/acme/weather/token", client("b3U6AAAAAAAAAAAAAAAAAAAAAA", secret)),
            // A user of another organization, of another application, or of none.
            ("/umbrella/weather/token", user("wendy", PASSWORD)),
            ("/acme/brief/token", user("willy", PASSWORD)),
            ("/acme/weather/token", user("alice", PASSWORD)),
            // A client of another organization or application.
            ("/umbrella/weather/token", client(ORG_CLIENT, secret)),
            ("/acme/brief/token", client(APP_CLIENT, kit.secret(APP_CLIENT))),
            // An application that does not exist.
            ("/acme/none/token", user("wendy", PASSWORD)),
        ] {
            let reply = kit.post_json(path, &body).await;
            assert_eq!((reply.status, &*reply.answer.body), (400, REFUSED), "{} {path} {body}", kit.name);
        }
    }
}

/// Usergrid's filters refuse wrong client credentials in the query and in `Basic` before the
/// endpoint does.
#[tokio::test]
async fn wrong_client_credentials_in_the_query_or_in_basic_are_401() {
    let exception = "org.apache.usergrid.rest.exceptions.SecurityException";
    for kit in kits().await {
        let body = json!({ "grant_type": "client_credentials" });
        let query = encoded(&[("client_id", ORG_CLIENT), ("client_secret", "wrong")]);
        let reply = kit.post_json(&format!("/acme/weather/token?{query}"), &body).await;
        let expected = json!({
            "error": "invalid_client", "exception": exception,
            "error_description": "Unable to authenticate (OAuth)",
        });
        assert_eq!((reply.status, reply.json), (401, expected), "{}", kit.name);
        let mut request = Request::post("/acme/weather/token").body(Body::from(body.to_string())).unwrap();
        request.headers_mut().insert("authorization", basic(ORG_CLIENT, "wrong").parse().unwrap());
        let reply = kit.send(request).await;
        let expected = json!({
            "error": "auth_invalid_credentials", "exception": exception,
            "error_description": "Unable to authenticate due to invalid client credentials",
        });
        assert_eq!((reply.status, reply.json), (401, expected), "{}", kit.name);
    }
}

/// `a.b` and `c` imply the same id as `a` and `b.c`; only the registered place is the client.
#[tokio::test]
async fn a_path_that_implies_the_id_of_another_place_is_refused() {
    let [mut dotted, mut placeless] = ["x.y.z", "x.y"].map(Application::public);
    dotted = dotted.org("x").app("y.z").grants([GrantType::Password]);
    placeless = placeless.org("x").grants([GrantType::Password]);
    let user = || BasicUser::new("wendy").with_org("x");
    let users = || MemoryVerifier::builder().passwords(cheap_passwords()).user("wendy", PASSWORD, user());
    let build = |builder: tower_principal::server::AuthorizationServerBuilder| {
        builder.only(USERGRID).users(users().build().unwrap())
    };
    for kit in Kit::with(&[dotted, placeless], build).await {
        assert_eq!(kit.user("wendy", "/x/y.z/token").await.status, 200, "{}", kit.name);
        for path in ["/x.y/z/token", "/x/y/token"] {
            assert_eq!(kit.user("wendy", path).await.answer.body, REFUSED, "{} {path}", kit.name);
        }
    }
}

#[tokio::test]
async fn a_token_ends_with_the_place_of_its_log_in_and_with_its_user() {
    for kit in kits().await {
        let Some(database) = &kit.database else { continue };
        let store = database.store();
        for name in ["wendy", "willy"] {
            store
                .users()
                .create(name, tower_principal::Secret::borrowed(PASSWORD), Default::default())
                .await
                .unwrap();
        }
        let [first, second, other] = [
            kit.user("wendy", "/acme/weather/token").await,
            kit.user("wendy", "/acme/brief/token").await,
            kit.user("willy", "/acme/weather/token").await,
        ];
        let live = async |reply: &Reply| {
            ask(database, &token(access(reply))).await == Short::Is(PrincipalKind::OAuthUser)
        };
        assert!(live(&first).await && live(&second).await && live(&other).await, "{}", kit.name);
        store.applications().disable("acme.brief").await.unwrap();
        assert!(live(&first).await && !live(&second).await && live(&other).await);
        assert_eq!(kit.user("wendy", "/acme/brief/token").await.answer.body, REFUSED);
        // All tokens of a user at once, as `revoketokens` does.
        assert!(store.access_tokens().revoke_all_of("wendy").await.unwrap() >= 1);
        assert!(!live(&first).await && live(&other).await);
        assert!(live(&kit.user("wendy", "/acme/weather/token").await).await, "the next log-in works");
    }
}

/// Without a password log-in at the management endpoint, its place is not registered.
#[tokio::test]
async fn a_user_of_an_organization_logs_in_at_the_management_endpoint() {
    for kit in kits().await {
        let reply = kit.user("wendy", "/management/token").await;
        let grant = kit.grant_of(access(&reply)).await.unwrap();
        assert_eq!((grant.org.as_deref(), grant.app), (Some("acme"), None), "{}", kit.name);
        assert_eq!(reply.json["user"]["username"], "wendy");
    }
}
