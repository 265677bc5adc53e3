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
use place::{Place, check_has_its_log, check_has_one_name, check_is_file, plain_path};
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
        let lock = WriteLock::acquire(path)?;
        let exists = path.exists();
        if exists {
            check_is_file(path)?;
            check_has_one_name(path)?;
        }
        let connection = Connection::open(plain_path(path));
        let connection = connection.map_err(|source| StoreError::open(path, source))?;
        let mut store = Self {
            connection,
            path: path.to_owned(),
            lock: Some((lock, Place::new(plain_path(path)))),
            session: None,
        };
        store.define_functions()?;
        if exists && !store.is_blank()? {
            store.check_format()?;
            store.set_up_connection()?;
            store.check_whole()?;
            store.check_configuration(manifest)?;
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
        check_is_file(path)?;
        if !Self::is_being_written(path) {
            check_has_its_log(path)?;
        }
        let store = Self::open_unchecked(path)?;
        store.check_format()?;
        store.check_whole()?;
        Ok(store)
    }

    fn open_unchecked(path: &Path) -> Result<Self, StoreError> {
        check_is_file(path)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(plain_path(path), flags)
            .map_err(|source| StoreError::open(path, source))?;
        let store = Self {
            connection,
            path: path.to_owned(),
            lock: None,
            session: None,
        };
        store.define_functions()?;
        Ok(store)
    }

    fn define_functions(&self) -> Result<(), StoreError> {
        sums::define(&self.connection).map_err(self.failed())
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
        if self.lock.is_some() {
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
