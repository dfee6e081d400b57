//! The introspection endpoint (RFC 7662).

use std::sync::Arc;

use bytes::Bytes;
use http_body_util::BodyExt as _;
use serde_json::json;
use tower::ServiceExt as _;
use tower_principal::fetch::{Fetch, FetchError};
use tower_principal::verify::Introspection;
use tower_principal::{Credential, Principal, PrincipalKind, Verifier as _, VerifyContext};

use super::*;

const PATH: &str = "/oauth2/introspect";
const API: &str = "https://api.example";
const INACTIVE: &str = "{\"active\":false}";

/// The clients of most tests, and the services `api` and `other`.
fn with_services() -> Vec<Application> {
    let api = Application::confidential("api").serves([API]);
    let other = Application::confidential("other").serves(["https://other.example"]);
    clients().into_iter().chain([api, other]).collect()
}

async fn kits() -> Vec<Kit> {
    Kit::with(&with_services(), |builder| {
        let builder = builder.resource(API, ["read"]);
        builder.resource("https://other.example", ["read"])
    })
    .await
}

async fn introspect(kit: &Kit, client: &str, token: &str, more: &[(&str, &str)]) -> Reply {
    let mut request = form(PATH, encoded(&[&[("token", token)], more].concat()));
    let line = basic(client, kit.secret(client));
    request.headers_mut().insert("authorization", line.parse().unwrap());
    kit.send(request).await
}

/// Tokens of alice for `viewer`, for the API.
async fn for_api(kit: &Kit) -> Tokens {
    let offer = CodeOffer::new("viewer", "alice").audience([API]).scopes(["read"]);
    kit.redeem(&kit.code_of(offer).await).await.tokens()
}

#[tokio::test]
async fn req_99_a_token_in_force_is_described_to_its_service_and_its_client() {
    for kit in kits().await {
        let tokens = for_api(&kit).await;
        let grant = kit.grant_of(&tokens.access).await.unwrap();
        let expected = json!({
            "active": true, "iss": ISSUER, "client_id": "viewer", "sub": "alice", "username": "alice",
            "scope": "read", "aud": [API], "iat": 1_700_000_000, "exp": 1_700_003_600,
            "token_type": "Bearer", "sid": grant.id.as_str(),
        });
        for hint in ["", "access_token", "refresh_token", "x"] {
            let reply = introspect(&kit, "api", &tokens.access, &[("token_type_hint", hint)]).await;
            assert_eq!((reply.status, &reply.json), (200, &expected), "{} {hint}", kit.name);
            assert_eq!(reply.header("cache-control"), Some("no-store"));
        }
        // A client that acts for itself, with its own token.
        let own = kit.post_as_weather(&[("grant_type", "client_credentials")]).await;
        let own = introspect(&kit, "weather", own.text("access_token"), &[]).await;
        assert_eq!((own.text("sub"), own.text("client_id")), ("weather", "weather"));
        assert_eq!((&own.json["username"], &own.json["aud"]), (&Value::Null, &Value::Null));
    }
}

/// Of the two access tokens of a grant each has its own time. A refresh token that is kept over
/// several refreshes has none that the store knows.
#[tokio::test]
async fn iat_is_the_time_at_which_that_access_token_was_issued() {
    for kit in kits().await {
        let code = kit.code_of(CodeOffer::new("viewer", "alice").audience([API]).scopes(["read"])).await;
        kit.clock.pass(Duration::from_secs(5));
        let mut tokens = vec![kit.redeem(&code).await.tokens()];
        for _ in 0..2 {
            kit.clock.pass(Duration::from_secs(100));
            let last = tokens.last().unwrap().refresh.clone();
            tokens.push(kit.refresh(&last).await.tokens());
        }
        for (token, at) in tokens.iter().zip([None, Some(1_700_000_105), Some(1_700_000_205)]) {
            let reply = introspect(&kit, "api", &token.access, &[]).await;
            assert_eq!(reply.json["iat"].as_u64(), at, "{} {:?}", kit.name, reply.json);
            assert_eq!(reply.json["active"], at.is_some(), "{}", kit.name);
        }
        let own = kit.post_as_weather(&[("grant_type", "client_credentials")]).await;
        let own = introspect(&kit, "weather", own.text("access_token"), &[]).await;
        assert_eq!(own.json["iat"], 1_700_000_205, "{}", kit.name);
    }
}

#[tokio::test]
async fn req_99_every_other_token_gets_the_same_bytes() {
    for kit in kits().await {
        let revoked = for_api(&kit).await;
        let reused = for_api(&kit).await;
        let expired = for_api(&kit).await;
        kit.clock.pass(Duration::from_secs(3_600));
        let live = for_api(&kit).await;
        let revoke = encoded(&[("client_id", "viewer"), ("token", &*revoked.access)]);
        assert_eq!(kit.send(form("/oauth2/revoke", revoke)).await.status, 200);
        assert_eq!(kit.refresh(&reused.refresh).await.status, 200);
        kit.clock.pass(Duration::from_secs(11));
        assert_eq!(kit.refresh(&reused.refresh).await.status, 400);
        let code = kit.code().await;
        let (start, end) = live.access.split_at(live.access.len() - 1);
        let unknown = format!("{start}{}", if end == "x" { "y" } else { "x" });
        for (what, client, token) in [
            ("unknown", "api", &*unknown),
            ("garbage", "api", "x"),
            ("not a JWT of ours", "api", "e30.e30.e30"),
            ("revoked", "api", &revoked.access),
            ("expired", "api", &expired.access),
            ("of a family that ended", "api", &reused.access),
            ("a code", "api", &code),
            ("a refresh token, for a service", "api", &live.refresh),
            ("another service's", "other", &live.access),
            ("another client's", "weather", &live.access),
            ("another client's refresh token", "weather", &live.refresh),
        ] {
            for hint in ["access_token", "refresh_token"] {
                let reply = introspect(&kit, client, token, &[("token_type_hint", hint)]).await;
                assert_eq!((reply.status, &*reply.answer.body), (200, INACTIVE), "{} {what}", kit.name);
            }
        }
        assert_eq!(introspect(&kit, "api", &live.access, &[]).await.json["active"], true);
    }
}

/// A disabled user's tokens, and those of a client that is gone.
#[tokio::test]
async fn req_99_a_token_ends_with_its_user_and_its_client() {
    for kit in kits().await {
        let Some(database) = &kit.database else { continue };
        let tokens = for_api(&kit).await;
        assert_eq!(introspect(&kit, "api", &tokens.access, &[]).await.json["active"], true);
        database.store().users().disable("alice").await.unwrap();
        assert_eq!(introspect(&kit, "api", &tokens.access, &[]).await.answer.body, INACTIVE);
        database.store().users().enable("alice").await.unwrap();
        database.store().applications().delete("viewer").await.unwrap();
        assert_eq!(introspect(&kit, "api", &tokens.access, &[]).await.answer.body, INACTIVE);
        database.close().await;
        let reply = introspect(&kit, "api", &tokens.access, &[]).await;
        assert_eq!(reply.error(), (503, "temporarily_unavailable"), "an outage is not inactive");
    }
}

#[tokio::test]
async fn req_99_a_caller_that_is_not_authenticated_learns_nothing() {
    for kit in kits().await {
        let tokens = for_api(&kit).await;
        let token = ("token", &*tokens.access);
        let secret = kit.secret("api");
        for (parameters, expected) in [
            (vec![token], (401, "invalid_client")),
            (vec![token, ("client_id", "api")], (401, "invalid_client")),
            (vec![token, ("client_id", "api"), ("client_secret", "wrong")], (401, "invalid_client")),
            // A public client is named and not authenticated, also if the token is its own.
            (vec![token, ("client_id", "viewer")], (401, "invalid_client")),
            (vec![token, ("client_id", "viewer"), ("client_secret", secret)], (401, "invalid_client")),
            (vec![("client_id", "api"), ("client_secret", secret)], (400, "invalid_request")),
        ] {
            let reply = kit.send(form(PATH, encoded(&parameters))).await;
            assert_eq!(reply.error(), expected, "{} {parameters:?}", kit.name);
            assert_eq!(reply.header("www-authenticate").is_some(), expected.0 == 401);
        }
        let get = Request::get(PATH).body(Body::empty()).unwrap();
        assert_eq!(kit.send(get).await.status, 405);
    }
}

#[tokio::test]
async fn a_client_sees_its_own_refresh_token_until_it_is_used() {
    let all = with_services();
    for kit in Kit::with(&all, |builder| builder).await {
        let offer = CodeOffer::new("weather", "alice");
        let code = kit.code_of(offer).await;
        let redeem = [
            ("grant_type", "authorization_code"),
            ("code", &*code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ];
        let first = kit.post_as_weather(&redeem).await.tokens();
        for hint in ["access_token", "refresh_token", ""] {
            let shown = introspect(&kit, "weather", &first.refresh, &[("token_type_hint", hint)]).await;
            assert_eq!((&shown.json["active"], shown.text("sub")), (&json!(true), "alice"), "{}", kit.name);
            assert_eq!(shown.json["exp"], 1_700_000_000 + 30 * 24 * 3_600);
            assert_eq!(shown.json["token_type"], Value::Null, "a refresh token is no bearer token");
        }
        let renew = [("grant_type", "refresh_token"), ("refresh_token", &*first.refresh)];
        let second = kit.post_as_weather(&renew).await.tokens();
        assert_eq!(introspect(&kit, "weather", &first.refresh, &[]).await.answer.body, INACTIVE);
        assert_eq!(introspect(&kit, "weather", &second.refresh, &[]).await.json["active"], true);
    }
}

/// casdoor#5744, mcp-security#31: number 21.
#[tokio::test]
async fn the_audience_survives_every_refresh() {
    for kit in kits().await {
        let mut tokens = for_api(&kit).await;
        for _ in 0..4 {
            tokens = kit.refresh(&tokens.refresh).await.tokens();
            let shown = introspect(&kit, "api", &tokens.access, &[]).await;
            assert_eq!(shown.json["aud"], json!([API]), "{}", kit.name);
            assert_eq!(introspect(&kit, "other", &tokens.access, &[]).await.answer.body, INACTIVE);
        }
    }
}

/// product-is#10401, esignet#2262, workers#148, SAS#1152: number 24.
#[tokio::test]
async fn req_79_the_tokens_of_a_code_that_is_used_twice_are_inactive_and_refused() {
    for kit in kits().await {
        let code = kit.code().await;
        let tokens = kit.redeem(&code).await.tokens();
        assert_eq!(
            introspect(&kit, "api", &tokens.access, &[]).await.json["active"],
            true,
            "for any service"
        );
        assert_eq!(kit.redeem(&code).await.error(), (400, "invalid_grant"));
        assert_eq!(introspect(&kit, "api", &tokens.access, &[]).await.answer.body, INACTIVE, "{}", kit.name);
        assert!(!kit.is_live(&tokens.access).await, "at the resource server");
    }
}

/// The server as a resource server reaches it.
struct Connection(AuthorizationServer);

impl Fetch for Connection {
    async fn fetch(&self, request: Request<Bytes>, _: usize) -> Result<http::Response<Bytes>, FetchError> {
        let response = self.0.clone().oneshot(request.map(Body::from)).await.unwrap();
        let (parts, body) = response.into_parts();
        Ok(http::Response::from_parts(parts, body.collect().await.unwrap().to_bytes()))
    }
}

#[tokio::test]
async fn req_99_the_crates_own_verifier_reads_the_answer() {
    for kit in kits().await {
        let connection = Connection(kit.server.clone());
        let secret = kit.secret("api").to_owned();
        let verifier = Introspection::builder(format!("{ISSUER}{PATH}"), connection)
            .client("api", &secret)
            .audience(API)
            .clock(kit.clock.clone())
            .build()
            .unwrap();
        let verifier = Arc::new(verifier);
        let ask = async |text: &str| -> Option<Principal> {
            let credential = Credential::AccessToken(Secret::borrowed(text));
            verifier.verify(&credential, &VerifyContext::default()).await.ok()
        };
        let tokens = for_api(&kit).await;
        let alice = ask(&tokens.access).await.unwrap();
        assert_eq!((alice.kind(), alice.id()), (PrincipalKind::OAuthUser, Some("alice")), "{}", kit.name);
        assert!(alice.scopes().contains("read") && alice.expires_at().is_some());
        let own = [("grant_type", "client_credentials"), ("resource", API)];
        let own = kit.post_as_weather(&own).await.text("access_token").to_owned();
        match ask(&own).await.unwrap() {
            Principal::OAuthUser(client) => assert!(client.is_client(), "{}", kit.name),
            other => panic!("{other:?}"),
        }
        // A user who has the name of the client is no client.
        let offer = CodeOffer::new("viewer", "viewer").audience([API]);
        let named_alike = kit.redeem(&kit.code_of(offer).await).await.tokens();
        match ask(&named_alike.access).await.unwrap() {
            Principal::OAuthUser(user) => {
                assert_eq!(user.id(), "viewer", "{}", kit.name);
            }
            other => panic!("{other:?}"),
        }
        assert!(ask(&tokens.refresh).await.is_none());
        let revoke = encoded(&[("client_id", "viewer"), ("token", &*tokens.refresh)]);
        assert_eq!(kit.send(form("/oauth2/revoke", revoke)).await.status, 200);
        assert!(ask(&tokens.access).await.is_none(), "{}", kit.name);
    }
}
