//! The datasets: their names, what they hold, where they come from, and the
//! SHA-256 of every file.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::format::{CIFAR_CLASSES, CIFAR_RECORD, IDX_IMAGES_HEADER, IDX_LABELS_HEADER};

/// Features of `gaussians` unless the configuration says otherwise.
pub(crate) const GAUSSIANS_DIMENSION: usize = 64;
/// Samples of `gaussians`: 9,000 for training and 1,000 for validation per class.
pub(crate) const GAUSSIANS_SAMPLES: usize = 20_000;

/// The datasets this crate can load or generate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DatasetName {
    /// 1,797 8x8 handwritten digits, embedded in the crate.
    Digits,
    /// The first 5,120 training images of Fashion-MNIST, embedded in the crate.
    FashionMnistMini,
    /// Two multivariate normals, generated.
    Gaussians,
    /// MNIST handwritten digits, IDX files.
    Mnist,
    /// Fashion-MNIST, IDX files.
    FashionMnist,
    /// CIFAR-10, binary version.
    Cifar10,
    /// A file of one's own; not in the catalogue.
    File,
}

impl DatasetName {
    /// Every dataset of the catalogue, in the order in which they are listed.
    pub const ALL: [Self; 6] = [
        Self::Digits,
        Self::FashionMnistMini,
        Self::Gaussians,
        Self::Mnist,
        Self::FashionMnist,
        Self::Cifar10,
    ];

    /// The name as in configuration files and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Digits => "digits",
            Self::FashionMnistMini => "fashion-mnist-mini",
            Self::Gaussians => "gaussians",
            Self::Mnist => "mnist",
            Self::FashionMnist => "fashion-mnist",
            Self::Cifar10 => "cifar10",
            Self::File => "file",
        }
    }
}

impl fmt::Display for DatasetName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

impl FromStr for DatasetName {
    type Err = UnknownDataset;

    fn from_str(name: &str) -> Result<Self, UnknownDataset> {
        Self::ALL
            .into_iter()
            .find(|known| known.as_str() == name)
            .ok_or_else(|| UnknownDataset(name.to_owned()))
    }
}

/// The name is not in the catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("there is no dataset {0:?}; the datasets are {known}", known = DatasetName::ALL.map(DatasetName::as_str).join(", "))]
pub struct UnknownDataset(String);

/// Text of the catalogue: static in the built-in one.
type Text = Cow<'static, str>;

/// A dataset of the catalogue.
///
/// The fields are public and owned, so that a modified or self-made entry can
/// be given to [`crate::Dataset::load_entry`] and [`crate::fetch_entry`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DatasetEntry {
    /// Name, as on the command line.
    pub name: DatasetName,
    /// One line about it.
    pub description: Text,
    /// Licence or terms of use.
    pub licence: Text,
    /// Page of the authors.
    pub homepage: Text,
    /// Shape of one sample, slowest dimension first (`gaussians`: the default
    /// dimension, which the configuration may change).
    pub shape: Vec<usize>,
    /// Number of classes.
    pub classes: usize,
    /// Samples in the training file, from which validation is held out.
    pub samples: usize,
    /// Samples held out for validation unless the configuration says otherwise.
    pub default_validation: usize,
    /// Where the samples come from.
    pub source: Source,
    /// All files, those for training first.
    pub files: Vec<DataFile>,
    /// Addresses (ending in `/`) below which the files or the archive are, in
    /// the order in which they are tried.
    pub mirrors: Vec<Text>,
    /// Where below a data folder the files may be, in the order of search; the
    /// first is where downloads go.
    pub subfolders: Vec<Text>,
}

/// Where a dataset comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Compiled into the program.
    Embedded,
    /// Drawn from a seed, or a file of one's own: there is nothing to look for.
    Generated,
    /// Each file is downloaded by itself, gzipped.
    Files,
    /// All files are in one `.tar.gz` archive.
    Archive(ArchiveFile),
}

/// An archive to download.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchiveFile {
    /// File name.
    pub name: Text,
    /// Size in bytes.
    pub size: u64,
    /// SHA-256 of the archive as it is, lower-case hexadecimal.
    pub sha256: Text,
}

/// A file of a dataset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataFile {
    /// File name, without `.gz`.
    pub name: Text,
    /// What it holds.
    pub format: FileFormat,
    /// Whether training needs it, or only `verify` looks at it.
    pub training: bool,
    /// SHA-256 of the decompressed content, lower-case hexadecimal.
    pub sha256: Text,
}

/// The format and dimensions of a genuine file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileFormat {
    /// IDX images, one byte per pixel.
    IdxImages {
        /// Number of images.
        count: usize,
        /// Rows of an image.
        rows: usize,
        /// Columns of an image.
        columns: usize,
    },
    /// IDX labels, one byte each.
    IdxLabels {
        /// Number of labels.
        count: usize,
        /// Labels are smaller than this.
        classes: usize,
    },
    /// A CIFAR-10 batch in its binary version.
    CifarBatch {
        /// Number of records.
        count: usize,
    },
}

impl FileFormat {
    /// Size of the genuine file in bytes, decompressed.
    pub fn size(&self) -> usize {
        match *self {
            Self::IdxImages {
                count,
                rows,
                columns,
            } => count
                .saturating_mul(rows)
                .saturating_mul(columns)
                .saturating_add(IDX_IMAGES_HEADER),
            Self::IdxLabels { count, .. } => count.saturating_add(IDX_LABELS_HEADER),
            Self::CifarBatch { count } => count.saturating_mul(CIFAR_RECORD),
        }
    }
}

impl DatasetEntry {
    /// Number of input features of a sample, the product of its shape.
    pub fn features(&self) -> usize {
        self.shape.iter().product()
    }

    /// The files that training needs.
    pub fn training_files(&self) -> impl Iterator<Item = &DataFile> {
        self.files.iter().filter(|file| file.training)
    }

    /// The key of a file's fingerprint, `dataset/file`.
    pub fn fingerprint_key(&self, file: &str) -> String {
        format!("{}/{file}", self.name)
    }
}

/// All datasets, in the order of [`DatasetName::ALL`].
pub fn catalogue() -> Vec<DatasetEntry> {
    DatasetName::ALL.into_iter().map(entry).collect()
}

/// The built-in entry of a dataset.
pub fn entry(name: DatasetName) -> DatasetEntry {
    match name {
        DatasetName::Digits => digits(),
        DatasetName::FashionMnistMini => fashion_mnist_mini(),
        DatasetName::Gaussians => gaussians(),
        DatasetName::Mnist => mnist(),
        DatasetName::FashionMnist => fashion_mnist(),
        DatasetName::Cifar10 => cifar10(),
        DatasetName::File => own_file(),
    }
}

/// Which catalogued file (`dataset/file`) has this content, if any.
pub(crate) fn identify(sha256: &str) -> Option<String> {
    catalogue().iter().find_map(|entry| {
        let file = entry.files.iter().find(|file| file.sha256 == sha256)?;
        Some(entry.fingerprint_key(&file.name))
    })
}

fn digits() -> DatasetEntry {
    DatasetEntry {
        name: DatasetName::Digits,
        description: "handwritten digits, grey levels 0 to 16".into(),
        licence: "CC BY 4.0".into(),
        homepage: "https://archive.ics.uci.edu/dataset/80".into(),
        shape: vec![8, 8],
        classes: 10,
        samples: 1_797,
        default_validation: 297,
        source: Source::Embedded,
        files: embedded_files(
            [
                "digits-images-idx3-ubyte",
                "359cd13f0f514122884198b78a131df597421cbf5e93a76678fa96fc548f0d96",
            ],
            [
                "digits-labels-idx1-ubyte",
                "ce71631c1f31ce56fa54f31d1d498fafacff59b001e6c30c4a5e29508aa277ad",
            ],
            1_797,
            8,
        ),
        mirrors: Vec::new(),
        subfolders: Vec::new(),
    }
}

fn fashion_mnist_mini() -> DatasetEntry {
    DatasetEntry {
        name: DatasetName::FashionMnistMini,
        description: "the first 5,120 training images of Fashion-MNIST".into(),
        samples: 5_120,
        default_validation: 1_024,
        source: Source::Embedded,
        files: embedded_files(
            [
                "fashion-mnist-mini-images-idx3-ubyte",
                "b299e0365f1a2daff82eba742a5fb68fc820cea8c6016c9afce9553b09b2730d",
            ],
            [
                "fashion-mnist-mini-labels-idx1-ubyte",
                "bdc51937cbef30e4658c73b27810925741d8c4cb638462f0bd38e28bb0dddc75",
            ],
            5_120,
            28,
        ),
        mirrors: Vec::new(),
        subfolders: Vec::new(),
        ..fashion_mnist()
    }
}

/// Square images and their labels of ten classes, each given by name and hash.
fn embedded_files(
    images: [&'static str; 2],
    labels: [&'static str; 2],
    count: usize,
    side: usize,
) -> Vec<DataFile> {
    let format = FileFormat::IdxImages {
        count,
        rows: side,
        columns: side,
    };
    let classes = FileFormat::IdxLabels { count, classes: 10 };
    vec![
        file(images[0], format, true, images[1]),
        file(labels[0], classes, true, labels[1]),
    ]
}

/// Nothing is known of a file before it is read.
fn own_file() -> DatasetEntry {
    DatasetEntry {
        name: DatasetName::File,
        description: "a file of one's own".into(),
        licence: "".into(),
        homepage: "".into(),
        shape: Vec::new(),
        classes: 0,
        samples: 0,
        default_validation: 0,
        source: Source::Generated,
        files: Vec::new(),
        mirrors: Vec::new(),
        subfolders: Vec::new(),
    }
}

fn gaussians() -> DatasetEntry {
    DatasetEntry {
        name: DatasetName::Gaussians,
        description: "two multivariate normals of identity covariance".into(),
        licence: "none needed, generated".into(),
        homepage: "".into(),
        shape: vec![GAUSSIANS_DIMENSION],
        classes: 2,
        samples: GAUSSIANS_SAMPLES,
        default_validation: 2_000,
        source: Source::Generated,
        files: Vec::new(),
        mirrors: Vec::new(),
        subfolders: Vec::new(),
    }
}

fn mnist() -> DatasetEntry {
    DatasetEntry {
        name: DatasetName::Mnist,
        description: "handwritten digits".into(),
        licence: "CC BY-SA 3.0".into(),
        homepage: "http://yann.lecun.com/exdb/mnist/".into(),
        shape: vec![28, 28],
        classes: 10,
        samples: 60_000,
        default_validation: 10_000,
        source: Source::Files,
        files: mnist_files([
            "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
            "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
            "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
            "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
        ]),
        mirrors: vec![
            "https://ossci-datasets.s3.amazonaws.com/mnist/".into(),
            "https://storage.googleapis.com/cvdf-datasets/mnist/".into(),
        ],
        subfolders: vec!["mnist".into(), "".into()],
    }
}

fn fashion_mnist() -> DatasetEntry {
    DatasetEntry {
        name: DatasetName::FashionMnist,
        description: "articles of clothing, a harder MNIST".into(),
        licence: "MIT".into(),
        homepage: "https://github.com/zalandoresearch/fashion-mnist".into(),
        shape: vec![28, 28],
        classes: 10,
        samples: 60_000,
        default_validation: 10_000,
        source: Source::Files,
        files: mnist_files([
            "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
            "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
            "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
            "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
        ]),
        mirrors: vec![
            "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/"
                .into(),
            "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/".into(),
        ],
        subfolders: vec!["fashion-mnist".into(), "".into()],
    }
}

fn cifar10() -> DatasetEntry {
    let batch = FileFormat::CifarBatch { count: 10_000 };
    let hashes = [
        "cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5",
        "a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed",
        "bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67",
        "014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48",
        "755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add",
    ];
    let mut files: Vec<DataFile> = hashes
        .into_iter()
        .zip(1..)
        .map(|(sha256, number)| DataFile {
            name: format!("data_batch_{number}.bin").into(),
            format: batch,
            training: true,
            sha256: sha256.into(),
        })
        .collect();
    files.push(file(
        "test_batch.bin",
        batch,
        false,
        "8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b",
    ));
    DatasetEntry {
        name: DatasetName::Cifar10,
        description: "small colour photographs of animals and vehicles".into(),
        licence: "none stated; cite Krizhevsky (2009)".into(),
        homepage: "https://www.cs.toronto.edu/~kriz/cifar.html".into(),
        shape: vec![3, 32, 32],
        classes: CIFAR_CLASSES,
        samples: 50_000,
        default_validation: 5_000,
        source: Source::Archive(ArchiveFile {
            name: "cifar-10-binary.tar.gz".into(),
            size: 170_052_171,
            sha256: "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd".into(),
        }),
        files,
        mirrors: vec!["https://www.cs.toronto.edu/~kriz/".into()],
        subfolders: vec![
            "cifar10".into(),
            "cifar-10-batches-bin".into(),
            "cifar10/cifar-10-batches-bin".into(),
            "".into(),
        ],
    }
}

/// The four files of MNIST and Fashion-MNIST, given their hashes: training
/// images and labels, test images and labels.
fn mnist_files(sha256: [&'static str; 4]) -> Vec<DataFile> {
    let images = |count| FileFormat::IdxImages {
        count,
        rows: 28,
        columns: 28,
    };
    let labels = |count| FileFormat::IdxLabels { count, classes: 10 };
    let [train_images, train_labels, test_images, test_labels] = sha256;
    vec![
        file(
            "train-images-idx3-ubyte",
            images(60_000),
            true,
            train_images,
        ),
        file(
            "train-labels-idx1-ubyte",
            labels(60_000),
            true,
            train_labels,
        ),
        file("t10k-images-idx3-ubyte", images(10_000), false, test_images),
        file("t10k-labels-idx1-ubyte", labels(10_000), false, test_labels),
    ]
}

fn file(name: &'static str, format: FileFormat, training: bool, sha256: &'static str) -> DataFile {
    DataFile {
        name: name.into(),
        format,
        training,
        sha256: sha256.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_the_same_everywhere() {
        for name in DatasetName::ALL {
            assert_eq!(name.to_string().parse::<DatasetName>().unwrap(), name);
            let json = serde_json::to_string(&name).unwrap();
            assert_eq!(json, format!("\"{name}\""));
        }
        assert_eq!(format!("{:8}|", DatasetName::Mnist), "mnist   |");
        let error = "mnits".parse::<DatasetName>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "there is no dataset \"mnits\"; the datasets are \
             digits, fashion-mnist-mini, gaussians, mnist, fashion-mnist, cifar10"
        );
    }

    #[test]
    fn entries_are_consistent() {
        for (entry, name) in catalogue().iter().zip(DatasetName::ALL) {
            assert_eq!(entry.name, name);
            assert!(entry.default_validation < entry.samples);
            let mut hashes: Vec<&str> = Vec::new();
            for file in &entry.files {
                assert_eq!(file.sha256.len(), 64, "{}", file.name);
                assert!(file.sha256.bytes().all(|byte| byte.is_ascii_hexdigit()));
                assert!(!hashes.contains(&&*file.sha256), "{} twice", file.sha256);
                hashes.push(&file.sha256);
            }
            let samples: usize = entry
                .training_files()
                .map(|file| match file.format {
                    FileFormat::IdxImages {
                        count,
                        rows,
                        columns,
                    } => {
                        assert_eq!(rows * columns, entry.features());
                        count
                    }
                    FileFormat::CifarBatch { count } => count,
                    FileFormat::IdxLabels { .. } => 0,
                })
                .sum();
            let expected = if entry.files.is_empty() {
                0
            } else {
                entry.samples
            };
            assert_eq!(samples, expected, "{name}");
            let downloadable = matches!(entry.source, Source::Files | Source::Archive(_));
            assert_eq!(entry.mirrors.is_empty(), !downloadable);
            assert_eq!(entry.subfolders.is_empty(), !downloadable);
        }
    }

    #[test]
    fn sizes_are_those_of_the_real_files() {
        let size = |name, index: usize| entry(name).files[index].format.size();
        assert_eq!(size(DatasetName::Mnist, 0), 47_040_016);
        assert_eq!(size(DatasetName::FashionMnist, 1), 60_008);
        assert_eq!(size(DatasetName::FashionMnist, 2), 7_840_016);
        assert_eq!(size(DatasetName::Cifar10, 5), 30_730_000);
        assert_eq!(size(DatasetName::Digits, 0), 115_024);
    }

    #[test]
    fn a_file_is_known_by_its_content() {
        let file = &entry(DatasetName::FashionMnist).files[0];
        assert_eq!(
            identify(&file.sha256).unwrap(),
            "fashion-mnist/train-images-idx3-ubyte"
        );
        assert_eq!(identify("00"), None);
    }
}
