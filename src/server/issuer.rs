//! The identifier of an issuer.

use std::net::Ipv6Addr;

use http::Uri;

/// Identifier of an issuer (RFC 8414 section 2), kept byte for byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Issuer(Box<str>);

impl Issuer {
    /// Parses an `https` URL without a query, a fragment and user information. An `http` URL is an
    /// issuer only on a loopback address.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let uri: Uri = text.parse().ok()?;
        let authority = uri.authority()?.as_str();
        let is_plain = !text.contains(['?', '#', '\\']) && !authority.contains('@');
        let is_secure = match uri.scheme_str()? {
            "https" => true,
            "http" => is_loopback(uri.host()?),
            _ => false,
        };
        let has_host = uri.host().is_some_and(|host| !host.is_empty());
        (is_plain && is_secure && has_host).then(|| Self(text.into()))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the path, which may be empty.
    pub(super) fn path(&self) -> &str {
        let behind = self.0.find("://").map_or(0, |at| at + 3);
        let authority = self.0.get(behind..).unwrap_or_default();
        authority.find('/').and_then(|at| authority.get(at..)).unwrap_or_default()
    }

    /// Returns the URL of a path below the issuer.
    pub(super) fn below(&self, path: &str) -> String {
        format!("{}{path}", self.0.trim_end_matches('/'))
    }

    /// Returns `true` if clients reach the server over plain http, on its own machine alone.
    pub(super) fn is_loopback_http(&self) -> bool {
        self.0.starts_with("http://")
    }
}

fn is_loopback(host: &str) -> bool {
    let address = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let is_ipv6 = address.is_some_and(|address| address.parse() == Ok(Ipv6Addr::LOCALHOST));
    is_ipv6 || matches!(host, "127.0.0.1" | "localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_is_https_or_a_loopback_address() {
        for good in [
            "https://login.example",
            "https://login.example/tenant/",
            "https://login.example:8443",
            "http://127.0.0.1:8080",
            "http://[::1]:8080",
            "http://localhost",
        ] {
            assert_eq!(Issuer::parse(good).unwrap().as_str(), good);
        }
        for bad in [
            "",
            "login.example",
            "/login",
            "http://login.example",
            "http://127.0.0.1.example",
            "http://x.localhost",
            "https://login.example?x",
            "https://login.example/#x",
            "https://user@login.example",
            "ftp://login.example",
            "https://",
            "https:login.example",
            "https:///login",
            "https://login.example/a\\b",
        ] {
            assert_eq!(Issuer::parse(bad), None, "{bad}");
        }
    }
}
