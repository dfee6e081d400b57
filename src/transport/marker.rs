//! Markers that an acceptor puts into the extensions of a request.

use std::net::SocketAddr;

/// A marker in a request's extensions: its connection is TLS. The TLS acceptor puts it there.
///
/// # Examples
///
/// ```
/// use tower_principal::transport::SecureConnection;
///
/// // in the acceptor, after the handshake
/// let mut request = http::Request::new(());
/// request.extensions_mut().insert(SecureConnection);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_structs, reason = "acceptors make it")]
pub struct SecureConnection;

/// A marker in a request's extensions: its connection is plain, and no proxy stands before it.
/// Dialects that revoke credentials shown over plain http depend on it.
///
/// # Examples
///
/// ```
/// use axum::{Extension, Router};
/// use tower_principal::transport::PlainConnection;
///
/// // The listener on port 80, which only redirects and revokes:
/// let app: Router = Router::new().layer(Extension(PlainConnection));
/// # let _ = app;
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_structs, reason = "acceptors make it")]
pub struct PlainConnection;

/// The address at the other end of the socket. The acceptor puts it into a request's extensions.
///
/// # Examples
///
/// ```
/// use std::net::SocketAddr;
/// use tower_principal::VerifyContext;
/// use tower_principal::request::RequestHead;
/// use tower_principal::transport::Peer;
///
/// # let accepted: SocketAddr = "192.0.2.7:51234".parse().unwrap();
/// // in the acceptor, with the address of the accepted socket
/// let mut request = http::Request::new(());
/// request.extensions_mut().insert(Peer(accepted));
/// # let _ = VerifyContext::new(RequestHead::from_request(&request));
/// assert_eq!(request.extensions().get::<Peer>(), Some(&Peer(accepted)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_structs, reason = "acceptors make it")]
pub struct Peer(pub SocketAddr);
