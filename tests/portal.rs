//! The demo portal's routes other than those of the platforms, tested on the portal itself.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

#[allow(dead_code, reason = "the corpus needs more of it")]
mod corpus_runner;
mod portal_app;
mod portal_data;
mod portal_database;
mod portal_home;
mod portal_issuing;
mod portal_start;

use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tower_principal::verify::TokenUse;
use tower_principal::verify::{JwtVerifier, KeySet};
use tower_principal::{Credential, Principal, Secret, Verifier as _, VerifyContext};

use corpus_runner::portal::Portal;
use corpus_runner::wire::Answer;

const METADATA: &str = "/.well-known/oauth-protected-resource";

/// The steps of a client of the Model Context Protocol that has only a URL (RFC 9728 section 5).
#[tokio::test]
async fn req_24_a_refusal_leads_to_the_issuer_of_tokens() {
    let portal = Portal::start("assumed").await;
    let origin = &portal.origin;
    let unknown = "Authorization: Bearer 000000000000000000000000000000".to_owned();
    let token = text(&portal.credentials["opendatasoft"]["narrow_access_token"]["token"]);
    let narrow = format!("Authorization: Bearer {token}");
    for (request, lines, status) in [
        ("GET /rfc6750/whoami", vec![], 401),
        ("GET /rfc6750/whoami", vec![unknown.clone()], 401),
        ("GET /rfc6750/whoami", vec!["Authorization: Bearer a b".to_owned()], 400),
        ("GET /rfc6750/scoped", vec![narrow], 403),
        ("GET /any/protected", vec![], 401),
        ("GET /any/whoami", vec![unknown], 401),
        ("GET /api/end/point", vec![], 401),
        ("GET /api/explore/v2.1/catalog/datasets", vec![], 401),
    ] {
        let refusal = portal.ask(request, &lines).await;
        assert_eq!(refusal.status, status, "{request}");
        let challenges = headers(&refusal, "www-authenticate");
        let bearer = challenges.iter().find(|line| line.starts_with("Bearer ")).unwrap();
        let url = bearer.split("resource_metadata=\"").nth(1).unwrap().split('"').next().unwrap();
        let path = url.strip_prefix(origin.as_str()).expect("the document has the address of the resource");
        let document = portal.ask(&format!("GET {path}"), &[]).await;
        assert_eq!(document.status, 200, "{request}");
        let expected = json!({
            "resource": origin,
            "authorization_servers": [origin],
            "bearer_methods_supported": ["body", "header", "query"],
            "scopes_supported": ["all"],
        });
        assert_eq!(document.json().unwrap(), expected);
    }
    // Platforms that issue their tokens in another way do not name the metadata.
    for request in ["GET /acme/weather/whoami", "GET /geodatahub/whoami", "GET /users/current.xml"] {
        let challenges = headers(&portal.ask(request, &[]).await, "www-authenticate");
        assert!(!challenges.iter().any(|line| line.contains("metadata")), "{request}");
    }
}

#[tokio::test]
async fn failures_are_counted_by_the_client_that_a_proxy_names() {
    let portal = Portal::start_with(&["--trust-proxy", "127.0.0.0/8"]).await;
    let user = &portal.credentials["socrata"]["user"];
    let (name, right) = (text(&user["username"]), text(&user["password"]));
    let log_in = async |address: &str, password: &str| {
        let pair = STANDARD.encode(format!("{name}:{password}"));
        let lines = [
            format!("X-Forwarded-For: {address}"),
            "X-Forwarded-Proto: https".to_owned(),
            format!("Authorization: Basic {pair}"),
        ];
        portal.ask("GET /socrata/whoami", &lines).await
    };
    for attempt in 1..=10 {
        assert_eq!(log_in("203.0.113.7", &format!("wrong{attempt}")).await.status, 401, "{attempt}");
    }
    let slowed = log_in("203.0.113.7", "wrong11").await;
    assert_eq!(slowed.status, 429);
    let wait: u64 = headers(&slowed, "retry-after")[0].parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    assert_eq!(slowed.json().unwrap()["code"], "too_many_attempts");
    assert_eq!(log_in("203.0.113.8", &right).await.status, 200, "from another address");
    assert_eq!(
        log_in("203.0.113.8, 203.0.113.7", &right).await.status,
        429,
        "the client's own entry comes first and does not count"
    );
    // Clients on this machine share an address, so their failures are not counted.
    for attempt in 1..=12 {
        assert_eq!(log_in("127.0.0.1", &format!("wrong{attempt}")).await.status, 401, "{attempt}");
    }
    let metrics = body(&portal.ask("GET /metrics", &[]).await);
    assert!(metrics.contains("tower_principal_throttled_total{by=\"id\"} 2"), "{metrics}");
}

#[tokio::test]
async fn operators_see_what_became_of_credentials_and_need_none() {
    let portal = Portal::start_with(&["--assume-secure"]).await;
    let token = text(&portal.credentials["opendatasoft"]["access_token"]["token"]);
    let bearer = format!("Authorization: Bearer {token}");
    assert_eq!(portal.ask("GET /rfc6750/whoami", &[bearer]).await.status, 200);
    assert_eq!(portal.ask("GET /any/whoami?access_token=nobodys-access-token", &[]).await.status, 401);
    let user = &portal.credentials["socrata"]["user"];
    let pair = STANDARD.encode(format!("{}:{}", text(&user["username"]), text(&user["password"])));
    assert_eq!(
        portal.ask("GET /socrata/whoami", &[format!("Authorization: Basic {pair}")]).await.status,
        200
    );
    for open in ["/healthz", "/metrics", METADATA] {
        // These routes do not read credentials, not even malformed ones.
        let lines = ["Authorization: Basic ???".to_owned()];
        assert_eq!(portal.ask(&format!("GET {open}"), &lines).await.status, 200, "{open}");
    }
    let metrics = portal.ask("GET /metrics", &[]).await;
    assert_eq!(headers(&metrics, "content-type"), ["text/plain; version=0.0.4"]);
    let metrics = body(&metrics);
    for line in [
        r#"tower_principal_attempts_total{credential="access_token",carrier="authorization",syntax="bearer",outcome="accepted"} 1"#,
        r#"tower_principal_attempts_total{credential="access_token",carrier="query",syntax="parameter",outcome="denied_token"} 1"#,
        // Each verification queries the database.
        r#"tower_principal_verification_seconds_bucket{credential="password",le="+Inf"} 1"#,
        r#"tower_principal_verification_seconds_bucket{credential="access_token",le="+Inf"} 2"#,
    ] {
        assert!(metrics.lines().any(|sample| sample == line), "{line} is not in\n{metrics}");
    }
    let said = portal.stop().await.unwrap();
    let log = String::from_utf8(said.log).unwrap();
    let audit: Vec<&str> = log.lines().filter(|line| line.contains(" tower_principal::audit: ")).collect();
    let (accepted, refused) = (audit[0], audit[1]);
    assert_eq!(audit.len(), 3, "{audit:?}");
    assert!(
        ["outcome=\"accepted\"", "syntax=\"bearer\"", "id=\"otto@example.org\""]
            .iter()
            .all(|told| accepted.contains(told)),
        "{accepted}"
    );
    assert!(refused.contains("outcome=\"refused\"") && refused.contains("client=127.0.0.1"), "{refused}");
    assert!(!log.contains(&token) && !log.contains(&pair));
}

/// This includes errors that no layer returns.
#[tokio::test]
async fn every_error_of_a_platforms_routes_has_its_shape() {
    let portal = Portal::start("assumed").await;
    let demo = &portal.credentials;
    let bearer = |token: &Value| vec![format!("Authorization: Bearer {}", text(token))];
    let wendy = bearer(&demo["usergrid"]["access_token"]["token"]);
    let alice = vec![format!("Authorization: OAuth {}", text(&demo["socrata"]["access_token"]["token"]))];
    let gerda = vec![format!("Authorization: {}", text(&demo["geodatahub"]["id_token"]))];
    let socrata = ["code", "error", "message"];
    let usergrid = ["error", "error_description", "exception"];
    for (request, lines, status, members) in [
        ("GET /resource/none-0000.json", &alice, 404, &socrata[..]),
        ("GET /resource/%FF.json", &alice, 400, &socrata),
        ("DELETE /resource/4tka-6guv/nothing", &alice, 404, &socrata),
        ("POST /resource/4tka-6guv.json", &alice, 400, &socrata),
        ("POST /socrata/whoami", &alice, 405, &socrata),
        ("GET /acme/nowhere/cities", &wendy, 404, &usergrid),
        ("GET /acme/weather/cities/none", &wendy, 404, &usergrid),
        ("POST /acme/weather/cities", &wendy, 400, &usergrid),
        ("POST /acme/weather/whoami", &wendy, 405, &usergrid),
        ("PUT /acme/weather/users/wendy/revoketoken", &wendy, 400, &usergrid),
        ("PUT /acme/weather/users/nobody/revoketokens", &wendy, 404, &usergrid),
        ("GET /geodatahub/datasets/none", &gerda, 404, &["message"]),
        ("GET /geodatahub/datasets/%FF", &gerda, 400, &["message"]),
        ("POST /geodatahub/ping", &gerda, 405, &["message"]),
    ] {
        let answer = portal.ask(request, lines).await;
        assert_eq!(answer.status, status, "{request}");
        assert_eq!(headers(&answer, "content-type"), ["application/json"], "{request}");
        assert_eq!(headers(&answer, "cache-control"), ["no-store"], "{request}");
        let shape = answer.json().unwrap();
        assert!(shape.as_object().unwrap().keys().eq(members), "{request}: {shape}");
    }
}

#[tokio::test]
async fn pages_may_ask_opendatasofts_routes_and_no_others() {
    let portal = Portal::start("assumed").await;
    let preflight = [
        "Origin: https://page.example",
        "Access-Control-Request-Method: GET",
        "Access-Control-Request-Headers: authorization",
    ]
    .map(str::to_owned);
    let allowed = portal.ask("OPTIONS /api/end/point", &preflight).await;
    assert_eq!(allowed.status, 200);
    assert_eq!(headers(&allowed, "access-control-allow-headers"), ["authorization"]);
    let refused = portal.ask("GET /api/end/point", &preflight[..1]).await;
    assert_eq!(
        (refused.status, headers(&refused, "access-control-allow-origin")),
        (401, vec!["*".to_owned()])
    );
    for path in ["/acme/weather/whoami", "/geodatahub/whoami", "/rfc6750/whoami"] {
        let refused = portal.ask(&format!("OPTIONS {path}"), &preflight).await;
        let origins = headers(&refused, "access-control-allow-origin");
        assert_eq!((refused.status, origins), (401, Vec::new()), "{path}");
    }
}

#[tokio::test]
async fn geodatahubs_tokens_verify_with_the_published_keys() {
    let portal = Portal::start("assumed").await;
    let demo = &portal.credentials["geodatahub"];
    let path = text(&demo["jwks_uri"]).strip_prefix(&portal.origin).unwrap().to_owned();
    let keys = KeySet::from_jwks(&body(&portal.ask(&format!("GET {path}"), &[]).await)).unwrap();
    let verifier = JwtVerifier::builder(text(&demo["issuer"])).audience(text(&demo["client_id"]));
    let verifier = verifier.accept([TokenUse::CognitoAccess, TokenUse::CognitoIdentity]).keys(keys);
    let verifier = verifier.build().unwrap();
    let check = async |name: &str| {
        let token = Credential::AccessToken(Secret::owned(text(&demo[name])));
        let here = verifier.verify(&token, &VerifyContext::default()).await;
        let lines = [format!("Authorization: {}", text(&demo[name]))];
        let there = portal.ask("GET /geodatahub/whoami", &lines).await.status;
        assert_eq!(there, if here.is_ok() { 200 } else { 401 }, "{name}");
        here
    };
    for (name, scopes) in [("id_token", &[][..]), ("access_token", &["datasets"])] {
        let Ok(Principal::OAuthUser(user)) = check(name).await else { panic!("the {name} is good") };
        assert_eq!(user.id(), text(&demo["user"]["sub"]));
        assert!(user.scopes().iter().eq(scopes.iter().copied()));
        let left = user.expires_at().unwrap().duration_since(SystemTime::now()).unwrap();
        assert!((3_000..=3_600).contains(&left.as_secs()), "{left:?}");
    }
    for name in ["expired_id_token", "wrong_issuer_token"] {
        assert!(check(name).await.is_err(), "{name}");
    }
}

fn headers(answer: &Answer, name: &str) -> Vec<String> {
    answer.all(name).iter().map(|line| String::from_utf8_lossy(line).into_owned()).collect()
}

fn body(answer: &Answer) -> String {
    String::from_utf8(answer.body.clone()).unwrap()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// The doctor works without a network. Its input is a token and a key file, and its output the
/// reason of the refusal.
#[tokio::test]
async fn the_doctor_explains_a_token_and_prints_nothing_of_it() {
    let portal = Portal::start("assumed").await;
    let folder = tempfile::tempdir().unwrap();
    let token = text(&portal.credentials["geodatahub"]["access_token"]);
    let keys = portal.ask("GET /geodatahub/.well-known/jwks.json", &[]).await.json().unwrap().to_string();
    let (token_file, key_file) = (folder.path().join("token"), folder.path().join("keys.json"));
    std::fs::write(&token_file, format!("{token}\n")).unwrap();
    std::fs::write(&key_file, keys).unwrap();
    let ask = |issuer: &str, audience: &str, accept: &str| {
        let mut command = std::process::Command::new(corpus_runner::portal::executable());
        command.arg("doctor").arg("--token-file").arg(&token_file).arg("--keys").arg(&key_file);
        command.args(["--issuer", issuer, "--audience", audience, "--accept", accept]);
        let output = command.output().unwrap();
        let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert!(token.split('.').all(|part| !text.contains(part)), "{text}");
        (output.status.code(), text)
    };
    let payload = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap());
    let claims: Value = serde_json::from_slice(&payload.unwrap()).unwrap();
    let (issuer, client) = (text(&claims["iss"]), text(&claims["client_id"]));
    let (code, said) = ask(&issuer, &client, "cognito");
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("the token is accepted"), "{said}");
    let (code, said) = ask(&issuer, "https://other.example", "rfc9068");
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("FAILED  use") && said.contains("TokenUse::CognitoAccess"), "{said}");
}
