//! Whether a connection is known to be secure.
//!
//! The accepted socket says so, never the request: `GET https://..` over plain TCP and HTTP/2's
//! `:scheme` both claim `https` for free.

use std::net::SocketAddr;

use crate::credential::CredentialKind;
use crate::head::Head;

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

/// A marker in a request's extensions: its connection is plain, and no proxy stands before it.
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
pub struct Transport(Source);

#[derive(Clone, Debug)]
enum Source {
    Marked,
    AssumeSecure,
}

/// What is known of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Security {
    Secure,
    /// Definitely plain http.
    Plain,
    /// Nobody said. Refused like plain, but nothing more follows from it.
    Unknown,
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
    Transport(Source::Marked)
}

/// Takes every connection for secure. For tests, and where something else keeps plain http away.
pub const fn danger_assume_secure() -> Transport {
    Transport(Source::AssumeSecure)
}

impl Transport {
    pub(crate) fn security(&self, head: Head<'_>) -> Security {
        match self.0 {
            Source::AssumeSecure => Security::Secure,
            Source::Marked if head.extensions().get::<PlainConnection>().is_some() => Security::Plain,
            Source::Marked if head.extensions().get::<SecureConnection>().is_some() => Security::Secure,
            Source::Marked => Security::Unknown,
        }
    }
}

/// What a dialect does with each kind of credential over a connection that is not secure.
///
/// # Examples
///
/// ```
/// use tower_principal::transport::{OnInsecure, TransportRule};
///
/// const SOCRATA: TransportRule = TransportRule { app_token: OnInsecure::Pass, ..TransportRule::REFUSE };
/// ```
#[derive(Clone, Copy, Debug)]
#[allow(clippy::exhaustive_structs, reason = "dialects are written as struct literals")]
pub struct TransportRule {
    /// For access tokens.
    pub access_token: OnInsecure,
    /// For API keys.
    pub api_key: OnInsecure,
    /// For app tokens.
    pub app_token: OnInsecure,
    /// For client ids with their secrets.
    pub client: OnInsecure,
    /// For user names with their passwords.
    pub password: OnInsecure,
}

/// What happens to a credential over a connection that is not secure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnInsecure {
    /// It is taken all the same.
    Pass,
    /// The request is refused with `https_required`.
    Refuse,
}

impl TransportRule {
    /// Refuses every kind.
    pub const REFUSE: Self = Self {
        access_token: OnInsecure::Refuse,
        api_key: OnInsecure::Refuse,
        app_token: OnInsecure::Refuse,
        client: OnInsecure::Refuse,
        password: OnInsecure::Refuse,
    };

    pub(crate) const fn of(&self, kind: CredentialKind) -> OnInsecure {
        match kind {
            CredentialKind::AccessToken => self.access_token,
            CredentialKind::ApiKey => self.api_key,
            CredentialKind::AppToken => self.app_token,
            CredentialKind::Client => self.client,
            CredentialKind::Password => self.password,
        }
    }
}

/// The address at the other end of the socket, where the acceptor (or axum) recorded it.
pub(crate) fn peer(head: Head<'_>) -> Option<SocketAddr> {
    head.extensions().get::<Peer>().map(|peer| peer.0).or_else(|| connected::peer(head))
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
}
