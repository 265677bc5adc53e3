use etastar_search::statistics::mean;

use super::cells::same_shape;
use super::{Proxy, ProxyCell};

/// How well a proxy predicts eta\*, over the cells it says something of. With
/// `r_i` the measured minus the predicted `log2 eta*` of cell `i`, in octaves:
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ProxyQuality {
    /// Which proxy.
    pub proxy: Proxy,
    /// Cells it says something of.
    pub cells: usize,
    /// `sqrt(mean r_i^2)`: the error as it stands, in octaves.
    pub rmse: f64,
    /// The error after one constant, the mean of `r` over all other
    /// architectures, is added; absent for a single architecture.
    pub calibrated_rmse: Option<f64>,
    /// `mean r_i`, in octaves: above 0 where eta\* is larger than predicted.
    pub bias: f64,
    /// Share of the variance of the measured `log2 eta*` that it explains once
    /// the bias is taken off: `1 - sum (r_i - bias)^2 / sum (y_i - mean y)^2`;
    /// below 0 where the mean alone would do better.
    pub r_squared: f64,
    /// Mean cost for one network, in gradients of one mini-batch.
    pub cost: f64,
}

impl ProxyQuality {
    /// Of a proxy on groups of cells; `None` where it says nothing of any.
    pub fn of(proxy: Proxy, groups: &[Vec<ProxyCell>]) -> Option<Self> {
        let all: Vec<&Vec<ProxyCell>> = groups.iter().collect();
        let residuals: Vec<(f64, f64, f64)> = groups
            .iter()
            .flatten()
            .filter_map(|cell| {
                let value = cell.value(proxy)?;
                Some((cell.measured, cell.measured - value.log2, value.cost))
            })
            .collect();
        let column = |of: fn(&(f64, f64, f64)) -> f64| residuals.iter().map(of).collect();
        let (measured, r): (Vec<f64>, Vec<f64>) = (column(|x| x.0), column(|x| x.1));
        let costs: Vec<f64> = column(|x| x.2);
        let (centre, bias) = (mean(&measured)?, mean(&r)?);
        let squares = |values: &[f64], about: f64| -> f64 {
            values.iter().map(|value| (value - about).powi(2)).sum()
        };
        let total = squares(&measured, centre);
        Some(Self {
            proxy,
            cells: r.len(),
            rmse: rmse(proxy, &all, |_| true, false)?,
            calibrated_rmse: rmse(proxy, &all, |_| true, true),
            bias,
            r_squared: if total > 0.0 {
                1.0 - squares(&r, bias) / total
            } else {
                0.0
            },
            cost: mean(&costs)?,
        })
    }
}

/// The error of a proxy over the cells of a sample that `keep` keeps, as it
/// stands or calibrated by the other architectures (an architecture that a
/// resample has twice does not calibrate itself).
pub(crate) fn rmse(
    proxy: Proxy,
    sample: &[&Vec<ProxyCell>],
    keep: impl Fn(&ProxyCell) -> bool,
    calibrated: bool,
) -> Option<f64> {
    let residuals: Vec<(&ProxyCell, f64)> = sample
        .iter()
        .flat_map(|group| group.iter())
        .filter(|cell| keep(cell))
        .filter_map(|cell| Some((cell, cell.measured - cell.value(proxy)?.log2)))
        .collect();
    let total: f64 = residuals.iter().map(|(_, r)| r).sum();
    let squares: Option<Vec<f64>> = residuals
        .iter()
        .map(|(cell, r)| {
            if !calibrated {
                return Some(r * r);
            }
            let own = residuals
                .iter()
                .filter(|(other, _)| same_shape(other, cell));
            let (sum, count) = own.fold((0.0, 0), |(sum, count), (_, r)| (sum + r, count + 1));
            let others = residuals.len() - count;
            (others > 0).then(|| (r - (total - sum) / others as f64).powi(2))
        })
        .collect();
    mean(&squares?).map(f64::sqrt)
}
