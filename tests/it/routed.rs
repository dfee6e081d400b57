//! The path of a guest as a router reads it, and the paths that HTTP/2 allows (REQ-27, REQ-28).

use std::cell::RefCell;

use axum::Router;
use axum::body::Body;
use axum::extract::RawPathParams;
use axum::routing::any;
use bytes::Bytes;
use futures_util::FutureExt as _;
use http::{Request, Uri};
use http_body_util::{BodyExt as _, Empty};
use hyper::client::conn::http2::{SendRequest, handshake};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use proptest::prelude::*;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};
use tower::ServiceExt as _;
use tower_principal::{Principal, dialect};

use crate::paths::{encodings, is_in_a_sandbox, mutations, readings};
use crate::support::*;

/// Returns the input of a handler: the caller and each decoded parameter of its route, one a line.
async fn told(who: Principal, params: RawPathParams) -> String {
    let line = |(name, value): (&str, &str)| format!("\n{name}={}", value.replace(char::is_control, "␤"));
    let params: String = params.iter().map(line).collect();
    format!("{}{params}", who.kind())
}

/// Returns several definitions of the same routes, with the layer outside, inside a nest, and
/// inside two.
fn shapes() -> Vec<Router> {
    let usergrid = || layer(dialect::USERGRID);
    let below = || Router::new().route("/{app}", any(told)).route("/{app}/{*rest}", any(told));
    let whole = || Router::new().route("/{org}/{app}", any(told)).route("/{org}/{app}/{*rest}", any(told));
    let rest = || Router::new().route("/", any(told)).route("/{*rest}", any(told));
    vec![
        whole().layer(usergrid()),
        whole().route_layer(usergrid()),
        Router::new().nest("/{org}", below().layer(usergrid())),
        Router::new().nest("/{org}", below()).layer(usergrid()),
        Router::new().nest("/{org}", Router::new().nest("/{app}", rest().layer(usergrid()))),
        Router::new().nest("/{org}", Router::new().nest("/{app}", rest()).layer(usergrid())),
        Router::new().fallback_service(whole().layer(usergrid())),
        Router::new().merge(whole()).fallback(async || "lost").layer(usergrid()),
    ]
}

thread_local! {
    static SHAPES: Vec<Router> = shapes();
}

/// Returns why a guest must not have received this.
fn complaint(told: &str) -> Option<String> {
    let param = |name: &str| {
        told.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('=')).map(str::to_owned)
    };
    let app = param("app")?;
    let rest = param("rest").unwrap_or_default();
    let odd = |segment: &str| matches!(segment, "." | "..") || segment.contains(['\\', ';', '?', '#', '␤']);
    let escapes = rest.split('/').any(odd) || param("org").is_none_or(|org| odd(&org) || org.contains('/'));
    (app != "sandbox" || escapes).then(|| told.to_owned())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

    /// However the routes are written, a guest gets answers about the sandbox and about nothing
    /// else.
    #[test]
    fn req_27_and_req_28_a_guests_route_is_the_sandboxs(path in prop_oneof![mutations(), encodings()]) {
        let Ok(target) = path.parse::<Uri>() else { return Ok(()) };
        for app in SHAPES.with(Clone::clone) {
            let request = Request::get(target.clone()).body(Body::empty()).unwrap();
            let answer = app.oneshot(request).now_or_never().unwrap().unwrap();
            if answer.status() != 200 {
                continue;
            }
            let told = answer.into_body().collect().now_or_never().unwrap().unwrap().to_bytes();
            let told = String::from_utf8(told.to_vec()).unwrap();
            prop_assert!(told.starts_with("Guest") || told == "lost", "{path:?} {told}");
            prop_assert_eq!(complaint(&told), None, "{:?}", path);
            for reading in readings(target.path()) {
                prop_assert!(is_in_a_sandbox(&reading), "{path:?} is read as {reading:?}");
            }
        }
    }
}

/// Guests reach the sandbox in each of these apps, so the property above is not empty, and it
/// detects other routes.
#[test]
fn the_sandbox_is_found_in_every_shape_and_the_oracle_knows_what_is_not() {
    for app in SHAPES.with(Clone::clone) {
        for (path, status) in [("/o/sandbox/x%20y", 200), ("/o/sandbox", 200), ("/o/app/x", 401)] {
            let request = Request::get(path).body(Body::empty()).unwrap();
            let answer = app.clone().oneshot(request).now_or_never().unwrap().unwrap();
            assert_eq!(answer.status(), status, "{path}");
        }
    }
    assert_eq!(complaint("Guest\norg=o\napp=sandbox\nrest=x y"), None);
    for told in [
        "Guest\norg=o\napp=app",
        "Guest\norg=o\napp=sandbox/a",
        "Guest\norg=o/sandbox\napp=sandbox",
        "Guest\norg=o\napp=sandbox\nrest=../app",
        "Guest\norg=o\napp=sandbox\nrest=a;b",
        "Guest\norg=o\napp=sandbox\nrest=a␤b",
    ] {
        assert!(complaint(told).is_some(), "{told}");
    }
}

/// Returns a connection to a server of the first app.
fn connect() -> DuplexStream {
    let (client, server) = duplex(64 * 1024);
    let app = SHAPES.with(|shapes| shapes[0].clone());
    tokio::spawn(async move {
        let protocol = auto::Builder::new(TokioExecutor::new());
        let _closed = protocol.serve_connection(TokioIo::new(server), TowerToHyperService::new(app)).await;
    });
    client
}

/// A runtime and an HTTP/2 connection for all cases of a property.
struct Http2 {
    runtime: tokio::runtime::Runtime,
    client: SendRequest<Empty<Bytes>>,
}

thread_local! {
    static HTTP2: RefCell<Http2> = RefCell::new({
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let client = runtime.block_on(async {
            let (client, connection) =
                handshake(TokioExecutor::new(), TokioIo::new(connect())).await.unwrap();
            tokio::spawn(connection);
            client
        });
        Http2 { runtime, client }
    });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    /// The same with the path as `:path` of an HTTP/2 connection.
    #[test]
    fn req_28_no_path_of_http2_makes_a_guest_elsewhere(path in prop_oneof![mutations(), encodings()]) {
        let Ok(target) = format!("http://portal.example{path}").parse::<Uri>() else { return Ok(()) };
        let told = HTTP2.with_borrow_mut(|Http2 { runtime, client }| runtime.block_on(async {
            client.ready().await.unwrap();
            let answer = client.send_request(Request::get(target.clone()).body(Empty::new()).unwrap()).await.unwrap();
            let status = answer.status();
            let told = answer.into_body().collect().await.unwrap().to_bytes();
            (status == 200).then(|| String::from_utf8(told.to_vec()).unwrap())
        }));
        if let Some(told) = told {
            prop_assert!(told.starts_with("Guest"), "{path:?} {told}");
            prop_assert_eq!(complaint(&told), None, "{:?}", path);
            for reading in readings(target.path()) {
                prop_assert!(is_in_a_sandbox(&reading), "{path:?} is read as {reading:?}");
            }
        }
    }
}

/// Returns the whole answer to these bytes on a new connection.
async fn answer_to_bytes(bytes: &[u8]) -> Vec<u8> {
    let mut connection = connect();
    connection.write_all(bytes).await.unwrap();
    let mut answer = Vec::new();
    connection.read_to_end(&mut answer).await.unwrap();
    answer
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    /// The same byte for byte over HTTP/1.1, with inserted bytes that no client's `Uri` allows.
    #[test]
    fn req_28_no_target_of_http1_makes_a_guest_elsewhere(
        path in prop_oneof![mutations(), encodings()],
        odd in prop::option::of((0_usize..24, prop::sample::select(vec![
            &b"\\"[..], b"\\..", b"|", b"^", b"{", b"`", b"\"", b"<", b"\t", b"\x0b", b"\x01", b"\x7f", b"\x80", b"\xc0\xae",
            b"\xc3\xbc", b"\xff", b" ", b"\xe2\x80\xae", b"\xef\xbc\x8f",
        ]))),
    ) {
        let mut target = path.into_bytes();
        if let Some((at, odd)) = odd {
            let at = at.min(target.len());
            target.splice(at..at, odd.iter().copied());
        }
        let head = [b"GET ", &target[..], b" HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"].concat();
        let answer = HTTP2.with_borrow_mut(|Http2 { runtime, .. }| runtime.block_on(answer_to_bytes(&head)));
        let answer = String::from_utf8(answer).unwrap();
        if answer.starts_with("HTTP/1.1 200 ") {
            let (_, told) = answer.split_once("\r\n\r\n").unwrap();
            prop_assert!(told.starts_with("Guest"), "{target:?} {told}");
            prop_assert_eq!(complaint(told), None, "{:?}", target);
            // Servers do not count the text after these characters as part of the path.
            let end = target.iter().position(|byte| b"?#".contains(byte)).unwrap_or(target.len());
            for reading in readings(&String::from_utf8_lossy(&target[..end])) {
                prop_assert!(is_in_a_sandbox(&reading), "{target:?} is read as {reading:?}");
            }
        }
    }
}

/// Returns a frame of HTTP/2 (RFC 9113 section 4.1).
fn frame(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags, 0, 0, 0, stream], payload].concat()
}

/// Returns the head of a request. Each field is a literal without indexing (RFC 7541 section
/// 6.2.2), so that `:path` may contain bytes that no client's `Uri` allows.
fn headers(path: &[u8]) -> Vec<u8> {
    let field = |name: &[u8], value: &[u8]| {
        let length = |text: &[u8]| u8::try_from(text.len()).ok().filter(|length| *length < 127).unwrap();
        [&[0, length(name)], name, &[length(value)], value].concat()
    };
    let fields: [(&[u8], &[u8]); 4] =
        [(b":method", b"GET"), (b":scheme", b"http"), (b":authority", b"x"), (b":path", path)];
    let block = fields.map(|(name, value)| field(name, value)).concat();
    // END_STREAM and END_HEADERS.
    frame(1, 0x5, 1, &block)
}

/// Returns the first byte of the answer's field block: 0x88 is `:status 200` (RFC 7541 appendix A).
/// Returns `None` if the stream or the connection ended without an answer.
async fn answer_to(path: &[u8]) -> Option<u8> {
    let mut connection = connect();
    let opening = [&b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"[..], &frame(4, 0, 0, &[]), &headers(path)].concat();
    connection.write_all(&opening).await.unwrap();
    loop {
        let mut head = [0; 9];
        connection.read_exact(&mut head).await.ok()?;
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut payload = vec![0; usize::try_from(length).unwrap()];
        connection.read_exact(&mut payload).await.ok()?;
        match head[3] {
            1 => return payload.first().copied(),
            // RST_STREAM, GOAWAY
            3 | 7 => return None,
            _ => {}
        }
    }
}

#[tokio::test]
async fn req_28_bytes_that_only_frames_can_carry_make_no_guest() {
    const OK: Option<u8> = Some(0x88);
    assert_eq!(answer_to(b"/o/sandbox/x").await, OK);
    for path in [
        &b""[..],
        b"*",
        b"o/sandbox/x",
        b"sandbox",
        b"//o/sandbox/x",
        b"/o//sandbox/x",
        b"/o/./sandbox/x",
        b"/o/app/../sandbox/x",
        b"/o/sandbox/../app",
        b"/o/sandbox/..%2fapp",
        b"/o/sandbox/%252e%252e/app",
        b"/o\\sandbox\\x",
        b"/o/sandbox\\..\\app",
        b"/o/app#/sandbox",
        b"/o/app?/o/sandbox",
        b"/o/app#/../sandbox/x",
        b"/o/sandbox;x/y",
        b"/o/sandbox/x\ty",
        b"/o/sandbox x/y",
        b"/o/sandbox\xc0\xaf/x",
        b"/o/\xd1\x95andbox/x",
        b"/o/sandbox/\xff",
        b"http://x/o/sandbox/../app",
        b"http://other/o/app",
        b"/o/s%61ndbox/x",
        b"/o/sandbox%2fx",
    ] {
        assert_ne!(answer_to(path).await, OK, "{}", String::from_utf8_lossy(path));
    }
}
