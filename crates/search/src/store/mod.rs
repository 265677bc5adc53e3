//! The results store: one SQLite file per sweep.
//!
//! | table | one row is |
//! |---|---|
//! | `manifest` | what all rows have in common (a single JSON row) |
//! | `sessions` | one run of the program on this store |
//! | `cells` | one point of the grid, in the grid's order, with its prediction |
//! | `repeats` | one finished repeat of a cell: a search, or the sharpness of a network |
//! | `trials` | one finished training of a search |
//!
//! Every row has a checksum ([`sums`]); opening a store checks them all.
//! The file's `application_id` tells what it is and its `user_version` is the
//! format version. Every finished trial is one transaction in write-ahead
//! mode with `synchronous = FULL`, so it survives the process and the machine.
//! While a process writes it holds a lock on `FILE.lock`; readers need none.

mod adopt;
mod error;
mod lock;
mod merge;
mod place;
mod read;
mod recover;
mod schema;
mod sums;
mod write;

pub use error::StoreError;
pub use merge::Merged;
pub use schema::FORMAT_VERSION;

use std::path::{Path, PathBuf};

use lock::WriteLock;
use place::{Place, check_has_one_name, check_is_file, check_name, lacks_log, plain_path};
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, OpenFlags};

use crate::{Manifest, PlannedCell, Session};

/// An open store.
#[derive(Debug)]
pub struct Store {
    connection: Connection,
    path: PathBuf,
    /// Held while this process may write, and the file that it writes.
    lock: Option<(WriteLock, Place)>,
    /// Row of the session in progress.
    session: Option<i64>,
}

impl Store {
    /// Opens a store for writing, or creates it with this manifest and grid.
    ///
    /// # Errors
    /// If another process writes to it, if it was made by another
    /// configuration, if it is no store or of a newer format, if it has a second
    /// name, or if the file cannot be written.
    pub fn open_for_sweep(
        path: &Path,
        manifest: &Manifest,
        cells: &[PlannedCell],
    ) -> Result<Self, StoreError> {
        check_name(path)?;
        let exists = path.exists();
        if !exists && path.is_symlink() {
            return Err(StoreError::unwritable(path, "it is a link to no file"));
        }
        let lock = WriteLock::acquire(path)?;
        if exists {
            check_is_file(path)?;
            check_has_one_name(path)?;
        }
        if !exists {
            // By the umask, which SQLite does not heed.
            let made = std::fs::File::create_new(path);
            made.map_err(|source| StoreError::unwritable(path, source))?;
        }
        let connection = Connection::open(plain_path(path));
        let connection = connection.map_err(|source| StoreError::open(path, source))?;
        let mut store = Self {
            connection,
            path: path.to_owned(),
            // By the path as it was given: a folder's link may come to lead elsewhere.
            lock: Some((lock, Place::new(path.to_owned()))),
            session: None,
        };
        store.define_functions()?;
        if exists && !store.is_blank()? {
            store.check_format()?;
            store.set_up_connection()?;
            store.check_whole()?;
            store.check_configuration(manifest)?;
            store.expect_repeats(manifest.repeats)?;
        } else {
            store.set_up_connection()?;
            store.create(manifest, cells)?;
        }
        Ok(store)
    }

    /// A store that lives as long as the process.
    ///
    /// # Errors
    /// If memory runs out.
    pub fn in_memory(manifest: &Manifest, cells: &[PlannedCell]) -> Result<Self, StoreError> {
        let path = PathBuf::from(":memory:");
        let connection =
            Connection::open_in_memory().map_err(|source| StoreError::open(&path, source))?;
        let mut store = Self {
            connection,
            path,
            lock: None,
            session: None,
        };
        store.define_functions()?;
        store.create(manifest, cells)?;
        Ok(store)
    }

    /// Opens an existing store for reading.
    ///
    /// # Errors
    /// If there is no such file, if it is no store, damaged, or of a newer
    /// format, or if its log is missing.
    pub fn open_to_read(path: &Path) -> Result<Self, StoreError> {
        let suspicious = check_is_file(path).is_ok() && Self::lacks_log(path);
        let store = Self::open_unchecked(path)?;
        if suspicious {
            store.check_log()?;
        }
        store.check_format()?;
        store.check_whole()?;
        Ok(store)
    }

    fn open_unchecked(path: &Path) -> Result<Self, StoreError> {
        check_is_file(path)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        // SQLite says no more than that it cannot.
        std::fs::File::open(path).map_err(|source| StoreError::unreadable(path, source))?;
        let connection = Connection::open_with_flags(plain_path(path), flags)
            .map_err(|source| StoreError::open(path, source))?;
        let store = Self {
            connection,
            path: path.to_owned(),
            lock: None,
            session: None,
        };
        store.define_functions()?;
        let readable = store
            .connection
            .query_row("PRAGMA schema_version", [], |_| Ok(()));
        match readable.map_err(store.failed()) {
            // The log of a killed sweep cannot be read without a third file beside it.
            Err(StoreError::Unwritable { .. }) => Err(StoreError::LogUnreadable(path.to_owned())),
            _ => Ok(store),
        }
    }

    /// Makes the tables of another store's file known as `donor`.
    fn attach(&self, donor: &Path) -> Result<(), StoreError> {
        // Names of files need not be UTF-8.
        let name = ValueRef::Text(donor.as_os_str().as_encoded_bytes());
        let attached = self
            .connection
            .execute("ATTACH ?1 AS donor", [ToSqlOutput::Borrowed(name)]);
        attached.map(drop).map_err(self.failed())
    }

    fn define_functions(&self) -> Result<(), StoreError> {
        sums::define(&self.connection).map_err(self.failed())
    }

    /// Whether what was measured last may be in a log that is not beside the file: only reading it
    /// tells.
    pub fn lacks_log(path: &Path) -> bool {
        !Self::is_being_written(path) && lacks_log(path)
    }

    /// Refuses a file in write-ahead mode whose log is not beside it, unless its last session has
    /// ended: then the log was empty, and a process was killed while it left that mode. Whoever copies
    /// a store of a sweep that was killed has to copy both.
    fn check_log(&self) -> Result<(), StoreError> {
        let ended = "SELECT json_extract(session, '$.finished_at') IS NOT NULL FROM sessions \
                     ORDER BY id DESC LIMIT 1";
        let ended = !self.is_blank()?
            && self
                .connection
                .query_row(ended, [], |row| row.get(0))
                .unwrap_or(false);
        match ended {
            true => Ok(()),
            false => Err(StoreError::LogMissing(self.path.clone())),
        }
    }

    /// Whether a process of this machine writes to the store.
    pub fn is_being_written(path: &Path) -> bool {
        WriteLock::is_held(path)
    }

    /// The store's file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// That what is written goes where it is looked for.
    ///
    /// # Errors
    /// If the file or its lock is no longer at its path.
    fn check_in_place(&self) -> Result<(), StoreError> {
        match &self.lock {
            Some((lock, place)) if !(place.is_unchanged() && lock.is_in_place()) => {
                Err(StoreError::Moved(self.path.clone()))
            }
            _ => Ok(()),
        }
    }

    fn failed(&self) -> impl Fn(rusqlite::Error) -> StoreError + '_ {
        |source| StoreError::sqlite(&self.path, source)
    }

    /// Records that the program runs on this store.
    ///
    /// # Errors
    /// If the store cannot be written.
    pub fn begin_session(&mut self, session: &Session) -> Result<(), StoreError> {
        let text = schema::to_json(session, &self.path)?;
        self.connection
            .execute(
                "INSERT INTO sessions (session, sum) VALUES (?1, row_sum('sessions', ?1))",
                [text],
            )
            .map_err(self.failed())?;
        self.check_in_place()?;
        self.session = Some(self.connection.last_insert_rowid());
        Ok(())
    }

    /// Records that the session begun last has ended, at this time (RFC 3339).
    ///
    /// # Errors
    /// If the store cannot be written.
    pub fn end_session(&mut self, finished_at: &str) -> Result<(), StoreError> {
        let Some(row) = self.session.take() else {
            return Ok(());
        };
        self.connection
            .execute(
                "UPDATE sessions SET session = json_set(session, '$.finished_at', ?1), \
                 sum = row_sum('sessions', json_set(session, '$.finished_at', ?1)) WHERE id = ?2",
                (finished_at, row),
            )
            .map_err(self.failed())?;
        self.check_in_place()
    }
}

impl Drop for Store {
    /// Leaves one file that can be copied, and read where nothing may be
    /// written: readers of a file in write-ahead mode put two beside it.
    fn drop(&mut self) {
        if self.lock.is_some() && self.check_in_place().is_err() {
            // SQLite would remove the log at this path, which may be another store's by now, and
            // this one's goes with its file. The process is about to end.
            if let Ok(other) = Connection::open_in_memory() {
                std::mem::forget(std::mem::replace(&mut self.connection, other));
            }
        } else if self.lock.is_some() {
            // With a reader at work it stays as it is, which is as good.
            let _ = self
                .connection
                .execute_batch("PRAGMA journal_mode = DELETE");
        }
    }
}

#[cfg(test)]
mod damage_tests;
#[cfg(test)]
mod tests;
