//! Applications that a user has allowed to act.

use tower_principal::server::AllowedApplication;

use super::*;

const HOUR: Duration = Duration::from_secs(3_600);

/// Returns servers with the applications `viewer`, which has a name, and `weather`.
async fn kits() -> Vec<Kit> {
    let [weather, viewer] = clients();
    Kit::with(&[weather, viewer.label("Map viewer")], |builder| builder).await
}

async fn listed(kit: &Kit, user: &str) -> Vec<AllowedApplication> {
    kit.server.connected_applications(user).await.unwrap()
}

async fn names(kit: &Kit, user: &str) -> Vec<String> {
    listed(kit, user).await.into_iter().map(|one| one.client).collect()
}

#[tokio::test]
async fn a_list_has_each_application_once_with_all_that_it_has() {
    for kit in kits().await {
        let offer = |client: &str| CodeOffer::new(client, "alice").session("session-1");
        let code = kit.code_of(offer("viewer").scopes(["read"])).await;
        kit.redeem(&code).await.tokens();
        let since = listed(&kit, "alice").await[0].since;
        kit.clock.pass(Duration::from_secs(10));
        kit.code_of(offer("weather")).await;
        kit.clock.pass(Duration::from_secs(10));
        let code = kit.code_of(CodeOffer::new("viewer", "alice").scopes(["write"]).session("session-2"));
        kit.redeem(&code.await).await.tokens();

        let all = listed(&kit, "alice").await;
        let [viewer, weather] = &all[..] else { panic!("{}: {all:?}", kit.name) };
        assert_eq!((&*viewer.client, viewer.label.as_deref()), ("viewer", Some("Map viewer")));
        assert!(["read", "write"].iter().all(|scope| viewer.scopes.contains(scope)), "{viewer:?}");
        assert_eq!(viewer.since, since);
        assert_eq!(viewer.latest, since + Duration::from_secs(20));
        assert_eq!(viewer.session.as_deref(), Some("session-2"));
        assert_eq!((&*weather.client, weather.label.as_deref()), ("weather", None));
    }
}

/// breeze#5553: number 25. The end of a connection covers codes that no client has redeemed yet.
#[tokio::test]
async fn the_end_of_a_connection_ends_tokens_and_codes() {
    for kit in kits().await {
        let first = kit.log_in().await;
        let second = kit.refresh(&first.refresh).await.tokens();
        let code = kit.code().await;
        assert!(kit.server.disconnect("alice", "viewer").await.unwrap(), "{}", kit.name);
        for access in [&first.access, &second.access] {
            assert!(!kit.is_live(access).await, "{}", kit.name);
        }
        assert_eq!(kit.refresh(&second.refresh).await.error(), (400, "invalid_grant"));
        assert_eq!(kit.redeem(&code).await.error(), (400, "invalid_grant"));
        assert!(names(&kit, "alice").await.is_empty());
        assert!(!kit.server.disconnect("alice", "viewer").await.unwrap());
        // The application may ask again.
        let tokens = kit.log_in().await;
        assert!(kit.is_live(&tokens.access).await);
        assert_eq!(names(&kit, "alice").await, ["viewer"]);
    }
}

/// keycloak#26532, #35813: number 27.
#[tokio::test]
async fn it_ends_nothing_of_another_user_or_application() {
    for kit in kits().await {
        if let Some(database) = &kit.database {
            let users = database.store().users();
            users.create("bob", Secret::borrowed(PASSWORD), NewUser::new()).await.unwrap();
        }
        kit.log_in().await;
        kit.code_of(CodeOffer::new("weather", "alice")).await;
        let bobs = kit.redeem(&kit.code_of(CodeOffer::new("viewer", "bob")).await).await.tokens();
        let own = kit.post_as_weather(&[("grant_type", "client_credentials")]).await;
        let own = own.text("access_token").to_owned();
        assert!(kit.server.disconnect("alice", "viewer").await.unwrap());
        assert_eq!(names(&kit, "alice").await, ["weather"], "{}", kit.name);
        assert_eq!(names(&kit, "bob").await, ["viewer"], "{}", kit.name);
        assert!(kit.is_live(&bobs.access).await && kit.is_live(&own).await, "{}", kit.name);
        // A client that acts for itself is not allowed by a user, whatever the user's name is.
        assert!(names(&kit, "weather").await.is_empty());
        for (user, client) in [("alice", "other"), ("other", "viewer"), ("", ""), ("\0", "viewer")] {
            assert!(!kit.server.disconnect(user, client).await.unwrap(), "{user:?} {client:?}");
        }
    }
}

#[tokio::test]
async fn it_ends_when_everything_of_it_has_expired() {
    for kit in kits().await {
        kit.code().await;
        assert_eq!(names(&kit, "alice").await, ["viewer"]);
        kit.clock.pass(HOUR);
        assert!(names(&kit, "alice").await.is_empty(), "{}: a code that expired", kit.name);
        kit.log_in().await;
        kit.clock.pass(HOUR * 2);
        assert_eq!(names(&kit, "alice").await, ["viewer"], "{}: a refresh token in force", kit.name);
        kit.clock.pass(HOUR * 24 * 366);
        assert!(names(&kit, "alice").await.is_empty(), "{}: tokens that expired", kit.name);
    }
}

#[tokio::test]
async fn a_tenant_sees_and_ends_nothing_of_another() {
    for kit in kits().await {
        let Some(database) = &kit.database else { continue };
        let tenant = |name: &str| database.store().tenant(name).unwrap();
        let stores = ["acme", "rival"].map(|name| Stores::from(tenant(name)));
        for name in ["acme", "rival"] {
            tenant(name).applications().register(&clients()[1]).await.unwrap();
        }
        let offer = || CodeOffer::new("viewer", "alice").redirect_uri(CALLBACK).challenge(CHALLENGE);
        kit.server.offer_in(&stores[0], offer()).await.unwrap();
        let names = async |stores: &Stores| {
            let all = kit.server.connected_applications_in(stores, "alice").await.unwrap();
            all.into_iter().map(|one| one.client).collect::<Vec<_>>()
        };
        assert_eq!(names(&stores[0]).await, ["viewer"]);
        assert!(names(&stores[1]).await.is_empty() && listed(&kit, "alice").await.is_empty());
        assert!(!kit.server.disconnect("alice", "viewer").await.unwrap());
        assert!(!kit.server.disconnect_in(&stores[1], "alice", "viewer").await.unwrap());
        assert_eq!(names(&stores[0]).await, ["viewer"]);
        assert!(kit.server.disconnect_in(&stores[0], "alice", "viewer").await.unwrap());
        assert!(names(&stores[0]).await.is_empty());
    }
}

#[tokio::test]
async fn a_disabled_user_and_a_deleted_application_have_no_connection() {
    for kit in kits().await {
        let Some(database) = &kit.database else { continue };
        let store = database.store();
        kit.log_in().await;
        store.users().disable("alice").await.unwrap();
        assert!(names(&kit, "alice").await.is_empty());
        store.users().enable("alice").await.unwrap();
        assert_eq!(names(&kit, "alice").await, ["viewer"]);
        store.applications().delete("viewer").await.unwrap();
        assert!(names(&kit, "alice").await.is_empty());
    }
}

/// A user that is deleted while it logs in gets no grant, so that a later user of the name
/// inherits none.
#[tokio::test]
async fn a_user_that_was_deleted_gets_no_grant() {
    for kit in kits().await {
        let Some(database) = &kit.database else { continue };
        let users = database.store().users();
        users.delete("alice").await.unwrap();
        let offer = CodeOffer::new("viewer", "alice").redirect_uri(CALLBACK).challenge(CHALLENGE);
        let refused = kit.server.offer(offer.clone()).await;
        assert_eq!(refused.unwrap_err().to_string(), "the store failed", "{}", kit.name);
        // A user that the store never had, and the next user of the name, are not concerned.
        let elsewhere = CodeOffer::new("viewer", "zoe").redirect_uri(CALLBACK).challenge(CHALLENGE);
        kit.server.offer(elsewhere).await.unwrap();
        users.create("alice", Secret::borrowed(PASSWORD), NewUser::new()).await.unwrap();
        kit.server.offer(offer).await.unwrap();
    }
}
