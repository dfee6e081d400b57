//! Which changes are announced to caches: each change that has an effect, and no other.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use futures_util::FutureExt as _;
use tower_principal::credential::Digest;
use tower_principal::verify::Cached;
use tower_principal::verify::sql::{Change, Changes, Kind, NewCredential, NewUser, SqlVerifier};
use tower_principal::{OAuthUser, Secret, Verifier as _, VerifyContext, verify};

use super::*;

/// Returns a listener that already receives changes.
async fn listen(place: &Place, database: &SqlVerifier) -> Changes {
    let mut changes = database.changes().unwrap();
    if place.name == "PostgreSQL" {
        assert_eq!(changes.next().await, Some(Change::Everything));
    }
    changes
}

/// Returns all announcements before a mark that is set now. PostgreSQL announces in order.
async fn told(place: &Place, database: &SqlVerifier, changes: &mut Changes) -> Vec<Change> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let mark = Digest::from_parts(&[b"mark", &NEXT.fetch_add(1, Ordering::Relaxed).to_be_bytes()]);
    database.store().deny(mark, None).await.unwrap();
    let (mut marks, mut told) = (if place.name == "PostgreSQL" { 2 } else { 1 }, Vec::new());
    while marks > 0 {
        let next = tokio::time::timeout(Duration::from_secs(10), changes.next()).await;
        match next.expect("in time").expect("still there") {
            Change::Denied(digest) if digest == mark => marks -= 1,
            other => told.push(other),
        }
    }
    told
}

/// Waits for a condition for up to 5 s, and returns true if it holds.
async fn until(holds: impl AsyncFn() -> bool) -> bool {
    for _ in 0..1_000 {
        if holds().await {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    false
}

/// REQ-39: a cache learns of a change even if its caller left before the change was made.
#[tokio::test]
async fn req_39_a_change_whose_caller_left_is_published() {
    for place in Place::all() {
        let database = place.connect().await;
        let store = database.store();
        let (keys, users, roles) = (store.api_keys(), store.users(), store.roles());
        users.create("alice", Secret::borrowed("p"), NewUser::new()).await.unwrap();
        roles.create("editor", ["get:/x"]).await.unwrap();
        for id in ["k", "l", "m"] {
            keys.create(NewCredential::new().id(id).owner("alice")).await.unwrap();
        }
        let shown = keys.create(NewCredential::new().id("n")).await.unwrap();
        let mut changes = listen(&place, &database).await;
        let of = |id: &str| Change::Credential { kind: Kind::ApiKey, tenant: None, id: id.to_owned() };
        let alice = Change::User { tenant: None, name: "alice".to_owned() };
        let denied = Digest::from_parts(&[b"x"]);
        // After one poll, the change has a place and has started.
        macro_rules! leaves {
            ($change:expr, $wanted:expr) => {
                assert!($change.now_or_never().is_none());
                let heard = async { while changes.next().await.expect("still there") != $wanted {} };
                let heard = tokio::time::timeout(Duration::from_secs(10), heard).await;
                assert!(heard.is_ok(), "{}: {:?}", place.name, $wanted);
            };
        }
        leaves!(keys.disable("k"), of("k"));
        leaves!(keys.delete("l"), of("l"));
        leaves!(roles.assign("editor", "alice"), alice);
        leaves!(roles.forbid("editor", "get:/x"), Change::Everything);
        leaves!(users.disable("alice"), alice);
        leaves!(keys.revoke_all_of("alice"), of("m"));
        leaves!(store.deny(denied, None), Change::Denied(denied));
        leaves!(database.revoke(&key(shown.secret.expose_secret()), &VerifyContext::default()), of("n"));
    }
}

/// REQ-39: a cache forgets its entry even if the caller that disabled the user did not wait.
#[tokio::test]
async fn req_39_a_key_disabled_by_a_caller_that_left_is_refused_by_the_cache() {
    for place in Place::all() {
        let database = place.connect().await;
        let cached = Arc::new(Cached::new(database.clone()).unwrap().ttl(Duration::from_secs(3600)));
        tokio::spawn(database.changes().unwrap().evict_from(&cached));
        let keys = database.store().api_keys();
        let issued = keys.create(NewCredential::new()).await.unwrap();
        let presented = key(issued.secret.expose_secret());
        assert_eq!(ask(&cached, &presented).await, KEY);
        assert!(keys.disable(&issued.id).now_or_never().is_none());
        assert!(until(async || ask(&cached, &presented).await == DISABLED).await, "{}", place.name);
    }
}

/// REQ-39: if a statement waits for a lock until after its caller has left, it is announced when it
/// is executed.
#[tokio::test]
async fn req_39_a_revocation_that_waited_for_a_lock_is_published() {
    use sqlx::{Connection as _, Executor as _};

    let place = Place::sqlite();
    let database = place.connect().await;
    let cached = Arc::new(Cached::new(database.clone()).unwrap().ttl(Duration::from_secs(3600)));
    tokio::spawn(database.changes().unwrap().evict_from(&cached));
    let issued = database.store().api_keys().create(NewCredential::new()).await.unwrap();
    let presented = key(issued.secret.expose_secret());
    assert_eq!(ask(&cached, &presented).await, KEY);
    tokio::time::sleep(Duration::from_millis(300)).await;
    let mut writer = sqlx::SqliteConnection::connect(&place.address).await.unwrap();
    writer.execute("BEGIN IMMEDIATE").await.unwrap();
    let context = VerifyContext::default();
    let revoked = cached.revoke(&presented, &context);
    assert!(tokio::time::timeout(Duration::from_millis(100), revoked).await.is_err());
    // The cache stores the key again while the statement waits.
    assert_eq!(ask(&cached, &presented).await, KEY);
    writer.close().await.unwrap();
    assert!(until(async || ask(&cached, &presented).await == REVOKED).await);
}

/// The holder of a revoked token can revoke it again and again, and no cache forgets an entry
/// because of that.
#[tokio::test]
async fn what_is_revoked_already_is_not_published_again() {
    for place in Place::all() {
        let database = place.connect().await;
        let store = database.store();
        let issued = store.api_keys().create(NewCredential::new().id("k")).await.unwrap();
        let presented = key(issued.secret.expose_secret());
        let context = VerifyContext::default();
        let mut changes = listen(&place, &database).await;
        database.revoke(&presented, &context).await.unwrap();
        let revoked = Change::Credential { kind: Kind::ApiKey, tenant: None, id: "k".to_owned() };
        let heard = told(&place, &database, &mut changes).await;
        assert!(!heard.is_empty() && heard.iter().all(|change| *change == revoked), "{heard:?}");
        // The credential is known and has ended, which is no failure.
        database.revoke(&presented, &context).await.unwrap();
        assert!(!store.api_keys().revoke("k").await.unwrap());
        assert_eq!(told(&place, &database, &mut changes).await, [], "{}", place.name);
        assert!(database.revoke(&key("nobodys"), &context).await.is_err());
        assert_eq!(told(&place, &database, &mut changes).await, [], "{}", place.name);
    }
}

/// The same for denied digests, unless the new denial lasts longer.
#[tokio::test]
async fn what_is_denied_already_is_published_only_if_it_is_for_longer() {
    for place in Place::all() {
        let database = place.connect().await;
        let store = database.store();
        let denied = Digest::from_parts(&[b"x"]);
        let soon = SystemTime::now() + Duration::from_secs(60);
        let later = soon + Duration::from_secs(60);
        let mut changes = listen(&place, &database).await;
        for (until, news) in [
            (Some(soon), true),
            (Some(soon), false),
            (Some(later), true),
            (Some(soon), false),
            (None, true),
            (None, false),
            (Some(later), false),
        ] {
            store.deny(denied, until).await.unwrap();
            let heard = told(&place, &database, &mut changes).await;
            assert_eq!(heard.contains(&Change::Denied(denied)), news, "{}: {until:?}", place.name);
            assert!(news || heard.is_empty(), "{heard:?}");
            assert!(store.is_denied(denied).await.unwrap());
        }
    }
}

/// A token without a credential id could be in any entry, so its denial empties the caches, but
/// only once.
#[tokio::test]
async fn one_revoked_token_does_not_empty_a_cache_again_and_again() {
    for place in Place::all() {
        let database = place.connect().await;
        let tokens = verify::from_fn(|credential, _| async move {
            let Credential::AccessToken(token) = credential else { return Err(VerifyError::Unsupported) };
            Ok(OAuthUser::new(token.expose_secret()))
        });
        let cached = Arc::new(Cached::new(database.denylist(tokens)).unwrap().ttl(Duration::from_secs(3600)));
        let mut changes = listen(&place, &database).await;
        tokio::spawn(database.changes().unwrap().evict_from(&cached));
        let context = VerifyContext::default();
        cached.revoke(&token("mallory"), &context).await.unwrap();
        told(&place, &database, &mut changes).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        let remembers = |text: &str| matches!(cached.verify_now(&token(text), &context), Some(Ok(_)));
        assert!(until(async || ask(&cached, &token("otto")).await != UNKNOWN && remembers("otto")).await);
        for _ in 0..3 {
            cached.revoke(&token("mallory"), &context).await.unwrap();
            tokio::time::sleep(Duration::from_millis(300)).await;
            assert!(remembers("otto"), "{}", place.name);
            assert_eq!(ask(&cached, &token("mallory")).await, REVOKED);
        }
    }
}

/// A row that is written again without a change is not announced. A changed row is.
#[tokio::test]
async fn a_row_written_again_as_it_was_is_not_announced() {
    let Some(place) = Place::postgres() else { return };
    let (database, server) = (place.connect().await, place.server().await);
    let store = database.store();
    store.users().create("alice", Secret::borrowed("p"), NewUser::new()).await.unwrap();
    store.users().grant("alice", "get:/x").await.unwrap();
    store.api_keys().create(NewCredential::new().id("k")).await.unwrap();
    let mut changes = listen(&place, &database).await;
    let of_key = Change::Credential { kind: Kind::ApiKey, tenant: None, id: "k".to_owned() };
    for (statement, wanted) in [
        ("UPDATE {p}credentials SET revoked_at = revoked_at, scopes = scopes", vec![]),
        ("UPDATE {p}credentials SET last_used_at = 1", vec![]),
        ("UPDATE {p}users SET disabled_at = NULL", vec![]),
        ("UPDATE {p}user_permissions SET permission = permission", vec![]),
        ("UPDATE {p}credentials SET revoked_at = 1", vec![of_key]),
    ] {
        let text = statement.replace("{p}", &place.table(""));
        sqlx::raw_sql(sqlx::AssertSqlSafe(text)).execute(&server).await.unwrap();
        assert_eq!(told(&place, &database, &mut changes).await, wanted, "{statement}");
    }
}
