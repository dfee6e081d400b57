//! A case in the form in which it is sent, and its answer.

use super::case::{Case, Mode};
use super::http2;
use super::route::Route;
use super::template::Filler;
use super::wire::{self, Answer, Message};

/// The secrets in a request, and the answer to it.
pub(crate) struct Sent {
    pub(crate) secrets: Vec<Vec<u8>>,
    pub(crate) body: Vec<u8>,
    pub(crate) answer: Result<Answer, String>,
}

/// Fills in a case and sends it.
pub(crate) async fn send(case: &Case, mut filler: Filler<'_>, route: &Route) -> Sent {
    let body = filler.fill(&case.body);
    let answer = if case.mode == Mode::Http2 {
        let lines = case.headers.iter().map(|line| filler.fill(line)).collect();
        let target = String::from_utf8(filler.fill(&case.target)).expect("HTTP/2 targets are text");
        let (method, target) = target.split_once(' ').expect("METHOD TARGET");
        let (method, target) = (method.to_owned(), target.to_owned());
        http2::exchange(route, http2::Request { method, target, lines, body: body.clone() }).await
    } else {
        let message = message(case, &case.headers, &mut filler, body.clone());
        wire::exchange(route, message, case.mode, case.method() == "HEAD").await
    };
    Sent { secrets: filler.secrets().to_vec(), body, answer: answer.map_err(|error| error.to_string()) }
}

/// Returns the request with these header lines, or the raw request of the case.
pub(crate) fn message(case: &Case, headers: &[String], filler: &mut Filler<'_>, body: Vec<u8>) -> Message {
    if !case.raw.is_empty() {
        return Message { head: filler.fill(&case.raw.join("\\r\\n")), body };
    }
    let framed = |line: &String| {
        let name = line.split(':').next().unwrap_or_default().to_ascii_lowercase();
        matches!(name.as_str(), "content-length" | "transfer-encoding")
    };
    let mut lines = vec![format!("{} HTTP/1.1", case.target), "Host: portal.example".to_owned()];
    lines.extend(headers.iter().cloned());
    if !body.is_empty() && !headers.iter().any(framed) {
        lines.push(format!("Content-Length: {}", body.len()));
    }
    lines.push("Connection: close\\r\\n\\r\\n".to_owned());
    Message { head: filler.fill(&lines.join("\\r\\n")), body }
}
