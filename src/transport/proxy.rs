//! The facts that a trusted proxy writes about the request that it forwards.
//!
//! Both families of headers are lists: each proxy appends a member, so the last member is from the
//! peer. An address that only one family has is not certain, because that family may be the
//! client's.

use std::net::IpAddr;

use http::header::FORWARDED;
use http::{HeaderMap, HeaderName};
use ipnet::IpNet;

use super::Security;
use super::forwarded::{Element, Elements, Hop, Scheme};

static X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
static X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The headers in which trusted proxies describe the request that they forward.
///
/// # Examples
///
/// ```
/// use tower_principal::transport::{self, ForwardingHeaders};
///
/// // nginx with `proxy_set_header X-Forwarded-Proto $scheme;` and
/// // `proxy_set_header X-Forwarded-For $remote_addr;`
/// let transport = transport::behind_proxy(["127.0.0.0/8".parse()?])
///     .forwarding_headers(ForwardingHeaders::XForwarded);
/// # let _ = transport;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ForwardingHeaders {
    /// The family that the request has. If it has both, they have to agree: schemes that differ are
    /// insecure, and an address that is missing in one of them is unknown.
    #[default]
    Either,
    /// `X-Forwarded-Proto` and `X-Forwarded-For`; `Forwarded` is ignored.
    XForwarded,
    /// `Forwarded` (RFC 7239); `X-Forwarded-Proto` and `X-Forwarded-For` are ignored.
    Forwarded,
}

/// The trusted proxies, and how their headers are read.
// One family of forwarding headers, read as a list. A proxy appends to the list that the client
// sent, so only the end of a list is the proxy's own. If the proxy does not write a header of the
// family, that header is the client's own. `ForwardingHeaders` names the family. Without it the
// family that the request has counts. If the request has both families, schemes that contradict are
// insecure, and a scheme that only one of them has counts. An address that is not in both is
// unknown. A wrong address in the audit trail or the throttle is worse than no address. `Forwarded`
// is read by the full grammar, because a value may hold `;proto=https;` in quotes.
#[derive(Clone, Debug)]
pub(super) struct Proxies {
    pub(super) networks: Vec<IpNet>,
    pub(super) headers: ForwardingHeaders,
    /// The number of members at the end of a list that are read.
    pub(super) hops: usize,
}

impl Proxies {
    pub(super) const NONE: Self =
        Self { networks: Vec::new(), headers: ForwardingHeaders::Either, hops: usize::MAX };

    /// Returns true if an address is trusted.
    pub(super) fn trust(&self, address: IpAddr) -> bool {
        self.networks.iter().any(|net| net.contains(&address.to_canonical()))
    }

    /// Returns the security of the client's connection to the outermost trusted proxy; called only
    /// for a trusted peer. If only one family has a scheme, it counts, because behind a proxy that
    /// writes no scheme no credential is accepted.
    pub(super) fn security(&self, headers: &HeaderMap) -> Security {
        let [x_forwarded, forwarded] = self.families(headers);
        let x_forwarded = x_forwarded.then(|| verdict(self.last(|| x_schemes(headers))));
        let forwarded = forwarded.then(|| verdict(self.last(|| elements(headers)).map(|one| one.scheme)));
        match (x_forwarded.unwrap_or(Security::Unknown), forwarded.unwrap_or(Security::Unknown)) {
            (Security::Unknown, one) | (one, Security::Unknown) => one,
            (one, other) => agreed(one, other),
        }
    }

    /// Returns the address of the client, or `None` if the proxies give no certain address. Returns
    /// the address of `peer` if the peer forwards no headers, or never writes the address for which
    /// it forwards.
    pub(super) fn client(&self, peer: IpAddr, headers: &HeaderMap) -> Option<IpAddr> {
        let [x_forwarded, forwarded] = self.families(headers);
        let x_forwarded = x_forwarded.then(|| self.sender(|| x_hops(headers)));
        let forwarded = forwarded.then(|| self.sender(|| elements(headers).map(|one| one.hop)));
        match (x_forwarded, forwarded) {
            (Some(one), Some(other)) if one != other => None,
            (Some(hop), _) | (None, Some(hop)) => match hop {
                Hop::Address(address) => Some(address),
                Hop::Absent => Some(peer),
                Hop::Unknown => None,
            },
            (None, None) => Some(peer),
        }
    }

    /// Returns which of the two families the request has, among those that are read.
    fn families(&self, headers: &HeaderMap) -> [bool; 2] {
        let x_forwarded = headers.contains_key(&X_FORWARDED_PROTO) || headers.contains_key(&X_FORWARDED_FOR);
        let forwarded = headers.contains_key(FORWARDED);
        match self.headers {
            ForwardingHeaders::Either => [x_forwarded, forwarded],
            ForwardingHeaders::XForwarded => [x_forwarded, false],
            ForwardingHeaders::Forwarded => [false, forwarded],
        }
    }

    /// Returns the members that trusted proxies wrote if their number is known, otherwise all of
    /// them.
    fn last<T, I: Iterator<Item = T>>(&self, members: impl Fn() -> I) -> impl Iterator<Item = T> {
        let skipped = match self.hops {
            usize::MAX => 0,
            hops => members().count().saturating_sub(hops.max(1)),
        };
        members().skip(skipped)
    }

    /// Returns the last hop that is no trusted proxy. If all of them are in trusted networks, it is
    /// the first: a client inside such a network.
    fn sender<I: Iterator<Item = Hop>>(&self, hops: impl Fn() -> I) -> Hop {
        if hops().all(|hop| hop == Hop::Absent) {
            return Hop::Absent;
        }
        let is_proxy = |hop| matches!(hop, Hop::Address(address) if self.trust(address));
        let sender = self.last(hops).reduce(|sender, hop| if is_proxy(hop) { sender } else { hop });
        match sender {
            Some(Hop::Address(address)) => Hop::Address(address),
            _ => Hop::Unknown,
        }
    }
}

fn x_schemes(headers: &HeaderMap) -> impl Iterator<Item = Scheme> {
    headers.get_all(&X_FORWARDED_PROTO).iter().flat_map(|line| {
        let line = line.as_bytes();
        // HTTP/1.1 strips blanks around a value; HTTP/2 forbids them (RFC 9113 section 8.2.1).
        let is_framed = line.len() == line.trim_ascii().len();
        members(line).map(move |member| if is_framed { Scheme::named(member) } else { Scheme::Invalid })
    })
}

fn x_hops(headers: &HeaderMap) -> impl Iterator<Item = Hop> {
    headers.get_all(&X_FORWARDED_FOR).iter().flat_map(|line| members(line.as_bytes())).map(Hop::named)
}

/// Returns the members of a list. A member that is not UTF-8 is empty, which is neither a scheme
/// nor an address.
fn members(line: &[u8]) -> impl Iterator<Item = &str> {
    line.split(|byte| *byte == b',')
        .map(|member| std::str::from_utf8(member.trim_ascii()).unwrap_or_default())
}

fn elements(headers: &HeaderMap) -> impl Iterator<Item = Element> {
    headers.get_all(FORWARDED).iter().flat_map(|line| Elements::of(line.as_bytes()))
}

/// Returns secure if every member is secure, and plain if every member is plain.
fn verdict(schemes: impl Iterator<Item = Scheme>) -> Security {
    schemes.map(Security::from).reduce(agreed).unwrap_or(Security::Unknown)
}

fn agreed(one: Security, other: Security) -> Security {
    if one == other { one } else { Security::Ambiguous }
}

impl From<Scheme> for Security {
    fn from(scheme: Scheme) -> Self {
        match scheme {
            Scheme::Secure => Self::Secure,
            Scheme::Plain => Self::Plain,
            Scheme::Absent => Self::Unknown,
            Scheme::Invalid => Self::Ambiguous,
        }
    }
}
