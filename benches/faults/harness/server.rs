//! The service of an experiment, in a process of its own.

use std::io::Read as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::extract::{Path, Request, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use serde::{Deserialize, Serialize};
use tokio::net::{TcpSocket, TcpStream};
use tokio::runtime::Handle;
use tokio::time::sleep;
use tower::ServiceExt as _;
use tower_principal::transport::Peer;

/// The counters of a running service.
#[derive(Default)]
pub(crate) struct Gauges {
    verifying: AtomicUsize,
    peak: AtomicUsize,
    asked: AtomicUsize,
    connections: AtomicUsize,
    panics: AtomicUsize,
    fault: AtomicUsize,
}

/// [`Gauges`] at one moment.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Stats {
    /// The verifications that have started and neither ended nor been dropped: now, and at most.
    pub(crate) verifying: usize,
    pub(crate) peak: usize,
    /// The number of verifications that have ever started.
    pub(crate) asked: usize,
    pub(crate) connections: usize,
    pub(crate) panics: usize,
    /// The number of tasks of the runtime that are alive.
    pub(crate) tasks: usize,
}

/// Counts as one verification until it is dropped.
pub(crate) struct Verifying(Arc<Gauges>);

/// Counts as one connection until it is dropped.
struct Connected(Arc<Gauges>);

impl Gauges {
    /// Counts the start of a verification.
    pub(crate) fn verifies(self: &Arc<Self>) -> Verifying {
        let now = self.verifying.fetch_add(1, Ordering::Relaxed) + 1;
        self.peak.fetch_max(now, Ordering::Relaxed);
        self.asked.fetch_add(1, Ordering::Relaxed);
        Verifying(Arc::clone(self))
    }

    /// Returns the fault that the client has switched on; 0 is none.
    pub(crate) fn fault(&self) -> usize {
        self.fault.load(Ordering::Relaxed)
    }

    fn stats(&self) -> Stats {
        let read = |gauge: &AtomicUsize| gauge.load(Ordering::Relaxed);
        Stats {
            verifying: read(&self.verifying),
            peak: read(&self.peak),
            asked: read(&self.asked),
            connections: read(&self.connections),
            panics: read(&self.panics),
            tasks: Handle::current().metrics().num_alive_tasks(),
        }
    }
}

impl Drop for Verifying {
    fn drop(&mut self) {
        self.0.verifying.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Drop for Connected {
    fn drop(&mut self) {
        self.0.connections.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Serves an application until the parent process closes standard input or ends.
pub(crate) fn serve(app: fn(&Arc<Gauges>) -> Router) {
    std::thread::spawn(|| {
        let _ended = std::io::stdin().read_to_end(&mut Vec::new());
        std::process::exit(0);
    });
    let gauges = Arc::new(Gauges::default());
    // Thousands of panics are intended, so they are counted and not printed.
    let panicked = Arc::clone(&gauges);
    std::panic::set_hook(Box::new(move |_| _ = panicked.panics.fetch_add(1, Ordering::Relaxed)));
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_max_level(tracing::Level::WARN).init();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(listen(app(&gauges).merge(control(&gauges)), gauges));
}

/// Returns the routes by which the experiment controls the service and reads its counters.
fn control(gauges: &Arc<Gauges>) -> Router {
    Router::new()
        .route("/stats", get(async |State(gauges): State<Arc<Gauges>>| Json(gauges.stats())))
        .route("/fault/{number}", post(switch))
        .route("/healthy", get(async || "ok"))
        .with_state(Arc::clone(gauges))
}

async fn switch(State(gauges): State<Arc<Gauges>>, Path(number): Path<usize>) {
    gauges.fault.store(number, Ordering::Relaxed);
}

async fn listen(app: Router, gauges: Arc<Gauges>) {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind(SocketAddr::from(([127, 0, 0, 1], 0))).expect("a free port");
    let listener = socket.listen(4096).expect("a listener");
    println!("{}", listener.local_addr().expect("an address"));
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                drop(tokio::spawn(converse(stream, peer, app.clone(), Arc::clone(&gauges))))
            }
            Err(_) => sleep(Duration::from_millis(10)).await,
        }
    }
}

async fn converse(stream: TcpStream, peer: SocketAddr, app: Router, gauges: Arc<Gauges>) {
    gauges.connections.fetch_add(1, Ordering::Relaxed);
    let _connected = Connected(gauges);
    let _ = stream.set_nodelay(true);
    let service = app.map_request(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(Peer(peer));
        request
    });
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_secs(60))
        .pipeline_flush(true);
    builder.http2().timer(TokioTimer::new()).max_concurrent_streams(256);
    let _ended = builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(service)).await;
}
