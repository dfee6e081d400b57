//! A change on one node takes effect on the other nodes, and their listeners receive it.

use std::time::{Duration, Instant};

use tower_principal::credential::Digest;
use tower_principal::verify::sql::{Change, Changes, Kind, NewCredential, NewUser};
use tower_principal::{Secret, Verifier as _, VerifyContext};

use super::*;

/// Waits for a change, and returns the time until it came.
async fn until(changes: &mut Changes, wanted: &Change) -> Duration {
    let started = Instant::now();
    let found = async { while changes.next().await.expect("still there") != *wanted {} };
    tokio::time::timeout(Duration::from_secs(10), found)
        .await
        .unwrap_or_else(|_| panic!("never heard {wanted:?}"));
    started.elapsed()
}

async fn next(changes: &mut Changes) -> Change {
    let next = tokio::time::timeout(Duration::from_secs(10), changes.next()).await;
    next.expect("something is heard").expect("still there")
}

fn credential(kind: Kind, tenant: Option<&str>, id: &str) -> Change {
    Change::Credential { kind, tenant: tenant.map(str::to_owned), id: id.to_owned() }
}

fn user(name: &str) -> Change {
    Change::User { tenant: None, name: name.to_owned() }
}

/// REQ-39: a credential that is revoked on one node is refused there and on every other node at
/// once.
#[tokio::test]
async fn req_39_a_revocation_is_in_force_on_every_node_at_once() {
    for place in Place::all() {
        let (here, there) = (place.connect().await, place.connect().await);
        for number in 0..20 {
            let issued =
                here.store().access_tokens().create(NewCredential::new().user("otto")).await.unwrap();
            let credential = token(issued.secret.expose_secret());
            assert_eq!(ask(&there, &credential).await, Short::Is(PrincipalKind::OAuthUser));
            match number % 2 {
                0 => here.revoke(&credential, &VerifyContext::default()).await.unwrap(),
                _ => assert!(here.store().access_tokens().revoke(&issued.id).await.unwrap()),
            }
            assert_eq!((ask(&here, &credential).await, ask(&there, &credential).await), (REVOKED, REVOKED));
        }
    }
}

#[tokio::test]
async fn the_process_that_makes_a_change_hears_it() {
    for place in Place::all() {
        let verifier = place.connect().await;
        let store = verifier.store().tenant("acme").unwrap();
        let mut changes = verifier.changes().unwrap();
        let issued = store.api_keys().create(NewCredential::new()).await.unwrap();
        store.api_keys().disable(&issued.id).await.unwrap();
        until(&mut changes, &credential(Kind::ApiKey, Some("acme"), &issued.id)).await;
        let presented = key(issued.secret.expose_secret());
        verifier.revoke(&presented, &VerifyContext::default().with_tenant("acme")).await.unwrap();
        until(&mut changes, &credential(Kind::ApiKey, Some("acme"), &issued.id)).await;
        store.roles().create("editor", ["get:/x"]).await.unwrap();
        until(&mut changes, &Change::Everything).await;
        store.deny(Digest::from_parts(&[b"x"]), None).await.unwrap();
        until(&mut changes, &Change::Denied(Digest::from_parts(&[b"x"]))).await;
    }
}

/// REQ-39: other nodes receive it within a second.
#[tokio::test]
async fn req_39_other_nodes_hear_of_every_change() {
    let Some(place) = Place::postgres() else { return };
    let (here, there) = (place.connect().await, place.connect().await);
    let mut changes = there.changes().unwrap();
    // The listener starts here, and may have missed earlier changes.
    assert_eq!(changes.next().await, Some(Change::Everything));

    let store = here.store();
    store.users().create("alice", Secret::borrowed("p"), NewUser::new()).await.unwrap();
    store.roles().create("editor", []).await.unwrap();
    let keys = store.api_keys();
    let issued = keys.create(NewCredential::new().owner("alice")).await.unwrap();
    let heard = credential(Kind::ApiKey, None, &issued.id);
    let denied = Digest::from_parts(&[b"jti"]);
    let mut slowest = Duration::ZERO;
    macro_rules! hears {
        ($change:expr, $wanted:expr) => {
            assert!($change.await.is_ok());
            slowest = slowest.max(until(&mut changes, $wanted).await);
        };
    }
    hears!(keys.disable(&issued.id), &heard);
    hears!(keys.enable(&issued.id), &heard);
    hears!(keys.rotate(&issued.id, Duration::from_secs(60)), &heard);
    hears!(keys.end_overlap(&issued.id), &heard);
    hears!(keys.expire(&issued.id, Some(SystemTime::now() + Duration::from_secs(3600))), &heard);
    hears!(store.users().set_password("alice", Secret::borrowed("q")), &user("alice"));
    hears!(store.users().grant("alice", "get:/x"), &user("alice"));
    hears!(store.users().withdraw("alice", "get:/x"), &user("alice"));
    hears!(store.roles().assign("editor", "alice"), &user("alice"));
    hears!(store.roles().allow("editor", "get:/y"), &Change::Everything);
    hears!(store.roles().unassign("editor", "alice"), &user("alice"));
    hears!(store.users().disable("alice"), &user("alice"));
    hears!(store.deny(denied, None), &Change::Denied(denied));
    let new = keys.rotate(&issued.id, Duration::ZERO).await.unwrap();
    until(&mut changes, &heard).await;
    hears!(here.revoke(&key(new.secret.expose_secret()), &VerifyContext::default()), &heard);
    hears!(store.users().delete("alice"), &user("alice"));
    assert!(slowest < Duration::from_secs(1), "{slowest:?}");

    // Also a change that is made by hand.
    let other = keys.create(NewCredential::new()).await.unwrap();
    let by_hand = format!("UPDATE {} SET disabled_at = 1 WHERE public_id = $1", place.table("credentials"));
    let server = place.server().await;
    sqlx::query(sqlx::AssertSqlSafe(by_hand)).bind(&other.id).execute(&server).await.unwrap();
    until(&mut changes, &credential(Kind::ApiKey, None, &other.id)).await;
}

/// REQ-39: also any change that is made by hand, with any search path.
#[tokio::test]
async fn req_39_every_change_by_hand_is_heard() {
    let Some(mut place) = Place::postgres() else { return };
    let (schema, server) = (place.table("schema_of"), place.server().await);
    let run = async |statement: &str| {
        sqlx::raw_sql(sqlx::AssertSqlSafe(statement.to_owned())).execute(&server).await.unwrap()
    };
    run(&format!("CREATE SCHEMA {schema}")).await;
    place = place.in_schema(&schema);
    let verifier = place.connect().await;
    let mut changes = verifier.changes().unwrap();
    assert_eq!(changes.next().await, Some(Change::Everything));
    let store = verifier.store();
    for name in ["alice", "bob"] {
        store.users().create(name, Secret::borrowed("p"), NewUser::new()).await.unwrap();
    }
    store.roles().create("editor", ["get:/x"]).await.unwrap();
    store.api_keys().create(NewCredential::new().id("k").owner("alice")).await.unwrap();
    let heard = |id: &str| credential(Kind::ApiKey, None, id);
    let all = Change::Everything;
    let denied = Digest::from_parts(&[b"x"]);
    let hex: String = denied.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    let deny =
        format!("INSERT INTO {{p}}revocations (digest, ends_at) VALUES ('\\x{hex}', 9000000000000000)");
    for (statement, wanted) in [
        ("UPDATE {p}credentials SET kind = 'app_token'", heard("k")),
        ("UPDATE {p}credentials SET kind = 'api_key'", credential(Kind::AppToken, None, "k")),
        ("UPDATE {p}credentials SET tenant = 'acme'", heard("k")),
        ("UPDATE {p}credentials SET tenant = ''", credential(Kind::ApiKey, Some("acme"), "k")),
        ("UPDATE {p}credentials SET public_id = 'l'", heard("k")),
        ("UPDATE {p}credentials SET scopes = 'read'", heard("l")),
        ("UPDATE {p}users SET name = 'ally' WHERE name = 'alice'", user("alice")),
        ("INSERT INTO {p}user_permissions SELECT id, 'get:/x' FROM {p}users WHERE name = 'bob'", user("bob")),
        ("UPDATE {p}user_permissions SET permission = 'get:/y'", user("bob")),
        // The change is announced for both users that it concerns.
        (
            "UPDATE {p}user_permissions SET user_id = (SELECT id FROM {p}users WHERE name = 'ally')",
            all.clone(),
        ),
        ("DELETE FROM {p}user_permissions", user("ally")),
        (
            "INSERT INTO {p}assignments SELECT u.id, r.id FROM {p}users u, {p}roles r WHERE u.name = 'bob'",
            user("bob"),
        ),
        ("UPDATE {p}role_permissions SET permission = 'get:/y'", all.clone()),
        ("TRUNCATE {p}user_permissions", all.clone()),
        ("TRUNCATE {p}assignments", all.clone()),
        ("TRUNCATE {p}role_permissions", all.clone()),
        (&deny, Change::Denied(denied)),
        ("DELETE FROM {p}users WHERE name = 'bob'", user("bob")),
        ("DELETE FROM {p}credentials", heard("l")),
        ("TRUNCATE {p}credentials", all.clone()),
        ("TRUNCATE {p}users CASCADE", all.clone()),
    ] {
        // Skips earlier announcements, which come both from this process and from the server.
        let mark = Digest::from_parts(&[statement.as_bytes()]);
        store.deny(mark, None).await.unwrap();
        for _ in 0..2 {
            until(&mut changes, &Change::Denied(mark)).await;
        }
        run(&statement.replace("{p}", &format!("{schema}.{}", place.table("")))).await;
        assert_eq!(next(&mut changes).await, wanted, "{statement}");
    }
    run(&format!("DROP SCHEMA {schema} CASCADE")).await;
}

/// An announcement without a listener is lost, so afterwards everything may have changed.
#[tokio::test]
async fn a_listener_reports_a_lost_connection() {
    let Some(place) = Place::postgres() else { return };
    let verifier = place.connect().await;
    let mut changes = verifier.changes().unwrap();
    assert_eq!(changes.next().await, Some(Change::Everything));
    let server = place.server().await;
    let listening = format!("LISTEN \"{}\"", place.table("changes"));
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query = $1 OR query = 'SELECT 1'
        AND application_name = 'tower-principal' AND backend_type = 'client backend'";
    sqlx::query(end).bind(listening).execute(&server).await.unwrap();
    assert!(until(&mut changes, &Change::Everything).await < Duration::from_secs(2));
    let issued = verifier.store().api_keys().create(NewCredential::new()).await.unwrap();
    verifier.store().api_keys().revoke(&issued.id).await.unwrap();
    until(&mut changes, &credential(Kind::ApiKey, None, &issued.id)).await;
    drop(verifier);
    tokio::time::timeout(Duration::from_secs(10), async { while changes.next().await.is_some() {} })
        .await
        .unwrap();
}
