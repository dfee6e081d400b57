//! Every verifier keeps tenants apart.

use std::future::ready;
use std::sync::Arc;

use axum::Router;
use bytes::Bytes;
use http::{Request, Response};
use serde_json::json;
use tower_principal::fetch::{Fetch, FetchError};
use tower_principal::request::RequestHead;
use tower_principal::test_util::Issuer;
use tower_principal::verify::{BoxVerifier, JwtVerifier, JwtVerifierBuilder};
use tower_principal::verify::{Cached, Introspection, Tenancy, from_fn};
use tower_principal::{
    AuthenticateLayer, Credential, OAuthUser, Principal, Secret, Verifier, VerifyContext, VerifyError,
    dialect, transport, verify::MemoryVerifier,
};

use crate::jwt::API;
use crate::support::{bearer, cheap_passwords, get, logged, send, whoami};

fn host<'r>(head: &RequestHead<'r>) -> Option<std::borrow::Cow<'r, str>> {
    head.headers().get("host")?.to_str().ok().map(Into::into)
}

fn layer<V: Verifier>(verifier: V) -> AuthenticateLayer<V> {
    AuthenticateLayer::new(dialect::RFC6750, verifier, transport::danger_assume_secure())
}

fn walled(verifier: impl Verifier) -> Router {
    whoami().layer(layer(verifier).tenant(host))
}

async fn status(app: &Router, host: &str, token: &str) -> u16 {
    let headers = [("authorization", bearer(token)), ("host", host.to_owned())];
    let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let headers = if host.is_empty() { &headers[..1] } else { &headers[..] };
    send(app.clone(), get("/", headers)).await.status
}

fn issuer() -> Issuer {
    Issuer::new("https://issuer.example").unwrap()
}

fn jwt(issuer: &Issuer) -> JwtVerifierBuilder {
    JwtVerifier::builder(issuer.name()).audience(API).keys(issuer.keys().unwrap())
}

fn memory() -> MemoryVerifier {
    let builder = MemoryVerifier::builder().passwords(cheap_passwords());
    builder.access_token("opaque", OAuthUser::new("alice")).build().unwrap()
}

/// An authorization server with the same answer for every token.
struct Answers(Bytes);

impl Fetch for Answers {
    async fn fetch(&self, _: Request<Bytes>, _: usize) -> Result<Response<Bytes>, FetchError> {
        let response = Response::builder().header("content-type", "application/json");
        Ok(response.body(self.0.clone()).unwrap())
    }
}

#[tokio::test]
async fn a_layer_with_a_tenant_refuses_a_verifier_that_ignores_tenants() {
    let issuer = issuer();
    let introspection = |answer: &'static str| {
        Introspection::builder("https://login.example/introspect", Answers(answer.into())).bearer("t")
    };
    let separating = || from_fn(|_, _| ready(Err::<Principal, _>(VerifyError::UNKNOWN))).separates_tenants();
    let ignoring: Vec<BoxVerifier> = vec![
        jwt(&issuer).build().unwrap().boxed(),
        introspection("{}").build().unwrap().boxed(),
        memory().boxed(),
        from_fn(|_, _| ready(Err::<Principal, _>(VerifyError::UNKNOWN))).boxed(),
        Cached::new(memory()).unwrap().boxed(),
        Arc::new(memory()).boxed(),
        memory().or(separating()).boxed(),
        separating().or(memory()).boxed(),
        #[cfg(feature = "throttle")]
        tower_principal::verify::Throttled::new(memory()).unwrap().boxed(),
    ];
    for (at, verifier) in ignoring.into_iter().enumerate() {
        assert_eq!(verifier.tenancy(), Tenancy::Ignores, "{at}");
        let error = layer(verifier).try_tenant(host).err().unwrap();
        assert!(error.to_string().contains(".tenant_claim(..)"), "{error}");
    }
    let kept: Vec<BoxVerifier> = vec![
        jwt(&issuer).tenant_claim("tid").build().unwrap().boxed(),
        introspection("{}").tenant_claim("tid").build().unwrap().boxed(),
        MemoryVerifier::builder().passwords(cheap_passwords()).tenant("acme").build().unwrap().boxed(),
        memory().at_tenant("acme").or(separating()).boxed(),
        memory().danger_at_every_tenant().boxed(),
        Cached::new(memory().at_tenant("acme")).unwrap().boxed(),
        Arc::new(memory().at_tenant("acme")).boxed(),
        #[cfg(feature = "throttle")]
        tower_principal::verify::Throttled::new(memory().at_tenant("acme")).unwrap().boxed(),
    ];
    for (at, verifier) in kept.into_iter().enumerate() {
        assert!(layer(verifier).try_tenant(host).is_ok(), "{at}");
    }
}

#[test]
#[should_panic(expected = "its verifier ignores tenants")]
fn a_layer_with_a_tenant_panics_over_a_verifier_that_ignores_tenants() {
    let _ = layer(memory()).tenant(host);
}

#[tokio::test]
async fn a_jwt_is_good_at_the_host_that_its_claim_names() {
    let issuer = issuer();
    let token = || issuer.token("alice").audience(API);
    let acme = token().claim("tid", "acme").sign();
    let app = walled(jwt(&issuer).tenant_claim("tid").build().unwrap());
    for (host, token, expected) in [
        ("acme", &acme, 200),
        ("rival", &acme, 401),
        ("ACME", &acme, 401),
        ("acme.", &acme, 401),
        ("", &acme, 401),
        ("acme", &token().sign(), 401),
        ("", &token().sign(), 200),
        ("acme", &token().claim("tid", json!(["acme", "rival"])).sign(), 401),
        ("acme", &token().claim("tid", json!(null)).sign(), 401),
        ("acme", &token().claim("tid", "").sign(), 401),
    ] {
        assert_eq!(status(&app, host, token).await, expected, "{host}");
    }
    // A revocation must name the same tenant.
    let verifier = jwt(&issuer).tenant_claim("tid").build().unwrap();
    let credential = Credential::AccessToken(Secret::borrowed(&acme));
    assert!(verifier.revoke(&credential, &VerifyContext::default().with_tenant("rival")).await.is_err());
    let at_acme = VerifyContext::default().with_tenant("acme");
    assert!(verifier.verify(&credential, &at_acme).await.is_ok());
    verifier.revoke(&credential, &at_acme).await.unwrap();
    assert!(verifier.verify(&credential, &at_acme).await.is_err());
}

#[tokio::test]
async fn an_introspected_token_is_good_at_the_host_that_its_claim_names() {
    for (answer, good) in [
        (r#"{"active":true,"sub":"alice","tenant":{"id":"acme"}}"#, true),
        (r#"{"active":true,"sub":"alice","tenant":{"id":"rival"}}"#, false),
        (r#"{"active":true,"sub":"alice","tenant":{}}"#, false),
        (r#"{"active":true,"sub":"alice","tenant":{"id":null}}"#, false),
    ] {
        let verifier = Introspection::builder("https://login.example/introspect", Answers(answer.into()));
        let verifier = verifier.bearer("t").tenant_claim("/tenant/id").build().unwrap();
        // The same if a cache has the answer.
        let app = walled(Cached::new(verifier).unwrap());
        for (host, good) in [("acme", good), ("other", false), ("acme", good)] {
            assert_eq!(status(&app, host, "opaque").await, if good { 200 } else { 401 }, "{answer} {host}");
        }
    }
}

#[tokio::test]
async fn an_issuer_for_each_tenant_is_good_at_its_own() {
    let (acme, rival) =
        (Issuer::new("https://a.example").unwrap(), Issuer::new("https://r.example").unwrap());
    let bound = |issuer: &Issuer, tenant: &str| jwt(issuer).build().unwrap().at_tenant(tenant);
    let app = walled(bound(&acme, "acme").or(bound(&rival, "rival")));
    let token = |issuer: &Issuer| issuer.token("alice").audience(API).sign();
    for (host, issuer, expected) in [
        ("acme", &acme, 200),
        ("rival", &rival, 200),
        ("rival", &acme, 401),
        ("acme", &rival, 401),
        ("", &acme, 401),
    ] {
        assert_eq!(status(&app, host, &token(issuer)).await, expected, "{host}");
    }
}

#[tokio::test]
async fn a_memory_verifier_is_of_one_tenant() {
    let of = |tenant: &str, user: &str| {
        let builder = MemoryVerifier::builder().passwords(cheap_passwords()).tenant(tenant);
        builder.access_token("opaque", OAuthUser::new(user)).build().unwrap()
    };
    let (acme, rival) = (of("acme", "alice"), of("rival", "alice"));
    let credential = Credential::AccessToken(Secret::borrowed("opaque"));
    let at = |tenant: &'static str| VerifyContext::default().with_tenant(tenant);
    let keys = [
        acme.verify(&credential, &at("acme")).await.unwrap().key(),
        rival.verify(&credential, &at("rival")).await.unwrap().key(),
    ];
    assert_ne!(keys[0], keys[1]);
    assert!(acme.revoke(&credential, &at("rival")).await.is_err());
    assert!(acme.revoke(&credential, &VerifyContext::default()).await.is_err());
    let app = walled(acme);
    for (host, expected) in [("acme", 200), ("rival", 401), ("Acme", 401), ("", 401)] {
        assert_eq!(status(&app, host, "opaque").await, expected, "{host}");
    }
}

#[tokio::test]
async fn what_gives_up_the_wall_is_named_in_the_log() {
    let (app, log) = logged(async { walled(memory().danger_at_every_tenant()) }).await;
    assert!(log.contains("danger_at_every_tenant"), "{log}");
    assert_eq!((status(&app, "acme", "opaque").await, status(&app, "", "opaque").await), (200, 200));
}
