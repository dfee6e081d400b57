//! Files and folders to which only their owner has access. Outside Unix, a user's own folder is
//! private already.

use std::fs::{self, DirBuilder, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind};
#[cfg(unix)]
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use crate::error::Error;

/// Creates a folder with mode 0700, unless it exists.
pub(crate) fn create_folder(path: &Path) -> io::Result<()> {
    match builder().create(path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// Checks that a path is a folder, no symbolic link, and has mode 0700 or less.
pub(crate) fn check_folder(path: &Path) -> Result<(), Error> {
    let found = fs::symlink_metadata(path).map_err(|error| failed(path, error))?;
    if !found.is_dir() {
        return Err(refused(path, "must be a folder and no symbolic link"));
    }
    if others_have_access(&found) {
        return Err(refused(path, "others have access to this folder; its mode must be 0700"));
    }
    Ok(())
}

/// Opens a file for reading. Returns `None` if it is missing, and refuses symbolic links and files
/// to which others have access.
pub(crate) fn open(path: &Path) -> Result<Option<File>, Error> {
    let found = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        found => found.map_err(|error| failed(path, error))?,
    };
    if !found.is_file() {
        return Err(refused(path, "must be a file and no symbolic link"));
    }
    let file = File::open(path).map_err(|error| failed(path, error))?;
    let opened = file.metadata().map_err(|error| failed(path, error))?;
    // The path may have become a symbolic link after the first look.
    if !is_same(&found, &opened) {
        return Err(refused(path, "was replaced while it was read"));
    }
    if others_have_access(&opened) {
        return Err(refused(path, "others have access to this file; its mode must be 0600"));
    }
    Ok(Some(file))
}

/// Opens a file, and creates it with mode 0600 if it is missing.
pub(crate) fn open_or_create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    options.mode(0o600);
    options.read(true).write(true).create(true).truncate(false).open(path)
}

/// Makes a renamed or deleted file durable, if the file system can.
pub(crate) fn sync_folder(path: &Path) {
    if cfg!(unix) {
        let _ = File::open(path).and_then(|folder| folder.sync_all());
    }
}

#[cfg(unix)]
fn builder() -> DirBuilder {
    let mut folder = DirBuilder::new();
    folder.mode(0o700);
    folder
}

#[cfg(unix)]
fn others_have_access(metadata: &Metadata) -> bool {
    metadata.mode() & 0o077 != 0
}

#[cfg(unix)]
fn is_same(left: &Metadata, right: &Metadata) -> bool {
    (left.dev(), left.ino()) == (right.dev(), right.ino())
}

#[cfg(not(unix))]
fn builder() -> DirBuilder {
    DirBuilder::new()
}

#[cfg(not(unix))]
fn others_have_access(_: &Metadata) -> bool {
    false
}

#[cfg(not(unix))]
fn is_same(_: &Metadata, _: &Metadata) -> bool {
    true
}

fn refused(path: &Path, reason: &'static str) -> Error {
    Error::FileRefused { path: path.to_owned(), reason }
}

fn failed(path: &Path, error: io::Error) -> Error {
    Error::File { path: path.to_owned(), error }
}
