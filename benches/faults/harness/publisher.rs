//! An issuer whose keys are fetched over HTTP on the loopback, from a server that can fail, and a
//! service that accepts its tokens.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use bytes::Bytes;
use http::{Request, StatusCode};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tower::ServiceExt as _;
use tower_principal::clock::Clock as _;
use tower_principal::fetch::{self, Fetch, FetchError};
use tower_principal::test_util::{Issuer, TestClock};
use tower_principal::verify::JwtVerifier;
use tower_principal::verify::{Algorithm, Jwks};
use tower_principal::{AuthenticateLayer, dialect, transport};

pub(crate) const API: &str = "https://api.example";
/// The time limit for a fetch; shorter than usual, to keep the experiments short.
pub(crate) const LIMIT: Duration = Duration::from_millis(50);
const HOUR: Duration = Duration::from_secs(3_600);

/// The server accepts and does not answer.
pub(crate) const HANGS: usize = 2;
/// No process listens on the port.
pub(crate) const GONE: usize = 8;

/// An issuer, its server, and a service that accepts its tokens.
pub(crate) struct World {
    pub(crate) clock: TestClock,
    pub(crate) issuer: Issuer,
    server: Arc<Publisher>,
    serving: Option<JoinHandle<std::io::Result<()>>>,
    fetched: Arc<Mutex<Vec<SystemTime>>>,
    app: Router,
}

struct Publisher {
    issuer: Issuer,
    address: SocketAddr,
    fault: AtomicUsize,
}

/// Records the time of each fetch by the clock that the experiment moves.
struct Noted<F> {
    inner: F,
    clock: TestClock,
    fetched: Arc<Mutex<Vec<SystemTime>>>,
}

impl<F: Fetch> Fetch for Noted<F> {
    async fn fetch(
        &self,
        request: Request<Bytes>,
        limit: usize,
    ) -> Result<http::Response<Bytes>, FetchError> {
        self.fetched.lock().unwrap().push(self.clock.now());
        self.inner.fetch(request, limit).await
    }
}

async fn publish(State(server): State<Arc<Publisher>>) -> Response {
    let json = [("content-type", "application/json")];
    let keys = server.issuer.keys_json();
    match server.fault.load(Ordering::Relaxed) {
        0 => (json, keys).into_response(),
        1 => (StatusCode::INTERNAL_SERVER_ERROR, json, keys).into_response(),
        HANGS => std::future::pending().await,
        3 => ([("content-type", "text/html")], "<html>Welcome to the Wi-Fi</html>").into_response(),
        4 => (json, r#"{"keys":{}}"#).into_response(),
        5 => (json, keys[..keys.len() / 2].to_owned()).into_response(),
        6 => (json, format!("{keys}{}", " ".repeat(300 << 10))).into_response(),
        _ => (StatusCode::FOUND, [("location", "/elsewhere")], keys).into_response(),
    }
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(LIMIT).await
    }

    /// Starts them with this time limit for a fetch.
    pub(crate) async fn with(limit: Duration) -> Self {
        let clock = TestClock::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().unwrap();
        let name = format!("http://{address}");
        let issuer = Issuer::with_algorithm(name.as_str(), Algorithm::EdDsa, clock.clone()).unwrap();
        let server = Arc::new(Publisher { issuer: issuer.clone(), address, fault: AtomicUsize::new(0) });

        // No connection is kept, so that a stopped server cannot be reached.
        let client = Client::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build_http::<Body>();
        let fetched = Arc::default();
        let fetch =
            Noted { inner: fetch::service(client), clock: clock.clone(), fetched: Arc::clone(&fetched) };
        let keys = Jwks::builder(format!("{name}/keys"), fetch).danger_allow_http();
        let keys = keys.timeout(limit).clock(clock.clone()).build().unwrap();
        let verifier = JwtVerifier::builder(name).audience(API).keys(keys).clock(clock.clone());
        let layer = AuthenticateLayer::new(
            dialect::RFC6750,
            verifier.build().unwrap(),
            transport::danger_assume_secure(),
        );
        let app = Router::new().route("/data", get(async || "data")).route_layer(layer.clock(clock.clone()));
        let serving = Some(serve(listener, Arc::clone(&server)));
        Self { clock, issuer, server, serving, fetched, app }
    }

    pub(crate) async fn set(&mut self, fault: usize) {
        self.server.fault.store(fault, Ordering::Relaxed);
        if fault == GONE
            && let Some(serving) = self.serving.take()
        {
            serving.abort();
            let _ = serving.await;
        }
        if fault != GONE && self.serving.is_none() {
            let listener = TcpListener::bind(self.server.address).await.expect("the same port again");
            self.serving = Some(serve(listener, Arc::clone(&self.server)));
        }
    }

    pub(crate) fn token(&self) -> String {
        self.issuer.token("otto").audience(API).expires_in(24 * HOUR).sign()
    }

    pub(crate) fn seconds(&self) -> u64 {
        self.clock.now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs()
    }

    pub(crate) async fn ask(&self, token: &str) -> u16 {
        let request = Request::get("/data").header("authorization", format!("Bearer {token}"));
        let answer = self.app.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        answer.status().as_u16()
    }

    /// Returns the number of fetches, and the shortest time between two of them.
    pub(crate) fn fetches(&self) -> (usize, Duration) {
        let fetched = self.fetched.lock().unwrap();
        let apart = fetched.windows(2).map(|two| two[1].duration_since(two[0]).unwrap_or_default());
        (fetched.len(), apart.min().unwrap_or(Duration::MAX))
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.serving.iter().for_each(JoinHandle::abort);
    }
}

fn serve(listener: TcpListener, server: Arc<Publisher>) -> JoinHandle<std::io::Result<()>> {
    let elsewhere = async |State(server): State<Arc<Publisher>>| server.issuer.keys_json();
    let app = Router::new().route("/keys", get(publish)).route("/elsewhere", get(elsewhere));
    tokio::spawn(axum::serve(listener, app.with_state(server)).into_future())
}
