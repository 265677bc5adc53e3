//! A dataset in memory, and how it gets there.

use std::collections::BTreeMap;

use crate::catalogue::{DatasetEntry, FileFormat, Source, entry};
use crate::cifar::{self, CifarBatch};
use crate::config::{DatasetConfig, DatasetName};
use crate::error::DataError;
use crate::folders::{DataFolders, Located, bad_file, mend};
use crate::integrity::{Checked, ContentError, Contents, read_checked};
use crate::{digits, gaussians, idx};

/// Raw input values.
#[derive(Debug, Clone, PartialEq)]
pub enum Inputs {
    /// Bytes as in the file (grey levels or colours).
    Bytes(Vec<u8>),
    /// Real numbers.
    Reals(Vec<f32>),
}

impl Inputs {
    /// Number of values, samples times features.
    pub fn len(&self) -> usize {
        match self {
            Self::Bytes(values) => values.len(),
            Self::Reals(values) => values.len(),
        }
    }

    /// Whether there are no values.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// The training file of a dataset, verified and raw: neither standardised nor
/// split. Validation samples are held out of it by [`crate::Split`].
#[derive(Debug, Clone, PartialEq)]
pub struct Dataset {
    /// Which dataset.
    pub name: DatasetName,
    /// Inputs, `[samples, features]` row-major.
    pub inputs: Inputs,
    /// Labels, `[samples]`, each smaller than `classes`.
    pub labels: Vec<u8>,
    /// Input features per sample.
    pub features: usize,
    /// Number of classes.
    pub classes: usize,
    /// Samples held out for validation unless asked otherwise.
    pub default_validation: usize,
    /// SHA-256 of the content the data came from, by `dataset/file`.
    pub fingerprints: BTreeMap<String, String>,
}

impl Dataset {
    /// Loads, or generates, the dataset of a configuration.
    ///
    /// # Errors
    /// [`DataError`] when the configuration is invalid, files are missing or
    /// unreadable, or any file is not the genuine one.
    pub fn load(config: &DatasetConfig, folders: &DataFolders) -> Result<Self, DataError> {
        config.validate()?;
        Self::load_entry(&entry(config.name), config, folders)
    }

    /// As [`Dataset::load`], with a catalogue entry of the caller's.
    ///
    /// # Errors
    /// As [`Dataset::load`].
    pub fn load_entry(
        entry: &DatasetEntry,
        config: &DatasetConfig,
        folders: &DataFolders,
    ) -> Result<Self, DataError> {
        match entry.source {
            Source::Embedded => digits::load(entry),
            Source::Generated => gaussians::generate(entry, &config.gaussians.unwrap_or_default()),
            Source::Files | Source::Archive(_) => load_files(entry, folders),
        }
    }

    /// Number of samples.
    pub fn samples(&self) -> usize {
        self.labels.len()
    }
}

/// Reads and verifies the training files of `entry`.
fn load_files(entry: &DatasetEntry, folders: &DataFolders) -> Result<Dataset, DataError> {
    let located = folders.locate_all(entry, entry.training_files())?;
    let mut parts = Parts::default();
    let mut mismatch = None;
    let mut fingerprints = BTreeMap::new();
    for (file, place) in located {
        let bad_file = |problem| bad_file(entry, &place.folder, &place.path, problem);
        let mut checked = read_checked(&place.path, file).map_err(bad_file)?;
        if let Err(problem) = std::mem::replace(&mut checked.genuine, Ok(())) {
            mismatch.get_or_insert(bad_file(problem));
        }
        fingerprints.insert(entry.fingerprint_key(&file.name), checked.sha256.clone());
        parts.add(checked, &file.format).map_err(bad_file)?;
        parts.remember(&file.format, place);
    }
    if let (Some(images), Some(labels)) = (&parts.image_place, &parts.label_place)
        && parts.images != parts.labels.len()
    {
        return Err(DataError::CountMismatch {
            dataset: entry.name,
            image_path: images.path.clone(),
            images: parts.images,
            label_path: labels.path.clone(),
            labels: parts.labels.len(),
            mend: mend(entry, &images.folder),
        });
    }
    match mismatch {
        Some(error) => Err(error),
        None => parts.into_dataset(entry, fingerprints),
    }
}

/// What was read so far of a dataset in several files.
#[derive(Default)]
pub(crate) struct Parts {
    inputs: Vec<u8>,
    labels: Vec<u8>,
    images: usize,
    image_place: Option<Located>,
    label_place: Option<Located>,
}

impl Parts {
    /// Appends the samples, images or labels of a checked file.
    pub(crate) fn add(
        &mut self,
        mut checked: Checked,
        format: &FileFormat,
    ) -> Result<(), ContentError> {
        match format {
            FileFormat::IdxImages { .. } => {
                checked
                    .bytes
                    .drain(..idx::IMAGES_HEADER.min(checked.bytes.len()));
                if self.inputs.is_empty() {
                    self.inputs = checked.bytes;
                } else {
                    self.inputs.append(&mut checked.bytes);
                }
                if let Contents::Images { count, .. } = checked.contents {
                    self.images += count;
                }
            }
            FileFormat::IdxLabels { .. } => {
                checked
                    .bytes
                    .drain(..idx::LABELS_HEADER.min(checked.bytes.len()));
                self.labels.append(&mut checked.bytes);
            }
            FileFormat::CifarBatch { .. } => {
                let CifarBatch {
                    mut labels,
                    mut pixels,
                } = cifar::parse_batch(&checked.bytes).map_err(|problem| {
                    ContentError::Malformed {
                        problem,
                        found: checked.sha256.clone(),
                        expected: checked.sha256,
                    }
                })?;
                self.images += labels.len();
                self.labels.append(&mut labels);
                self.inputs.append(&mut pixels);
            }
        }
        Ok(())
    }

    fn remember(&mut self, format: &FileFormat, place: Located) {
        match format {
            FileFormat::IdxImages { .. } => self.image_place = Some(place),
            FileFormat::IdxLabels { .. } => self.label_place = Some(place),
            FileFormat::CifarBatch { .. } => {}
        }
    }

    /// The dataset of all parts.
    pub(crate) fn into_dataset(
        self,
        entry: &DatasetEntry,
        fingerprints: BTreeMap<String, String>,
    ) -> Result<Dataset, DataError> {
        let features = entry.features();
        if self.labels.len().checked_mul(features) != Some(self.inputs.len()) {
            return Err(DataError::InconsistentDataset {
                dataset: entry.name,
                inputs: self.inputs.len(),
                labels: self.labels.len(),
                features,
            });
        }
        Ok(Dataset {
            name: entry.name,
            inputs: Inputs::Bytes(self.inputs),
            labels: self.labels,
            features,
            classes: entry.classes,
            default_validation: entry.default_validation,
            fingerprints,
        })
    }
}
