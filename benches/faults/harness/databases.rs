//! Databases that an experiment can break: a PostgreSQL server that it starts, and a SQLite file
//! that another process locks.

use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

use sqlx::Connection as _;
use sqlx::postgres::PgConnection;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};

/// A temporary cluster, started by `tests/postgres/start`.
pub(crate) struct Server {
    folder: TempDir,
    pub(crate) address: String,
}

impl Server {
    /// Returns `None` if PostgreSQL is not installed or does not start.
    pub(crate) async fn start() -> Option<Self> {
        let folder = TempDir::new().unwrap();
        // The server does not run as root, and must be able to enter its folder.
        std::fs::set_permissions(folder.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        let mut server = Self { folder, address: String::new() };
        let output = server.script("start", &[]).await;
        if !output.status.success() {
            return None;
        }
        server.address = String::from_utf8(output.stdout).unwrap().trim().to_owned();
        Some(server)
    }

    /// Stops it without a shutdown, like a crash.
    pub(crate) async fn stop(&self) {
        assert!(self.script("stop", &[]).await.status.success());
    }

    /// Starts it again. Returns the time of the first successful log-in, which is tried
    /// continuously.
    pub(crate) async fn start_again(&self) -> Instant {
        let back = async {
            loop {
                if let Ok(connection) = PgConnection::connect(&self.address).await {
                    let back = Instant::now();
                    let _ = connection.close().await;
                    return back;
                }
                sleep(Duration::from_millis(2)).await;
            }
        };
        let (output, back) = tokio::join!(self.script("start", &[]), timeout(Duration::from_secs(30), back));
        assert!(output.status.success());
        back.expect("the server is back")
    }

    /// Freezes all of its processes, or lets them continue.
    pub(crate) async fn freeze(&self, frozen: bool) {
        let main = std::fs::read_to_string(self.data().join("postmaster.pid")).unwrap();
        let main = main.lines().next().unwrap().trim().to_owned();
        let children = std::fs::read_to_string(format!("/proc/{main}/task/{main}/children")).unwrap();
        let mut kill = Command::new("kill");
        kill.arg(if frozen { "-STOP" } else { "-CONT" }).arg(&main).args(children.split_whitespace());
        // A process may have ended since the list was read.
        let _ = kill.stderr(Stdio::null()).status().await.unwrap();
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("cluster/data")
    }

    async fn script(&self, name: &str, more: &[&str]) -> Output {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/postgres").join(name);
        let cluster = self.folder.path().join("cluster");
        Command::new(script).arg(cluster).args(more).output().await.expect("a shell")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/postgres/stop");
        let cluster = self.folder.path().join("cluster");
        let _ = std::process::Command::new(script).arg(cluster).arg("-r").stderr(Stdio::null()).status();
    }
}

/// A process that holds every lock of a SQLite database in WAL mode, so that reads are impossible
/// as well.
pub(crate) struct Lock(Child);

impl Lock {
    /// Takes the locks, one after the other. Returns `None` if there is no Python to do it.
    pub(crate) async fn take(database: &Path) -> Option<Self> {
        let program = "import fcntl, sys\nfile = open(sys.argv[1], 'r+b')\n\
                       for byte in range(120, 128): fcntl.lockf(file, fcntl.LOCK_EX, 1, byte)\n\
                       print('locked', flush=True)\nsys.stdin.read()";
        let mut process = Command::new("python3")
            .args(["-c", program])
            .arg(format!("{}-shm", database.display()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .ok()?;
        let mut lines = BufReader::new(process.stdout.take()?).lines();
        let locked = timeout(Duration::from_secs(10), lines.next_line()).await;
        (locked.ok()?.ok()?.as_deref() == Some("locked")).then_some(Self(process))
    }

    pub(crate) async fn release(mut self) {
        self.0.kill().await.unwrap();
    }
}
