//! The portal as a process of its own.

use std::env;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Child;
use tokio::time::{Instant, timeout};

use super::route::{Route, trusting};

pub(crate) struct Portal {
    process: Child,
    pub(crate) http: Route,
    pub(crate) https: Route,
    pub(crate) credentials: Value,
    data: TempDir,
}

/// How long the portal may take to start, making keys and hashing passwords without optimization.
const START: Duration = Duration::from_secs(60);
/// How long it may take to end.
const END: Duration = Duration::from_secs(5);
impl Portal {
    pub(crate) async fn start(flags: &[String]) -> Self {
        let data = TempDir::new().unwrap();
        let log = fs::File::create(data.path().join("log")).unwrap();
        let mut process = tokio::process::Command::new(executable())
            .args(["--http", "127.0.0.1:0", "--https", "127.0.0.1:0", "--data"])
            .arg(data.path())
            .args(flags)
            .stdout(Stdio::piped())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut ports = Vec::new();
        let ready = async {
            while let Some(line) = lines.next_line().await.unwrap() {
                if ["http http://127.0.0.1:", "https https://localhost:"]
                    .iter()
                    .any(|url| line.starts_with(url))
                {
                    ports.extend(line.rsplit(':').next().and_then(|port| port.parse::<u16>().ok()));
                }
                if line == "ready" {
                    return true;
                }
            }
            false
        };
        assert!(timeout(START, ready).await == Ok(true), "the portal did not become ready");
        let credentials = fs::read(data.path().join("demo-credentials.json")).unwrap();
        let credentials = serde_json::from_slice(&credentials).unwrap();
        let [http, https] = ports[..] else { panic!("the portal prints two addresses") };
        let [http, https] = [http, https].map(|port| SocketAddr::from(([127, 0, 0, 1], port)));
        let connector = trusting(&fs::read(data.path().join("ca.pem")).unwrap());
        Self { process, http: Route::Tcp(http), https: Route::Tls(https, connector), credentials, data }
    }

    /// Ends it as a service manager would. Yields what it logged.
    pub(crate) async fn stop(mut self) -> Result<Vec<u8>, String> {
        let id = self.process.id().ok_or("the portal has ended by itself")?;
        let told = Command::new("kill").args(["-TERM", &id.to_string()]).status();
        assert!(told.is_ok_and(|status| status.success()), "the portal could not be told to end");
        let started = Instant::now();
        let ended = timeout(2 * END, self.process.wait()).await.map_err(|_| "the portal does not end")?;
        let status = ended.map_err(|error| error.to_string())?;
        if !status.success() {
            return Err(format!("the portal ended with {status}"));
        }
        if started.elapsed() > END {
            return Err(format!("the portal took {:?} to end", started.elapsed()));
        }
        Ok(fs::read(self.data.path().join("log")).unwrap())
    }
}

/// `examples/portal` beside this test, which cargo builds with it; built here where it is missing or
/// older than its sources, as after `cargo test --test corpus`.
fn executable() -> PathBuf {
    let test = env::current_exe().unwrap();
    let profile = test.parent().and_then(Path::parent).expect("target/PROFILE/deps/corpus-HASH");
    let portal = profile.join("examples").join(format!("portal{}", env::consts::EXE_SUFFIX));
    if !portal.exists() || changed(&portal) < newest_source() {
        build(profile);
    }
    portal
}

fn build(profile: &Path) {
    let target = profile.parent().expect("target/PROFILE");
    let profile = match profile.file_name().and_then(|name| name.to_str()) {
        Some("debug") | None => "dev",
        Some(name) => name,
    };
    let built = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args([
            "build",
            "--quiet",
            "--example",
            "portal",
            "--all-features",
            "--profile",
            profile,
            "--target-dir",
        ])
        .arg(target)
        .status();
    assert!(built.is_ok_and(|status| status.success()), "the portal does not build");
}

fn newest_source() -> SystemTime {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    ["src", "examples/portal"].iter().map(|folder| newest(&package.join(folder))).max().unwrap()
}

fn newest(path: &Path) -> SystemTime {
    if path.is_file() {
        return changed(path);
    }
    let below = fs::read_dir(path).unwrap().map(|entry| newest(&entry.unwrap().path()));
    below.max().unwrap_or(SystemTime::UNIX_EPOCH)
}

fn changed(path: &Path) -> SystemTime {
    fs::metadata(path).and_then(|metadata| metadata.modified()).unwrap()
}
