//! Waiting, with a line about the time that is left.

use std::future::Future;
use std::io::{self, IsTerminal as _, Write as _};
use std::pin::pin;
use std::time::Duration;

use tokio::time::{Instant, interval, timeout_at};

/// Waits for `answer`, and returns `None` if it takes longer than `limit`. While it waits, it
/// writes a line to stderr if that is a terminal.
pub(crate) async fn within<F: Future>(limit: Duration, what: &str, answer: F) -> Option<F::Output> {
    let end = Instant::now() + limit;
    let answer = timeout_at(end, answer);
    if !io::stderr().is_terminal() {
        return answer.await.ok();
    }
    let mut answer = pin!(answer);
    let mut second = interval(Duration::from_secs(1));
    let answer = loop {
        tokio::select! {
            answer = &mut answer => break answer.ok(),
            _ = second.tick() => write(what, end - Instant::now()),
        }
    };
    // Erases the line.
    eprint!("\r\x1b[K");
    answer
}

fn write(what: &str, left: Duration) {
    let seconds = left.as_secs_f64().round();
    eprint!("\r\x1b[K{what}: {seconds} s left");
    let _ = io::stderr().flush();
}
