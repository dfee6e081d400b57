//! The portal as a separate process.

use std::collections::BTreeMap;
use std::fs;
use std::mem;
use std::net::SocketAddr;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Child;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

use super::case::{self, Mode};
use super::example;
use super::route::{Route, trusting};
use super::site::Site;
use super::wire::{self, Answer, Message};

pub(crate) struct Portal {
    process: Child,
    site: Site,
    printing: JoinHandle<String>,
    data: TempDir,
}

impl AsRef<Site> for Portal {
    fn as_ref(&self) -> &Site {
        &self.site
    }
}

impl Deref for Portal {
    type Target = Site;

    fn deref(&self) -> &Site {
        &self.site
    }
}

/// Everything that a portal printed and logged.
pub(crate) struct Said {
    pub(crate) printed: String,
    pub(crate) log: Vec<u8>,
    /// The folder of its data.
    pub(crate) data: TempDir,
}

/// The maximum time of a start, which generates keys and hashes passwords without optimization.
const START: Duration = Duration::from_secs(60);
/// The maximum time of a stop.
const END: Duration = Duration::from_secs(5);
const ASSUME_SECURE: &str = "--assume-secure";

impl Portal {
    /// Starts the portal with this name in `portals.toml`.
    pub(crate) async fn start(name: &str) -> Self {
        Self::start_with(&case::flags(name)).await
    }

    pub(crate) async fn start_with(flags: &[impl AsRef<str>]) -> Self {
        Self::start_in(TempDir::new().unwrap(), flags).await
    }

    /// Starts a portal with the data of a stopped one.
    pub(crate) async fn start_in(data: TempDir, flags: &[impl AsRef<str>]) -> Self {
        let log = fs::File::create(data.path().join("log")).unwrap();
        let mut process = tokio::process::Command::new(executable())
            .args(["--http", "127.0.0.1:0", "--https", "127.0.0.1:0", "--data"])
            .arg(data.path())
            .args(flags.iter().map(AsRef::as_ref))
            .env("RUST_BACKTRACE", "full")
            .stdout(Stdio::piped())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let (is_ready, ready) = oneshot::channel();
        let printing = tokio::spawn(async move {
            let (mut printed, mut ports, mut is_ready) = (String::new(), Vec::new(), Some(is_ready));
            while let Some(line) = lines.next_line().await.unwrap() {
                if ["http http://127.0.0.1:", "https https://localhost:"]
                    .iter()
                    .any(|url| line.starts_with(url))
                {
                    ports.extend(line.rsplit(':').next().and_then(|port| port.parse::<u16>().ok()));
                }
                if line == "ready" {
                    let _ = is_ready.take().expect("one line says ready").send(mem::take(&mut ports));
                }
                printed = printed + &line + "\n";
            }
            printed
        });
        let ports: Vec<u16> =
            timeout(START, ready).await.ok().and_then(Result::ok).expect("the portal becomes ready");
        let credentials = fs::read(data.path().join("demo-credentials.json")).unwrap();
        let credentials: Value = serde_json::from_slice(&credentials).unwrap();
        let [http, https] = ports[..] else { panic!("the portal prints two addresses") };
        let origin = match flags.iter().any(|flag| flag.as_ref() == ASSUME_SECURE) {
            true => format!("http://127.0.0.1:{http}"),
            false => format!("https://localhost:{https}"),
        };
        let [http, https] = [http, https].map(|port| SocketAddr::from(([127, 0, 0, 1], port)));
        let connector = trusting(&fs::read(data.path().join("ca.pem")).unwrap());
        let (http, https) = (Route::Tcp(http), Route::Tls(https, connector));
        Self { process, site: Site { http, https, origin, credentials }, printing, data }
    }

    /// Returns the answer to a request, whose header lines are separate.
    pub(crate) async fn ask(&self, request: &str, lines: &[String]) -> Answer {
        let lines: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
        let head = format!("{request} HTTP/1.1\r\nHost: portal.example\r\nConnection: close\r\n{lines}\r\n");
        let message = Message { head: head.into_bytes(), body: Vec::new() };
        wire::exchange(&self.http, message, Mode::Http1, false).await.unwrap()
    }

    /// Returns the id of its process.
    #[allow(dead_code, reason = "the portal's tests look at its memory")]
    pub(crate) fn id(&self) -> u32 {
        self.process.id().expect("it runs")
    }

    /// Returns the folder of its data.
    pub(crate) fn data(&self) -> &Path {
        self.data.path()
    }

    /// Stops it as a service manager does. Returns its output.
    pub(crate) async fn stop(mut self) -> Result<Said, String> {
        let id = self.process.id().ok_or("the portal has ended by itself")?;
        let told = Command::new("kill").args(["-TERM", &id.to_string()]).status();
        assert!(told.is_ok_and(|status| status.success()), "the portal could not be signalled to stop");
        let started = Instant::now();
        let ended = timeout(2 * END, self.process.wait()).await.map_err(|_| "the portal does not end")?;
        let status = ended.map_err(|error| error.to_string())?;
        if !status.success() {
            return Err(format!("the portal ended with {status}"));
        }
        if started.elapsed() > END {
            return Err(format!("the portal took {:?} to end", started.elapsed()));
        }
        let log = fs::read(self.data.path().join("log")).unwrap();
        Ok(Said { printed: self.printing.await.unwrap(), log, data: self.data })
    }
}

/// Returns the files of the portal's own database in this folder, which includes the files that
/// SQLite puts beside it, with their contents.
pub(crate) fn database(data: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let files = fs::read_dir(data).unwrap().map(|entry| entry.unwrap().path());
    let named =
        |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("portal.db"));
    files.filter(named).map(|path| (path.clone(), fs::read(path).unwrap())).collect()
}

pub(crate) fn executable() -> PathBuf {
    example::executable("portal")
}
