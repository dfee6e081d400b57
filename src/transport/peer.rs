//! The sender of a request.

use std::net::IpAddr;

use crate::request::RequestHead;

use super::Peer;

/// Returns the address at the other end of the socket, if the acceptor (or axum) recorded it.
pub(super) fn address(head: RequestHead<'_>) -> Option<IpAddr> {
    let peer = head.extensions().get::<Peer>().map(|peer| peer.0).or_else(|| connected::peer(head));
    peer.map(|address| address.ip().to_canonical())
}

#[cfg(feature = "axum")]
mod connected {
    use std::net::SocketAddr;

    use axum::extract::ConnectInfo;

    use super::RequestHead;

    pub(super) fn peer(head: RequestHead<'_>) -> Option<SocketAddr> {
        head.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0)
    }
}

#[cfg(not(feature = "axum"))]
mod connected {
    use std::net::SocketAddr;

    use super::RequestHead;

    pub(super) const fn peer(_: RequestHead<'_>) -> Option<SocketAddr> {
        None
    }
}
