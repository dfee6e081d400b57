//! A small HTTP/1.1 client that shows everything: one connection, kept alive, and the bytes that
//! came back on it.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::{Buf as _, Bytes, BytesMut};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

pub(crate) struct Connection {
    pub(crate) stream: TcpStream,
    buffer: BytesMut,
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// The value in seconds, if the answer has the header.
    pub(crate) retry_after: Option<u64>,
    /// True if the server closes the connection after the answer.
    pub(crate) closes: bool,
    pub(crate) body: Bytes,
}

/// The time limit for an answer in any experiment.
const PATIENCE: Duration = Duration::from_secs(40);

impl Connection {
    pub(crate) async fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: BytesMut::new() })
    }

    /// Sends a request and waits for its answer.
    pub(crate) async fn ask(&mut self, request: &[u8]) -> io::Result<Answer> {
        self.stream.write_all(request).await?;
        self.answer().await
    }

    /// Returns the next answer.
    pub(crate) async fn answer(&mut self) -> io::Result<Answer> {
        timeout(PATIENCE, self.read()).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
    }

    async fn read(&mut self) -> io::Result<Answer> {
        loop {
            if let Some(end) = memchr::memmem::find(&self.buffer, b"\r\n\r\n") {
                return self.read_body(end + 4).await;
            }
            self.more().await?;
        }
    }

    async fn read_body(&mut self, head: usize) -> io::Result<Answer> {
        let broken = || io::Error::from(io::ErrorKind::InvalidData);
        let text = str::from_utf8(&self.buffer[..head]).map_err(|_| broken())?;
        let status = text.get(9..12).and_then(|status| status.parse().ok()).ok_or_else(broken)?;
        let header = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok());
        let length = usize::try_from(header("content-length:").unwrap_or(0_u64)).map_err(|_| broken())?;
        let retry_after = header("retry-after:");
        let closes = text.lines().any(|line| line == "connection: close");
        while self.buffer.len() < head + length {
            self.more().await?;
        }
        self.buffer.advance(head);
        Ok(Answer { status, retry_after, closes, body: self.buffer.split_to(length).freeze() })
    }

    async fn more(&mut self) -> io::Result<()> {
        match self.stream.read_buf(&mut self.buffer).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }
}

/// Returns a GET request; `lines` are further header lines, each with its line end.
pub(crate) fn get(path: &str, lines: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: x\r\n{lines}\r\n").into_bytes()
}

pub(crate) fn post(path: &str) -> Vec<u8> {
    format!("POST {path} HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n").into_bytes()
}

/// Returns a GET request with an access token.
pub(crate) fn with_token(path: &str, token: &str) -> Vec<u8> {
    get(path, &format!("authorization: Bearer {token}\r\n"))
}

/// Opens many connections, a few at a time, because the server's queue of unaccepted connections is
/// short.
pub(crate) async fn open_many(address: SocketAddr, count: usize) -> Vec<Connection> {
    let mut connections = Vec::with_capacity(count);
    while connections.len() < count {
        let batch = 250.min(count - connections.len());
        let opening = futures_util::future::join_all((0..batch).map(|_| Connection::open(address)));
        connections.extend(opening.await.into_iter().map(|connection| connection.expect("a connection")));
        sleep(Duration::from_millis(5)).await;
    }
    connections
}
