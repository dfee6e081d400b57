//! The program in a home directory of its own.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, ChildStderr, ChildStdin, Command};
use tokio::time::timeout;

use super::site::Site;
use crate::example;

/// Longer than any of it takes on a busy machine.
const LONG: Duration = Duration::from_secs(60);

pub(crate) struct Home(TempDir);

/// A program that runs.
pub(crate) struct Running {
    child: Child,
    stdin: Option<ChildStdin>,
    stderr: BufReader<ChildStderr>,
    /// The lines of stderr that were read.
    messages: String,
}

/// A program that has ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Home {
    pub(crate) fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    /// Returns a program that has no display, with the server's issuer as `--issuer`.
    pub(crate) fn command(&self, site: &Site, arguments: &[&str]) -> Command {
        self.command_at(&site.issuer, arguments)
    }

    pub(crate) fn command_at(&self, issuer: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(example::executable("login"));
        command.args(arguments).args(["--issuer", issuer]).kill_on_drop(true);
        if !arguments.contains(&"--client-id") {
            command.args(["--client-id", "gdh"]);
        }
        for name in ["DISPLAY", "WAYLAND_DISPLAY", "WSL_DISTRO_NAME", "GDH_REFRESH_TOKEN"] {
            command.env_remove(name);
        }
        command.env("HOME", self.0.path());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    pub(crate) fn start(&self, site: &Site, arguments: &[&str]) -> Running {
        Running::spawn(self.command(site, arguments))
    }

    pub(crate) async fn run(&self, site: &Site, arguments: &[&str]) -> Ended {
        self.start(site, arguments).end().await
    }

    /// Refreshes, and returns the tokens that are printed.
    pub(crate) async fn refresh(&self, site: &Site) -> Value {
        self.run(site, &["login", "--use-refresh-token", "--print-all-tokens"]).await.tokens()
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.0.path().to_owned()
    }

    pub(crate) fn folder(&self) -> PathBuf {
        self.0.path().join(".gdh")
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.folder().join("authentication")
    }

    /// Returns the JSON in the file.
    pub(crate) fn stored(&self) -> Value {
        serde_json::from_slice(&fs::read(self.file()).unwrap()).unwrap()
    }

    pub(crate) fn token(&self) -> String {
        self.stored()["refresh_token"].as_str().unwrap().to_owned()
    }

    /// Writes the file as the program does.
    pub(crate) fn store(&self, text: &str) {
        fs::create_dir_all(self.folder()).unwrap();
        fs::write(self.file(), text).unwrap();
        self.set_modes(0o700, 0o600);
    }

    pub(crate) fn store_token(&self, token: &str) {
        self.store(&format!("{{\"refresh_token\":\"{token}\"}}"));
    }

    pub(crate) fn set_modes(&self, folder: u32, file: u32) {
        fs::set_permissions(self.folder(), Permissions::from_mode(folder)).unwrap();
        fs::set_permissions(self.file(), Permissions::from_mode(file)).unwrap();
    }

    /// Returns the modes of the folder and the file.
    pub(crate) fn modes(&self) -> (u32, u32) {
        let mode = |path| fs::symlink_metadata(path).unwrap().mode() & 0o7777;
        (mode(self.folder()), mode(self.file()))
    }
}

impl Running {
    pub(crate) fn spawn(mut command: Command) -> Self {
        let mut child = command.spawn().unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        Self { stdin: child.stdin.take(), child, stderr, messages: String::new() }
    }

    /// Returns the URL that the program prints.
    pub(crate) async fn url(&mut self) -> String {
        loop {
            let mut line = String::new();
            let read = timeout(LONG, self.stderr.read_line(&mut line)).await.unwrap().unwrap();
            self.messages.push_str(&line);
            assert_ne!(read, 0, "no URL: {}", self.messages);
            if line.starts_with("http") {
                return line.trim_end().to_owned();
            }
        }
    }

    /// Enters a line.
    pub(crate) async fn enter(&mut self, line: &str) {
        self.stdin.as_mut().unwrap().write_all(format!("{line}\n").as_bytes()).await.unwrap();
    }

    /// Waits for the end. The program's stdin stays open.
    pub(crate) async fn end(mut self) -> Ended {
        let (mut stdout, mut printed) = (self.child.stdout.take().unwrap(), String::new());
        let reading = async {
            let read = self.stderr.read_to_string(&mut self.messages);
            tokio::try_join!(stdout.read_to_string(&mut printed), read).unwrap();
            self.child.wait().await.unwrap()
        };
        let status = timeout(LONG, reading).await.unwrap();
        Ended { code: status.code().unwrap(), stdout: printed, stderr: self.messages }
    }

    pub(crate) fn close_stdin(&mut self) {
        self.stdin = None;
    }
}

impl Ended {
    /// Returns the tokens on stdout.
    #[track_caller]
    pub(crate) fn tokens(&self) -> Value {
        assert_eq!(self.code, 0, "{self:?}");
        serde_json::from_str(&self.stdout).unwrap()
    }

    /// Checks that the program failed with this code and message, and printed no token.
    #[track_caller]
    pub(crate) fn failed(&self, code: i32, message: &str) {
        assert_eq!((self.code, &*self.stdout), (code, ""), "{self:?}");
        let last = self.stderr.lines().last().unwrap();
        assert!(last.starts_with("gdh: ") && last.contains(message), "{last}");
        assert!(self.stderr.chars().all(|c| c == '\n' || !c.is_control()), "{:?}", self.stderr);
    }
}
