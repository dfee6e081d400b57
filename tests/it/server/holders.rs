//! Users, clients and tenants of grants: a grant ends with each of them.

use http::header::HOST;
use tower_principal::grant::{Ending, Grants};
use tower_principal::server::profile::STANDARD;
use tower_principal::server::{Profile, Stores, Ways};

use super::*;

const INVALID: (u16, &str) = (400, "invalid_grant");

/// Returns the kits with a database, because only a database stores users.
async fn databases() -> Vec<(Kit, SqlVerifier)> {
    let kits = Kit::all().await.into_iter();
    kits.filter_map(|kit| kit.database.clone().map(|database| (kit, database))).collect()
}

#[tokio::test]
async fn a_code_and_a_refresh_token_of_a_disabled_user_are_refused_and_work_when_it_is_enabled() {
    for (kit, database) in databases().await {
        let (code, first) = (kit.code().await, kit.log_in().await);
        assert!(database.store().users().disable("alice").await.unwrap());
        assert_eq!(kit.redeem(&code).await.error(), INVALID, "{}", kit.name);
        assert_eq!(kit.refresh(&first.refresh).await.error(), INVALID, "{}", kit.name);
        assert!(!kit.is_live(&first.access).await);
        assert!(database.store().users().enable("alice").await.unwrap());
        assert_eq!(kit.refresh(&first.refresh).await.status, 200, "{}: not used up", kit.name);
    }
}

#[tokio::test]
async fn a_code_and_a_refresh_token_of_a_deleted_or_disabled_client_are_refused() {
    for (kit, database) in databases().await {
        let (code, first) = (kit.code().await, kit.log_in().await);
        let applications = database.store().applications();
        assert!(applications.disable("viewer").await.unwrap());
        for reply in [kit.redeem(&code).await, kit.refresh(&first.refresh).await] {
            assert_eq!(reply.error(), (401, "invalid_client"), "{}", kit.name);
        }
        assert!(applications.enable("viewer").await.unwrap());
        let second = kit.refresh(&first.refresh).await.tokens();
        assert!(applications.delete("viewer").await.unwrap());
        for reply in [kit.redeem(&code).await, kit.refresh(&second.refresh).await] {
            assert_eq!(reply.error(), (401, "invalid_client"), "{}", kit.name);
        }
        // A new client with this id inherits nothing.
        let [_, viewer] = clients();
        assert!(applications.register(&viewer).await.unwrap().is_none());
        for reply in [kit.redeem(&code).await, kit.refresh(&second.refresh).await] {
            assert_eq!(reply.error(), INVALID, "{}", kit.name);
        }
        assert!(!kit.is_live(&second.access).await, "{}", kit.name);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refresh_while_the_user_is_disabled_leaves_nothing_alive() {
    for (kit, database) in databases().await {
        for _ in 0..20 {
            let first = kit.log_in().await;
            let users = database.store().users();
            let (reply, disabled) = tokio::join!(kit.refresh(&first.refresh), users.disable("alice"));
            assert!(disabled.unwrap());
            let access = if reply.status == 200 { reply.tokens().access } else { first.access.clone() };
            assert!(reply.status == 200 || reply.error() == INVALID, "{} {reply:?}", kit.name);
            assert!(!kit.is_live(&access).await && !kit.is_live(&first.access).await, "{}", kit.name);
            assert!(users.enable("alice").await.unwrap());
        }
    }
}

/// Returns servers for two tenants each, which the `Host` header selects.
async fn tenants() -> Vec<(AuthorizationServer, [Stores; 2], Option<Place>)> {
    let mut all = Vec::new();
    let [_, viewer] = clients();
    let memory = |name: &str| {
        let applications = MemoryApplications::new().with(viewer.clone());
        Stores::from((MemoryGrants::new().with_tenant(name), applications))
    };
    all.push(served([memory("acme"), memory("rival")], None));
    for place in Place::all() {
        let database = place.connect().await;
        let mut stores = Vec::new();
        for tenant in ["acme", "rival"] {
            let store = database.store().tenant(tenant).unwrap();
            store.users().create("alice", Secret::borrowed(PASSWORD), NewUser::new()).await.unwrap();
            assert!(store.applications().register(&viewer).await.unwrap().is_none());
            stores.push(Stores::from(store));
        }
        all.push(served(stores.try_into().unwrap(), Some(place)));
    }
    all
}

fn served(stores: [Stores; 2], place: Option<Place>) -> (AuthorizationServer, [Stores; 2], Option<Place>) {
    let [acme, rival] = stores.clone();
    let builder = AuthorizationServer::builder(ISSUER, acme.clone(), transport::danger_assume_secure());
    let server = builder
        .tenants(move |head| match head.headers().get(HOST)?.to_str().ok()? {
            "acme.example" => Some(acme.clone()),
            "rival.example" => Some(rival.clone()),
            _ => None,
        })
        .throttle(never())
        .build()
        .unwrap();
    (server, stores, place)
}

async fn post_at(server: &AuthorizationServer, host: &str, parameters: &[(&str, &str)]) -> Reply {
    let mut request = form(TOKEN_PATH, encoded(parameters));
    request.headers_mut().insert(HOST, host.parse().unwrap());
    Reply::of(send(server.clone(), request).await)
}

#[tokio::test]
async fn a_code_and_a_refresh_token_of_another_tenant_are_unknown_and_not_used_up() {
    for (server, stores, _place) in tenants().await {
        let offer = CodeOffer::new("viewer", "alice").redirect_uri(CALLBACK).challenge(CHALLENGE);
        let code = server.offer_in(&stores[0], offer).await.unwrap();
        let redeem = [
            ("grant_type", "authorization_code"),
            ("client_id", "viewer"),
            ("code", code.expose_secret()),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ];
        assert_eq!(post_at(&server, "rival.example", &redeem).await.error(), INVALID);
        let first = post_at(&server, "acme.example", &redeem).await.tokens();
        let refresh =
            [("grant_type", "refresh_token"), ("client_id", "viewer"), ("refresh_token", &*first.refresh)];
        assert_eq!(post_at(&server, "rival.example", &refresh).await.error(), INVALID);
        assert_eq!(post_at(&server, "acme.example", &refresh).await.status, 200);
        for unknown in ["other.example", "", "acme.example.evil.example"] {
            assert_eq!(
                post_at(&server, unknown, &refresh).await.error(),
                (401, "invalid_client"),
                "{unknown}"
            );
        }
    }
}

/// The answer of a look-up after the client has authenticated.
#[derive(Clone, Copy, Debug)]
enum Then {
    Registered,
    Deleted,
    Outage,
}

/// A registry whose client authenticates, and in which it may be deleted before it is looked up.
struct Changing(Application, Then);

impl Applications for Changing {
    async fn find(&self, id: &str) -> Result<Option<Application>, StoreError> {
        match self.1 {
            Then::Registered => Ok(Some(self.0.clone()).filter(|application| application.id == id)),
            Then::Deleted => Ok(None),
            Then::Outage => Err(StoreError::unavailable("connection reset")),
        }
    }

    async fn authenticate(&self, _: &str, _: &Secret<'_>) -> Result<Option<Application>, StoreError> {
        Ok(Some(self.0.clone()))
    }
}

/// Returns the answer to a token request, and how many of the client's grants were alive after it.
async fn asked<G: Grants + Clone>(grants: G, then: Then, grant: &[(&str, &str)]) -> (Reply, usize) {
    const EVERY: Profile = Profile {
        ways: Ways { grants: &[GrantType::ClientCredentials, GrantType::Password], ..STANDARD.ways },
        ..STANDARD
    };
    let all = [GrantType::ClientCredentials, GrantType::Password];
    let weather = Application::confidential("weather").grants(all).scopes(["read"]);
    let stores = Stores::from((grants.clone(), Changing(weather, then)));
    let users = MemoryVerifier::builder().passwords(cheap_passwords());
    let users = users.user("alice", PASSWORD, BasicUser::new("alice")).build().unwrap();
    let builder = AuthorizationServer::builder(ISSUER, stores, transport::danger_assume_secure());
    let server = builder.users(users).only(EVERY).throttle(never()).build().unwrap();
    let client = [("client_id", "weather"), ("client_secret", "the secret of weather")];
    let reply = Reply::of(send(server, form(TOKEN_PATH, encoded(&[grant, &client].concat()))).await);
    (reply, grants.end(&Ending::Client("weather")).await.unwrap())
}

#[tokio::test]
async fn a_client_that_is_deleted_between_authentication_and_the_grant_gets_no_token() {
    let client = [("grant_type", "client_credentials")];
    let user = [("grant_type", "password"), ("username", "alice"), ("password", PASSWORD)];
    for grant in [&client[..], &user] {
        let expected = [
            (Then::Registered, 200, "", 1),
            (Then::Deleted, 401, "invalid_client", 0),
            (Then::Outage, 503, "temporarily_unavailable", 0),
        ];
        for (then, status, error, alive) in expected {
            let mut answers = vec![asked(MemoryGrants::new(), then, grant).await];
            for place in Place::all() {
                answers.push(asked(place.connect().await.store().clone(), then, grant).await);
            }
            for (reply, left) in answers {
                assert_eq!((reply.error(), left), ((status, error), alive), "{then:?} {grant:?}");
                assert_eq!(reply.text("access_token").is_empty(), alive == 0, "{then:?} {grant:?}");
            }
        }
    }
}
