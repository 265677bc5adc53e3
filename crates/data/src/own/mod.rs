//! Data of one's own: NumPy arrays, tables and IDX files of any shape.
//!
//! Inputs become one row a sample. Labels become classes in ascending order of their values: numbers
//! by size, `false` before `true`, texts by their characters; columns of one-hot rows are classes as
//! they stand. Of a regression there are real targets instead. Everything is checked before it is
//! used: a value that is missing, not finite or no number is named by its place.

mod arrays;
mod labels;
mod table;

pub use arrays::{OwnArray, OwnValues};
pub use labels::OwnLabels;
use labels::Wanted;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::catalogue::DatasetName;
use crate::dataset::{Dataset, Inputs};
use crate::format::{self, GZIP_MAGIC, decompress};
use crate::integrity::sha256_hex;

/// How a file begins that Git LFS keeps elsewhere.
const GIT_LFS: &[u8] = b"version https://git-lfs";

/// Largest file that is read: 4 GiB.
const MOST_BYTES: u64 = 1 << 32;

/// Most input values of a file: 2^28, 1 GiB in single precision.
const MOST_VALUES: u64 = 1 << 28;

/// How inputs and labels are named by the user.
const NAME_X: &str = "`--x` (`x` in an experiment)";
const NAME_Y: &str = "`--y` (`y` in an experiment)";
const NAME_REGRESSION: &str = "`--regression` (`regression = true` in an experiment)";

/// A file of samples, and where in it inputs and labels are.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnFile {
    /// `.npz` or `.npy`, `.csv`, `.tsv`, `.parquet`, or IDX, gzipped or not.
    pub path: PathBuf,
    /// Name of the array of inputs; usual names are found without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub x: Option<String>,
    /// Name of the array or of the column of labels, which are usually found without; or the file
    /// of labels that belongs to a `.npy` or IDX file of inputs. Of a regression, columns of
    /// several targets are named with commas between them, and keep the order of the table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub y: Option<String>,
    /// Whether `y` holds real targets, `[samples]` or `[samples, outputs]`, instead of labels.
    #[serde(default, skip_serializing_if = "is_false")]
    pub regression: bool,
}

fn is_false(value: &bool) -> bool {
    !value
}

/// A file of one's own that cannot be used.
#[derive(Debug, Error)]
pub enum OwnFileError {
    /// It cannot be read.
    #[error("cannot read {}: {source}", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Its content is not what it should be.
    #[error("{}: {problem}", .path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong, where, and what to do.
        problem: String,
    },
}

/// A file of one's own that was read: its inputs are checked, its labels are not classes yet, nor
/// its targets known to vary.
#[derive(Debug)]
pub struct OwnSamples {
    file: OwnFile,
    content: Content,
    fingerprints: BTreeMap<String, String>,
}

/// Inputs and labels as they stand in a file.
#[derive(Debug)]
struct Content {
    /// `[samples, features]` row-major.
    inputs: Vec<f64>,
    features: usize,
    labels: OwnLabels,
}

impl OwnFile {
    /// The file at a path, in which inputs and labels are found by their usual names.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            x: None,
            y: None,
            regression: false,
        }
    }

    /// The same wherever the file lies.
    #[must_use]
    pub fn without_folder(&self) -> Self {
        let name = self.path.file_name().unwrap_or(self.path.as_os_str());
        Self {
            path: name.into(),
            ..self.clone()
        }
    }

    /// Its name without the ending, and without `.gz`: what the data are called.
    pub fn stem(&self) -> String {
        let is_gzipped = self.path.extension().is_some_and(|ending| ending == "gz");
        let path = if is_gzipped {
            self.path.with_extension("")
        } else {
            self.path.clone()
        };
        let name = path.file_stem().unwrap_or(path.as_os_str());
        name.to_string_lossy().into_owned()
    }

    /// Reads the file. With a number of `classes` the labels are numbers of classes below it;
    /// without, classes are made of the labels' values. Of a regression it is the number of targets
    /// of a sample.
    ///
    /// # Errors
    /// If the file cannot be read, is of no known kind, or its content cannot be used; the message
    /// says where and why.
    pub fn load(&self, classes: Option<usize>) -> Result<Dataset, OwnFileError> {
        self.open()?.into_dataset(classes)
    }

    /// Reads the file and checks its inputs.
    ///
    /// # Errors
    /// As [`OwnFile::load`], but for what is wrong with classes.
    pub fn open(&self) -> Result<OwnSamples, OwnFileError> {
        let mut fingerprints = BTreeMap::new();
        if self.path.to_str().is_none() {
            return Err(self.wrong("its name is not Unicode: rename the file".to_owned()));
        }
        let bytes = self.read(&self.path, &mut fingerprints)?;
        let content = self.content(&bytes, &mut fingerprints)?;
        OwnSamples::checked(self.clone(), content, fingerprints)
    }

    /// Reads a whole file, decompressed if it is gzipped, and keeps its fingerprint.
    fn read(
        &self,
        path: &Path,
        fingerprints: &mut BTreeMap<String, String>,
    ) -> Result<Vec<u8>, OwnFileError> {
        let failed = |source| OwnFileError::Read {
            path: path.to_owned(),
            source,
        };
        let mut bytes = Vec::new();
        let file = File::open(path).map_err(failed)?;
        file.take(MOST_BYTES + 1)
            .read_to_end(&mut bytes)
            .map_err(failed)?;
        if bytes.len() as u64 > MOST_BYTES {
            return Err(self.wrong("the file has more than 4 GiB: take fewer samples".to_owned()));
        }
        if bytes.starts_with(&GZIP_MAGIC) {
            let limit = usize::try_from(MOST_BYTES).unwrap_or(usize::MAX);
            let content = decompress(bytes.as_slice(), limit);
            bytes = content.map_err(|problem| self.wrong(problem.to_string()))?;
        }
        let name = path.file_name().unwrap_or(path.as_os_str());
        let key = format!("{}/{}", self.stem(), name.to_string_lossy());
        fingerprints.insert(key, sha256_hex(&bytes));
        Ok(bytes)
    }

    /// By what the file begins with, and only for tables of text by its name.
    fn content(
        &self,
        bytes: &[u8],
        fingerprints: &mut BTreeMap<String, String>,
    ) -> Result<Content, OwnFileError> {
        let wrong = |problem: String| self.wrong(problem);
        let name = self.path.to_string_lossy().to_lowercase();
        let name = name.trim_end_matches(".gz");
        if self.x.is_some() && !bytes.starts_with(b"PK") {
            return Err(wrong(
                "`x` names an array of an .npz file, but this is not an .npz file".to_owned(),
            ));
        }
        match bytes {
            [] => Err(wrong("the file is empty".to_owned())),
            [b'P', b'K', ..] => {
                arrays::read_npz(bytes, self).map_err(wrong)
            }
            [0x93, b'N', b'U', b'M', b'P', b'Y', ..] => {
                let labels = self.labels_file(None)?;
                let labels = self.read(&labels, fingerprints)?;
                arrays::read_npy(bytes, &labels, self.regression).map_err(wrong)
            }
            [b'P', b'A', b'R', b'1', ..] => {
                table::read_parquet(bytes.to_vec(), self).map_err(wrong)
            }
            [0, 0, 8, 3, ..] if self.regression => Err(wrong(
                "labels of IDX files are bytes, not real targets: use .npz, .npy, .csv, .tsv or .parquet"
                    .to_owned(),
            )),
            [0, 0, 8, 3, ..] => {
                let file = self.path.file_name().unwrap_or_default().to_string_lossy();
                let usual = file.replace("images", "labels").replace("idx3", "idx1");
                let labels = self.labels_file(Some(self.path.with_file_name(usual)))?;
                let labels = self.read(&labels, fingerprints)?;
                let images = format::parse_images(bytes).map_err(|e| wrong(e.to_string()))?;
                let labels = format::parse_labels(&labels).map_err(|e| wrong(e.to_string()))?;
                Ok(Content {
                    inputs: images.pixels.iter().map(|&pixel| pixel.into()).collect(),
                    features: images.rows * images.columns,
                    labels: OwnLabels::Integers(labels.iter().map(|&label| label.into()).collect()),
                })
            }
            _ if bytes.starts_with(GIT_LFS) => Err(wrong(
                "this is a pointer of Git LFS, not the file itself: get the file with `git lfs pull`"
                    .to_owned(),
            )),
            _ if name.ends_with(".csv") || name.ends_with(".tsv") => {
                let delimiter = if name.ends_with(".tsv") { b'\t' } else { b',' };
                table::read_csv(bytes, delimiter, self).map_err(wrong)
            }
            _ => Err(wrong(
                "this is not a file of a known kind: .npz, .npy, .csv, .tsv, .parquet, or IDX images"
                    .to_owned(),
            )),
        }
    }

    /// The file of the labels that belongs to a file of inputs alone.
    fn labels_file(&self, usual: Option<PathBuf>) -> Result<PathBuf, OwnFileError> {
        let usual = usual.filter(|usual| *usual != self.path && usual.exists());
        let file = self.y.as_ref().map(PathBuf::from).or(usual);
        file.ok_or_else(|| {
            let what = self.what();
            self.wrong(format!(
                "the file holds inputs alone: name the file of the {what} with {NAME_Y}"
            ))
        })
    }

    /// What the file has beside the inputs.
    fn what(&self) -> &'static str {
        match self.regression {
            true => "targets",
            false => "labels",
        }
    }

    fn wrong(&self, problem: String) -> OwnFileError {
        OwnFileError::Content {
            path: self.path.clone(),
            problem,
        }
    }
}

impl OwnSamples {
    /// Samples that are in memory already, as if they came from a file of this name. `inputs` are
    /// `[samples, features]` row-major.
    ///
    /// # Errors
    /// As [`OwnFile::open`].
    pub fn from_arrays(
        name: &str,
        inputs: Vec<f64>,
        features: usize,
        labels: OwnLabels,
    ) -> Result<Self, OwnFileError> {
        let content = Content {
            inputs,
            features,
            labels,
        };
        let file = OwnFile {
            regression: matches!(content.labels, OwnLabels::Reals(..)),
            ..OwnFile::new(name)
        };
        Self::in_memory(file, content)
    }

    /// Arrays of any shape, as if they came from this `.npz` file: inputs `[samples, ..]`, labels
    /// or targets as [`OwnFile`] takes them.
    ///
    /// # Errors
    /// As [`OwnFile::open`].
    pub fn from_shaped(
        file: OwnFile,
        inputs: OwnArray,
        labels: OwnArray,
    ) -> Result<Self, OwnFileError> {
        let content = arrays::content(inputs, labels, file.regression);
        let content = content.map_err(|problem| file.wrong(problem))?;
        Self::in_memory(file, content)
    }

    fn in_memory(file: OwnFile, content: Content) -> Result<Self, OwnFileError> {
        let Content {
            inputs,
            features,
            labels,
        } = &content;
        let bytes: Vec<u8> = inputs.iter().flat_map(|x| x.to_le_bytes()).collect();
        let of_labels = format!("{features} {labels:?}");
        let name = file.stem();
        let fingerprints = BTreeMap::from([
            (format!("{name}/inputs"), sha256_hex(&bytes)),
            (format!("{name}/labels"), sha256_hex(of_labels.as_bytes())),
        ]);
        Self::checked(file, content, fingerprints)
    }

    fn checked(
        file: OwnFile,
        content: Content,
        fingerprints: BTreeMap<String, String>,
    ) -> Result<Self, OwnFileError> {
        let wrong = |problem: String| file.wrong(problem);
        let Content {
            inputs,
            features,
            labels,
        } = &content;
        let features = *features;
        if inputs.is_empty() || features == 0 {
            return Err(wrong("there are no samples".to_owned()));
        }
        let samples = inputs.len() / features;
        let is_whole = match labels {
            OwnLabels::Reals(targets, outputs) => targets.len() == samples * outputs,
            _ => true,
        };
        if labels.len() != samples || inputs.len() != samples * features || !is_whole {
            let found = labels.len();
            return Err(wrong(format!(
                "there are {samples} rows of inputs and {found} {}",
                file.what()
            )));
        }
        check_finite("input", inputs, features).map_err(wrong)?;
        check_precision("inputs", inputs.iter()).map_err(wrong)?;
        if let OwnLabels::Reals(targets, outputs) = labels {
            check_finite("target", targets, *outputs).map_err(wrong)?;
            for output in 0..*outputs {
                let column = targets.iter().skip(output).step_by(*outputs);
                // What does not vary is judged where it has to be learnt.
                if column
                    .clone()
                    .any(|target| Some(target) != targets.get(output))
                {
                    check_precision("targets", column).map_err(wrong)?;
                }
            }
        }
        Ok(Self {
            file,
            content,
            fingerprints,
        })
    }

    /// The file that they are from.
    pub fn file(&self) -> &OwnFile {
        &self.file
    }

    /// Number of input features.
    pub fn features(&self) -> usize {
        self.content.features
    }

    /// The samples with their classes or targets, see [`OwnFile::load`].
    ///
    /// # Errors
    /// If the labels are no classes, or the targets do not vary or are not as many as asked for.
    pub fn into_dataset(self, classes: Option<usize>) -> Result<Dataset, OwnFileError> {
        let Content {
            inputs,
            features,
            labels,
        } = self.content;
        let samples = labels.len();
        let wanted = labels.into_targets(classes);
        let Wanted {
            targets,
            outputs,
            names,
        } = wanted.map_err(|problem| self.file.wrong(problem))?;
        Ok(Dataset {
            name: DatasetName::File,
            inputs: pixels_or_reals(inputs),
            targets,
            features,
            classes: outputs,
            class_names: names,
            default_validation: (samples / 6).max(1),
            fingerprints: self.fingerprints,
        })
    }
}

/// That single precision has every value of rows of this many columns.
fn check_finite(what: &str, values: &[f64], columns: usize) -> Result<(), String> {
    let bad = values.iter().position(|value| !(*value as f32).is_finite());
    bad.map_or(Ok(()), |index| {
        Err(format!(
            "the {what} {} of sample {} is {:e}, which is not a finite number in single precision",
            index % columns,
            index / columns,
            values[index],
        ))
    })
}

/// That single precision holds the values to a thousandth of what they vary by.
fn check_precision<'a>(
    what: &str,
    values: impl Iterator<Item = &'a f64> + Clone,
) -> Result<(), String> {
    let n = values.clone().count() as f64;
    let mean = values.clone().sum::<f64>() / n;
    let squares = values.clone().map(|value| (value - mean).powi(2));
    let variance = squares.sum::<f64>() / n;
    let rounding = values.map(|value| (f64::from(*value as f32) - value).abs());
    let largest = rounding.fold(0.0, f64::max);
    if largest <= 1e-3 * variance.sqrt() {
        return Ok(());
    }
    Err(format!(
        "the {what} lie around {mean:e} and vary by only {:e}, which single precision cannot \
         resolve: subtract their mean first",
        variance.sqrt()
    ))
}

/// Whole numbers from 0 to 255 are bytes, whatever they were stored as, so that the same images
/// give the same bits.
fn pixels_or_reals(values: Vec<f64>) -> Inputs {
    let byte = |value: &f64| (0.0..=255.0).contains(value) && value.fract() == 0.0;
    if values.iter().all(byte) {
        Inputs::Bytes(values.into_iter().map(|value| value as u8).collect())
    } else {
        Inputs::Reals(values.into_iter().map(|value| value as f32).collect())
    }
}
