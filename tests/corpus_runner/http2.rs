//! HTTP/2 with header values exactly as the corpus has them, which includes blanks and unusual
//! bytes.

use std::io;

use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::client::conn::http2;
use hyper::header::{HeaderName, HeaderValue};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::time::{Instant, timeout};

use super::route::Route;
use super::wire::{Answer, PATIENCE};

/// A request of HTTP/2; its headers are `Name: value` lines.
pub(crate) struct Request {
    pub(crate) method: String,
    /// A path, or an absolute target with any scheme.
    pub(crate) target: String,
    pub(crate) lines: Vec<Vec<u8>>,
    pub(crate) body: Vec<u8>,
}

/// Sends a request on a new connection and reads the answer.
pub(crate) async fn exchange(server: &Route, request: Request) -> io::Result<Answer> {
    let answer = timeout(PATIENCE, converse(server, request)).await;
    answer.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

async fn converse(server: &Route, request: Request) -> io::Result<Answer> {
    let stream = server.connect().await?;
    let (mut sender, connection) =
        http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.map_err(io::Error::other)?;
    let connection = tokio::spawn(connection);
    let authority = if request.target.starts_with('/') { "http://portal.example" } else { "" };
    let uri = format!("{authority}{}", request.target);
    let mut sent = hyper::Request::builder().method(request.method.as_str()).uri(uri);
    for line in &request.lines {
        let (name, value) = field(line).expect("`Name: value`");
        sent = sent.header(name, value);
    }
    let sent = sent.body(Full::new(Bytes::from(request.body))).map_err(io::Error::other)?;
    let started = Instant::now();
    let (parts, body) = sender.send_request(sent).await.map_err(io::Error::other)?.into_parts();
    let took = started.elapsed();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes().to_vec();
    connection.abort();
    let headers =
        parts.headers.iter().map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec()));
    Ok(Answer { status: parts.status.as_u16(), headers: headers.collect(), body, took, ..Answer::default() })
}

/// Only one blank after the colon is part of the line; other blanks are part of the value.
fn field(line: &[u8]) -> Option<(HeaderName, HeaderValue)> {
    let colon = line.iter().position(|byte| *byte == b':')?;
    let value = &line[colon + 1..];
    let value = value.strip_prefix(b" ").unwrap_or(value);
    Some((HeaderName::from_bytes(&line[..colon]).ok()?, HeaderValue::from_bytes(value).ok()?))
}
