//! Databases from a version without grants.

use std::fs::File;
use std::time::Duration;

use tower_principal::grant::{Ending, GrantId, Grants as _, Presented};
use tower_principal::principal::Operation;
use tower_principal::{PrincipalKind, Verifier as _, VerifyContext};

use super::*;
use crate::sql::{DISABLED, EXPIRED, Place, REVOKED, Short, ask, key, pair, password, token, who};

/// Fills an empty place with a database of that version.
async fn fill(place: &Place) {
    let text = match &place.folder {
        Some(folder) => {
            File::create(folder.path().join("test.db")).unwrap();
            include_str!("before/sqlite.sql")
        }
        None => include_str!("before/postgres.sql"),
    };
    place.by_hand(&text.replace("{p}", &place.table(""))).await.unwrap();
}

fn client(secret: &'static str) -> Credential<'static> {
    Credential::Client(ClientKind::from_id("map"), pair("map", secret))
}

#[tokio::test]
async fn a_database_without_grants_is_brought_up_to_date_in_place() {
    for place in Place::all() {
        fill(&place).await;
        // Two nodes of the new version start at once.
        let (verifier, other) = tokio::join!(place.connect(), place.connect());
        other.close().await;
        let is = |kind| Short::Is(kind);
        let alices = token("alices-token-0123456789");
        assert_eq!(ask(&verifier, &alices).await, is(PrincipalKind::OAuthUser), "{}", place.name);
        let alice = who(&verifier, &alices).await;
        assert_eq!((alice.id(), alice.scopes().as_str()), (Some("alice"), "read"));
        assert!(alice.may(Operation::Get, "/x") && !alice.may(Operation::Post, "/x"));
        assert_eq!(ask(&verifier, &password("alice", "p")).await, is(PrincipalKind::BasicUser));
        assert_eq!(ask(&verifier, &client("map-secret-0123456789")).await, is(PrincipalKind::OrgAdmin));
        // Invalid credentials are still invalid.
        assert_eq!(ask(&verifier, &key("alices-key-0123456789")).await, REVOKED);
        assert_eq!(ask(&verifier, &token("expired-token-0123456789")).await, EXPIRED);
        assert_eq!(ask(&verifier, &token("bobs-token-0123456789")).await, DISABLED);
        assert_eq!(ask(&verifier, &token("tokens-of-gone-0123456789")).await, DISABLED);
        assert_eq!(ask(&verifier, &password("bob", "p")).await, DISABLED);

        // An older token has no grant, and no method of grants changes it.
        let store = verifier.store();
        let id = GrantId::parse(alice.credential_id().unwrap()).unwrap();
        assert!(store.find(&Presented::Grant(id.clone())).await.unwrap().is_none());
        for what in [Ending::Grant(&id), Ending::Client("map"), Ending::User { user: "alice", client: None }]
        {
            assert_eq!(store.end(&what).await.unwrap(), 0, "{what:?}");
        }
        assert_eq!(store.purge(Duration::ZERO).await.unwrap(), 0);
        assert_eq!(ask(&verifier, &alices).await, is(PrincipalKind::OAuthUser));
        // An older client is no application, and its grants end with it.
        assert!(store.applications().list(None, 10).await.unwrap().is_empty());
        let (_, access, _) = issue(&store, new("map").user("alice")).await;
        let new = token(access.secret.expose_secret());
        assert_eq!(ask(&verifier, &new).await, is(PrincipalKind::OAuthUser));
        assert!(store.clients().disable("map").await.unwrap());
        assert_eq!(ask(&verifier, &new).await, DISABLED);
        assert_eq!(store.purge_expired(Duration::ZERO).await.unwrap(), 2, "the key and the old token");
        // The database is also up to date at the next start, and an older token can still be
        // revoked.
        verifier.close().await;
        let verifier = place.connect().await;
        assert!(verifier.store().clients().enable("map").await.unwrap());
        verifier.revoke(&alices, &VerifyContext::default()).await.unwrap();
        assert_eq!(ask(&verifier, &alices).await, REVOKED);
    }
}
