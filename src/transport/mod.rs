//! Whether a connection is known to be secure, and who is at its other end.
//!
//! The accepted socket says so, or a trusted proxy, never the request: `GET https://..` over plain TCP
//! and HTTP/2's `:scheme` both claim `https` for free.

use std::net::{IpAddr, SocketAddr};

use crate::head::Head;

mod peer;
mod proxy;
mod rule;

pub use ipnet::IpNet;

pub use self::rule::{OnInsecure, TransportRule};

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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs, reason = "acceptors make it")]
pub struct SecureConnection;

/// A marker in a request's extensions: its connection is plain, and no proxy stands before it. Dialects
/// that revoke what is shown over plain http go by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs, reason = "acceptors make it")]
pub struct PlainConnection;

/// The address at the other end of the socket. The acceptor puts it into a request's extensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs, reason = "acceptors make it")]
pub struct Peer(pub SocketAddr);

/// How the layer learns whether a connection is secure. The third argument of
/// [`AuthenticateLayer::new`](crate::AuthenticateLayer::new).
#[derive(Clone, Debug)]
pub struct Transport {
    assume_secure: bool,
    proxies: Vec<IpNet>,
}

/// What is known of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Security {
    Secure,
    /// Definitely plain http.
    Plain,
    /// Nobody said. Refused like plain, but nothing more follows from it.
    Unknown,
    /// It was said in a way that can be read in two. The same.
    Ambiguous,
}

/// Trusts the markers that the acceptor puts into a request's extensions: [`SecureConnection`],
/// [`PlainConnection`]. Without one the connection counts as insecure.
///
/// # Examples
///
/// A server that only ever listens with TLS may mark all its requests outside the layer:
///
/// ```
/// use axum::{Extension, Router};
/// use tower_principal::transport::SecureConnection;
///
/// let app: Router = Router::new().layer(Extension(SecureConnection));
/// # let _ = app;
/// ```
pub const fn marked() -> Transport {
    Transport { assume_secure: false, proxies: Vec::new() }
}

/// Takes every connection for secure. For tests, and where something else keeps plain http away.
pub const fn danger_assume_secure() -> Transport {
    Transport { assume_secure: true, proxies: Vec::new() }
}

/// Trusts proxies in these networks to say how they were reached, by `X-Forwarded-Proto` or
/// `Forwarded`, and whom they speak for, by `X-Forwarded-For`. The acceptor records the peer
/// ([`Peer`], or axum's `ConnectInfo<SocketAddr>`). Other peers are judged as with [`marked`].
///
/// Exactly one clear value counts: a list, a repeated header or two that contradict are insecure. The
/// proxy has to overwrite what clients send. A trusted peer's own marker is not looked at. A network of
/// all addresses is refused when the layer is made: it would trust everybody.
///
/// # Examples
///
/// ```
/// use tower_principal::transport;
///
/// let proxies = ["10.0.0.0/8".parse()?, "fd00::/8".parse()?];
/// let transport = transport::behind_proxy(proxies);
/// // axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>())
/// # let _ = transport;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn behind_proxy(proxies: impl IntoIterator<Item = IpNet>) -> Transport {
    Transport { assume_secure: false, proxies: proxies.into_iter().collect() }
}

impl Transport {
    /// Whether the list, taken together, would trust everybody.
    pub(crate) fn trusts_everybody(&self) -> bool {
        IpNet::aggregate(&self.proxies).iter().any(|net| net.prefix_len() == 0)
    }

    pub(crate) fn security(&self, head: Head<'_>) -> Security {
        let marked = |plain: bool| match plain {
            true => head.extensions().get::<PlainConnection>().is_some(),
            false => head.extensions().get::<SecureConnection>().is_some(),
        };
        if self.assume_secure {
            return Security::Secure;
        }
        match self.trusted_peer(head) {
            Some(_) => proxy::security(head),
            None if marked(true) => Security::Plain,
            None if marked(false) => Security::Secure,
            None => Security::Unknown,
        }
    }

    /// What the log says of a connection that nothing clear is known of, and what to do.
    #[cfg_attr(not(feature = "tracing"), allow(dead_code))]
    pub(crate) fn why_unknown(&self, head: Head<'_>) -> &'static str {
        if self.proxies.is_empty() {
            "nothing says whether the connection is secure: have the acceptor put `transport::SecureConnection` or \
             `PlainConnection` into every request's extensions, name the proxies in front \
             (`transport::behind_proxy`), or, where something else keeps plain http away, use \
             `transport::danger_assume_secure`"
        } else if peer::address(head).is_none() {
            "the peer's address is not known, so no proxy can be trusted: serve with \
             `into_make_service_with_connect_info::<SocketAddr>()`, or put `transport::Peer` into the extensions"
        } else if self.trusted_peer(head).is_none() {
            "the peer is no trusted proxy and nothing else says whether the connection is secure"
        } else {
            "the trusted proxy sent neither `X-Forwarded-Proto` nor `Forwarded`, or not one clear value"
        }
    }

    /// Whom a request comes from: the socket's peer, or whom a trusted proxy speaks for.
    pub(crate) fn client(&self, head: Head<'_>) -> Option<IpAddr> {
        match self.trusted_peer(head) {
            Some(proxy) => proxy::client(&self.proxies, head.headers()).or(Some(proxy)),
            None => peer::address(head),
        }
    }

    fn trusted_peer(&self, head: Head<'_>) -> Option<IpAddr> {
        if self.proxies.is_empty() {
            return None;
        }
        peer::address(head).filter(|address| proxy::trusts(&self.proxies, *address))
    }
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn security(transport: &Transport, mark: impl FnOnce(&mut http::Extensions)) -> Security {
        let mut request = Request::get("https://claims.example/").body(()).unwrap();
        request.headers_mut().insert("x-forwarded-proto", http::HeaderValue::from_static("https"));
        mark(request.extensions_mut());
        transport.security(Head::of(&request))
    }

    #[test]
    fn only_a_marker_makes_a_connection_secure() {
        assert_eq!(security(&marked(), |_| ()), Security::Unknown);
        assert_eq!(security(&marked(), |marks| _ = marks.insert(SecureConnection)), Security::Secure);
        assert_eq!(security(&marked(), |marks| _ = marks.insert(PlainConnection)), Security::Plain);
        let both = |marks: &mut http::Extensions| {
            marks.insert(SecureConnection);
            marks.insert(PlainConnection);
        };
        assert_eq!(security(&marked(), both), Security::Plain);
        assert_eq!(security(&danger_assume_secure(), |_| ()), Security::Secure);
    }

    #[test]
    fn a_proxy_is_believed_only_where_it_is_on_the_list() {
        let transport = behind_proxy(["10.0.0.0/8".parse().unwrap()]);
        let from = |address: &str| Peer(SocketAddr::new(address.parse().unwrap(), 4711));
        assert_eq!(security(&transport, |marks| _ = marks.insert(from("10.1.2.3"))), Security::Secure);
        assert_eq!(security(&transport, |marks| _ = marks.insert(from("::ffff:10.1.2.3"))), Security::Secure);
        assert_eq!(security(&transport, |marks| _ = marks.insert(from("192.0.2.1"))), Security::Unknown);
        assert_eq!(security(&transport, |_| ()), Security::Unknown);
        assert!(
            behind_proxy(["0.0.0.0/0".parse().unwrap()]).trusts_everybody() && !transport.trusts_everybody()
        );
    }
}
