//! The two listeners. They record the transport of each request, and shut down gracefully.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpSocket, TcpStream, lookup_host};
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt as _;
use tower_principal::transport::{Peer, PlainConnection, SecureConnection};

use crate::crowd::{Crowd, Ears, Place};
use crate::linger::Lingering;
use crate::stop::Stop;

/// The time limit for a TLS handshake, for a request head, and for a connection's first request.
const PATIENCE: Duration = Duration::from_secs(10);
/// The maximum number of open connections, on both listeners together. Each takes a file
/// descriptor, of which a process commonly has 20,000 or more. With fewer, `accept` waits for one.
const CONNECTIONS: usize = 16_384;
/// The time that running requests have to finish on shutdown.
const FAREWELL: Duration = Duration::from_secs(4);

/// The number of connections that the kernel may queue; it may queue fewer.
const BACKLOG: u32 = 4_096;

pub(crate) struct Listeners {
    pub(crate) http: TcpListener,
    pub(crate) https: TcpListener,
    pub(crate) tls: TlsAcceptor,
}

/// Listens on `address`, HOST:PORT. Errors name it after `flag`, the flag that it is from.
///
/// If a name has several addresses, the first that is free is used. Those of IPv4 are first,
/// because the portal prints a URL with 127.0.0.1.
pub(crate) async fn listen(flag: &str, address: &str) -> Result<TcpListener, String> {
    let unusable = |error| format!("{flag} {address}: {error}");
    let mut addresses: Vec<_> = lookup_host(address).await.map_err(unusable)?.collect();
    addresses.sort_by_key(SocketAddr::is_ipv6);
    let mut refused = io::ErrorKind::NotFound.into();
    for address in addresses {
        match bind(address) {
            Ok(listener) => return Ok(listener),
            Err(error) => refused = error,
        }
    }
    Err(unusable(refused))
}

fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // As in `TcpListener::bind`, so that a restarted portal need not wait for its port.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

impl Listeners {
    /// Serves requests until SIGTERM or Ctrl-C, then lets running requests finish.
    pub(crate) async fn serve(self, app: Router, stop: &mut Stop) {
        let connections = GracefulShutdown::new();
        let crowd = Crowd::new(CONNECTIONS);
        tokio::select! {
            () = plain(self.http, &app, &connections, &crowd) => {}
            () = secure(self.https, self.tls, &app, &connections, &crowd) => {}
            () = stop.asked() => {}
        }
        if timeout(FAREWELL, connections.shutdown()).await.is_err() {
            tracing::warn!("closing the connections that are still open after {FAREWELL:?}");
        }
    }
}

async fn plain(listener: TcpListener, app: &Router, connections: &GracefulShutdown, crowd: &Crowd) {
    loop {
        let (stream, peer) = accept(&listener).await;
        let place = crowd.enter().await;
        let talk = converse(stream, app.clone(), PlainConnection, peer, connections.watcher(), place.ears());
        tokio::spawn(until_wanted(place, talk));
    }
}

async fn secure(
    listener: TcpListener,
    tls: TlsAcceptor,
    app: &Router,
    connections: &GracefulShutdown,
    crowd: &Crowd,
) {
    loop {
        let (stream, peer) = accept(&listener).await;
        let place = crowd.enter().await;
        let (app, watcher, ears) = (app.clone(), connections.watcher(), place.ears());
        let handshake = timeout(PATIENCE, tls.accept(stream));
        let talk = async move {
            match handshake.await {
                Ok(Ok(stream)) => converse(stream, app, SecureConnection, peer, watcher, ears).await,
                Ok(Err(error)) => tracing::debug!(%peer, %error, "TLS handshake failed"),
                Err(_) => tracing::debug!(%peer, "TLS handshake took too long"),
            }
        };
        tokio::spawn(until_wanted(place, talk));
    }
}

/// Serves a connection until it ends or its place is needed.
async fn until_wanted(place: Place, talk: impl Future<Output = ()>) {
    tokio::select! {
        () = talk => {}
        () = place.wanted() => tracing::debug!("silent connection closed to make room for another"),
    }
}

/// Returns the next connection. Waits and retries after a failure (the client is gone, no file
/// descriptor is left).
async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                let _ = stream.set_nodelay(true);
                return (stream, peer);
            }
            Err(error) => {
                tracing::warn!(%error, "could not accept a connection");
                sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

async fn converse<I, M>(io: I, app: Router, marker: M, peer: SocketAddr, watcher: Watcher, ears: Arc<Ears>)
where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    M: Clone + Send + Sync + 'static,
{
    let heard = Arc::clone(&ears);
    let service = app.map_request(move |mut request: Request<Incoming>| {
        heard.speak();
        request.extensions_mut().insert(marker.clone());
        request.extensions_mut().insert(Peer(peer));
        let version = request.version();
        request.map(|body| Lingering::new(body, version))
    });
    let protocol = protocol();
    let connection = protocol.serve_connection(TokioIo::new(io), TowerToHyperService::new(service));
    tokio::select! {
        result = watcher.watch(connection) => if let Err(error) = result {
            tracing::debug!(%peer, %error, "connection ended early");
        },
        () = silence(&ears) => tracing::debug!(%peer, "connection sent no request"),
    }
}

fn protocol() -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(PATIENCE);
    builder.http2().timer(TokioTimer::new()).keep_alive_interval(PATIENCE).max_concurrent_streams(256);
    builder
}

/// Completes if a connection has been open for `PATIENCE` without a request; never if there was
/// one.
async fn silence(ears: &Ears) {
    sleep(PATIENCE).await;
    if ears.has_spoken() {
        std::future::pending().await
    }
}
