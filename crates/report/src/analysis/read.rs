//! Checks of values while a specification is read.

use serde::{Deserialize, Deserializer, de::Error};

/// A filter on width over depth.
pub(crate) fn not_negative<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
    let value = f64::deserialize(from)?;
    if value.is_finite() && value >= 0.0 {
        Ok(value)
    } else {
        Err(D::Error::custom(format!(
            "must be 0 or a positive number, not {value}"
        )))
    }
}
