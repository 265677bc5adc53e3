use serde::{Deserialize, Serialize};

/// How the intervals of statistics are computed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AnalysisOptions {
    /// Confidence of the intervals, strictly between 0 and 1.
    pub confidence: f64,
    /// Bootstrap resamples; 0 for no intervals.
    pub resamples: usize,
    /// Seed of the bootstrap. All statistics of one set of architectures see
    /// the same resamples.
    pub seed: u64,
}

impl Default for AnalysisOptions {
    fn default() -> Self {
        Self {
            confidence: 0.95,
            resamples: 1000,
            seed: 0,
        }
    }
}
