//! Downloads of datasets: a file appears under its name only once it is complete
//! and verified, whether it comes by itself or in an archive.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::bufread::GzDecoder;
use tar::EntryType;

use crate::catalogue::{ArchiveFile, DataFile, DatasetEntry, DatasetName, Source, entry};
use crate::error::DataError;
use crate::folders::{DataFolders, bad_file, join};
use crate::integrity::{ContentError, check_archive, check_bytes, read_verified, require_gzip};
use crate::transfer::{FetchEvent, FetchOptions, Progress, Wanted, io_error, obtain};

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
            let unpacked = unpack(&part, archive, &wanted, &place, progress);
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

/// Headers, padding and small extra files an archive may hold besides the data.
const MARGIN: u64 = 1 << 20;

/// Unpacks the `wanted` files of the archive stored at `part` into `place`.
///
/// Entries are recognised by the last component of their path, and written
/// under the catalogue's name: no path of the archive is used. Each is verified
/// before it appears in its place.
fn unpack(
    part: &Path,
    archive: &ArchiveFile,
    wanted: &[&DataFile],
    place: &Path,
    progress: Progress<'_>,
) -> Result<Vec<PathBuf>, DataError> {
    let problem = |problem: String| DataError::Archive {
        archive: place.join(&*archive.name),
        problem,
    };
    let unreadable =
        |error: std::io::Error| problem(format!("the archive cannot be read: {error}"));
    let file = File::open(part).map_err(io_error("open", part))?;
    let stream = GzDecoder::new(BufReader::new(file)).take(content_bound(archive));
    let mut reader = tar::Archive::new(stream);
    let mut installed = Vec::new();
    let mut missing: Vec<&DataFile> = wanted.to_vec();
    for entry in reader.entries().map_err(unreadable)? {
        let mut entry = entry.map_err(unreadable)?;
        let bytes = entry.path_bytes().into_owned();
        let name = bytes.rsplit(|byte| *byte == b'/').next().unwrap_or(&bytes);
        let position = missing.iter().position(|file| file.name.as_bytes() == name);
        let Some(position) = position else {
            continue;
        };
        let file = missing.remove(position);
        let size = u64::try_from(file.format.size()).unwrap_or(u64::MAX);
        if entry.header().entry_type() != EntryType::Regular || entry.size() != size {
            return Err(problem(format!(
                "its entry {} is not a file of {size} bytes",
                file.name
            )));
        }
        let mut content = Vec::with_capacity(file.format.size());
        entry
            .by_ref()
            .take(size)
            .read_to_end(&mut content)
            .map_err(unreadable)?;
        let verified = check_bytes(content, file)
            .and_then(|checked| checked.genuine.map(|()| checked.bytes))
            .map_err(|reason| problem(format!("its entry {}: {reason}", file.name)))?;
        let path = place.join(&*file.name);
        let partial = place.join(format!("{}.part", file.name));
        fs::write(&partial, verified).map_err(io_error("write", &partial))?;
        install(&partial, &path)?;
        progress(FetchEvent::Installed { path: &path });
        installed.push(path);
        if missing.is_empty() {
            return Ok(installed);
        }
    }
    let names: Vec<&str> = missing.iter().map(|file| file.name.as_ref()).collect();
    Err(problem(format!("it does not hold {}", names.join(", "))))
}

/// The most bytes read out of the compressed stream: deflate cannot compress
/// below 1/1032 of the content, but data that is worth an archive compresses
/// far less; eight times is generous.
fn content_bound(archive: &ArchiveFile) -> u64 {
    archive.size.saturating_mul(8).saturating_add(MARGIN)
}

/// Writes `part` through to the disk and renames it to `path`.
fn install(part: &Path, path: &Path) -> Result<(), DataError> {
    OpenOptions::new()
        .write(true)
        .open(part)
        .and_then(|file| file.sync_all())
        .map_err(io_error("write", part))?;
    fs::rename(part, path).map_err(io_error("rename a download to", path))?;
    // The rename itself reaches the disk with its folder; a system that cannot
    // open folders loses at most the new name in a power failure.
    if let Some(Ok(folder)) = path.parent().map(File::open) {
        let _ = folder.sync_all();
    }
    Ok(())
}
