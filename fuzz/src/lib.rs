//! What the targets share: a file for parsers that read one.

use std::path::{Path, PathBuf};

/// Writes the bytes to a file of this process, and gives its path.
///
/// # Panics
/// If the temporary folder cannot be written.
pub fn file(bytes: &[u8], extension: &str) -> PathBuf {
    let folder = Path::new("/dev/shm");
    let folder = if folder.is_dir() {
        folder.to_owned()
    } else {
        std::env::temp_dir()
    };
    let path = folder.join(format!("etastar-fuzz-{}.{extension}", std::process::id()));
    std::fs::write(&path, bytes).expect("the temporary folder can be written");
    path
}
