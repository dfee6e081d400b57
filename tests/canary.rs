//! Secrets stay secret: canaries in every input, searched for in every output.
//!
//! The real portal gets the whole corpus with canaries in place of secrets, while every crate logs
//! at its finest level. The library gets them in this process, while everything around it fails.
//! Then the output, the log, the metrics and every byte of every answer are searched, in every
//! usual encoding. Intentional leaks test that the search finds canaries.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod canary_kit;
#[allow(dead_code, reason = "the corpus needs more of it")]
mod corpus_runner;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use static_assertions::assert_not_impl_any;
use tower_principal::{
    AuthenticateLayer, Credential, OAuthUser, Pair, Principal, Secret, Verifier as _, VerifyError, dialect,
    transport, verify,
};

use canary_kit::capture;
use canary_kit::faults::{self, DIALECTS, FAULTS};
use canary_kit::needles::Canaries;
use canary_kit::{inputs, labels, shown as debug};
use corpus_runner::portal::{Portal, Said, database};
use corpus_runner::wire::Answer;
use corpus_runner::{leak, template};

assert_not_impl_any!(
    Secret<'static>: std::fmt::Display, serde::Serialize, Clone, PartialEq, PartialOrd, std::hash::Hash,
    std::ops::Deref, AsRef<str>, AsRef<[u8]>, Into<String>
);
assert_not_impl_any!(
    Pair<'static>: std::fmt::Display, serde::Serialize, Clone, PartialEq, std::hash::Hash, std::ops::Deref, AsRef<str>
);
assert_not_impl_any!(Credential<'static>: std::fmt::Display, serde::Serialize, Clone, PartialEq);

#[tokio::test(flavor = "multi_thread")]
async fn the_portal_shows_no_canary_of_any_input() {
    let portal = Portal::start("assumed").await;
    let (first, second) = (Arc::new(Canaries::new()), Arc::new(Canaries::new()));
    let names = Canaries::new();
    let answers = inputs::drive(&portal.http, &portal.credentials, &first).await;
    let others = inputs::drive(&portal.http, &portal.credentials, &second).await;
    let injected = inputs::inject(&portal.http, &names).await;
    let metrics = metrics(&portal).await;
    let kept = kept(&portal);
    let secrets = secrets(&portal.credentials);
    let said = portal.stop().await.unwrap();

    let mut failures: Vec<String> =
        leak::all(&kept, &secrets).iter().map(|_| "the database has a demo secret".to_owned()).collect();
    for canaries in [&first, &second] {
        failures.extend(canaries.find("the database", &kept));
    }
    // The database has hashes and user names instead.
    let found = |text: &[u8]| kept.windows(text.len()).any(|window| window == text);
    assert!(secrets.len() > 70 && found(b"$argon2id$") && found(b"alice@example.org"), "{}", secrets.len());
    for canaries in [&first, &second] {
        failures.extend(shown(canaries, answers.iter().chain(&others), &metrics, &said));
    }
    // Refusals of requests that differ only in a secret are identical.
    let mut compared = 0;
    for (id, answer) in &answers {
        let (Ok(answer), Ok(other)) = (answer, &others[id]) else { continue };
        // On a busy machine some password checks come late, and new entities have new names.
        if answer.status == 503 || other.status == 503 || (answer.status, other.status) == (200, 200) {
            continue;
        }
        compared += 1;
        let (answer, other) = (answer.bytes(), other.bytes());
        if answer != other {
            failures.push(format!("{id} was refused in two ways: {answer} and {other}"));
        }
    }
    // Names, paths and other headers of refused requests are not secret, but they do not belong in
    // a log.
    failures.extend(names.find("the log", &said.log));
    failures.extend(labels::strange(&metrics).into_iter().map(|label| format!("the label {label}")));
    failures
        .extend(broken_lines(&said.log).into_iter().map(|line| format!("a broken line in the log: {line}")));
    assert!(failures.is_empty(), "{} failures:\n  {}", failures.len(), failures.join("\n  "));

    // The search had enough input.
    let answered = answers.values().filter(|answer| answer.is_ok()).count();
    assert!(answered * 100 >= answers.len() * 98, "{answered} of {} requests were answered", answers.len());
    assert!(compared > 550, "{compared} refusals were compared");
    assert!(first.made() > 5_000 && injected > 10, "{} canaries, {injected} injections", first.made());
    let log = String::from_utf8_lossy(&said.log);
    for word in ["TRACE", "tower_principal::audit", "h2::", "request refused"] {
        assert!(log.contains(word), "the log has no {word}");
    }
    assert!(labels::samples(&metrics).len() > 30, "{metrics}");
}

/// This portal refuses every credential over plain http, and may revoke its token.
#[tokio::test(flavor = "multi_thread")]
async fn the_portal_shows_no_canary_that_came_over_plain_http() {
    let portal = Portal::start("plain").await;
    let canaries = Arc::new(Canaries::new());
    let answers = inputs::drive(&portal.http, &portal.credentials, &canaries).await;
    let metrics = metrics(&portal).await;
    let said = portal.stop().await.unwrap();
    let failures = shown(&canaries, answers.iter(), &metrics, &said);
    assert!(failures.is_empty(), "{} failures:\n  {}", failures.len(), failures.join("\n  "));

    let refused = String::from_utf8_lossy(&said.log).matches("kind=\"insecure_transport\"").count();
    assert!(refused > 200, "{refused} were refused for their transport");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_failure_shows_a_canary() {
    capture::listen();
    let canaries = Canaries::new();
    let mut failures = Vec::new();
    let mut asked = 0;
    for dialect in DIALECTS {
        for fault in FAULTS {
            for is_plain in [false, true] {
                let service = faults::service(dialect.clone(), fault);
                for request in faults::requests(&canaries, dialect.name) {
                    let place =
                        format!("{} {fault:?} {} {}", dialect.name, request.method(), request.uri().path());
                    let answer = faults::answer(service.clone(), faults::connected(request, is_plain)).await;
                    failures.extend(canaries.find(&place, &answer));
                    asked += 1;
                }
            }
        }
    }
    let said = capture::said();
    failures.extend(canaries.find("the log", &said));
    failures.extend(canaries.find("the metrics", capture::metrics().as_bytes()));
    failures.extend(labels::strange(&capture::metrics()));
    failures.truncate(40);
    assert!(failures.is_empty(), "{} failures:\n  {}", failures.len(), failures.join("\n  "));

    assert!(asked > 5_000, "{asked} requests");
    let log = String::from_utf8_lossy(&said);
    for word in [
        "credential accepted",
        "request refused",
        "a careless handler",
        "Sensitive",
        "verifier unavailable",
        "verification timed out",
        "a verifier panics on purpose",
        "a handler panics on purpose",
        "`RenderRejection` panicked",
        "credential sent over plain http",
        "revocation_failed",
    ] {
        assert!(log.contains(word), "nothing was said of {word:?}");
    }
}

/// The fields of a verifier's principal and the text of its outage may contain what a client sent.
#[tokio::test]
async fn what_others_chose_does_not_forge_lines() {
    const ODD: &str = "eve\r\n2026-01-01T00:00:00Z ERROR forged\u{1b}[2J\u{2028}\u{85}\u{202e}";
    capture::listen();
    fn eve() -> Principal {
        OAuthUser::new(ODD).with_client(ODD).with_credential_id(ODD).with_org(ODD).with_scopes([ODD]).into()
    }
    let verifiers = [
        verify::from_fn(async |_, _| Ok(eve())).separates_tenants().boxed(),
        verify::from_fn(async |_, _| Err::<Principal, _>(VerifyError::unavailable(ODD)))
            .separates_tenants()
            .boxed(),
    ];
    for verifier in verifiers {
        let layer = AuthenticateLayer::new(dialect::RFC6750, verifier, transport::danger_assume_secure())
            .tenant(|_| Some(ODD.into()));
        let request =
            Request::get("/x").header("authorization", "Bearer 0123456789").body(Body::empty()).unwrap();
        faults::answer(Router::new().fallback(async || "ok").layer(layer), request).await;
    }
    let said = capture::said();
    let log = String::from_utf8_lossy(&said);
    assert!(
        log.contains(r#"id="eve\\r\\n2026"#) && log.contains(r#"cause="eve\r\n2026"#),
        "both are logged, escaped: the id as text, whose backslashes the format escapes once more"
    );
    for forged in ['\r', '\u{1b}', '\u{2028}', '\u{85}', '\u{202e}'] {
        assert!(!log.contains(forged), "the log has a {forged:?}");
    }
    assert!(!log.lines().any(|line| line.starts_with("2026-01-01T00:00:00Z ERROR")));
}

#[tokio::test]
async fn leaks_on_purpose_are_found() {
    capture::listen();
    let canaries = Canaries::new();
    let raw = |request: &Request| request.headers()["authorization"].to_str().unwrap().to_owned();
    type Leak = fn(&str) -> String;
    let leaks: [(&str, Leak); 8] = [
        ("as it is", |token| token.to_owned()),
        ("as it is", str::to_ascii_uppercase),
        ("base64", |token| STANDARD.encode(format!("x{token}"))),
        ("hexadecimal", |token| token.bytes().map(|byte| format!("{byte:02X}")).collect()),
        ("percent", |token| token.bytes().map(|byte| format!("%{byte:02X}")).collect()),
        ("JSON escapes", |token| token.bytes().map(|byte| format!("\\u{byte:04x}")).collect()),
        ("a list of bytes", |token| format!("{:?}", token.as_bytes())),
        // Half of the canary.
        ("as it is", |token| token[..token.len() - 16].to_owned()),
    ];
    for (writing, leak) in leaks {
        let canaries = Canaries::new();
        let logs = Router::new().fallback(async move |request: Request| {
            tracing::trace!(token = leak(&raw(&request)), "a handler that logs the token");
            metrics::counter!("leaks", "token" => leak(&raw(&request))).increment(1);
            ([("x-token", leak(&raw(&request)))], leak(&raw(&request)))
        });
        let request = Request::get("/").header("authorization", format!("Bearer {}", canaries.fresh()));
        let answer = faults::answer(logs, request.body(Body::empty()).unwrap()).await;
        for (place, text) in
            [("the log", capture::said()), ("the answer", answer), ("the metrics", capture::metrics().into())]
        {
            let found = canaries.find(place, &text);
            assert!(found.iter().any(|found| found.contains(writing)), "{writing} in {place}: {found:?}");
        }
    }

    // In the message of a panic, and next to its backtrace.
    let service = Router::new().fallback(async move |request: Request| -> &'static str {
        panic!("a handler shows {} on purpose", raw(&request))
    });
    let request = Request::get("/").header("authorization", canaries.fresh()).body(Body::empty()).unwrap();
    faults::answer(service, request).await;
    assert!(!canaries.find("a panic", &capture::said()).is_empty());

    // In a label of one of the library's own metrics.
    let strange = labels::strange("tower_principal_attempts_total{credential=\"abc\",carrier=\"query\"} 1");
    assert_eq!(strange, ["credential=\"abc"]);
    let strange = labels::strange("tower_principal_attempts_total{carrier=\"query\",syntax=\"abc\"} 1");
    assert_eq!(strange, ["syntax=\"abc"]);
    // In a malformed line.
    assert_eq!(
        broken_lines(b"2026-11-21T08:00:00.0Z TRACE a\nforged\n2026-11-21T08:00:00.0Z b\x1b[2J\n").len(),
        2
    );
}

#[tokio::test]
async fn debug_shows_no_secret_of_any_type() {
    let canaries = Canaries::new();
    let all = debug::all(&canaries).await;
    let leaks: Vec<_> = all.iter().flat_map(|(name, text)| canaries.find(name, text.as_bytes())).collect();
    assert!(leaks.is_empty(), "{leaks:?}");
    assert!(canaries.made() > 30);
    assert_eq!(
        debug::unlisted(&all),
        Vec::<String>::new(),
        "these types hold secrets and are not in the list"
    );
}

/// Returns the canaries that the portal shows, and the malformed lines and labels of its log and
/// metrics.
fn shown<'a>(
    canaries: &Canaries,
    answers: impl Iterator<Item = (&'a String, &'a Result<Answer, String>)>,
    metrics: &str,
    said: &Said,
) -> Vec<String> {
    let answers = answers.filter_map(|(id, answer)| Some((id, answer.as_ref().ok()?)));
    let mut found: Vec<String> = answers
        .flat_map(|(id, answer)| canaries.find(&format!("the answer to {id}"), &answer.whole()))
        .collect();
    for (place, text) in
        [("the output", said.printed.as_bytes()), ("the log", &said.log), ("/metrics", metrics.as_bytes())]
    {
        found.extend(canaries.find(place, text));
    }
    found.extend(labels::strange(metrics).into_iter().map(|label| format!("/metrics has the label {label}")));
    found
        .extend(broken_lines(&said.log).into_iter().map(|line| format!("the log has a broken line: {line}")));
    found
}

/// Returns the database's file and its write-ahead log, which is gone once the portal has ended.
fn kept(portal: &Portal) -> Vec<u8> {
    let files = database(portal.data());
    assert!(files.keys().any(|path| path.to_string_lossy().ends_with("-wal")), "{:?}", files.keys());
    files.into_values().flatten().collect()
}

/// Returns every demo secret.
fn secrets(demo: &Value) -> Vec<Vec<u8>> {
    match demo {
        Value::Object(members) => {
            let secret = members.iter().filter(|(name, _)| !template::PUBLIC.contains(&name.as_str()));
            secret.flat_map(|(_, value)| secrets(value)).collect()
        }
        Value::Array(items) => items.iter().flat_map(secrets).collect(),
        Value::String(text) => vec![text.clone().into_bytes()],
        _ => Vec::new(),
    }
}

async fn metrics(portal: &Portal) -> String {
    String::from_utf8(portal.ask("GET /metrics", &[]).await.body).unwrap()
}

/// Returns the lines of a log that do not start like a log line, or that contain characters that
/// move a terminal's cursor.
fn broken_lines(log: &[u8]) -> Vec<String> {
    let lines = log.strip_suffix(b"\n").unwrap_or(log).split(|byte| *byte == b'\n');
    let is_event = |line: &[u8]| {
        // For example 2026-11-21T08:00:00.123456Z TRACE
        let starts = line.len() > 20
            && line[..4].iter().all(u8::is_ascii_digit)
            && line[4] == b'-'
            && line[10] == b'T';
        starts && !line.iter().any(|byte| byte.is_ascii_control() && *byte != b'\t')
    };
    let broken = lines.filter(|line| !is_event(line)).take(10);
    broken.map(|line| String::from_utf8_lossy(line).escape_debug().to_string()).collect()
}
