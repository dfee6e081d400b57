//! What a trusted proxy says of the connection it took.
//!
//! `X-Forwarded-Proto` (a de-facto standard) and `Forwarded` (RFC 7239) are believed from peers on the
//! list only. Whatever could be read in two ways (repeated, several, contradicting, misspelled) is
//! ambiguous, and so insecure.

use std::net::{IpAddr, SocketAddr};

use http::header::FORWARDED;
use http::{HeaderMap, HeaderName};
use ipnet::IpNet;

use super::Security;
use crate::challenge::is_token;
use crate::head::Head;

static X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
static X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Whether an address is one of the trusted ones.
pub(super) fn trusts(proxies: &[IpNet], address: IpAddr) -> bool {
    proxies.iter().any(|net| net.contains(&address.to_canonical()))
}

/// What the proxy says; only asked of a trusted one.
pub(super) fn security(head: Head<'_>) -> Security {
    let headers = head.headers();
    match (forwarded_proto(headers), forwarded(headers)) {
        (Claim::Absent, Claim::Absent) => Security::Unknown,
        (Claim::Says(scheme), Claim::Absent) | (Claim::Absent, Claim::Says(scheme)) => scheme,
        (Claim::Says(one), Claim::Says(other)) if one == other => one,
        _ => Security::Ambiguous,
    }
}

/// The client's address by `X-Forwarded-For`: read from the end, where the proxies wrote, the first hop
/// that is no trusted proxy. What stands before it is the client's own word and not looked at. `None` where
/// there is no such hop, or it is no address.
pub(super) fn client(proxies: &[IpNet], headers: &HeaderMap) -> Option<IpAddr> {
    let lines: Vec<_> = headers.get_all(&X_FORWARDED_FOR).iter().collect();
    for line in lines.into_iter().rev() {
        for hop in line.as_bytes().rsplit(|byte| *byte == b',') {
            let hop = address(std::str::from_utf8(hop).ok()?.trim())?;
            if !trusts(proxies, hop) {
                return Some(hop);
            }
        }
    }
    None
}

/// An address, with or without a port.
fn address(hop: &str) -> Option<IpAddr> {
    let bracketed = hop.strip_prefix('[').and_then(|hop| hop.strip_suffix(']'));
    let alone = bracketed.unwrap_or(hop).parse::<IpAddr>().ok();
    alone
        .or_else(|| hop.parse::<SocketAddr>().ok().map(|address| address.ip()))
        .map(|address| address.to_canonical())
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Claim {
    Absent,
    Says(Security),
    Unclear,
}

fn forwarded_proto(headers: &HeaderMap) -> Claim {
    let mut lines = headers.get_all(&X_FORWARDED_PROTO).iter();
    match (lines.next(), lines.next()) {
        (None, _) => Claim::Absent,
        (Some(line), None) => line.to_str().map_or(Claim::Unclear, scheme),
        (Some(_), Some(_)) => Claim::Unclear,
    }
}

/// `Forwarded: for=192.0.2.43;proto=https`: one element, one `proto`, quoted or not.
fn forwarded(headers: &HeaderMap) -> Claim {
    let mut lines = headers.get_all(FORWARDED).iter();
    let line = match (lines.next(), lines.next()) {
        (None, _) => return Claim::Absent,
        (Some(line), None) => line.to_str().ok(),
        (Some(_), Some(_)) => None,
    };
    let Some(line) = line.filter(|line| !line.contains(',')) else { return Claim::Unclear };
    let mut protos = Vec::new();
    for parameter in line.split(';').map(str::trim) {
        // A quoted separator, or a parameter that is none: too odd to be believed.
        let Some((name, value)) = parameter.split_once('=') else { return Claim::Unclear };
        if parameter.matches('"').count() % 2 != 0 || !is_token(name) {
            return Claim::Unclear;
        }
        if name.eq_ignore_ascii_case("proto") {
            protos.push(value);
        }
    }
    let mut protos = protos.into_iter();
    match (protos.next(), protos.next()) {
        (None, _) => Claim::Absent,
        (Some(value), None) => scheme(unquoted(value)),
        (Some(_), Some(_)) => Claim::Unclear,
    }
}

fn unquoted(value: &str) -> &str {
    value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value)
}

fn scheme(text: &str) -> Claim {
    if text.eq_ignore_ascii_case("https") {
        Claim::Says(Security::Secure)
    } else if text.eq_ignore_ascii_case("http") {
        Claim::Says(Security::Plain)
    } else {
        Claim::Unclear
    }
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn says(lines: &[(&str, &str)]) -> Security {
        let request =
            lines.iter().fold(Request::get("/"), |request, (name, value)| request.header(*name, *value));
        security(Head::of(&request.body(()).unwrap()))
    }

    #[test]
    fn only_one_clear_word_counts() {
        let xfp = "x-forwarded-proto";
        for (lines, expected) in [
            (&[][..], Security::Unknown),
            (&[(xfp, "https")], Security::Secure),
            (&[(xfp, "HTTPS")], Security::Secure),
            (&[(xfp, "http")], Security::Plain),
            (&[(xfp, "httpsx")], Security::Ambiguous),
            (&[(xfp, "https\t")], Security::Ambiguous),
            (&[(xfp, "wss")], Security::Ambiguous),
            (&[(xfp, "")], Security::Ambiguous),
            (&[(xfp, "https, http")], Security::Ambiguous),
            (&[(xfp, "https"), (xfp, "https")], Security::Ambiguous),
            (&[(xfp, "https"), (xfp, "http")], Security::Ambiguous),
            (&[("forwarded", "for=x;PROTO=\"https\"")], Security::Secure),
            (&[("forwarded", "for=x; proto=http")], Security::Plain),
            (&[("forwarded", "for=x")], Security::Unknown),
            (&[("forwarded", "for=1.2.3.4;host=\"a;proto=https;b\"")], Security::Ambiguous),
            (&[("forwarded", "proto =http"), (xfp, "https")], Security::Ambiguous),
            (&[("forwarded", "proto")], Security::Ambiguous),
            (&[("forwarded", "proto=https, proto=https")], Security::Ambiguous),
            (&[("forwarded", "proto=https;proto=http")], Security::Ambiguous),
            (&[("forwarded", "proto=https"), (xfp, "https")], Security::Secure),
            (&[("forwarded", "proto=https"), (xfp, "http")], Security::Ambiguous),
            (
                &[("x-forwarded-ssl", "on"), ("front-end-https", "on"), ("x-url-scheme", "https")],
                Security::Unknown,
            ),
        ] {
            assert_eq!(says(lines), expected, "{lines:?}");
        }
    }

    #[test]
    fn the_client_is_the_last_hop_that_is_no_proxy() {
        let proxies: Vec<IpNet> = vec!["10.0.0.0/8".parse().unwrap()];
        for (line, expected) in [
            ("203.0.113.7", Some("203.0.113.7")),
            ("1.2.3.4, 203.0.113.7, 10.0.0.9", Some("203.0.113.7")),
            ("10.0.0.9", None),
            ("203.0.113.7, rubbish", None),
            ("rubbish, 203.0.113.7", Some("203.0.113.7")),
            ("1.1.1.1,, 203.0.113.7:4711, 10.0.0.9", Some("203.0.113.7")),
            ("[2001:db8::7]:4711", Some("2001:db8::7")),
            ("[2001:db8::7]", Some("2001:db8::7")),
            ("", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(&X_FORWARDED_FOR, line.parse().unwrap());
            assert_eq!(
                client(&proxies, &headers),
                expected.map(|address| address.parse().unwrap()),
                "{line}"
            );
        }
    }
}
