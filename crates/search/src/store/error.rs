//! What can be wrong with a store.

use std::fmt::Display;
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;
use thiserror::Error;

use super::FORMAT_VERSION;

/// A store that cannot be used as asked.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The file cannot be read.
    #[error(
        "cannot read the store {path}: {source}{}",
        match .source.kind() {
            io::ErrorKind::NotFound => "; `etastar sweep` makes one",
            _ => "",
        },
        path = .path.display()
    )]
    Unreadable {
        /// The store.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file or its folder cannot be written.
    #[error(
        "cannot write the store {path}: {problem}; check your rights and the free space of the \
         disk, then run the same command again; finished trials are kept",
        path = .path.display()
    )]
    Unwritable {
        /// The store.
        path: PathBuf,
        /// Why.
        problem: String,
    },
    /// Another process writes to it.
    #[error(
        "the store {path} is in use by another process; wait for it to end, or write to another \
         file",
        path = .0.display()
    )]
    Busy(PathBuf),
    /// The file is something else.
    #[error("{path} is not an etastar store; give a file that `etastar sweep` made", path = .0.display())]
    NotAStore(PathBuf),
    /// The file was made by a newer program.
    #[error(
        "the store {path} has format {found}, but this program reads format {FORMAT_VERSION}; \
         use a newer etastar",
        path = .path.display()
    )]
    NewerFormat {
        /// The store.
        path: PathBuf,
        /// Its format version.
        found: i64,
    },
    /// The store was written by an older version of the program.
    #[error(
        "the store {path} has the older format {found}, but this program uses format \
         {FORMAT_VERSION}; read it with the version that wrote it, or measure again",
        path = .path.display()
    )]
    OlderFormat {
        /// The store.
        path: PathBuf,
        /// Its format version.
        found: i64,
    },
    /// The file holds results of another configuration.
    #[error(
        "the store {path} holds results of another configuration (hash {found}, this run's is \
         {expected}); give another file, because results are never mixed",
        path = .path.display(), found = short(.found), expected = short(.expected)
    )]
    OtherConfiguration {
        /// The store.
        path: PathBuf,
        /// Hash of the configuration it was made with.
        found: String,
        /// Hash of this run's configuration.
        expected: String,
    },
    /// A store was measured on a machine that rounds differently.
    #[error(
        "{path} was measured with another arithmetic ({found}, here {expected}): its processor or \
         library rounds differently",
        path = .path.display()
    )]
    OtherArithmetic {
        /// The store.
        path: PathBuf,
        /// Its arithmetic, or one of them.
        found: String,
        /// This machine's.
        expected: String,
    },
    /// The file was moved or removed while it was written.
    #[error(
        "the store {path} or its lock file was moved, replaced or removed while it was being \
         written; put it back and run the same command again: what it holds is kept",
        path = .0.display()
    )]
    Moved(PathBuf),
    /// The file has hard links.
    #[error(
        "the store {path} has {names} names (hard links): another process could write to it by \
         another name, unseen; copy it to a file of its own",
        path = .path.display()
    )]
    SeveralNames {
        /// The store.
        path: PathBuf,
        /// How many.
        names: u64,
    },
    /// The write-ahead log is not beside the file.
    #[error(
        "the store {path} is not whole without its log {path}-wal, which is not there: a sweep that \
         was killed leaves both files, so copy both. If the log is lost, run the sweep's command \
         again: it measures what is missing",
        path = .0.display()
    )]
    LogMissing(PathBuf),
    /// The write-ahead log cannot be read where it is.
    #[error(
        "the store {path} was left by a sweep that was killed, and its log {path}-wal can be read \
         only in a folder that can be written to: copy both files to such a folder",
        path = .0.display()
    )]
    LogUnreadable(PathBuf),
    /// Two stores of the same configuration have different results.
    #[error(
        "{path} and {other} disagree in {rows} rows, first in {first}; nothing was merged. Results \
         of one configuration differ where machines round differently or a file was changed: \
         measure the parts again on one kind of machine",
        path = .path.display(), other = .other.display()
    )]
    Disagreement {
        /// The store merged into.
        path: PathBuf,
        /// The store merged.
        other: PathBuf,
        /// Number of rows that differ.
        rows: usize,
        /// The first of them, in words.
        first: String,
    },
    /// What is in the file cannot be right.
    #[error(
        "the store {path} is damaged ({detail}); restore a copy, or save the intact rows with \
         `etastar merge --recover {path} --output NEW.db` and resume the sweep with NEW.db",
        path = .path.display()
    )]
    Damaged {
        /// The store.
        path: PathBuf,
        /// What is wrong.
        detail: String,
    },
    /// Not even the grid of the file is whole.
    #[error(
        "the grid of the store {path} is damaged ({detail}); begin a new store, for instance with \
         `etastar sweep EXPERIMENT --output NEW.db --time-limit 1s`, and recover into NEW.db",
        path = .path.display()
    )]
    GridDamaged {
        /// The store.
        path: PathBuf,
        /// What is wrong.
        detail: String,
    },
    /// SQLite failed in a way not foreseen.
    #[error("the store {path} failed: {source}", path = .path.display())]
    Sqlite {
        /// The store.
        path: PathBuf,
        /// What SQLite says.
        source: rusqlite::Error,
    },
}

fn short(hash: &str) -> &str {
    hash.get(..8).unwrap_or(hash)
}

impl StoreError {
    pub(super) fn unreadable(path: &Path, source: io::Error) -> Self {
        Self::Unreadable {
            path: path.to_owned(),
            source,
        }
    }

    pub(super) fn unwritable(path: &Path, problem: impl Display) -> Self {
        Self::Unwritable {
            path: path.to_owned(),
            problem: problem.to_string(),
        }
    }

    pub(super) fn damaged(path: &Path, detail: &impl Display) -> Self {
        Self::Damaged {
            path: path.to_owned(),
            detail: detail.to_string(),
        }
    }

    /// The same damage, where it is the grid's.
    pub(super) fn beyond_recovery(self) -> Self {
        match self {
            Self::Damaged { path, detail } => Self::GridDamaged { path, detail },
            other => other,
        }
    }

    /// An error of opening the file.
    pub(super) fn open(path: &Path, source: rusqlite::Error) -> Self {
        match source.sqlite_error_code() {
            Some(ErrorCode::CannotOpen) => Self::unwritable(path, source),
            _ => Self::sqlite(path, source),
        }
    }

    /// An error of a statement.
    pub(super) fn sqlite(path: &Path, source: rusqlite::Error) -> Self {
        match source.sqlite_error_code() {
            Some(ErrorCode::NotADatabase) => Self::NotAStore(path.to_owned()),
            Some(ErrorCode::DatabaseCorrupt) => Self::damaged(path, &source),
            // The statements are ours: a table, a column or a type that one
            // does not find is not what was written.
            Some(ErrorCode::Unknown) | None => Self::damaged(path, &source),
            Some(ErrorCode::DiskFull) => Self::unwritable(path, "the disk is full"),
            Some(
                ErrorCode::ReadOnly
                | ErrorCode::SystemIoFailure
                | ErrorCode::CannotOpen
                | ErrorCode::PermissionDenied,
            ) => Self::unwritable(path, source),
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                Self::Busy(path.to_owned())
            }
            _ => Self::Sqlite {
                path: path.to_owned(),
                source,
            },
        }
    }
}
