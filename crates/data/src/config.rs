//! What a configuration file or command line says about a dataset.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::DataError;

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

impl DatasetName {
    /// Every dataset, in the order in which they are listed.
    pub const ALL: [Self; 5] = [
        Self::Digits,
        Self::Gaussians,
        Self::Mnist,
        Self::FashionMnist,
        Self::Cifar10,
    ];

    /// The name as in configuration files and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Digits => "digits",
            Self::Gaussians => "gaussians",
            Self::Mnist => "mnist",
            Self::FashionMnist => "fashion-mnist",
            Self::Cifar10 => "cifar10",
        }
    }
}

impl fmt::Display for DatasetName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

impl FromStr for DatasetName {
    type Err = DataError;

    fn from_str(name: &str) -> Result<Self, DataError> {
        Self::ALL
            .into_iter()
            .find(|known| known.as_str() == name)
            .ok_or_else(|| DataError::UnknownDataset {
                name: name.to_owned(),
            })
    }
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

impl GaussiansConfig {
    /// Largest dimension accepted (20,000 samples of it fill 1.3 GB).
    pub const MAXIMUM_DIMENSION: usize = 16_384;

    /// Checks the parameters.
    ///
    /// # Errors
    /// [`DataError::Config`] unless the dimension is between 1 and
    /// [`Self::MAXIMUM_DIMENSION`] and the separation finite and not negative.
    pub fn validate(&self) -> Result<(), DataError> {
        let problem = if self.dimension == 0 || self.dimension > Self::MAXIMUM_DIMENSION {
            format!(
                "dimension = {} is not between 1 and {}",
                self.dimension,
                Self::MAXIMUM_DIMENSION
            )
        } else if !self.separation.is_finite() || self.separation < 0.0 {
            format!(
                "separation = {} is not a finite number of at least 0",
                self.separation
            )
        } else {
            return Ok(());
        };
        Err(DataError::Config {
            dataset: DatasetName::Gaussians,
            problem,
        })
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

impl DatasetConfig {
    /// All of a dataset, with its default validation size and parameters.
    pub fn new(name: DatasetName) -> Self {
        Self {
            name,
            train: None,
            validation: None,
            gaussians: None,
        }
    }

    /// Checks everything that can be checked without reading data.
    ///
    /// # Errors
    /// [`DataError::Config`] when parameters of `gaussians` are out of range or
    /// given for another dataset, [`DataError::NoSamples`] for a size of 0,
    /// [`DataError::TooManySamples`] when the dataset has fewer samples.
    pub fn validate(&self) -> Result<(), DataError> {
        if let Some(gaussians) = &self.gaussians {
            if self.name != DatasetName::Gaussians {
                return Err(DataError::Config {
                    dataset: self.name,
                    problem: "the table [gaussians] is only for dataset gaussians, remove it"
                        .to_owned(),
                });
            }
            gaussians.validate()?;
        }
        let entry = crate::catalogue::entry(self.name);
        crate::split::resolve_sizes(
            self.name,
            entry.samples,
            entry.default_validation,
            self.train,
            self.validation,
        )?;
        Ok(())
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
             digits, gaussians, mnist, fashion-mnist, cifar10"
        );
    }

    #[test]
    fn configurations_are_checked_without_data() {
        let valid = DatasetConfig::new(DatasetName::Mnist);
        valid.validate().unwrap();
        let message = |config: DatasetConfig| config.validate().unwrap_err().to_string();
        let too_many = DatasetConfig {
            train: Some(50_001),
            ..valid.clone()
        };
        assert!(message(too_many).contains("has 60000 samples"));
        let none = DatasetConfig {
            validation: Some(0),
            ..valid.clone()
        };
        assert!(message(none).contains("must be at least 1"));
        let foreign = DatasetConfig {
            gaussians: Some(GaussiansConfig::default()),
            ..valid
        };
        assert!(message(foreign).contains("only for dataset gaussians"));
    }

    #[test]
    fn parameters_of_gaussians_are_checked() {
        let default = GaussiansConfig::default();
        for (dimension, separation) in [
            (0, 1.0),
            (GaussiansConfig::MAXIMUM_DIMENSION + 1, 1.0),
            (2, -0.1),
            (2, f64::NAN),
            (2, f64::INFINITY),
        ] {
            let config = GaussiansConfig {
                dimension,
                separation,
                ..default
            };
            assert!(config.validate().is_err(), "{config:?}");
        }
        for (dimension, separation) in [(1, 0.0), (GaussiansConfig::MAXIMUM_DIMENSION, 100.0)] {
            let config = GaussiansConfig {
                dimension,
                separation,
                ..default
            };
            config.validate().unwrap();
        }
    }
}
