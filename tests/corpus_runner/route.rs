//! The ways to a server: TCP, TLS, a Unix socket, memory.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream};
use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::TlsConnector;

/// A way to connect to a server.
#[derive(Clone)]
pub(crate) enum Route {
    Tcp(SocketAddr),
    Tls(SocketAddr, TlsConnector),
    Unix(PathBuf),
    /// A server inside the test, which serves the other end of each stream it returns.
    Memory(Arc<dyn Fn() -> DuplexStream + Send + Sync>),
}

/// A connection over any transport.
pub(crate) trait Connection: AsyncRead + AsyncWrite + Send + Unpin {}

impl<C: AsyncRead + AsyncWrite + Send + Unpin> Connection for C {}

impl Route {
    pub(crate) async fn connect(&self) -> io::Result<Box<dyn Connection>> {
        let tcp = async |server: &SocketAddr| {
            let stream = TcpStream::connect(server).await?;
            stream.set_nodelay(true).map(|()| stream)
        };
        Ok(match self {
            Self::Tcp(server) => Box::new(tcp(server).await?),
            Self::Tls(server, connector) => {
                let name = ServerName::try_from("localhost").expect("a name");
                Box::new(connector.connect(name, tcp(server).await?).await?)
            }
            Self::Unix(path) => Box::new(UnixStream::connect(path).await?),
            Self::Memory(connect) => Box::new(connect()),
        })
    }
}

/// Returns a connector that trusts only this authority, and uses HTTP/1.1.
pub(crate) fn trusting(authority: &[u8]) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(authority).expect("a certificate")).expect("an authority");
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions of TLS")
        .with_root_certificates(roots)
        .with_no_client_auth();
    TlsConnector::from(Arc::new(config))
}
