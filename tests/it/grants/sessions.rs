//! Stores of sessions: the conformance suite, and sessions beside the other records of a database.

use std::time::{Duration, SystemTime};

use tower_principal::credential::Digest;
use tower_principal::grant::{
    DynSessions, Ending, MemorySessions, NewCode, NewSession, Presented, Sessions as _, StoreError,
};
use tower_principal::test_util::TestClock;
use tower_principal::test_util::conformance::SessionSuite;
use tower_principal::verify::sql::{NewUser, SqlStore, SqlVerifier};
use tower_principal::{PrincipalKind, Secret};

use super::*;
use crate::sql::{Place, Short, ask, token};

const HOUR: Duration = Duration::from_secs(3_600);

fn session(user: &str) -> NewSession {
    NewSession::new(Digest::random().unwrap(), user, HOUR).unwrap()
}

async fn begin(store: &SqlStore, user: &str) -> NewSession {
    let new = session(user);
    store.sessions().create(&new).await.unwrap();
    new
}

async fn is_live(store: &SqlStore, session: &NewSession) -> bool {
    store.sessions().find(&session.digest).await.unwrap().is_some()
}

async fn filled(place: &Place) -> (SqlVerifier, SqlStore) {
    let verifier = place.connect().await;
    let store = verifier.store();
    for name in ["alice", "bob"] {
        store.users().create(name, Secret::borrowed("p"), NewUser::new()).await.unwrap();
    }
    (verifier, store)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sessions_in_memory_hold_every_rule() {
    let clock = TestClock::default();
    let sessions = MemorySessions::new().with_clock(clock.clone());
    SessionSuite::new().clock(clock).check(&sessions).await.assert_holds();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sessions_in_the_database_hold_every_rule() {
    for place in Place::all() {
        let clock = TestClock::default();
        let verifier = place.builder().clock(clock.clone()).connect().await.unwrap();
        let report = SessionSuite::new().clock(clock).check(&verifier.store().sessions()).await;
        assert!(report.holds(), "{}: {report}", place.name);
    }
}

#[tokio::test]
async fn a_disabled_an_expired_and_a_deleted_user_has_no_session() {
    for place in Place::all() {
        let (_, store) = filled(&place).await;
        let users = store.users();
        let (alices, bobs) = (begin(&store, "alice").await, begin(&store, "bob").await);
        users.disable("alice").await.unwrap();
        assert!(!is_live(&store, &alices).await, "{}", place.name);
        // Nor does a new one begin to count.
        assert!(!is_live(&store, &begin(&store, "alice").await).await, "{}", place.name);
        users.enable("alice").await.unwrap();
        let past = format!("UPDATE {} SET expires_at = 1 WHERE name = 'alice'", place.table("users"));
        place.by_hand(&past).await.unwrap();
        assert!(!is_live(&store, &alices).await, "{}", place.name);
        assert!(users.delete("alice").await.unwrap());
        assert!(!is_live(&store, &alices).await, "{}", place.name);
        // Not even if another user has the name afterwards.
        users.create("alice", Secret::borrowed("q"), NewUser::new()).await.unwrap();
        assert!(!is_live(&store, &alices).await, "{}", place.name);
        assert!(is_live(&store, &bobs).await && is_live(&store, &begin(&store, "alice").await).await);
    }
}

/// The password was verified, then the user was deleted, then the session was to begin.
#[tokio::test]
async fn a_user_that_was_deleted_begins_no_session_and_gets_no_grant() {
    for place in Place::all() {
        let (_, store) = filled(&place).await;
        let old = format!("UPDATE {} SET name = 'robert' WHERE name = 'bob'", place.table("users"));
        place.by_hand(&old).await.unwrap();
        assert!(store.users().delete("alice").await.unwrap());
        for gone in ["alice", "bob"] {
            let refused = store.sessions().create(&session(gone)).await;
            assert!(matches!(refused, Err(StoreError::UserDeleted)), "{}: {refused:?}", place.name);
            let draft = new("viewer").user(gone);
            let (next, ..) = tokens(&draft.id, None);
            let refused = store.issue(&draft, &next).await;
            assert!(matches!(refused, Err(StoreError::UserDeleted)), "{}: {refused:?}", place.name);
            let code = NewCode::new(Digest::random().unwrap(), HOUR);
            let refused = store.offer(&new("viewer").user(gone), &code).await;
            assert!(matches!(refused, Err(StoreError::UserDeleted)), "{}: {refused:?}", place.name);
        }
        // A user of another place, of another tenant, and the next user of the name may.
        assert!(is_live(&store, &begin(&store, "zoe").await).await);
        let acme = store.clone().tenant("acme").unwrap();
        assert!(is_live(&acme, &begin(&acme, "alice").await).await);
        store.users().create("alice", Secret::borrowed("q"), NewUser::new()).await.unwrap();
        assert!(is_live(&store, &begin(&store, "alice").await).await);
        issue(&store, new("viewer").user("alice")).await;
        issue(&store, new("viewer").user("robert")).await;
        // An hour later the name may be that of a user of another place.
        assert!(store.users().delete("alice").await.unwrap());
        let earlier = format!("UPDATE {} SET deleted_at = deleted_at - 3600001", place.table("departures"));
        place.by_hand(&earlier).await.unwrap();
        assert!(is_live(&store, &begin(&store, "alice").await).await, "{}", place.name);
    }
}

/// The grants end in the statement that ends the session, so no failure can come between.
#[tokio::test]
async fn the_grants_of_a_session_end_with_it() {
    const USER: Short = Short::Is(PrincipalKind::OAuthUser);
    for place in Place::all() {
        let (verifier, store) = filled(&place).await;
        for all in [false, true] {
            let (first, second) = (begin(&store, "alice").await, begin(&store, "alice").await);
            let of = |session: &NewSession| new("viewer").user("alice").session(session.id.clone());
            let (_, one, refresh) = issue(&store, of(&first)).await;
            let (_, other, _) = issue(&store, of(&second)).await;
            let (_, bare, _) = issue(&store, new("viewer").user("alice")).await;
            let code = Digest::random().unwrap();
            store.offer(&of(&first), &NewCode::new(code, HOUR)).await.unwrap();
            // Another tenant has a session and a grant with the same id.
            let acme = store.clone().tenant("acme").unwrap();
            let twin = NewSession { id: first.id.clone(), ..session("alice") };
            acme.sessions().create(&twin).await.unwrap();
            let (_, foreign, _) = issue(&acme, of(&twin)).await;
            match all {
                false => assert!(store.sessions().end(&first.digest).await.unwrap()),
                true => assert_eq!(store.sessions().end_all_of("alice").await.unwrap(), 2),
            }
            for gone in
                [Presented::Access(one.digest), Presented::Refresh(refresh.digests), Presented::Code(code)]
            {
                assert!(store.find(&gone).await.unwrap().is_none(), "{} {gone:?}", place.name);
            }
            assert_ne!(ask(&verifier, &token(one.secret.expose_secret())).await, USER);
            let other = ask(&verifier, &token(other.secret.expose_secret())).await;
            assert_eq!(other == USER, !all, "{}", place.name);
            assert_eq!(ask(&verifier, &token(bare.secret.expose_secret())).await, USER, "{}", place.name);
            assert!(acme.find(&Presented::Access(foreign.digest)).await.unwrap().is_some());
            assert!(is_live(&acme, &twin).await, "{}", place.name);
            // The server ends the grants once more, and none is left.
            assert_eq!(store.end(&Ending::Session(&first.id)).await.unwrap(), 0);
            store.sessions().end(&second.digest).await.unwrap();
            acme.sessions().end(&twin.digest).await.unwrap();
        }
    }
}

/// Caches on this node and on other nodes drop the tokens of the grants that a log-out ends.
#[cfg(feature = "cache")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn caches_drop_the_tokens_of_a_session_that_ends() {
    use std::sync::Arc;

    use tower_principal::verify::Cached;
    use tower_principal::verify::sql::Change;

    const USER: Short = Short::Is(PrincipalKind::OAuthUser);
    for place in Place::all() {
        let (verifier, store) = filled(&place).await;
        // On SQLite, only clones of the verifier receive changes.
        let other = if place.folder.is_some() { verifier.clone() } else { place.connect().await };
        let mut cached = Vec::new();
        for node in [verifier.clone(), other] {
            let cache = Arc::new(Cached::new(node.clone()).unwrap());
            let mut listens = node.changes().unwrap();
            tokio::spawn(node.changes().unwrap().evict_from(&cache));
            if place.folder.is_none() {
                assert_eq!(listens.next().await, Some(Change::Everything));
            }
            cached.push(cache);
        }
        let session = begin(&store, "alice").await;
        let (_, access, _) = issue(&store, new("viewer").user("alice").session(session.id.clone())).await;
        let shown = token(access.secret.expose_secret());
        for cached in &cached {
            assert_eq!(ask(cached, &shown).await, USER);
            assert_eq!(ask(cached, &shown).await, USER);
        }
        assert!(store.sessions().end(&session.digest).await.unwrap());
        for cached in &cached {
            let mut seen = USER;
            for _ in 0..100 {
                seen = ask(cached, &shown).await;
                if seen != USER {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            assert_ne!(seen, USER, "{}", place.name);
        }
    }
}

#[tokio::test]
async fn a_session_of_another_tenant_is_unknown() {
    for place in Place::all() {
        let (_, store) = filled(&place).await;
        let [acme, rival] = ["acme", "rival"].map(|name| store.clone().tenant(name).unwrap());
        let session = begin(&acme, "alice").await;
        for elsewhere in [&store, &rival] {
            assert!(!is_live(elsewhere, &session).await, "{}", place.name);
            assert!(!elsewhere.sessions().end(&session.digest).await.unwrap());
            assert_eq!(elsewhere.sessions().end_all_of("alice").await.unwrap(), 0);
            assert_eq!(elsewhere.sessions().purge(Duration::ZERO).await.unwrap(), 0);
        }
        // A user of this name that another tenant disables is another user.
        store.users().disable("alice").await.unwrap();
        assert!(is_live(&acme, &session).await, "{}", place.name);
    }
}

#[tokio::test]
async fn a_purge_of_the_database_deletes_sessions_that_ended() {
    for place in Place::all() {
        let clock = TestClock::default();
        let verifier = place.builder().clock(clock.clone()).connect().await.unwrap();
        let store = verifier.store();
        let acme = store.clone().tenant("acme").unwrap();
        let (ended, expired) = (begin(&store, "alice").await, begin(&acme, "alice").await);
        store.sessions().end(&ended.digest).await.unwrap();
        assert_eq!(store.purge_expired(HOUR).await.unwrap(), 0);
        clock.advance(HOUR);
        let kept = begin(&store, "alice").await;
        assert_eq!(store.purge_expired(Duration::ZERO).await.unwrap(), 2, "{}", place.name);
        assert!(is_live(&store, &kept).await && !is_live(&acme, &expired).await);
    }
}

#[tokio::test]
async fn a_session_that_the_database_cannot_hold_is_invalid() {
    for place in Place::all() {
        let (_, store) = filled(&place).await;
        let long = "x".repeat(300);
        for odd in ["", "\0", "a\nb", &*long] {
            let good = session("alice");
            for bad in [
                NewSession { user: odd.to_owned(), ..good.clone() },
                NewSession { id: odd.to_owned(), ..good.clone() },
                good.clone().uuid(odd),
                good.clone().org(odd),
                good.clone().app(odd),
            ] {
                let refused = store.sessions().create(&bad).await;
                assert!(matches!(refused, Err(StoreError::Invalid(_))), "{}: {refused:?}", place.name);
            }
        }
        let endless = NewSession { lifetime: Duration::MAX, ..session("alice") };
        assert!(matches!(store.sessions().create(&endless).await, Err(StoreError::Invalid(_))));
    }
}

#[tokio::test]
async fn a_store_without_its_type_is_the_same_store() {
    let clock = TestClock::default();
    let sessions = MemorySessions::new().with_clock(clock.clone());
    let erased: Box<dyn DynSessions> = Box::new(sessions.clone());
    let one = session("alice").authenticated_at(SystemTime::UNIX_EPOCH);
    (*erased).create(&one).await.unwrap();
    let found = sessions.find(&one.digest).await.unwrap().unwrap();
    assert_eq!(found.authenticated_at, SystemTime::UNIX_EPOCH);
    assert_eq!((*erased).find(&one.digest).await.unwrap(), Some(found));
    assert!((*erased).end(&one.digest).await.unwrap());
    assert_eq!((*erased).end_all_of("alice").await.unwrap(), 0);
    assert_eq!((*erased).purge(Duration::ZERO).await.unwrap(), 1);
}
