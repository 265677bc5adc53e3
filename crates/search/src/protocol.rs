//! How eta\* of one cell is measured: every constant the answer depends on.

use etastar_model::Loss;
use serde::{Deserialize, Serialize};

/// How the learning rate is searched.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "method", rename_all = "kebab-case", deny_unknown_fields)]
pub enum SearchMethod {
    /// Start above the expected edge, step down by octaves to the first
    /// success (or up, where the start succeeds), then bisect `log2(eta)`.
    Octaves {
        /// `log2` of the first learning rate tried.
        start: f64,
        /// Lowest `log2` learning rate tried.
        lowest: f64,
        /// Highest `log2` learning rate tried.
        highest: f64,
        /// Width of the final bracket, in octaves.
        tolerance: f64,
    },
    /// The paper's form: bisection of the learning rate itself.
    Arithmetic {
        /// Lower end of the first bracket; taken to succeed.
        low: f64,
        /// Upper end of the first bracket; taken to fail.
        high: f64,
        /// Width of the final bracket, as a learning rate.
        tolerance: f64,
    },
}

/// The measurement protocol of a cell.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Protocol {
    /// Training loss.
    pub loss: Loss,
    /// Samples per mini-batch.
    pub batch_size: usize,
    /// Number of SGD steps after which a trial that has not reached the
    /// threshold has failed.
    pub budget: usize,
    /// Validation accuracy is evaluated every this many steps.
    pub evaluate_every: usize,
    /// Validation accuracy (0 to 1) at which a trial succeeds.
    pub threshold: f64,
    /// How the learning rate is searched.
    pub search: SearchMethod,
    /// Extra rates tried around eta\*, as offsets in octaves, to detect
    /// success that is not monotone in the rate.
    pub ladder: Vec<f64>,
}
