//! Users with passwords in a database.

use std::time::{Duration, Instant};

use tower_principal::principal::Operation;
use tower_principal::verify::password::Passwords;
use tower_principal::verify::sql::{NewCredential, NewUser, SqlError, State};
use tower_principal::{Principal, PrincipalKind, Secret, VerifyError};

use super::*;

#[tokio::test]
async fn a_users_life() {
    for place in Place::all() {
        let clock = Hand::at(1_700_000_000_000);
        let verifier = place.builder().clock(clock.clone()).connect().await.unwrap();
        let users = verifier.store().users();
        let wendy = NewUser::new()
            .org("acme")
            .app("weather")
            .uuid("f2f8")
            .expires_at(clock.now() + Duration::from_secs(60));
        users.create("wendy", Secret::borrowed("pa:ss wörd"), wendy).await.unwrap();
        let Principal::BasicUser(user) = who(&verifier, &password("wendy", "pa:ss wörd")).await else {
            panic!()
        };
        assert_eq!((user.org(), user.app(), user.uuid()), (Some("acme"), Some("weather"), Some("f2f8")));

        assert!(matches!(
            users.create("wendy", Secret::borrowed("x"), NewUser::new()).await,
            Err(SqlError::Exists)
        ));
        users.set_password("wendy", Secret::borrowed("new")).await.unwrap();
        assert_eq!(ask(&verifier, &password("wendy", "pa:ss wörd")).await, UNKNOWN);
        assert_eq!(ask(&verifier, &password("wendy", "new")).await, USER_IS);
        assert!(users.disable("wendy").await.unwrap());
        assert_eq!(ask(&verifier, &password("wendy", "new")).await, DISABLED);
        assert_eq!(ask(&verifier, &password("wendy", "wrong")).await, UNKNOWN);
        assert_eq!(users.find("wendy").await.unwrap().unwrap().state, State::Disabled);
        assert!(users.enable("wendy").await.unwrap());
        clock.pass(Duration::from_secs(60));
        assert_eq!(ask(&verifier, &password("wendy", "new")).await, EXPIRED);
        assert!(users.delete("wendy").await.unwrap());
        assert!(!users.delete("wendy").await.unwrap());
        assert_eq!(ask(&verifier, &password("wendy", "new")).await, UNKNOWN);
        assert!(matches!(users.set_password("wendy", Secret::borrowed("x")).await, Err(SqlError::NotFound)));
        for bad in ["", "a\0", "a\r"] {
            let made = users.create(bad, Secret::borrowed("x"), NewUser::new()).await;
            assert!(matches!(made, Err(SqlError::InvalidName)), "{bad:?}");
        }
    }
}

#[tokio::test]
async fn a_hash_is_taken_over_and_a_broken_one_is_an_error() {
    for place in Place::all() {
        let verifier = place.connect().await;
        let users = verifier.store().users();
        let hash = cheap_passwords().hash("p").unwrap();
        users.import("good", &hash, NewUser::new()).await.unwrap();
        let broken = users.import("broken", "$2b$12$abc", NewUser::new()).await;
        assert!(matches!(broken, Err(SqlError::UnusableHash(_))));
        assert_eq!(ask(&verifier, &password("good", "p")).await, USER_IS);
        assert_eq!(ask(&verifier, &password("broken", "p")).await, UNKNOWN);
        assert_eq!(ask(&verifier, &password("broken", "")).await, UNKNOWN);
    }
}

#[tokio::test]
async fn a_disabled_user_takes_every_key_and_token_along() {
    for place in Place::all() {
        let verifier = place.connect().await;
        let store = verifier.store();
        let before = store.access_tokens().create(NewCredential::new().user("alice")).await.unwrap();
        store
            .users()
            .create("alice", Secret::borrowed("p"), NewUser::new().org("acme").uuid("u-1"))
            .await
            .unwrap();
        let elsewhere = store.clone().tenant("acme").unwrap();
        let namesake = elsewhere.access_tokens().create(NewCredential::new().user("alice")).await.unwrap();
        let issued = store.access_tokens().create(NewCredential::new().user("alice")).await.unwrap();
        let owned = store.api_keys().create(NewCredential::new().owner("alice")).await.unwrap();
        let (issued, owned) = (issued.secret.expose_secret(), owned.secret.expose_secret());
        let alice = who(&verifier, &token(issued)).await;
        assert_eq!((alice.id(), alice.org()), (Some("alice"), Some("acme")));
        let before = before.secret.expose_secret();
        store.users().disable("alice").await.unwrap();
        for (what, theirs) in [("linked", token(issued)), ("owned", key(owned)), ("named", token(before))] {
            assert_eq!(ask(&verifier, &theirs).await, DISABLED, "{what}");
        }
        let namesake = token(namesake.secret.expose_secret());
        let good = Short::Is(PrincipalKind::OAuthUser);
        assert_eq!(
            ask_as(&verifier, &namesake, Some("acme")).await,
            good,
            "the token belongs to another tenant's user"
        );
        store.users().enable("alice").await.unwrap();
        assert_eq!(ask(&verifier, &key(owned)).await, KEY);
        assert_eq!(ask(&verifier, &token(before)).await, good);
        // The next user with the name inherits nothing.
        store.users().delete("alice").await.unwrap();
        store.users().create("alice", Secret::borrowed("q"), NewUser::new()).await.unwrap();
        store.users().grant("alice", "*:/**").await.unwrap();
        assert_eq!(
            (ask(&verifier, &token(issued)).await, ask(&verifier, &key(owned)).await),
            (UNKNOWN, UNKNOWN)
        );
        // A token from before its user existed has only a name.
        let stranger = who(&verifier, &token(before)).await;
        assert!(!stranger.permissions().allow(Operation::Get, "/", &["alice"]));
    }
}

#[tokio::test]
async fn no_user_has_an_empty_password() {
    for place in Place::all() {
        let verifier = place.connect().await;
        let users = verifier.store().users();
        let empty = || Secret::borrowed("");
        assert!(matches!(users.create("eve", empty(), NewUser::new()).await, Err(SqlError::ShortSecret)));
        assert!(users.find("eve").await.unwrap().is_none());
        users.create("eve", Secret::borrowed("p"), NewUser::new()).await.unwrap();
        assert!(matches!(users.set_password("eve", empty()).await, Err(SqlError::ShortSecret)));
        assert_eq!(ask(&verifier, &password("eve", "p")).await, Short::Is(PrincipalKind::BasicUser));
        // The same for a hash that another program made.
        let hash = cheap_passwords().hash("").unwrap();
        users.import("mallory", &hash, NewUser::new()).await.unwrap();
        assert_eq!(ask(&verifier, &password("mallory", "")).await, UNKNOWN);
    }
}

#[tokio::test]
async fn permissions_come_from_grants_and_roles_of_the_tenant() {
    for place in Place::all() {
        let verifier = place.connect().await;
        let store = verifier.store();
        let acme = store.clone().tenant("acme").unwrap();
        store.users().create("bob", Secret::borrowed("p"), NewUser::new()).await.unwrap();
        store.roles().create("reader", ["get:/a"]).await.unwrap();
        acme.roles().create("writer", ["put:/a"]).await.unwrap();
        assert!(matches!(store.roles().create("reader", []).await, Err(SqlError::Exists)));
        assert!(store.roles().assign("reader", "bob").await.unwrap());
        assert!(!store.roles().assign("writer", "bob").await.unwrap(), "a role of another tenant");
        assert!(!acme.roles().assign("writer", "bob").await.unwrap(), "a user of another tenant");
        assert!(store.users().grant("bob", "delete:/users/${user}").await.unwrap());
        assert!(store.users().grant("bob", "delete:/users/${user}").await.unwrap());
        assert!(!store.users().grant("nobody", "get:/x").await.unwrap());
        assert!(matches!(store.users().grant("bob", "fly:/x").await, Err(SqlError::InvalidPermission(_))));
        let may = async |operation, path: &str| {
            let bob = who(&verifier, &password("bob", "p")).await;
            bob.permissions().allow(operation, path, &["bob"])
        };
        assert!(may(Operation::Get, "/a").await && may(Operation::Delete, "/users/bob").await);
        assert!(!may(Operation::Put, "/a").await && !may(Operation::Delete, "/users/eve").await);
        assert_eq!(store.roles().of_user("bob").await.unwrap(), ["reader"]);
        assert_eq!(store.roles().list(None).await.unwrap(), ["reader"]);
        assert_eq!(store.roles().permissions("reader").await.unwrap(), ["get:/a"]);
        assert!(store.roles().delete("reader").await.unwrap());
        assert!(!may(Operation::Get, "/a").await);
        let names: Vec<String> =
            store.users().list(None, 10).await.unwrap().into_iter().map(|user| user.name).collect();
        assert_eq!(names, ["bob"]);
    }
}

/// REQ-17: the path for an unknown user, a wrong password and a disabled user includes the same
/// hashing.
#[tokio::test]
async fn req_17_every_refused_login_takes_the_same_time() {
    let _quiet = QUIET.lock().await;
    for place in Place::all() {
        let passwords = Passwords::with_params(19 * 1024, 2, 1).unwrap();
        let verifier = place.builder().passwords(passwords).connect().await.unwrap();
        let users = verifier.store().users();
        users.create("known", Secret::borrowed("p"), NewUser::new()).await.unwrap();
        users.create("disabled", Secret::borrowed("p"), NewUser::new()).await.unwrap();
        users.disable("disabled").await.unwrap();
        let logins = [
            ("known", "wrong"),
            ("unknown", "wrong"),
            ("disabled", "p"),
            ("disabled", "wrong"),
            ("a\0b", "p"),
        ];
        let mut times = [const { Vec::new() }; 5];
        for _ in 0..15 {
            for (login, times) in logins.iter().zip(&mut times) {
                let started = Instant::now();
                let verdict = verifier.verify(&password(login.0, login.1), &VerifyContext::default()).await;
                assert!(matches!(verdict, Err(VerifyError::Denied(_))), "{verdict:?}");
                times.push(started.elapsed());
            }
        }
        // The minimum of many runs is the time of the work; the rest is other load on the machine.
        let least = times.map(|times| times.into_iter().min().unwrap());
        let (fastest, slowest) = (least.iter().min().unwrap(), least.iter().max().unwrap());
        // A refusal without hashing would be twenty times as fast.
        assert!(*slowest < *fastest * 4, "{} {logins:?} took {least:?}", place.name);
    }
}
