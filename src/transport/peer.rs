//! Whom a request really comes from.

use std::net::IpAddr;

use crate::request::Head;

use super::Peer;

/// The address at the other end of the socket, where the acceptor (or axum) recorded it.
pub(super) fn address(head: Head<'_>) -> Option<IpAddr> {
    let peer = head.extensions().get::<Peer>().map(|peer| peer.0).or_else(|| connected::peer(head));
    peer.map(|address| address.ip().to_canonical())
}

#[cfg(feature = "axum")]
mod connected {
    use std::net::SocketAddr;

    use axum::extract::ConnectInfo;

    use super::Head;

    pub(super) fn peer(head: Head<'_>) -> Option<SocketAddr> {
        head.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0)
    }
}

#[cfg(not(feature = "axum"))]
mod connected {
    use std::net::SocketAddr;

    use super::Head;

    pub(super) const fn peer(_: Head<'_>) -> Option<SocketAddr> {
        None
    }
}
