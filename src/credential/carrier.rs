//! Where credentials stand.

use std::fmt;

/// Where a credential came from. Its `Display` is a short name for logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Carrier {
    /// The `Authorization` header.
    Authorization,
    /// A header of its own.
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
    /// A short name for logs.
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
