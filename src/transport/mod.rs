//! The security of a connection, and the address at its other end.
//!
//! The accepted socket or a trusted proxy decides, never the request: `GET https://..` over plain
//! TCP and HTTP/2's `:scheme` can both claim `https` without proof.
//!
//! | deployment | transport |
//! |---|---|
//! | TLS in this process | [`from_acceptor`], and [`SecureConnection`] from the acceptor |
//! | a proxy or an ingress in front | [`behind_proxy`] with the networks of the proxies |
//!
//! The guide has a chapter on [proxies and TLS](crate::guide::proxy).
//!
//! # Examples
//!
//! ```
//! use tower_principal::transport::{self, ForwardingHeaders};
//!
//! let transport = transport::behind_proxy(["10.0.0.0/8".parse()?])
//!     .forwarding_headers(ForwardingHeaders::XForwarded);
//! # _ = transport;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::net::IpAddr;

use crate::request::RequestHead;

mod forwarded;
mod marker;
pub(crate) mod network;
mod peer;
mod proxy;
mod rule;

pub use ipnet::IpNet;

pub use self::marker::{Peer, PlainConnection, SecureConnection};
pub use self::proxy::ForwardingHeaders;
use self::proxy::Proxies;
pub use self::rule::{OnInsecure, TransportRule};

/// The rule by which the layer decides if a connection is secure. The third argument of
/// [`AuthenticateLayer::new`](crate::AuthenticateLayer::new).
#[derive(Clone, Debug)]
pub struct Transport {
    assume_secure: bool,
    proxies: Proxies,
}

/// The security of a connection, as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Security {
    Secure,
    /// Definitely plain http.
    Plain,
    /// No information. Refused like plain http, but never revokes a credential.
    Unknown,
    /// Contradictory or invalid forwarding headers. Treated like `Unknown`.
    Ambiguous,
}

impl Security {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Secure => "secure",
            Self::Plain => "plain http",
            Self::Unknown => "unknown",
            Self::Ambiguous => "ambiguous",
        }
    }
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
pub const fn from_acceptor() -> Transport {
    Transport { assume_secure: false, proxies: Proxies::NONE }
}

/// Treats every connection as secure. For tests, and for setups in which another component rejects
/// plain http.
///
/// # Examples
///
/// ```
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// use axum::{Router, body::Body, routing::get};
/// use tower::ServiceExt as _;
/// use tower_principal::verify::MemoryVerifier;
/// use tower_principal::{AuthenticateLayer, OAuthUser, dialect, transport};
///
/// // A test without sockets:
/// let tokens = MemoryVerifier::builder()
///     .access_token("otto-token", OAuthUser::new("otto"))
///     .build()?;
/// let secure = transport::danger_assume_secure();
/// let app: Router = Router::new()
///     .route("/", get(|me: OAuthUser| async move { me.id().to_owned() }))
///     .layer(AuthenticateLayer::new(dialect::RFC6750, tokens, secure));
/// let request =
///     http::Request::get("/").header("authorization", "Bearer otto-token");
/// let response = app.oneshot(request.body(Body::empty())?).await?;
/// assert_eq!(response.status(), 200);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub const fn danger_assume_secure() -> Transport {
    Transport { assume_secure: true, proxies: Proxies::NONE }
}

/// Trusts proxies in these networks to forward the scheme and the address of a client: in
/// `X-Forwarded-Proto` and `X-Forwarded-For`, or in `Forwarded` (RFC 7239). The acceptor records
/// the peer ([`Peer`], or axum's `ConnectInfo<SocketAddr>`). Other peers are judged as with
/// [`from_acceptor`].
///
/// `https` and `wss` are secure, `http` and `ws` are plain, ignoring case. A list, or a header that
/// is repeated, is secure if every member is secure, and plain if every member is plain.
/// Anything else is insecure, and nothing is revoked because of it.
/// [`trusted_hops`](Transport::trusted_hops) limits a list to the members that your proxies write.
///
/// If a request has headers of both families, they have to agree: otherwise the connection is
/// insecure, or the client's address unknown. Name the family that your proxy writes with
/// [`forwarding_headers`](Transport::forwarding_headers). A header of the other family can only
/// come from the client, and is then ignored.
///
/// The client is the last address in the list that is no trusted proxy. If all of them are in
/// trusted networks, it is the first one. The proxy has to overwrite or append to the headers of
/// clients. A trusted peer's own marker is ignored. The layer refuses a network of all addresses,
/// or networks that make up all addresses together, when it is made.
///
/// # Examples
///
/// ```
/// use tower_principal::transport;
///
/// let proxies = ["10.0.0.0/8".parse()?, "fd00::/8".parse()?];
/// let transport = transport::behind_proxy(proxies);
/// // let service = app.into_make_service_with_connect_info::<SocketAddr>();
/// // axum::serve(listener, service)
/// # let _ = transport;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn behind_proxy(proxies: impl IntoIterator<Item = IpNet>) -> Transport {
    let networks = proxies.into_iter().collect();
    Transport { assume_secure: false, proxies: Proxies { networks, ..Proxies::NONE } }
}

impl Transport {
    /// Reads only this family of headers from trusted proxies. Defaults to
    /// [`ForwardingHeaders::Either`].
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::transport::{self, ForwardingHeaders};
    ///
    /// let transport = transport::behind_proxy(["10.0.0.0/8".parse()?])
    ///     .forwarding_headers(ForwardingHeaders::Forwarded);
    /// # let _ = transport;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub const fn forwarding_headers(mut self, headers: ForwardingHeaders) -> Self {
        self.proxies.headers = headers;
        self
    }

    /// Limits the number of trusted proxies that a request passes. Only that many members at the
    /// end of a list are read, because only those are written by the proxies. Defaults to no limit;
    /// 0 counts as 1.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::transport;
    ///
    /// // A load balancer in front of a gateway, in the same network as some clients.
    /// let transport =
    ///     transport::behind_proxy(["10.0.0.0/8".parse()?]).trusted_hops(2);
    /// # let _ = transport;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub const fn trusted_hops(mut self, proxies: usize) -> Self {
        self.proxies.hops = if proxies == 0 { 1 } else { proxies };
        self
    }

    /// Returns true if the networks together contain every address.
    pub(crate) fn trusts_all_peers(&self) -> bool {
        IpNet::aggregate(&self.proxies.networks).iter().any(|net| net.prefix_len() == 0)
    }

    #[inline]
    pub(crate) fn security(&self, head: RequestHead<'_>) -> Security {
        if self.assume_secure { Security::Secure } else { self.marked_security(head) }
    }

    /// Returns the security of a connection as the acceptor or a trusted proxy marks it.
    fn marked_security(&self, head: RequestHead<'_>) -> Security {
        let marks = head.extensions();
        match self.trusted_peer(head) {
            Some(_) => self.proxies.security(head.headers()),
            None if marks.get::<PlainConnection>().is_some() => Security::Plain,
            None if marks.get::<SecureConnection>().is_some() => Security::Secure,
            None => Security::Unknown,
        }
    }

    /// Returns the log text for a connection whose security is not known, with the remedy.
    #[cfg_attr(not(feature = "tracing"), allow(dead_code))]
    pub(crate) fn why_unknown(&self, head: RequestHead<'_>) -> &'static str {
        if self.proxies.networks.is_empty() {
            "it is unknown if the connection is secure; let the acceptor put `transport::SecureConnection` or \
             `PlainConnection` into every request's extensions, name the proxies in front \
             (`transport::behind_proxy`), or use `transport::danger_assume_secure` if plain http cannot reach the \
             service"
        } else if peer::address(head).is_none() {
            "the peer's address is unknown, so no proxy can be trusted; serve with \
             `into_make_service_with_connect_info::<SocketAddr>()`, or put `transport::Peer` into the extensions"
        } else if self.trusted_peer(head).is_none() {
            "the peer is not a trusted proxy, and nothing else shows if the connection is secure"
        } else {
            "the trusted proxy sent neither `X-Forwarded-Proto` nor `Forwarded` with a `proto`, or their values are \
             invalid or contradict each other; name the family of headers that it writes with \
             `Transport::forwarding_headers`, and the number of proxies with `Transport::trusted_hops`"
        }
    }

    /// Returns the client's address: the socket's peer, or the address that a trusted proxy
    /// forwarded. Returns `None` if the peer's address is not recorded, or the forwarding headers
    /// give no certain address.
    pub(crate) fn client(&self, head: RequestHead<'_>) -> Option<IpAddr> {
        match self.trusted_peer(head) {
            Some(proxy) => self.proxies.client(proxy, head.headers()),
            None => peer::address(head),
        }
    }

    fn trusted_peer(&self, head: RequestHead<'_>) -> Option<IpAddr> {
        if self.proxies.networks.is_empty() {
            return None;
        }
        peer::address(head).filter(|address| self.proxies.trust(*address))
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use http::Request;

    use super::*;

    fn security(transport: &Transport, mark: impl FnOnce(&mut http::Extensions)) -> Security {
        let mut request = Request::get("https://claims.example/").body(()).unwrap();
        request.headers_mut().insert("x-forwarded-proto", http::HeaderValue::from_static("https"));
        mark(request.extensions_mut());
        transport.security(RequestHead::from_request(&request))
    }

    #[test]
    fn only_a_marker_makes_a_connection_secure() {
        assert_eq!(security(&from_acceptor(), |_| ()), Security::Unknown);
        assert_eq!(security(&from_acceptor(), |marks| _ = marks.insert(SecureConnection)), Security::Secure);
        assert_eq!(security(&from_acceptor(), |marks| _ = marks.insert(PlainConnection)), Security::Plain);
        let both = |marks: &mut http::Extensions| {
            marks.insert(SecureConnection);
            marks.insert(PlainConnection);
        };
        assert_eq!(security(&from_acceptor(), both), Security::Plain);
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
            behind_proxy(["0.0.0.0/0".parse().unwrap()]).trusts_all_peers() && !transport.trusts_all_peers()
        );
    }
}
