//! The data folder, which one portal at a time uses.

use std::fs::{self, File, TryLockError};
use std::path::Path;

/// The lock on a data folder. It ends with the process, however that ends.
pub(crate) struct Folder {
    _lock: File,
}

impl Folder {
    /// Creates the folder if it is missing, and locks it.
    #[allow(clippy::incompatible_msrv, reason = "sqlx needs Rust 1.94 already")]
    pub(crate) fn open(path: &Path) -> Result<Self, String> {
        let unusable = |error| format!("--data {}: {error}", path.display());
        fs::create_dir_all(path).map_err(unusable)?;
        let lock = File::create(path.join("portal.lock")).map_err(unusable)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { _lock: lock }),
            Err(TryLockError::WouldBlock) => {
                Err(format!("--data {}: another portal uses this folder", path.display()))
            }
            Err(TryLockError::Error(error)) => Err(unusable(error)),
        }
    }
}
