//! A law of eta\* on one set of cells, every number with its interval.

use etastar_search::CellRecord;

use super::cells::is_wide;
use super::points::{LawFit, coefficients, fit_law};
use super::{AnalysisOptions, Effect, NotMeasured, Unit, resample};
use crate::fit::{Law, Point};

/// The depth-width law and the law of depth and width apart on the cells of
/// one series at one input-layer rate. A number is absent where the cells do
/// not determine it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct LawEffects {
    /// Cells with an eta\*.
    pub(crate) cells: usize,
    /// Exponent of depth times width.
    pub(crate) joint: Option<Effect>,
    /// Share of the variance that the depth-width law explains.
    pub(crate) r_squared: Option<Effect>,
    /// Root-mean-square residual of the depth-width law, in octaves.
    pub(crate) rmse: Option<Effect>,
    /// Exponent of depth, of the law that has it apart.
    pub(crate) depth: Option<Effect>,
    /// Exponent of width, of the same law.
    pub(crate) width: Option<Effect>,
    /// Depth's exponent less width's, from the same resamples.
    pub(crate) difference: Option<Effect>,
}

impl LawEffects {
    /// Of the cells at an input-layer rate, or at all where there is none,
    /// with `width >= width_over_depth * depth`.
    pub(crate) fn of<'a>(
        records: impl Iterator<Item = &'a CellRecord>,
        input_rate: Option<f64>,
        width_over_depth: f64,
        options: &AnalysisOptions,
    ) -> Self {
        let groups = architectures(
            records
                .filter_map(Point::of)
                .filter(|point| !point.repeats.is_empty())
                .filter(|point| input_rate.is_none_or(|rate| rate == point.input_rate))
                .filter(|point| is_wide(point.depth, point.width, width_over_depth)),
        );
        let number = |law: Law, unit: Unit, of: &dyn Fn(&LawFit) -> Result<f64, NotMeasured>| {
            let statistic = |sample: &[&Vec<Point>]| of(&fit_law(law, sample, |_| true)?);
            resample::effect(&groups, coefficients(law), unit, options, statistic).ok()
        };
        let (joint, apart) = (Law::DepthWidth, Law::Separate);
        Self {
            cells: groups.iter().map(Vec::len).sum(),
            joint: number(joint, Unit::Plain, &|fit| fit.exponent(0)),
            r_squared: number(joint, Unit::Plain, &|fit| Ok(fit.quality.r_squared)),
            rmse: number(joint, Unit::Octaves, &|fit| Ok(fit.quality.rmse)),
            depth: number(apart, Unit::Plain, &|fit| fit.exponent(0)),
            width: number(apart, Unit::Plain, &|fit| fit.exponent(1)),
            difference: number(apart, Unit::Plain, &|fit| {
                Ok(fit.exponent(0)? - fit.exponent(1)?)
            }),
        }
    }
}

/// The points by architecture, in an order that does not depend on theirs.
pub(crate) fn architectures(points: impl Iterator<Item = Point>) -> Vec<Vec<Point>> {
    let mut points: Vec<Point> = points.collect();
    points.sort_by(|a, b| {
        let shapes = (a.depth, a.width).cmp(&(b.depth, b.width));
        shapes.then(a.input_rate.total_cmp(&b.input_rate))
    });
    points
        .chunk_by(|a, b| (a.depth, a.width) == (b.depth, b.width))
        .map(<[Point]>::to_vec)
        .collect()
}
