//! A disk that can be cut off or be full. All that SQLite and burrow write in this process comes by: `pwrite`, `write`, `ftruncate`, `fsync` and
//! `unlink` are defined here, and the linker takes a program's own before libc's.
#![allow(unsafe_code)]

use std::{
    collections::BTreeMap,
    ffi::{CStr, OsStr, c_char, c_int, c_void},
    fs, mem,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
    sync::Mutex,
};

use fastrand::Rng;

/// What a power cut leaves whole of a write, or not at all.
const SECTOR: usize = 512;
const ENOSPC: c_int = 28;

static DISK: Mutex<Option<Disk>> = Mutex::new(None);

/// What happened to the files of one folder, in order.
struct Disk {
    folder: PathBuf,
    events: Vec<Event>,
    /// How many bytes its files may have together, where there is an end to it.
    most: Option<u64>,
}

#[derive(Clone, Debug)]
pub enum Event {
    Write {
        file: PathBuf,
        at: usize,
        bytes: Vec<u8>,
    },
    Truncate {
        file: PathBuf,
        length: usize,
    },
    Sync {
        file: PathBuf,
    },
    Unlink {
        file: PathBuf,
    },
    /// So many operations were acknowledged by then.
    Acknowledged(usize),
}

/// Looks at this folder from now on.
pub fn watch(folder: &Path) {
    let folder = fs::canonicalize(folder).unwrap();
    *DISK.lock().unwrap() = Some(Disk { folder, events: Vec::new(), most: None });
}

pub fn acknowledged(count: usize) {
    DISK.lock().unwrap().as_mut().unwrap().events.push(Event::Acknowledged(count));
}

/// How many bytes the files may become larger from now on, together.
pub fn set_room(room: Option<u64>) {
    let mut disk = DISK.lock().unwrap();
    let disk = disk.as_mut().unwrap();
    disk.most = room.map(|room| size(&disk.folder) + room);
}

/// How many bytes the files of a folder have.
fn size(folder: &Path) -> u64 {
    fs::read_dir(folder).unwrap().map(|file| fs::metadata(file.unwrap().path()).map_or(0, |file| file.len())).sum()
}

/// What happened, up to now.
pub fn events() -> Vec<Event> {
    DISK.lock().unwrap().take().unwrap().events
}

/// The files that a power cut after these events leaves: what was synchronized is there; of what was written since, each sector is or is not,
/// in any order. Files that were made or removed are so at once. `synchronizes` is whether the disk does what it says.
pub fn after_power_cut(events: &[Event], synchronizes: bool, random: &mut Rng) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files: BTreeMap<PathBuf, (Vec<u8>, Vec<&Event>)> = BTreeMap::new();
    for event in events {
        match event {
            Event::Write { file, .. } | Event::Truncate { file, .. } => {
                files.entry(file.clone()).or_default().1.push(event);
            }
            Event::Sync { file } if synchronizes => {
                let (bytes, since) = files.entry(file.clone()).or_default();
                mem::take(since).into_iter().for_each(|event| apply(bytes, event, &mut || true));
            }
            Event::Unlink { file } => _ = files.remove(file),
            Event::Sync { .. } | Event::Acknowledged(_) => {}
        }
    }
    let left = files.into_iter().map(|(file, (mut bytes, since))| {
        // Nothing of all of it, everything, or some of it.
        let chance = [0, 50, 100][random.usize(..3)];
        since.into_iter().for_each(|event| apply(&mut bytes, event, &mut || random.u32(..100) < chance));
        (file, bytes)
    });
    left.collect()
}

/// Does to a file what the event did, as far as `is_done` says, which is asked for each sector.
fn apply(file: &mut Vec<u8>, event: &Event, is_done: &mut impl FnMut() -> bool) {
    match event {
        Event::Write { at, bytes, .. } => {
            for (number, sector) in bytes.chunks(SECTOR).enumerate() {
                let from = at + number * SECTOR;
                if is_done() {
                    file.resize(file.len().max(from + sector.len()), 0);
                    file[from..from + sector.len()].copy_from_slice(sector);
                }
            }
        }
        Event::Truncate { length, .. } if is_done() => file.resize(*length, 0),
        _ => {}
    }
}

/// The file of this descriptor, where it is one of those that are looked at.
fn file_of(disk: &Disk, descriptor: c_int) -> Option<PathBuf> {
    let path = fs::read_link(format!("/proc/self/fd/{descriptor}")).ok()?;
    (path.parent() == Some(&disk.folder) && path.extension().is_none_or(|end| end != "sqlite-shm")).then_some(path)
}

/// libc's function of this name.
fn libc<F: Copy>(name: &CStr) -> F {
    unsafe extern "C" {
        fn dlsym(handle: *mut c_void, symbol: *const c_char) -> *mut c_void;
    }
    /// `RTLD_NEXT`: the definition after this program's own.
    const NEXT: *mut c_void = -1_isize as *mut c_void;
    // SAFETY: the name ends with a zero, as `CStr` has it.
    let symbol = unsafe { dlsym(NEXT, name.as_ptr()) };
    assert!(!symbol.is_null() && size_of::<F>() == size_of_val(&symbol), "{name:?}");
    // SAFETY: each caller names the type of the function that libc has under this name, and functions are as large as pointers.
    unsafe { mem::transmute_copy(&symbol) }
}

/// Tells of what has succeeded.
fn tell(descriptor: c_int, event: impl FnOnce(PathBuf) -> Event) {
    if let Some(disk) = DISK.lock().unwrap().as_mut()
        && let Some(file) = file_of(disk, descriptor)
    {
        disk.events.push(event(file));
    }
}

/// Whether there is no room for a file that ends here, at the least; at its end so many more bytes, without.
fn is_full(descriptor: c_int, end: Option<u64>, count: usize) -> bool {
    let disk = DISK.lock().unwrap();
    let Some((disk, most)) = disk.as_ref().and_then(|disk| Some((disk, disk.most?))) else { return false };
    let Some(file) = file_of(disk, descriptor) else { return false };
    let length = fs::metadata(file).map_or(0, |file| file.len());
    let added = end.map_or(count as u64, |end| end.saturating_sub(length));
    added > 0 && size(&disk.folder) + added > most
}

/// Fails a call as a disk without room does.
fn no_room() -> isize {
    unsafe extern "C" {
        fn __errno_location() -> *mut c_int;
    }
    // SAFETY: it is this thread's own.
    unsafe { *__errno_location() = ENOSPC };
    -1
}

// SAFETY of all that follow: their types are those of libc's, which they call with what they were given.

#[unsafe(no_mangle)]
unsafe extern "C" fn pwrite64(descriptor: c_int, bytes: *const c_void, count: usize, at: i64) -> isize {
    type Libc = unsafe extern "C" fn(c_int, *const c_void, usize, i64) -> isize;
    if is_full(descriptor, Some(at as u64 + count as u64), count) {
        return no_room();
    }
    let written = unsafe { libc::<Libc>(c"pwrite64")(descriptor, bytes, count, at) };
    if let (Ok(at), Ok(written)) = (usize::try_from(at), usize::try_from(written)) {
        let bytes = unsafe { std::slice::from_raw_parts(bytes.cast::<u8>(), written) };
        tell(descriptor, |file| Event::Write { file, at, bytes: bytes.to_vec() });
    }
    written
}

/// Only files to which is appended are written to like this. No power cut brings back what is in them: it means nothing.
#[unsafe(no_mangle)]
unsafe extern "C" fn write(descriptor: c_int, bytes: *const c_void, count: usize) -> isize {
    type Libc = unsafe extern "C" fn(c_int, *const c_void, usize) -> isize;
    if is_full(descriptor, None, count) {
        return no_room();
    }
    unsafe { libc::<Libc>(c"write")(descriptor, bytes, count) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn ftruncate64(descriptor: c_int, length: i64) -> c_int {
    let done = unsafe { libc::<unsafe extern "C" fn(c_int, i64) -> c_int>(c"ftruncate64")(descriptor, length) };
    if done == 0 {
        tell(descriptor, |file| Event::Truncate { file, length: usize::try_from(length).unwrap() });
    }
    done
}

#[unsafe(no_mangle)]
unsafe extern "C" fn fsync(descriptor: c_int) -> c_int {
    tell(descriptor, |file| Event::Sync { file });
    // To the real disk nothing has to go.
    0
}

#[unsafe(no_mangle)]
unsafe extern "C" fn fdatasync(descriptor: c_int) -> c_int {
    unsafe { fsync(descriptor) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn unlink(path: *const c_char) -> c_int {
    let file = PathBuf::from(OsStr::from_bytes(unsafe { CStr::from_ptr(path) }.to_bytes()));
    let done = unsafe { libc::<unsafe extern "C" fn(*const c_char) -> c_int>(c"unlink")(path) };
    if done == 0
        && let Some(disk) = DISK.lock().unwrap().as_mut()
        && file.parent() == Some(&disk.folder)
    {
        disk.events.push(Event::Unlink { file });
    }
    done
}
