//! Members of the two families of forwarding headers: `Forwarded` (RFC 7239), and
//! `X-Forwarded-Proto` with `X-Forwarded-For`.

use std::net::{IpAddr, SocketAddr};

use crate::request::quoted::{self, Value};

/// The scheme by which the sender of one request was reached, as one proxy wrote it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scheme {
    Secure,
    Plain,
    /// The proxy wrote no scheme.
    Absent,
    /// Not a known scheme, or not readable.
    Invalid,
}

/// The sender of one request, as one proxy wrote it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hop {
    Address(IpAddr),
    /// The proxy wrote no sender.
    Absent,
    /// `unknown`, an obfuscated identifier, or not readable.
    Unknown,
}

/// One element of `Forwarded`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Element {
    pub(super) scheme: Scheme,
    pub(super) hop: Hop,
}

/// The elements of one `Forwarded` line. An element that breaks the grammar is the last one and
/// [`MALFORMED`](Element::MALFORMED), because what follows it has no certain meaning.
#[derive(Clone, Debug)]
pub(super) struct Elements<'h>(&'h [u8]);

impl<'h> Elements<'h> {
    pub(super) const fn of(line: &'h [u8]) -> Self {
        Self(line)
    }
}

impl Iterator for Elements<'_> {
    type Item = Element;

    fn next(&mut self) -> Option<Element> {
        let element = element(&mut self.0);
        if element.is_none() {
            self.0 = &[];
        }
        element.unwrap_or(Some(Element::MALFORMED))
    }
}

impl Element {
    const MALFORMED: Self = Self { scheme: Scheme::Invalid, hop: Hop::Unknown };
}

/// Reads the next element that is not empty. Returns `None` if it is malformed, `Some(None)` at the
/// end.
fn element(rest: &mut &[u8]) -> Option<Option<Element>> {
    let mut seen: [Option<Value<'_>>; 4] = [None; 4];
    let mut is_empty = true;
    loop {
        quoted::skip_blanks(rest);
        match *rest {
            [] if is_empty => return Some(None),
            [b',', behind @ ..] if is_empty => *rest = behind,
            [] => break,
            [b',', behind @ ..] => {
                *rest = behind;
                break;
            }
            [b';', behind @ ..] => {
                *rest = behind;
                is_empty = false;
            }
            _ => {
                let (name, value) = quoted::parameter(rest)?;
                let place = ["for", "proto", "by", "host"]
                    .iter()
                    .position(|known| name.eq_ignore_ascii_case(known.as_bytes()));
                // A parameter may stand once in an element (RFC 7239 section 4).
                if let Some(place) = place.and_then(|place| seen.get_mut(place))
                    && place.replace(value).is_some()
                {
                    return None;
                }
                is_empty = false;
                quoted::skip_blanks(rest);
                if !matches!(*rest, [] | [b',' | b';', ..]) {
                    return None;
                }
            }
        }
    }
    let [sender, scheme, ..] = seen;
    Some(Some(Element {
        scheme: scheme.map_or(Scheme::Absent, Scheme::of),
        hop: sender.map_or(Hop::Absent, Hop::of),
    }))
}

impl Scheme {
    fn of(value: Value<'_>) -> Self {
        value.read(|text| Some(Self::named(text))).unwrap_or(Self::Invalid)
    }

    /// Returns the scheme of this name, or of its WebSocket twin, ignoring case.
    pub(super) fn named(text: &str) -> Self {
        let is = |word| text.eq_ignore_ascii_case(word);
        if is("https") || is("wss") {
            Self::Secure
        } else if is("http") || is("ws") {
            Self::Plain
        } else {
            Self::Invalid
        }
    }
}

impl Hop {
    /// Returns a node of RFC 7239 section 6: an address, one of IPv6 in brackets, with or without a
    /// port.
    fn of(value: Value<'_>) -> Self {
        value.read(node).map_or(Self::Unknown, Self::Address)
    }

    /// Returns a member of `X-Forwarded-For`: an address with or without brackets and a port.
    pub(super) fn named(text: &str) -> Self {
        let bracketed = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
        let alone = bracketed.unwrap_or(text).parse::<IpAddr>().ok();
        let address = alone.or_else(|| Some(text.parse::<SocketAddr>().ok()?.ip()));
        address.map_or(Self::Unknown, |address| Self::Address(address.to_canonical()))
    }
}

fn node(text: &str) -> Option<IpAddr> {
    let (name, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (name, behind) = rest.split_once(']')?;
            (IpAddr::V6(name.parse().ok()?), behind)
        }
        None => {
            let (name, behind) = text.split_at(text.find(':').unwrap_or(text.len()));
            (IpAddr::V4(name.parse().ok()?), behind)
        }
    };
    (port.is_empty() || port.strip_prefix(':').is_some_and(is_port)).then(|| name.to_canonical())
}

/// Returns true for up to five digits, or an obfuscated port.
fn is_port(port: &str) -> bool {
    match port.strip_prefix('_') {
        Some(word) => {
            let may_stand = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
            !word.is_empty() && word.bytes().all(may_stand)
        }
        None => (1..=5).contains(&port.len()) && port.bytes().all(|byte| byte.is_ascii_digit()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hops(line: &str) -> Vec<Hop> {
        Elements::of(line.as_bytes()).map(|element| element.hop).collect()
    }

    fn schemes(line: &str) -> Vec<Scheme> {
        Elements::of(line.as_bytes()).map(|element| element.scheme).collect()
    }

    #[test]
    fn a_node_is_an_address_with_or_without_a_port() {
        let is = |address: &str| Hop::Address(address.parse().unwrap());
        for (line, expected) in [
            ("for=192.0.2.43", is("192.0.2.43")),
            ("FOR=\"192.0.2.43\"", is("192.0.2.43")),
            ("for=\"192.0.2.43:47011\"", is("192.0.2.43")),
            ("for=\"192.0.2.43:_gw-7\"", is("192.0.2.43")),
            ("for=\"[2001:db8::1]:4711\"", is("2001:db8::1")),
            ("for=\"[2001:DB8::1]\"", is("2001:db8::1")),
            ("for=\"[2001:db8::1]:_port\"", is("2001:db8::1")),
            ("for=\"\\[2001:db8::\\1]\"", is("2001:db8::1")),
            ("for=\"[::ffff:192.0.2.43]\"", is("192.0.2.43")),
            ("proto=https", Hop::Absent),
            ("for=unknown", Hop::Unknown),
            ("for=UNKNOWN", Hop::Unknown),
            ("for=_hidden", Hop::Unknown),
            ("for=\"_hidden:47\"", Hop::Unknown),
            ("for=x", Hop::Unknown),
            ("for=\"\"", Hop::Unknown),
            ("for=\"2001:db8::1\"", Hop::Unknown),
            ("for=\"[2001:db8::1\"", Hop::Unknown),
            ("for=\"[192.0.2.43]\"", Hop::Unknown),
            ("for=\"[2001:db8::1%eth0]\"", Hop::Unknown),
            ("for=\"[2001:db8::1]4711\"", Hop::Unknown),
            ("for=\"192.0.2.43:\"", Hop::Unknown),
            ("for=\"192.0.2.43:123456\"", Hop::Unknown),
            ("for=\"192.0.2.43:_\"", Hop::Unknown),
            ("for=\" 192.0.2.43\"", Hop::Unknown),
            ("for=192.0.2.043", Hop::Unknown),
            // A colon may stand only in quotes.
            ("for=192.0.2.43:47011", Hop::Unknown),
        ] {
            assert_eq!(hops(line), [expected], "{line}");
        }
    }

    #[test]
    fn elements_are_separated_by_commas_outside_quotes() {
        use Scheme::{Absent, Invalid, Plain, Secure};
        for (line, expected) in [
            ("", &[][..]),
            (" , ,", &[]),
            ("proto=https", &[Secure]),
            ("proto=https,proto=http", &[Secure, Plain]),
            ("proto=wss , , proto=\"WS\"", &[Secure, Plain]),
            ("for=a;proto=https;by=b;secret=\"x,y;z\"", &[Secure]),
            (";;proto=https;", &[Secure]),
            ("proto=https; by=b", &[Secure]),
            ("for=a, proto=https", &[Absent, Secure]),
            ("host=\"x\\\";proto=https;y=\\\"\"", &[Absent]),
            ("host=\"x\\\\\";proto=https", &[Secure]),
            ("proto=\"ht\\tps\"", &[Secure]),
            ("proto=ftp", &[Invalid]),
            ("proto=\"\"", &[Invalid]),
            ("proto=\" https\"", &[Invalid]),
            ("proto=https;proto=https", &[Invalid]),
            ("proto=https;PROTO=http", &[Invalid]),
            ("for=a;proto=https;for=b", &[Invalid]),
            ("proto =https", &[Invalid]),
            ("proto= https", &[Invalid]),
            ("proto", &[Invalid]),
            ("proto=https by=b", &[Invalid]),
            ("proto=\"https\"x", &[Invalid]),
            ("proto=https, for=\"x", &[Secure, Invalid]),
            ("for=\"x, proto=https", &[Invalid]),
            ("proto=https, x, proto=https", &[Secure, Invalid]),
        ] {
            assert_eq!(schemes(line), expected, "{line}");
        }
    }
}
