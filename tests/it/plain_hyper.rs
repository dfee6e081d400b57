//! Hyper without a router and without axum, over TCP, with the body type of its connections.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, Version};
use http_body::Body;
use http_body_util::{BodyExt as _, Empty, Full};
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper::server::conn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tower::{Layer as _, Service, service_fn};
use tower_principal::layer::RequestBody;
use tower_principal::transport::{self, Peer, PlainConnection, SecureConnection};
use tower_principal::{AuthenticateLayer, AuthenticationExt as _, RequireLayer, dialect, policy};

use crate::support::*;

const VERSIONS: [Version; 2] = [Version::HTTP_11, Version::HTTP_2];

/// Serves connections of one version of HTTP, each with a clone of the service.
async fn serve<S, R>(service: S, version: Version) -> SocketAddr
where
    S: Service<Request<Incoming>, Response = Response<R>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
    R: Body<Data = Bytes> + Send + 'static,
    R::Error: Into<axum::BoxError>,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (io, service) = (TokioIo::new(stream), TowerToHyperService::new(service.clone()));
            tokio::spawn(async move {
                let _closed = match version {
                    Version::HTTP_2 => {
                        conn::http2::Builder::new(TokioExecutor::new()).serve_connection(io, service).await
                    }
                    _ => conn::http1::Builder::new().serve_connection(io, service).await,
                };
            });
        }
    });
    address
}

/// Sends one request on a new connection.
async fn ask<B>(address: SocketAddr, version: Version, request: Request<B>) -> Answer
where
    B: Body<Data = Bytes> + Send + Unpin + 'static,
    B::Error: Into<axum::BoxError>,
{
    let io = TokioIo::new(TcpStream::connect(address).await.unwrap());
    let answer = if version == Version::HTTP_2 {
        let (mut client, connection) = http2::handshake(TokioExecutor::new(), io).await.unwrap();
        tokio::spawn(connection);
        client.send_request(request).await
    } else {
        let (mut client, connection) = http1::handshake(io).await.unwrap();
        tokio::spawn(connection);
        client.send_request(request).await
    };
    Answer::of(answer.unwrap()).await
}

fn asking(address: SocketAddr, line: &str) -> Request<Empty<Bytes>> {
    let request = Request::get(format!("http://{address}/things")).header("host", "x");
    let request = if line.is_empty() { request } else { request.header("authorization", line) };
    request.body(Empty::new()).unwrap()
}

#[tokio::test]
async fn both_layers_serve_hyper_without_a_router() {
    for version in VERSIONS {
        let inner = RequireLayer::new(policy::authenticated()).layer(service_fn(greet::<Incoming>));
        let address = serve(layer(dialect::ANY).layer(inner), version).await;
        for (line, status, body) in [
            (bearer(TOKEN), 200, "OAuthUser:otto"),
            (basic(USER, PASSWORD), 200, "BasicUser:alice@example.org"),
            (basic(KEY_ID, KEY_SECRET), 200, "ApiKey:6q8nsfbqnxy2n1mo1aqjjzyr5"),
            (bearer(UNKNOWN_TOKEN), 401, "invalid_token"),
            ("Bearer".to_owned(), 400, "invalid_request"),
            (String::new(), 401, "missing_credentials"),
        ] {
            let answer = ask(address, version, asking(address, &line)).await;
            assert_eq!(answer.status, status, "{version:?} {line} {answer:?}");
            assert!(answer.body.contains(body), "{version:?} {line} {answer:?}");
            assert_eq!(answer.lines("www-authenticate").is_empty(), status == 200, "{answer:?}");
        }
    }
}

/// Returns the caller and the body.
async fn echo(request: Request<RequestBody<Incoming>>) -> Result<Response<Full<Bytes>>, Infallible> {
    let who = name(request.authentication().unwrap());
    let body = request.into_body().collect().await.unwrap().to_bytes();
    Ok(Response::new(Full::from([who.as_bytes(), b" ", &body].concat())))
}

/// Returns a form in two frames, neither of which is the whole form.
fn in_pieces(text: &str) -> http_body_util::combinators::UnsyncBoxBody<Bytes, Infallible> {
    let (first, second) = text.split_at(text.len() / 2);
    let frames = [first, second].map(|part| Ok(http_body::Frame::data(Bytes::from(part.to_owned()))));
    http_body_util::StreamBody::new(futures_util::stream::iter(frames)).boxed_unsync()
}

#[tokio::test]
async fn req_13_hypers_own_body_is_read_for_a_token_and_handed_on_whole() {
    for version in VERSIONS {
        let layer = layer(dialect::ANY).with_form_body(1024, Duration::from_secs(5));
        let address = serve(layer.layer(service_fn(echo)), version).await;
        let token = format!("access_token={TOKEN}&more=%20x");
        let long = format!("access_token={TOKEN}&{}", "x".repeat(1024));
        for (line, body, status, expected) in [
            ("", &*token, 200, format!("OAuthUser:otto {token}")),
            ("", "access_token=nobody", 401, "invalid_token".to_owned()),
            ("", "access_token=a&access_token=b", 400, "invalid_request".to_owned()),
            ("", "more=1", 401, "missing_credentials".to_owned()),
            ("", &*long, 413, "invalid_request".to_owned()),
            // The credential in the head decides, and the body belongs to the handler.
            (&*basic(USER, PASSWORD), &*long, 200, format!("BasicUser:{USER} {long}")),
        ] {
            let request = Request::post(format!("http://{address}/"))
                .header("host", "x")
                .header("content-type", "application/x-www-form-urlencoded");
            let request = if line.is_empty() { request } else { request.header("authorization", line) };
            let answer = ask(address, version, request.body(in_pieces(body)).unwrap()).await;
            assert_eq!(answer.status, status, "{version:?} {body} {answer:?}");
            assert!(answer.body.contains(&expected), "{version:?} {body} {answer:?}");
        }
    }
}

/// REQ-33 and REQ-35: the acceptor's marker decides. The target's scheme, which HTTP/2 always
/// sends, is only the client's claim. The refusal neither redirects nor asks for the credential
/// again.
#[tokio::test]
async fn req_33_and_req_35_the_socket_decides_whether_a_connection_is_secure() {
    #[derive(Clone, Copy, Debug, PartialEq)]
    enum Marked {
        Secure,
        Plain,
        Nothing,
    }
    for version in VERSIONS {
        for marked in [Marked::Secure, Marked::Plain, Marked::Nothing] {
            let layer = AuthenticateLayer::new(dialect::ANY, one_of_each_kind(), transport::from_acceptor());
            let acceptor = tower::util::MapRequestLayer::new(move |mut request: Request<Incoming>| {
                match marked {
                    Marked::Secure => _ = request.extensions_mut().insert(SecureConnection),
                    Marked::Plain => _ = request.extensions_mut().insert(PlainConnection),
                    Marked::Nothing => {}
                }
                request.extensions_mut().insert(Peer(([127, 0, 0, 1], 4711).into()));
                request
            });
            let address = serve(acceptor.layer(layer.layer(service_fn(greet::<Incoming>))), version).await;
            let mut request = asking(address, &bearer(TOKEN));
            *request.uri_mut() = format!("https://{address}/things").parse().unwrap();
            request.headers_mut().insert("x-forwarded-proto", "https".parse().unwrap());
            let answer = ask(address, version, request).await;
            if marked == Marked::Secure {
                assert_eq!(answer.status, 200, "{version:?} {answer:?}");
                continue;
            }
            assert_eq!(answer.status, 403, "{version:?} {marked:?} {answer:?}");
            assert!(answer.body.contains("https_required"), "{answer:?}");
            for header in ["www-authenticate", "location"] {
                assert!(answer.lines(header).is_empty(), "{header} {answer:?}");
            }
            let closes = if version == Version::HTTP_2 { &[][..] } else { &["close"] };
            assert_eq!(answer.lines("connection"), closes);
        }
    }
}
