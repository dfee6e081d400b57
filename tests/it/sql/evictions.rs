//! The caches of every node drop a credential that is ended in the database.

use std::str::FromStr as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sqlx::postgres::PgConnectOptions;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tower_principal::credential::Digest;
use tower_principal::principal::Operation;
use tower_principal::verify::Cached;
use tower_principal::verify::sql::{Change, Issued, NewCredential, NewUser, SqlVerifier};
use tower_principal::{OAuthUser, Secret, Verifier as _, VerifyContext, verify};

use super::*;

/// No entry expires while a test runs.
const LONG: Duration = Duration::from_secs(3600);

/// A node: a database behind a cache that receives its changes.
struct Node {
    database: SqlVerifier,
    cached: Arc<Cached<SqlVerifier>>,
}

impl Node {
    /// Starts a node. If there is something to listen to, it listens when this returns.
    async fn start(place: &Place, database: SqlVerifier, ttl: Duration) -> Self {
        let cached = Arc::new(Cached::new(database.clone()).unwrap().ttl(ttl).cache_passwords());
        let mut listens = database.changes().unwrap();
        tokio::spawn(database.changes().unwrap().evict_from(&cached));
        if place.name == "PostgreSQL" {
            assert_eq!(listens.next().await, Some(Change::Everything));
        }
        Self { database, cached }
    }

    async fn knows(&self, credential: &Credential<'_>) -> bool {
        matches!(ask(&self.cached, credential).await, Short::Is(_))
    }

    /// Presents the credential until the cache contains it, because a late eviction may remove it
    /// again.
    async fn learns(&self, credential: &Credential<'_>) {
        let learns = async {
            while !self.remembers(credential) {
                assert!(self.knows(credential).await);
            }
        };
        tokio::time::timeout(Duration::from_secs(10), learns).await.unwrap();
    }

    /// Returns true if the credential is accepted without a query to the database.
    fn remembers(&self, credential: &Credential<'_>) -> bool {
        matches!(self.cached.verify_now(credential, &VerifyContext::default()), Some(Ok(_)))
    }

    /// Waits until the credential is refused, and returns the time that took.
    async fn refuses(&self, credential: &Credential<'_>) -> Duration {
        let started = Instant::now();
        until(async || !self.knows(credential).await).await;
        started.elapsed()
    }
}

/// The pauses let other tasks run, because a cached answer needs no wait.
async fn until(holds: impl AsyncFn() -> bool) {
    let holds = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), holds).await.expect("in time");
}

/// REQ-39, REQ-51: two nodes of one database, or two caches in one process on SQLite.
#[tokio::test]
async fn req_39_what_is_ended_on_one_node_is_refused_by_the_caches_of_all() {
    let _quiet = QUIET.lock().await;
    for place in Place::all() {
        let here = Node::start(&place, place.connect().await, LONG).await;
        let database = if place.name == "SQLite" { here.database.clone() } else { place.connect().await };
        let there = Node::start(&place, database, LONG).await;
        let store = here.database.store();
        let (users, keys, tokens) = (store.users(), store.api_keys(), store.access_tokens());
        users.create("alice", Secret::borrowed("p"), NewUser::new()).await.unwrap();
        let clients = store.clients();
        let app = clients.create(NewCredential::new().org("acme")).await.unwrap();
        let one = async || keys.create(NewCredential::new().owner("alice")).await.unwrap();
        let mut slowest = Duration::ZERO;
        // A credential, and the call that ends it.
        macro_rules! ends {
            ($credential:expr, $end:expr) => {
                let credential: &Credential<'_> = &$credential.into_owned();
                here.learns(credential).await;
                there.learns(credential).await;
                assert!($end.await.is_ok());
                for node in [&here, &there] {
                    slowest = slowest.max(node.refuses(credential).await);
                }
            };
        }
        let secret = |issued: &Issued| issued.secret.expose_secret().to_owned();
        let issued = one().await;
        ends!(key(&secret(&issued)), keys.revoke(&issued.id));
        let issued = one().await;
        ends!(key(&secret(&issued)), keys.disable(&issued.id));
        let issued = one().await;
        ends!(key(&secret(&issued)), keys.delete(&issued.id));
        let other = clients.create(NewCredential::new().org("acme")).await.unwrap();
        let issued = tokens.create(NewCredential::new().user("otto").client(&other.id)).await.unwrap();
        ends!(token(&secret(&issued)), clients.delete(&other.id));
        let issued = one().await;
        ends!(key(&secret(&issued)), keys.expire(&issued.id, Some(SystemTime::now())));
        let issued = one().await;
        ends!(key(&secret(&issued)), keys.rotate(&issued.id, Duration::ZERO));
        let issued = tokens.create(NewCredential::new().user("otto")).await.unwrap();
        let presented = secret(&issued);
        ends!(token(&presented), here.cached.revoke(&token(&presented), &VerifyContext::default()));
        let issued = tokens.create(NewCredential::new().user("otto")).await.unwrap();
        ends!(token(&secret(&issued)), tokens.revoke_all_of("otto"));
        let issued = tokens.create(NewCredential::new().user("otto").client(&app.id)).await.unwrap();
        ends!(token(&secret(&issued)), clients.revoke(&app.id));
        ends!(password("alice", "p"), users.set_password("alice", Secret::borrowed("q")));
        let issued = one().await;
        ends!(key(&secret(&issued)), users.disable("alice"));
        eprintln!("{}: refused everywhere after {slowest:?} at most", place.name);
        assert!(slowest < Duration::from_secs(1), "{}: {slowest:?}", place.name);
    }
}

/// A user's permissions change with the user's roles, and with the permissions of a role.
#[tokio::test]
async fn req_39_permissions_that_are_taken_away_are_gone_from_the_caches() {
    for place in Place::all() {
        let here = Node::start(&place, place.connect().await, LONG).await;
        let database = if place.name == "SQLite" { here.database.clone() } else { place.connect().await };
        let there = Node::start(&place, database, LONG).await;
        let store = here.database.store();
        store.users().create("alice", Secret::borrowed("p"), NewUser::new()).await.unwrap();
        store.roles().create("editor", ["get:/x"]).await.unwrap();
        store.roles().assign("editor", "alice").await.unwrap();
        let issued = store.api_keys().create(NewCredential::new().owner("alice")).await.unwrap();
        let presented = key(issued.secret.expose_secret());
        let may = async || {
            who(&there.cached, &presented).await.permissions().allow(Operation::Get, "/x", &["alice"])
        };
        there.learns(&presented).await;
        assert!(may().await);
        store.roles().unassign("editor", "alice").await.unwrap();
        until(async || !may().await).await;
    }
}

/// A node that cached only the credential, and a node that cached its owner.
#[tokio::test]
async fn req_39_what_is_denied_on_one_node_is_refused_by_the_caches_of_all() {
    /// Accepts every text as the token with that id.
    fn tokens() -> impl Verifier {
        verify::from_fn(|credential, _| async move {
            let Credential::AccessToken(token) = credential else { return Err(VerifyError::Unsupported) };
            Ok(OAuthUser::new("otto").with_credential_id(token.expose_secret()))
        })
    }
    let _quiet = QUIET.lock().await;
    for place in Place::all() {
        let here = Node::start(&place, place.connect().await, LONG).await;
        let database = if place.name == "SQLite" { here.database.clone() } else { place.connect().await };
        let there = Node::start(&place, database.clone(), LONG).await;
        let store = here.database.store();
        let issued = store.api_keys().create(NewCredential::new()).await.unwrap();
        let presented = key(issued.secret.expose_secret());
        there.learns(&presented).await;
        store.deny(Digest::from_credential(&presented, None).unwrap(), None).await.unwrap();
        let slowest = there.refuses(&presented).await;
        assert!(slowest < Duration::from_secs(1), "{}: {slowest:?}", place.name);

        let cached = Arc::new(Cached::new(database.denylist(tokens())).unwrap().ttl(LONG));
        tokio::spawn(database.changes().unwrap().evict_from(&cached));
        let remembers =
            |text: &str| matches!(cached.verify_now(&token(text), &VerifyContext::default()), Some(Ok(_)));
        for text in ["1", "2"] {
            while !remembers(text) {
                assert_eq!(ask(&cached, &token(text)).await, Short::Is(PrincipalKind::OAuthUser));
            }
        }
        let denies = here.database.denylist(tokens());
        denies.revoke(&token("1"), &VerifyContext::default()).await.unwrap();
        until(async || ask(&cached, &token("1")).await == REVOKED).await;
        assert!(remembers("2"), "{}: that one is another", place.name);
    }
}

/// This change is not announced, so the refusal lasts until `negative_ttl` is over.
#[tokio::test]
async fn req_39_what_was_refused_and_is_good_now_is_taken_when_the_refusal_ends() {
    for place in Place::all() {
        let node = Node::start(&place, place.connect().await, LONG).await;
        let cached = Cached::new(node.database.clone()).unwrap().negative_ttl(Duration::from_millis(300));
        let keys = node.database.store().api_keys();
        let imported = "acmek_0123456789abcdef0123456789abcdef";
        assert_eq!(ask(&cached, &key(imported)).await, UNKNOWN);
        keys.import(Secret::borrowed(imported), NewCredential::new()).await.unwrap();
        until(async || ask(&cached, &key(imported)).await == KEY).await;
        // A credential that was never presented before is accepted at once.
        let issued = keys.create(NewCredential::new()).await.unwrap();
        assert_eq!(ask(&cached, &key(issued.secret.expose_secret())).await, KEY);
    }
}

#[tokio::test]
async fn evicting_ends_with_the_cache_or_the_database() {
    let place = Place::all().swap_remove(0);
    let database = place.connect().await;
    let cached = Arc::new(Cached::new(database.clone()).unwrap());
    let task = tokio::spawn(database.changes().unwrap().evict_from(&cached));
    drop((cached, database));
    tokio::time::timeout(Duration::from_secs(10), task).await.unwrap().unwrap();
}

/// REQ-39: if the listening connection of a node breaks, its entries expire by their `ttl`. When it
/// listens again, it forgets all entries.
#[tokio::test]
async fn req_39_a_node_that_cannot_listen_refuses_when_its_cache_expires() {
    let Some(place) = Place::postgres() else { return };
    let _quiet = QUIET.lock().await;
    let here = place.connect().await;
    let wire = Wire::start(&place.address).await;
    let behind = || {
        let options = PgConnectOptions::from_str(&place.address).unwrap();
        let options = options.host("127.0.0.1").port(wire.port).ssl_mode(sqlx::postgres::PgSslMode::Disable);
        let builder = SqlVerifier::postgres(options).table_prefix(place.prefix.as_str());
        builder.passwords(cheap_passwords()).connections(1)
    };
    let ttl = Duration::from_secs(2);
    let short = Node::start(&place, behind().connect().await.unwrap(), ttl).await;
    let long = Node::start(&place, behind().connect().await.unwrap(), LONG).await;
    let keys = here.store().api_keys();
    let issued = keys.create(NewCredential::new()).await.unwrap();
    let presented = key(issued.secret.expose_secret());

    wire.cut(true);
    long.learns(&presented).await;
    let asked = Instant::now();
    short.learns(&presented).await;
    keys.revoke(&issued.id).await.unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    // They received no announcement.
    assert!(short.remembers(&presented) || asked.elapsed() > ttl);
    short.refuses(&presented).await;
    assert!(asked.elapsed() < ttl + Duration::from_secs(1), "{:?}", asked.elapsed());
    assert!(long.remembers(&presented));

    wire.cut(false);
    let caught_up = long.refuses(&presented).await;
    eprintln!("refused {caught_up:?} after it could listen again");
    assert!(caught_up < Duration::from_secs(5), "{caught_up:?}");
}

/// A connection between nodes and their server. When it is cut, connections that listen break and
/// no new ones are accepted; others stay open.
struct Wire {
    port: u16,
    cut: Arc<watch::Sender<bool>>,
}

impl Wire {
    async fn start(address: &str) -> Self {
        let options = PgConnectOptions::from_str(address).unwrap();
        let server = (options.get_host().to_owned(), options.get_port());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let cut = Arc::new(watch::Sender::new(false));
        let watched = Arc::downgrade(&cut);
        tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.unwrap();
                let Some(cut) = watched.upgrade() else { return };
                if *cut.borrow() {
                    continue;
                }
                let server = TcpStream::connect((server.0.as_str(), server.1)).await.unwrap();
                tokio::spawn(carry(client, server, cut.subscribe()));
            }
        });
        Self { port, cut }
    }

    fn cut(&self, cut: bool) {
        self.cut.send_replace(cut);
    }
}

/// Forwards both directions until one side is silent, or until the wire is cut and the connection
/// listens.
async fn carry(client: TcpStream, server: TcpStream, mut cut: watch::Receiver<bool>) {
    let ((mut client, mut to_client), (mut server, mut to_server)) =
        (client.into_split(), server.into_split());
    let (mut asked, mut said) = ([0; 8192], [0; 8192]);
    let mut listens = false;
    loop {
        tokio::select! {
            read = client.read(&mut asked) => match read {
                Ok(length) if length > 0 => {
                    let asked = &asked[..length];
                    listens |= asked.windows(6).any(|word| word == b"LISTEN");
                    if to_server.write_all(asked).await.is_err() { return }
                }
                _ => return,
            },
            read = server.read(&mut said) => match read {
                Ok(length) if length > 0 => {
                    if to_client.write_all(&said[..length]).await.is_err() { return }
                }
                _ => return,
            },
            _ = async { cut.wait_for(|cut| *cut).await.map(drop) }, if listens => return,
        }
    }
}
