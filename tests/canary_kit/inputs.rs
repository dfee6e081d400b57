//! Every input of the corpus with canaries in place of secrets, and inputs that would forge lines
//! in a log.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::Value;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::needles::Canaries;
use crate::corpus_runner::case::{self, Case, Mode};
use crate::corpus_runner::route::Route;
use crate::corpus_runner::sent::send;
use crate::corpus_runner::template::{self, Filler};
use crate::corpus_runner::wire::{self, Answer, Message};

/// The number of concurrent requests.
const AT_ONCE: usize = 8;
/// Header lines that contain secrets, in lower case.
const SECRET_HEADERS: [&str; 5] =
    ["authorization:", "cookie:", "proxy-authorization:", "x-api-key:", "x-app-token:"];
/// Parameters that contain secrets, in a query, a form or JSON. Every name of a token ends like the
/// first.
const SECRET_PARAMETERS: [&str; 9] = [
    "token=",
    "apikey=",
    "client_secret=",
    "password=",
    "code=",
    "code_verifier=",
    "client_secret\":\"",
    "password\":\"",
    "token\":\"",
];

/// Sends the whole corpus with fresh canaries. Returns the answers by the ids of the cases.
pub(crate) async fn drive(
    server: &Route,
    demo: &Value,
    canaries: &Arc<Canaries>,
) -> BTreeMap<String, Result<Answer, String>> {
    let permits = Arc::new(Semaphore::new(AT_ONCE));
    let mut runs = JoinSet::new();
    for case in case::load() {
        let (case, credentials) = (planted(case), replaced(demo, canaries));
        let (canary, permits, server) = (canaries.fresh(), Arc::clone(&permits), server.clone());
        runs.spawn(async move {
            let _permit = permits.acquire().await.unwrap();
            let filler = Filler::with_canary(&credentials, canary);
            let answer = send(&case, filler, &server).await.answer;
            (case.id, answer)
        });
    }
    runs.join_all().await.into_iter().collect()
}

/// Returns the demo credentials with a canary in place of every secret.
fn replaced(demo: &Value, canaries: &Canaries) -> Value {
    match demo {
        Value::Object(members) => {
            let member = |(name, value): (&String, &Value)| {
                let public = value.is_string() && template::PUBLIC.contains(&name.as_str());
                let value = if public { value.clone() } else { replaced(value, canaries) };
                (name.clone(), value)
            };
            Value::Object(members.iter().map(member).collect())
        }
        Value::Array(items) => items.iter().map(|item| replaced(item, canaries)).collect(),
        Value::String(_) => canaries.fresh().into(),
        other => other.clone(),
    }
}

/// Replaces each secret of a case by a canary.
fn planted(mut case: Case) -> Case {
    // The answers of steps do not exist here.
    for text in case.headers.iter_mut().chain([&mut case.target, &mut case.body]) {
        while let Some(start) = text.find("{{step.") {
            let length = text[start..].find("}}").expect("a placeholder ends") + 2;
            text.replace_range(start..start + length, "{{canary}}");
        }
    }
    for line in case.headers.iter_mut().chain(&mut case.raw) {
        let start = line.to_ascii_lowercase();
        if SECRET_HEADERS.iter().any(|name| start.starts_with(name)) && !line.contains("{{") {
            line.push_str("{{canary}}");
        }
    }
    // Bytes after the end of `Content-Length` would be a second request.
    let framed = case.headers.iter().any(|line| line.to_ascii_lowercase().starts_with("content-length"));
    let texts = [Some(&mut case.target), Some(&mut case.body).filter(|_| !framed)];
    for text in texts.into_iter().flatten() {
        for name in SECRET_PARAMETERS {
            let mut pieces = text.split(name);
            let start = pieces.next().unwrap_or_default().to_owned();
            *text = pieces.fold(start, |text, value| {
                let canary = if value.starts_with("{{") { "" } else { "{{canary}}" };
                text + name + canary + value
            });
        }
    }
    case
}

/// Sends text that would forge a log line or move the cursor if it were logged without escapes.
/// Returns the number of answers.
pub(crate) async fn inject(server: &Route, canaries: &Canaries) -> usize {
    let mut answered = 0;
    for head in injections(canaries) {
        let message = Message { head, body: Vec::new() };
        answered += usize::from(wire::exchange(server, message, Mode::Http1, false).await.is_ok());
    }
    answered
}

fn injections(canaries: &Canaries) -> Vec<Vec<u8>> {
    let forged =
        |canary: String| format!("{canary}\r\n2026-01-01T00:00:00Z ERROR forged\x1b[2J\u{2028}\u{85}");
    let basic = |id: &str, secret: &str| format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")));
    let jwt = |header: String, claims: String| {
        format!("{}.{}.c2ln", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims))
    };
    let key_id = serde_json::json!({ "alg": "RS256", "typ": "JWT", "kid": forged(canaries.fresh()) });
    let user = serde_json::json!({ "iss": forged(canaries.fresh()), "sub": forged(canaries.fresh()) });
    let percent =
        |canary: String| format!("{canary}%0D%0A2026-01-01T00:00:00Z%20ERROR%20forged%1B%5B2J%C2%85");
    let raw = |canary: String| format!("{canary}\x1b[2J\u{85}");
    let mut lines = vec![
        ("/any/whoami".to_owned(), format!("Authorization: {}", basic(&forged(canaries.fresh()), "pw"))),
        (
            "/socrata/whoami".to_owned(),
            format!("Authorization: {}", basic("user", &forged(canaries.fresh()))),
        ),
        (
            "/geodatahub/whoami".to_owned(),
            format!("Authorization: {}", jwt(key_id.to_string(), user.to_string())),
        ),
        (
            "/geodatahub/whoami".to_owned(),
            format!("Authorization: {}", jwt(user.to_string(), key_id.to_string())),
        ),
    ];
    // Shaped like the platforms' own ids, so that verifiers are asked.
    for name in ["alice@example.org", "b3U6", "\u{202e}gro.elpmaxe@ecila"] {
        let id = format!("{name}{}", canaries.fresh());
        lines.push(("/any/whoami".to_owned(), format!("Authorization: {}", basic(&id, "pw"))));
    }
    for target in
        ["/any/whoami?access_token=", "/acme/weather/whoami?client_secret=x&client_id=", "/acme/sandbox/"]
    {
        lines.push((target.to_owned() + &percent(canaries.fresh()), "Accept: */*".to_owned()));
    }
    let names = [
        "Authorization: Bearer ",
        "X-App-Token: ",
        "User-Agent: ",
        "X-Forwarded-For: ",
        "Origin: ",
        "Accept: ",
    ];
    for name in names {
        lines.push(("/any/whoami".to_owned(), name.to_owned() + &raw(canaries.fresh())));
        lines.push(("/any/whoami".to_owned(), name.to_owned() + &percent(canaries.fresh())));
    }
    let head = |(target, line)| {
        format!("GET {target} HTTP/1.1\r\nHost: portal.example\r\nConnection: close\r\n{line}\r\n\r\n")
            .into_bytes()
    };
    lines.into_iter().map(head).collect()
}
