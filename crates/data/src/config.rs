//! What a configuration file or command line says about a dataset.

use serde::{Deserialize, Serialize};

/// The datasets this crate can load or generate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DatasetName {
    /// 1,797 8x8 handwritten digits, embedded in the crate.
    Digits,
    /// Two multivariate normals, generated.
    Gaussians,
    /// MNIST handwritten digits, IDX files.
    Mnist,
    /// Fashion-MNIST, IDX files.
    FashionMnist,
    /// CIFAR-10, binary version.
    Cifar10,
}

/// Parameters of the generated `gaussians` task.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GaussiansConfig {
    /// Number of input features.
    pub dimension: usize,
    /// Euclidean distance between the two means, in standard deviations.
    pub separation: f64,
    /// Seed of the generator (independent of the sweep's master seed).
    pub seed: u64,
}

impl Default for GaussiansConfig {
    fn default() -> Self {
        Self {
            dimension: 64,
            separation: 4.0,
            seed: 0,
        }
    }
}

/// A dataset and how many of its samples are used.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatasetConfig {
    /// Which dataset.
    pub name: DatasetName,
    /// Number of training samples; all that validation leaves when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub train: Option<usize>,
    /// Number of validation samples, held out of the training file; the
    /// dataset's default when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validation: Option<usize>,
    /// Parameters of `gaussians`; absent for every other dataset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gaussians: Option<GaussiansConfig>,
}
