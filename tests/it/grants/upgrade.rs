//! Databases of versions without grants.

use std::time::Duration;

use tower_principal::grant::{Grants as _, Presented};
use tower_principal::verify::sql::{NewCredential, NewUser};
use tower_principal::{PrincipalKind, Secret};

use super::*;
use crate::sql::{Place, REVOKED, Short, ask, key, password, token};

#[tokio::test]
async fn a_database_without_grants_is_brought_up_to_date_in_place() {
    for place in Place::all() {
        let verifier = place.connect().await;
        let store = verifier.store();
        store.users().create("alice", Secret::borrowed("p"), NewUser::new()).await.unwrap();
        let client = store.clients().create(NewCredential::new().id("map").org("acme")).await.unwrap();
        let plain = NewCredential::new().user("alice").client("map").scopes(["read"]);
        let issued = store.access_tokens().create(plain).await.unwrap();
        let over = store.api_keys().create(NewCredential::new()).await.unwrap();
        store.api_keys().revoke(&over.id).await.unwrap();
        place.without_grants().await;
        verifier.close().await;

        let verifier = place.connect().await;
        let is = |kind| Short::Is(kind);
        let old = token(issued.secret.expose_secret());
        assert_eq!(ask(&verifier, &old).await, is(PrincipalKind::OAuthUser), "{}", place.name);
        assert_eq!(ask(&verifier, &password("alice", "p")).await, is(PrincipalKind::BasicUser));
        assert_eq!(ask(&verifier, &key(over.secret.expose_secret())).await, REVOKED);
        let secret = client.secret.expose_secret();
        let shown = Credential::Client(ClientKind::from_id("map"), crate::sql::pair("map", secret));
        assert_eq!(ask(&verifier, &shown).await, is(PrincipalKind::OrgAdmin));
        // A token of before is no grant, and a grant can be made.
        let store = verifier.store();
        assert!(store.find(&Presented::Grant(GrantId::parse("x").unwrap())).await.unwrap().is_none());
        let (_, access, _) = issue(&store, new("map").user("alice")).await;
        assert_eq!(ask(&verifier, &token(access.secret.expose_secret())).await, is(PrincipalKind::OAuthUser));
        assert_eq!(store.purge_expired(Duration::ZERO).await.unwrap(), 1, "the revoked key");
    }
}
