use etastar_search::statistics::Bootstrap;
use serde::{Deserialize, Serialize};

/// How sharpness is analysed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SharpnessOptions {
    /// The filters `k` of the power laws: each fit uses the cells with
    /// `width >= k * depth`.
    pub width_over_depth: Vec<f64>,
    /// The same for the summaries of predictions.
    pub prediction_width_over_depth: Vec<f64>,
    /// Confidence of the intervals, strictly between 0 and 1.
    pub confidence: f64,
    /// Bootstrap of the intervals, over repeats.
    pub bootstrap: Bootstrap,
}

impl Default for SharpnessOptions {
    fn default() -> Self {
        Self {
            width_over_depth: vec![0.0, 4.0],
            prediction_width_over_depth: vec![0.0, 32.0, 64.0],
            confidence: 0.95,
            bootstrap: Bootstrap::default(),
        }
    }
}
