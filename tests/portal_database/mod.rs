//! The data that the portal keeps in its database across restarts.

use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{self, Command};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use sqlx::AssertSqlSafe;
use sqlx::postgres::PgPool;
use tempfile::TempDir;
use tower_principal::Secret;
use tower_principal::verify::sql::{NewCredential, NewUser, SqlStore, SqlVerifier, SqlVerifierBuilder};

use crate::corpus_runner::leak;
use crate::corpus_runner::portal::{Portal, database, executable};

const ALICE: &str = "alice@example.org";
/// This text has the format of a key's id.
const KEY: &str = "0123456789abcdefghijklmno";
const PASSWORD: &str = "a password that carol chose";

#[tokio::test]
async fn a_start_ends_the_demo_secrets_of_the_last_and_keeps_the_rest() {
    let data = TempDir::new().unwrap();
    let address = format!("sqlite:{}", data.path().join("portal.db").display());
    over_a_restart(data, &["--assume-secure"], SqlVerifier::sqlite(address)).await;
}

#[tokio::test]
async fn so_it_is_on_postgresql() {
    let Ok(address) = std::env::var("TEST_POSTGRES_URL") else {
        // Not by a macro, because the test runner captures the output of macros.
        let text = b"\n!! TEST_POSTGRES_URL is not set: the portal is NOT tested on PostgreSQL\n\n";
        std::io::stderr().write_all(text).unwrap();
        return;
    };
    let (schema, server) = (format!("portal_{}", process::id()), PgPool::connect(&address).await.unwrap());
    let run = async |statement: String| sqlx::raw_sql(AssertSqlSafe(statement)).execute(&server).await;
    run(format!("DROP SCHEMA IF EXISTS {schema} CASCADE; CREATE SCHEMA {schema}")).await.unwrap();
    let separator = if address.contains('?') { '&' } else { '?' };
    let address = format!("{address}{separator}options[search_path]={schema}");
    let flags = ["--assume-secure", "--database", &address];
    let files = over_a_restart(TempDir::new().unwrap(), &flags, SqlVerifier::postgres(&*address)).await;
    assert!(database(files.path()).is_empty(), "there is no other database");
    run(format!("DROP SCHEMA {schema} CASCADE")).await.unwrap();
}

/// Creates credentials beside the demo credentials of a running portal, and restarts the portal.
async fn over_a_restart(data: TempDir, flags: &[&str], source: SqlVerifierBuilder) -> TempDir {
    let portal = Portal::start_in(data, flags).await;
    let beside = source.table_prefix("portal_").connect().await.unwrap();
    let tenant = |name: &str| beside.store().tenant(name).unwrap();
    let (socrata, usergrid) = (tenant("socrata"), tenant("usergrid"));
    let issued = async |user: &str, store: &SqlStore| {
        let issued = store.access_tokens().create(NewCredential::new().user(user)).await.unwrap();
        issued.secret.expose_secret().to_owned()
    };
    let (of_alice, of_wendy) = (issued(ALICE, &socrata).await, issued("wendy", &usergrid).await);
    let revoked = issued("wendy", &usergrid).await;
    let key = socrata.key_pairs().create(NewCredential::new().id(KEY).owner(ALICE)).await.unwrap();
    socrata.users().create("carol", Secret::borrowed(PASSWORD), NewUser::new()).await.unwrap();
    let lasting = [
        ("GET /socrata/whoami", format!("Authorization: OAuth {of_alice}")),
        ("GET /any/whoami", basic(&key.id, key.secret.expose_secret())),
        ("GET /socrata/whoami", basic("carol", PASSWORD)),
        ("GET /acme/weather/cities", format!("Authorization: Bearer {of_wendy}")),
        // The only demo password that is always the same.
        ("GET /socrata/whoami", basic("bob@example.org", "pa:ss w\u{f6}rd")),
    ];
    let over = ("GET /acme/weather/cities", format!("Authorization: Bearer {revoked}"));
    // Revoked at once and for ever.
    assert_eq!(status(&portal, &over).await, 200);
    let revoke = format!("PUT /acme/weather/users/wendy/revoketoken?token={revoked}");
    let wendy = format!("Authorization: Bearer {of_wendy}");
    assert_eq!(portal.ask(&revoke, &[wendy]).await.status, 200);
    assert_eq!(status(&portal, &over).await, 401);

    let (first, rows) = (demo(&portal.credentials), demo_rows(&beside).await);
    assert!(rows > 50, "{rows}");
    for good in lasting.iter().chain(first.iter().map(|(_, shown)| shown)) {
        assert_eq!(status(&portal, good).await, 200, "{}", good.0);
    }
    let said = portal.stop().await.unwrap();
    let portal = Portal::start_in(said.data, flags).await;
    let second = demo(&portal.credentials);
    for (name, good) in &second {
        assert_eq!(status(&portal, good).await, 200, "{name} after the restart");
    }
    for (name, old) in &first {
        // An invalid app token is refused in another way.
        let refused = if ["app", "x-api-key"].contains(name) { 403 } else { 401 };
        assert_eq!(status(&portal, old).await, refused, "{name} from before the restart");
    }
    assert_eq!(
        demo_rows(&beside).await,
        rows,
        "the credentials of the second start replace those of the first"
    );
    for kept in &lasting {
        assert_eq!(status(&portal, kept).await, 200, "{}", kept.0);
    }
    assert_eq!(status(&portal, &over).await, 401);
    let dora = &portal.credentials["socrata"]["disabled_user"];
    let dora = basic(text(&dora["username"]), text(&dora["password"]));
    assert_eq!(status(&portal, &("GET /socrata/whoami", dora)).await, 401);

    // This revokes every token that the user has, and no later one.
    let wendy = format!("Authorization: Bearer {of_wendy}");
    assert_eq!(portal.ask("PUT /acme/weather/users/wendy/revoketokens", &[wendy]).await.status, 200);
    assert_eq!(status(&portal, &lasting[3]).await, 401);
    let next = format!("Authorization: Bearer {}", issued("wendy", &usergrid).await);
    assert_eq!(status(&portal, &("GET /acme/weather/cities", next)).await, 200);
    beside.close().await;
    portal.stop().await.unwrap().data
}

/// Returns the number of demo credentials.
async fn demo_rows(database: &SqlVerifier) -> usize {
    let mut rows = 0;
    for name in ["socrata", "usergrid", "geodatahub", "opendatasoft"] {
        let store = database.store().tenant(name).unwrap();
        for kind in
            [store.access_tokens(), store.api_keys(), store.app_tokens(), store.clients(), store.key_pairs()]
        {
            let listed = kind.list(None, 1_000).await.unwrap();
            rows += listed.iter().filter(|one| one.label.as_deref() == Some("demo")).count();
        }
    }
    rows
}

/// A request, and the line with its credential.
type Shown = (&'static str, String);

/// Returns a valid demo credential of every kind.
fn demo(demo: &Value) -> Vec<(&'static str, Shown)> {
    let bearer = |value: &Value| format!("Authorization: Bearer {}", text(value));
    let pair = |value: &Value, id: &str, secret: &str| basic(text(&value[id]), text(&value[secret]));
    let [socrata, usergrid] = ["socrata", "usergrid"].map(|name| &demo[name]);
    let [geodatahub, opendatasoft] = ["geodatahub", "opendatasoft"].map(|name| &demo[name]);
    let oauth = |value: &Value| format!("Authorization: OAuth {}", text(value));
    vec![
        ("user", ("GET /socrata/whoami", pair(&socrata["user"], "username", "password"))),
        ("api_key", ("GET /resource/priv-0001.json", pair(&socrata["api_key"], "id", "secret"))),
        ("app", ("GET /socrata/whoami", format!("X-App-Token: {}", text(&socrata["app"]["token"])))),
        ("access_token", ("GET /socrata/whoami", oauth(&socrata["access_token"]["token"]))),
        ("throwaway", ("GET /any/whoami", oauth(&socrata["throwaway_access_tokens"][49]))),
        ("org_client", ("GET /acme/weather/whoami", pair(&usergrid["org_client"], "id", "secret"))),
        ("app_client", ("GET /acme/weather/cities", pair(&usergrid["app_client"], "id", "secret"))),
        ("wendy", ("GET /acme/weather/cities", bearer(&usergrid["access_token"]["token"]))),
        ("id_token", ("GET /geodatahub/ping", format!("Authorization: {}", text(&geodatahub["id_token"])))),
        ("gerda", ("GET /geodatahub/ping", pair(&geodatahub["user"], "username", "password"))),
        ("x-api-key", ("GET /any/whoami", format!("X-Api-Key: {}", text(&geodatahub["api_key"])))),
        ("otto", ("GET /rfc6750/scoped", bearer(&opendatasoft["access_token"]["token"]))),
        ("narrow", ("GET /api/end/point", bearer(&opendatasoft["narrow_access_token"]["token"]))),
        (
            "apikey",
            (
                "GET /api/end/point",
                format!("Authorization: Apikey {}", text(&opendatasoft["api_key"]["key"])),
            ),
        ),
    ]
}

#[tokio::test]
async fn the_database_is_its_owners_alone_and_closed_in_the_end() {
    let portal = Portal::start_with(&["--assume-secure"]).await;
    let password = text(&portal.credentials["usergrid"]["user"]["password"]).as_bytes().to_vec();
    let running = database(portal.data());
    assert!(running.len() >= 2, "a write-ahead log is beside it: {:?}", running.keys());
    for (path, bytes) in &running {
        let mode = path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{}", path.display());
        assert_eq!(leak::find(bytes, std::slice::from_ref(&password)), None);
    }
    let said = portal.stop().await.unwrap();
    // When the last connection closes, SQLite merges the log into the database.
    let left: Vec<_> = database(said.data.path()).into_keys().collect();
    assert_eq!(left, [said.data.path().join("portal.db")]);
}

#[test]
fn a_database_that_cannot_be_used_is_reported_without_its_password() {
    let folder = TempDir::new().unwrap();
    for (address, why) in [
        ("mysql://portal:s3cretword@db.example/x", "expected sqlite:FILE or postgres://"),
        ("s3cretword", "expected sqlite:FILE or postgres://"),
        ("postgres://portal:s3cretword@127.0.0.1:port/x", "expected sqlite:FILE or postgres://"),
        ("postgres://portal:s3cretword@127.0.0.1:1/x", "127.0.0.1:1: Connection refused"),
        ("postgres://portal:s3cretword@db.example/x", "needs `sslmode=verify-full`"),
        ("sqlite:/nowhere/at/all.db", "/nowhere/at/all.db: No such file"),
    ] {
        let mut portal = Command::new(executable());
        portal.args(["--http", "127.0.0.1:0", "--https", "127.0.0.1:0", "--log", "trace", "--data"]);
        let ended = portal.arg(folder.path()).args(["--database", address]).output().unwrap();
        let said = String::from_utf8_lossy(&ended.stderr);
        assert_eq!((ended.status.code(), ended.stdout.len()), (Some(1), 0), "{said}");
        let last = said.lines().last().unwrap();
        assert!(last.starts_with("portal: --database: ") && last.contains(why), "{last}");
        assert!(!said.contains("s3cretword"), "{said}");
    }
}

async fn status(portal: &Portal, (request, line): &Shown) -> u16 {
    portal.ask(request, std::slice::from_ref(line)).await.status
}

fn basic(id: &str, secret: &str) -> String {
    format!("Authorization: Basic {}", STANDARD.encode(format!("{id}:{secret}")))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}
