//! Learning rates of one network that are cheap to find: candidates for
//! predicting eta\*.

mod critical;
mod range_test;

pub(crate) use critical::critical_rate;
pub(crate) use range_test::range_test;

use serde::{Deserialize, Serialize};

use crate::checks::read;

/// How the cheap rates are found.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheapRateSettings {
    /// Samples per mini-batch, for both.
    #[serde(deserialize_with = "read::at_least_one")]
    pub batch_size: usize,
    /// `log2` of the lowest rate tried.
    #[serde(deserialize_with = "read::octaves")]
    pub lowest: f64,
    /// `log2` of the highest rate tried.
    #[serde(deserialize_with = "read::octaves")]
    pub highest: f64,
    /// Steps of the range test from `lowest` to `highest`.
    #[serde(deserialize_with = "read::at_least_one")]
    pub range_test_steps: usize,
}

/// The cheap rates of one network.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CheapRates {
    /// The one-step critical rate `eta_c`: the least rate at which one step
    /// of gradient descent raises the loss of the batch it was taken on.
    pub critical: CheapRate,
    /// The learning-rate range test: the rate at which the loss blows up
    /// while the rate grows geometrically from step to step.
    pub range_test: CheapRate,
}

/// A rate and what it cost.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CheapRate {
    /// The learning rate; absent where none in range has the property.
    pub learning_rate: Option<f64>,
    /// Gradients computed, each of one mini-batch.
    pub gradients: usize,
    /// Forward passes computed without a gradient, each of one mini-batch.
    pub forward_passes: usize,
}
