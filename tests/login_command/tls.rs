//! A server with TLS, by an authority of the test's own.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::serve::Listener;
use rcgen::{BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls_pki_types::PrivateKeyDer;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::exit;
use super::program::{Home, Running};
use super::site::{Site, visit_with};

pub(crate) struct TlsListener {
    listener: TcpListener,
    acceptor: TlsAcceptor,
}

impl TlsListener {
    pub(crate) fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// Accepts one handshake after the other, which is enough for a test.
impl Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, SocketAddr) {
        loop {
            let (stream, peer) = self.listener.accept().await.unwrap();
            if let Ok(stream) = self.acceptor.accept(stream).await {
                return (stream, peer);
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// Listens as `localhost`, and returns the certificate of the authority.
pub(crate) async fn listen() -> (TlsListener, String) {
    let mut authority = CertificateParams::default();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority_key = KeyPair::generate().unwrap();
    let pem = authority.self_signed(&authority_key).unwrap().pem();
    let authority = rcgen::Issuer::new(authority, authority_key);
    let key = KeyPair::generate().unwrap();
    let mut server = CertificateParams::new(["localhost".to_owned()]).unwrap();
    server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let certificate = server.signed_by(&key, &authority).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let config = config.unwrap().with_no_client_auth().with_single_cert(vec![certificate.der().clone()], key);
    let acceptor = TlsAcceptor::from(Arc::new(config.unwrap()));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    (TlsListener { listener, acceptor }, pem)
}

#[tokio::test]
async fn a_server_is_trusted_by_its_authority() {
    let ((site, pem), home) = (Site::start_tls().await, Home::new());
    let ca = home.path().join("ca.pem");
    std::fs::write(&ca, &pem).unwrap();
    let ca = ["--ca", ca.to_str().unwrap()];

    home.run(&site, &["login"]).await.failed(exit::TLS, "certificate is not trusted");
    let mut login = home.start(&site, &[&["login"][..], &ca].concat());
    let certificate = reqwest::Certificate::from_pem(pem.as_bytes()).unwrap();
    let browser = reqwest::Client::builder().add_root_certificate(certificate).build().unwrap();
    assert_eq!(visit_with(&browser, &login.url().await).await.0, 200);
    let ended = login.end().await;
    assert_eq!(ended.code, 0, "{ended:?}");
    for arguments in [&["login", "--use-refresh-token"][..], &["logout"]] {
        let ended = home.run(&site, &[arguments, &ca].concat()).await;
        assert_eq!(ended.code, 0, "{ended:?}");
    }

    // Its tokens do not leave TLS, not even for another port of this machine.
    let plain = Site::start().await;
    let endpoint = format!("{}/oauth2/token", plain.issuer);
    site.fault(|faults| faults.metadata = vec![("token_endpoint", endpoint.into())]);
    let ended = home.run(&site, &[&["login"][..], &ca].concat()).await;
    ended.failed(exit::REFUSED, "an endpoint in the metadata is not an https URL");

    // The certificate is of another name.
    let address = site.issuer.replace("localhost", "127.0.0.1");
    let login = home.command_at(&address, &[&["login"][..], &ca].concat());
    Running::spawn(login).end().await.failed(exit::TLS, "certificate is not trusted");
}
