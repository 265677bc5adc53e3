use std::path::PathBuf;

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// There is nothing to report.
    #[error("no store is given: name at least one")]
    NoStore,
    /// The estimates do not belong to the snapshot.
    #[error(
        "{store}: {estimates} estimates were given for {cells} cells: compute one estimate for \
         every cell of the snapshot, in its order"
    )]
    EstimatesMisaligned {
        /// The store.
        store: String,
        /// Cells of the snapshot.
        cells: usize,
        /// Estimates given.
        estimates: usize,
    },
    /// A fit belongs to no cell.
    #[error(
        "{store}: a fit names the dataset `{dataset}`, which no cell of the snapshot uses: fit \
         the same snapshot that is reported"
    )]
    UnknownDataset {
        /// The store.
        store: String,
        /// The fit's dataset.
        dataset: String,
    },
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
