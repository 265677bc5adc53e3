//! The errors of this crate. Each message names the file or setting, what was
//! expected and found, and the command or action that mends it.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use crate::catalogue::DatasetName;
use crate::integrity::ContentError;
use crate::own::OwnFileError;

/// Anything that can go wrong while a dataset is found, read, split, batched
/// or downloaded.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DataError {
    /// A dataset configuration that cannot be used.
    #[error("the configuration of dataset {dataset} cannot be used: {problem}")]
    Config {
        /// The dataset configured.
        dataset: DatasetName,
        /// What is wrong and what would be accepted.
        problem: String,
    },

    /// A file of one's own that cannot be used.
    #[error(transparent)]
    OwnFile(#[from] OwnFileError),

    /// A dataset `file` without its file.
    #[error("dataset file: name the file, as in `file = {{ path = \"mine.npz\" }}`")]
    NoFile,

    /// The real targets of one output are all the same.
    #[error(
        "target {output} is the same in all {samples} {which} samples, so there is nothing to learn \
         or to judge: take more {which} samples, at least 2 (`--train`, `--validation`; `train`, \
         `validation` in an experiment), or leave the target out"
    )]
    ConstantTarget {
        /// Index of the output.
        output: usize,
        /// Which samples: training or validation.
        which: &'static str,
        /// How many there are.
        samples: usize,
    },

    /// Files of a dataset are in none of the folders searched.
    #[error(
        "dataset {dataset}: {} not found (plain or gzipped); looked in {}; \
         `etastar data fetch {dataset}` downloads the dataset, \
         `--data-dir FOLDER` names another folder",
        files.join(", "), folder_list(folders)
    )]
    MissingFiles {
        /// The dataset wanted.
        dataset: DatasetName,
        /// Names of the files that are missing.
        files: Vec<String>,
        /// Folders searched, in order.
        folders: Vec<PathBuf>,
    },

    /// A folder exists but may not be looked into.
    #[error(
        "{}: this folder cannot be read ({source}); give yourself read permission \
         (`chmod u+rx`) or name another folder with --data-dir",
        folder.display()
    )]
    UnreadableFolder {
        /// The folder.
        folder: PathBuf,
        /// The operating system's reason.
        source: io::Error,
    },

    /// A file exists but may not, or cannot, be read.
    #[error(
        "{}: this file cannot be read ({source}); check its permissions (`chmod u+r`) \
         and the disk, or delete it and run `etastar data fetch {dataset}`",
        path.display()
    )]
    UnreadableFile {
        /// The dataset it belongs to.
        dataset: DatasetName,
        /// The file.
        path: PathBuf,
        /// The operating system's reason.
        source: io::Error,
    },

    /// A file was found but its content is not the expected one.
    #[error("{}: {problem}; {mend}", path.display())]
    BadFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with its content.
        problem: Box<ContentError>,
        /// The command that mends it.
        mend: String,
    },

    /// Images and labels of a dataset, each well-formed, do not belong together.
    #[error(
        "dataset {dataset}: {} holds {images} images but {} holds {labels} labels; {mend}",
        image_path.display(), label_path.display()
    )]
    CountMismatch {
        /// The dataset wanted.
        dataset: DatasetName,
        /// The (last) file of images.
        image_path: PathBuf,
        /// Number of images.
        images: usize,
        /// The (last) file of labels.
        label_path: PathBuf,
        /// Number of labels.
        labels: usize,
        /// The command that mends it.
        mend: String,
    },

    /// The data compiled into the program are damaged.
    #[error("the embedded file {file} is damaged: {problem}; rebuild or reinstall etastar")]
    Embedded {
        /// Name of the embedded file.
        file: String,
        /// What is wrong with its content.
        problem: Box<ContentError>,
    },

    /// More samples were asked for than the dataset has.
    #[error(
        "{data} has {available} samples, too few for {} and {validation} for validation; ask for \
         fewer (`--train`, `--validation`; `train`, `validation` in an experiment)",
        train.map_or("any training samples".to_owned(), |train| format!("{train} training samples"))
    )]
    TooManySamples {
        /// What the user calls the data: `dataset digits`, or the name of the file.
        data: String,
        /// Training samples asked for; none when all the rest was.
        train: Option<usize>,
        /// Validation samples asked for.
        validation: usize,
        /// Samples there are.
        available: usize,
    },

    /// A split without training or without validation samples.
    #[error("{data}: the number of {which} samples is 0, it must be at least 1")]
    NoSamples {
        /// What the user calls the data.
        data: String,
        /// "training" or "validation".
        which: &'static str,
    },

    /// All training inputs are equal (or not finite), so they cannot be standardised.
    #[error(
        "{data}: the {samples} training samples cannot be standardised, the standard deviation is \
         {standard_deviation}: {}",
        match *standard_deviation == 0.0 {
            true => "all their inputs are the same number, so that there is nothing to learn from; \
                     check the inputs, or take more training samples",
            false => "some inputs are too large for single precision; divide them by a constant",
        }
    )]
    NotStandardisable {
        /// What the user calls the data.
        data: String,
        /// Number of training samples.
        samples: usize,
        /// The standard deviation found.
        standard_deviation: f64,
    },

    /// A dataset whose inputs and labels do not fit together.
    #[error(
        "dataset {dataset}: {inputs} input values and {labels} labels do not make \
         samples of {features} features"
    )]
    InconsistentDataset {
        /// The dataset.
        dataset: DatasetName,
        /// Number of input values.
        inputs: usize,
        /// Number of labels.
        labels: usize,
        /// Features per sample.
        features: usize,
    },

    /// A batch size that no epoch can serve.
    #[error(
        "batch size {batch_size} does not fit {samples} training samples; \
         it must be between 1 and {samples} (`--batch`, or `protocol.batch_size`)"
    )]
    BatchSize {
        /// The batch size asked for.
        batch_size: usize,
        /// Number of training samples.
        samples: usize,
    },

    /// An index beyond the last sample.
    #[error("sample index {index} is out of range: there are {samples} samples")]
    SampleIndex {
        /// The index.
        index: u32,
        /// Number of samples.
        samples: usize,
    },

    /// No folder to store downloads in could be determined.
    #[error(
        "no folder for datasets: this system has no user cache directory; \
         name one with --data-dir or the environment variable ETASTAR_DATA"
    )]
    NoFolder,

    /// An operation on a file or folder failed.
    #[error(
        "cannot {action} {}: {source}; check permissions and free space, \
         or name another folder with --data-dir",
        path.display()
    )]
    Io {
        /// What was attempted, as an infinitive.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The operating system's reason.
        source: io::Error,
    },

    /// No mirror delivered a file.
    #[error(
        "{file} could not be downloaded:{}\ncheck the network (set HTTPS_PROXY for a proxy, and \
         SSL_CERT_FILE for the certificates of a company's own authority), or get the file in \
         another way: put it into {}, or name its folder with `--data-dir`",
        mirror_list(failures), folder.display()
    )]
    Download {
        /// The file wanted.
        file: String,
        /// Where it would have been put.
        folder: PathBuf,
        /// Each mirror tried and why it failed.
        failures: Vec<MirrorFailure>,
    },

    /// A verified archive does not hold what it should.
    #[error("{}: {problem}; run the command again to download a fresh copy", archive.display())]
    Archive {
        /// The archive.
        archive: PathBuf,
        /// What is wrong.
        problem: String,
    },

    /// Another process is downloading into the same folder.
    #[error(
        "{}: another process is downloading into this folder; wait for it to finish",
        folder.display()
    )]
    DownloadInProgress {
        /// The folder.
        folder: PathBuf,
    },
}

/// Why one mirror did not deliver a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MirrorFailure {
    /// The address tried.
    pub url: String,
    /// Why it failed.
    pub reason: String,
}

fn folder_list(folders: &[PathBuf]) -> String {
    if folders.is_empty() {
        return "no folder (none is set)".to_owned();
    }
    let parts: Vec<String> = folders
        .iter()
        .map(|folder| {
            let note = if folder.exists() {
                ""
            } else {
                " (does not exist)"
            };
            format!("{}{note}", folder.display())
        })
        .collect();
    parts.join(", ")
}

fn mirror_list(failures: &[MirrorFailure]) -> String {
    failures
        .iter()
        .map(|failure| format!("\n  {}: {}", failure.url, failure.reason))
        .collect()
}
