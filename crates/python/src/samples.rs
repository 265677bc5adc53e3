//! The samples of a call.

use std::error::Error;
use std::path::PathBuf;

use etastar::{
    DataFolders, DatasetConfig, DatasetName, GaussiansConfig, OwnArray, OwnFile, OwnSamples,
    OwnValues, Samples, Standardise,
};
use numpy::PyReadonlyArrayDyn;
use pyo3::prelude::*;

use crate::call::Teller;
use crate::error::raised;
use crate::settings::Settings;

/// Arrays of the caller's.
pub(crate) struct Arrays {
    file: OwnFile,
    inputs: OwnArray,
    labels: OwnArray,
}

/// Labels as Python hands them over.
#[derive(FromPyObject)]
enum Labels<'py> {
    Numbers(PyReadonlyArrayDyn<'py, f64>),
    /// With the shape that they have.
    Texts(Vec<usize>, Vec<String>),
}

/// An array in the order of its indices, the last one varying fastest.
fn numbers(array: &PyReadonlyArrayDyn<'_, f64>) -> OwnArray {
    let array = array.as_array();
    OwnArray {
        shape: array.shape().to_vec(),
        values: OwnValues::Numbers(array.iter().copied().collect()),
    }
}

impl Arrays {
    pub(crate) fn of(settings: &Settings<'_>) -> PyResult<Self> {
        Ok(Self {
            file: OwnFile {
                regression: settings.get("regression")?,
                ..OwnFile::new(settings.get::<String>("name")?)
            },
            inputs: numbers(&settings.get("x")?),
            labels: match settings.get("y")? {
                Labels::Numbers(array) => numbers(&array),
                Labels::Texts(shape, texts) => OwnArray {
                    shape,
                    values: OwnValues::Texts(texts),
                },
            },
        })
    }

    pub(crate) fn read(self) -> Result<OwnSamples, etastar::Error> {
        Ok(OwnSamples::from_shaped(
            self.file,
            self.inputs,
            self.labels,
        )?)
    }
}

/// Where the samples are from, and how they are split and standardised.
pub(crate) struct Source {
    /// Arrays, or a dataset of the catalogue.
    arrays: Result<Arrays, DatasetName>,
    folder: Option<PathBuf>,
    train: Option<usize>,
    validation: Option<usize>,
    standardise: Standardise,
}

impl Source {
    pub(crate) fn of(settings: &Settings<'_>) -> PyResult<Self> {
        let dataset = settings.parsed("dataset")?;
        let is_given = |name| Ok::<_, PyErr>(!settings.get::<Bound<'_, PyAny>>(name)?.is_none());
        let arrays = match (dataset, is_given("x")?, is_given("y")?) {
            (Some(DatasetName::File), ..) => {
                return Err(raised("samples of one's own are given as `x` and `y`"));
            }
            (Some(name), false, false) => Err(name),
            (None, true, true) => Ok(Arrays::of(settings)?),
            _ => return Err(raised("give `x` and `y`, or `dataset` instead")),
        };
        Ok(Self {
            arrays,
            folder: settings.get("data_dir")?,
            train: settings.get("train")?,
            validation: settings.get("validation")?,
            standardise: settings.named("standardise")?,
        })
    }

    /// Reads the samples; warns of classes that have none.
    pub(crate) fn read(self, teller: &Teller) -> Result<Samples, Box<dyn Error + Send + Sync>> {
        let configured = |config| DatasetConfig {
            train: self.train,
            validation: self.validation,
            standardise: self.standardise,
            ..config
        };
        let samples = match self.arrays {
            Ok(arrays) => Samples::own(arrays.read()?)?.configured(configured)?,
            Err(name) => {
                let config = DatasetConfig {
                    gaussians: (name == DatasetName::Gaussians).then(GaussiansConfig::default),
                    ..DatasetConfig::new(name)
                };
                Samples::load(&configured(config), &DataFolders::discover(self.folder))?
            }
        };
        if samples.config().file.is_some() {
            for class in samples.dataset().empty_classes() {
                teller.warn(&format!("there is no sample of class `{class}`"));
            }
        }
        Ok(samples)
    }
}
