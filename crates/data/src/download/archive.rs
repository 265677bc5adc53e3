//! Taking the files of a dataset, and nothing else, out of a verified archive.

use std::fs::{self, File};
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::bufread::GzDecoder;
use tar::EntryType;

use super::install::install;
use super::{FetchEvent, Progress, io_error};
use crate::catalogue::{ArchiveFile, DataFile};
use crate::error::DataError;
use crate::integrity::check_bytes;

/// Headers, padding and small extra files an archive may hold besides the data.
const MARGIN: u64 = 1 << 20;

/// Unpacks the `wanted` files of the archive stored at `part` into `place`.
///
/// Entries are recognised by the last component of their path, and written
/// under the catalogue's name: no path of the archive is used. Each is verified
/// before it appears in its place.
pub(super) fn unpack(
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
