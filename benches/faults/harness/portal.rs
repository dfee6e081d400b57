//! The demo portal as a child process. It is built here if it is out of date.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;
use tokio::time::timeout;

use crate::harness::child::Child;

pub(crate) struct Portal {
    pub(crate) child: Child,
    /// The port of HTTPS on the loopback interface.
    pub(crate) secure_port: u16,
    _data: TempDir,
}

impl Portal {
    pub(crate) async fn start() -> Self {
        let program = std::env::current_exe().expect("a program");
        let profile = program.parent().and_then(Path::parent).expect("target/PROFILE/deps/faults-HASH");
        build(profile).await;
        let data = TempDir::new().expect("a temporary directory");
        let mut process = Command::new(profile.join("examples").join("portal"))
            .args([
                "--http",
                "127.0.0.1:0",
                "--https",
                "127.0.0.1:0",
                "--assume-secure",
                "--log",
                "warn",
                "--data",
            ])
            .arg(data.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("the portal");
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let (mut address, mut secure_port) = (None, None);
        let ready = async {
            while let Ok(Some(line)) = lines.next_line().await {
                if let Some(plain) = line.strip_prefix("http http://") {
                    address = plain.parse().ok();
                } else if let Some(secure) = line.strip_prefix("https https://") {
                    secure_port = secure.rsplit(':').next().and_then(|port| port.parse().ok());
                } else if line == "ready" {
                    break;
                }
            }
        };
        timeout(Duration::from_secs(30), ready).await.expect("the portal becomes ready");
        let child = Child::of(process, address.expect("the portal prints its address"));
        Self { child, secure_port: secure_port.expect("the portal prints its port"), _data: data }
    }
}

/// Builds it in the profile of this program, whose dependencies are built already.
async fn build(profile: &Path) {
    let name = match profile.file_name().and_then(|name| name.to_str()) {
        Some("debug") | None => "dev",
        Some(name) => name,
    };
    let built = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args([
            "build",
            "--quiet",
            "--all-features",
            "--example",
            "portal",
            "--profile",
            name,
            "--target-dir",
        ])
        .arg(profile.parent().expect("target/PROFILE"))
        .status()
        .await;
    assert!(built.is_ok_and(|status| status.success()), "the portal does not build");
}
