//! Users, clients and tenants of grants: a grant ends with each of them.

use http::header::HOST;
use tower_principal::server::Stores;

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
