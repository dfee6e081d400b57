//! A service as a child process: its address, its memory, its descriptors, its log.

use std::fs;
use std::net::SocketAddr;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::process::{Child as Process, Command};
use tokio::time::timeout;

use crate::harness::client::{Connection, get, post};
use crate::harness::server::Stats;

pub(crate) struct Child {
    process: Process,
    pub(crate) address: SocketAddr,
    log: Arc<Mutex<Vec<String>>>,
}

/// The number of log lines that are kept.
const LINES: usize = 20_000;

impl Child {
    /// Starts `faults serve NUMBER`, and waits until it listens.
    pub(crate) async fn start(number: &str) -> Self {
        Self::start_with(number, &[]).await
    }

    /// The same with these environment variables.
    pub(crate) async fn start_with(number: &str, variables: &[(&str, &str)]) -> Self {
        let mut process = Command::new(std::env::current_exe().expect("a program"))
            .args(["serve", number])
            .envs(variables.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("a child process");
        let log = keep_lines(process.stderr.take().unwrap());
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let address = timeout(Duration::from_secs(30), lines.next_line()).await;
        let address = address.expect("the child listens").unwrap().expect("the child lives");
        Self { process, address: address.parse().unwrap(), log }
    }

    /// Wraps a process that another program has started.
    pub(crate) fn of(mut process: Process, address: SocketAddr) -> Self {
        let log = process.stderr.take().map(keep_lines).unwrap_or_default();
        Self { process, address, log }
    }

    pub(crate) async fn connect(&self) -> Connection {
        Connection::open(self.address).await.expect("a connection")
    }

    pub(crate) async fn stats(&self) -> Stats {
        let answer = self.connect().await.ask(&get("/stats", "")).await.expect("the child answers");
        serde_json::from_slice(&answer.body).expect("stats")
    }

    /// Switches to this fault; 0 is none.
    pub(crate) async fn fault(&self, number: usize) {
        let answer = self.connect().await.ask(&post(&format!("/fault/{number}"))).await;
        assert_eq!(answer.expect("the child answers").status, 200);
    }

    /// Returns true if the process has not ended.
    pub(crate) fn lives(&mut self) -> bool {
        matches!(self.process.try_wait(), Ok(None))
    }

    pub(crate) fn memory(&self) -> Memory {
        Memory::of(self.process.id().expect("the child lives"))
    }

    /// Returns the number of its open descriptors.
    pub(crate) fn descriptors(&self) -> usize {
        let process = self.process.id().expect("the child lives");
        fs::read_dir(format!("/proc/{process}/fd")).map_or(0, Iterator::count)
    }

    /// Returns the number of its log lines that contain this text.
    pub(crate) fn logged(&self, text: &str) -> usize {
        self.log.lock().unwrap().iter().filter(|line| line.contains(text)).count()
    }
}

/// The memory of a process, in KiB.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Memory {
    /// The current size.
    pub(crate) resident: u64,
    /// The peak size so far.
    pub(crate) peak: u64,
}

impl Memory {
    pub(crate) fn of(process: u32) -> Self {
        let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
        let value = |name: &str| {
            let line = status.lines().find(|line| line.starts_with(name));
            line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok()).unwrap_or_default()
        };
        Self { resident: value("VmRSS:"), peak: value("VmHWM:") }
    }
}

/// Formats KiB as MiB.
pub(crate) fn mib(kib: u64) -> String {
    format!("{:.1} MiB", kib as f64 / 1024.0)
}

fn keep_lines(pipe: impl AsyncRead + Unpin + Send + 'static) -> Arc<Mutex<Vec<String>>> {
    let log = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&log);
    tokio::spawn(async move {
        let mut lines = BufReader::new(pipe).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            let mut kept = kept.lock().unwrap();
            if kept.len() < LINES {
                kept.push(line);
            }
        }
    });
    log
}
