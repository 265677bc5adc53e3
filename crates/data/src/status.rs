//! What of each dataset is at hand.

use std::path::PathBuf;

use crate::catalogue::{DataFile, DatasetEntry, Source};
use crate::config::DatasetConfig;
use crate::dataset::Dataset;
use crate::error::DataError;
use crate::folders::{DataFolders, bad_file};
use crate::integrity::read_verified;

/// Whether a dataset's files are at hand; their content is not looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Availability {
    /// Compiled into the program.
    Embedded,
    /// Drawn from a seed when needed.
    Generated,
    /// All files were found.
    Found {
        /// Data folder of the first of them.
        folder: PathBuf,
    },
    /// Some files were found.
    Incomplete {
        /// Data folder of the first of them.
        folder: PathBuf,
        /// Names of the files that were not.
        missing: Vec<String>,
        /// Whether all files that training needs were found.
        trainable: bool,
    },
    /// No file was found.
    Missing,
}

/// The verification of one file.
#[derive(Debug)]
pub struct FileReport {
    /// Its key, `dataset/file`.
    pub file: String,
    /// Where it was found; absent for embedded and generated data.
    pub path: Option<PathBuf>,
    /// SHA-256 of its content, or why it cannot be used.
    pub outcome: Result<String, DataError>,
}

/// Looks for the files of a dataset, without reading them.
///
/// # Errors
/// [`DataError::UnreadableFolder`] when a folder must not be looked into,
/// [`DataError::Io`] when looking fails otherwise.
pub fn availability(
    entry: &DatasetEntry,
    folders: &DataFolders,
) -> Result<Availability, DataError> {
    match entry.source {
        Source::Embedded => return Ok(Availability::Embedded),
        Source::Generated => return Ok(Availability::Generated),
        Source::Files | Source::Archive(_) => {}
    }
    let mut found = None;
    let mut missing = Vec::new();
    let mut trainable = true;
    for file in &entry.files {
        match folders.locate(entry, file)? {
            Some(place) => found = found.or(Some(place.folder)),
            None => {
                missing.push(file.name.to_string());
                trainable &= !file.training;
            }
        }
    }
    Ok(match found {
        None => Availability::Missing,
        Some(folder) if missing.is_empty() => Availability::Found { folder },
        Some(folder) => Availability::Incomplete {
            folder,
            missing,
            trainable,
        },
    })
}

/// Reads and verifies every file of a dataset, those training does not need
/// included. Embedded and generated data are checked or drawn likewise.
pub fn verify(entry: &DatasetEntry, folders: &DataFolders) -> Vec<FileReport> {
    match entry.source {
        Source::Embedded | Source::Generated => verify_built_in(entry, folders),
        Source::Files | Source::Archive(_) => entry
            .files
            .iter()
            .map(|file| verify_file(entry, file, folders))
            .collect(),
    }
}

fn verify_built_in(entry: &DatasetEntry, folders: &DataFolders) -> Vec<FileReport> {
    let report = |file, outcome| FileReport {
        file,
        path: None,
        outcome,
    };
    match Dataset::load_entry(entry, &DatasetConfig::new(entry.name), folders) {
        Ok(dataset) => dataset
            .fingerprints
            .into_iter()
            .map(|(file, sha256)| report(file, Ok(sha256)))
            .collect(),
        Err(error) => vec![report(entry.name.to_string(), Err(error))],
    }
}

fn verify_file(entry: &DatasetEntry, file: &DataFile, folders: &DataFolders) -> FileReport {
    let key = entry.fingerprint_key(&file.name);
    let place = match folders.locate_all(entry, std::iter::once(file)) {
        Ok(mut located) => located.pop().map(|(_, place)| place),
        Err(error) => {
            return FileReport {
                file: key,
                path: None,
                outcome: Err(error),
            };
        }
    };
    let outcome = match &place {
        Some(place) => match read_verified(&place.path, file) {
            Ok(checked) => Ok(checked.sha256),
            Err(problem) => Err(bad_file(entry, &place.folder, &place.path, problem)),
        },
        None => Err(DataError::NoFolder),
    };
    FileReport {
        file: key,
        path: place.map(|place| place.path),
        outcome,
    }
}
