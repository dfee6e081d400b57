//! Sends each case to whom it asks and judges what comes back.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tower_principal::MemoryVerifier;

use super::answers::{Answers, Asked, Outcome, equal};
use super::case::{Case, Mode};
use super::fixture::{self, Fixture};
use super::http2;
use super::leak;
use super::portal::Portal;
use super::template::Filler;
use super::wire::{self, Answer, Message};

/// What the cases are run against.
pub(crate) struct Bench {
    portal: Portal,
    accounts: Arc<MemoryVerifier>,
    answers: Answers,
    seen: Mutex<Seen>,
}

/// What only all answers together tell.
#[derive(Default)]
struct Seen {
    /// Every secret that was sent to the portal.
    secrets: Vec<Vec<u8>>,
    /// The first refusal of each kind, and whose it was: all others must be the same bytes.
    refusals: BTreeMap<String, (String, String)>,
}

impl Bench {
    pub(crate) async fn start() -> Self {
        let accounts = tokio::task::spawn_blocking(fixture::accounts).await.unwrap();
        let portal = Portal::start().await;
        Self { portal, accounts, answers: Answers::load(), seen: Mutex::default() }
    }

    /// Runs one case; the failures it had.
    pub(crate) async fn judge(&self, case: &Case) -> Vec<String> {
        let mut failures = Vec::new();
        if !case.expect.is_empty() {
            let sent = send(case, self.filler(case), self.portal.address).await;
            failures.extend(self.failure(case, "portal", &case.expect, sent));
        }
        if !case.fixture.is_empty() {
            let fixture = Fixture::start(Arc::clone(&self.accounts)).await;
            let sent = send(case, self.filler(case), fixture.address).await;
            failures.extend(self.failure(case, "fixture", &case.fixture, sent));
            if let Some(lookups) = case.lookups.filter(|lookups| *lookups != fixture.lookups()) {
                let asked = fixture.lookups();
                failures.push(format!("{} (fixture): {lookups} look-ups expected, {asked} made", case.id));
            }
        }
        failures
    }

    /// Ends the portal, and looks for secrets in all it logged and counted.
    pub(crate) async fn finish(self) -> Vec<String> {
        let secrets = self.seen.into_inner().unwrap().secrets;
        let mut metrics = self.portal.ask("GET /metrics", &[]).await.body;
        let mut log = match self.portal.stop().await {
            Ok(said) if said.printed.ends_with("\nready\n") => said.log,
            Ok(_) => return vec!["the portal printed more than its start".to_owned()],
            Err(failure) => return vec![failure],
        };
        if log.is_empty() || metrics.is_empty() {
            return vec!["the portal logged or counted nothing".to_owned()];
        }
        log.append(&mut metrics);
        let leaked = tokio::task::spawn_blocking(move || leak::all(&log, &secrets)).await.unwrap();
        leaked.into_iter().map(|secret| format!("the portal's log or metrics hold {secret}")).collect()
    }

    fn filler(&self, case: &Case) -> Filler<'_> {
        Filler::new(&self.portal.credentials, &case.id)
    }

    fn failure(&self, case: &Case, server: &str, expected: &str, sent: Sent) -> Option<String> {
        let judged = self.check(case, server, expected, &sent);
        if server == "portal" {
            self.seen.lock().unwrap().secrets.extend(sent.secrets);
        }
        let reason = judged.err()?;
        let got = sent.answer.map_or_else(|error| error, |answer| answer.summary());
        Some(format!("{} ({server}): expected {expected}: {reason}; got {got}; {}", case.id, case.note))
    }

    fn check(&self, case: &Case, server: &str, expected: &str, sent: &Sent) -> Result<(), String> {
        let answer = sent.answer.as_ref().map_err(|error| format!("no answer: {error}"))?;
        let (name, dialect) = self.answers.dialect(case.dialect.as_deref(), case.path());
        let origin = (server == "portal").then(|| self.portal.origin());
        let asked = Asked { method: case.method(), origin: origin.as_deref() };
        let check = |outcome| self.answers.check(outcome, dialect, asked, answer).map(|()| outcome);
        let mut judged: Vec<_> = Outcome::all(expected).map(check).collect();
        let at = judged.iter().position(Result::is_ok).unwrap_or_default();
        let matched = judged.swap_remove(at)?;
        if let Outcome::Passes(_) = matched {
            self.identity(case, sent, answer)?;
        }
        if server == "portal" && case.mode != Mode::Http2 && matches!(matched, Outcome::Refused(..)) {
            let kind = format!("{name} {matched:?} {}", case.method() == "HEAD");
            self.same_bytes(kind, &case.id, answer)?;
        }
        equal("asked for the body", &answer.continued, &case.continues)?;
        equal("a second answer", &answer.excess, &false)?;
        let took = u64::try_from(answer.took.as_millis()).unwrap_or(u64::MAX);
        if !(case.after..=case.within).contains(&took) {
            return Err(format!("took {took} ms, not {} to {} ms", case.after, case.within));
        }
        match leak::find(&answer.whole(), &sent.secrets) {
            Some(secret) => Err(format!("a secret came back: {}", String::from_utf8_lossy(secret))),
            None => Ok(()),
        }
    }

    /// What `whoami` says beside the kind.
    fn identity(&self, case: &Case, sent: &Sent, answer: &Answer) -> Result<(), String> {
        for (key, expected) in &case.who {
            let expected = self.expected(case, key, expected, sent);
            equal(key, &answer.json()?[key], &expected)?;
        }
        Ok(())
    }

    fn expected(&self, case: &Case, key: &str, expected: &toml::Value, sent: &Sent) -> Value {
        match (key, expected) {
            ("body", _) => fixture::hash(&sent.body).into(),
            (_, toml::Value::String(text)) if text == "null" => Value::Null,
            (_, toml::Value::String(text)) => {
                let filled = Filler::new(&self.portal.credentials, &case.id).fill(text);
                String::from_utf8_lossy(&filled).into()
            }
            (_, other) => serde_json::to_value(other).unwrap(),
        }
    }

    /// Answers to requests that differ in a secret alone tell nothing apart.
    fn same_bytes(&self, kind: String, id: &str, answer: &Answer) -> Result<(), String> {
        let bytes = answer.bytes();
        let mut seen = self.seen.lock().unwrap();
        let (first, expected) = seen.refusals.entry(kind).or_insert_with(|| (id.to_owned(), bytes.clone()));
        if *expected == bytes {
            Ok(())
        } else {
            Err(format!("{first} was refused with {expected}, this with {bytes}"))
        }
    }
}

/// What was sent, and what came back.
pub(crate) struct Sent {
    secrets: Vec<Vec<u8>>,
    body: Vec<u8>,
    pub(crate) answer: Result<Answer, String>,
}

/// Sends a case, filled in.
pub(crate) async fn send(case: &Case, mut filler: Filler<'_>, server: SocketAddr) -> Sent {
    let body = filler.fill(&case.body);
    let answer = if case.mode == Mode::Http2 {
        let lines = case.headers.iter().map(|line| filler.fill(line)).collect();
        let target = String::from_utf8(filler.fill(&case.target)).expect("HTTP/2 targets are text");
        let (method, path) = target.split_once(' ').expect("METHOD PATH");
        let (method, path) = (method.to_owned(), path.to_owned());
        http2::exchange(server, http2::Request { method, path, lines, body: body.clone() }).await
    } else {
        let message = message(case, &mut filler, body.clone());
        wire::exchange(server, message, case.mode, case.method() == "HEAD").await
    };
    Sent { secrets: filler.secrets().to_vec(), body, answer: answer.map_err(|error| error.to_string()) }
}

fn message(case: &Case, filler: &mut Filler<'_>, body: Vec<u8>) -> Message {
    if !case.raw.is_empty() {
        return Message { head: filler.fill(&case.raw.join("\\r\\n")), body };
    }
    let framed = |line: &String| {
        let name = line.split(':').next().unwrap_or_default().to_ascii_lowercase();
        matches!(name.as_str(), "content-length" | "transfer-encoding")
    };
    let mut lines = vec![format!("{} HTTP/1.1", case.target), "Host: portal.example".to_owned()];
    lines.extend(case.headers.iter().cloned());
    if !body.is_empty() && !case.headers.iter().any(framed) {
        lines.push(format!("Content-Length: {}", body.len()));
    }
    lines.push("Connection: close\\r\\n\\r\\n".to_owned());
    Message { head: filler.fill(&lines.join("\\r\\n")), body }
}

impl Answer {
    /// Everything but what tells of the connection, the route or the time, in a stable order.
    pub(crate) fn bytes(&self) -> String {
        let mut headers: Vec<String> = self
            .headers
            .iter()
            .filter(|(name, _)| !["allow", "connection", "date"].contains(&name.as_str()))
            .map(|(name, value)| format!("{name}: {}", String::from_utf8_lossy(value)))
            .collect();
        headers.sort();
        format!("{} {headers:?} {:?}", self.status, String::from_utf8_lossy(&self.body))
    }

    /// Every byte that came but those of the status line.
    pub(crate) fn whole(&self) -> Vec<u8> {
        let line = |(name, value): &(String, Vec<u8>)| [name.as_bytes(), b": ", value, b"\n"].concat();
        self.headers.iter().flat_map(line).chain(self.body.iter().copied()).collect()
    }

    fn summary(&self) -> String {
        let challenges: Vec<_> = self
            .all("www-authenticate")
            .iter()
            .map(|line| String::from_utf8_lossy(line).into_owned())
            .collect();
        let body: String = String::from_utf8_lossy(&self.body).chars().take(160).collect();
        format!("{} {challenges:?} {body}", self.status)
    }
}
