//! Learning rates of one network that are cheap to find: candidates for
//! predicting eta\*.

mod critical;
mod range_test;

pub(crate) use critical::critical_rate;
pub(crate) use range_test::range_test;

use serde::{Deserialize, Serialize};

use crate::setting::{Limits, read, settings};

settings! {
    /// The settings of the cheap rates.
    cheap_rate_settings:
    /// Samples per mini-batch of the cheap rates
    CheapBatch: usize, "sharpness.cheap_rates.batch_size", "", "samples", Limits::AT_LEAST_ONE;
    /// Lowest rate that the cheap rates try, as a power of 2
    CheapLowest: f64, "sharpness.cheap_rates.lowest", "", "log2 of a learning rate",
        Limits::OCTAVES;
    /// Highest rate that the cheap rates try, as a power of 2
    CheapHighest: f64, "sharpness.cheap_rates.highest", "", "log2 of a learning rate",
        Limits::OCTAVES;
    /// Steps of the range test from the lowest rate to the highest
    RangeTestSteps: usize, "sharpness.cheap_rates.range_test_steps", "", "SGD steps",
        Limits::AT_LEAST_ONE;
}

/// How the cheap rates are found.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheapRateSettings {
    /// Samples per mini-batch, for both.
    #[serde(deserialize_with = "read::<CheapBatch, _>")]
    pub batch_size: usize,
    /// `log2` of the lowest rate tried.
    #[serde(deserialize_with = "read::<CheapLowest, _>")]
    pub lowest: f64,
    /// `log2` of the highest rate tried.
    #[serde(deserialize_with = "read::<CheapHighest, _>")]
    pub highest: f64,
    /// Steps of the range test from `lowest` to `highest`.
    #[serde(deserialize_with = "read::<RangeTestSteps, _>")]
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
