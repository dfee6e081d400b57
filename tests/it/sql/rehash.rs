//! Imported password hashes of other formats are replaced when their users log in.

use tower_principal::verify::password::UnusableHash;
use tower_principal::verify::sql::NewUser;
use tower_principal::{BasicUser, verify::MemoryVerifier};

use super::*;
use crate::hashes::{BCRYPT, BCRYPT_PASSWORD};

#[tokio::test]
async fn a_bcrypt_hash_is_replaced_by_argon2id_at_the_next_log_in() {
    for place in Place::all() {
        let verifier = place.connect().await;
        verifier.store().users().import("bob", BCRYPT, NewUser::new()).await.unwrap();
        assert_eq!(ask(&verifier, &password("bob", "wrong")).await, UNKNOWN);
        assert_eq!(place.hash_of("bob").await, BCRYPT);
        assert_eq!(ask(&verifier, &password("bob", BCRYPT_PASSWORD)).await, USER_IS);
        let replaced = place.hash_of("bob").await;
        assert!(replaced.starts_with("$argon2id$"), "{replaced}");
        assert_eq!(ask(&verifier, &password("bob", BCRYPT_PASSWORD)).await, USER_IS);
        assert_eq!(ask(&verifier, &password("bob", "wrong")).await, UNKNOWN);
        assert_eq!(place.hash_of("bob").await, replaced);
    }
}

#[tokio::test]
async fn a_disabled_user_keeps_the_hash() {
    for place in Place::all() {
        let verifier = place.connect().await;
        let users = verifier.store().users();
        users.import("bob", BCRYPT, NewUser::new()).await.unwrap();
        assert!(users.disable("bob").await.unwrap());
        assert_eq!(ask(&verifier, &password("bob", BCRYPT_PASSWORD)).await, DISABLED);
        assert_eq!(place.hash_of("bob").await, BCRYPT);
    }
}

/// Of many log-ins at once, each succeeds, regardless of which one replaces the hash.
#[tokio::test]
async fn log_ins_at_the_same_time_all_succeed_and_one_hash_stays() {
    for place in Place::all() {
        let verifier = place.connect().await;
        verifier.store().users().import("bob", BCRYPT, NewUser::new()).await.unwrap();
        let credential = password("bob", BCRYPT_PASSWORD);
        let logins = (0..8).map(|_| ask(&verifier, &credential));
        for outcome in futures_util::future::join_all(logins).await {
            assert_eq!(outcome, USER_IS);
        }
        assert!(place.hash_of("bob").await.starts_with("$argon2id$"));
    }
}

/// A password that is changed during a log-in is not overwritten with the old one.
#[tokio::test]
async fn a_password_that_changes_meanwhile_stays_changed() {
    for place in Place::all() {
        let verifier = place.connect().await;
        let users = verifier.store().users();
        for round in 0..8 {
            let name = format!("bob{round}");
            users.import(&name, BCRYPT, NewUser::new()).await.unwrap();
            let old = password(&name, BCRYPT_PASSWORD);
            let (_, changed) =
                tokio::join!(ask(&verifier, &old), users.set_password(&name, Secret::borrowed("new")));
            changed.unwrap();
            assert_eq!(ask(&verifier, &password(&name, "new")).await, USER_IS);
            assert_eq!(ask(&verifier, &old).await, UNKNOWN);
        }
    }
}

#[tokio::test]
async fn a_hash_that_cannot_be_used_is_not_imported() {
    for place in Place::all() {
        let verifier = place.connect().await;
        let users = verifier.store().users();
        for (hash, expected) in [
            ("$2b$12$abc", UnusableHash::Broken),
            ("x", UnusableHash::Unsupported),
            (&*BCRYPT.replace("$05$", "$20$"), UnusableHash::TooCostly),
        ] {
            let imported = users.import("bob", hash, NewUser::new()).await;
            assert!(
                matches!(&imported, Err(tower_principal::verify::sql::SqlError::UnusableHash(cause)) if *cause == expected),
                "{hash} {imported:?}"
            );
        }
        assert!(users.find("bob").await.unwrap().is_none());
    }
}

/// The memory verifier gets its hashes again at each start, so it replaces none.
#[tokio::test]
async fn the_memory_verifier_keeps_a_hash_of_another_format() {
    let bob = BasicUser::new("bob");
    let verifier =
        MemoryVerifier::builder().passwords(cheap_passwords()).user_hash("bob", BCRYPT, bob).build().unwrap();
    for _ in 0..2 {
        let answer = verifier.verify(&password("bob", BCRYPT_PASSWORD), &VerifyContext::default()).await;
        assert!(answer.is_ok());
    }
}
