//! The keyword arguments of a call, checked as the command line checks its own.

use std::fmt::Display;
use std::str::FromStr;

use etastar::{DeviceName, Execution, Loss};
use etastar_search::scale::MOST_DEPTH;
use etastar_search::settings::Setting;
use pyo3::conversion::FromPyObjectOwned;
use pyo3::exceptions::{PyOverflowError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use serde::de::DeserializeOwned;

use crate::error::raised;

/// Most threads, as on the command line.
const MOST_JOBS: usize = 1024;

/// The keyword arguments of a call.
#[derive(FromPyObject)]
#[pyo3(transparent)]
pub(crate) struct Settings<'py>(Bound<'py, PyDict>);

impl<'py> Settings<'py> {
    /// The value of an argument.
    pub(crate) fn get<T: FromPyObjectOwned<'py>>(&self, name: &str) -> PyResult<T> {
        let value = self.0.as_any().get_item(name)?;
        value.extract::<T>().map_err(|error| {
            let error: PyErr = error.into();
            let py = value.py();
            if error.is_instance_of::<PyOverflowError>(py) {
                raised(format!("`{name}` is {value}, which is out of range"))
            } else if error.is_instance_of::<PyTypeError>(py) {
                PyTypeError::new_err(format!("`{name}`: {}", error.value(py)))
            } else {
                error
            }
        })
    }

    /// The value of a setting, within its limits.
    pub(crate) fn setting<S>(&self) -> PyResult<S::Value>
    where
        S: Setting<Value: FromPyObjectOwned<'py>>,
    {
        let value = self.get(S::name())?;
        let checked = S::check(&value);
        checked.map_err(|must| raised(format!("`{}` {must}", S::name())))?;
        Ok(value)
    }

    /// A number of things, at least one.
    pub(crate) fn count(&self, name: &str) -> PyResult<usize> {
        match self.get(name)? {
            0 => Err(raised(format!("`{name}` must be at least 1"))),
            count => Ok(count),
        }
    }

    /// A number of hidden layers.
    pub(crate) fn depth(&self) -> PyResult<usize> {
        match self.count("depth")? {
            depth if depth > MOST_DEPTH => {
                Err(raised(format!("`depth` must be at most {MOST_DEPTH}")))
            }
            depth => Ok(depth),
        }
    }

    /// One of the names that a type has as JSON.
    pub(crate) fn named<T: DeserializeOwned>(&self, name: &str) -> PyResult<T> {
        let value = serde_json::Value::String(self.get(name)?);
        serde_json::from_value(value).map_err(|error| raised(format!("`{name}`: {error}")))
    }

    /// The loss; without a name cross-entropy of classes, squared error of real targets.
    pub(crate) fn loss(&self) -> PyResult<Loss> {
        let name: Option<String> = self.get("loss")?;
        match (name, self.get("regression")?) {
            (Some(_), _) => self.named("loss"),
            (None, true) => Ok(Loss::SquaredError),
            (None, false) => Ok(Loss::CrossEntropy),
        }
    }

    /// A name that a type reads, if it is given.
    pub(crate) fn parsed<T: FromStr<Err: Display>>(&self, name: &str) -> PyResult<Option<T>> {
        let text: Option<String> = self.get(name)?;
        text.map(|text| text.parse().map_err(raised)).transpose()
    }

    /// Backend, device and threads.
    pub(crate) fn execution(&self) -> PyResult<Execution> {
        let backend = self.parsed::<DeviceName>("backend")?;
        let usual = backend.map_or_else(Execution::default, Execution::on);
        let jobs: Option<usize> = self.get("jobs")?;
        match jobs {
            Some(jobs) if !(1..=MOST_JOBS).contains(&jobs) => {
                Err(raised(format!("`jobs` must be between 1 and {MOST_JOBS}")))
            }
            jobs => Ok(Execution {
                jobs: jobs.unwrap_or(usual.jobs),
                ..usual
            }),
        }
    }
}
