//! What is claimed about tokens, the same whether they are JWTs or asked about.
#![cfg(all(feature = "introspection", feature = "jwt"))]

use allocation_counter::measure;
use axum::Router;
use bytes::Bytes;
use http::{Request, Response};
use tokio::runtime::Builder;
use tower_principal::fetch::{Fetch, FetchError};
use tower_principal::verify::{Algorithm, Claims, Introspection, IntrospectionBuilder};
use tower_principal::{OAuthUser, Principal, Verifier as _, dialect};

use crate::jwt::{ask, good, pair, verdict};
use crate::support::{authorization, bearer, layer_of, send};

/// An authorization server that says the same of every token.
struct Says(Bytes);

impl Fetch for Says {
    async fn fetch(&self, _: Request<Bytes>, _: usize) -> Result<Response<Bytes>, FetchError> {
        let response = Response::builder().header("content-type", "application/json");
        Ok(response.body(self.0.clone()).unwrap())
    }
}

fn saying(answer: impl Into<Bytes>) -> IntrospectionBuilder<Says> {
    Introspection::builder("https://login.example/introspect", Says(answer.into())).bearer("its-token")
}

async fn department(user: OAuthUser) -> String {
    let claims = user.claims::<Claims>();
    let department = claims.and_then(|claims| Some(claims.get("department")?.as_str()?.to_owned()));
    department.unwrap_or_else(|| "none".to_owned())
}

#[tokio::test]
async fn behind_one_or_a_handler_finds_the_claims_of_either_token() {
    let (issuer, jwts, _) = pair(Algorithm::EdDsa);
    let opaque =
        saying(r#"{"active":true,"sub":"olga","department":"maps","groups":["staff"]}"#).build().unwrap();
    let app = Router::new().fallback(department);
    let app = app.layer(layer_of(dialect::RFC6750, jwts.or(opaque)));
    let jwt = good(&issuer).claim("department", "roads").sign();
    for (token, department) in [(jwt.as_str(), "roads"), ("an-opaque-token", "maps")] {
        let answer = send(app.clone(), authorization(bearer(token))).await;
        assert_eq!((answer.status, &*answer.body), (200, department), "{token}");
    }
}

#[tokio::test]
async fn an_answer_about_a_token_names_groups_as_a_jwt_does() {
    let answer = r#"{"active":true,"sub":"olga","groups":["staff"],"realm_access":{"roles":["admin"]}}"#;
    let olga = ask(&saying(answer).build().unwrap(), "opaque").await.unwrap();
    let claims: &Claims = olga.claims().unwrap();
    assert_eq!((claims.groups(), claims.as_json()), (vec!["staff".to_owned(), "admin".to_owned()], answer));
    assert!(claims.has_group("admin") && !claims.has_group("olga"));
}

#[tokio::test]
async fn an_answer_is_mapped_by_the_claims_that_the_builder_names() {
    let answer = r#"{"active":true,"sub":"u-1","email":"olga@example.org","tenant":{"name":"acme"},"app":"weather",
        "client_id":null,"azp":"map-app","scope":null,"rights":["read","write"],"teams":["roads"],"groups":["staff"]}"#;
    let verifier = saying(answer).id_claim("email").org_claim("/tenant/name").app_claim("app");
    let verifier = verifier.scope_claims(["scope", "rights"]).group_claims(["teams"]).build().unwrap();
    let olga = ask(&verifier, "opaque").await.unwrap();
    assert_eq!(
        (olga.id(), olga.org(), olga.app()),
        (Some("olga@example.org"), Some("acme"), Some("weather"))
    );
    assert_eq!(olga.scopes().as_str(), "read write");
    assert_eq!(olga.claims::<Claims>().unwrap().groups(), ["roads"]);
    let Principal::OAuthUser(user) = &olga else { panic!("{olga:?}") };
    assert_eq!(user.client(), Some("map-app"));
    // Who has no application belongs to all of the organization's, so one of the wrong type is not passed over.
    for app in ["null", "5", "[]"] {
        let answer = format!(r#"{{"active":true,"sub":"u-1","app":{app}}}"#);
        let verifier = saying(answer).app_claim("app").build().unwrap();
        assert_eq!(verdict(&verifier, "opaque").await, "unknown", "{app}");
    }
}

/// A cache keeps many of them: as values of their own these would be fifteen times their text.
#[test]
fn a_large_answer_is_kept_as_its_text() {
    let answer = format!(r#"{{"active":true,"sub":"otto","groups":[{}"x"]}}"#, r#""g","#.repeat(15_000));
    let length = i64::try_from(answer.len()).unwrap();
    let verifier = saying(answer).build().unwrap();
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let ask = || runtime.block_on(ask(&verifier, "opaque")).unwrap();
    // The first question fills what lives on.
    drop(ask());
    let mut kept = None;
    let counted = measure(|| kept = Some(ask()));
    assert_eq!(kept.unwrap().claims::<Claims>().unwrap().groups().len(), 15_001);
    assert!(counted.bytes_current < length + 4_096, "{} bytes of {length}", counted.bytes_current);
}
