use nalgebra::DVector;
use serde::{Deserialize, Serialize};

use super::measure::Measure;
use crate::analysis::cells::DatasetCells;
use crate::analysis::points::{Points, coefficients, fit_law};
use crate::analysis::{AnalysisOptions, Effect, NotMeasured, Unit, read, resample, words};
use crate::fit::{Law, Point, Solved, solve};

/// By how much the effective-size law, `eta* = C (mu n_0 + depth width)^-a`,
/// describes the cells at all input-layer rates `mu` better than the depth x
/// width law does. Positive where it does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EffectiveSizeGain {
    /// Measured by what.
    pub measure: GainMeasure,
    /// Only cells with `width >= width_over_depth * depth` are fitted.
    #[serde(default, deserialize_with = "read::not_negative")]
    pub width_over_depth: f64,
    /// Of which variant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
}

/// What two laws are compared by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GainMeasure {
    /// Difference of the shares of the variance explained.
    RSquared,
    /// Difference of the root-mean-square errors, in octaves, with which each
    /// cell is predicted by the fit to all others.
    LeaveOneOut,
    /// The same, where all cells of one input-layer rate are predicted by the
    /// fit to those at all other rates.
    LeaveOneRateOut,
}

impl Measure for EffectiveSizeGain {
    fn words(&self) -> String {
        let what = match self.measure {
            GainMeasure::RSquared => "R^{2} of the effective-size law minus that of the",
            GainMeasure::LeaveOneOut => "leave-one-cell-out error, effective-size law below the",
            GainMeasure::LeaveOneRateOut => {
                "error at an input rate left out, effective-size law below the"
            }
        };
        words::with_conditions(
            &format!("{what} depth × width law"),
            &[
                "all input rates".to_owned(),
                words::filter(self.width_over_depth),
            ],
            self.variant.as_deref(),
        )
    }

    fn effect(
        &self,
        cells: &DatasetCells<'_>,
        options: &AnalysisOptions,
    ) -> Result<Effect, NotMeasured> {
        let points = Points::of(cells, self.variant.as_deref())?.wide(self.width_over_depth)?;
        let rates = points.rates();
        if rates.len() < 2 {
            return Err(NotMeasured::OneInputRate);
        }
        let unit = match self.measure {
            GainMeasure::RSquared => Unit::Plain,
            GainMeasure::LeaveOneOut | GainMeasure::LeaveOneRateOut => Unit::Octaves,
        };
        // Each law has its own constant and exponent.
        let both = coefficients(Law::DepthWidth) + coefficients(Law::EffectiveSize);
        resample::effect(&points.groups, both, unit, options, |sample| {
            Ok(self.merit(Law::EffectiveSize, sample, &rates)?
                - self.merit(Law::DepthWidth, sample, &rates)?)
        })
    }
}

impl EffectiveSizeGain {
    /// The larger, the better the law does.
    fn merit(&self, law: Law, sample: &[&Vec<Point>], rates: &[f64]) -> Result<f64, NotMeasured> {
        match self.measure {
            GainMeasure::RSquared => Ok(fit_law(law, sample, |_| true)?.quality.r_squared),
            GainMeasure::LeaveOneOut => Ok(-leave_one_out(law, sample)?),
            GainMeasure::LeaveOneRateOut => Ok(-leave_one_rate_out(law, sample, rates)?),
        }
    }
}

/// Root-mean-square error with which each cell is predicted by the law fitted
/// to all others.
///
/// In a resample, a cell occurs as often as its architecture, `m` times: all
/// its copies are left out together, or the others would give it away. With
/// the residual `e` and the leverage `h` of one copy, that error is `e / (1 -
/// m h)`: the hat matrix of `m` equal rows is `h` in every entry, and `(I - h
/// 1 1^T)^-1 1 = 1 / (1 - m h)`.
pub(crate) fn leave_one_out(law: Law, sample: &[&Vec<Point>]) -> Result<f64, NotMeasured> {
    let points: Vec<&Point> = sample.iter().flat_map(|group| group.iter()).collect();
    let Solved {
        y, least_squares, ..
    } = solve(law, &points)?;
    let residuals = least_squares.residuals(&DVector::from_vec(y));
    let leverages = least_squares.leverages();
    let errors = points.iter().zip(residuals.iter()).zip(leverages);
    let squares: Vec<f64> = errors
        .map(|((point, residual), leverage)| {
            let copies = points.iter().filter(|other| std::ptr::eq(**other, *point));
            let rest = 1.0 - leverage * copies.count() as f64;
            if rest < 1e-9 {
                f64::INFINITY
            } else {
                (residual / rest).powi(2)
            }
        })
        .collect();
    Ok((squares.iter().sum::<f64>() / squares.len() as f64).sqrt())
}

/// Root-mean-square error with which the cells at each rate are predicted by
/// the law fitted to those at all others.
pub(crate) fn leave_one_rate_out(
    law: Law,
    sample: &[&Vec<Point>],
    rates: &[f64],
) -> Result<f64, NotMeasured> {
    let (mut squares, mut cells) = (0.0, 0u32);
    for &rate in rates {
        let fit = fit_law(law, sample, |point| point.input_rate != rate)?;
        let left_out = sample.iter().flat_map(|group| group.iter());
        for point in left_out.filter(|point| point.input_rate == rate) {
            let Some(measured) = point.mean() else {
                continue;
            };
            squares += (measured - fit.predict(law, point)).powi(2);
            cells += 1;
        }
    }
    Ok((squares / f64::from(cells)).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::cells::datasets;
    use crate::fit::synthetic::Synthetic;

    fn points(grid: &Synthetic, law: impl Fn(f64, f64, f64, f64) -> f64) -> Points {
        let store = grid.snapshot(law);
        Points::of(&datasets(&store)[0], None).unwrap()
    }

    /// Cells on two parallel lines, one a rate: the depth x width law of one
    /// predicts the other wrongly by their distance.
    #[test]
    fn errors_at_a_rate_left_out_by_hand() {
        let grid = Synthetic {
            input_rates: vec![0.5, 1.0],
            ..Synthetic::default()
        };
        let points = points(&grid, |d, w, _, mu| -0.5 * (d * w).log2() + 3.0 * mu.log2());
        let sample: Vec<_> = points.groups.iter().collect();
        let error = leave_one_rate_out(Law::DepthWidth, &sample, &[0.5, 1.0]).unwrap();
        assert!((error - 3.0).abs() < 1e-9, "{error}");
    }

    /// Copies of a cell in a resample must not predict it.
    #[test]
    fn copies_are_left_out_together() {
        let grid = Synthetic {
            misfit: 0.5,
            ..Synthetic::default()
        };
        let points = points(&grid, |d, w, _, _| -0.5 * (d * w).log2());
        let once: Vec<_> = points.groups.iter().collect();
        let twice: Vec<_> = once.iter().chain(&once).copied().collect();
        let error = |sample: &[&Vec<Point>]| leave_one_out(Law::DepthWidth, sample).unwrap();
        assert!((error(&once) - error(&twice)).abs() < 1e-9);
        assert!(error(&once) > 0.1);
    }
}
