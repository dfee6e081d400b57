//! A quick check that a PostgreSQL server answers.
//!
//! The verifier waits several seconds for a server that is still starting. At the start of a
//! demonstration, a wrong address should be reported sooner.

use std::io;
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;

use crate::BoxError;

/// The time that the server has for an answer.
const PATIENCE: Duration = Duration::from_millis(900);
/// The question whether the server offers TLS, which comes before any credentials: its length and
/// PostgreSQL's code for it.
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];

/// Waits for the server's first byte, and sends no credentials.
pub(super) async fn check(options: &PgConnectOptions) -> Result<(), BoxError> {
    let (socket, address) = (socket(options), format!("{}:{}", options.get_host(), options.get_port()));
    let answer = async {
        match &socket {
            Some(socket) => ask(UnixStream::connect(socket).await?).await,
            None => ask(TcpStream::connect(&address).await?).await,
        }
    };
    let server = socket.as_ref().unwrap_or(&address);
    match timeout(PATIENCE, answer).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(format!("--database: {server}: {error}").into()),
        Err(_) => Err(format!("--database: {server}: no answer within {PATIENCE:?}").into()),
    }
}

async fn ask(mut server: impl AsyncRead + AsyncWrite + Unpin) -> io::Result<()> {
    server.write_all(&SSL_REQUEST).await?;
    match server.read_u8().await? {
        b'S' | b'N' => Ok(()),
        _ => Err(io::Error::other("this is not a PostgreSQL server")),
    }
}

/// Returns the path of the Unix socket, if the server is reached by one: the driver takes a host
/// with a leading slash for a folder of sockets.
fn socket(options: &PgConnectOptions) -> Option<String> {
    let folder = match options.get_socket() {
        Some(folder) => folder.display().to_string(),
        None => Some(options.get_host()).filter(|host| host.starts_with('/'))?.to_owned(),
    };
    Some(format!("{folder}/.s.PGSQL.{}", options.get_port()))
}
