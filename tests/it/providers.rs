//! Presets for identity providers: their published documents, and the format of their tokens.
#![cfg(feature = "jwt")]

use std::time::Duration;

use serde_json::{Value, json};
use tower_principal::Principal;
use tower_principal::test_util::{Issuer, TestClock, Token};
use tower_principal::verify::provider::{self, Provider};
use tower_principal::verify::{Algorithm, Claims};
use tower_principal::verify::{JwtVerifierBuilder, JwtVerifierError};

use crate::jwt::{ask, verdict};
use crate::jwt_issuers::Web;

const TENANT: &str = "72f988bf-86f1-41af-91ab-2d7cd011db47";
const OTHER: &str = "9188040d-6c67-4c5b-b112-36a304b66dad";

/// A published format of a token.
struct Shape {
    provider: Provider,
    configure: fn(JwtVerifierBuilder) -> JwtVerifierBuilder,
    typ: Option<&'static str>,
    claims: Value,
    /// The expected principal: id, client, organization, scopes, groups.
    is: (&'static str, Option<&'static str>, Option<&'static str>, &'static str, &'static [&'static str]),
    /// Tokens that differ in one claim and are refused.
    refused: Vec<(&'static str, Value)>,
}

fn api(builder: JwtVerifierBuilder) -> JwtVerifierBuilder {
    builder.audience("api")
}

#[rustfmt::skip]
fn shapes() -> Vec<Shape> {
    let tenants: fn(JwtVerifierBuilder) -> JwtVerifierBuilder = |builder| api(builder).tenants([TENANT]);
    let v2 = |tid: &str| format!("https://login.microsoftonline.com/{tid}/v2.0");
    let v1 = |tid: &str| format!("https://sts.windows.net/{tid}/");
    let entra = || json!({"iss": v2(TENANT), "ver": "2.0", "aud": "api", "azp": "g-c", "tid": TENANT, "oid": "g-u", "sub": "pair1", "scp": "a b"});
    let service = || json!({"iss": v1(TENANT), "ver": "1.0", "aud": "api", "appid": "g-c", "tid": TENANT, "oid": "g-sp", "sub": "g-sp", "roles": ["Job"]});
    vec![
        Shape { provider: provider::auth0("acme.eu.auth0.com"), configure: api, typ: Some("JWT"),
            claims: json!({"iss": "https://acme.eu.auth0.com/", "sub": "auth0|u1", "aud": ["api", "https://acme.eu.auth0.com/userinfo"], "azp": "c1", "scope": "openid read:x", "permissions": ["read:x"]}),
            is: ("auth0|u1", Some("c1"), None, "openid read:x", &["read:x"]),
            refused: vec![("iss", json!("https://acme.eu.auth0.com")), ("aud", json!("c1")), ("nonce", json!("n"))] },
        Shape { provider: provider::auth0("https://acme.eu.auth0.com/"), configure: api, typ: Some("at+jwt"),
            claims: json!({"iss": "https://acme.eu.auth0.com/", "sub": "C1@clients", "aud": "api", "client_id": "C1", "scope": "read:x"}),
            is: ("C1@clients", Some("C1"), None, "read:x", &[]),
            refused: vec![("at_hash", json!("h"))] },
        Shape { provider: provider::keycloak("https://sso.example/realms/city/"), configure: api, typ: Some("JWT"),
            claims: json!({"iss": "https://sso.example/realms/city", "sub": "u1", "typ": "Bearer", "azp": "web", "aud": ["api", "account"], "scope": "profile", "nonce": "2f1c", "realm_access": {"roles": ["r1"]}, "resource_access": {"api": {"roles": ["w"]}}}),
            is: ("u1", Some("web"), None, "profile", &["r1"]),
            refused: vec![("typ", json!("ID")), ("typ", json!("Refresh")), ("typ", json!("Offline")), ("typ", json!("Logout")), ("aud", json!("account")), ("exp", json!(0)), ("iss", json!("https://sso.example/realms/other"))] },
        Shape { provider: provider::entra(TENANT), configure: api, typ: Some("JWT"), claims: entra(),
            is: ("g-u", Some("g-c"), Some(TENANT), "a b", &[]),
            // An identity token of the same app has no scopes.
            refused: vec![("scp", Value::Null), ("iss", json!(v2(OTHER))), ("oid", json!("")), ("nonce", json!("n")), ("aud", json!("g-c"))] },
        Shape { provider: provider::entra(TENANT), configure: api, typ: Some("JWT"), claims: service(),
            is: ("g-sp", Some("g-c"), Some(TENANT), "", &["Job"]),
            refused: vec![("appid", Value::Null), ("iss", json!(v1(OTHER)))] },
        Shape { provider: provider::entra_multi_tenant(), configure: tenants, typ: Some("JWT"), claims: entra(),
            is: ("g-u", Some("g-c"), Some(TENANT), "a b", &[]),
            refused: vec![("tid", json!(OTHER)), ("iss", json!(v2(OTHER))), ("iss", json!(v1(OTHER))), ("iss", json!(v2("{tenantid}")))] },
        Shape { provider: provider::entra_multi_tenant(), configure: tenants, typ: Some("JWT"), claims: service(),
            is: ("g-sp", Some("g-c"), Some(TENANT), "", &["Job"]),
            refused: vec![("tid", Value::Null)] },
        Shape { provider: provider::entra_b2c("contoso", TENANT, "B2C_1_signin"), configure: api, typ: Some("JWT"),
            claims: json!({"iss": format!("https://contoso.b2clogin.com/{TENANT}/v2.0/"), "ver": "1.0", "sub": "Not supported currently. Use oid claim.", "oid": "u1", "aud": "api", "azp": "g-c", "scp": "read", "tfp": "B2C_1_signin"}),
            is: ("u1", Some("g-c"), None, "read", &[]),
            refused: vec![("scp", Value::Null), ("iss", json!(format!("https://contoso.b2clogin.com/{TENANT}/v2.0")))] },
        Shape { provider: provider::okta("https://acme.okta.com/oauth2/default"), configure: |builder| builder.audience("api://default"), typ: None,
            claims: json!({"iss": "https://acme.okta.com/oauth2/default", "ver": 1, "jti": "AT.x", "aud": "api://default", "cid": "0oa1", "uid": "00u1", "sub": "a@example.org", "scp": ["openid"]}),
            is: ("00u1", Some("0oa1"), None, "openid", &[]),
            refused: vec![("nonce", json!("n")), ("at_hash", json!("h")), ("cid", Value::Null), ("aud", json!("0oa1")), ("iss", json!("https://acme.okta.com"))] },
        Shape { provider: provider::cognito("eu-west-1", "eu-west-1_Example"), configure: |builder| builder.audience("c1"), typ: None,
            claims: json!({"iss": "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Example", "token_use": "access", "sub": "u1", "username": "a", "client_id": "c1", "scope": "rs/read", "cognito:groups": ["g"]}),
            is: ("u1", Some("c1"), None, "rs/read", &["g"]),
            refused: vec![("token_use", json!("id")), ("token_use", json!("refresh")), ("token_use", Value::Null), ("client_id", json!("c2")), ("aud", json!("c2"))] },
        Shape { provider: provider::google(), configure: |builder| builder.identity_client("c1.apps.googleusercontent.com"), typ: Some("JWT"),
            claims: json!({"iss": "accounts.google.com", "azp": "android.apps.googleusercontent.com", "aud": "c1.apps.googleusercontent.com", "sub": "1076", "hd": "example.org", "email": "a@example.org", "at_hash": "h"}),
            is: ("1076", Some("android.apps.googleusercontent.com"), Some("example.org"), "", &[]),
            refused: vec![("aud", json!("c2.apps.googleusercontent.com")), ("iss", json!("https://cloud.google.com/iap")), ("scope", json!("openid"))] },
        Shape { provider: provider::firebase("city-1"), configure: |builder| builder, typ: Some("JWT"),
            claims: json!({"iss": "https://securetoken.google.com/city-1", "aud": "city-1", "sub": "u1", "user_id": "u1", "firebase": {"identities": {}, "sign_in_provider": "password", "tenant": "t-1"}}),
            is: ("u1", None, Some("t-1"), "", &[]),
            refused: vec![("aud", json!("city-2")), ("iss", json!("https://session.firebase.google.com/city-1")), ("sub", json!(""))] },
        Shape { provider: provider::kubernetes("https://kubernetes.default.svc.cluster.local"), configure: api, typ: None,
            claims: json!({"iss": "https://kubernetes.default.svc.cluster.local", "aud": ["api"], "sub": "system:serviceaccount:ns:sa", "kubernetes.io": {"namespace": "ns", "serviceaccount": {"name": "sa", "uid": "x"}, "pod": {"name": "p", "uid": "y"}}}),
            is: ("system:serviceaccount:ns:sa", None, Some("ns"), "", &[]),
            refused: vec![("aud", json!(["https://kubernetes.default.svc.cluster.local"])), ("sub", json!("system:serviceaccount:ns:other")), ("iss", json!("kubernetes/serviceaccount"))] },
        Shape { provider: provider::github_actions(), configure: |builder| builder.audience("https://github.com/o"), typ: Some("JWT"),
            claims: json!({"iss": "https://token.actions.githubusercontent.com", "aud": "https://github.com/o", "sub": "repo:o-11/r-22:ref:refs/heads/main", "repository_id": "22", "repository_owner_id": "11", "ref_protected": "true"}),
            is: ("repo:o-11/r-22:ref:refs/heads/main", None, Some("11"), "", &[]),
            refused: vec![("aud", json!("https://github.com/p")), ("repository_owner_id", json!(11))] },
        Shape { provider: provider::gitlab_ci("gitlab.com"), configure: api, typ: Some("JWT"),
            claims: json!({"iss": "https://gitlab.com", "aud": "api", "sub": "project_path:g/p:ref_type:branch:ref:main", "project_id": "22", "namespace_id": "72", "ref_protected": "false"}),
            is: ("project_path:g/p:ref_type:branch:ref:main", None, Some("72"), "", &[]),
            // The identity token of a log-in has the same issuer and keys.
            refused: vec![("nonce", json!("n")), ("aud", json!("login-client"))] },
        Shape { provider: provider::cloudflare_access("acme"), configure: |builder| builder.audience("tag1"), typ: Some("JWT"),
            claims: json!({"iss": "https://acme.cloudflareaccess.com", "type": "app", "aud": ["tag1"], "sub": "u1", "email": "a@example.org"}),
            is: ("u1", None, None, "", &[]),
            refused: vec![("type", json!("org")), ("aud", json!(["tag2"])), ("sub", json!(""))] },
        Shape { provider: provider::cloudflare_access("acme"), configure: |builder| builder.audience("tag1"), typ: None,
            claims: json!({"iss": "https://acme.cloudflareaccess.com", "type": "app", "aud": "tag1", "sub": "", "common_name": "c1.access"}),
            is: ("c1.access", Some("c1.access"), None, "", &[]),
            refused: vec![("common_name", json!(""))] },
        Shape { provider: provider::duende("https://demo.duendesoftware.com"), configure: api, typ: Some("at+jwt"),
            claims: json!({"iss": "https://demo.duendesoftware.com", "aud": "api", "client_id": "c1", "sub": "u1", "scope": ["api", "openid"], "role": "editor"}),
            is: ("u1", Some("c1"), None, "api openid", &["editor"]),
            refused: vec![("aud", json!("https://demo.duendesoftware.com/resources")), ("aud", Value::Null)] },
        Shape { provider: provider::duende("https://demo.duendesoftware.com"), configure: |builder| builder.audience_claim("client_id", ["m2m"]), typ: Some("at+jwt"),
            claims: json!({"iss": "https://demo.duendesoftware.com", "client_id": "m2m", "scope": ["api"], "role": ["a", "b"]}),
            is: ("m2m", Some("m2m"), None, "api", &["a", "b"]),
            refused: vec![("client_id", json!("other")), ("aud", json!("other"))] },
        Shape { provider: provider::clerk("clerk.site.example"), configure: |builder| builder.audience_claim("azp", ["https://app.example"]), typ: Some("JWT"),
            claims: json!({"iss": "https://clerk.site.example", "sub": "user_1", "sid": "sess_1", "azp": "https://app.example", "o": {"id": "org_1", "rol": "admin", "per": "read,manage"}}),
            is: ("user_1", None, Some("org_1"), "", &["admin", "read", "manage"]),
            refused: vec![("azp", json!("https://evil.example")), ("azp", Value::Null), ("sts", json!("pending")), ("aud", json!("other"))] },
        Shape { provider: provider::supabase("abcdefgh"), configure: |builder| builder.audience("authenticated"), typ: Some("JWT"),
            claims: json!({"iss": "https://abcdefgh.supabase.co/auth/v1", "aud": "authenticated", "sub": "u1", "role": "authenticated", "aal": "aal1", "session_id": "s", "user_metadata": {"role": "admin"}}),
            is: ("u1", None, None, "", &["authenticated"]),
            refused: vec![("aud", json!("anon")), ("iss", json!("supabase"))] },
        Shape { provider: provider::zitadel("acme.zitadel.cloud"), configure: |builder| builder.audience("70"), typ: Some("JWT"),
            claims: json!({"iss": "https://acme.zitadel.cloud", "aud": ["71", "70"], "sub": "9", "urn:zitadel:iam:org:project:roles": {"admin": {"5": "acme.example"}}}),
            is: ("9", None, None, "", &["admin"]),
            refused: vec![("aud", json!(["71"])), ("nonce", json!("n"))] },
        Shape { provider: provider::hydra("https://hydra.example/"), configure: |builder| builder.audience_claim("client_id", ["c1"]), typ: Some("JWT"),
            claims: json!({"iss": "https://hydra.example/", "sub": "c1", "client_id": "c1", "aud": [], "scp": ["a"], "ext": {}}),
            is: ("c1", Some("c1"), None, "a", &[]),
            refused: vec![("client_id", json!("c2")), ("aud", json!(["other"]))] },
        Shape { provider: provider::logto("acme.logto.app"), configure: api, typ: Some("at+jwt"),
            claims: json!({"iss": "https://acme.logto.app/oidc", "aud": "api", "sub": "u1", "client_id": "c1", "scope": "read"}),
            is: ("u1", Some("c1"), None, "read", &[]),
            refused: vec![("aud", json!("c1"))] },
        Shape { provider: provider::uaa("uaa.example"), configure: |builder| builder.audience("c1"), typ: Some("JWT"),
            claims: json!({"iss": "https://uaa.example/oauth/token", "jti": "2f1c", "sub": "c1", "cid": "c1", "azp": "c1", "client_id": "c1", "grant_type": "client_credentials", "aud": ["uaa", "c1"], "scope": ["x.y"], "authorities": ["x.y"], "zid": "z"}),
            is: ("c1", Some("c1"), None, "x.y", &["x.y"]),
            refused: vec![("jti", json!("2f1c-r")), ("aud", json!(["uaa"]))] },
        Shape { provider: provider::rfc9068("https://auth.pingone.com/7f1c9c4e/as"), configure: api, typ: Some("at+jwt"),
            claims: json!({"iss": "https://auth.pingone.com/7f1c9c4e/as", "aud": "api", "sub": "u1", "client_id": "c1", "scope": "read", "entitlements": ["e"]}),
            is: ("u1", Some("c1"), None, "read", &["e"]),
            refused: vec![("type", json!("refresh")), ("typ", json!("ID"))] },
    ]
}

fn token_of(issuer: &Issuer, shape: &Shape) -> Token {
    let token = issuer.token("").without("sub").without("jti").without_header("typ");
    let token = match shape.typ {
        Some(typ) => token.header("typ", typ),
        None => token,
    };
    let claims = shape.claims.as_object().unwrap();
    claims.iter().fold(token, |token, (name, value)| token.claim(name, value.clone()))
}

#[tokio::test]
async fn a_presets_tokens_are_accepted_in_their_published_shape_and_their_neighbours_are_not() {
    let clock = TestClock::default();
    let issuer = Issuer::with_algorithm("https://unused.example", Algorithm::Rs256, clock.clone()).unwrap();
    let forger = Issuer::with_algorithm("https://unused.example", Algorithm::Rs256, clock.clone()).unwrap();
    let jwk = serde_json::from_str::<Value>(&forger.keys_json()).unwrap()["keys"][0].clone();
    let second = Duration::from_secs(1);
    for shape in shapes() {
        let name = shape.provider.name();
        let canonical = shape.provider.issuer().replace("{tenantid}", TENANT);
        let builder = shape.provider.clone().verifier_with(issuer.keys().unwrap()).clock(clock.clone());
        let verifier = (shape.configure)(builder).build().unwrap_or_else(|error| panic!("{name}: {error}"));
        let token = || token_of(&issuer, &shape);
        let who = ask(&verifier, &token().sign()).await;
        let who = who.unwrap_or_else(|error| panic!("{name}: {error}"));
        let Principal::OAuthUser(user) = &who else { panic!("{who:?}") };
        let (id, client, org, scopes, groups) = shape.is;
        assert_eq!((who.id(), user.client(), who.org()), (Some(id), client, org), "{name}");
        assert_eq!((who.scopes().as_str(), who.issuer()), (scopes, Some(&*canonical)), "{name}");
        assert_eq!(who.claims::<Claims>().unwrap().groups(), groups, "{name}");
        for (claim, value) in &shape.refused {
            let changed = match value {
                Value::Null => token().without(claim),
                value => token().claim(claim, value.clone()),
            };
            assert_ne!(verdict(&verifier, &changed.sign()).await, "good", "{name}: {claim} {value}");
        }
        for (claim, value) in [
            ("aud", json!("https://foreign.example")),
            ("iss", json!("https://foreign.example")),
            ("type", json!("refresh")),
            ("tokenType", json!("refresh-token")),
            ("typ", json!("Offline")),
            ("events", json!({})),
            ("cnf", json!({"jkt": "x"})),
            ("exp", json!(1)),
        ] {
            let token = token().claim(claim, value.clone()).sign();
            assert_ne!(verdict(&verifier, &token).await, "good", "{name}: {claim} {value}");
        }
        for (header, value) in [
            ("alg", json!("none")),
            ("alg", json!("HS256")),
            ("alg", json!("ES256")),
            ("typ", json!("dpop+jwt")),
            ("typ", json!("logout+jwt")),
            ("crit", json!(["x"])),
        ] {
            let token = token().header(header, value.clone()).sign();
            assert_ne!(verdict(&verifier, &token).await, "good", "{name}: {header} {value}");
        }
        // A token that contains a key and is signed by it.
        let forged = token_of(&forger, &shape);
        assert_ne!(verdict(&verifier, &forged.clone().sign()).await, "good", "{name}");
        assert_ne!(verdict(&verifier, &forged.header("jwk", jwk.clone()).sign()).await, "good", "{name}");
        assert_eq!(verdict(&verifier, &token().expires_in(second).sign()).await, "good", "{name}");
    }
}

/// Documents in their published form, and the address at which each preset expects its own.
#[tokio::test]
async fn published_discovery_documents_load_as_they_stand() {
    let documents = include_str!("../providers/documents.json");
    let documents: Value = serde_json::from_str(documents).unwrap();
    let documents = documents.as_object().unwrap();
    assert!(documents.len() >= 10);
    let issuer =
        Issuer::with_algorithm("https://unused.example", Algorithm::Rs256, TestClock::default()).unwrap();
    let presets = [
        ("auth0", provider::auth0("acme.eu.auth0.com")),
        ("keycloak", provider::keycloak("sso.example/realms/city")),
        ("entra", provider::entra(TENANT)),
        ("entra_multi_tenant", provider::entra_multi_tenant()),
        ("entra_b2c", provider::entra_b2c("contoso", TENANT, "B2C_1_signin")),
        ("okta", provider::okta("acme.okta.com/oauth2/default")),
        ("cognito", provider::cognito("eu-west-1", "eu-west-1_Example")),
        ("google", provider::google()),
        ("kubernetes", provider::kubernetes("https://kubernetes.default.svc.cluster.local")),
        ("github_actions", provider::github_actions()),
        ("gitlab_ci", provider::gitlab_ci("gitlab.com")),
        ("duende", provider::duende("https://demo.duendesoftware.com")),
        ("clerk", provider::clerk("clerk.site.example")),
        ("supabase", provider::supabase("abcdefgh")),
        ("zitadel", provider::zitadel("acme.zitadel.cloud")),
        ("hydra", provider::hydra("https://hydra.example/")),
        ("logto", provider::logto("acme.logto.app")),
        ("pingone", provider::rfc9068("https://auth.pingone.com/7f1c9c4e/as")),
    ];
    assert_eq!(presets.len(), documents.len());
    for (name, preset) in presets {
        let at = documents[name]["at"].as_str().unwrap();
        let document = &documents[name]["document"];
        let keys_at = document["jwks_uri"].as_str().unwrap();
        let web = Web::default().with(at, &document.to_string()).with(keys_at, &issuer.keys_json());
        let keys = preset.keys(web.clone()).build().unwrap();
        assert_eq!(keys.load().await.unwrap_or_else(|error| panic!("{name}: {error}")), 1, "{name}");
        assert_eq!(web.asked(), [at, keys_at], "{name}");
        // The same document, but with another issuer in it.
        let mut other = document.clone();
        other["issuer"] = json!("https://foreign.example");
        let web = Web::default().with(at, &other.to_string()).with(keys_at, &issuer.keys_json());
        assert!(preset.keys(web).build().unwrap().load().await.is_err(), "{name}");
    }
}

#[tokio::test]
async fn keys_at_a_fixed_address_need_no_document() {
    let clock = TestClock::default();
    let issuer = Issuer::with_algorithm("https://unused.example", Algorithm::Rs256, clock.clone()).unwrap();
    let mut keys: Value = serde_json::from_str(&issuer.keys_json()).unwrap();
    // Cloudflare publishes PEM members beside the set.
    keys["public_cert"] = json!({"kid": "key-1", "cert": "-----BEGIN CERTIFICATE-----\n"});
    keys["public_certs"] = json!([keys["public_cert"]]);
    let at = "https://acme.cloudflareaccess.com/cdn-cgi/access/certs";
    let web = Web::default().with(at, &keys.to_string());
    let verifier = provider::cloudflare_access("acme").verifier(web.clone()).unwrap();
    let verifier = verifier.audience("tag1").clock(clock.clone()).build().unwrap();
    let token = issuer.token("u1").claim("iss", "https://acme.cloudflareaccess.com").header("typ", "JWT");
    let token = token.audience("tag1").claim("type", "app").sign();
    assert_eq!(verdict(&verifier, &token).await, "good");
    assert_eq!(web.asked(), [at]);
}

/// Firebase publishes certificates in PEM, by `kid`.
#[tokio::test]
async fn firebases_certificates_verify_its_tokens() {
    let pair = rcgen::KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).unwrap();
    let certificate = rcgen::CertificateParams::new(Vec::new()).unwrap().self_signed(&pair).unwrap();
    let at = "https://www.googleapis.com/robot/v1/metadata/x509/securetoken@system.gserviceaccount.com";
    let web = Web::default().with(at, &json!({"k1": certificate.pem()}).to_string());
    let verifier = provider::firebase("city-1").verifier(web.clone()).unwrap().build().unwrap();
    let now = jsonwebtoken::get_current_timestamp();
    let sign = |kid: &str, audience: &str| {
        let mut header = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::RS256);
        header.kid = Some(kid.to_owned());
        let claims = json!({"iss": "https://securetoken.google.com/city-1", "aud": audience, "sub": "u1", "iat": now, "exp": now + 600});
        let key = jsonwebtoken::EncodingKey::from_rsa_pem(pair.serialize_pem().as_bytes()).unwrap();
        jsonwebtoken::encode(&header, &claims, &key).unwrap()
    };
    assert_eq!(verdict(&verifier, &sign("k1", "city-1")).await, "good");
    assert_eq!(verdict(&verifier, &sign("k1", "city-2")).await, "unknown");
    assert_ne!(verdict(&verifier, &sign("k2", "city-1")).await, "good");
    assert_eq!(web.asked(), [at]);
}

#[test]
fn a_provider_whose_tokens_only_it_can_verify_is_an_error_at_start_up() {
    let issuer = Issuer::new("https://unused.example").unwrap();
    let keys = || issuer.keys().unwrap();
    let is_unverifiable = |error: JwtVerifierError| {
        assert!(matches!(error, JwtVerifierError::Unverifiable(_)), "{error}");
        error.to_string()
    };
    for org in ["https://acme.okta.com", "acme.okta.com/", "https://acme.okta.com/oauth2/"] {
        let why = is_unverifiable(provider::okta(org).verifier(Web::default()).unwrap_err());
        assert!(why.contains("custom server") && why.contains("introspection"), "{why}");
        is_unverifiable(provider::okta(org).verifier_with(keys()).audience("api").build().unwrap_err());
    }
    for audience in ["00000003-0000-0000-c000-000000000000", "https://graph.microsoft.com"] {
        for preset in [provider::entra(TENANT), provider::entra_multi_tenant()] {
            let builder = preset.verifier_with(keys()).audience("api").audience(audience);
            let why = is_unverifiable(builder.build().unwrap_err());
            assert!(why.contains("your own API"), "{why}");
        }
    }
    for tenant in ["common", "organizations", "contoso.onmicrosoft.com", ""] {
        is_unverifiable(provider::entra(tenant).verifier(Web::default()).unwrap_err());
    }
    // The preset alone has neither tenants nor an audience yet.
    let start = || provider::entra_multi_tenant().verifier_with(keys());
    assert!(matches!(start().audience("api").build(), Err(JwtVerifierError::NoTenants)));
    assert!(matches!(start().tenants([TENANT]).build(), Err(JwtVerifierError::NoAudience)));
    let google = provider::google().verifier_with(keys()).build();
    assert!(matches!(google, Err(JwtVerifierError::NoClient)));
}

#[test]
fn a_preset_names_what_it_does_not_know() {
    for shape in shapes().into_iter().filter(|shape| shape.provider.name() != "rfc9068") {
        assert!(!shape.provider.unknown().is_empty(), "{}", shape.provider.name());
    }
}
