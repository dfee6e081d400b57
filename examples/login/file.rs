//! The file of the refresh token: JSON with one key, for its owner alone.

use std::env;
use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use oauth2::RefreshToken;
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep};

use crate::error::Error;
use crate::private;

/// The variable whose token is used in place of the file's.
const VARIABLE: &str = "GDH_REFRESH_TOKEN";
/// The maximum size of the file, in bytes.
const LIMIT: u64 = 64 * 1024;
/// The time to wait for another process; longer than a request to the server takes.
const LONGEST_LOCK: Duration = Duration::from_secs(30);

pub(crate) struct Authentication {
    path: PathBuf,
}

/// The lock on the file. It ends with the process, however that ends.
pub(crate) struct Lock {
    _file: File,
}

#[derive(Deserialize, Serialize)]
struct Stored {
    refresh_token: RefreshToken,
}

/// Returns the token in `GDH_REFRESH_TOKEN`. An empty value counts as absent.
pub(crate) fn from_environment() -> Option<RefreshToken> {
    env::var(VARIABLE).ok().filter(|token| !token.is_empty()).map(RefreshToken::new)
}

impl Authentication {
    /// Returns the file at this path. Defaults to `~/.gdh/authentication`.
    pub(crate) fn at(path: Option<&Path>) -> Result<Self, Error> {
        let path = match path {
            Some(path) => std::path::absolute(path).map_err(|error| failed(path, error))?,
            None => env::home_dir().ok_or(Error::Home)?.join(".gdh").join("authentication"),
        };
        Ok(Self { path })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Creates the folder if it is missing, and checks that others have no access to it or to the
    /// file. Other modes are refused and not changed, because a token may have been read already.
    pub(crate) fn prepare(&self) -> Result<(), Error> {
        private::create_folder(self.folder()).map_err(|error| failed(self.folder(), error))?;
        private::check_folder(self.folder())?;
        private::open(&self.path).map(|_| ())
    }

    /// Waits until no other process has the lock. The lock is on a second file, because the file
    /// with the token is replaced.
    #[allow(clippy::incompatible_msrv, reason = "examples need no Rust as old as the library's")]
    pub(crate) async fn lock(&self) -> Result<Lock, Error> {
        self.prepare()?;
        let path = self.path.with_added_extension("lock");
        let file = private::open_or_create(&path).map_err(|error| failed(&path, error))?;
        let end = Instant::now() + LONGEST_LOCK;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Lock { _file: file }),
                Err(TryLockError::Error(error)) => return Err(failed(&path, error)),
                Err(TryLockError::WouldBlock) if Instant::now() >= end => return Err(Error::Locked(path)),
                Err(TryLockError::WouldBlock) => sleep(Duration::from_millis(50)).await,
            }
        }
    }

    /// Returns the stored token. Returns `None` if the file is missing.
    pub(crate) fn read(&self) -> Result<Option<RefreshToken>, Error> {
        let Some(file) = private::open(&self.path)? else { return Ok(None) };
        let mut text = String::new();
        file.take(LIMIT).read_to_string(&mut text).map_err(|error| failed(&self.path, error))?;
        // The cause may quote the token, so it is dropped.
        let reason = "not a JSON file with a `refresh_token`; delete it and log in again";
        let stored: Stored = serde_json::from_str(&text)
            .map_err(|_| Error::FileRefused { path: self.path.clone(), reason })?;
        Ok(Some(stored.refresh_token))
    }

    /// Stores a token. Readers see the file before, or the whole new one.
    pub(crate) fn write(&self, token: &RefreshToken, _lock: &Lock) -> Result<(), Error> {
        let stored = Stored { refresh_token: token.clone() };
        let stored = serde_json::to_vec(&stored).map_err(|error| failed(&self.path, error.into()))?;
        self.replace(&stored).map_err(|error| failed(&self.path, error))
    }

    fn replace(&self, bytes: &[u8]) -> io::Result<()> {
        // A new file with a random name and mode 0600.
        let mut file = tempfile::Builder::new().prefix(".authentication-").tempfile_in(self.folder())?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist(&self.path)?;
        private::sync_folder(self.folder());
        Ok(())
    }

    /// Deletes the file. Succeeds if it is missing.
    pub(crate) fn delete(&self, _lock: &Lock) -> Result<(), Error> {
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(failed(&self.path, error)),
            _ => {
                private::sync_folder(self.folder());
                Ok(())
            }
        }
    }

    fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new("."))
    }
}

fn failed(path: &Path, error: io::Error) -> Error {
    Error::File { path: path.to_owned(), error }
}
