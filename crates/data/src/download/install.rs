//! Putting a verified file into its place, durably and in one step.

use std::fs::{self, File, OpenOptions};
use std::path::Path;

use super::io_error;
use crate::error::DataError;

/// Writes `part` through to the disk and renames it to `path`.
pub(super) fn install(part: &Path, path: &Path) -> Result<(), DataError> {
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
