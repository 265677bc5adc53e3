//! The effective-size law beside the depth-width law, over all input-layer
//! rates at once.

use etastar_search::CellRecord;

use super::cells::is_wide;
use super::law_effects::architectures;
use super::points::{coefficients, fit_law};
use super::statistic::{leave_one_out, leave_one_rate_out};
use super::{AnalysisOptions, Effect, NotMeasured, Unit, resample};
use crate::fit::{Law, Point};

/// How well a law describes the cells of one series at all input-layer rates,
/// and how well it predicts those it was not fitted to.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SizeLaw {
    /// Which law.
    pub(crate) law: Law,
    /// Cells with an eta\*.
    pub(crate) cells: usize,
    /// Its exponent.
    pub(crate) exponent: Option<Effect>,
    /// Share of the variance that it explains.
    pub(crate) r_squared: Option<Effect>,
    /// Root-mean-square residual, in octaves.
    pub(crate) rmse: Option<Effect>,
    /// Root-mean-square error of cells predicted by the fit to all others, in
    /// octaves.
    pub(crate) leave_one_out: Option<Effect>,
    /// The same of cells predicted by the fit to all other input-layer rates.
    pub(crate) leave_one_rate_out: Option<Effect>,
}

impl SizeLaw {
    /// The depth-width law and the effective-size law of the cells with
    /// `width >= width_over_depth * depth`.
    pub(crate) fn both<'a>(
        records: impl Iterator<Item = &'a CellRecord>,
        width_over_depth: f64,
        options: &AnalysisOptions,
    ) -> [Self; 2] {
        let points: Vec<Point> = records
            .filter_map(Point::of)
            .filter(|point| !point.repeats.is_empty())
            .filter(|point| is_wide(point.depth, point.width, width_over_depth))
            .collect();
        let mut rates: Vec<f64> = points.iter().map(|point| point.input_rate).collect();
        rates.sort_by(f64::total_cmp);
        rates.dedup();
        let groups = architectures(points.into_iter());
        [Law::DepthWidth, Law::EffectiveSize].map(|law| Self::of(law, &groups, &rates, options))
    }

    fn of(law: Law, groups: &[Vec<Point>], rates: &[f64], options: &AnalysisOptions) -> Self {
        type Number<'a> = &'a dyn Fn(&[&Vec<Point>]) -> Result<f64, NotMeasured>;
        let number = |unit, of: Number<'_>| {
            resample::effect(groups, coefficients(law), unit, options, of).ok()
        };
        let fitted = |sample: &[&Vec<Point>]| fit_law(law, sample, |_| true);
        Self {
            law,
            cells: groups.iter().map(Vec::len).sum(),
            exponent: number(Unit::Plain, &|sample| fitted(sample)?.exponent(0)),
            r_squared: number(Unit::Plain, &|sample| Ok(fitted(sample)?.quality.r_squared)),
            rmse: number(Unit::Octaves, &|sample| Ok(fitted(sample)?.quality.rmse)),
            leave_one_out: number(Unit::Octaves, &|sample| leave_one_out(law, sample)),
            leave_one_rate_out: (rates.len() > 1)
                .then(|| {
                    number(Unit::Octaves, &|sample| {
                        leave_one_rate_out(law, sample, rates)
                    })
                })
                .flatten(),
        }
    }
}
