//! The lock that keeps a second writer out.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use super::StoreError;
use super::place::{Place, beside, check_is_file};

const NO_LOCK_FILE: &str = "there is something else where its lock file should be";

/// The right to write to a store, held by at most one process. The system
/// releases it when the process ends, however it ends.
#[derive(Debug)]
pub(super) struct WriteLock {
    _file: File,
    place: Place,
}

impl WriteLock {
    /// Takes the lock on `STORE.lock`.
    pub(super) fn acquire(store: &Path) -> Result<Self, StoreError> {
        let path = lock_path(store);
        if path.exists() {
            check_is_file(&path).map_err(|_| StoreError::unwritable(store, NO_LOCK_FILE))?;
        }
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(|source| StoreError::unwritable(store, source))?;
        match file.try_lock() {
            Ok(()) => Ok(Self {
                _file: file,
                place: Place::new(path),
            }),
            Err(TryLockError::WouldBlock) => Err(StoreError::Busy(store.to_owned())),
            Err(TryLockError::Error(source)) => Err(StoreError::unwritable(
                store,
                format!("{source}: its file system may not support locks; use a local disk"),
            )),
        }
    }

    /// Whether the lock is still where others look for it.
    pub(super) fn is_in_place(&self) -> bool {
        self.place.is_unchanged()
    }

    /// Whether a process of this machine holds the lock.
    pub(super) fn is_held(store: &Path) -> bool {
        let path = lock_path(store);
        let file = check_is_file(&path)
            .ok()
            .and_then(|()| File::open(path).ok());
        file.is_some_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
    }
}

fn lock_path(store: &Path) -> PathBuf {
    // Two links to one store share its lock.
    beside(store, ".lock")
}
