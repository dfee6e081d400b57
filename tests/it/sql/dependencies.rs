//! An answer depends on rows that its principal does not name: every cache drops it if they change.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use sqlx::{AssertSqlSafe, SqlitePool};
use tower_principal::credential::ClientKind;
use tower_principal::credential::Digest;
use tower_principal::principal::{Ground, Operation};
use tower_principal::test_util::conformance::{Rule, Suite};
use tower_principal::verify::Cached;
use tower_principal::verify::sql::{Change, Issued, NewCredential, NewUser, SqlStore, SqlVerifier};
use tower_principal::{ApiKey, Secret, Verifier as _, VerifyContext};

use super::*;

const LONG: Duration = Duration::from_secs(3600);

/// A database with a credential of every kind, and a cache that contains all of them.
struct Known {
    database: SqlVerifier,
    cached: Arc<Cached<SqlVerifier>>,
    shown: Vec<(&'static str, Credential<'static>)>,
}

fn secret(issued: &Issued) -> Secret<'static> {
    Secret::owned(issued.secret.expose_secret().to_owned())
}

async fn cache(place: &Place, database: &SqlVerifier) -> Arc<Cached<SqlVerifier>> {
    let cached =
        Cached::new(database.clone()).unwrap().ttl(LONG).negative_ttl(Duration::ZERO).cache_passwords();
    let cached = Arc::new(cached);
    let mut listens = database.changes().unwrap();
    tokio::spawn(database.changes().unwrap().evict_from(&cached));
    if place.name == "PostgreSQL" {
        assert_eq!(listens.next().await, Some(Change::Everything));
    }
    cached
}

impl Known {
    async fn fill(place: &Place) -> Self {
        let database = place.connect().await;
        let store = database.store();
        for name in ["alice", "carol", "bob"] {
            let new = NewUser::new().org("acme").app("weather").uuid(format!("uuid-of-{name}"));
            store.users().create(name, Secret::borrowed("p"), new).await.unwrap();
        }
        store.users().grant("alice", "get:/own/**").await.unwrap();
        store.roles().create("editor", ["get:/x", "put:/x"]).await.unwrap();
        store.roles().assign("editor", "alice").await.unwrap();
        let org = || NewCredential::new().org("acme").app("weather");
        let map = store.clients().create(org().id("map").owner("carol")).await.unwrap();
        let of_map = || org().client("map").scopes(["read", "write"]);
        let token = store.access_tokens().create(of_map().id("t1").user("alice")).await.unwrap();
        let own = store.access_tokens().create(of_map().id("t2")).await.unwrap();
        let key = store.api_keys().create(of_map().id("k1").owner("alice")).await.unwrap();
        let unlinked = org().id("k2").owner("zoe").permissions(["get:/x", "put:/x"]);
        let unlinked = store.api_keys().create(unlinked).await.unwrap();
        let halves = store.key_pairs().create(of_map().id("p1").owner("alice")).await.unwrap();
        let app = store.app_tokens().create(of_map().id("a1").owner("alice")).await.unwrap();
        let pair = |id: &str, issued: &Issued| Pair::new(Secret::owned(id.to_owned()), secret(issued));
        let shown = vec![
            ("token", Credential::AccessToken(secret(&token))),
            ("token of a client", Credential::AccessToken(secret(&own))),
            ("key", Credential::ApiKey(secret(&key))),
            ("key without a user", Credential::ApiKey(secret(&unlinked))),
            ("key of two halves", Credential::KeyPair(pair("p1", &halves))),
            ("app token", Credential::AppToken(secret(&app))),
            ("client", Credential::Client(ClientKind::from_id("map"), pair("map", &map))),
            ("password", password("alice", "p").into_owned()),
        ];
        let cached = cache(place, &database).await;
        Self { database, cached, shown }
    }

    fn named(&self, name: &str) -> &Credential<'static> {
        &self.shown.iter().find(|(own, _)| *own == name).unwrap().1
    }

    /// All fields of an answer; `None` for a refusal.
    async fn seen(verifier: &impl Verifier, credential: &Credential<'_>) -> Option<String> {
        let principal = loop {
            match verifier.verify(credential, &VerifyContext::default()).await {
                Ok(principal) => break principal,
                // If a busy machine causes an outage, it is no answer about the credential.
                Err(VerifyError::Unavailable(_)) => {}
                Err(_) => return None,
            }
        };
        let mut seen = format!("{principal:?}");
        let texts = [principal.org(), principal.app(), principal.owner(), principal.credential_id()];
        write!(seen, "{texts:?} {} {:?}", principal.scopes().as_str(), principal.expires_at()).unwrap();
        if let Principal::OAuthUser(user) = &principal {
            write!(seen, "{:?} {:?}", user.uuid(), user.client()).unwrap();
        }
        if let Principal::BasicUser(user) = &principal {
            write!(seen, "{:?}", user.uuid()).unwrap();
        }
        let place = match (principal.org(), principal.app()) {
            (Some(org), Some(app)) => Ground::application(org, app),
            (Some(org), None) => Ground::organization(org),
            _ => Ground::everywhere(),
        };
        write!(seen, " {:?}", principal.groups_in(&place)).unwrap();
        for (what, path) in [
            (Operation::Get, "/x"),
            (Operation::Put, "/x"),
            (Operation::Get, "/y"),
            (Operation::Get, "/own/z"),
        ] {
            write!(seen, " {}", principal.may_in(&place, what, path)).unwrap();
        }
        Some(seen)
    }

    /// Presents all credentials until the cache contains them.
    async fn learn(&self) {
        for (name, credential) in &self.shown {
            let mut left = 1_000;
            while !matches!(self.cached.verify_now(credential, &VerifyContext::default()), Some(Ok(_))) {
                // An outage of a busy machine is short; a denial is a fault of the test.
                let seen = ask(&self.cached, credential).await;
                assert!(matches!(seen, Short::Is(_) | Short::Unavailable), "{name} {seen:?}");
                left -= 1;
                assert!(left > 0, "{name} is not kept");
            }
        }
    }

    /// Waits until the cache has no outdated answer, and returns the number of answers that
    /// changed.
    async fn agrees(&self, what: &str, before: &[Option<String>]) -> usize {
        let mut changed = 0;
        for ((name, credential), before) in self.shown.iter().zip(before) {
            let fresh = Self::seen(&self.database, credential).await;
            changed += usize::from(fresh != *before);
            let started = std::time::Instant::now();
            loop {
                let kept = Self::seen(&self.cached, credential).await;
                if kept.is_none() || kept == fresh {
                    break;
                }
                assert!(started.elapsed() < Duration::from_secs(5), "{what}: {name}: {kept:?} for {fresh:?}");
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
        changed
    }

    async fn all(&self) -> Vec<Option<String>> {
        let mut all = Vec::new();
        for (_, credential) in &self.shown {
            all.push(Self::seen(&self.database, credential).await);
        }
        all
    }
}

/// Actions that end a client's credentials, through the client or through its owner.
#[derive(Clone, Copy, Debug)]
enum Ends {
    RevokeClient,
    DisableClient,
    DeleteClient,
    ExpireClient,
    DisableOwner,
    DeleteOwner,
}

async fn end(how: Ends, store: SqlStore) {
    let (clients, users) = (store.clients(), store.users());
    let done = match how {
        Ends::RevokeClient => clients.revoke("map").await,
        Ends::DisableClient => clients.disable("map").await,
        Ends::DeleteClient => clients.delete("map").await,
        Ends::ExpireClient => clients.expire("map", Some(SystemTime::now())).await,
        Ends::DisableOwner => users.disable("carol").await,
        Ends::DeleteOwner => users.delete("carol").await,
    };
    assert!(done.unwrap());
}

/// The rule of the conformance suite, with a cache that listens; the next test has one that does
/// not.
#[tokio::test]
async fn a_cached_key_ends_with_its_client_and_with_the_clients_owner() {
    use Ends::*;
    let _quiet = QUIET.lock().await;
    for place in Place::all() {
        for how in [RevokeClient, DisableClient, DeleteClient, ExpireClient, DisableOwner, DeleteOwner] {
            for name in ["key", "app token", "key of two halves", "token", "token of a client"] {
                let place = if place.folder.is_some() { Place::sqlite() } else { Place::postgres().unwrap() };
                let known = Known::fill(&place).await;
                known.learn().await;
                let store = known.database.store();
                let suite =
                    Suite::new().ended_by("its client has ended", known.named(name).reborrow(), move || {
                        end(how, store.clone())
                    });
                let report = suite.check(&*known.cached).await;
                let broken: Vec<_> = report.violations().iter().map(|broken| broken.rule()).collect();
                assert_eq!(broken, [Rule::GoodIsShown], "{} {how:?} {name} {report}", place.name);
                known.database.close().await;
            }
        }
    }
}

/// A fault that the rule must find: a cache without announcements.
#[tokio::test]
async fn the_suite_finds_a_cache_that_hears_of_no_change() {
    for (how, name) in [(Ends::DisableOwner, "key"), (Ends::RevokeClient, "app token")] {
        let place = Place::sqlite();
        let known = Known::fill(&place).await;
        let deaf = Cached::new(known.database.clone()).unwrap().ttl(LONG);
        let store = known.database.store();
        let suite = Suite::new()
            .ended_by("its client has ended", known.named(name).reborrow(), move || end(how, store.clone()));
        let report = suite.check(&deaf).await;
        assert!(report.violations().iter().any(|broken| broken.rule() == Rule::EndsAtOnce), "{report}");
    }
}

/// A credential whose user does not exist yet ends when that user is made.
#[tokio::test]
async fn a_cached_key_of_a_name_ends_when_a_user_of_the_name_is_made() {
    for place in Place::all() {
        let known = Known::fill(&place).await;
        known.learn().await;
        let before = known.all().await;
        let ended = NewUser::new().expires_at(SystemTime::UNIX_EPOCH);
        known.database.store().users().create("zoe", Secret::borrowed("p"), ended).await.unwrap();
        assert_eq!(known.agrees("a user is made", &before).await, 1, "{}", place.name);
    }
}

/// A change does not evict answers that do not depend on it.
#[tokio::test]
async fn a_change_of_others_leaves_what_is_kept_alone() {
    for place in Place::all() {
        let known = Known::fill(&place).await;
        known.learn().await;
        let store = known.database.store();
        store.users().disable("bob").await.unwrap();
        store.api_keys().disable("k2").await.unwrap();
        store.deny(Digest::from_parts(&[b"other"]), None).await.unwrap();
        until(async || ask(&known.cached, known.named("key without a user")).await == DISABLED).await;
        tokio::time::sleep(Duration::from_millis(200)).await;
        for name in ["token", "key", "app token", "client", "password", "key of two halves"] {
            let kept = known.cached.verify_now(known.named(name), &VerifyContext::default());
            assert!(matches!(kept, Some(Ok(_))), "{} {name}", place.name);
        }
    }
}

async fn until(holds: impl AsyncFn() -> bool) {
    for _ in 0..2_000 {
        if holds().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("in time");
}

/// A principal that a verifier makes from another one can take over its dependencies.
#[tokio::test]
async fn a_principal_that_is_made_of_another_depends_as_it() {
    let place = Place::sqlite();
    let known = Known::fill(&place).await;
    let key = who(&known.database, known.named("key")).await;
    let other: Principal = ApiKey::new("another").depends_as(&key).into();
    let plain: Principal = ApiKey::new("another").into();
    let owner = Change::User { tenant: None, name: "carol".to_owned() };
    assert!(owner.concerns(&key) && owner.concerns(&other) && !owner.concerns(&plain));
    let stranger = Change::User { tenant: Some("other".to_owned()), name: "carol".to_owned() };
    assert!(!stranger.concerns(&key), "another tenant's");
}

/// Statements that change a column by hand; `{p}` is the prefix of the tables. A column with an
/// empty list cannot change or is covered elsewhere.
const BY_HAND: &[(&str, &[&str])] = &[
    ("users.id", &[]),
    ("users.tenant", &["UPDATE {p}users SET tenant = 'other'"]),
    (
        "users.name",
        &[
            "UPDATE {p}users SET name = name || 'x', uuid = NULL",
            "UPDATE {p}users SET name = 'zoe', uuid = NULL WHERE name = 'bob'",
        ],
    ),
    ("users.password_hash", &["UPDATE {p}users SET password_hash = 'x'"]),
    ("users.uuid", &["UPDATE {p}users SET uuid = uuid || 'x'"]),
    ("users.org", &["UPDATE {p}users SET org = 'other'"]),
    ("users.app", &["UPDATE {p}users SET app = 'other'"]),
    ("users.created_at", &["UPDATE {p}users SET created_at = 1"]),
    (
        "users.expires_at",
        &["UPDATE {p}users SET expires_at = 1", "UPDATE {p}users SET expires_at = 9000000000000"],
    ),
    (
        "users.disabled_at",
        &["UPDATE {p}users SET disabled_at = 1", "UPDATE {p}users SET disabled_at = 1 WHERE name = 'carol'"],
    ),
    ("credentials.id", &[]),
    ("credentials.tenant", &["UPDATE {p}credentials SET tenant = 'other'"]),
    ("credentials.kind", &["UPDATE {p}credentials SET kind = 'app_token' WHERE public_id = 'k1'"]),
    ("credentials.public_id", &["UPDATE {p}credentials SET public_id = public_id || 'x'"]),
    ("credentials.digest", &["UPDATE {p}credentials SET digest = sha256(digest)"]),
    (
        "credentials.previous_digest",
        &["UPDATE {p}credentials SET previous_digest = digest, digest = sha256(digest), previous_until = 1"],
    ),
    ("credentials.previous_until", &["UPDATE {p}credentials SET previous_until = 1"]),
    ("credentials.subject", &["UPDATE {p}credentials SET subject = 'bob' WHERE subject IS NOT NULL"]),
    (
        "credentials.user_id",
        &[
            "UPDATE {p}credentials SET user_id = (SELECT id FROM {p}users WHERE name = 'bob') WHERE public_id <> 'map'",
        ],
    ),
    ("credentials.client", &["UPDATE {p}credentials SET client = 'other' WHERE client IS NOT NULL"]),
    ("credentials.client_id", &["UPDATE {p}credentials SET client_id = NULL"]),
    ("credentials.org", &["UPDATE {p}credentials SET org = 'other'"]),
    ("credentials.app", &["UPDATE {p}credentials SET app = 'other'"]),
    ("credentials.uuid", &["UPDATE {p}credentials SET uuid = 'other' WHERE public_id = 't1'"]),
    ("credentials.label", &["UPDATE {p}credentials SET label = 'other'"]),
    ("credentials.scopes", &["UPDATE {p}credentials SET scopes = 'read'"]),
    ("credentials.permissions", &["UPDATE {p}credentials SET permissions = 'get:/y'"]),
    ("credentials.created_at", &["UPDATE {p}credentials SET created_at = 1"]),
    (
        "credentials.expires_at",
        &[
            "UPDATE {p}credentials SET expires_at = 1",
            "UPDATE {p}credentials SET expires_at = 1 WHERE kind = 'client'",
        ],
    ),
    ("credentials.last_used_at", &["UPDATE {p}credentials SET last_used_at = 1"]),
    (
        "credentials.disabled_at",
        &[
            "UPDATE {p}credentials SET disabled_at = 1",
            "UPDATE {p}credentials SET disabled_at = 1 WHERE kind = 'client'",
        ],
    ),
    (
        "credentials.revoked_at",
        &[
            "UPDATE {p}credentials SET revoked_at = 1",
            "UPDATE {p}credentials SET revoked_at = 1 WHERE kind = 'client'",
        ],
    ),
    ("credentials.audience", &["UPDATE {p}credentials SET audience = 'https://other.example'"]),
    // No look-up reads these columns.
    ("credentials.application", &[]),
    ("credentials.granted_scopes", &[]),
    ("credentials.granted_audience", &[]),
    ("credentials.granted_until", &[]),
    ("credentials.generation", &[]),
    ("credentials.previous_generation", &[]),
    ("credentials.issued_at", &[]),
    ("credentials.previous_issued_at", &[]),
    ("credentials.code_digest", &[]),
    ("credentials.code_until", &[]),
    ("credentials.code_used_at", &[]),
    ("credentials.code_challenge", &[]),
    ("credentials.redirect_uri", &[]),
    ("credentials.family_digest", &[]),
    ("credentials.refresh_digest", &[]),
    ("credentials.refresh_before", &[]),
    ("credentials.refresh_until", &[]),
    ("credentials.rotated_at", &[]),
    ("credentials.session", &[]),
    ("credentials.authenticated_at", &[]),
    ("credentials.ended_for", &[]),
    ("roles.id", &[]),
    ("roles.tenant", &["UPDATE {p}roles SET tenant = 'other'", "DELETE FROM {p}roles"]),
    ("roles.name", &["UPDATE {p}roles SET name = 'other'"]),
    ("role_permissions.role_id", &["DELETE FROM {p}role_permissions"]),
    (
        "role_permissions.permission",
        &["UPDATE {p}role_permissions SET permission = 'get:/y' WHERE permission = 'get:/x'"],
    ),
    (
        "assignments.user_id",
        &["UPDATE {p}assignments SET user_id = (SELECT id FROM {p}users WHERE name = 'bob')"],
    ),
    ("assignments.role_id", &["DELETE FROM {p}assignments"]),
    ("user_permissions.user_id", &["DELETE FROM {p}user_permissions"]),
    ("user_permissions.permission", &["UPDATE {p}user_permissions SET permission = 'get:/y'"]),
    (
        "revocations.digest",
        &["INSERT INTO {p}revocations (digest, ends_at) SELECT digest, 9000000000000 FROM {p}credentials"],
    ),
    (
        "revocations.ends_at",
        &[
            "INSERT INTO {p}revocations (digest, ends_at) SELECT digest, 1 FROM {p}credentials; UPDATE {p}revocations SET ends_at = 9000000000000",
        ],
    ),
    (
        "revocations.of_principal",
        &[
            "INSERT INTO {p}revocations (digest, ends_at, of_principal) SELECT digest, 9000000000000, 1 FROM {p}credentials",
        ],
    ),
    ("holders.tenant", &["DELETE FROM {p}holders"]),
    ("holders.word", &["UPDATE {p}holders SET word = word || 'x'"]),
    ("holders.name", &["UPDATE {p}holders SET name = name || 'x'"]),
    ("departures.tenant", &[]),
    ("departures.name", &[]),
    ("departures.deleted_at", &[]),
    // No answer of the verifier depends on sessions, and their grants end as any credential.
    ("sessions.digest", &[]),
    ("sessions.tenant", &[]),
    ("sessions.public_id", &[]),
    ("sessions.subject", &[]),
    ("sessions.user_id", &[]),
    ("sessions.uuid", &[]),
    ("sessions.org", &[]),
    ("sessions.app", &[]),
    ("sessions.created_at", &[]),
    ("sessions.authenticated_at", &[]),
    ("sessions.expires_at", &[]),
    ("sessions.ended_at", &[]),
    ("schema.version", &[]),
];

/// Returns every column of the tables.
async fn columns(place: &Place) -> Vec<String> {
    let asked = match place.name {
        "SQLite" => {
            "SELECT m.name || '.' || c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table'"
        }
        _ => {
            "SELECT table_name || '.' || column_name FROM information_schema.columns WHERE table_schema = 'public'"
        }
    };
    let names: Vec<String> = match place.name {
        "SQLite" => {
            sqlx::query_scalar(asked).fetch_all(&SqlitePool::connect(&place.address).await.unwrap()).await
        }
        _ => sqlx::query_scalar(asked).fetch_all(&place.server().await).await,
    }
    .unwrap();
    let own = place.table("");
    names.into_iter().filter_map(|name| name.strip_prefix(&own).map(str::to_owned)).collect()
}

/// Another process changes each column of each table, and no cache keeps an outdated answer.
#[tokio::test]
async fn every_column_that_another_process_changes_is_forgotten_by_every_cache() {
    let Some(first) = Place::postgres() else { return };
    let _quiet = QUIET.lock().await;
    let known = Known::fill(&first).await;
    let (columns, server) = (columns(&first).await, first.server().await);
    known.database.close().await;
    assert!(columns.len() > 40, "{columns:?}");
    let mut silent = Vec::new();
    for column in &columns {
        let found = BY_HAND.iter().find(|(name, _)| name == column);
        let (_, statements) = found.unwrap_or_else(|| panic!("{column} is new: how does it change?"));
        for statement in *statements {
            let place = Place::postgres().unwrap();
            let known = Known::fill(&place).await;
            known.learn().await;
            let before = known.all().await;
            let by_hand = statement.replace("{p}", &place.table(""));
            sqlx::raw_sql(AssertSqlSafe(by_hand)).execute(&server).await.unwrap();
            if known.agrees(statement, &before).await == 0 {
                silent.push(column.as_str());
            }
            known.database.close().await;
        }
    }
    // No answer depends on these columns.
    silent.sort_unstable();
    let nothing = [
        "credentials.client_id",
        "credentials.created_at",
        "credentials.label",
        "credentials.last_used_at",
        "credentials.previous_until",
        "credentials.tenant",
        "holders.name",
        "holders.tenant",
        "holders.word",
        "roles.tenant",
        "users.created_at",
        "users.name",
    ];
    assert_eq!(silent, nothing);
}

/// Changes by the store, for each column that they change.
const BY_STORE: &[(&str, &[&str])] = &[
    ("users.name", &["create user", "delete user"]),
    ("users.password_hash", &["set password"]),
    ("users.disabled_at", &["disable user", "disable owner"]),
    ("credentials.digest", &["rotate"]),
    ("credentials.previous_digest", &["end overlap"]),
    ("credentials.previous_until", &["rotate with overlap"]),
    ("credentials.expires_at", &["expire", "expire client"]),
    ("credentials.disabled_at", &["disable", "disable client"]),
    ("credentials.revoked_at", &["revoke", "revoke all", "revoke shown", "revoke client"]),
    ("credentials.id", &["delete", "delete client"]),
    ("roles.id", &["delete role"]),
    ("role_permissions.permission", &["allow", "forbid"]),
    ("assignments.role_id", &["unassign"]),
    ("user_permissions.permission", &["grant", "withdraw"]),
    ("revocations.digest", &["deny"]),
];

/// Columns that are set when a row is created, and that no call of the store changes.
const SET_ONCE: &[&str] = &[
    "users.id",
    "users.tenant",
    "users.uuid",
    "users.org",
    "users.app",
    "users.created_at",
    "users.expires_at",
    "credentials.tenant",
    "credentials.kind",
    "credentials.public_id",
    "credentials.subject",
    "credentials.user_id",
    "credentials.client",
    "credentials.client_id",
    "credentials.org",
    "credentials.app",
    "credentials.uuid",
    "credentials.label",
    "credentials.scopes",
    "credentials.permissions",
    "credentials.created_at",
    "credentials.last_used_at",
    // Columns of grants and applications, which `tests/it/grants` changes.
    "credentials.application",
    "credentials.audience",
    "credentials.granted_scopes",
    "credentials.granted_audience",
    "credentials.granted_until",
    "credentials.generation",
    "credentials.previous_generation",
    "credentials.issued_at",
    "credentials.previous_issued_at",
    "credentials.code_digest",
    "credentials.code_until",
    "credentials.code_used_at",
    "credentials.code_challenge",
    "credentials.redirect_uri",
    "credentials.family_digest",
    "credentials.refresh_digest",
    "credentials.refresh_before",
    "credentials.refresh_until",
    "credentials.rotated_at",
    "credentials.session",
    "credentials.authenticated_at",
    "credentials.ended_for",
    "roles.tenant",
    "roles.name",
    "role_permissions.role_id",
    "assignments.user_id",
    "user_permissions.user_id",
    "revocations.ends_at",
    "revocations.of_principal",
    "holders.tenant",
    "holders.word",
    "holders.name",
    // Columns of sessions and deleted users, which `tests/it/grants` changes.
    "departures.tenant",
    "departures.name",
    "departures.deleted_at",
    "sessions.digest",
    "sessions.tenant",
    "sessions.public_id",
    "sessions.subject",
    "sessions.user_id",
    "sessions.uuid",
    "sessions.org",
    "sessions.app",
    "sessions.created_at",
    "sessions.authenticated_at",
    "sessions.expires_at",
    "sessions.ended_at",
    "schema.version",
];

async fn change(known: &Known, what: &str) {
    let store = known.database.store();
    let (users, roles, keys, clients) = (store.users(), store.roles(), store.api_keys(), store.clients());
    let ended = NewUser::new().expires_at(SystemTime::UNIX_EPOCH);
    let now = Some(SystemTime::now());
    match what {
        "create user" => users.create("zoe", Secret::borrowed("p"), ended).await.unwrap(),
        "delete user" => drop(users.delete("alice").await.unwrap()),
        "set password" => users.set_password("alice", Secret::borrowed("q")).await.unwrap(),
        "disable user" => drop(users.disable("alice").await.unwrap()),
        "disable owner" => drop(users.disable("carol").await.unwrap()),
        "rotate" => drop(keys.rotate("k1", Duration::ZERO).await.unwrap()),
        "rotate with overlap" => drop(keys.rotate("k1", Duration::from_secs(60)).await.unwrap()),
        "end overlap" => {
            keys.rotate("k1", Duration::from_secs(60)).await.unwrap();
            Known::seen(&known.cached, known.named("key")).await.unwrap();
            assert!(keys.end_overlap("k1").await.unwrap());
        }
        "expire" => drop(keys.expire("k1", now).await.unwrap()),
        "expire client" => drop(clients.expire("map", now).await.unwrap()),
        "disable" => drop(keys.disable("k1").await.unwrap()),
        "disable client" => drop(clients.disable("map").await.unwrap()),
        "revoke" => drop(keys.revoke("k1").await.unwrap()),
        "revoke all" => drop(keys.revoke_all_of("alice").await.unwrap()),
        "revoke shown" => known.database.revoke(known.named("key"), &VerifyContext::default()).await.unwrap(),
        "revoke client" => drop(clients.revoke("map").await.unwrap()),
        "delete" => drop(keys.delete("k1").await.unwrap()),
        "delete client" => drop(clients.delete("map").await.unwrap()),
        "delete role" => drop(roles.delete("editor").await.unwrap()),
        "allow" => drop(roles.allow("editor", "get:/y").await.unwrap()),
        "forbid" => drop(roles.forbid("editor", "get:/x").await.unwrap()),
        "unassign" => drop(roles.unassign("editor", "alice").await.unwrap()),
        "grant" => drop(users.grant("alice", "get:/y").await.unwrap()),
        "withdraw" => drop(users.withdraw("alice", "get:/own/**").await.unwrap()),
        "deny" => store.deny(Digest::from_credential(known.named("key"), None).unwrap(), None).await.unwrap(),
        other => panic!("{other}"),
    }
}

/// The store changes each column of each table, and no cache in the process keeps an outdated
/// answer.
#[tokio::test]
async fn every_column_that_the_store_changes_is_forgotten_by_every_cache() {
    let first = Place::sqlite();
    let known = Known::fill(&first).await;
    known.database.close().await;
    for column in columns(&first).await {
        let by_store = BY_STORE.iter().any(|(name, _)| *name == column);
        assert!(by_store != SET_ONCE.contains(&&*column), "{column} is new: does the store change it?");
    }
    for (_, changes) in BY_STORE {
        for what in *changes {
            let place = Place::sqlite();
            let known = Known::fill(&place).await;
            known.learn().await;
            let before = known.all().await;
            change(&known, what).await;
            assert!(known.agrees(what, &before).await > 0, "{what}");
        }
    }
}
