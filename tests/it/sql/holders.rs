//! Within a tenant, no name is the UUID of another user. A user's permissions count only in the
//! user's place.

use sqlx::AssertSqlSafe;
use tower_principal::principal::{Ground, Operation};
use tower_principal::verify::Tenancy;
use tower_principal::verify::sql::{NewCredential, NewUser, SqlError, SqlStore};
use tower_principal::{Credential, Policy as _, Secret, policy};

use super::*;

const UUID: &str = "f2f82123-a166-11e2-a7f7-02e81adcf3d0";

async fn user(store: &SqlStore, name: &str, uuid: Option<&str>) -> Result<(), SqlError> {
    let new = uuid.map_or_else(NewUser::new, |uuid| NewUser::new().uuid(uuid));
    store.users().create(name, Secret::borrowed("p"), new).await
}

fn refused<T: std::fmt::Debug>(made: Result<T, SqlError>) {
    assert!(matches!(made, Err(SqlError::Exists)), "{made:?}");
}

#[tokio::test]
async fn a_name_that_is_another_users_uuid_is_refused_and_the_reverse() {
    for place in Place::all() {
        let store = place.connect().await.store();
        user(&store, "alice", Some(UUID)).await.unwrap();
        refused(user(&store, UUID, None).await);
        refused(user(&store, "bob", Some("alice")).await);
        refused(user(&store, "bob", Some(UUID)).await);
        let hash = cheap_passwords().hash("p").unwrap();
        refused(store.users().import(UUID, &hash, NewUser::new()).await);
        refused(store.users().import("bob", &hash, NewUser::new().uuid("alice")).await);
        let tokens = store.access_tokens();
        refused(tokens.create(NewCredential::new().user(UUID)).await);
        refused(tokens.create(NewCredential::new().user("bob").uuid("alice")).await);
        refused(tokens.create(NewCredential::new().user("bob").uuid(UUID)).await);
        refused(tokens.import(Secret::borrowed("0123456789abcdef0"), NewCredential::new().user(UUID)).await);
        refused(store.api_keys().create(NewCredential::new().owner(UUID)).await);
        refused(store.app_tokens().create(NewCredential::new().owner(UUID)).await);
        // A name that a token claimed first cannot become a user later.
        tokens.create(NewCredential::new().user("carol").uuid("c-1")).await.unwrap();
        refused(user(&store, "c-1", None).await);
        refused(user(&store, "dave", Some("carol")).await);
        // This also holds after the first user is deleted.
        store.users().delete("alice").await.unwrap();
        refused(user(&store, UUID, None).await);
        // The user's own name and UUID do not collide, and neither do those of another tenant.
        user(&store, "alice", Some(UUID)).await.unwrap();
        tokens.create(NewCredential::new().user("alice").uuid(UUID)).await.unwrap();
        user(&store, "erin", Some("erin")).await.unwrap();
        user(&store.clone().tenant("acme").unwrap(), UUID, Some("alice")).await.unwrap();
        let names: Vec<String> =
            store.users().list(None, 10).await.unwrap().into_iter().map(|user| user.name).collect();
        assert_eq!(names, ["alice", "erin"], "{}: what was refused left nothing", place.name);
    }
}

#[tokio::test]
async fn of_two_that_take_one_word_at_the_same_time_one_is_refused() {
    for place in Place::all() {
        let (one, other) = (place.connect().await.store(), place.connect().await.store());
        for round in 0..10 {
            let (word, name) = (format!("word-{round}"), format!("name-{round}"));
            let (made, also) = tokio::join!(user(&one, &word, None), user(&other, &name, Some(&word)));
            let good = [made.is_ok(), also.is_ok()].iter().filter(|good| **good).count();
            assert_eq!(good, 1, "{}: {made:?} {also:?}", place.name);
        }
    }
}

/// Written by hand, as another program would write it.
#[tokio::test]
async fn the_database_itself_refuses() {
    for place in Place::all() {
        let store = place.connect().await.store();
        user(&store, "alice", Some(UUID)).await.unwrap();
        user(&store, "bob", None).await.unwrap();
        let users = place.table("users");
        for statement in [
            format!("UPDATE {users} SET uuid = 'alice' WHERE name = 'bob'"),
            format!("UPDATE {users} SET uuid = '{UUID}' WHERE name = 'bob'"),
            format!("UPDATE {users} SET name = '{UUID}' WHERE name = 'bob'"),
            format!("INSERT INTO {users} (tenant, name, created_at) VALUES ('', '{UUID}', 0)"),
        ] {
            let done = place.by_hand(&statement).await;
            assert!(done.is_err(), "{}: {statement}", place.name);
        }
        place.by_hand(&format!("UPDATE {users} SET uuid = 'b-1' WHERE name = 'bob'")).await.unwrap();
        // A renamed user keeps the UUID, and the old name cannot become another user's UUID.
        place.by_hand(&format!("UPDATE {users} SET name = 'robert' WHERE name = 'bob'")).await.unwrap();
        refused(user(&store, "b-1", None).await);
        refused(user(&store, "carol", Some("bob")).await);
    }
}

#[tokio::test]
async fn a_database_of_the_first_version_is_brought_up_to_date() {
    for place in Place::all() {
        let verifier = place.connect().await;
        let store = verifier.store();
        user(&store, "alice", Some(UUID)).await.unwrap();
        user(&store, "bob", Some("b-1")).await.unwrap();
        // The state that the first version left, with a UUID that is also a name.
        let table = |name: &str| place.table(name);
        let prefix = table("");
        place.without_grants().await;
        let mut undo = match place.name {
            "SQLite" => {
                ["users_hold_new", "users_hold_changed", "credentials_hold_new", "credentials_hold_changed"]
                    .map(|name| format!("DROP TRIGGER {prefix}{name}"))
                    .to_vec()
            }
            _ => vec![format!("DROP FUNCTION {prefix}hold() CASCADE")],
        };
        undo.push(format!("DROP TABLE {prefix}holders"));
        undo.push(format!("DELETE FROM {0} WHERE version = (SELECT max(version) FROM {0})", table("schema")));
        undo.push(format!("UPDATE {} SET uuid = 'alice' WHERE name = 'bob'", table("users")));
        for statement in undo {
            place.by_hand(&statement).await.unwrap();
        }
        verifier.close().await;
        let verifier = place.connect().await;
        let alice = who(&verifier, &password("alice", "p")).await;
        let bob = who(&verifier, &password("bob", "p")).await;
        let uuid = |who: &Principal| match who {
            Principal::BasicUser(user) => user.uuid().map(str::to_owned),
            other => panic!("{other:?}"),
        };
        assert_eq!((uuid(&alice).as_deref(), uuid(&bob)), (Some(UUID), None), "{}", place.name);
        refused(user(&verifier.store(), UUID, None).await);
    }
}

/// If a key or a token has no permissions of its own, it has its user's, in the user's place.
#[tokio::test]
async fn what_a_user_lends_counts_in_the_users_place_alone() {
    for place in Place::all() {
        let verifier = place.connect().await;
        let store = verifier.store();
        let new = NewUser::new().org("acme").app("weather");
        store.users().create("alice", Secret::borrowed("p"), new).await.unwrap();
        store.users().grant("alice", "*:/**").await.unwrap();
        let plain = NewCredential::new;
        let keys = store.api_keys();
        let lent = keys.create(plain().owner("alice")).await.unwrap();
        let wide = store.access_tokens().create(plain().user("alice").org("acme")).await.unwrap();
        let rivals = store.access_tokens().create(plain().user("alice").org("rival")).await.unwrap();
        let own = keys.create(plain().owner("alice").permissions(["get:/x"])).await.unwrap();
        let bare = policy::permission("get:/x");
        let request = http::Request::new(());
        let head = tower_principal::request::RequestHead::from_request(&request);
        let (weather, other) = (Ground::application("acme", "weather"), Ground::application("acme", "other"));
        let rival = Ground::application("rival", "weather");
        for (credential, places, absolute) in [
            (key(lent.secret.expose_secret()), [true, false, false], false),
            (token(wide.secret.expose_secret()), [true, false, false], false),
            (token(rivals.secret.expose_secret()), [false, false, false], false),
            (password("alice", "p"), [true, false, false], false),
            (key(own.secret.expose_secret()), [false, false, false], true),
        ] {
            let found = who(&verifier, &credential).await;
            let may = [&weather, &other, &rival].map(|ground| found.may_in(ground, Operation::Get, "/x"));
            assert_eq!(may, places, "{}: {found:?}", place.name);
            assert_eq!(bare.check(&found, &head).is_ok(), absolute, "{}: {found:?}", place.name);
        }
    }
}

#[tokio::test]
async fn a_store_has_a_name_and_a_user_the_tenant() {
    for place in Place::all() {
        let verifier = place.builder().name("portal").connect().await.unwrap();
        let acme = verifier.store().tenant("acme").unwrap();
        user(&acme, "alice", None).await.unwrap();
        user(&verifier.store(), "alice", None).await.unwrap();
        let at_acme = VerifyContext::default().with_tenant("acme");
        let of_acme = verifier.verify(&password("alice", "p"), &at_acme).await.unwrap();
        let of_none = who(&verifier, &password("alice", "p")).await;
        assert_eq!(of_acme.key().as_deref(), Some("store:portal/acme/user/alice"));
        assert_eq!(of_none.key().as_deref(), Some("store:portal/user/alice"));
        let issued = acme.access_tokens().create(NewCredential::new().user("alice")).await.unwrap();
        let token = Credential::AccessToken(issued.secret.reborrow());
        assert_eq!(verifier.verify(&token, &at_acme).await.unwrap().key(), of_acme.key());
        assert_eq!(verifier.tenancy(), Tenancy::Separates);
        assert_eq!(verifier.without_tenant().tenancy(), Tenancy::Ignores);
    }
}

impl Place {
    /// Reverts the migrations that added the columns of grants.
    pub(crate) async fn without_grants(&self) {
        let prefix = self.table("");
        let mut undo = Vec::new();
        if self.folder.is_none() {
            let triggers = include_str!("../../../src/verify/sql/schema/postgres_triggers.sql");
            let old = triggers.split(';').find(|statement| statement.contains("UPDATE OF")).unwrap();
            undo.push(format!("DROP TRIGGER {prefix}announce ON {prefix}credentials"));
            undo.push(old.replace("{p}", &prefix));
            undo.push(format!("DROP TRIGGER {prefix}announce ON {prefix}roles"));
        }
        undo.push(format!("DROP TABLE {prefix}sessions"));
        match self.folder {
            Some(_) => undo.extend(
                ["new", "changed", "gone"].map(|name| format!("DROP TRIGGER {prefix}users_depart_{name}")),
            ),
            None => {
                undo.push(format!("DROP FUNCTION {prefix}end_grants()"));
                undo.push(format!("DROP FUNCTION {prefix}depart() CASCADE"));
            }
        }
        undo.push(format!("DROP TABLE {prefix}departures"));
        let step = [
            include_str!("../../../src/verify/sql/schema/grants.sql"),
            include_str!("../../../src/verify/sql/schema/generations.sql"),
            include_str!("../../../src/verify/sql/schema/sessions.sql"),
        ]
        .concat();
        let after = |line: &str, word: &str| {
            let rest = line.split_once(word)?.1;
            Some(rest.split(' ').next().unwrap().replace("{p}", &prefix))
        };
        let indexes = step.lines().filter(|line| line.starts_with("CREATE"));
        let indexes = indexes.filter_map(|line| after(line, " INDEX "));
        undo.extend(indexes.map(|index| format!("DROP INDEX IF EXISTS {index}")));
        let columns = step.lines().filter_map(|line| after(line, "ADD COLUMN "));
        undo.extend(columns.map(|column| format!("ALTER TABLE {prefix}credentials DROP COLUMN {column}")));
        let versions = self.table("schema");
        let last = if self.folder.is_some() { 2 } else { 3 };
        undo.push(format!("DELETE FROM {versions} WHERE version > {last}"));
        for statement in undo {
            self.by_hand(&statement).await.unwrap();
        }
    }

    pub(crate) async fn by_hand(&self, statement: &str) -> Result<(), sqlx::Error> {
        let statement = sqlx::raw_sql(AssertSqlSafe(statement.to_owned()));
        if self.folder.is_none() {
            return statement.execute(&self.server().await).await.map(drop);
        }
        let file = sqlx::SqlitePool::connect(&self.address).await?;
        let done = statement.execute(&file).await.map(drop);
        file.close().await;
        done
    }
}
