//! What somebody who means harm would try, each once.

use tower_principal::verify::sql::{NewUser, SqlError};
use tower_principal::{Operation, Secret};

use crate::sql::*;
use crate::support::*;

/// Whoever has a name that differs from another's by case alone would hold what `${user}` grants the other.
#[tokio::test]
async fn nobody_takes_a_name_that_permissions_cannot_tell_from_anothers() {
    for place in Place::all() {
        let verifier = place.connect().await;
        let store = verifier.store();
        let (users, roles) = (store.users(), store.roles());
        roles.create("member", ["get,put:/users/${user}/**"]).await.unwrap();
        let create = async |name: &str| users.create(name, Secret::borrowed("p"), NewUser::new()).await;
        create("alice").await.unwrap();
        let twin = create("ALICE").await;
        assert!(matches!(twin, Err(SqlError::Exists)), "{}: {twin:?}", place.name);
        let hash = cheap_passwords().hash("p").unwrap();
        let twin = users.import("Alice", &hash, NewUser::new()).await;
        assert!(matches!(twin, Err(SqlError::Exists)), "{}: {twin:?}", place.name);
        // Of another tenant, and after the first one is gone, it is a name like any other.
        let acme = verifier.store().tenant("acme").unwrap();
        acme.users().create("ALICE", Secret::borrowed("p"), NewUser::new()).await.unwrap();
        assert!(users.delete("alice").await.unwrap());
        create("ALICE").await.unwrap();
        roles.assign("member", "ALICE").await.unwrap();
        let alice = who(&verifier, &password("ALICE", "p")).await;
        assert!(alice.permissions().allow(Operation::Get, "/users/alice/x", &["ALICE"]));
    }
}
