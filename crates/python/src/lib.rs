//! The module `etastar._etastar`, on which the Python package `etastar` is built: its functions take
//! the keyword arguments of a call as a dictionary and give back JSON. What users see of it is
//! written in Python.

mod call;
mod error;
mod find;
mod laws;
mod samples;
mod settings;
mod sharpness;

use pyo3::prelude::*;

/// The part of etastar that is written in Rust.
#[pymodule]
mod _etastar {
    #[pymodule_export]
    use super::error::EtastarError;
    #[pymodule_export]
    use super::find::find;
    #[pymodule_export]
    use super::laws::{bounds, fit, predict};
    #[pymodule_export]
    use super::sharpness::{sharpness, sharpness_at_initialisation};

    #[pymodule_export]
    #[allow(non_upper_case_globals, reason = "the name that Python has for it")]
    const __version__: &str = etastar::provenance::VERSION;
}
