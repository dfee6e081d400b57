//! Applications of OpenDataSoft "are registered on a specific domain and can only access data on
//! this domain": each domain is a tenant.

use http::header::HOST;
use tower_principal::server::profile::OPENDATASOFT;

use super::*;
use crate::sql::{UNKNOWN, ask_as};

const SECRET: &str = "secret-of-the-application";
const CALLBACK: &str = "http://example.com";
const PARIS: &str = "data.paris.example";
const LYON: &str = "data.lyon.example";

fn application() -> Application {
    let grants = [GrantType::AuthorizationCode, GrantType::RefreshToken];
    Application::confidential("cid").redirect(CALLBACK).grants(grants).scopes(["all"])
}

/// Returns servers of two domains each. The application is registered on the first.
async fn domains() -> Vec<(AuthorizationServer, [Stores; 2], Option<Place>)> {
    let secret = Secret::borrowed(SECRET);
    let registered = MemoryApplications::new().with_secret(application(), &secret);
    let memory =
        |name: &str, applications| Stores::from((MemoryGrants::new().with_tenant(name), applications));
    let both = [memory("paris", registered), memory("lyon", MemoryApplications::new())];
    let mut all = vec![served(both, None)];
    for place in Place::all() {
        let database = place.connect().await;
        let [paris, lyon] = ["paris", "lyon"].map(|name| database.store().tenant(name).unwrap());
        for store in [&paris, &lyon] {
            store.users().create("alice", Secret::borrowed(PASSWORD), NewUser::new()).await.unwrap();
        }
        paris.applications().import(&application(), &secret).await.unwrap();
        all.push(served([paris.into(), lyon.into()], Some(place)));
    }
    all
}

fn served(stores: [Stores; 2], place: Option<Place>) -> (AuthorizationServer, [Stores; 2], Option<Place>) {
    let [paris, lyon] = stores.clone();
    let builder = AuthorizationServer::builder(ISSUER, paris.clone(), transport::danger_assume_secure());
    let server = builder.only(OPENDATASOFT).throttle(never()).tenants(move |head| {
        match head.headers().get(HOST)?.to_str().ok()? {
            PARIS => Some(paris.clone()),
            LYON => Some(lyon.clone()),
            _ => None,
        }
    });
    (server.build().unwrap(), stores, place)
}

async fn post(server: &AuthorizationServer, host: &str, parameters: &[(&str, &str)]) -> Reply {
    let client = [("client_id", "cid"), ("client_secret", SECRET)];
    let mut request = form("/oauth2/token/", encoded(&[&client, parameters].concat()));
    request.headers_mut().insert(HOST, host.parse().unwrap());
    Reply::of(send(server.clone(), request).await)
}

#[tokio::test]
async fn an_application_gets_tokens_on_its_own_domain_and_they_are_good_there_alone() {
    for (server, stores, place) in domains().await {
        let offer = CodeOffer::new("cid", "alice").redirect_uri(CALLBACK);
        assert!(server.offer_in(&stores[1], offer.clone()).await.is_err());
        let code = server.offer_in(&stores[0], offer).await.unwrap();
        let redeem = [
            ("grant_type", "authorization_code"),
            ("code", code.expose_secret()),
            ("redirect_uri", CALLBACK),
        ];
        for other in [LYON, "data.other.example"] {
            let refused = post(&server, other, &redeem).await;
            assert_eq!(refused.error(), (401, "invalid_client"), "{other}");
        }
        let tokens = post(&server, PARIS, &redeem).await.tokens();
        let refresh = [("grant_type", "refresh_token"), ("refresh_token", &*tokens.refresh)];
        assert_eq!(post(&server, LYON, &refresh).await.error(), (401, "invalid_client"));
        assert_eq!(post(&server, PARIS, &refresh).await.status, 200);
        let Some(place) = place else { continue };
        let verifier = place.connect().await;
        let access = token(&tokens.access);
        assert!(matches!(ask_as(&verifier, &access, Some("paris")).await, Short::Is(_)));
        for other in [Some("lyon"), None] {
            assert_eq!(ask_as(&verifier, &access, other).await, UNKNOWN, "{other:?}");
        }
    }
}
