//! Where dataset files are looked for and downloads are stored.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::catalogue::{DataFile, DatasetEntry};
use crate::error::DataError;
use crate::integrity::ContentError;

/// Environment variable that names a data folder.
pub const ENVIRONMENT_VARIABLE: &str = "ETASTAR_DATA";

/// The data folders, searched in the order of the fields.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DataFolders {
    /// Named on the command line (`--data-dir`).
    pub explicit: Option<PathBuf>,
    /// Named by the environment variable `ETASTAR_DATA`.
    pub environment: Option<PathBuf>,
    /// `etastar` in the user's cache directory.
    pub cache: Option<PathBuf>,
}

/// A dataset file that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located {
    /// The file, plain or gzipped.
    pub path: PathBuf,
    /// The data folder it was found in or below.
    pub folder: PathBuf,
}

impl DataFolders {
    /// The folders of this process: `explicit`, then the environment variable
    /// unless empty, then the cache directory.
    pub fn discover(explicit: Option<PathBuf>) -> Self {
        let environment = std::env::var_os(ENVIRONMENT_VARIABLE)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from);
        let cache = directories::ProjectDirs::from("", "", "etastar")
            .map(|directories| directories.cache_dir().to_path_buf());
        Self {
            explicit,
            environment,
            cache,
        }
    }

    /// One folder and no other.
    pub fn only(folder: impl Into<PathBuf>) -> Self {
        Self {
            explicit: Some(folder.into()),
            ..Self::default()
        }
    }

    /// The folders there are, in the order of search.
    pub fn search_order(&self) -> impl Iterator<Item = &Path> {
        [&self.explicit, &self.environment, &self.cache]
            .into_iter()
            .flatten()
            .map(PathBuf::as_path)
    }

    /// The folder downloads go to: the first of the search order.
    ///
    /// # Errors
    /// [`DataError::NoFolder`] when there is none.
    pub fn download_folder(&self) -> Result<&Path, DataError> {
        self.search_order().next().ok_or(DataError::NoFolder)
    }

    /// Finds a file of a dataset: in each data folder, in each subfolder of the
    /// entry, plain before gzipped; then, as other programs leave them, in `raw` below a folder of
    /// the dataset's name, by a name that differs in case and signs (`train-images.idx3-ubyte`), or
    /// in a folder of the file's name. Its content is not looked at: a hash is to tell it.
    ///
    /// # Errors
    /// [`DataError::UnreadableFolder`] when a folder must not be looked into,
    /// [`DataError::Io`] when looking fails otherwise.
    pub fn locate(
        &self,
        entry: &DatasetEntry,
        file: &DataFile,
    ) -> Result<Option<Located>, DataError> {
        for folder in self.search_order() {
            for subfolder in &entry.subfolders {
                let place = join(folder, subfolder);
                if let Some(path) = file_in(&place, &file.name)? {
                    let folder = folder.to_path_buf();
                    return Ok(Some(Located { path, folder }));
                }
            }
            if let Some(path) = by_other_name(folder, entry, &file.name) {
                let folder = folder.to_path_buf();
                return Ok(Some(Located { path, folder }));
            }
        }
        Ok(None)
    }

    /// Finds all of `files`, or says which are missing.
    pub(crate) fn locate_all<'a>(
        &self,
        entry: &DatasetEntry,
        files: impl Iterator<Item = &'a DataFile>,
    ) -> Result<Vec<(&'a DataFile, Located)>, DataError> {
        let mut located = Vec::new();
        let mut missing = Vec::new();
        for file in files {
            match self.locate(entry, file)? {
                Some(place) => located.push((file, place)),
                None => missing.push(file.name.to_string()),
            }
        }
        if missing.is_empty() {
            return Ok(located);
        }
        Err(DataError::MissingFiles {
            dataset: entry.name,
            files: missing,
            folders: self.search_order().map(Path::to_path_buf).collect(),
        })
    }
}

/// `place/name` or `place/name.gz`, whichever exists.
fn file_in(place: &Path, name: &str) -> Result<Option<PathBuf>, DataError> {
    for candidate in [place.join(name), place.join(format!("{name}.gz"))] {
        match std::fs::metadata(&candidate) {
            Ok(metadata) if metadata.is_file() => return Ok(Some(candidate)),
            Ok(_) => {}
            Err(error) => match error.kind() {
                ErrorKind::NotFound | ErrorKind::NotADirectory => {}
                ErrorKind::PermissionDenied => {
                    return Err(DataError::UnreadableFolder {
                        folder: place.to_path_buf(),
                        source: error,
                    });
                }
                _ => {
                    return Err(DataError::Io {
                        action: "look for",
                        path: candidate,
                        source: error,
                    });
                }
            },
        }
    }
    Ok(None)
}

/// A file whose name has the same letters and digits, where other programs put it.
fn by_other_name(folder: &Path, entry: &DatasetEntry, name: &str) -> Option<PathBuf> {
    let wanted = letters(name);
    let of_dataset = |path: &PathBuf| {
        let own = path
            .file_name()
            .map(|name| letters(&name.to_string_lossy()));
        let known = entry.subfolders.iter().map(|subfolder| letters(subfolder));
        own.is_some_and(|own| {
            known
                .chain([letters(entry.name.as_str())])
                .any(|name| name == own)
        })
    };
    let below = paths_in(folder).into_iter().filter(of_dataset);
    let places = std::iter::once(folder.to_path_buf()).chain(below);
    places
        .flat_map(|place| [place.clone(), place.join("raw")])
        .find_map(|place| {
            let is_named = |path: &PathBuf| {
                let own = path
                    .file_name()
                    .map(|name| letters(&name.to_string_lossy()));
                own.is_some_and(|own| own == wanted || own.strip_suffix("gz") == Some(&wanted))
            };
            paths_in(&place)
                .into_iter()
                .filter(is_named)
                .find_map(|path| match path.is_dir() {
                    true => paths_in(&path)
                        .into_iter()
                        .find(|path| path.is_file() && is_named(path)),
                    false => Some(path),
                })
        })
}

/// The letters and digits of a name, in lower case.
fn letters(name: &str) -> String {
    let kept = name.chars().filter(char::is_ascii_alphanumeric);
    kept.map(|letter| letter.to_ascii_lowercase()).collect()
}

/// What lies in a folder, by name; nothing where it cannot be read.
fn paths_in(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    let mut paths: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    paths.sort();
    paths
}

/// `folder/subfolder`, or `folder` itself when `subfolder` is empty.
pub(crate) fn join(folder: &Path, subfolder: &str) -> PathBuf {
    if subfolder.is_empty() {
        folder.to_path_buf()
    } else {
        folder.join(subfolder)
    }
}

/// The error of a file of a dataset, found in or below `folder`, that cannot be
/// used.
pub(crate) fn bad_file(
    entry: &DatasetEntry,
    folder: &Path,
    path: &Path,
    problem: ContentError,
) -> DataError {
    let path = path.to_path_buf();
    match problem {
        ContentError::Read(source) => DataError::UnreadableFile {
            dataset: entry.name,
            path,
            source,
        },
        problem => DataError::BadFile {
            path,
            problem: problem.into(),
            mend: mend(entry, folder),
        },
    }
}

/// The command that replaces bad files of a dataset in `folder`.
pub(crate) fn mend(entry: &DatasetEntry, folder: &Path) -> String {
    format!(
        "`etastar data fetch {} --force --data-dir {}` downloads a fresh copy",
        entry.name,
        folder.display()
    )
}
