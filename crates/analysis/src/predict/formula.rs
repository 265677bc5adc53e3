//! A prediction as data: all that the predicted value, its interval and its warnings depend on, for
//! a page that computes them for any network.

use serde::Serialize;

use super::Spread;
use crate::law::Law;
use crate::numbers::student;

/// Laws and constants of predictions for networks of constant width with output gain 2.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Formula {
    /// The law that predicts, then its rivals with no more constants, by ascending error.
    pub laws: Vec<FittedLaw>,
    /// `(X' X)^-1` of the law that predicts, row by row; `X` begins with a column of ones.
    pub inverse_gram: Vec<Vec<f64>>,
    /// Ends of the range fitted of each of its sizes, as `log2`.
    pub log2_sizes: Vec<[f64; 2]>,
    /// The largest `depth * width` fitted.
    pub largest_depth_width: f64,
    /// The largest `input_rate * inputs + depth * width` fitted.
    pub largest_effective_size: f64,
    /// The input-layer rates fitted, ascending.
    pub input_rates: Vec<f64>,
    /// The variances within the sizes fitted.
    pub spread: Spread,
    /// Those beyond the largest `depth * width`.
    pub spread_beyond: Spread,
    /// Laws hold for networks with `width >= width_over_depth * depth`.
    pub width_over_depth: f64,
    /// Predictions by a larger factor beyond what was fitted are refused.
    pub furthest: f64,
    /// Confidence of the interval.
    pub confidence: f64,
    /// Half the width of that interval of Student's t in standard errors, where one over the
    /// degrees of freedom is 0, 1/256, 2/256, .. 1.
    pub student: Vec<f64>,
}

/// A law with its constants.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FittedLaw {
    /// Which law.
    pub law: Law,
    /// `log2` of its constant.
    pub log2_constant: f64,
    /// What an octave of its size adds to `log2 eta*`.
    pub slope: f64,
    /// `B / K` of the two-term law.
    pub ratio: f64,
    /// Its error of forward validation, in octaves.
    pub error: f64,
    /// Architectures behind that error.
    pub judged: usize,
}

/// Degrees of freedom that stand for infinitely many: beyond, t is the normal distribution to four
/// digits.
const MANY: f64 = 1e6;

pub(super) fn student_table(confidence: f64) -> Vec<f64> {
    let reciprocals = (0..=256).map(|index| f64::from(index) / 256.0);
    let quantiles = reciprocals.map(|one_over| student(confidence, MANY.min(1.0 / one_over)));
    quantiles.map(|t| t.unwrap_or(f64::NAN)).collect()
}
