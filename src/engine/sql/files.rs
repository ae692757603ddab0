//! Checks that the files of an open database are still the ones that were opened.
//!
//! SQLite writes to the files that it has open, and does not notice when they are renamed, removed or replaced: what it
//! commits then is found by nobody. So their identity is compared with every transaction.

use std::{
    cell::Cell,
    ffi::OsString,
    fs::{self, OpenOptions},
    io::{self, Read},
    path::{Path, PathBuf},
};

use super::Result;
use crate::model::RuntimeStoreError;

/// The database, its log and the log's index, as they were when the database was opened. All three are compared: a
/// process that finds another log, or another index with its locks, does not see this connection's locks and commits.
#[derive(Debug)]
pub(super) struct Files {
    opened: [(PathBuf, Identity); 3],
    log_length: Cell<u64>,
}

impl Files {
    /// The files of a database that is in write-ahead mode and has been read. `path` is canonical: SQLite looks for
    /// the others beside the file itself, not beside a link to it.
    pub(super) fn of(path: &Path) -> io::Result<Self> {
        let file = |path: PathBuf| Identity::of(&path).map(|identity| (path, identity));
        let opened = [file(path.to_owned())?, file(log(path))?, file(index(path))?];
        Ok(Self { opened, log_length: Cell::default() })
    }

    /// The canonical path of the database.
    pub(super) fn path(&self) -> &Path {
        let [(path, _), _, _] = &self.opened;
        path
    }

    /// How long the log was when they were checked last.
    pub(super) fn log_length(&self) -> u64 {
        self.log_length.get()
    }

    /// # Errors
    /// `Deleted` where one of them was removed, replaced, or moved with its folder.
    pub(super) fn check(&self) -> Result<()> {
        let [_, (log, _), _] = &self.opened;
        for (path, opened) in &self.opened {
            let found = fs::metadata(path);
            if path == log {
                self.log_length.set(found.as_ref().map_or(0, fs::Metadata::len));
            }
            let what = match found {
                Ok(found) if Identity::from(&found) == *opened => continue,
                Ok(_) => "was replaced by another",
                Err(error) if error.kind() == io::ErrorKind::NotFound => "was removed or moved",
                Err(_) => "cannot be reached any more",
            };
            return Err(RuntimeStoreError::Deleted(format!(
                "{path:?} {what} while the database was open, which this store cannot use any more; open the store again"
            )));
        }
        Ok(())
    }
}

/// Why SQLite cannot open a file, where it is the path: SQLite has only one code for every fault of one.
pub(super) fn cannot_open(path: &Path) -> Option<RuntimeStoreError> {
    let folder = path.parent().unwrap_or(path);
    if path.is_dir() {
        Some(RuntimeStoreError::invalid("path", format!("{path:?} is a folder; name a file in it")))
    } else if !folder.exists() {
        let message = format!("cannot create {path:?}: there is no folder {folder:?}; create it first");
        Some(RuntimeStoreError::NotFound(message))
    } else if !folder.is_dir() {
        Some(RuntimeStoreError::invalid("path", format!("{folder:?} is a file, so {path:?} cannot be in it")))
    } else {
        None
    }
}

/// Refuses a file that has two names: SQLite keeps the log beside the name that it is given, so what is committed under the one is
/// not found under the other.
pub(super) fn refuse_second_name(file: &fs::Metadata, name: &str) -> Result<()> {
    #[cfg(unix)]
    let names = std::os::unix::fs::MetadataExt::nlink(file);
    #[cfg(not(unix))]
    let names = 1;
    if file.is_file() && names > 1 {
        return Err(RuntimeStoreError::Unsupported(format!(
            "{name} has {names} names (hard links), and what is committed under one is lost under another; copy the file, \
             and remove the other names"
        )));
    }
    Ok(())
}

/// Removes a file that SQLite created and nothing was written to.
pub(super) fn remove_if_empty(path: &Path) {
    if fs::metadata(path).is_ok_and(|file| file.is_file() && file.len() == 0) {
        // An empty file that stays does no harm: it is opened as a new database.
        drop(fs::remove_file(path));
    }
}

/// Makes the file that keeps room on the disk, or makes it so long. Where there is no room for it, it stays as it was, and a file that is
/// something else, too.
pub(super) fn reserve(path: &Path, length: u64) -> io::Result<()> {
    let reserve = beside(path, RESERVE);
    if fs::symlink_metadata(&reserve).is_ok() && !is_reserve(&reserve) {
        return Ok(());
    }
    let mut file = OpenOptions::new().create(true).append(true).open(reserve)?;
    let before = file.metadata()?.len();
    // Written: a length alone takes no room.
    let grown = io::copy(&mut io::repeat(0).take(length.saturating_sub(before)), &mut file);
    grown.map(drop).or_else(|_| file.set_len(before))
}

/// Removes that file. False where there was none: there was no room for it, another process has removed it, or it is something else.
pub(super) fn give_up_reserve(path: &Path) -> bool {
    let reserve = beside(path, RESERVE);
    is_reserve(&reserve) && fs::remove_file(reserve).is_ok()
}

/// Whether a file is one that keeps room: no longer than those are, and nothing but zeros. Another database may have the name.
fn is_reserve(path: &Path) -> bool {
    let is_like_one = |file: &fs::Metadata| file.is_file() && file.len() <= LONGEST_RESERVE;
    fs::symlink_metadata(path).is_ok_and(|file| is_like_one(&file))
        && fs::read(path).is_ok_and(|bytes| bytes.iter().all(|byte| *byte == 0))
}

const RESERVE: &str = "-reserve";

/// Twice as long as one is made: two processes may do it at once.
const LONGEST_RESERVE: u64 = 10 << 20;

/// The name of the log beside a database.
pub(super) fn log(path: &Path) -> PathBuf {
    beside(path, "-wal")
}

/// The name of the log's index beside a database.
pub(super) fn index(path: &Path) -> PathBuf {
    beside(path, "-shm")
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}

/// Identifies the file behind a path. On Windows there is nothing to compare: a file that SQLite has open can be neither
/// removed nor renamed there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    #[cfg(unix)]
    device: u64,
    #[cfg(unix)]
    inode: u64,
}

impl Identity {
    pub(super) fn of(path: &Path) -> io::Result<Self> {
        fs::metadata(path).map(|found| Self::from(&found))
    }
}

impl From<&fs::Metadata> for Identity {
    #[cfg(unix)]
    fn from(found: &fs::Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;
        Self { device: found.dev(), inode: found.ino() }
    }

    #[cfg(not(unix))]
    fn from(_: &fs::Metadata) -> Self {
        Self {}
    }
}
