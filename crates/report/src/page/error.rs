//! Why there is no report.

use std::path::PathBuf;

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// There is nothing to report.
    #[error("no store is given: name at least one")]
    NoStore,
    /// The directory could not be made.
    #[error(
        "cannot create the directory {}: {source}. Choose a directory that can be written to",
        path.display()
    )]
    CreateDirectory {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file could not be written.
    #[error(
        "cannot write {}: {source}. Check that its directory can be written to and that the disk \
         is not full, or choose another directory",
        path.display()
    )]
    WriteFile {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}
