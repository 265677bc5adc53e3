use serde::{Deserialize, Serialize};

/// What the bootstrap intervals of a fit answer for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BootstrapOver {
    /// The noise of initialisations and batch orders, given the grid: "what
    /// exponent would this grid give with other seeds?" Repeats are
    /// resampled within each architecture; the cells are fixed.
    #[default]
    Repeats,
    /// The choice of the grid's architectures as well, and with it the misfit
    /// of the law: "what exponent would another grid of this kind give?"
    /// Whole architectures are resampled, each with its repeats, whose noise
    /// their means carry along; resampling the repeats once more would count
    /// that noise twice (A. C. Davison and D. V. Hinkley, Bootstrap Methods
    /// and their Application, 1997, section 3.8).
    RepeatsAndCells,
}

/// What to fit, and how its intervals are computed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FitOptions {
    /// The filters `k`: each fit uses the cells with `width >= k * depth`.
    pub width_over_depth: Vec<f64>,
    /// Confidence of the intervals, strictly between 0 and 1.
    pub confidence: f64,
    /// Bootstrap resamples; 0 for no intervals.
    pub resamples: usize,
    /// Seed of the bootstrap. All laws see the same resamples.
    pub seed: u64,
    /// What the intervals answer for.
    pub over: BootstrapOver,
}

impl Default for FitOptions {
    fn default() -> Self {
        Self {
            width_over_depth: vec![0.0, 2.0, 4.0, 8.0],
            confidence: 0.95,
            resamples: 1000,
            seed: 0,
            over: BootstrapOver::Repeats,
        }
    }
}
