//! The start of the portal, and its output if it cannot start.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::corpus_runner::portal::{Portal, executable};

const ANY: &str = "127.0.0.1:0";

#[test]
fn an_address_or_folder_that_cannot_be_used_is_named() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let taken = TcpListener::bind(ANY).unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    let below_a_file = file.join("data");
    for (http, https, data, message) in [
        (&*taken, ANY, folder.path(), format!("--http {taken}: Address already in use")),
        (ANY, &*taken, folder.path(), format!("--https {taken}: Address already in use")),
        ("nonsense", ANY, folder.path(), "--http nonsense: invalid socket address".to_owned()),
        (ANY, ANY, &*below_a_file, format!("--data {}: Not a directory", below_a_file.display())),
    ] {
        let said = refused(start(http, https, data).output().unwrap());
        assert!(said.contains(&message), "{said} does not contain {message}");
    }
}

#[test]
fn a_folder_without_its_files_is_named() {
    let folder = TempDir::new().unwrap();
    for name in ["ca.pem", "ca-key.pem"] {
        std::fs::write(folder.path().join(name), "no key").unwrap();
    }
    let said = refused(start(ANY, ANY, folder.path()).output().unwrap());
    assert!(said.contains(&format!("--data {}: ", folder.path().display())), "{said}");
}

#[tokio::test]
async fn a_second_portal_on_the_same_folder_is_refused() {
    let first = Portal::start_with(&["--assume-secure"]).await;
    let credentials = || std::fs::read(first.data().join("demo-credentials.json")).unwrap();
    let before = credentials();
    let said = refused(start(ANY, ANY, first.data()).output().unwrap());
    let message = format!("--data {}: another portal uses this folder", first.data().display());
    assert!(said.contains(&message), "{said}");
    assert_eq!(credentials(), before);
    assert_eq!(first.ask("GET /healthz", &[]).await.status, 200);
    // The lock ends with its process.
    let data = first.stop().await.unwrap().data;
    Portal::start_in(data, &["--assume-secure"]).await.stop().await.unwrap();
}

#[test]
fn a_name_is_an_address_too() {
    let folder = TempDir::new().unwrap();
    let mut portal = Starting::spawn(start("localhost:0", "localhost:0", folder.path()));
    let lines = portal.until_ready();
    assert!(lines[0].starts_with("http http://127.0.0.1:"), "{}", lines[0]);
    portal.terminate();
}

/// The signal handlers are installed before the portal prints anything.
#[test]
fn a_signal_right_behind_ready_ends_it_cleanly() {
    let folder = TempDir::new().unwrap();
    for _ in 0..8 {
        let mut portal = Starting::spawn(start(ANY, ANY, folder.path()));
        portal.until_ready();
        portal.terminate();
    }
}

#[test]
fn every_curl_line_has_a_line_that_explains_it() {
    let folder = TempDir::new().unwrap();
    let mut portal = Starting::spawn(start(ANY, ANY, folder.path()));
    let lines = portal.until_ready();
    portal.terminate();
    let (pairs, rest) = lines[2..lines.len() - 1].as_chunks::<2>();
    assert!(pairs.len() > 15 && rest.is_empty(), "{lines:?}");
    for [shows, curl] in pairs {
        assert!(shows.starts_with("# ") && curl.starts_with("curl -s "), "{shows}\n{curl}");
    }
}

#[test]
fn a_postgresql_that_does_not_answer_is_named_within_a_second() {
    let folder = TempDir::new().unwrap();
    // The kernel accepts connections to it, and no byte is ever sent.
    let silent = TcpListener::bind(ANY).unwrap();
    let silent = silent.local_addr().unwrap().to_string();
    let closed = TcpListener::bind(ANY).unwrap().local_addr().unwrap().to_string();
    for (server, reason) in [(silent, "no answer within"), (closed, "Connection refused")] {
        let mut portal = start(ANY, ANY, folder.path());
        portal.args(["--database", &format!("postgres://portal:s3cretword@{server}/x")]);
        let started = Instant::now();
        let said = refused(portal.output().unwrap());
        // This includes the time to start a process on a busy machine.
        assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
        assert!(said.contains(&format!("portal: --database: {server}: {reason}")), "{said}");
        assert!(!said.contains("s3cretword"), "{said}");
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn it_takes_little_memory_while_it_waits() {
    let portal = Portal::start_with(&["--assume-secure"]).await;
    let status = std::fs::read_to_string(format!("/proc/{}/status", portal.id())).unwrap();
    let line = status.lines().find(|line| line.starts_with("RssAnon:")).unwrap();
    let kib: u32 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    assert!(kib < 40 * 1024, "{line}");
}

#[tokio::test]
async fn unknown_paths_and_methods_have_a_body() {
    let portal = Portal::start_with(&["--assume-secure"]).await;
    for (request, status, error) in [
        ("POST /", 405, "method_not_allowed"),
        ("GET /nowhere", 404, "not_found"),
        ("GET /any/nothing", 404, "not_found"),
        ("POST /healthz", 405, "method_not_allowed"),
        ("DELETE /metrics", 405, "method_not_allowed"),
    ] {
        let answer = portal.ask(request, &[]).await;
        assert_eq!(answer.status, status, "{request}");
        assert_eq!(answer.json().unwrap()["error"], error, "{request}");
        assert_eq!(answer.all("allow").len(), usize::from(status == 405), "{request}");
    }
}

fn start(http: &str, https: &str, data: &Path) -> Command {
    let mut portal = Command::new(executable());
    portal.args(["--http", http, "--https", https, "--assume-secure", "--data"]).arg(data);
    portal
}

/// Returns the output of a portal that did not start.
fn refused(output: Output) -> String {
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0), "{said}");
    said
}

struct Starting {
    process: Child,
    printed: BufReader<ChildStdout>,
}

impl Starting {
    fn spawn(mut portal: Command) -> Self {
        let mut process = portal.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let printed = BufReader::new(process.stdout.take().unwrap());
        Self { process, printed }
    }

    /// Returns the lines before `ready`.
    fn until_ready(&mut self) -> Vec<String> {
        let mut lines = Vec::new();
        while lines.last().is_none_or(|line| line != "ready") {
            let mut line = String::new();
            assert_ne!(self.printed.read_line(&mut line).unwrap(), 0, "it ended: {lines:?}");
            lines.push(line.trim_end().to_owned());
        }
        lines
    }

    fn terminate(mut self) {
        let kill = Command::new("kill").args(["-TERM", &self.process.id().to_string()]).status();
        assert!(kill.unwrap().success());
        let status = self.process.wait().unwrap();
        assert!(status.success(), "{status}");
    }
}
