//! WebSocket and server-sent events with a token in the query: real clients call the example's
//! application over TCP.

use std::net::SocketAddr;
use std::time::{Duration, SystemTime};

use axum::Router;
use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::Empty;
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use sse_stream::SseStream;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};
use tower_principal::transport::{self, PlainConnection};
use tower_principal::{AuthenticateLayer, OAuthUser, Verifier, dialect, verify::MemoryVerifier};

use crate::support::*;

#[allow(dead_code, unreachable_pub, reason = "its `main` is not run here")]
#[path = "../../examples/websocket_sse.rs"]
mod websocket_sse;

use websocket_sse::app;

/// The time limit of a verification; connections last longer.
const DEADLINE: Duration = Duration::from_millis(150);
const PATIENCE: Duration = Duration::from_secs(10);

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

async fn serve(app: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    address
}

/// Serves the example with a verifier that has to wait, so that the timer of the deadline runs.
async fn example() -> SocketAddr {
    let otto = says_later(|credential| match credential {
        tower_principal::Credential::AccessToken(token) if token.expose_secret() == TOKEN => {
            Ok(OAuthUser::new("otto").into())
        }
        _ => Err(tower_principal::VerifyError::UNKNOWN),
    });
    serve(app(layer_of(dialect::OPENDATASOFT, otto).deadline(DEADLINE))).await
}

/// Returns a verifier whose token expires after this time.
fn dying(life: Duration) -> impl Verifier {
    let otto = OAuthUser::new("otto").with_expires_at(SystemTime::now() + life);
    MemoryVerifier::builder().access_token(TOKEN, otto).build().unwrap()
}

/// Opens a WebSocket. If there is none, returns the status and headers of the answer.
async fn open(
    address: SocketAddr,
    target: &str,
    header: Option<String>,
) -> Result<(Socket, HeaderMap), (StatusCode, HeaderMap)> {
    let mut request = format!("ws://{address}{target}").into_client_request().unwrap();
    if let Some(line) = header {
        request.headers_mut().insert("authorization", line.parse().unwrap());
    }
    match connect_async(request).await {
        Ok((socket, answer)) => {
            assert_eq!(answer.status(), StatusCode::SWITCHING_PROTOCOLS);
            Ok((socket, answer.headers().clone()))
        }
        Err(Error::Http(answer)) => Err((answer.status(), answer.headers().clone())),
        Err(other) => panic!("{other}"),
    }
}

async fn next(socket: &mut Socket) -> Message {
    timeout(PATIENCE, socket.next()).await.unwrap().unwrap().unwrap()
}

/// The headers of every answer to a token in the query.
fn stays_out_of_caches_and_referrers(headers: &HeaderMap) {
    assert_eq!(headers["cache-control"], "no-store", "{headers:?}");
    assert_eq!(headers["referrer-policy"], "no-referrer", "{headers:?}");
    assert!(!format!("{headers:?}").contains(TOKEN), "{headers:?}");
}

#[tokio::test]
async fn a_websocket_opens_with_a_token_in_the_query_and_outlives_the_deadline() {
    let address = example().await;
    let target = format!("/socket?access_token={TOKEN}&room=7");
    let (mut socket, headers) = open(address, &target, None).await.unwrap();
    stays_out_of_caches_and_referrers(&headers);
    let greeting = "otto at /socket?room=7, asked for as /socket?room=7";
    assert_eq!(next(&mut socket).await, Message::from(greeting));
    sleep(2 * DEADLINE).await;
    socket.send(Message::from("hello")).await.unwrap();
    assert_eq!(next(&mut socket).await, Message::from("hello"));
    socket.close(None).await.unwrap();
}

#[tokio::test]
async fn a_websocket_opens_with_a_token_in_the_header() {
    let address = example().await;
    let (mut socket, headers) = open(address, "/socket?room=7", Some(bearer(TOKEN))).await.unwrap();
    assert_eq!(headers["cache-control"], "no-store");
    assert!(!headers.contains_key("referrer-policy"));
    assert_eq!(
        next(&mut socket).await.into_text().unwrap(),
        "otto at /socket?room=7, asked for as /socket?room=7"
    );
}

/// The answer is HTTP and no 101, so the connection never became a WebSocket.
#[tokio::test]
async fn a_websocket_is_refused_before_the_upgrade() {
    let address = example().await;
    for (query, status, challenge) in [
        ("".to_owned(), 401, "Bearer realm=\"api\""),
        (format!("access_token={UNKNOWN_TOKEN}"), 401, "Bearer realm=\"api\", error=\"invalid_token\""),
        ("access_token=".to_owned(), 400, "Bearer realm=\"api\", error=\"invalid_request\""),
        (
            format!("access_token={TOKEN}&access_token={TOKEN}"),
            400,
            "Bearer realm=\"api\", error=\"invalid_request\"",
        ),
        (format!("access_token[]={TOKEN}"), 401, "Bearer realm=\"api\""),
    ] {
        for path in ["/socket", "/events"] {
            let (refused, headers) = open(address, &format!("{path}?{query}"), None).await.unwrap_err();
            assert_eq!(refused, status, "{path} {query}");
            assert_eq!(headers["www-authenticate"], challenge, "{path} {query}");
            assert_eq!(headers["cache-control"], "no-store");
            assert!(!headers.contains_key("upgrade") && !headers.contains_key("sec-websocket-accept"));
        }
    }
}

#[tokio::test]
async fn a_websocket_over_plain_http_is_refused_before_the_upgrade() {
    let layer = AuthenticateLayer::new(dialect::OPENDATASOFT, one_of_each_kind(), transport::from_acceptor());
    let address = serve(app(layer).layer(axum::Extension(PlainConnection))).await;
    let (refused, headers) = open(address, &format!("/socket?access_token={TOKEN}"), None).await.unwrap_err();
    assert_eq!(refused, 403);
    assert!(!headers.contains_key("www-authenticate"));
}

/// Rows of other platforms, and a router around this one: `OriginalUri` has the nest's prefix and
/// no token.
#[tokio::test]
async fn the_token_is_cut_out_of_the_original_target_of_a_nest_too() {
    let nested = Router::new().nest("/v1", app(layer(dialect::USERGRID)));
    let address = serve(nested).await;
    for query in [
        format!("access_token={TOKEN}&room=7"),
        format!("room=7&%61ccess_token={TOKEN}"),
        format!("client_id={ORG_CLIENT}&room=7&client_secret={CLIENT_SECRET}"),
    ] {
        let (mut socket, headers) = open(address, &format!("/v1/socket?{query}"), None).await.unwrap();
        stays_out_of_caches_and_referrers(&headers);
        let greeting = next(&mut socket).await.into_text().unwrap();
        let (_, targets) = greeting.split_once(" at ").unwrap();
        assert_eq!(targets, "/socket?room=7, asked for as /v1/socket?room=7", "{query}");
    }
}

/// Requests like a browser's `EventSource`: with the credential in the query, and the id of the
/// last event.
async fn listen(
    address: SocketAddr,
    query: &str,
    last: Option<&str>,
) -> (StatusCode, HeaderMap, SseStream<Incoming>) {
    let stream = TcpStream::connect(address).await.unwrap();
    let (mut client, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let request =
        Request::get(format!("/events?{query}")).header("host", "x").header("accept", "text/event-stream");
    let request = last.into_iter().fold(request, |request, last| request.header("last-event-id", last));
    let answer = client.send_request(request.body(Empty::<Bytes>::new()).unwrap()).await.unwrap();
    let (parts, body) = answer.into_parts();
    (parts.status, parts.headers, SseStream::new(body))
}

async fn event(events: &mut SseStream<Incoming>) -> Option<sse_stream::Sse> {
    timeout(PATIENCE, events.next()).await.unwrap().map(Result::unwrap)
}

#[tokio::test]
async fn events_go_on_past_the_deadline_and_where_the_connection_was_lost() {
    let address = example().await;
    let query = format!("room=7&access_token={TOKEN}");
    let mut last = None;
    for connection in 0..3 {
        let (status, headers, mut events) = listen(address, &query, last.as_deref()).await;
        assert_eq!(
            (status, &headers["content-type"]),
            (StatusCode::OK, &"text/event-stream".parse().unwrap())
        );
        stays_out_of_caches_and_referrers(&headers);
        let greeting = event(&mut events).await.unwrap().data.unwrap();
        assert_eq!(greeting, "otto at /events?room=7, asked for as /events?room=7");
        sleep(2 * DEADLINE).await;
        for number in 1..=3 {
            let number = connection * 3 + number;
            let event = event(&mut events).await.unwrap();
            assert_eq!(event.data, Some(format!("event {number}")));
            last = event.id;
        }
    }
}

/// A connection is judged when it is opened. The example ends it with the token, and the client
/// cannot reconnect.
#[tokio::test]
async fn a_connection_ends_with_its_token_and_is_not_opened_again() {
    let life = Duration::from_secs(2);
    let address = serve(app(layer_of(dialect::OPENDATASOFT, dying(life)))).await;
    let query = format!("access_token={TOKEN}");
    let (mut socket, _) = open(address, &format!("/socket?{query}"), None).await.unwrap();
    let (status, _, mut events) = listen(address, &query, None).await;
    assert_eq!(status, 200);
    assert!(next(&mut socket).await.is_text() && next(&mut socket).await.is_close());
    let ended = timeout(PATIENCE, async { while event(&mut events).await.is_some() {} }).await;
    assert!(ended.is_ok(), "the events went on");
    let (refused, headers) = open(address, &format!("/socket?{query}"), None).await.unwrap_err();
    assert_eq!(refused, 401);
    assert_eq!(headers["www-authenticate"], "Bearer realm=\"api\", error=\"invalid_token\"");
    assert_eq!(listen(address, &query, Some("1")).await.0, 401);
}
