//! The choice of a dataset, of its parameters, and of the numbers of samples.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::catalogue::{DatasetName, GAUSSIANS_DIMENSION, entry};
use crate::error::DataError;
use crate::own::OwnFile;

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
            dimension: GAUSSIANS_DIMENSION,
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

/// How inputs are brought to mean 0 and variance 1, by the training samples.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standardise {
    /// With one mean and one standard deviation for all inputs.
    #[default]
    All,
    /// Each feature with its own; one that does not vary becomes 0.
    Feature,
    /// Not at all: inputs are taken as they stand.
    None,
}

impl Standardise {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// A dataset and how many of its samples are used.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatasetConfig {
    /// Which dataset; where only a file is given, that file.
    #[serde(default = "own_file")]
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
    /// Side of the squares over which pixels are averaged, so that there are fewer inputs; absent
    /// for images as they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pool: Option<usize>,
    /// The file of the dataset `file`; absent for every other one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<OwnFile>,
    /// How inputs are standardised.
    #[serde(default, skip_serializing_if = "Standardise::is_default")]
    pub standardise: Standardise,
}

fn own_file() -> DatasetName {
    DatasetName::File
}

impl DatasetConfig {
    /// All of a dataset, with its default validation size and parameters.
    pub fn new(name: DatasetName) -> Self {
        Self {
            name,
            train: None,
            validation: None,
            gaussians: None,
            pool: None,
            file: None,
            standardise: Standardise::default(),
        }
    }

    /// The whole of a file of one's own, with a sixth of it held out for validation.
    pub fn of_file(file: OwnFile) -> Self {
        Self {
            file: Some(file),
            ..Self::new(DatasetName::File)
        }
    }

    /// Whether networks are to give real targets instead of classes.
    pub fn is_regression(&self) -> bool {
        self.file.as_ref().is_some_and(|file| file.regression)
    }

    /// What the data are called: the dataset's name, or that of the file without its ending.
    pub fn title(&self) -> Cow<'_, str> {
        match &self.file {
            Some(file) => file.stem().into(),
            None => self.name.as_str().into(),
        }
    }

    /// What messages call the data: `dataset digits`, or the file's name.
    pub(crate) fn subject(&self) -> String {
        match &self.file {
            Some(file) => file.without_folder().path.display().to_string(),
            None => format!("dataset {}", self.name),
        }
    }

    /// Numbers of input features and of classes; none for a file, which has to be read for them.
    pub fn features_and_classes(&self) -> Option<(usize, usize)> {
        let entry = entry(self.name);
        let features = match self.gaussians {
            Some(gaussians) => gaussians.dimension,
            None => entry.features(),
        };
        let pooled = self.pool.map_or(1, |side| side * side);
        (entry.classes > 0).then(|| (features / pooled.max(1), entry.classes))
    }

    /// Checks everything that can be checked without reading data.
    ///
    /// # Errors
    /// [`DataError::Config`] when parameters of `gaussians` are out of range or
    /// given for another dataset, or pixels cannot be pooled, [`DataError::NoSamples`] for a size of 0,
    /// [`DataError::TooManySamples`] when the dataset has fewer samples.
    pub fn validate(&self) -> Result<(), DataError> {
        if let Some(gaussians) = &self.gaussians {
            if self.name != DatasetName::Gaussians {
                return Err(DataError::Config {
                    dataset: self.name,
                    problem: "the table [gaussians] is only for dataset gaussians: remove it"
                        .to_owned(),
                });
            }
            gaussians.validate()?;
        }
        match (&self.file, self.name == DatasetName::File) {
            (None, false) | (Some(_), true) => {}
            (None, true) => return Err(DataError::NoFile),
            (Some(_), false) => {
                return Err(DataError::Config {
                    dataset: self.name,
                    problem: "`file` is only for dataset file: remove it".to_owned(),
                });
            }
        }
        let entry = entry(self.name);
        if let Some(side) = self.pool {
            let problem = match entry.shape.as_slice() {
                [.., rows, columns] if side > 0 && rows % side == 0 && columns % side == 0 => None,
                [.., rows, columns] => Some(format!(
                    "pool = {side} must divide both sides of the {rows} x {columns} pixels"
                )),
                _ => Some("pool is for images: remove it".to_owned()),
            };
            if let Some(problem) = problem {
                return Err(DataError::Config {
                    dataset: self.name,
                    problem,
                });
            }
        }
        // How many samples a file has is known when it is read.
        if self.file.is_none() {
            self.resolve_sizes(entry.samples, entry.default_validation)?;
        }
        Ok(())
    }

    /// The numbers of training and validation samples asked for, defaults filled in.
    pub(crate) fn resolve_sizes(
        &self,
        available: usize,
        default_validation: usize,
    ) -> Result<(usize, usize), DataError> {
        let train = self.train;
        let validation = self.validation.unwrap_or(default_validation);
        let too_many = || DataError::TooManySamples {
            data: self.subject(),
            train,
            validation,
            available,
        };
        let rest = available.checked_sub(validation).ok_or_else(too_many)?;
        let resolved = train.unwrap_or(rest);
        if resolved > rest || (train.is_none() && rest == 0) {
            return Err(too_many());
        }
        let which = match (resolved, validation) {
            (0, _) => "training",
            (_, 0) => "validation",
            _ => return Ok((resolved, validation)),
        };
        let data = self.subject();
        Err(DataError::NoSamples { data, which })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn the_shape_is_known_without_data() {
        let shape = |pool, gaussians, name| {
            let config = DatasetConfig {
                pool,
                gaussians,
                ..DatasetConfig::new(name)
            };
            config.features_and_classes()
        };
        let five = GaussiansConfig {
            dimension: 5,
            ..GaussiansConfig::default()
        };
        assert_eq!(shape(None, None, DatasetName::Cifar10), Some((3072, 10)));
        assert_eq!(shape(Some(4), None, DatasetName::Mnist), Some((49, 10)));
        assert_eq!(
            shape(None, Some(five), DatasetName::Gaussians),
            Some((5, 2))
        );
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
