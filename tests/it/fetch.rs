//! The HTTP port, over real connections on the loopback.
#![cfg(feature = "reqwest")]

use std::time::Duration;

use axum::Router;
use axum::response::Redirect;
use axum::routing::{get, post};
use bytes::Bytes;
use http::Request;
use tower_principal::fetch::{Fetch as _, FetchError, HttpClient, InvalidHttpClient};

/// A server on the loopback; its address.
async fn serve() -> String {
    let app = Router::new()
        .route("/here", get(Redirect::temporary("/keys")))
        .route("/keys", get(|| async { "0123456789" }))
        .route("/echo", post(|body: Bytes| async { body }))
        .route("/hang", get(std::future::pending::<()>));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async { axum::serve(listener, app).await });
    format!("http://{address}")
}

fn ask(url: String) -> Request<Bytes> {
    Request::get(url).body(Bytes::new()).unwrap()
}

fn plain() -> HttpClient {
    HttpClient::builder().timeout(Duration::from_millis(300)).danger_allow_http().build().unwrap()
}

#[tokio::test]
async fn an_answer_is_collected_and_a_redirect_is_one() {
    let (server, client) = (serve().await, plain());
    let answer = client.fetch(ask(format!("{server}/keys")), 10).await.unwrap();
    assert_eq!((answer.status().as_u16(), &answer.body()[..]), (200, &b"0123456789"[..]));
    let moved = client.fetch(ask(format!("{server}/here")), 10).await.unwrap();
    assert_eq!((moved.status().as_u16(), moved.headers()["location"].as_bytes()), (307, &b"/keys"[..]));
    let echo = Request::post(format!("{server}/echo")).body(Bytes::from_static(b"hi")).unwrap();
    assert_eq!(client.fetch(echo, 10).await.unwrap().body(), "hi");
}

#[tokio::test]
async fn what_is_too_large_or_too_late_is_no_answer() {
    let (server, client) = (serve().await, plain());
    assert_eq!(client.fetch(ask(format!("{server}/keys")), 9).await.err(), Some(FetchError::TooLarge));
    assert_eq!(client.fetch(ask(format!("{server}/hang")), 9).await.err(), Some(FetchError::TimedOut));
    let nobody = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let refused = client.fetch(ask(format!("http://{nobody}/")), 9).await.err();
    assert_eq!(refused, Some(FetchError::Failed(std::io::ErrorKind::ConnectionRefused)));
}

#[tokio::test]
async fn plain_http_is_not_spoken_unless_asked_for() {
    let server = serve().await;
    let client = HttpClient::new().unwrap();
    assert_eq!(client.fetch(ask(format!("{server}/keys")), 10).await.err(), Some(FetchError::Insecure));
}

#[test]
fn an_authority_that_cannot_be_read_is_an_error() {
    let builder =
        HttpClient::builder().authority("-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n");
    assert!(matches!(builder.build(), Err(InvalidHttpClient { .. })));
}
