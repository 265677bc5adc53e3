//! Where a store is on disk: that its file and its lock are still those that were opened.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use super::StoreError;

/// The file itself, whatever link leads to it, and never one of SQLite's special names, as
/// `:memory:` or `file:x.db`.
pub(super) fn plain_path(path: &Path) -> PathBuf {
    let real = fs::canonicalize(path).or_else(|_| std::path::absolute(path));
    real.unwrap_or_else(|_| path.to_owned())
}

/// The path with something after it: the names of what SQLite and we keep beside a store.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = plain_path(path).into_os_string();
    name.push(suffix);
    PathBuf::from(name)
}

/// A file as it was opened, to be found at its path still.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Place {
    path: PathBuf,
    /// Device and number of the file; where the system has no such numbers, only whether there is
    /// one.
    file: Option<[u64; 2]>,
}

impl Place {
    pub(super) fn new(path: PathBuf) -> Self {
        let file = numbers(&path);
        Self { path, file }
    }

    /// Whether the path leads to the same file.
    pub(super) fn is_unchanged(&self) -> bool {
        self.file.is_some() && numbers(&self.path) == self.file
    }
}

// By the path and not by opening the file: closing it would release the locks that SQLite holds on
// it in this process.
#[cfg(unix)]
fn numbers(path: &Path) -> Option<[u64; 2]> {
    use std::os::unix::fs::MetadataExt;

    let metadata = fs::metadata(path).ok()?;
    Some([metadata.dev(), metadata.ino()])
}

#[cfg(not(unix))]
fn numbers(path: &Path) -> Option<[u64; 2]> {
    fs::metadata(path).ok().map(|_| [0, 0])
}

/// Refuses what no store is, and what SQLite would read for ever.
pub(super) fn check_is_file(path: &Path) -> Result<(), StoreError> {
    let metadata = fs::metadata(path).map_err(|source| StoreError::unreadable(path, source))?;
    match metadata.is_file() {
        true => Ok(()),
        false => Err(StoreError::NotAStore(path.to_owned())),
    }
}

/// Refuses the names of what is kept beside another store.
pub(super) fn check_name(path: &Path) -> Result<(), StoreError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let taken = [".lock", "-wal", "-shm", "-journal", ".status.json"];
    match taken.iter().find(|ending| name.ends_with(*ending)) {
        None => Ok(()),
        Some(ending) => Err(StoreError::unwritable(
            path,
            format!("names that end in `{ending}` are reserved for files beside a store"),
        )),
    }
}

/// Refuses a file with a second name: two writers would not see each other's locks and logs, which
/// go by the name.
pub(super) fn check_has_one_name(path: &Path) -> Result<(), StoreError> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;

        let names = fs::metadata(path).map_or(1, |metadata| metadata.nlink());
        if names > 1 {
            return Err(StoreError::SeveralNames {
                path: path.to_owned(),
                names,
            });
        }
    }
    Ok(())
}

/// Whether a file is in write-ahead mode, and no log with anything in it is beside it.
///
/// The file must not be open in this process: see [`numbers`].
pub(super) fn lacks_log(path: &Path) -> bool {
    // Byte 18 of the header is 2 in write-ahead mode (https://sqlite.org/fileformat.html).
    let mut header = [0; 20];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut header));
    let log = fs::metadata(beside(path, "-wal")).map_or(0, |log| log.len());
    read.is_ok() && header[18] == 2 && log == 0
}
