//! Downloads: each file comes from the first mirror that delivers the genuine
//! content, and appears under its name only once it is complete and verified.

mod archive;
mod http;
mod install;
mod obtain;

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::catalogue::{ArchiveFile, DataFile, DatasetEntry, Source, entry};
use crate::config::DatasetName;
use crate::error::DataError;
use crate::folders::{DataFolders, bad_file, join};
use crate::integrity::{ContentError, check_archive, read_verified, require_gzip};

use install::install;
use obtain::{Wanted, obtain};

/// How downloads are made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchOptions {
    /// Addresses used instead of the catalogue's mirrors, in order; the name of
    /// the file is appended to each.
    pub mirrors: Option<Vec<String>>,
    /// Time allowed for a connection to be made.
    pub connect_timeout: Duration,
    /// Time after which a transfer that (practically) stands still is given up.
    pub stall_timeout: Duration,
    /// How often a transfer from one mirror is begun or resumed before the next
    /// mirror is tried.
    pub attempts: u32,
    /// Download everything afresh, replacing files that are there already.
    pub force: bool,
}

impl Default for FetchOptions {
    fn default() -> Self {
        Self {
            mirrors: None,
            connect_timeout: Duration::from_secs(20),
            stall_timeout: Duration::from_secs(30),
            attempts: 3,
            force: false,
        }
    }
}

/// What happens during a download, for a progress display.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FetchEvent<'a> {
    /// A file is there already and genuine; it is not downloaded.
    Kept {
        /// The file.
        path: &'a Path,
    },
    /// A mirror began to send a file.
    Started {
        /// Name of the file.
        file: &'a str,
        /// Its address.
        url: &'a str,
        /// Bytes that are here already.
        resumed_from: u64,
        /// Bytes of the complete file, if the mirror says so.
        total: Option<u64>,
    },
    /// Some of a file arrived.
    Received {
        /// Name of the file.
        file: &'a str,
        /// Bytes that are here by now.
        bytes: u64,
    },
    /// An attempt failed; the next one or the next mirror follows.
    AttemptFailed {
        /// Name of the file.
        file: &'a str,
        /// Its address.
        url: &'a str,
        /// Why it failed.
        reason: &'a str,
    },
    /// A file is complete, verified and in its place.
    Installed {
        /// The file.
        path: &'a Path,
    },
}

/// Receives the events of a download.
pub type Progress<'a> = &'a dyn Fn(FetchEvent<'_>);

/// What a download left behind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FetchReport {
    /// Files downloaded and verified.
    pub installed: Vec<PathBuf>,
    /// Files that were there and genuine.
    pub kept: Vec<PathBuf>,
}

/// Downloads the files of a dataset into `folder/<dataset>/`; embedded and
/// generated datasets need nothing and give an empty report.
///
/// A transfer goes to `FILE.part`, is resumed from there next time, and is
/// renamed to `FILE` only after its structure and SHA-256 were verified.
///
/// # Errors
/// [`DataError::Download`] when no mirror delivers a file,
/// [`DataError::BadFile`] when a file is there, not genuine, and
/// [`FetchOptions::force`] is off, [`DataError::DownloadInProgress`] when
/// another process is at it, [`DataError::Io`] when the folder is not writable.
pub fn fetch(
    name: DatasetName,
    folder: &Path,
    options: &FetchOptions,
    progress: Progress<'_>,
) -> Result<FetchReport, DataError> {
    fetch_entry(&entry(name), folder, options, progress)
}

/// As [`fetch`], with a catalogue entry of the caller's.
///
/// # Errors
/// As [`fetch`].
pub fn fetch_entry(
    entry: &DatasetEntry,
    folder: &Path,
    options: &FetchOptions,
    progress: Progress<'_>,
) -> Result<FetchReport, DataError> {
    let mut report = FetchReport::default();
    if matches!(entry.source, Source::Embedded | Source::Generated) {
        return Ok(report);
    }
    let place = join(folder, entry.subfolders.first().map_or("", AsRef::as_ref));
    fs::create_dir_all(&place).map_err(io_error("create", &place))?;
    let _lock = lock(&place)?;
    let mut wanted = Vec::new();
    for file in &entry.files {
        match existing(entry, file, folder, &place, options)? {
            Some(path) => {
                progress(FetchEvent::Kept { path: &path });
                report.kept.push(path);
            }
            None => wanted.push(file),
        }
    }
    if wanted.is_empty() {
        return Ok(report);
    }
    match &entry.source {
        Source::Archive(archive) => {
            let part = fetch_archive(entry, archive, &place, options, progress)?;
            let unpacked = archive::unpack(&part, archive, &wanted, &place, progress);
            // Kept only if the archive is not at fault (the disk may be full).
            if !matches!(unpacked, Err(DataError::Io { .. })) {
                fs::remove_file(&part).map_err(io_error("delete", &part))?;
            }
            report.installed = unpacked?;
        }
        _ => {
            for file in wanted {
                let path = fetch_file(entry, file, &place, options, progress)?;
                progress(FetchEvent::Installed { path: &path });
                report.installed.push(path);
            }
        }
    }
    Ok(report)
}

/// The genuine file that is at hand in `folder` already, if any.
fn existing(
    entry: &DatasetEntry,
    file: &DataFile,
    folder: &Path,
    place: &Path,
    options: &FetchOptions,
) -> Result<Option<PathBuf>, DataError> {
    let Some(located) = DataFolders::only(folder).locate(entry, file)? else {
        return Ok(None);
    };
    if options.force {
        return Ok(None);
    }
    match read_verified(&located.path, file) {
        Ok(_) => Ok(Some(located.path)),
        Err(problem) if located.path.parent() == Some(place) => {
            Err(bad_file(entry, folder, &located.path, problem))
        }
        // Another file of that name elsewhere: the download takes precedence.
        Err(_) => Ok(None),
    }
}

fn fetch_file(
    entry: &DatasetEntry,
    file: &DataFile,
    place: &Path,
    options: &FetchOptions,
    progress: Progress<'_>,
) -> Result<PathBuf, DataError> {
    let name = format!("{}.gz", file.name);
    let part = place.join(format!("{name}.part"));
    obtain(
        &Wanted {
            urls: urls(entry, options, &name),
            name: &name,
            part: &part,
            limit: gzip_bound(file.format.size()),
            check: &|part| read_verified_gzip(part, file),
        },
        options,
        progress,
    )?;
    let path = place.join(&name);
    install(&part, &path)?;
    // A plain file would be found first; it is here only if it is replaced.
    let plain = place.join(&*file.name);
    if plain.is_file() {
        fs::remove_file(&plain).map_err(io_error("delete", &plain))?;
    }
    Ok(path)
}

fn fetch_archive(
    entry: &DatasetEntry,
    archive: &ArchiveFile,
    place: &Path,
    options: &FetchOptions,
    progress: Progress<'_>,
) -> Result<PathBuf, DataError> {
    let part = place.join(format!("{}.part", archive.name));
    obtain(
        &Wanted {
            urls: urls(entry, options, &archive.name),
            name: &archive.name,
            part: &part,
            limit: archive.size,
            check: &|part| check_archive(part, archive.size, &archive.sha256),
        },
        options,
        progress,
    )?;
    Ok(part)
}

/// Checks a download that must be a gzipped, genuine file.
fn read_verified_gzip(part: &Path, file: &DataFile) -> Result<(), ContentError> {
    require_gzip(part)?;
    read_verified(part, file).map(|_| ())
}

fn urls(entry: &DatasetEntry, options: &FetchOptions, name: &str) -> Vec<String> {
    let join = |mirror: &str| format!("{}/{name}", mirror.trim_end_matches('/'));
    match &options.mirrors {
        Some(mirrors) => mirrors.iter().map(|mirror| join(mirror)).collect(),
        None => entry.mirrors.iter().map(|mirror| join(mirror)).collect(),
    }
}

/// The most bytes a gzip file of `size` bytes of content may have: stored
/// without compression, and a generous header.
fn gzip_bound(size: usize) -> u64 {
    let size = u64::try_from(size).unwrap_or(u64::MAX);
    size.saturating_add(size / 1_000).saturating_add(1_024)
}

/// Keeps other processes from downloading into `place` until dropped.
fn lock(place: &Path) -> Result<File, DataError> {
    let path = place.join(".download.lock");
    let file = File::create(&path).map_err(io_error("create", &path))?;
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => Err(DataError::DownloadInProgress {
            folder: place.to_path_buf(),
        }),
        // Some network file systems have no locks: go on without.
        Ok(()) | Err(TryLockError::Error(_)) => Ok(file),
    }
}

fn io_error(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> DataError + use<> {
    let path = path.to_path_buf();
    move |source| DataError::Io {
        action,
        path,
        source,
    }
}
