//! The name of a role is a group of its users, and of the credentials that have their permissions.

use tower_principal::credential::ClientKind;
use tower_principal::principal::{Ground, Groups};
use tower_principal::verify::sql::{NewCredential, NewUser};
use tower_principal::{Secret, policy};

use super::*;
use crate::groups::{Role, allows};

fn groups(names: &[&str]) -> Groups {
    names.iter().collect()
}

#[tokio::test]
async fn a_role_is_a_group_of_its_users_and_of_their_keys_and_tokens() {
    for place in Place::all() {
        let database = place.connect().await;
        let store = database.store();
        let (users, roles) = (store.users(), store.roles());
        users.create("alice", Secret::borrowed("p"), NewUser::new()).await.unwrap();
        users.create("bob", Secret::borrowed("p"), NewUser::new()).await.unwrap();
        roles.create(Role::Admin, []).await.unwrap();
        roles.create(Role::Editor, ["put:/reports/*"]).await.unwrap();
        assert!(roles.assign(Role::Admin, "alice").await.unwrap());
        assert!(roles.assign(Role::Editor, "alice").await.unwrap());
        let of_alice = || NewCredential::new().owner("alice");
        let key = store.api_keys().create(of_alice()).await.unwrap();
        let narrow = store.api_keys().create(of_alice().permissions(["get:/x"])).await.unwrap();
        let halves = store.key_pairs().create(of_alice()).await.unwrap();
        let app = store.app_tokens().create(of_alice()).await.unwrap();
        let issued = store.access_tokens().create(NewCredential::new().user("alice")).await.unwrap();
        let early = store.access_tokens().create(NewCredential::new().user("zoe")).await.unwrap();
        users.create("zoe", Secret::borrowed("p"), NewUser::new()).await.unwrap();
        roles.assign(Role::Admin, "zoe").await.unwrap();
        let both = &["admin", "editor"][..];
        for (name, credential, expected) in [
            ("password", password("alice", "p"), both),
            ("key", key_of(&key), both),
            ("key of two halves", halves_of(&halves), both),
            ("access token", token(issued.secret.expose_secret()), both),
            // It has its own permissions, and no others.
            ("narrow key", key_of(&narrow), &[]),
            ("app token", Credential::AppToken(app.secret.reborrow()), &[]),
            // This token is older than its user.
            ("early token", token(early.secret.expose_secret()), &[]),
            ("password of another", password("bob", "p"), &[]),
        ] {
            let who = who(&database, &credential).await;
            assert_eq!(who.groups(), &groups(expected), "{} {name}", place.name);
            assert_eq!(allows(&policy::group(Role::Admin), &who, "/x"), !expected.is_empty(), "{name}");
        }
        assert!(roles.unassign(Role::Editor, "alice").await.unwrap());
        assert_eq!(who(&database, &key_of(&key)).await.groups(), &groups(&["admin"]));
        assert!(roles.delete(Role::Admin).await.unwrap());
        for credential in [key_of(&key), password("alice", "p")] {
            assert!(who(&database, &credential).await.groups().is_empty(), "{}", place.name);
        }
    }
}

fn key_of(issued: &tower_principal::verify::sql::Issued) -> Credential<'_> {
    key(issued.secret.expose_secret())
}

fn halves_of(issued: &tower_principal::verify::sql::Issued) -> Credential<'_> {
    Credential::KeyPair(pair(&issued.id, issued.secret.expose_secret()))
}

#[tokio::test]
async fn a_role_counts_in_the_organization_of_its_user() {
    for place in Place::all() {
        let database = place.connect().await;
        let store = database.store();
        let new = NewUser::new().org("acme").app("weather");
        store.users().create("wendy", Secret::borrowed("p"), new).await.unwrap();
        store.roles().create("admin", []).await.unwrap();
        store.roles().assign("admin", "wendy").await.unwrap();
        let key = store.api_keys().create(NewCredential::new().owner("wendy")).await.unwrap();
        let wide = NewCredential::new().owner("wendy").org("acme");
        let wide = store.api_keys().create(wide).await.unwrap();
        let rival = NewCredential::new().owner("wendy").org("rival");
        let rival = store.api_keys().create(rival).await.unwrap();
        let weather = Ground::application("acme", "weather");
        let within = policy::group("admin").within("/{org}/{app}/**").unwrap();
        for (name, credential, there) in [
            ("password", password("wendy", "p"), true),
            ("key", key_of(&key), true),
            ("key of the organization", key_of(&wide), true),
            ("key of another organization", key_of(&rival), false),
        ] {
            let who = who(&database, &credential).await;
            assert!(who.groups().is_empty(), "{} {name}", place.name);
            assert_eq!(who.has_group_in(&weather, "admin"), there, "{} {name}", place.name);
            assert_eq!(allows(&within, &who, "/acme/weather/x"), there, "{} {name}", place.name);
            for path in ["/acme/maps/x", "/rival/weather/x"] {
                assert!(!allows(&within, &who, path), "{} {name} {path}", place.name);
            }
        }
    }
}

#[tokio::test]
async fn a_role_of_another_tenant_is_no_group() {
    for place in Place::all() {
        let database = place.connect().await;
        let (here, there) =
            (database.store().tenant("acme").unwrap(), database.store().tenant("rival").unwrap());
        for store in [&here, &there] {
            store.users().create("alice", Secret::borrowed("p"), NewUser::new()).await.unwrap();
            store.roles().create("admin", []).await.unwrap();
        }
        there.roles().assign("admin", "alice").await.unwrap();
        for (tenant, expected) in [("acme", false), ("rival", true)] {
            let context = VerifyContext::default().with_tenant(tenant);
            let alice = database.verify(&password("alice", "p"), &context).await.unwrap();
            assert_eq!(alice.has_group("admin"), expected, "{} {tenant}", place.name);
        }
    }
}

/// A client has its owner's roles wherever it has the permissions of these roles.
#[tokio::test]
async fn a_client_has_the_roles_of_its_owner_in_the_owners_place_alone() {
    for place in Place::all() {
        let database = place.connect().await;
        let store = database.store();
        let new = NewUser::new().org("acme").app("weather");
        store.users().create("carol", Secret::borrowed("p"), new).await.unwrap();
        store.roles().create("admin", []).await.unwrap();
        store.roles().assign("admin", "carol").await.unwrap();
        let new = NewCredential::new().owner("carol").org("acme");
        let issued = store.clients().create(new).await.unwrap();
        let client = Credential::Client(
            ClientKind::from_id(&issued.id),
            pair(&issued.id, issued.secret.expose_secret()),
        );
        let client = who(&database, &client).await;
        assert!(!client.has_group("admin"));
        assert!(client.has_group_in(&Ground::application("acme", "weather"), "admin"));
        assert!(!client.has_group_in(&Ground::application("acme", "maps"), "admin"));
    }
}
