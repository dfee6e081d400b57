//! Identities are compared exactly: across issuers, stores, kinds and letter cases.

use axum::Router;
use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Value, json};
use tower_principal::fetch::{Fetch, FetchError};
use tower_principal::principal::{IdentityKind, IdentitySource, Permissions};
use tower_principal::request::RequestHead;
use tower_principal::test_util::Issuer;
use tower_principal::verify::{BoxVerifier, JwtVerifier, JwtVerifierBuilder, MemoryVerifierError};
use tower_principal::verify::{Cached, Introspection, IntrospectionBuilder, provider};
use tower_principal::{
    ApiKey, AppToken, BasicUser, Credential, OAuthUser, Policy, Principal, PrincipalKind, RequireLayer,
    Secret, Verifier, VerifyContext, dialect, policy, verify::MemoryVerifier,
};

use crate::jwt::{API, ask};
use crate::support::{authorization, bearer, cheap_passwords, layer_of, send};

const A: &str = "https://a.example";
const B: &str = "https://b.example";
const OWN: &str = "get:/users/${user}";

/// An authorization server with the same answer for every token.
struct Answers(Bytes);

impl Fetch for Answers {
    async fn fetch(&self, _: Request<Bytes>, _: usize) -> Result<Response<Bytes>, FetchError> {
        let response = Response::builder().header("content-type", "application/json");
        Ok(response.body(self.0.clone()).unwrap())
    }
}

fn introspection(answer: &Value) -> IntrospectionBuilder<Answers> {
    let answers = Answers(answer.to_string().into());
    Introspection::builder("https://login.example/introspect", answers).bearer("its-token")
}

fn jwt(issuer: &Issuer) -> JwtVerifierBuilder {
    JwtVerifier::builder(issuer.name()).audience(API).keys(issuer.keys().unwrap())
}

fn own() -> Permissions {
    Permissions::parse([OWN]).unwrap()
}

/// Returns a store in which the token `opaque` belongs to alice.
fn store(name: &str) -> MemoryVerifier {
    let builder = MemoryVerifier::builder().passwords(cheap_passwords());
    let builder = if name.is_empty() { builder } else { builder.name(name) };
    builder.access_token("opaque", OAuthUser::new("alice").with_permissions(own())).build().unwrap()
}

/// Returns true if the sender of a token may read `/users/alice`, for which the policy requires a
/// permission.
async fn reads(verifier: BoxVerifier, policy: impl Policy, token: &str) -> bool {
    let app: Router = Router::new().fallback(|| async {}).layer(RequireLayer::new(policy));
    let answer = send(app.layer(layer_of(dialect::RFC6750, verifier)), authorization(bearer(token))).await;
    assert!([200, 403].contains(&answer.status), "{answer:?}");
    answer.status == 200
}

fn asked() -> policy::PermissionPolicy {
    policy::permission("get:/users/alice")
}

#[tokio::test]
async fn a_subject_of_one_issuer_is_not_another_issuers_user_in_either_order() {
    let (a, b) = (Issuer::new(A).unwrap(), Issuer::new(B).unwrap());
    let token =
        |issuer: &Issuer| issuer.token("alice").audience(API).claim("groups", json!(["member"])).sign();
    let member = |issuer| jwt(issuer).permissions_of("member", [OWN]).build().unwrap();
    for turned in [false, true] {
        let both = || match turned {
            false => member(&a).or(member(&b)).boxed(),
            true => member(&b).or(member(&a)).boxed(),
        };
        assert!(reads(both(), asked().users_of(A), &token(&a)).await);
        assert!(!reads(both(), asked().users_of(A), &token(&b)).await);
        assert!(reads(both(), asked().users_of(B), &token(&b)).await);
        // A permission without an issuer matches no user if there are several issuers.
        assert!(!reads(both(), asked(), &token(&a)).await);
        assert!(!reads(both(), asked(), &token(&b)).await);
        assert!(!reads(both(), asked().users_of_store(A), &token(&a)).await);
        assert!(!reads(both(), asked().users_of("https://a.example/"), &token(&a)).await);
        // Policies can require an issuer.
        assert!(reads(both(), policy::issuer(A), &token(&a)).await);
        assert!(!reads(both(), policy::issuer(A), &token(&b)).await);
        assert!(!reads(both(), policy::issuer("https://A.example"), &token(&a)).await);
    }
    // With a single issuer there is no ambiguity.
    assert!(reads(member(&a).boxed(), asked(), &token(&a)).await);
    assert!(reads(member(&a).or(member(&a)).boxed(), asked(), &token(&a)).await);
}

#[tokio::test]
async fn a_subject_is_not_the_user_of_a_store_and_two_stores_have_two_users() {
    let a = Issuer::new(A).unwrap();
    let member = || jwt(&a).permissions_of("member", [OWN]).build().unwrap();
    let token = a.token("alice").audience(API).claim("groups", json!(["member"])).sign();
    for turned in [false, true] {
        let both = || match turned {
            false => member().or(store("portal")).boxed(),
            true => store("portal").or(member()).boxed(),
        };
        assert!(reads(both(), asked().users_of_store("portal"), "opaque").await);
        assert!(!reads(both(), asked().users_of_store("portal"), &token).await);
        assert!(!reads(both(), asked().users_of(A), "opaque").await);
        assert!(!reads(both(), asked(), "opaque").await);
        assert!(!reads(both(), asked(), &token).await);
    }
    assert!(reads(store("").boxed(), asked(), "opaque").await);
    assert!(reads(store("portal").boxed(), asked(), "opaque").await);
    let empty =
        |name: &str| MemoryVerifier::builder().passwords(cheap_passwords()).name(name).build().unwrap();
    for other in ["", "partners"] {
        assert!(!reads(store("").or(empty(other)).boxed(), asked(), "opaque").await, "{other}");
        assert!(!reads(empty(other).or(store("")).boxed(), asked(), "opaque").await, "{other}");
    }
    assert!(reads(empty("portal").or(store("portal")).boxed(), asked(), "opaque").await);
}

/// A verifier made from a closure is a single source, and a principal of another source is no user
/// of it.
#[tokio::test]
async fn a_principal_of_another_source_than_its_verifiers_is_no_user_of_it() {
    let user = || OAuthUser::new("alice").with_permissions(own());
    for (principal, is_user) in [
        (user(), true),
        (user().with_issuer(A), false),
        (user().with_store("portal"), false),
        (user().with_issuer(""), false),
    ] {
        let principal: Principal = principal.into();
        let verifier =
            tower_principal::verify::from_fn(move |_, _| std::future::ready(Ok(principal.clone())));
        assert_eq!(reads(verifier.boxed(), asked(), "x").await, is_user);
    }
}

#[tokio::test]
async fn a_name_is_compared_exactly() {
    for (name, is_alice) in
        [("alice", true), ("Alice", false), ("ALICE", false), ("alice ", false), ("", false)]
    {
        let user: Principal = OAuthUser::new(name).with_permissions(own()).into();
        let owned: Principal = ApiKey::new("k").with_owner(name).with_permissions(own()).into();
        for who in [user, owned] {
            assert_eq!(
                who.may(tower_principal::principal::Operation::Get, "/users/alice"),
                is_alice,
                "{who:?} {name:?}"
            );
        }
    }
    let by_uuid: Principal = BasicUser::new("bob").with_uuid("f2f82123-a166").with_permissions(own()).into();
    assert!(by_uuid.may(tower_principal::principal::Operation::Get, "/users/f2f82123-a166"));
    assert!(!by_uuid.may(tower_principal::principal::Operation::Get, "/users/F2F82123-A166"));
}

/// Returns the principals of the same claims, as a JWT and as an introspection response.
async fn made(claims: &Value, with_org: bool) -> Vec<Principal> {
    let issuer = Issuer::new(A).unwrap();
    let mut jwts = jwt(&issuer).permissions_of("g", [OWN]);
    let mut token = issuer.token("unset").audience(API).without("sub").claim("groups", json!(["g"]));
    let mut answer = json!({"active": true, "groups": ["g"]});
    for (name, value) in claims.as_object().unwrap() {
        token = token.claim(name, value.clone());
        answer[name] = value.clone();
    }
    let mut answers = introspection(&answer).permissions_of("g", [OWN]);
    if with_org {
        (jwts, answers) = (jwts.org_claim("org").app_claim("app"), answers.org_claim("org").app_claim("app"));
    }
    let mut all = vec![ask(&answers.build().unwrap(), "opaque").await.unwrap()];
    if claims.get("sub").is_some() {
        all.push(ask(&jwts.build().unwrap(), &token.sign()).await.unwrap());
    }
    all
}

#[tokio::test]
async fn a_client_that_acts_for_itself_is_never_the_person_of_its_name() {
    for claims in [
        json!({"client_id": "alice"}),
        json!({"username": "alice", "client_id": "alice"}),
        json!({"sub": "alice", "client_id": "alice"}),
        json!({"sub": "alice", "azp": "alice"}),
        json!({"sub": "alice", "client_id": "x", "cid": "alice"}),
        json!({"sub": "alice", "appid": "alice"}),
        json!({"sub": "alice", "gty": "client-credentials"}),
        json!({"sub": "alice", "idtyp": "app"}),
        json!({"sub": "alice", "azp": "map", "preferred_username": "service-account-map"}),
    ] {
        for who in made(&claims, false).await {
            assert_eq!((who.kind(), who.id()), (PrincipalKind::OAuthUser, Some("alice")), "{claims}");
            assert!(who.is_client(), "{claims}");
            assert_eq!(who.identity().unwrap().kind(), IdentityKind::Client);
            assert!(!who.may(tower_principal::principal::Operation::Get, "/users/alice"), "{claims}");
            let head = http::Request::new(());
            let policy = asked().users_of(who.issuer().unwrap());
            assert!(policy.check(&who, &RequestHead::from_request(&head)).is_err(), "{claims}");
        }
    }
    for claims in [
        json!({"sub": "alice"}),
        json!({"sub": "alice", "client_id": "map"}),
        json!({"sub": "alice", "client_id": "Alice"}),
        json!({"sub": "alice", "gty": "password"}),
        json!({"sub": "alice", "idtyp": "user", "azp": "map"}),
    ] {
        for who in made(&claims, false).await {
            assert!(!who.is_client(), "{claims}");
            assert!(who.may(tower_principal::principal::Operation::Get, "/users/alice"), "{claims}");
        }
    }
}

#[tokio::test]
async fn a_client_of_a_known_organization_or_application_is_its_admin() {
    for (claims, kind) in [
        (json!({"sub": "c", "client_id": "c", "org": "acme", "app": "weather"}), PrincipalKind::AppAdmin),
        (json!({"sub": "c", "client_id": "c", "org": "acme"}), PrincipalKind::OrgAdmin),
        (json!({"client_id": "c", "org": "acme"}), PrincipalKind::OrgAdmin),
        (json!({"sub": "c", "client_id": "c", "app": "weather"}), PrincipalKind::OAuthUser),
        (json!({"sub": "p", "client_id": "c", "org": "acme", "app": "weather"}), PrincipalKind::OAuthUser),
    ] {
        for who in made(&claims, true).await {
            assert_eq!((who.kind(), who.is_client()), (kind, claims["sub"] != "p"), "{claims}");
            assert_eq!(who.org(), claims["org"].as_str());
            assert!(who.issuer().is_some());
        }
    }
}

/// A name that a person can choose makes no administrator.
#[tokio::test]
async fn a_person_with_a_clients_name_is_no_admin() {
    for claims in [
        json!({"sub": "u-1", "azp": "map", "preferred_username": "service-account-map"}),
        json!({"sub": "u-1", "client_id": "map", "username": "service-account-MAP"}),
        json!({"sub": "eve@clients", "azp": "map"}),
        json!({"sub": "eve@clients"}),
        json!({"username": "map", "client_id": "map"}),
        json!({"username": "map@clients", "client_id": "map"}),
    ] {
        let mut claims = claims;
        (claims["org"], claims["app"]) = (json!("acme"), json!("weather"));
        for who in made(&claims, true).await {
            assert_eq!((who.kind(), who.is_client()), (PrincipalKind::OAuthUser, true), "{claims}");
        }
    }
    let issuer = Issuer::new(A).unwrap();
    for (id_claim, chosen) in [("preferred_username", "map"), ("email", "eve@clients"), ("client_id", "map")]
    {
        let verifier = jwt(&issuer).id_claim(id_claim).org_claim("org").build().unwrap();
        let token = issuer.token("u-1").audience(API).claim("client_id", "map").claim("org", "acme");
        let who = ask(&verifier, &token.claim(id_claim, chosen).sign()).await.unwrap();
        assert_eq!((who.kind(), who.id()), (PrincipalKind::OAuthUser, Some(chosen)), "{id_claim}");
        assert!(who.is_client(), "{id_claim}");
    }
}

/// A name that a person can choose is neither the `sub` of another person nor the id of a client.
#[tokio::test]
async fn a_name_in_a_token_without_a_subject_is_no_subject() {
    let key = async |claims: Value| made(&claims, false).await[0].key().unwrap();
    let alice = key(json!({"sub": "u-1", "username": "alice"})).await;
    let eve = key(json!({"username": "u-1", "client_id": "map"})).await;
    assert_ne!(alice, eve);
    assert!(eve.ends_with("/user:username/u-1"), "{eve}");
    assert_eq!(alice, key(json!({"sub": "u-1", "username": "renamed"})).await);
    assert_eq!(eve, key(json!({"username": "u-1", "client_id": "other"})).await);
    let client = key(json!({"client_id": "map"})).await;
    assert_eq!(client, key(json!({"sub": "map", "client_id": "map"})).await);
    assert_ne!(client, key(json!({"username": "map", "client_id": "map"})).await);
    let issuer = Issuer::new(A).unwrap();
    let verifier = jwt(&issuer).id_claim("/profile/name").build().unwrap();
    let token = issuer.token("x").without("sub").audience(API).claim("profile", json!({"name": "u-1"}));
    let eve = ask(&verifier, &token.sign()).await.unwrap();
    assert_eq!(eve.key().unwrap(), "issuer:https%3A%2F%2Fa.example/user:profile%2Fname/u-1");
    assert_eq!(eve.id(), Some("u-1"));
}

/// The claim that a preset defines for the client counts, under any name.
#[tokio::test]
async fn a_service_token_named_by_its_presets_claim_is_a_client() {
    let issuer = Issuer::new("https://acme.cloudflareaccess.com").unwrap();
    let preset = provider::cloudflare_access("acme").verifier_with(issuer.keys().unwrap());
    let verifier = preset.audience(API).permissions_of("g", [OWN]).build().unwrap();
    let token = |sub: &str| {
        let token = issuer.token(sub).audience(API).header("typ", "JWT");
        token.claim("type", "app").claim("common_name", "alice")
    };
    let service = ask(&verifier, &token("").sign()).await.unwrap();
    assert_eq!((service.id(), service.is_client()), (Some("alice"), true));
    assert_eq!(service.identity().unwrap().kind(), IdentityKind::Client);
    let person = ask(&verifier, &token("u-1").sign()).await.unwrap();
    assert_eq!((person.id(), person.is_client()), (Some("u-1"), false));
}

#[tokio::test]
async fn a_key_is_one_identitys_alone_and_stays_the_same() {
    let principals: Vec<Principal> = vec![
        OAuthUser::new("alice").into(),
        OAuthUser::new("Alice").into(),
        OAuthUser::new("alice").with_issuer(A).into(),
        OAuthUser::new("alice").with_issuer(B).into(),
        OAuthUser::new("alice").with_store("portal").into(),
        OAuthUser::new("alice").with_store(A).into(),
        OAuthUser::new("alice").with_store("portal").with_tenant("acme").into(),
        OAuthUser::new("alice").with_tenant("acme").into(),
        OAuthUser::new("alice").for_itself().into(),
        ApiKey::new("alice").into(),
        AppToken::new("alice").into(),
    ];
    let mut keys: Vec<String> = principals.iter().map(|who| who.key().unwrap()).collect();
    assert!(keys.iter().all(|key| key.bytes().all(|byte| byte.is_ascii_graphic())), "{keys:?}");
    assert_eq!(keys[0], "store:/user/alice");
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), principals.len());
    // A password and another token belong to the same user.
    let password: Principal = BasicUser::new("alice").into();
    let token: Principal = OAuthUser::new("alice").with_credential_id("7").with_scopes(["x"]).into();
    assert_eq!((password.key(), token.key()), (principals[0].key(), principals[0].key()));
    // A claim whose value may change is no id.
    let issuer = Issuer::new(A).unwrap();
    let verifier = jwt(&issuer).id_claim("email").build().unwrap();
    let token = |email: &str| issuer.token("u-1").audience(API).claim("email", email).sign();
    let (one, other) =
        (ask(&verifier, &token("a@x")).await.unwrap(), ask(&verifier, &token("b@x")).await.unwrap());
    assert_eq!((one.id(), other.id()), (Some("a@x"), Some("b@x")));
    assert_eq!(one.key(), other.key());
    assert_eq!(one.identity().unwrap().source(), IdentitySource::Issuer(A));
}

#[tokio::test]
async fn a_name_that_is_another_users_uuid_is_refused_in_memory() {
    const UUID: &str = "f2f82123-a166-11e2-a7f7-02e81adcf3d0";
    let builder = || {
        let alice = BasicUser::new("alice").with_uuid(UUID);
        MemoryVerifier::builder().passwords(cheap_passwords()).user("alice", "p", alice)
    };
    let refused = |made: Result<(), MemoryVerifierError>| {
        assert!(matches!(made, Err(MemoryVerifierError::NameIsUuid)), "{made:?}");
    };
    refused(builder().user(UUID, "p", BasicUser::new(UUID)).build().map(drop));
    refused(builder().access_token("t", OAuthUser::new(UUID)).build().map(drop));
    refused(builder().access_token("t", OAuthUser::new("bob").with_uuid("alice")).build().map(drop));
    refused(builder().api_key("k", ApiKey::new("k").with_owner(UUID)).build().map(drop));
    let verifier = builder().build().unwrap();
    let token = |text| Credential::AccessToken(Secret::borrowed(text));
    refused(verifier.insert(token("t"), OAuthUser::new(UUID)));
    refused(verifier.insert(token("t"), OAuthUser::new("bob").with_uuid(UUID)));
    refused(verifier.insert(token("t"), OAuthUser::new("bob").with_uuid("alice")));
    // The user's own UUID does not collide, and neither do those of another source or of a client.
    verifier.insert(token("1"), OAuthUser::new("alice").with_uuid(UUID)).unwrap();
    verifier.insert(token("2"), OAuthUser::new(UUID).with_issuer(A)).unwrap();
    verifier.insert(token("3"), OAuthUser::new(UUID).for_itself()).unwrap();
    verifier.insert(token("4"), OAuthUser::new("carol").with_uuid("carol")).unwrap();
}

#[tokio::test]
async fn eviction_and_revocation_go_by_the_identity() {
    let token = |text: &'static str| Credential::AccessToken(Secret::borrowed(text));
    let memory = MemoryVerifier::builder()
        .passwords(cheap_passwords())
        .access_token("own", OAuthUser::new("alice"))
        .access_token("foreign", OAuthUser::new("alice").with_issuer(B))
        .access_token("client", OAuthUser::new("alice").for_itself())
        .build()
        .unwrap();
    let cached = Cached::new(memory).unwrap();
    let context = VerifyContext::default();
    for text in ["own", "foreign", "client"] {
        cached.verify(&token(text), &context).await.unwrap();
    }
    let alice: Principal = BasicUser::new("alice").into();
    assert_eq!(cached.evict_identity(alice.identity().unwrap()), 1);
    assert_eq!(cached.inner().revoke_all_of(alice.identity().unwrap()), 1);
    for (text, good) in [("own", false), ("foreign", true), ("client", true)] {
        assert_eq!(cached.verify(&token(text), &context).await.is_ok(), good, "{text}");
    }
}
