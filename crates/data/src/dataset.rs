//! A dataset in memory, and how it is read from files, taken from the program or drawn.

use std::collections::BTreeMap;

use crate::batches::Samples;
use crate::catalogue::{DatasetEntry, DatasetName, FileFormat, Source, entry};
use crate::config::{DatasetConfig, GaussiansConfig};
use crate::error::DataError;
use crate::folders::{DataFolders, Located, bad_file, mend};
use crate::format::{CifarBatch, IDX_IMAGES_HEADER, IDX_LABELS_HEADER, decompress, parse_batch};
use crate::gaussians;
use crate::integrity::{Checked, ContentError, Contents, check_bytes, read_checked};
use crate::targets::Targets;

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
    /// What a network is to give for each.
    pub targets: Targets,
    /// Input features per sample.
    pub features: usize,
    /// Number of classes, or of real targets of a sample.
    pub classes: usize,
    /// What the classes are called in a file of one's own; empty for the datasets of the catalogue,
    /// whose labels are the numbers of their classes, and for real targets.
    pub class_names: Vec<String>,
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
        match &config.file {
            Some(file) => Ok(file.load(None)?),
            None => Self::load_entry(&entry(config.name), config, folders),
        }
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
        let dataset = match entry.source {
            Source::Embedded => load_embedded(entry),
            Source::Generated => generate(entry, &config.gaussians.unwrap_or_default()),
            Source::Files | Source::Archive(_) => load_files(entry, folders),
        }?;
        match config.pool {
            Some(side) => Ok(dataset.pooled(entry, side)),
            None => Ok(dataset),
        }
    }

    /// Images whose pixels are means over squares of this side, which divides the sides of the
    /// images (see [`DatasetConfig::validate`]). Channels stay apart.
    fn pooled(self, entry: &DatasetEntry, side: usize) -> Self {
        let &[.., rows, columns] = entry.shape.as_slice() else {
            return self;
        };
        let Inputs::Bytes(values) = &self.inputs else {
            return self;
        };
        let mut means = Vec::with_capacity(values.len() / (side * side));
        for channel in values.chunks_exact(rows * columns) {
            for band in channel.chunks_exact(side * columns) {
                means.extend((0..columns / side).map(|square| {
                    let lines = band.chunks_exact(columns);
                    let pixels = lines.flat_map(|line| &line[square * side..][..side]);
                    let sum: u64 = pixels.map(|&pixel| u64::from(pixel)).sum();
                    sum as f32 / (side * side) as f32
                }));
            }
        }
        Self {
            inputs: Inputs::Reals(means),
            features: self.features / (side * side),
            ..self
        }
    }

    /// Number of samples.
    pub fn samples(&self) -> usize {
        self.targets.samples(self.classes)
    }

    /// The classes of which there is no sample.
    pub fn empty_classes(&self) -> Vec<&str> {
        let mut is_found = vec![false; self.classes];
        for label in self.targets.classes().unwrap_or_default() {
            if let Some(found) = is_found.get_mut(*label as usize) {
                *found = true;
            }
        }
        let named = self.class_names.iter().zip(is_found);
        named
            .filter(|(_, found)| !found)
            .map(|(name, _)| name.as_str())
            .collect()
    }

    /// All samples as they stand: neither standardised nor split.
    pub fn into_samples(self) -> Samples {
        Samples {
            inputs: match self.inputs {
                Inputs::Bytes(values) => values.into_iter().map(f32::from).collect(),
                Inputs::Reals(values) => values,
            },
            targets: self.targets,
            features: self.features,
            outputs: self.classes,
        }
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

/// Draws the samples of `gaussians`.
fn generate(entry: &DatasetEntry, config: &GaussiansConfig) -> Result<Dataset, DataError> {
    config.validate()?;
    let drawn = gaussians::draw(config);
    Ok(Dataset {
        name: entry.name,
        inputs: Inputs::Reals(drawn.inputs),
        targets: Targets::Classes(drawn.labels.into_iter().map(u32::from).collect()),
        features: config.dimension,
        classes: entry.classes,
        class_names: Vec::new(),
        default_validation: entry.default_validation,
        fingerprints: BTreeMap::from([(entry.fingerprint_key("generated"), drawn.sha256)]),
    })
}

/// The gzipped IDX files of the embedded datasets (`assets/README.md` says where they come from).
const EMBEDDED: [(&str, &[u8]); 4] = [
    (
        "digits-images-idx3-ubyte",
        include_bytes!("../assets/digits-images-idx3-ubyte.gz"),
    ),
    (
        "digits-labels-idx1-ubyte",
        include_bytes!("../assets/digits-labels-idx1-ubyte.gz"),
    ),
    (
        "fashion-mnist-mini-images-idx3-ubyte",
        include_bytes!("../assets/fashion-mnist-mini-images-idx3-ubyte.gz"),
    ),
    (
        "fashion-mnist-mini-labels-idx1-ubyte",
        include_bytes!("../assets/fashion-mnist-mini-labels-idx1-ubyte.gz"),
    ),
];

/// Reads an embedded dataset with the same checks as files on disk.
fn load_embedded(entry: &DatasetEntry) -> Result<Dataset, DataError> {
    let mut parts = Parts::default();
    let mut fingerprints = BTreeMap::new();
    for file in entry.training_files() {
        let damaged = |problem: ContentError| DataError::Embedded {
            file: file.name.to_string(),
            problem: problem.into(),
        };
        let compressed = EMBEDDED
            .iter()
            .find(|(name, _)| *name == file.name)
            .map_or(&[][..], |(_, compressed)| compressed);
        let size = file.format.size();
        let content = decompress(compressed, size).map_err(|problem| {
            damaged(ContentError::Gzip {
                problem,
                expected_size: size,
            })
        })?;
        let mut checked = check_bytes(content, file).map_err(damaged)?;
        std::mem::replace(&mut checked.genuine, Ok(())).map_err(damaged)?;
        fingerprints.insert(entry.fingerprint_key(&file.name), checked.sha256.clone());
        parts.add(checked, &file.format).map_err(damaged)?;
    }
    parts.into_dataset(entry, fingerprints)
}

/// What was read so far of a dataset in several files.
#[derive(Default)]
struct Parts {
    inputs: Vec<u8>,
    labels: Vec<u8>,
    images: usize,
    image_place: Option<Located>,
    label_place: Option<Located>,
}

impl Parts {
    /// Appends the samples, images or labels of a checked file.
    fn add(&mut self, mut checked: Checked, format: &FileFormat) -> Result<(), ContentError> {
        match format {
            FileFormat::IdxImages { .. } => {
                checked
                    .bytes
                    .drain(..IDX_IMAGES_HEADER.min(checked.bytes.len()));
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
                    .drain(..IDX_LABELS_HEADER.min(checked.bytes.len()));
                self.labels.append(&mut checked.bytes);
            }
            FileFormat::CifarBatch { .. } => {
                let CifarBatch {
                    mut labels,
                    mut pixels,
                } = parse_batch(&checked.bytes).map_err(|problem| ContentError::Malformed {
                    problem,
                    found: checked.sha256.clone(),
                    expected: checked.sha256,
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
    fn into_dataset(
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
            targets: Targets::Classes(self.labels.into_iter().map(u32::from).collect()),
            features,
            classes: entry.classes,
            class_names: Vec::new(),
            default_validation: entry.default_validation,
            fingerprints,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn has_the_known_class_counts_and_range() {
        let digits = load_embedded(&entry(DatasetName::Digits)).unwrap();
        let mut counts = [0; 10];
        for label in digits.targets.classes().unwrap() {
            counts[*label as usize] += 1;
        }
        assert_eq!(counts, [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]);
        assert_eq!((digits.samples(), digits.features), (1_797, 64));
        let Inputs::Bytes(pixels) = &digits.inputs else {
            panic!("digits are bytes");
        };
        assert_eq!(pixels.len(), 1_797 * 64);
        assert_eq!(pixels.iter().max(), Some(&16));
        assert_eq!(pixels[..8], [0, 0, 5, 13, 9, 1, 0, 0]);
        assert_eq!(digits.fingerprints.len(), 2);
    }

    #[test]
    fn the_embedded_part_of_fashion_mnist_is_its_beginning() {
        let mini = load_embedded(&entry(DatasetName::FashionMnistMini)).unwrap();
        assert_eq!((mini.samples(), mini.features), (5_120, 784));
        // The labels with which Fashion-MNIST's training file begins.
        let classes = mini.targets.classes().unwrap();
        assert_eq!(classes[..8], [9, 0, 0, 3, 0, 2, 7, 2]);
    }

    #[test]
    fn pooled_pixels_are_means_over_squares() {
        let pool = |pool| DatasetConfig {
            pool,
            ..DatasetConfig::new(DatasetName::Digits)
        };
        let load = |config: &DatasetConfig| {
            let dataset = Dataset::load(config, &DataFolders::only("/nonexistent")).unwrap();
            (dataset.features, dataset.into_samples().inputs)
        };
        let (_, whole): (_, Vec<f32>) = load(&pool(None));
        for side in [1, 2, 4, 8] {
            let (features, pooled) = load(&pool(Some(side)));
            let columns = 8 / side;
            assert_eq!(features, columns * columns);
            assert_eq!(pooled.len(), 1_797 * features);
            for (index, value) in pooled.iter().enumerate() {
                let (sample, square) = (index / features, index % features);
                let corner =
                    64 * sample + 8 * side * (square / columns) + side * (square % columns);
                let square = (0..side * side).map(|at| whole[corner + 8 * (at / side) + at % side]);
                assert_eq!(*value, square.sum::<f32>() / (side * side) as f32);
            }
        }
        let message = |config: DatasetConfig| config.validate().unwrap_err().to_string();
        assert!(
            message(pool(Some(3))).contains("pool = 3 must divide both sides of the 8 x 8 pixels")
        );
        assert!(message(pool(Some(0))).contains("pool = 0"));
        let gaussians = DatasetConfig {
            pool: Some(2),
            ..DatasetConfig::new(DatasetName::Gaussians)
        };
        assert!(message(gaussians).contains("pool is for images"));
    }

    #[test]
    fn a_damaged_embedded_file_is_an_error() {
        let mut entry = entry(DatasetName::Digits);
        entry.files[1].sha256 = "00".into();
        let message = load_embedded(&entry).unwrap_err().to_string();
        assert!(message.contains("digits-labels-idx1-ubyte"), "{message}");
        assert!(message.contains("reinstall"), "{message}");
    }
}
