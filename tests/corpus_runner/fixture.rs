//! Services that the portal does not have: guards that no guest can pass, layers outermost and in a
//! nest, tokens and passwords with unusual characters, and a count of the verifier's calls.

use std::collections::hash_map::DefaultHasher;
use std::hash::Hasher as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::body::Bytes;
use axum::routing::any;
use axum::{Json, Router};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::{TcpListener, UnixListener};
use tokio::task::JoinSet;
use tower_principal::transport::Transport;
use tower_principal::verify::password::Passwords;
use tower_principal::{
    AppToken, AuthenticateLayer, Authentication, BasicUser, Credential, Dialect, GuestRule, OAuthUser,
    Principal, RequireLayer, Verifier, VerifyContext, VerifyError, dialect, policy, transport,
    verify::MemoryVerifier,
};

/// A server for a single case, so that its count belongs to this case alone.
pub(crate) struct Fixture {
    pub(crate) address: SocketAddr,
    folder: TempDir,
    lookups: Arc<AtomicUsize>,
    _servers: JoinSet<()>,
}

/// An access token with every character that is allowed.
pub(crate) const ODD_TOKEN: &str = "plus+slash/dot.dash-low_tilde~0123==";
/// A password of 73 bytes; `bcrypt` reads only 72 of them.
pub(crate) const LONG_PASSWORD: &str =
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef01234567X";
const SOCKET: &str = "socket";
/// A false hash: as long as bcrypt's, and not ASCII.
const TAMPERED_HASH: &str = "$2b$12$éééééééééééééééééééééééééé.";

impl Fixture {
    pub(crate) async fn start(accounts: Arc<MemoryVerifier>) -> Self {
        let lookups = Arc::new(AtomicUsize::new(0));
        let verifier = Arc::new(Counting { accounts, lookups: Arc::clone(&lookups) });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let folder = TempDir::new().unwrap();
        let unix = UnixListener::bind(folder.path().join(SOCKET)).unwrap();
        let app = routes(&verifier);
        let mut servers = JoinSet::new();
        let named = app.clone().into_make_service_with_connect_info::<SocketAddr>();
        servers.spawn(async move { axum::serve(listener, named).await.unwrap() });
        servers.spawn(async move { axum::serve(unix, app).await.unwrap() });
        Self { address, folder, lookups, _servers: servers }
    }

    /// Returns the path of its Unix socket, on which peers have no address.
    pub(crate) fn unix(&self) -> PathBuf {
        self.folder.path().join(SOCKET)
    }

    pub(crate) fn lookups(&self) -> usize {
        self.lookups.load(Ordering::Relaxed)
    }
}

/// Returns the accounts of every fixture.
pub(crate) fn accounts() -> Arc<MemoryVerifier> {
    let user = |name: &str| BasicUser::new(name);
    let scoped = |scopes: &[&str]| OAuthUser::new("scoped").with_scopes(scopes);
    let tampered = MemoryVerifier::builder().user_hash("tampered", TAMPERED_HASH, user("tampered")).build();
    assert!(tampered.is_err(), "a hash that no password can match was built");
    let verifier = MemoryVerifier::builder()
        .user("long", LONG_PASSWORD, user("long"))
        .user("admin", "correct horse", user("admin"))
        .user("normal", "w\u{f6}rd", user("normal"))
        // Only by its hash, because the builder refuses an empty secret.
        .user_hash("empty", Passwords::new().unwrap().hash("").unwrap(), user("empty"))
        .app_token("fixture-app-token", AppToken::new("fixture-app"))
        .access_token(ODD_TOKEN, OAuthUser::new("odd"))
        .access_token("fixture-scope-all", scoped(&["all"]))
        .access_token("fixture-scope-among", scoped(&["read", "all", "write"]))
        .access_token("fixture-scope-upper", scoped(&["ALL"]))
        .access_token("fixture-scope-longer", scoped(&["all:read", "allx", "xall"]))
        .access_token("fixture-scope-none", scoped(&[]))
        .build();
    Arc::new(verifier.unwrap())
}

fn routes(verifier: &Arc<Counting>) -> Router {
    let over = |transport: Transport, dialect: Dialect| {
        AuthenticateLayer::new(dialect, Arc::clone(verifier), transport)
    };
    let layer = |dialect: Dialect| over(transport::danger_assume_secure(), dialect);
    let open = dialect::ANY.guests([GuestRule::everywhere()]);
    let library = Router::new()
        .route("/library/whoami", any(whoami))
        .route("/library/optional", any(optional))
        .route("/library/scoped", any(whoami).layer(RequireLayer::new(policy::scope("all"))))
        .route("/library/nothing", any(whoami).layer(RequireLayer::new(policy::permission(""))))
        .route_layer(layer(open).with_form_body(64 * 1024, Duration::from_secs(5)));
    let strict = Router::new()
        .route("/strict/form", any(whoami))
        .route_layer(layer(strict_form()).with_form_body(64 * 1024, Duration::from_secs(5)));
    let trusted = transport::behind_proxy(["127.0.0.0/8".parse().unwrap()]);
    let proxied =
        Router::new().route("/strict/proxied", any(whoami)).route_layer(over(trusted, dialect::RFC6750));
    let nested = Router::new().fallback(any(whoami)).layer(layer(dialect::USERGRID));
    let outermost = Router::new()
        .route("/{org}/{app}/admin", any(whoami).layer(RequireLayer::new(policy::scope("admin"))))
        .fallback(any(whoami))
        .layer(layer(dialect::USERGRID));
    library.merge(strict).merge(proxied).nest("/nest", nested).fallback_service(outermost)
}

/// Returns RFC 6750 with the form body of its section 2.2, and nothing else.
fn strict_form() -> Dialect {
    use tower_principal::CredentialForm;
    use tower_principal::dialect::TokenMeaning;
    dialect::RFC6750.add_form(CredentialForm::body("access_token", TokenMeaning::ACCESS_TOKEN))
}

/// Like the portal's, with a hash of the body that the handler received.
async fn whoami(found: Authentication, body: Bytes) -> Json<Value> {
    let principal = found.principal();
    Json(json!({
        "principal": principal.kind().to_string(),
        "id": principal.id(),
        "app": found.app().map(|app| app.id()),
        "carrier": found.credential_source().map(|source| source.carrier().as_str()),
        "sandbox": matches!(principal, Principal::Guest(guest) if guest.is_sandbox()),
        "body": hash(&body),
    }))
}

async fn optional(found: Option<Principal>) -> Json<Value> {
    let kind = found.map_or("Guest".to_owned(), |principal| principal.kind().to_string());
    Json(json!({ "principal": kind }))
}

/// Returns the same number for the same bytes.
pub(crate) fn hash(body: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(body);
    hasher.finish()
}

/// Counts the calls of a verifier.
struct Counting {
    accounts: Arc<MemoryVerifier>,
    lookups: Arc<AtomicUsize>,
}

impl Verifier for Counting {
    async fn verify(
        &self,
        credential: &Credential<'_>,
        context: &VerifyContext<'_>,
    ) -> Result<Principal, VerifyError> {
        self.lookups.fetch_add(1, Ordering::Relaxed);
        self.accounts.verify(credential, context).await
    }
}
