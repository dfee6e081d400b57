//! The portal inside the test: its routes behind hyper, over connections in memory.
//!
//! A request takes the same way as through the portal's process, except for sockets, TLS and the
//! limits on slow connections.

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::routing::get;
use clap::Parser as _;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use tempfile::TempDir;
use tokio::io::{DuplexStream, duplex};
use tower::ServiceExt as _;
use tower_principal::transport::{self, Peer, PlainConnection, SecureConnection};

use crate::corpus_runner::case;
use crate::corpus_runner::route::Route;
use crate::corpus_runner::site::Site;
use crate::database::Database;
use crate::demo::Demo;
use crate::flags::Flags;
use crate::jwt;
use crate::platform::Platforms;
use crate::routes;

/// The capacity of a connection's buffer in bytes.
const BUFFER: usize = 64 * 1024;

/// Starts the portal of this name in `portals.toml`, with a database in a temporary folder.
pub(crate) async fn start(name: &str) -> (Site, TempDir) {
    let flags = Flags::parse_from(["portal".to_owned()].into_iter().chain(case::flags(name)));
    let origin = if flags.assume_secure { "http://127.0.0.1:1" } else { "https://localhost:2" };
    let data = TempDir::new().unwrap();
    let signer = jwt::signer().unwrap();
    let demo = Demo::new(origin, &signer).unwrap();
    let database = Database::open(None, data.path()).await.unwrap();
    let platforms = Platforms::of(&database.verifier).unwrap();
    demo.store(&platforms).await.unwrap();
    let transport = match flags.assume_secure {
        true => transport::danger_assume_secure(),
        false => transport::behind_proxy(flags.trust_proxy),
    };
    // The whole process shares its metrics, so this route only has the same name.
    let metrics = Router::new().route("/metrics", get(async || ""));
    let app =
        routes::all(&demo, &signer, platforms, &database.documents, transport, origin, metrics).unwrap();
    let site = Site {
        http: memory(app.clone(), PlainConnection),
        https: memory(app, SecureConnection),
        origin: origin.to_owned(),
        credentials: serde_json::to_value(&demo).unwrap(),
    };
    (site, data)
}

fn memory<M: Clone + Send + Sync + 'static>(app: Router, marker: M) -> Route {
    Route::Memory(Arc::new(move || connect(app.clone(), marker.clone())))
}

/// Opens a connection, and serves it in a task that ends with the connection.
fn connect<M: Clone + Send + Sync + 'static>(app: Router, marker: M) -> DuplexStream {
    let (client, server) = duplex(BUFFER);
    let service = app.map_request(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(marker.clone());
        request.extensions_mut().insert(Peer(([127, 0, 0, 1], 1).into()));
        request
    });
    tokio::spawn(async move {
        let builder = auto::Builder::new(TokioExecutor::new());
        // The connection ends with an error if the client breaks the protocol or leaves.
        let _ = builder.serve_connection(TokioIo::new(server), TowerToHyperService::new(service)).await;
    });
    client
}
