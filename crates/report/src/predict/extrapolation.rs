use serde::Serialize;

use super::NetworkShape;
use crate::fit::{Law, Point};

/// How far a network is from those that a law was fitted to.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Extrapolation {
    /// Its `depth * width` over the largest one fitted.
    pub depth_width: f64,
    /// Its effective size, `input_rate * inputs + depth * width`, over the
    /// largest one fitted.
    pub effective_size: f64,
    /// Factor by which it lies outside of the range fitted of what the law
    /// depends on (depth times width; depth and width; effective size), on
    /// either side; 1 inside.
    pub beyond: f64,
}

impl Extrapolation {
    pub(super) fn of(law: Law, network: &NetworkShape, inputs: usize, fitted: &[&Point]) -> Self {
        let depth_width = |depth: usize, width: usize| (depth * width) as f64;
        let effective = |inputs: usize, rate: f64, size: f64| rate * inputs as f64 + size;
        let own = depth_width(network.depth, network.width);
        let own_effective = effective(inputs, network.input_rate, own);
        let sizes = fitted.iter().map(|p| depth_width(p.depth, p.width));
        let effectives = fitted
            .iter()
            .map(|p| effective(p.inputs, p.input_rate, depth_width(p.depth, p.width)));
        let outside = regressors(law, network, inputs)
            .into_iter()
            .enumerate()
            .map(|(index, own)| {
                let [low, high] = range(law, index, fitted);
                (own - high).max(low - own).max(0.0).exp2()
            });
        Self {
            depth_width: own / sizes.fold(0.0, f64::max),
            effective_size: own_effective / effectives.fold(0.0, f64::max),
            beyond: outside.fold(1.0, f64::max),
        }
    }
}

fn regressors(law: Law, network: &NetworkShape, inputs: usize) -> Vec<f64> {
    law.log2_regressors(network.depth, network.width, inputs, network.input_rate)
}

/// Ends of the range of a regressor over the points, as `log2`.
fn range(law: Law, index: usize, points: &[&Point]) -> [f64; 2] {
    points
        .iter()
        .filter_map(|point| law.of_point(point).get(index).copied())
        .fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], x| {
            [low.min(x), high.max(x)]
        })
}
