//! The samples on which one network is measured.

use std::path::PathBuf;

use etastar_data::{
    DataFolders, Dataset, DatasetConfig, DatasetName, OwnFile, OwnLabels, OwnSamples, Targets,
};
use etastar_model::Loss;
use etastar_search::Protocol;

use crate::data::Data;
use crate::error::Error;

/// Samples with their classes, and how they are split and standardised.
#[derive(Debug, Clone, PartialEq)]
pub struct Samples {
    /// Numbers of training and validation samples, standardisation.
    config: DatasetConfig,
    dataset: Dataset,
}

impl Samples {
    /// A dataset of the catalogue. Some come with the library, others are looked for in the usual
    /// folders.
    ///
    /// # Errors
    /// If its files are not found, or are not the genuine ones.
    pub fn named(name: DatasetName) -> Result<Self, Error> {
        Self::load(&DatasetConfig::new(name), &DataFolders::discover(None))
    }

    /// A file of one's own: `.npz`, `.npy`, `.csv`, `.tsv`, `.parquet`, or IDX images. Inputs and
    /// labels are found by their usual names.
    ///
    /// # Errors
    /// If the file cannot be read or its content cannot be used; the message says where and why.
    pub fn read(path: impl Into<PathBuf>) -> Result<Self, Error> {
        let config = DatasetConfig::of_file(OwnFile::new(path));
        Self::load(&config, &DataFolders::discover(None))
    }

    /// Arrays: `inputs` are `[samples, features]` row-major, `labels` one for each sample. Classes
    /// are the labels in ascending order; [`OwnLabels::Reals`] are the targets of a regression. A
    /// sixth of the samples is held out for validation.
    ///
    /// # Errors
    /// If the numbers of inputs and labels do not fit together, or an input is not finite.
    pub fn from_arrays(
        inputs: Vec<f64>,
        features: usize,
        labels: OwnLabels,
    ) -> Result<Self, Error> {
        let samples = OwnSamples::from_arrays("samples", inputs, features, labels)?;
        Self::own(samples)
    }

    /// Samples that were read already, under the name that they have. Arrays under the name of a
    /// file give the numbers that the file gives.
    ///
    /// # Errors
    /// If the labels are no classes.
    pub fn own(samples: OwnSamples) -> Result<Self, Error> {
        Ok(Self {
            config: DatasetConfig::of_file(samples.file().clone()),
            dataset: samples.into_dataset(None)?,
        })
    }

    /// What a configuration says.
    ///
    /// # Errors
    /// As [`Samples::named`] and [`Samples::read`].
    pub fn load(config: &DatasetConfig, folders: &DataFolders) -> Result<Self, Error> {
        Ok(Self {
            dataset: Dataset::load(config, folders)?,
            config: config.clone(),
        })
    }

    /// The same samples, split or standardised otherwise.
    ///
    /// # Errors
    /// If the configuration is not valid, or is one of other samples.
    pub fn configured(
        self,
        change: impl FnOnce(DatasetConfig) -> DatasetConfig,
    ) -> Result<Self, Error> {
        let config = change(self.config);
        config.validate()?;
        Ok(Self { config, ..self })
    }

    /// How they are split and standardised.
    pub fn config(&self) -> &DatasetConfig {
        &self.config
    }

    /// The samples as they were read, not standardised.
    pub fn dataset(&self) -> &Dataset {
        &self.dataset
    }

    /// Numbers of input features and of classes.
    pub fn shape(&self) -> (usize, usize) {
        (self.dataset.features, self.dataset.classes)
    }

    /// The default protocol with the usual threshold for this number of classes
    /// ([`Protocol::usual_threshold`]) or, where always giving the commonest class reaches that, half way
    /// from its share to 1; for real targets with squared error and the usual threshold
    /// of R^2.
    pub fn usual_protocol(&self) -> Protocol {
        let share = self.commonest_share();
        let usual = Protocol::usual_threshold(self.dataset.classes);
        let protocol = Protocol {
            // A network that always gives the commonest class must not reach it.
            threshold: match usual > share {
                true => usual,
                false => 0.5 * (1.0 + share),
            },
            ..Protocol::default()
        };
        match self.config.is_regression() {
            false => protocol,
            true => Protocol {
                loss: Loss::SquaredError,
                threshold: Protocol::USUAL_R_SQUARED,
                ..protocol
            },
        }
    }

    /// The share of the commonest class among all samples; 0 of real targets. A network that gives
    /// that class for everything has about this accuracy.
    pub fn commonest_share(&self) -> f64 {
        let Targets::Classes(labels) = &self.dataset.targets else {
            return 0.0;
        };
        let mut counts = vec![0_usize; self.dataset.classes];
        for &label in labels {
            if let Some(count) = counts.get_mut(label as usize) {
                *count += 1;
            }
        }
        let most = counts.into_iter().max().unwrap_or(0);
        most as f64 / labels.len().max(1) as f64
    }

    pub(crate) fn data(&self) -> Data {
        Data::loaded(self.config.clone(), self.dataset.clone())
    }
}
