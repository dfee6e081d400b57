//! Issuers with many names, claims in place of others, and limits that the builder raises.
#![cfg(feature = "jwt")]

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Value, json};
use tower_principal::fetch::{Fetch, FetchError};
use tower_principal::test_util::{Issuer, TestClock, Token};
use tower_principal::verify::{Algorithm, Denylist, Jwks, KeySet, TokenUse};
use tower_principal::verify::{JwtVerifier, JwtVerifierBuilder, JwtVerifierError};
use tower_principal::{
    AuthenticateLayer, Verifier as _, VerifyContext, dialect, transport, verify::MemoryVerifier,
};

use crate::jwt::{API, ISSUER, ask, credential, good, seconds, verdict};
use crate::support::{authorization, send, whoami};

fn start() -> (Issuer, TestClock) {
    let clock = TestClock::default();
    (Issuer::with_algorithm(ISSUER, Algorithm::Es256, clock.clone()).unwrap(), clock)
}

fn of(name: &str, issuer: &Issuer, clock: &TestClock) -> JwtVerifierBuilder {
    JwtVerifier::builder(name).keys(issuer.keys().unwrap()).clock(clock.clone())
}

fn builder(issuer: &Issuer, clock: &TestClock) -> JwtVerifierBuilder {
    of(ISSUER, issuer, clock).audience(API)
}

#[tokio::test]
async fn a_claim_in_place_of_sub_is_required_and_sub_is_not() {
    let (issuer, clock) = start();
    let verifier = builder(&issuer, &clock).id_claim("client_id").build().unwrap();
    let token = || good(&issuer).without("sub").claim("client_id", "m2m.client");
    assert_eq!(ask(&verifier, &token().sign()).await.unwrap().id(), Some("m2m.client"));
    for (token, expected) in [
        (token().claim("sub", ""), "good"),
        (token().claim("sub", "otto"), "good"),
        (token().without("client_id"), "unknown"),
        (token().without("client_id").claim("sub", "otto"), "unknown"),
        (token().claim("client_id", ""), "unknown"),
        (token().claim("client_id", json!(["m2m.client"])), "unknown"),
        (token().claim("client_id", json!(null)), "unknown"),
        (token().claim("sub", 5), "unknown"),
        (token().claim("sub", json!(null)), "unknown"),
        (token().claim("type", "refresh"), "unknown"),
        (token().audience("https://other.example"), "unknown"),
    ] {
        let shown = format!("{token:?}");
        assert_eq!(verdict(&verifier, &token.sign()).await, expected, "{shown}");
    }
    let strict = builder(&issuer, &clock).build().unwrap();
    assert_eq!(verdict(&strict, &token().sign()).await, "unknown");
}

#[tokio::test]
async fn a_claim_in_place_of_aud_has_required_values_and_is_never_nothing() {
    let (issuer, clock) = start();
    let app = "https://app.example";
    let start = || of(ISSUER, &issuer, &clock);
    let verifier = start().audience_claim("azp", [app, "https://www.app.example"]).build().unwrap();
    let token = || issuer.token("u-1").claim("azp", app);
    assert_eq!(ask(&verifier, &token().sign()).await.unwrap().id(), Some("u-1"));
    for (token, expected) in [
        (token().claim("azp", "https://www.app.example"), "good"),
        (token().claim("azp", "https://app.example.evil.example"), "unknown"),
        (token().claim("azp", ""), "unknown"),
        (token().claim("azp", json!(null)), "unknown"),
        (token().claim("azp", 5), "unknown"),
        (token().without("azp"), "unknown"),
        (token().without("azp").claim("client_id", app), "unknown"),
        // If there is an audience, it is checked, and this verifier accepts none.
        (token().audience("https://other.example"), "unknown"),
        (token().claim("aud", app), "unknown"),
        // An empty list names no audience, as Ory Hydra writes it.
        (token().claim("aud", json!([])), "good"),
        (token().claim("aud", json!(null)), "unknown"),
    ] {
        let shown = format!("{token:?}");
        assert_eq!(verdict(&verifier, &token.sign()).await, expected, "{shown}");
    }
    // With an audience as well: if both claims are there, both are checked.
    let both = start().audience(API).audience_claim("/act/client", ["c1"]).build().unwrap();
    let token = || issuer.token("u-1").claim("act", json!({"client": "c1"}));
    for (token, expected) in [
        (token(), "good"),
        (token().audience(API), "good"),
        (token().claim("act", json!({"client": ["c0", "c1"]})), "good"),
        (token().audience("account"), "unknown"),
        (token().audience(API).without("act"), "unknown"),
        (token().audience(API).claim("act", json!({"client": "c2"})), "unknown"),
        (token().audience(API).claim("act", json!({"client": ["c1", 5]})), "unknown"),
    ] {
        let shown = format!("{token:?}");
        assert_eq!(verdict(&both, &token.sign()).await, expected, "{shown}");
    }
    // Cognito's access tokens, with the claim's name in the builder.
    let cognito =
        start().accept([TokenUse::CognitoAccess]).audience_claim("client_id", ["c1"]).build().unwrap();
    let token =
        || issuer.token("u-1").header("typ", "JWT").claim("token_use", "access").claim("client_id", "c1");
    for (token, expected) in [
        (token(), "good"),
        (token().claim("client_id", "c2"), "unknown"),
        (token().without("client_id"), "unknown"),
        (token().claim("token_use", "id"), "unknown"),
        (token().audience("c1"), "unknown"),
    ] {
        let shown = format!("{token:?}");
        assert_eq!(verdict(&cognito, &token.sign()).await, expected, "{shown}");
    }
    let none: [&str; 0] = [];
    for builder in [
        start().audience_claim("azp", none),
        start().audience_claim("azp", [""]),
        start().audience_claim("", ["web"]),
    ] {
        assert!(matches!(builder.build(), Err(JwtVerifierError::AudienceClaim)));
    }
    assert!(matches!(start().build(), Err(JwtVerifierError::NoAudience)));
    let empty = start().audience("").audience_claim("azp", ["web"]).build();
    assert!(matches!(empty, Err(JwtVerifierError::NoAudience)));
}

#[tokio::test]
async fn a_longer_life_is_accepted_only_up_to_what_the_builder_was_given() {
    let (issuer, clock) = start();
    let (hour, day) = (3_600, 24 * 3_600);
    let life = |seconds: u64| good(&issuer).expires_in(Duration::from_secs(seconds)).sign();
    let strict = builder(&issuer, &clock).build().unwrap();
    assert_eq!(verdict(&strict, &life(27 * hour)).await, "unknown");
    for (most, fits) in [(28 * hour, 27 * hour), (366 * day, 365 * day), (3_653 * day, 3_650 * day)] {
        let verifier = builder(&issuer, &clock).max_lifetime(Duration::from_secs(most)).build().unwrap();
        assert_eq!(verdict(&verifier, &life(fits)).await, "good", "{most}");
        assert_eq!(verdict(&verifier, &life(most + 1)).await, "unknown", "{most}");
        let without = good(&issuer).without("iat").expires_in(Duration::from_secs(most + 1)).sign();
        assert_eq!(verdict(&verifier, &without).await, "unknown", "{most}");
    }
}

#[tokio::test]
async fn a_longer_leeway_is_accepted_only_where_it_is_set() {
    let (issuer, clock) = start();
    let now = seconds(&clock);
    let ahead = |by: i64| good(&issuer).claim("iat", now + by).claim("nbf", now + by).sign();
    let strict = builder(&issuer, &clock).build().unwrap();
    let lenient = builder(&issuer, &clock).leeway(Duration::from_secs(60)).build().unwrap();
    assert_eq!(verdict(&strict, &ahead(45)).await, "unknown");
    assert_eq!(ask(&lenient, &ahead(45)).await.unwrap().id(), Some("otto"));
    assert_eq!(verdict(&lenient, &ahead(61)).await, "unknown");
    let over = |by: i64| good(&issuer).claim("exp", now - by).sign();
    assert_eq!(verdict(&lenient, &over(59)).await, "good");
    assert_eq!(verdict(&lenient, &over(60)).await, "expired");
}

/// The layer rejects principals that expired more than 30 s ago, because a cache may have kept them
/// too long. A verifier's longer leeway also applies behind a layer.
#[tokio::test]
async fn a_longer_leeway_holds_behind_a_layer() {
    let (issuer, clock) = start();
    let now = seconds(&clock);
    for (leeway, over, status) in [(60, 45, 200), (60, 60, 401), (300, 299, 200), (10, 9, 200), (10, 31, 401)]
    {
        let verifier = builder(&issuer, &clock).leeway(Duration::from_secs(leeway)).build().unwrap();
        let layer = AuthenticateLayer::new(dialect::RFC6750, verifier, transport::danger_assume_secure());
        let token = good(&issuer).claim("exp", now - over).sign();
        let app = whoami().layer(layer.clock(clock.clone()));
        let answer = send(app, authorization(format!("Bearer {token}"))).await;
        assert_eq!(answer.status, status, "{leeway} {over}");
    }
}

#[tokio::test]
async fn a_longer_token_is_read_only_up_to_what_the_builder_was_given() {
    let (issuer, clock) = start();
    let of_length = |length: usize| good(&issuer).claim("x", "x".repeat(length)).sign();
    let strict = builder(&issuer, &clock).build().unwrap();
    let lenient = builder(&issuer, &clock).danger_max_token_length(16 * 1024).build().unwrap();
    let (fits, long) = (of_length(10 * 1024), of_length(13 * 1024));
    assert!(fits.len() > 8 * 1024 && long.len() > 16 * 1024);
    assert_eq!((verdict(&strict, &fits).await, verdict(&lenient, &fits).await), ("unsupported", "good"));
    assert_eq!(verdict(&lenient, &long).await, "unsupported");
    for bytes in [0, 8 * 1024 - 1, 64 * 1024 + 1] {
        let built = builder(&issuer, &clock).danger_max_token_length(bytes).build();
        assert!(matches!(built, Err(JwtVerifierError::TokenLength)), "{bytes}");
    }
}

/// The `jti` alone does not show how long a token lives, but the list knows the limits of its
/// verifiers.
#[tokio::test(start_paused = true)]
async fn a_denied_token_is_kept_for_the_longest_life_and_leeway_of_the_lists_verifiers() {
    let (issuer, clock) = start();
    let list = Denylist::with_capacity(1).unwrap();
    let day = Duration::from_secs(24 * 3_600);
    let token = good(&issuer).expires_in(20 * day);
    // The denial comes before the verifier exists, with a clock that is far ahead.
    let until = tower_principal::clock::Clock::now(&clock) + Duration::from_secs(1);
    list.deny(ISSUER, "a", until).unwrap();
    let verifier = builder(&issuer, &clock).max_lifetime(30 * day).leeway(Duration::from_secs(300));
    let verifier = verifier.denylist(list.clone()).build().unwrap();
    assert_eq!(verdict(&verifier, &token.claim("jti", "a").sign()).await, "revoked");
    clock.advance(40 * day);
    tokio::time::advance(29 * day).await;
    assert!(list.deny(ISSUER, "b", until).is_err());
    tokio::time::advance(day + Duration::from_secs(601)).await;
    list.deny(ISSUER, "b", until).unwrap();
}

const TENANT: &str = "72f988bf-86f1-41af-91ab-2d7cd011db47";
const OTHER: &str = "9188040d-6c67-4c5b-b112-36a304b66dad";
const MANY: &str = "https://login.example/{tenantid}/v2.0";

fn tenants_token(issuer: &Issuer, iss: &str, tid: impl Into<Value>) -> Token {
    good(issuer).claim("iss", MANY.replace("{tenantid}", iss)).claim("tid", tid)
}

#[tokio::test]
async fn a_tenant_in_iss_is_the_one_in_tid_and_one_that_is_accepted() {
    let (issuer, clock) = start();
    let start = || of(MANY, &issuer, &clock).audience(API);
    let listed = start().tenants([TENANT]).build().unwrap();
    let guarded = start().tenants_where(|tenant| tenant == TENANT).build().unwrap();
    for verifier in [&listed, &guarded] {
        let user = ask(verifier, &tenants_token(&issuer, TENANT, TENANT).sign()).await.unwrap();
        // The principal has its tenant's issuer and not the pattern: one subject in two tenants is
        // two principals.
        assert_eq!(user.issuer(), Some(&*MANY.replace("{tenantid}", TENANT)));
        for (iss, tid, expected) in [
            (OTHER, json!(OTHER), "unknown"),
            (TENANT, json!(OTHER), "unknown"),
            (OTHER, json!(TENANT), "unknown"),
            (TENANT, json!(null), "unknown"),
            (TENANT, json!([TENANT]), "unknown"),
            (TENANT, json!(""), "unknown"),
            ("{tenantid}", json!("{tenantid}"), "unsupported"),
            ("", json!(""), "unsupported"),
            ("a/b", json!("a/b"), "unsupported"),
            ("72f988bf-86f1-41af-91ab-2d7cd011db47%2f", json!(TENANT), "unsupported"),
            ("common", json!(TENANT), "unknown"),
        ] {
            let token = tenants_token(&issuer, iss, tid.clone()).sign();
            assert_eq!(verdict(verifier, &token).await, expected, "{iss} {tid}");
        }
        let without = tenants_token(&issuer, TENANT, TENANT).without("tid").sign();
        assert_eq!(verdict(verifier, &without).await, "unknown");
        for iss in [
            format!("https://login.example/{TENANT}/v2.0/"),
            format!("https://login.example/{TENANT}/v1.0"),
            format!("https://evil.example/{TENANT}/v2.0"),
            format!("https://login.example.evil.example/{TENANT}/v2.0"),
        ] {
            let token = good(&issuer).claim("tid", TENANT).claim("iss", iss.as_str()).sign();
            assert_eq!(verdict(verifier, &token).await, "unsupported", "{iss}");
        }
    }
    // A token of another tenant with the same `jti` is another token.
    let every = start().tenants_where(|_| true).build().unwrap();
    let [one, other] =
        [TENANT, OTHER].map(|tenant| tenants_token(&issuer, tenant, tenant).claim("jti", "j").sign());
    every.revoke(&credential(&one), &VerifyContext::default()).await.unwrap();
    assert_eq!((verdict(&every, &one).await, verdict(&every, &other).await), ("revoked", "good"));
}

/// Microsoft's sets contain keys for all tenants, and keys for one.
#[tokio::test]
async fn a_key_that_names_an_issuer_signs_for_no_other() {
    let (issuer, clock) = start();
    let tenant_of = |tenant: &str| MANY.replace("{tenantid}", tenant);
    for (named, one, other) in [
        (json!(tenant_of(TENANT)), "good", "unknown"),
        (json!(tenant_of(OTHER)), "unknown", "good"),
        (json!("https://evil.example"), "unknown", "unknown"),
        (json!("https://evil.example/{tenantid}/v2.0"), "unknown", "unknown"),
        (json!("https://login.example/{tenantid}/v1.0"), "unknown", "unknown"),
        (json!("https://login.example/{tenantid"), "unknown", "unknown"),
        (json!(""), "unknown", "unknown"),
        (json!(MANY), "good", "good"),
        (json!(null), "good", "good"),
    ] {
        let mut keys: Value = serde_json::from_str(&issuer.keys_json()).unwrap();
        keys["keys"][0]["issuer"] = named.clone();
        let keys = || KeySet::from_jwks(&keys.to_string()).unwrap();
        let verifier = JwtVerifier::builder(MANY).tenants([TENANT, OTHER]).keys(keys());
        let verifier = verifier.audience(API).clock(clock.clone()).build().unwrap();
        let token = |tenant: &str| tenants_token(&issuer, tenant, tenant).sign();
        assert_eq!(verdict(&verifier, &token(TENANT)).await, one, "{named}");
        assert_eq!(verdict(&verifier, &token(OTHER)).await, other, "{named}");
        // The same for a verifier of a single tenant.
        let single = JwtVerifier::builder(tenant_of(TENANT)).keys(keys()).audience(API);
        let single = single.clock(clock.clone()).build().unwrap();
        assert_eq!(verdict(&single, &token(TENANT)).await, one, "{named}");
        // An additional name is the same issuer, as with Entra's tokens of version 1.
        let older = |tenant: &str| format!("https://sts.example/{tenant}/");
        let both = JwtVerifier::builder(tenant_of(TENANT)).also_issuer(older(TENANT)).keys(keys());
        let both = both.audience(API).clock(clock.clone()).build().unwrap();
        let first_version = |tenant: &str| tenants_token(&issuer, tenant, tenant).claim("iss", older(tenant));
        assert_eq!(verdict(&both, &first_version(TENANT).sign()).await, one, "{named}");
        assert_eq!(verdict(&both, &first_version(OTHER).sign()).await, "unsupported", "{named}");
    }
}

#[test]
fn tenants_belong_to_an_issuer_with_a_placeholder() {
    let (issuer, clock) = start();
    let error = |builder: JwtVerifierBuilder| builder.audience(API).build().unwrap_err();
    let none: [&str; 0] = [];
    let many = || of(MANY, &issuer, &clock);
    assert!(matches!(error(many()), JwtVerifierError::NoTenants));
    assert!(matches!(error(many().tenants(none)), JwtVerifierError::NoTenants));
    assert!(matches!(error(of(ISSUER, &issuer, &clock).tenants([TENANT])), JwtVerifierError::Tenants));
    let twice = of("https://{tenantid}.example/{tenantid}", &issuer, &clock).tenants([TENANT]);
    assert!(matches!(error(twice), JwtVerifierError::Placeholder));
    assert!(matches!(error(many().tenants([TENANT]).also_issuer(ISSUER)), JwtVerifierError::Placeholder));
    assert!(matches!(error(many().tenants([TENANT]).also_issuer("")), JwtVerifierError::NoIssuer));
}

#[tokio::test]
async fn two_names_of_one_issuer_are_one_issuer() {
    let (issuer, clock) = start();
    let verifier = builder(&issuer, &clock).also_issuer("issuer.example").build().unwrap();
    let joined = builder(&issuer, &clock).also_issuer("issuer.example").build().unwrap();
    let joined = joined.or(MemoryVerifier::builder().build().unwrap());
    for iss in [ISSUER, "issuer.example"] {
        let token = good(&issuer).claim("iss", iss).claim("jti", iss).sign();
        assert_eq!(ask(&joined, &token).await.unwrap().issuer(), Some(ISSUER));
        verifier.revoke(&credential(&token), &VerifyContext::default()).await.unwrap();
        assert_eq!(verdict(&verifier, &token).await, "revoked");
    }
    for iss in ["http://issuer.example", "issuer.example/", "ISSUER.EXAMPLE"] {
        assert_eq!(verdict(&verifier, &good(&issuer).claim("iss", iss).sign()).await, "unsupported", "{iss}");
    }
}

/// Documents by address, and the addresses that were requested.
#[derive(Clone, Default)]
pub(crate) struct Web(Arc<Mutex<Served>>);

#[derive(Default)]
struct Served {
    documents: HashMap<String, String>,
    asked: Vec<String>,
}

impl Web {
    pub(crate) fn with(self, address: &str, document: &str) -> Self {
        self.0.lock().unwrap().documents.insert(address.to_owned(), document.to_owned());
        self
    }

    pub(crate) fn asked(&self) -> Vec<String> {
        self.0.lock().unwrap().asked.clone()
    }
}

impl Fetch for Web {
    async fn fetch(&self, request: Request<Bytes>, _: usize) -> Result<Response<Bytes>, FetchError> {
        let address = request.uri().to_string();
        let mut web = self.0.lock().unwrap();
        let document = web.documents.get(&address).cloned();
        web.asked.push(address);
        let status = if document.is_some() { 200 } else { 404 };
        Ok(Response::builder().status(status).body(document.unwrap_or_default().into()).unwrap())
    }
}

fn document(issuer: &str) -> String {
    json!({"issuer": issuer, "jwks_uri": "https://keys.example/k"}).to_string()
}

#[tokio::test]
async fn metadata_stand_apart_from_the_issuer_if_their_address_is_given() {
    let (issuer, clock) = start();
    let name = "https://t.login.example/4c2f/v2.0/";
    let at = "https://t.login.example/t/p/v2.0/.well-known/openid-configuration";
    let web = |said: &str| {
        Web::default().with(at, &document(said)).with("https://keys.example/k", &issuer.keys_json())
    };
    let load = async |web: Web| Jwks::discovered(name, web).metadata_at(at).build().unwrap().load().await;
    assert_eq!(load(web(name)).await.unwrap(), 1);
    for other in ["https://t.login.example/4c2f/v2.0", "https://evil.example/", ISSUER, ""] {
        assert!(load(web(other)).await.is_err(), "{other}");
    }
    // Without the address of the metadata, nothing is found below the issuer's name.
    let keys = Jwks::discovered(name, web(name)).build().unwrap();
    assert!(keys.load().await.is_err());
    for odd in ["http://t.login.example/x", "https://u@t.login.example/x", "x", ""] {
        assert!(Jwks::discovered(name, web(name)).metadata_at(odd).build().is_err(), "{odd}");
    }
    let keys = Jwks::discovered(name, web(name)).metadata_at(at).build().unwrap();
    let verifier = JwtVerifier::builder(name).audience(API).keys(keys).clock(clock.clone()).build().unwrap();
    assert_eq!(verdict(&verifier, &good(&issuer).claim("iss", name).sign()).await, "good");
    assert_eq!(verdict(&verifier, &good(&issuer).sign()).await, "unsupported");
}

#[tokio::test]
async fn a_document_for_every_tenant_is_the_one_of_the_pattern() {
    let (issuer, clock) = start();
    let at = "https://login.example/common/v2.0/.well-known/openid-configuration";
    let keys_at = "https://keys.example/k";
    let web = Web::default().with(at, &document(MANY)).with(keys_at, &issuer.keys_json());
    let keys = Jwks::discovered(MANY, web).metadata_at(at).build().unwrap();
    let verifier =
        JwtVerifier::builder(MANY).tenants([TENANT]).audience(API).keys(keys).clock(clock).build().unwrap();
    assert_eq!(verdict(&verifier, &tenants_token(&issuer, TENANT, TENANT).sign()).await, "good");
    assert_eq!(verdict(&verifier, &tenants_token(&issuer, OTHER, OTHER).sign()).await, "unknown");
    assert_eq!(verdict(&verifier, &tenants_token(&issuer, TENANT, OTHER).sign()).await, "unknown");
    // The document of one tenant is not valid for all tenants.
    let web = Web::default().with(at, &document(ISSUER)).with(keys_at, &issuer.keys_json());
    assert!(Jwks::discovered(MANY, web).metadata_at(at).build().unwrap().load().await.is_err());
    // The pattern alone is no address.
    assert!(Jwks::discovered(MANY, Web::default()).build().is_err());
}

#[tokio::test]
async fn the_address_of_rfc_8414_is_the_second() {
    let (issuer, _) = start();
    let keys = ("https://keys.example/k", issuer.keys_json());
    for (name, first, second) in [
        (
            "https://as.example/tenant/1",
            "https://as.example/tenant/1/.well-known/openid-configuration",
            "https://as.example/.well-known/oauth-authorization-server/tenant/1",
        ),
        (
            "https://as.example/",
            "https://as.example/.well-known/openid-configuration",
            "https://as.example/.well-known/oauth-authorization-server",
        ),
    ] {
        let web = Web::default().with(keys.0, &keys.1).with(second, &document(name));
        let loaded = Jwks::discovered(name, web.clone()).build().unwrap().load().await;
        assert_eq!((loaded.unwrap(), web.asked()), (1, vec![first.into(), second.into(), keys.0.into()]));
        // If the first document exists, the second is not read, even if the first names another
        // issuer.
        let web = Web::default().with(keys.0, &keys.1).with(second, &document(name));
        let web = web.with(first, &document("https://evil.example"));
        assert!(Jwks::discovered(name, web.clone()).build().unwrap().load().await.is_err());
        assert_eq!(web.asked(), [first]);
        // The second document must name the issuer as well.
        let web = Web::default().with(keys.0, &keys.1).with(second, &document("https://evil.example"));
        assert!(Jwks::discovered(name, web).build().unwrap().load().await.is_err());
    }
}
