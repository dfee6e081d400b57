//! HTTP/1.1 byte for byte: sends requests that no client library would, and reads the answers.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, ReadHalf, WriteHalf, split};
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep, timeout};

use super::case::Mode;
use super::route::{Connection, Route};

type Receiver = ReadHalf<Box<dyn Connection>>;
type Sender = WriteHalf<Box<dyn Connection>>;

/// A request in bytes. Its body is separate because it may be sent slowly.
pub(crate) struct Message {
    pub(crate) head: Vec<u8>,
    pub(crate) body: Vec<u8>,
}

/// An answer.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// The names are in lower case.
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) body: Vec<u8>,
    /// True if `100 Continue` came first.
    pub(crate) continued: bool,
    /// The time from the request's head to the answer's head.
    pub(crate) took: Duration,
    /// True if any bytes came after the answer.
    pub(crate) excess: bool,
}

/// The time limit for an answer.
pub(crate) const PATIENCE: Duration = Duration::from_secs(15);
/// The time limit for a server to close after `Connection: close`.
const CLOSING: Duration = Duration::from_secs(2);

/// Sends a request on a new connection and reads the only answer.
pub(crate) async fn exchange(
    server: &Route,
    message: Message,
    mode: Mode,
    head_only: bool,
) -> io::Result<Answer> {
    let (receiver, sender) = split(server.connect().await?);
    let (asked_on, goes_on) = oneshot::channel();
    let started = Instant::now();
    // A server that has already refused may close, so a failure to send the rest is ignored.
    let sending = tokio::spawn(async move { send(sender, message, mode, goes_on).await });
    let receiving = receive(receiver, asked_on, started, head_only);
    let answer = timeout(PATIENCE, receiving).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
    sending.abort();
    answer
}

/// Returns the sending half: dropping it would close that direction.
async fn send(
    mut sender: Sender,
    message: Message,
    mode: Mode,
    goes_on: oneshot::Receiver<()>,
) -> io::Result<Sender> {
    let Message { head, body } = message;
    match mode {
        Mode::Http1 | Mode::Http2 => {
            sender.write_all(&[head, body].concat()).await?;
            sender.flush().await?;
        }
        Mode::Drip => slowly(&mut sender, &head, &body, Duration::from_secs(1)).await?,
        Mode::Trickle => slowly(&mut sender, &head, &body, Duration::from_millis(50)).await?,
        Mode::Continue => {
            sender.write_all(&head).await?;
            if goes_on.await.is_ok() {
                sender.write_all(&body).await?;
            }
        }
    }
    sleep(PATIENCE).await;
    Ok(sender)
}

async fn slowly(sender: &mut Sender, head: &[u8], body: &[u8], pause: Duration) -> io::Result<()> {
    sender.write_all(head).await?;
    for byte in body {
        sleep(pause).await;
        sender.write_all(&[*byte]).await?;
    }
    Ok(())
}

async fn receive(
    mut receiver: Receiver,
    asked_on: oneshot::Sender<()>,
    started: Instant,
    head_only: bool,
) -> io::Result<Answer> {
    let mut bytes = Vec::new();
    let mut answer = head(&mut receiver, &mut bytes).await?;
    if answer.status == 100 {
        let _ = asked_on.send(());
        answer = Answer { continued: true, ..head(&mut receiver, &mut bytes).await? };
    }
    answer.took = started.elapsed();
    let length = if head_only { Some(0) } else { answer.length() };
    while length.is_none_or(|length| bytes.len() < length) {
        if receiver.read_buf(&mut bytes).await? == 0 {
            break;
        }
    }
    if length.is_some_and(|length| bytes.len() < length) {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    // A server that has not read the whole request resets the connection after a complete answer.
    let _ = timeout(CLOSING, receiver.read_to_end(&mut bytes)).await;
    let behind = bytes.split_off(length.unwrap_or(bytes.len()));
    Ok(Answer { body: bytes, excess: !behind.is_empty(), ..answer })
}

/// Reads the next head; `bytes` keeps the bytes after it.
async fn head(receiver: &mut Receiver, bytes: &mut Vec<u8>) -> io::Result<Answer> {
    let end = loop {
        if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break at + 4;
        }
        if receiver.read_buf(bytes).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    };
    let behind = bytes.split_off(end);
    let head = std::mem::replace(bytes, behind);
    parse(&head).ok_or_else(|| io::ErrorKind::InvalidData.into())
}

fn parse(head: &[u8]) -> Option<Answer> {
    let mut lines = head.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let status = std::str::from_utf8(lines.next()?.strip_prefix(b"HTTP/1.")?.get(2..5)?).ok()?;
    let fields = lines.take_while(|line| !line.is_empty()).map(|line| {
        let colon = line.iter().position(|byte| *byte == b':')?;
        let name = String::from_utf8(line[..colon].to_ascii_lowercase()).ok()?;
        Some((name, line[colon + 1..].trim_ascii().to_vec()))
    });
    Some(Answer {
        status: status.parse().ok()?,
        headers: fields.collect::<Option<_>>()?,
        ..Answer::default()
    })
}

impl Answer {
    /// Returns every value of a header.
    pub(crate) fn all(&self, name: &str) -> Vec<&[u8]> {
        self.headers.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_slice()).collect()
    }

    fn length(&self) -> Option<usize> {
        match self.all("content-length")[..] {
            [length] => std::str::from_utf8(length).ok()?.parse().ok(),
            _ => None,
        }
    }
}
