//! D3: clients leave at random moments while a slow verifier works for them. What remains of their
//! requests a second later?
//!
//! A token takes 30 s to verify and the deadline is 60 s; `Passwords` checks passwords at its usual
//! speed. Therefore a verification that is gone after a second was dropped because its client left.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::Request;
use http_body_util::Empty;
use hyper::client::conn::http2::{self, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};
use tower_principal::verify::password::Passwords;
use tower_principal::{
    AuthenticateLayer, BasicUser, Credential, OAuthUser, Principal, Verifier, VerifyContext, VerifyError,
    dialect, transport, verify::MemoryVerifier,
};
use zeroize::Zeroizing;

use crate::harness::child::Child;
use crate::harness::client::{self, Connection};
use crate::harness::numbers::Chance;
use crate::harness::report::Report;
use crate::harness::server::{Gauges, Stats};

const CLIENTS: usize = 100;
/// The number of times that each client leaves, for each way to leave.
const TIMES: usize = 100;
/// Each client leaves within this time after its request.
const LEAVES: Duration = Duration::from_millis(4);
/// One request in this many has a password.
const LOGINS: u64 = 4;

const USER: &str = "alice@example.org";
const PASSWORD: &str = "correct horse";

struct Slow {
    gauges: Arc<Gauges>,
    users: MemoryVerifier,
}

impl Verifier for Slow {
    async fn verify(
        &self,
        credential: &Credential<'_>,
        context: &VerifyContext<'_>,
    ) -> Result<Principal, VerifyError> {
        let _verifying = self.gauges.verifies();
        if matches!(credential, Credential::Password(_)) {
            return self.users.verify(credential, context).await;
        }
        sleep(Duration::from_secs(30)).await;
        Ok(OAuthUser::new("otto").into())
    }
}

pub(crate) fn app(gauges: &Arc<Gauges>) -> Router {
    let passwords = Passwords::new().unwrap();
    let users = MemoryVerifier::builder()
        .passwords(passwords.clone())
        .user(USER, PASSWORD, BasicUser::new(USER))
        .build()
        .unwrap();
    let verifier = Slow { gauges: Arc::clone(gauges), users };
    let layer = AuthenticateLayer::new(dialect::ANY, verifier, transport::danger_assume_secure())
        .deadline(Duration::from_secs(60));
    Router::new()
        .route("/data", get(async || "data"))
        .route_layer(layer)
        .route(
            "/places",
            get(async |State(passwords): State<Passwords>| places(&passwords).await.to_string()),
        )
        .with_state(passwords)
}

/// Returns the number of password checks that are admitted at once, which is the number of free
/// permits.
async fn places(passwords: &Passwords) -> usize {
    let check = || passwords.verify(Zeroizing::new(String::new()), None);
    let all = futures_util::future::join_all((0..1_000).map(|_| check())).await;
    all.iter().filter(|admitted| admitted.is_ok()).count()
}

pub(crate) async fn run() -> Report {
    let mut report = Report::default();
    let child = Child::start("clients_leave").await;
    let calm = Held::of(&child).await;
    report.note("places for passwords, without clients", calm.places.to_string());
    for way in [Way::Close, Way::Reset, Way::HalfClose, Way::StreamReset] {
        let asked = child.stats().await.asked;
        let leaving = (0..CLIENTS).map(|client| {
            let address = child.address;
            tokio::spawn(async move { way.leave(address, Chance::new(client as u64)).await })
        });
        let stayed = futures_util::future::join_all(leaving).await;
        sleep(Duration::from_secs(1)).await;
        let left = Held::of(&child).await;
        let name = way.name();
        report.note(
            format!("{name}: left, and had begun to be verified"),
            format!("{}, {}", CLIENTS * TIMES, left.stats.asked - asked),
        );
        // The clients of HTTP/2 keep their connections open; each has a task and a descriptor.
        let open = left.stats.connections.saturating_sub(calm.stats.connections);
        let stay = if way == Way::StreamReset { stayed.len() } else { 0 };
        report.target(
            format!("{name}: verifications, connections, tasks, descriptors, places that are left after 1 s"),
            left.beyond(&calm, stay),
            "0, 0, 0, 0, 0",
            left.is_like(&calm, stay) && open <= stay,
        );
        drop(stayed);
    }
    sleep(Duration::from_millis(500)).await;
    let end = Held::of(&child).await;
    report.target(
        "the same after all have gone",
        end.beyond(&calm, 0),
        "0, 0, 0, 0, 0",
        end.is_like(&calm, 0),
    );
    report
}

/// The resources that a process holds.
struct Held {
    stats: Stats,
    descriptors: usize,
    places: usize,
}

impl Held {
    async fn of(child: &Child) -> Self {
        let stats = child.stats().await;
        // By then, the connection that asked for the figures is closed.
        sleep(Duration::from_millis(50)).await;
        let descriptors = child.descriptors();
        let places = child.connect().await.ask(&client::get("/places", "")).await.expect("the child answers");
        let places = str::from_utf8(&places.body).unwrap().parse().unwrap();
        Self { stats, descriptors, places }
    }

    /// Returns the surplus of each resource over that of a calm process, except for connections
    /// that stay.
    fn more(&self, calm: &Self, stay: usize) -> [usize; 5] {
        [
            self.stats.verifying,
            self.stats.connections.saturating_sub(calm.stats.connections + stay),
            self.stats.tasks.saturating_sub(calm.stats.tasks + stay),
            self.descriptors.saturating_sub(calm.descriptors + stay),
            calm.places.abs_diff(self.places),
        ]
    }

    fn beyond(&self, calm: &Self, stay: usize) -> String {
        self.more(calm, stay).map(|count| count.to_string()).join(", ")
    }

    fn is_like(&self, calm: &Self, stay: usize) -> bool {
        self.more(calm, stay) == [0; 5]
    }
}

/// The way in which a client leaves.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Close,
    Reset,
    HalfClose,
    StreamReset,
}

impl Way {
    const fn name(self) -> &'static str {
        match self {
            Self::Close => "HTTP/1.1, the connection closed",
            Self::Reset => "HTTP/1.1, the connection reset",
            Self::HalfClose => "HTTP/1.1, half closed",
            Self::StreamReset => "HTTP/2, the stream reset",
        }
    }

    /// Leaves many times, and returns the connection that stays open, if any.
    async fn leave(self, address: SocketAddr, mut chance: Chance) -> Option<SendRequest<Empty<Bytes>>> {
        let mut streams = None;
        for _ in 0..TIMES {
            let authorization = authorization(&mut chance);
            let after = chance.up_to(LEAVES);
            match self {
                Self::StreamReset => {
                    streams = Some(reset(streams.take(), address, authorization, after).await)
                }
                _ => self.leave_connection(address, authorization, after).await,
            }
        }
        streams
    }

    async fn leave_connection(self, address: SocketAddr, authorization: String, after: Duration) {
        let mut connection = Connection::open(address).await.expect("a connection");
        let request = client::get("/data", &format!("authorization: {authorization}\r\n"));
        connection.stream.write_all(&request).await.expect("room for a request");
        sleep(after).await;
        match self {
            Self::Reset => connection.stream.set_zero_linger().expect("a socket"),
            Self::HalfClose => {
                let _ = connection.stream.shutdown().await;
                // The figures show whether the server closes its half as well.
                let _ = timeout(Duration::from_secs(1), connection.answer()).await;
            }
            Self::Close | Self::StreamReset => {}
        }
    }
}

fn authorization(chance: &mut Chance) -> String {
    match chance.next() % LOGINS {
        0 => format!("Basic {}", STANDARD.encode(format!("{USER}:{PASSWORD}"))),
        _ => "Bearer a-token-of-this-client".to_owned(),
    }
}

/// Sends a request on a new stream and resets it. Reconnects if the server has closed the
/// connection.
async fn reset(
    streams: Option<SendRequest<Empty<Bytes>>>,
    address: SocketAddr,
    authorization: String,
    after: Duration,
) -> SendRequest<Empty<Bytes>> {
    let mut streams = match streams {
        Some(streams) if streams.is_ready() => streams,
        _ => {
            let stream = TcpStream::connect(address).await.expect("a connection");
            let shaken = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await;
            let (streams, connection) = shaken.expect("HTTP/2");
            tokio::spawn(connection);
            streams
        }
    };
    let request = Request::get(format!("http://{address}/data")).header("authorization", authorization);
    let answer = streams.send_request(request.body(Empty::new()).unwrap());
    let _ = timeout(after, answer).await;
    streams
}
