use nalgebra::DVector;

use super::cells::{DatasetCells, is_wide};
use super::{NotMeasured, Rate};
use crate::fit::{Law, Point, Quality, Solved, quality, solve};

/// Cells of one dataset and one kind as points, of eta\* or of sharpness: one
/// group for each architecture, its cells at all input-layer rates. Cells
/// without a value are not among them.
#[derive(Debug, Clone)]
pub(crate) struct Points {
    /// The groups, none empty.
    pub(crate) groups: Vec<Vec<Point>>,
}

impl Points {
    /// The points of eta\* of a variant (see [`DatasetCells::of_variant`]).
    ///
    /// # Errors
    /// If there are none, or if they are of several protocols.
    pub(crate) fn of(cells: &DatasetCells<'_>, variant: Option<&str>) -> Result<Self, NotMeasured> {
        let cells = cells.of_variant(variant)?;
        cells.check_eta_star()?;
        let groups = cells.architectures.iter().map(|architecture| {
            let records = architecture.eta_star.iter().copied();
            let points = records.filter_map(Point::of);
            points.filter(|point| !point.repeats.is_empty()).collect()
        });
        Self::of_groups(groups).ok_or(NotMeasured::NoCells("eta*"))
    }

    /// The groups that are not empty, if there are any.
    pub(crate) fn of_groups(groups: impl Iterator<Item = Vec<Point>>) -> Option<Self> {
        let groups: Vec<Vec<Point>> = groups.filter(|group| !group.is_empty()).collect();
        (!groups.is_empty()).then_some(Self { groups })
    }

    /// The input-layer rates, ascending.
    pub(crate) fn rates(&self) -> Vec<f64> {
        let mut rates: Vec<f64> = self.groups.iter().flatten().map(|p| p.input_rate).collect();
        rates.sort_by(f64::total_cmp);
        rates.dedup();
        rates
    }

    /// Those at the chosen input-layer rate.
    ///
    /// # Errors
    /// If there are none.
    pub(crate) fn at(&self, rate: Rate) -> Result<Self, NotMeasured> {
        let chosen = rate.among(&self.rates())?;
        self.where_point(|point| chosen.is_none_or(|rate| point.input_rate == rate))
    }

    /// Those with `width >= width_over_depth * depth`.
    ///
    /// # Errors
    /// If there are none.
    pub(crate) fn wide(&self, width_over_depth: f64) -> Result<Self, NotMeasured> {
        self.where_point(|point| is_wide(point.depth, point.width, width_over_depth))
    }

    fn where_point(&self, keep: impl Fn(&Point) -> bool) -> Result<Self, NotMeasured> {
        let kept = |group: &Vec<Point>| group.iter().filter(|p| keep(p)).cloned().collect();
        let none = NotMeasured::NoCells("the width over depth that is asked for");
        Self::of_groups(self.groups.iter().map(kept)).ok_or(none)
    }
}

/// A law fitted to a sample of groups of points.
#[derive(Debug, Clone)]
pub(crate) struct LawFit {
    /// Its coefficients: `log2 C`, then the slope of each regressor, the
    /// negative of an exponent.
    pub(crate) coefficients: DVector<f64>,
    /// How well it describes the points.
    pub(crate) quality: Quality,
}

impl LawFit {
    /// The exponent of the law's regressor of this index: `a` in `x^-a`.
    pub(crate) fn exponent(&self, index: usize) -> Result<f64, NotMeasured> {
        let slope = self.coefficients.get(index + 1);
        slope
            .map(|slope| -slope)
            .ok_or(NotMeasured::Undetermined("the law has no such exponent"))
    }

    /// The law's `log2` value at a point.
    pub(crate) fn predict(&self, law: Law, point: &Point) -> f64 {
        let regressors = std::iter::once(1.0).chain(law.of_point(point));
        let terms = self.coefficients.iter().zip(regressors);
        terms.map(|(coefficient, x)| coefficient * x).sum()
    }
}

/// The law fitted by least squares to all points of a sample that `keep`
/// keeps, each as often as its group occurs.
///
/// # Errors
/// If the points do not determine it.
pub(crate) fn fit_law(
    law: Law,
    sample: &[&Vec<Point>],
    keep: impl Fn(&Point) -> bool,
) -> Result<LawFit, NotMeasured> {
    let points: Vec<&Point> = sample
        .iter()
        .flat_map(|group| group.iter())
        .filter(|point| keep(point))
        .collect();
    let Solved {
        y, least_squares, ..
    } = solve(law, &points)?;
    let values = DVector::from_vec(y);
    let coefficients = least_squares.coefficients(&values);
    let quality = quality(
        values.as_slice(),
        least_squares.residuals(&values).as_slice(),
        &least_squares.leverages(),
        coefficients.len(),
    );
    Ok(LawFit {
        coefficients,
        quality,
    })
}

/// Number of coefficients of a law, the constant among them.
pub(crate) fn coefficients(law: Law) -> usize {
    1 + law.regressors().len()
}
