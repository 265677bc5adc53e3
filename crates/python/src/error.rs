//! The exception.

use std::fmt::Display;

use pyo3::exceptions::PyValueError;
use pyo3::{PyErr, create_exception};

create_exception!(
    etastar,
    EtastarError,
    PyValueError,
    "Something that cannot be measured, read or written. The message says what was wrong and what to do."
);

/// For `map_err`: the exception with an error's words.
pub(crate) fn raised(error: impl Display) -> PyErr {
    EtastarError::new_err(error.to_string())
}
