//! The ranges of configuration values, each stated once: used while a file is
//! read, so that the error points at the line, and again before a sweep runs,
//! for configurations that never were a file.

use serde::{Deserialize, Deserializer, de::Error};

/// Counts: batch sizes, budgets, widths, depths.
pub(crate) fn at_least_one(value: usize) -> Result<usize, String> {
    if value >= 1 {
        Ok(value)
    } else {
        Err("must be at least 1".to_owned())
    }
}

/// Accuracies.
pub(crate) fn fraction(value: f64) -> Result<f64, String> {
    if value > 0.0 && value <= 1.0 {
        Ok(value)
    } else {
        Err(format!("must lie above 0 and be at most 1, not {value}"))
    }
}

/// Gains, tolerances.
pub(crate) fn positive(value: f64) -> Result<f64, String> {
    if value.is_finite() && value > 0.0 {
        Ok(value)
    } else {
        Err(format!("must be a positive number, not {value}"))
    }
}

/// Relative learning rates.
pub(crate) fn not_negative(value: f64) -> Result<f64, String> {
    if value.is_finite() && value >= 0.0 {
        Ok(value)
    } else {
        Err(format!("must be 0 or a positive number, not {value}"))
    }
}

/// Offsets in octaves. Beyond 100 octaves a rate leaves single precision.
pub(crate) fn octaves(value: f64) -> Result<f64, String> {
    if value.abs() <= 100.0 {
        Ok(value)
    } else {
        Err(format!("must lie between -100 and 100, not {value}"))
    }
}

/// `#[serde(deserialize_with)]` forms of the checks above.
pub(crate) mod read {
    use super::*;

    fn checked<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
        deserializer: D,
        check: fn(T) -> Result<T, String>,
    ) -> Result<T, D::Error> {
        check(T::deserialize(deserializer)?).map_err(D::Error::custom)
    }

    fn each<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
        deserializer: D,
        check: fn(T) -> Result<T, String>,
    ) -> Result<Vec<T>, D::Error> {
        let values = Vec::<T>::deserialize(deserializer)?;
        values
            .into_iter()
            .map(|value| check(value).map_err(|problem| format!("every entry {problem}")))
            .collect::<Result<_, _>>()
            .map_err(D::Error::custom)
    }

    fn some<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
        deserializer: D,
        check: fn(T) -> Result<T, String>,
    ) -> Result<Vec<T>, D::Error> {
        let values = each(deserializer, check)?;
        if values.is_empty() {
            return Err(D::Error::custom("must have at least one entry"));
        }
        Ok(values)
    }

    pub(crate) fn at_least_one<'de, D: Deserializer<'de>>(from: D) -> Result<usize, D::Error> {
        checked(from, super::at_least_one)
    }

    pub(crate) fn fraction<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
        checked(from, super::fraction)
    }

    pub(crate) fn positive<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
        checked(from, super::positive)
    }

    pub(crate) fn not_negative<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
        checked(from, super::not_negative)
    }

    pub(crate) fn octaves<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
        checked(from, super::octaves)
    }

    pub(crate) fn each_octaves<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<f64>, D::Error> {
        each(from, super::octaves)
    }

    pub(crate) fn counts<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<usize>, D::Error> {
        some(from, super::at_least_one)
    }

    pub(crate) fn rates<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<f64>, D::Error> {
        some(from, super::not_negative)
    }
}
