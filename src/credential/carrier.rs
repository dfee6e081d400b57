//! The carriers of credentials: the parts of a request.

use std::fmt;

/// The part of a request that a credential came from. Its `Display` is a short name for logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Carrier {
    /// The `Authorization` header.
    Authorization,
    /// A separate header.
    Header,
    /// The query string.
    Query,
    /// A form body.
    Body,
    /// A cookie.
    Cookie,
    /// The subprotocols that a WebSocket handshake offers, `Sec-WebSocket-Protocol`.
    Subprotocol,
}

impl Carrier {
    /// Returns a short name for logs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Authorization => "authorization",
            Self::Header => "header",
            Self::Query => "query",
            Self::Body => "body",
            Self::Cookie => "cookie",
            Self::Subprotocol => "subprotocol",
        }
    }
}

impl fmt::Display for Carrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
