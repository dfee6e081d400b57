//! Requests on the wire: what hyper passes to the layer over HTTP/1.1 and HTTP/2.

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use http::{HeaderValue, Request};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};
use tokio::time::timeout;
use tower_principal::RejectionKind::{Ambiguous, DeniedToken, Malformed};
use tower_principal::dialect;

use crate::support::*;

/// Returns a connection to a server of this application.
fn connect(app: Router) -> DuplexStream {
    let (client, server) = duplex(64 * 1024);
    tokio::spawn(async move {
        let service = TowerToHyperService::new(app);
        let _closed =
            auto::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(server), service).await;
    });
    client
}

fn any() -> Router {
    whoami().layer(layer(dialect::ANY).with_form_body(1024, Duration::from_millis(300)))
}

/// Sends these bytes and returns the bytes that come back until the server waits or closes.
async fn talk(connection: &mut DuplexStream, bytes: impl AsRef<[u8]>) -> String {
    connection.write_all(bytes.as_ref()).await.unwrap();
    let mut answer = Vec::new();
    while let Ok(Ok(1..)) = timeout(Duration::from_millis(100), connection.read_buf(&mut answer)).await {}
    String::from_utf8(answer).unwrap()
}

async fn ask(bytes: impl AsRef<[u8]>) -> String {
    talk(&mut connect(any()), bytes).await
}

fn status(answer: &str) -> u16 {
    answer.get(9..12).and_then(|status| status.parse().ok()).unwrap_or_else(|| panic!("{answer:?}"))
}

/// Returns a GET request with these header lines.
fn head(lines: &[u8]) -> Vec<u8> {
    [b"GET /things HTTP/1.1\r\nhost: x\r\n", lines, b"\r\n\r\n"].concat()
}

#[tokio::test]
async fn lines_that_hyper_hands_up_are_judged_as_they_are() {
    for (line, expected) in [
        (&b"authorization: Bearer 9kxoTUYvSxnAiMpv008NBqRiqk5xWt"[..], 200),
        (b"AUTHORIZATION:Bearer 9kxoTUYvSxnAiMpv008NBqRiqk5xWt", 200),
        (b"authorization:    bearer   9kxoTUYvSxnAiMpv008NBqRiqk5xWt  ", 200),
        (b"authorization: Bearer\t9kxoTUYvSxnAiMpv008NBqRiqk5xWt", 400),
        (b"authorization:", 400),
        (b"authorization: Bearer ", 400),
        (b"authorization: Bearer tok\xe9", 400),
        (b"authorization: Bearer tok\xc3\xa9", 400),
        (b"authorization: Bearer a\x00b", 400),
        (b"authorization: Bearer a\x7fb", 400),
        (b"authorization: Bearer a\r\n b", 400),
        (b"authorization: Bearer 9kxoTUYvSxnAiMpv008NBqRiqk5xWt\r\nauthorization: Bearer 9kxoTUYvSxnAiMpv008NBqRiqk5xWt", 400),
        (b"authorization: Bearer 9kxoTUYvSxnAiMpv008NBqRiqk5xWt, Bearer x", 400),
        (b"proxy-authorization: Bearer 9kxoTUYvSxnAiMpv008NBqRiqk5xWt", 401),
        (b"cookie: access_token=9kxoTUYvSxnAiMpv008NBqRiqk5xWt", 401),
    ] {
        let answer = ask(head(line)).await;
        assert_eq!(status(&answer), expected, "{} {answer}", String::from_utf8_lossy(line));
    }
}

#[tokio::test]
async fn a_credential_in_the_target_is_judged_as_it_is() {
    for (target, expected) in [
        ("/?access_token=9kxoTUYvSxnAiMpv008NBqRiqk5xWt", 200),
        ("http://x/?access_token=9kxoTUYvSxnAiMpv008NBqRiqk5xWt", 200),
        ("/?$$app_token=09sIcqEhoY0teGY5rhupZGqhW", 200),
        ("/?%24%24app_token=09sIcqEhoY0teGY5rhupZGqhW", 200),
        ("/?access_token=%39kxoTUYvSxnAiMpv008NBqRiqk5xWt", 200),
        ("/?access_token", 400),
        ("/?access_token=%", 400),
        ("/?access_token=t\u{fc}", 401),
        ("/#?access_token=9kxoTUYvSxnAiMpv008NBqRiqk5xWt", 401),
        ("/?x#access_token=9kxoTUYvSxnAiMpv008NBqRiqk5xWt", 401),
    ] {
        let answer = ask(format!("GET {target} HTTP/1.1\r\nhost: x\r\n\r\n")).await;
        assert_eq!(status(&answer), expected, "{target} {answer}");
    }
}

/// The tricks of `guests` that a client library would repair before it sends them.
#[tokio::test]
async fn req_28_raw_targets_never_make_a_guest_of_a_protected_path() {
    let app = app(dialect::USERGRID);
    for (target, guest) in [
        ("/o/sandbox/x", true),
        ("http://other/o/sandbox/x", true),
        ("/o\\sandbox\\x", false),
        ("/o/app#/sandbox", false),
        ("/o/app/../sandbox/x", false),
        ("/o/sandbox/../app", false),
        ("//o/sandbox/x", false),
        ("/o/\u{455}andbox/x", false),
        ("/o/sandbox\u{1}/x", false),
        ("*", false),
        ("o", false),
        ("", false),
    ] {
        let bytes = format!("GET {target} HTTP/1.1\r\nhost: x\r\n\r\n");
        let answer = talk(&mut connect(app.clone()), bytes).await;
        assert_eq!(status(&answer) == 200, guest, "{target:?} {answer}");
    }
}

/// REQ-13: a poll of the body would ask for it.
#[tokio::test]
async fn req_13_a_body_is_asked_for_only_when_it_may_hold_the_subject() {
    let post = |lines: &str| {
        format!(
            "POST / HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-type: application/x-www-form-urlencoded\r\n{lines}\r\n\r\n"
        )
    };
    for (lines, expected) in [
        ("content-length: 43\r\nauthorization: Bearer 9kxoTUYvSxnAiMpv008NBqRiqk5xWt", 200),
        ("content-length: 43\r\nauthorization: Bearer nobody", 401),
        ("content-length: 43\r\nauthorization: Bearer", 400),
        ("content-length: 43\r\nx-app-token: nobody", 403),
        ("content-length: 43\r\ncontent-encoding: gzip", 401),
        ("content-length: 999999999", 413),
        ("content-length: 1025", 413),
    ] {
        let answer = ask(post(lines)).await;
        assert_eq!(status(&answer), expected, "{lines} {answer}");
    }
    let mut connection = connect(any());
    let answer = talk(&mut connection, post("content-length: 43")).await;
    assert_eq!(status(&answer), 100, "{answer}");
    let answer = talk(&mut connection, format!("access_token={TOKEN}")).await;
    assert!(status(&answer) == 200 && answer.ends_with("OAuthUser:otto"), "{answer}");
}

#[tokio::test]
async fn req_13_a_chunked_form_is_read_and_its_trailers_are_not() {
    let chunked = |chunks: &str| {
        format!(
            "POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\ntrailer: access_token\r\ncontent-type: application/x-www-form-urlencoded\r\n\r\n{chunks}"
        )
    };
    let token = "d\r\naccess_token=\r\n1e\r\n9kxoTUYvSxnAiMpv008NBqRiqk5xWt\r\n0\r\n\r\n";
    assert_eq!(status(&ask(chunked(token)).await), 200);
    let trailer = "3\r\nx=y\r\n0\r\naccess_token: 9kxoTUYvSxnAiMpv008NBqRiqk5xWt\r\n\r\n";
    assert_eq!(status(&ask(chunked(trailer)).await), 401);
    let endless = format!("{}0\r\n\r\n", "400\r\n".to_owned() + &"x".repeat(1024) + "\r\n1\r\nx\r\n");
    assert_eq!(status(&ask(chunked(&endless)).await), 413);
}

#[tokio::test]
async fn req_13_a_body_that_does_not_come_is_a_timeout() {
    let mut connection = connect(any());
    let head = "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 43\r\ncontent-type: application/x-www-form-urlencoded\r\n\r\naccess_";
    connection.write_all(head.as_bytes()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(350)).await;
    let answer = talk(&mut connection, "").await;
    assert_eq!(status(&answer), 408, "{answer}");
    assert!(!answer.to_lowercase().contains("www-authenticate"), "{answer}");
}

/// The connection stays open after a refusal, and is closed after a credential over plain http.
#[tokio::test]
async fn a_connection_survives_a_refusal_but_not_an_insecure_credential() {
    let mut connection = connect(any());
    for _ in 0..3 {
        let answer = talk(&mut connection, head(b"authorization: Bearer nobody")).await;
        assert_eq!(status(&answer), 401, "{answer}");
    }
    let marked = tower_principal::AuthenticateLayer::new(
        dialect::ANY,
        one_of_each_kind(),
        tower_principal::transport::from_acceptor(),
    );
    let mut connection = connect(whoami().layer(marked));
    let answer = talk(&mut connection, head(b"authorization: Bearer nobody")).await;
    assert!(status(&answer) == 403 && answer.contains("connection: close"), "{answer}");
    assert_eq!(connection.read(&mut [0]).await.unwrap(), 0);
}

/// An answer to HEAD has the length that the answer to GET would have, or none (RFC 9110 section
/// 8.6).
#[tokio::test]
async fn the_answer_to_head_has_the_length_of_the_one_to_get() {
    let length = |answer: &str| {
        let line = answer.lines().find(|line| line.to_lowercase().starts_with("content-length:"));
        line.map(|line| line.split_once(':').unwrap().1.trim().to_owned())
    };
    let get = ask(head(b"authorization: Bearer nobody")).await;
    let bytes = String::from_utf8(head(b"authorization: Bearer nobody")).unwrap().replace("GET", "HEAD");
    let headed = ask(bytes).await;
    assert!(headed.ends_with("\r\n\r\n"), "{headed}");
    assert!(length(&headed).is_none_or(|told| Some(told) == length(&get)), "{headed} {get}");
}

/// HTTP/2 passes values as they were sent, with their whitespace, and each line of a name
/// separately.
#[tokio::test]
async fn http2_values_are_trimmed_and_counted() {
    let io = TokioIo::new(connect(any()));
    let (mut client, connection) =
        hyper::client::conn::http2::handshake::<_, _, Body>(TokioExecutor::new(), io).await.unwrap();
    tokio::spawn(connection);
    let lines = |values: &[&[u8]]| {
        let mut request = Request::get("http://x/things").body(Body::empty()).unwrap();
        for value in values {
            request.headers_mut().append("authorization", HeaderValue::from_bytes(value).unwrap());
        }
        request
    };
    let good: &[u8] = b"Bearer 9kxoTUYvSxnAiMpv008NBqRiqk5xWt";
    let padded: &[u8] = b"  Bearer 9kxoTUYvSxnAiMpv008NBqRiqk5xWt \t";
    for (values, expected) in [
        (&[good][..], Ok("OAuthUser")),
        (&[padded], Ok("OAuthUser")),
        (&[good, good], Err(Ambiguous)),
        (&[good, b""], Err(Ambiguous)),
        (&[b" "], Err(Malformed)),
        (&[b"Bearer \xe9"], Err(Malformed)),
        (&[b"Bearer nobody"], Err(DeniedToken)),
    ] {
        let response = client.send_request(lines(values)).await.unwrap();
        let status = response.status().as_u16();
        let (parts, body) = response.into_parts();
        let body: Bytes = http_body_util::BodyExt::collect(body).await.unwrap().to_bytes();
        match expected {
            Ok(kind) => assert!(status == 200 && body.starts_with(kind.as_bytes()), "{values:?} {body:?}"),
            Err(kind) => assert_eq!(status, kind.status().as_u16(), "{values:?} {body:?}"),
        }
        assert!(!parts.headers.contains_key("connection"));
    }
}

/// HTTP/2's `:scheme` is the client's claim; an insecure credential closes no shared connection.
#[tokio::test]
async fn http2_claims_no_security() {
    let marked = tower_principal::AuthenticateLayer::new(
        dialect::RFC6750,
        one_of_each_kind(),
        tower_principal::transport::from_acceptor(),
    );
    let io = TokioIo::new(connect(whoami().layer(marked)));
    let (mut client, connection) =
        hyper::client::conn::http2::handshake::<_, _, Body>(TokioExecutor::new(), io).await.unwrap();
    tokio::spawn(connection);
    for _ in 0..2 {
        let request = Request::get("https://x/things").header("authorization", bearer(TOKEN));
        let response = client.send_request(request.body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(response.status(), 403);
        assert!(!response.headers().contains_key("connection"));
    }
}
