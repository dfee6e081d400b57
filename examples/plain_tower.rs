//! The two layers without axum: hyper and Tower.
//!
//! Run `cargo run --example plain_tower`, then the calls it prints. The feature `axum` is not
//! needed.

use std::convert::Infallible;
use std::error::Error;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tower::service_fn;
use tower::util::MapRequest;
use tower_layer::Layer;
use tower_principal::{
    AuthenticateLayer, AuthenticationExt, OAuthUser, RequireLayer, dialect, policy, transport,
    verify::MemoryVerifier,
};

/// The inner service reads the record from the request's extensions.
async fn handle(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let text = match request.principal() {
        Some(principal) => format!("{principal:?}\n"),
        None => "no `AuthenticateLayer` is around this service\n".to_owned(),
    };
    Ok(Response::new(Full::from(text)))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let verifier = MemoryVerifier::builder()
        .access_token("otto-token", OAuthUser::new("otto").with_scopes(["read"]))
        .access_token("nina-token", OAuthUser::new("nina"))
        .build()?;

    // From the inside out: the handler, authorization, authentication. The outer layer renders the
    // refusals of both. The layer is made once; each connection gets a clone of the service.
    let require = RequireLayer::new(policy::scope("read"));
    let authenticate = AuthenticateLayer::new(dialect::RFC6750, verifier, transport::danger_assume_secure());
    let service = authenticate.layer(require.layer(service_fn(handle)));

    let listener = TcpListener::bind("127.0.0.1:3004").await?;
    eprintln!("200: curl -i http://127.0.0.1:3004/ -H 'Authorization: Bearer otto-token'");
    eprintln!("403: curl -i http://127.0.0.1:3004/ -H 'Authorization: Bearer nina-token'");
    eprintln!("401: curl -i http://127.0.0.1:3004/");
    loop {
        let (stream, address) = listener.accept().await?;
        let service = service.clone();
        tokio::spawn(async move {
            // The acceptor's facts go into the extensions here: the client's address and, after a
            // TLS handshake, `transport::SecureConnection`, which `transport::from_acceptor()`
            // trusts.
            let service = MapRequest::new(service, move |mut request: Request<Incoming>| {
                request.extensions_mut().insert(transport::Peer(address));
                request
            });
            let connection = auto::Builder::new(TokioExecutor::new());
            let served =
                connection.serve_connection(TokioIo::new(stream), TowerToHyperService::new(service)).await;
            if let Err(error) = served {
                eprintln!("connection failed: {error}");
            }
        });
    }
}
