//! A mean and its standard error.

use serde::{Deserialize, Serialize};

use super::PredictionError;

/// A mean estimated from independent draws.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct MeanEstimate {
    /// The mean.
    pub mean: f64,
    /// Its standard error; 0 if nothing was drawn.
    pub standard_error: f64,
}

impl MeanEstimate {
    /// A number that is not estimated.
    pub fn exact(mean: f64) -> Self {
        Self {
            mean,
            standard_error: 0.0,
        }
    }

    /// Mean and standard error of independent draws.
    ///
    /// # Errors
    /// If there are fewer than two.
    pub fn of(draws: &[f64]) -> Result<Self, PredictionError> {
        if draws.len() < 2 {
            return Err(PredictionError::Draws(draws.len()));
        }
        let count = draws.len() as f64;
        let mean = draws.iter().sum::<f64>() / count;
        let squares: f64 = draws.iter().map(|draw| (draw - mean).powi(2)).sum();
        Ok(Self {
            mean,
            standard_error: (squares / (count - 1.0) / count).sqrt(),
        })
    }
}
