//! The forwarded facts of a request that a trusted proxy reports (REQ-34): its scheme and its
//! client address.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};

use axum::body::Body;
use http::Request;
use tower_principal::transport::{self, ForwardingHeaders, OnInsecure, Peer, Transport, TransportRule};
use tower_principal::{
    AuthenticateLayer, Credential, Dialect, OAuthUser, Principal, Verifier, VerifyContext, VerifyError,
    dialect,
};

use crate::support::*;

/// Only this file uses this token, because the whole process refuses it while it is revoked.
const SHOWN_TOKEN: &str = "9kxoTUYvSxnAiMpv008NBqRiqkProxy";

const XFP: &str = "x-forwarded-proto";
const XFF: &str = "x-forwarded-for";

/// How the request reached the outermost proxy, as the layer judges it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reached {
    Secure,
    /// Refused, and its token revoked.
    Plain,
    /// Refused, because the scheme is uncertain.
    Refused,
}

/// Accepts every token, and records the context of each call.
#[derive(Clone, Default)]
struct Watching(Arc<Mutex<Watched>>);

#[derive(Default)]
struct Watched {
    client: Option<IpAddr>,
    revoked: bool,
}

impl Verifier for Watching {
    async fn verify(
        &self,
        _: &Credential<'_>,
        context: &VerifyContext<'_>,
    ) -> Result<Principal, VerifyError> {
        self.0.lock().unwrap().client = context.client_address();
        Ok(OAuthUser::new("otto").into())
    }

    async fn revoke(&self, _: &Credential<'_>, _: &VerifyContext<'_>) -> Result<(), VerifyError> {
        self.0.lock().unwrap().revoked = true;
        Ok(())
    }
}

/// Sends a token through a proxy that adds these lines.
async fn ask(transport: &Transport, rule: OnInsecure, lines: &[(&'static str, &str)]) -> (u16, Watched) {
    let dialect = Dialect {
        transport: TransportRule { access_token: rule, ..TransportRule::REFUSE },
        ..dialect::RFC6750
    };
    let watching = Watching::default();
    let app = whoami().layer(AuthenticateLayer::new(dialect, watching.clone(), transport.clone()));
    let mut request: Request<Body> = authorization(bearer(SHOWN_TOKEN));
    request.extensions_mut().insert(Peer(SocketAddr::from(([10, 0, 0, 1], 4711))));
    for (name, value) in lines {
        request.headers_mut().append(*name, value.parse().unwrap());
    }
    let status = send(app, request).await.status;
    let watched = std::mem::take(&mut *watching.0.lock().unwrap());
    (status, watched)
}

async fn reached(transport: &Transport, lines: &[(&'static str, &str)]) -> Reached {
    match ask(transport, OnInsecure::RefuseAndRevoke, lines).await {
        (200, Watched { revoked: false, .. }) => Reached::Secure,
        (403, Watched { revoked: true, .. }) => Reached::Plain,
        (403, Watched { revoked: false, .. }) => Reached::Refused,
        (status, Watched { revoked, .. }) => panic!("{status} {revoked} {lines:?}"),
    }
}

/// Returns the client address in the verifier's context.
async fn client(transport: &Transport, lines: &[(&'static str, &str)]) -> Option<String> {
    let (status, watched) = ask(transport, OnInsecure::Pass, lines).await;
    assert_eq!(status, 200, "{lines:?}");
    Some(watched.client?.to_string())
}

fn any() -> Transport {
    transport::behind_proxy(["10.0.0.0/8".parse().unwrap()])
}

#[tokio::test]
async fn a_list_is_secure_or_plain_if_every_member_is() {
    use Reached::{Plain, Refused, Secure};
    for (lines, expected) in [
        (&[][..], Refused),
        (&[(XFP, "https")], Secure),
        (&[(XFP, "HTTPS")], Secure),
        (&[(XFP, "wss")], Secure),
        (&[(XFP, "WsS")], Secure),
        (&[(XFP, "http")], Plain),
        (&[(XFP, "ws")], Plain),
        (&[(XFP, "WS")], Plain),
        (&[(XFP, "httpsx")], Refused),
        (&[(XFP, "wsss")], Refused),
        (&[(XFP, "https\t")], Refused),
        (&[(XFP, "")], Refused),
        (&[(XFP, "https http")], Refused),
        (&[(XFP, "https, https")], Secure),
        (&[(XFP, "https,wss\t,\tHTTPS")], Secure),
        (&[(XFP, "http, ws")], Plain),
        (&[(XFP, "https, http")], Refused),
        (&[(XFP, "http, https")], Refused),
        (&[(XFP, "https,")], Refused),
        (&[(XFP, ",https")], Refused),
        (&[(XFP, "https, ftp")], Refused),
        (&[(XFP, "https"), (XFP, "https")], Secure),
        (&[(XFP, "http"), (XFP, "http")], Plain),
        (&[(XFP, "https"), (XFP, "http")], Refused),
        (&[(XFP, ""), (XFP, "https")], Refused),
        (&[("forwarded", "for=x;PROTO=\"https\"")], Secure),
        (&[("forwarded", "for=x; proto=http")], Plain),
        (&[("forwarded", "for=x;proto=wss")], Secure),
        (&[("forwarded", "for=x")], Refused),
        (&[("forwarded", "")], Refused),
        (&[("forwarded", "for=1.2.3.4;host=\"a;proto=https;b\"")], Refused),
        (&[("forwarded", "host=\"x\\\";proto=https;y=\\\"\"")], Refused),
        (&[("forwarded", "host=\"x\\\";proto=https;y=\\\"\";proto=http")], Plain),
        (&[("forwarded", "proto")], Refused),
        (&[("forwarded", "proto=https, proto=https")], Secure),
        (&[("forwarded", "proto=http"), ("forwarded", "proto=ws")], Plain),
        (&[("forwarded", "proto=https, proto=http")], Refused),
        (&[("forwarded", "proto=https, for=x")], Refused),
        (&[("forwarded", "proto=https;proto=http")], Refused),
        (&[("x-forwarded-ssl", "on"), ("front-end-https", "on"), ("x-url-scheme", "https")], Refused),
    ] {
        assert_eq!(reached(&any(), lines).await, expected, "{lines:?}");
    }
}

#[tokio::test]
async fn two_families_have_to_agree() {
    use Reached::{Plain, Refused, Secure};
    for (lines, expected) in [
        ([("forwarded", "proto=https"), (XFP, "https")], Secure),
        ([("forwarded", "proto=wss"), (XFP, "https")], Secure),
        ([("forwarded", "proto=http"), (XFP, "ws")], Plain),
        ([("forwarded", "proto=https"), (XFP, "http")], Refused),
        ([("forwarded", "proto =http"), (XFP, "https")], Refused),
        ([("forwarded", "proto=https, for=x"), (XFP, "https")], Refused),
        ([("forwarded", "proto=\"\""), (XFP, "https")], Refused),
        // One of the two hops has no scheme.
        ([("forwarded", "for=192.0.2.1"), (XFP, "https")], Secure),
        ([("forwarded", "proto=https"), (XFF, "192.0.2.1")], Secure),
        ([("forwarded", "for=192.0.2.1"), (XFP, "ws")], Plain),
    ] {
        assert_eq!(reached(&any(), &lines).await, expected, "{lines:?}");
    }
}

#[tokio::test]
async fn the_family_that_was_not_chosen_is_not_read() {
    let lines = [("forwarded", "for=192.0.2.1;proto=https"), (XFP, "http"), (XFF, "203.0.113.7")];
    let forwarded = any().forwarding_headers(ForwardingHeaders::Forwarded);
    let x_forwarded = any().forwarding_headers(ForwardingHeaders::XForwarded);
    assert_eq!(reached(&forwarded, &lines).await, Reached::Secure);
    assert_eq!(reached(&x_forwarded, &lines).await, Reached::Plain);
    assert_eq!(client(&forwarded, &lines).await.unwrap(), "192.0.2.1");
    assert_eq!(client(&x_forwarded, &lines).await.unwrap(), "203.0.113.7");
    assert_eq!(reached(&forwarded, &[(XFP, "https")]).await, Reached::Refused);
    assert_eq!(reached(&x_forwarded, &[("forwarded", "proto=https")]).await, Reached::Refused);
}

#[tokio::test]
async fn the_client_is_the_last_hop_that_is_no_proxy_or_the_first_inside_the_network() {
    for (line, expected) in [
        ("203.0.113.7", Some("203.0.113.7")),
        ("1.2.3.4, 203.0.113.7, 10.0.0.9", Some("203.0.113.7")),
        ("10.0.0.9", Some("10.0.0.9")),
        ("10.0.0.9, 10.0.0.2", Some("10.0.0.9")),
        ("203.0.113.7, rubbish", None),
        ("203.0.113.7, rubbish, 10.0.0.2", None),
        ("rubbish, 203.0.113.7", Some("203.0.113.7")),
        ("1.1.1.1,, 203.0.113.7:4711, 10.0.0.9", Some("203.0.113.7")),
        ("[2001:db8::7]:4711", Some("2001:db8::7")),
        ("[2001:db8::7]", Some("2001:db8::7")),
        ("2001:db8::7", Some("2001:db8::7")),
        ("::ffff:203.0.113.7", Some("203.0.113.7")),
        ("unknown", None),
        ("_hidden", None),
        ("", None),
    ] {
        assert_eq!(client(&any(), &[(XFF, line)]).await.as_deref(), expected, "{line}");
    }
    for (line, expected) in [
        ("for=203.0.113.7;proto=https", Some("203.0.113.7")),
        ("for=1.2.3.4, for=203.0.113.7, for=10.0.0.9", Some("203.0.113.7")),
        ("for=\"[2001:db8::1]:4711\"", Some("2001:db8::1")),
        ("for=10.0.0.9", Some("10.0.0.9")),
        ("for=10.0.0.9, for=10.0.0.2", Some("10.0.0.9")),
        ("for=1.2.3.4, for=_hidden", None),
        ("for=1.2.3.4, for=unknown, for=10.0.0.2", None),
        ("for=1.2.3.4, proto=https", None),
        ("for=\"x, for=203.0.113.7", None),
        ("for=1.2.3.4;for=5.6.7.8", None),
        // The peer never adds an address, so its own is the closest certain one.
        ("proto=https", Some("10.0.0.1")),
    ] {
        assert_eq!(client(&any(), &[("forwarded", line)]).await.as_deref(), expected, "{line}");
    }
    let lines = [("forwarded", "for=\"x"), ("forwarded", "for=203.0.113.7;proto=https")];
    assert_eq!(client(&any(), &lines).await.unwrap(), "203.0.113.7", "an earlier line is the client's own");
}

#[tokio::test]
async fn a_client_that_two_families_do_not_agree_on_is_unknown() {
    let forwarded = ("forwarded", "for=192.0.2.1;proto=https");
    assert_eq!(client(&any(), &[forwarded, (XFF, "192.0.2.1")]).await.unwrap(), "192.0.2.1");
    assert_eq!(client(&any(), &[forwarded, (XFF, "203.0.113.7")]).await, None);
    assert_eq!(client(&any(), &[forwarded, (XFP, "https")]).await, None);
    assert_eq!(client(&any(), &[("forwarded", "proto=https"), (XFF, "203.0.113.7")]).await, None);
    assert_eq!(client(&any(), &[(XFP, "https")]).await.unwrap(), "10.0.0.1");
    assert_eq!(client(&any(), &[]).await.unwrap(), "10.0.0.1");
}

#[tokio::test]
async fn of_a_known_number_of_proxies_only_their_own_members_count() {
    let (one, two) = (any().trusted_hops(1), any().trusted_hops(2));
    assert_eq!(reached(&any().trusted_hops(0), &[(XFP, "http, https")]).await, Reached::Secure);
    for (line, by_one, by_two) in [
        ("http, https", Reached::Secure, Reached::Refused),
        ("http, https, wss", Reached::Secure, Reached::Secure),
        ("https, http", Reached::Plain, Reached::Refused),
        ("https", Reached::Secure, Reached::Secure),
        ("rubbish, http, ws", Reached::Plain, Reached::Plain),
    ] {
        assert_eq!(reached(&one, &[(XFP, line)]).await, by_one, "{line}");
        assert_eq!(reached(&two, &[(XFP, line)]).await, by_two, "{line}");
        let line = line.split(", ").map(|proto| format!("proto={proto}")).collect::<Vec<_>>().join(", ");
        assert_eq!(reached(&one, &[("forwarded", &line)]).await, by_one, "{line}");
        assert_eq!(reached(&two, &[("forwarded", &line)]).await, by_two, "{line}");
    }
    for (line, by_one, by_two) in [
        ("10.0.0.77, 10.0.0.9", "10.0.0.9", "10.0.0.77"),
        ("203.0.113.7, 10.0.0.9, 10.0.0.2", "10.0.0.2", "10.0.0.9"),
        ("203.0.113.7, 198.51.100.1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.9", "10.0.0.9", "10.0.0.9"),
    ] {
        assert_eq!(client(&one, &[(XFF, line)]).await.unwrap(), by_one, "{line}");
        assert_eq!(client(&two, &[(XFF, line)]).await.unwrap(), by_two, "{line}");
    }
}
