//! The one-time code that a user enters.

use std::io::{self, BufRead as _, IsTerminal as _, Read as _};
use std::thread;
use std::time::Duration;

use oauth2::AuthorizationCode;
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::error::Error;

/// The maximum length of the line, in bytes.
const LONGEST: u64 = 4_096;

/// Reads the code from stdin, for a limited time.
pub(crate) async fn read(limit: Duration) -> Result<AuthorizationCode, Error> {
    let is_terminal = io::stdin().is_terminal();
    if is_terminal {
        eprint!("Code: ");
    }
    let line = timeout(limit, line()).await;
    if is_terminal && line.is_err() {
        eprintln!();
    }
    let line = line.map_err(|_| Error::NoCode(limit.as_secs()))?;
    let line = line.map_err(|error| Error::Local { what: "cannot read the code", error })?;
    match line.trim() {
        "" => Err(Error::Invalid("no code was entered")),
        code => Ok(AuthorizationCode::new(code.to_owned())),
    }
}

/// Reads a line in a thread of its own, which does not keep the program alive, as a task of the
/// runtime would.
async fn line() -> io::Result<String> {
    let (send, line) = oneshot::channel();
    thread::spawn(move || {
        let mut line = String::new();
        let read = io::stdin().lock().take(LONGEST).read_line(&mut line);
        let _ = send.send(read.map(|_| line));
    });
    line.await.unwrap_or_else(|_| Ok(String::new()))
}
