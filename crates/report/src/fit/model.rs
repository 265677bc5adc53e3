use serde::{Deserialize, Serialize};

/// The laws that are compared. `depth` counts hidden layers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Law {
    /// `eta* = C (depth * width)^-a`: the paper's law (claim C1).
    DepthWidth,
    /// `eta* = C depth^-a width^-b`.
    Separate,
    /// `eta* = C (input_rate * inputs + depth * width)^-a`: the effective
    /// size, our hypothesis.
    EffectiveSize,
}

/// An exponent with its bootstrap interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Exponent {
    /// The exponent `a` in `x^-a`: positive where eta\* falls with `x`.
    pub value: f64,
    /// Bootstrap interval at the fit's confidence, `[low, high]`.
    pub interval: Option<[f64; 2]>,
}

/// One fitted law.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Fit {
    /// Which law.
    pub law: Law,
    /// The dataset whose cells were fitted.
    pub dataset: String,
    /// Input-layer rate of the cells, or `None` where all rates are pooled.
    pub input_rate: Option<f64>,
    /// Only cells with `width >= width_over_depth * depth` were used.
    pub width_over_depth: f64,
    /// `log2 C`.
    pub log2_constant: f64,
    /// The joint exponent (`DepthWidth`, `EffectiveSize`).
    pub joint: Option<Exponent>,
    /// Depth's own exponent (`Separate`).
    pub depth: Option<Exponent>,
    /// Width's own exponent (`Separate`).
    pub width: Option<Exponent>,
    /// Confidence of every interval.
    pub confidence: f64,
    /// Share of the variance of `log2 eta*` that the law explains, over the
    /// cells that found one.
    pub r_squared: f64,
    /// Root-mean-square residual over the same cells, in octaves.
    pub rmse_octaves: f64,
    /// Root-mean-square leave-one-cell-out prediction error of the same cells,
    /// in octaves.
    pub loo_rmse_octaves: f64,
    /// Akaike's criterion with the small-sample correction, of the same cells.
    pub aicc: Option<f64>,
    /// Cells in the fit of which some repeat found an eta\* in range.
    pub cells: usize,
    /// Cells in the fit of which none did: they only say on which side of the
    /// range eta\* lies.
    pub cells_without_eta_star: usize,
    /// Repeats in the fit that found no eta\* in range, in cells of both kinds.
    pub censored_repeats: usize,
}

impl Fit {
    /// The law's `log2 eta*` of a network of `depth` hidden layers of one
    /// `width`: `log2 C - sum_j a_j log2 x_j`.
    pub fn log2_eta_star(&self, depth: usize, width: usize, inputs: usize, input_rate: f64) -> f64 {
        let regressors = self.law.log2_regressors(depth, width, inputs, input_rate);
        let exponents = match self.law {
            Law::Separate => vec![self.depth, self.width],
            Law::DepthWidth | Law::EffectiveSize => vec![self.joint],
        };
        let terms = exponents.iter().flatten().zip(regressors);
        self.log2_constant - terms.map(|(exponent, x)| exponent.value * x).sum::<f64>()
    }
}
