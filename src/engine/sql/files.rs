//! Checks that the files of an open database are still the ones that were opened.
//!
//! SQLite writes to the files that it has open, and does not notice when they are renamed, removed or replaced: what it
//! commits then is found by nobody. So their identity is compared with every transaction.

use std::{
    cell::Cell,
    ffi::OsString,
    fs::{self, OpenOptions},
    io::{self, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use super::{
    Result,
    reserve::{LONGEST, STEP},
};
use crate::model::RuntimeStoreError;

/// The database, its log and the log's index, as they were when the database was opened. All three are compared: a
/// process that finds another log, or another index with its locks, does not see this connection's locks and commits.
#[derive(Debug)]
pub(super) struct Files {
    opened: [(PathBuf, Identity); 3],
    length: Cell<u64>,
}

impl Files {
    /// The files of a database that is in write-ahead mode and has been read. `path` is canonical: SQLite looks for
    /// the others beside the file itself, not beside a link to it.
    pub(super) fn of(path: &Path) -> io::Result<Self> {
        let file = |path: PathBuf| Identity::of(&path).map(|identity| (path, identity));
        let opened = [file(path.to_owned())?, file(log(path))?, file(index(path))?];
        Ok(Self { opened, length: Cell::default() })
    }

    /// The canonical path of the database.
    pub(super) fn path(&self) -> &Path {
        let [(path, _), _, _] = &self.opened;
        path
    }

    /// How long they were together when they were checked last.
    pub(super) fn length(&self) -> u64 {
        self.length.get()
    }

    /// # Errors
    /// `Deleted` where one of them was removed, replaced, or moved with its folder.
    pub(super) fn check(&self) -> Result<()> {
        let mut length = 0;
        for (path, opened) in &self.opened {
            let what = match fs::metadata(path) {
                Ok(found) if Identity::from(&found) == *opened => {
                    length += found.len();
                    continue;
                }
                Ok(_) => "was replaced by another",
                Err(error) if error.kind() == io::ErrorKind::NotFound => "was removed or moved",
                Err(_) => "cannot be reached any more",
            };
            return Err(RuntimeStoreError::Deleted(format!(
                "{path:?} {what} while the database was open, which this store cannot use any more; open the store again"
            )));
        }
        self.length.set(length);
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

/// Makes the file that keeps room on the disk so long, and fails where there is room for less, which it keeps. What is something else
/// stays as it is.
pub(super) fn keep_reserve(path: &Path, length: u64) -> io::Result<()> {
    let reserve = beside(path, RESERVE);
    if fs::symlink_metadata(&reserve).is_ok_and(|found| found.len() >= length || !is_reserve(&reserve)) {
        return Ok(());
    }
    let mut file = OpenOptions::new().create(true).truncate(false).write(true).open(reserve)?;
    // Written: a length alone takes no room. In its place, and not at the end: another process may do the same.
    let zeros = vec![0; STEP as usize];
    let before = file.metadata()?.len();
    for at in (before - before % STEP..length).step_by(STEP as usize) {
        file.seek(SeekFrom::Start(at))?;
        file.write_all(&zeros).or_else(|error| file.set_len(at).and(Err(error)))?;
    }
    Ok(())
}

/// Removes that file. False where there was none: there was no room for it, another process has removed it, or it is something else.
pub(super) fn give_up_reserve(path: &Path) -> bool {
    let remove = |reserve: PathBuf| is_reserve(&reserve) && fs::remove_file(reserve).is_ok();
    fs::canonicalize(path).is_ok_and(|path| remove(beside(&path, RESERVE)))
}

/// Whether a file is one that keeps room: no longer than those are, and nothing but zeros. Another database may have the name.
fn is_reserve(path: &Path) -> bool {
    let is_like_one = |file: &fs::Metadata| file.is_file() && file.len() <= LONGEST;
    fs::symlink_metadata(path).is_ok_and(|file| is_like_one(&file))
        && fs::read(path).is_ok_and(|bytes| bytes == vec![0; bytes.len()])
}

const RESERVE: &str = "-reserve";

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
