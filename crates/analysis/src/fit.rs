//! Every law on every set of cells of a series, every number with its interval.

use etastar_search::Snapshot;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::bootstrap::effects;
use crate::effect::{Effect, NoFit, NotMeasured, Options, OptionsError, Unit};
use crate::law::{Law, LawFit};
use crate::numbers::mean;
use crate::points::{Point, Quantity, by_architecture, input_rates};
use crate::searches::SearchCounts;
use crate::series::{Series, eta_star_series};

/// The fits of one or several series.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Fits {
    /// Those whose cells determine them.
    pub fits: Vec<Fit>,
    /// Those whose cells do not, with the reason.
    pub not_fitted: Vec<NotFitted>,
}

/// One law, fitted to one set of cells.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fit {
    /// Which law.
    pub law: Law,
    /// Of what.
    pub quantity: Quantity,
    /// The series whose cells were fitted (see [`Series::label`]).
    pub series: String,
    /// Input-layer rate of the cells, or `None` where all rates are fitted together.
    pub input_rate: Option<f64>,
    /// Only cells with `width >= width_over_depth * depth` were used.
    pub width_over_depth: f64,
    /// `log2 C`.
    pub log2_constant: f64,
    /// The exponents, one for each of [`Law::regressors`]: `a` in `x^-a`, positive where the
    /// quantity falls with `x`.
    pub exponents: Vec<Effect>,
    /// Depth's exponent minus width's, of the law that has both.
    pub exponent_gap: Option<Effect>,
    /// Share of the variance of the cells' mean `log2` that the law explains, over the cells that
    /// found a value.
    pub r_squared: Effect,
    /// Root-mean-square residual over the same cells, in octaves.
    pub rmse: Effect,
    /// Root-mean-square error, in octaves, with which each of them is predicted by the fit to all
    /// others; absent where a cell cannot be left out.
    pub leave_one_out: Option<Effect>,
    /// The same, where all cells of one input-layer rate are predicted by the fit to those at all
    /// other rates; absent where the fit is of one rate.
    pub leave_one_rate_out: Option<Effect>,
    /// Akaike's criterion with the small-sample correction, of the same cells.
    pub aicc: Option<f64>,
    /// Cells in the fit of which some repeat found a value in range.
    pub cells: usize,
    /// Cells in the fit of which none did: they only say on which side of the range it lies.
    pub cells_without_value: usize,
    /// Repeats in the fit that found no value in range, in cells of both kinds.
    pub censored_repeats: usize,
    /// The searches of the cells in the fit.
    pub searches: SearchCounts,
}

impl Fit {
    /// The law's `log2` value for a network of `depth` hidden layers of one
    /// `width`: `log2 C - sum_j a_j log2 x_j`.
    pub fn log2_value(&self, depth: usize, width: usize, inputs: usize, input_rate: f64) -> f64 {
        let regressors = self.law.log2_regressors(depth, width, inputs, input_rate);
        let terms = self.exponents.iter().zip(regressors);
        self.log2_constant - terms.map(|(exponent, x)| exponent.value * x).sum::<f64>()
    }
}

/// A law that could not be fitted to a set of cells.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NotFitted {
    /// Which law.
    pub law: Law,
    /// Of what.
    pub quantity: Quantity,
    /// The series of the cells.
    pub series: String,
    /// Input-layer rate of the cells, or `None` where all rates are taken together.
    pub input_rate: Option<f64>,
    /// Only cells with `width >= width_over_depth * depth` were considered.
    pub width_over_depth: f64,
    /// Why not.
    pub reason: NoFit,
}

/// Why nothing can be fitted at all.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum FitError {
    /// No search for eta\* is finished; a store of sharpness alone has none.
    #[error("the store has no finished repeat yet: run `etastar sweep` on it first")]
    NothingMeasured,
    /// The options make no sense.
    #[error(transparent)]
    Options(#[from] OptionsError),
}

/// Fits every law of eta\* to every series of a store.
///
/// # Errors
/// If the options make no sense or no search is finished yet.
pub fn fit(snapshot: &Snapshot, options: &Options) -> Result<Fits, FitError> {
    options.check()?;
    let mut fits = Fits::default();
    let mut is_measured = false;
    for series in eta_star_series(snapshot) {
        is_measured |= series.cells.iter().any(|record| !record.repeats.is_empty());
        fits.extend(fit_series(&series, Quantity::EtaStar, options));
    }
    if is_measured {
        Ok(fits)
    } else {
        Err(FitError::NothingMeasured)
    }
}

impl Fits {
    /// Adds those of another series or quantity.
    pub(crate) fn extend(&mut self, other: Self) {
        self.fits.extend(other.fits);
        self.not_fitted.extend(other.not_fitted);
    }
}

/// Fits the laws of a quantity to a series, at each input-layer rate and, where there are
/// several, to all of them together; once for each filter. The sharpness has the one law of
/// depth times width, at one rate.
pub(crate) fn fit_series(series: &Series<'_>, quantity: Quantity, options: &Options) -> Fits {
    let records = series.cells.iter();
    let points: Vec<Point> = records
        .filter_map(|record| Point::from_record(record, quantity))
        .collect();
    let rates = input_rates(&points);
    let is_eta_star = quantity == Quantity::EtaStar;
    let laws = if is_eta_star {
        &Law::ALL[..]
    } else {
        &[Law::DepthWidth]
    };
    let together = (is_eta_star && rates.len() > 1).then_some(None);
    let mut fits = Fits::default();
    for input_rate in rates.into_iter().map(Some).chain(together) {
        let is_at_rate = |rate: f64| input_rate.is_none_or(|own| own == rate);
        for &width_over_depth in &options.width_over_depth {
            let own = points.iter().filter(|point| is_at_rate(point.input_rate));
            let wide = own.filter(|point| point.is_wide(width_over_depth));
            let groups = by_architecture(wide.cloned());
            let searches = series.cells.iter().filter(|record| {
                let (cell, depth) = (&record.cell, record.cell.depth() as f64);
                let width = cell.constant_width().map(|width| width as f64);
                is_at_rate(cell.input_rate)
                    && width.is_some_and(|width| width >= width_over_depth * depth)
            });
            let searches: SearchCounts = searches.copied().collect();
            for &law in laws {
                match numbers(law, &groups, input_rate.is_none(), options) {
                    Ok(numbers) => fits.fits.push(Fit {
                        law,
                        quantity,
                        series: series.label.clone(),
                        input_rate,
                        width_over_depth,
                        searches,
                        ..numbers
                    }),
                    Err(reason) => fits.not_fitted.push(NotFitted {
                        law,
                        quantity,
                        series: series.label.clone(),
                        input_rate,
                        width_over_depth,
                        reason,
                    }),
                }
            }
        }
    }
    fits
}

/// A number of a fitted law, by its place among [`law_numbers`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LawNumber {
    Constant,
    FirstExponent,
    SecondExponent,
    ExponentGap,
    RSquared,
    Rmse,
    LeaveOneOut,
}

impl LawNumber {
    pub(crate) fn unit(self) -> Unit {
        match self {
            Self::Rmse | Self::LeaveOneOut => Unit::Octaves,
            _ => Unit::Plain,
        }
    }
}

/// The numbers of a law fitted to a sample of architectures, in the order of [`LawNumber`]; not a
/// number where the law has none. `full` is the fit to all architectures.
pub(crate) fn law_numbers(full: &LawFit, sample: &[&Vec<Point>]) -> Result<[f64; 7], NotMeasured> {
    let points: Vec<&Point> = sample.iter().flat_map(|group| group.iter()).collect();
    let fit = full.refit(&points)?;
    let exponent = |index| fit.exponent(index).unwrap_or(f64::NAN);
    Ok([
        fit.coefficients[0],
        exponent(0),
        exponent(1),
        exponent(0) - exponent(1),
        fit.quality.r_squared,
        fit.quality.rmse,
        fit.quality.leave_one_out,
    ])
}

/// The law fitted to all points of the groups.
///
/// # Errors
/// If they do not determine it.
pub(crate) fn fit_groups(law: Law, groups: &[Vec<Point>]) -> Result<LawFit, NoFit> {
    LawFit::new(law, &groups.iter().flatten().collect::<Vec<_>>())
}

/// The numbers of a law on groups of points; what tells the set of cells is left open.
fn numbers(
    law: Law,
    groups: &[Vec<Point>],
    all_rates: bool,
    options: &Options,
) -> Result<Fit, NoFit> {
    let full = fit_groups(law, groups)?;
    let undetermined = |error| match error {
        NotMeasured::NoFit(reason) => reason,
        _ => NoFit::Collinear,
    };
    let all = effects(groups, law.coefficients(), options, |sample| {
        law_numbers(&full, sample)
    })
    .map_err(undetermined)?;
    let number = |which: LawNumber| {
        let (value, interval) = all[which as usize];
        Effect {
            value,
            interval,
            unit: which.unit(),
        }
    };
    let finite = |which| Some(number(which)).filter(|effect| effect.value.is_finite());
    let points = || groups.iter().flatten();
    let leave_one_rate_out = all_rates.then(|| {
        let rates = input_rates(points());
        crate::bootstrap::effect(
            groups,
            law.coefficients(),
            Unit::Octaves,
            options,
            |sample| leave_one_rate_out(&full, sample, &rates),
        )
        .ok()
    });
    let cells = points().filter(|point| point.mean().is_some()).count();
    let exponents = [LawNumber::FirstExponent, LawNumber::SecondExponent];
    Ok(Fit {
        law,
        quantity: Quantity::EtaStar,
        series: String::new(),
        input_rate: None,
        width_over_depth: 0.0,
        log2_constant: number(LawNumber::Constant).value,
        exponents: exponents.into_iter().filter_map(finite).collect(),
        exponent_gap: finite(LawNumber::ExponentGap),
        r_squared: number(LawNumber::RSquared),
        rmse: number(LawNumber::Rmse),
        leave_one_out: finite(LawNumber::LeaveOneOut),
        leave_one_rate_out: leave_one_rate_out.flatten(),
        aicc: full.quality.aicc,
        cells,
        cells_without_value: points().count() - cells,
        censored_repeats: points().map(Point::censored).sum(),
        searches: SearchCounts::default(),
    })
}

/// Root-mean-square error with which the cells at each rate are predicted by
/// the law fitted to those at all others, in octaves.
pub(crate) fn leave_one_rate_out(
    full: &LawFit,
    sample: &[&Vec<Point>],
    rates: &[f64],
) -> Result<f64, NotMeasured> {
    let points: Vec<&Point> = sample.iter().flat_map(|group| group.iter()).collect();
    let mut squares = Vec::with_capacity(points.len());
    for &rate in rates {
        let (own, others): (Vec<&Point>, Vec<&Point>) =
            points.iter().partition(|point| point.input_rate == rate);
        let fit = full.refit(&others)?;
        let errors = own
            .iter()
            .filter_map(|point| Some(point.mean()? - fit.at_point(point)));
        squares.extend(errors.map(|error| error * error));
    }
    let none = NotMeasured::NoCells("any input-layer rate");
    mean(&squares).map(f64::sqrt).ok_or(none)
}

/// A fitted line of one regressor as a figure shows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FittedLine {
    /// Which law.
    pub law: Law,
    /// Input-layer rate of the cells, or `None` where all rates are fitted together.
    pub input_rate: Option<f64>,
    /// Only cells with `width >= width_over_depth * depth` were fitted.
    pub width_over_depth: f64,
    /// Places along the line, in ascending order.
    pub places: Vec<Place>,
}

/// A place on a fitted line.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Place {
    /// The regressor, not as a `log2`.
    pub x: f64,
    /// The law's value.
    pub y: f64,
    /// Its pointwise interval, from the same resamples as the exponent's.
    pub interval: Option<[f64; 2]>,
}

/// Places of a line.
const PLACES: usize = 17;

/// The line of a law of one regressor through the points, over the range of all of `shown`.
/// `None` where the points do not determine it.
pub(crate) fn fitted_line<'a>(
    law: Law,
    points: impl IntoIterator<Item = &'a Point>,
    shown: &[f64],
    options: &Options,
) -> Option<Vec<Place>> {
    let groups = by_architecture(points.into_iter().cloned());
    let full = fit_groups(law, &groups).ok()?;
    let (low, high) = (shown.first()?.log2(), shown.last()?.log2());
    let at = |place: usize| low + (high - low) * place as f64 / (PLACES - 1) as f64;
    let values = effects(&groups, law.coefficients(), options, |sample| {
        let points: Vec<&Point> = sample.iter().flat_map(|group| group.iter()).collect();
        let fit = full.refit(&points)?;
        Ok(std::array::from_fn::<f64, PLACES, _>(|place| {
            fit.at(&[at(place)])
        }))
    });
    let places = values.ok()?.into_iter().enumerate();
    Some(
        places
            .map(|(place, (y, interval))| Place {
                x: at(place).exp2(),
                y: y.exp2(),
                interval: interval.map(|ends| ends.map(f64::exp2)),
            })
            .collect(),
    )
}

/// The laws fitted to one set of cells, best first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// The series of the cells.
    pub series: String,
    /// Their input-layer rate, or `None` where all rates are taken together.
    pub input_rate: Option<f64>,
    /// The filter `width >= width_over_depth * depth`.
    pub width_over_depth: f64,
    /// Number of cells.
    pub cells: usize,
    /// The laws by ascending AICc; by leave-one-out error where the cells are
    /// too few for an AICc.
    pub ranking: Vec<Ranked>,
    /// The law with the least leave-one-cell-out error.
    pub best_by_leave_one_out: Law,
}

/// A law's place in a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Ranked {
    /// The law.
    pub law: Law,
    /// Its AICc minus the least one. A difference below 2 decides nothing;
    /// above 10, the law has essentially no support (K. P. Burnham and D. R.
    /// Anderson, Model Selection and Multimodel Inference, 2002, section 2.6).
    pub delta_aicc: Option<f64>,
    /// Its leave-one-cell-out error minus the least one, in octaves.
    pub delta_leave_one_out: Option<f64>,
}

/// Ranks the laws that were fitted to the same cells, wherever there are at
/// least two, in the order of the fits. Both criteria judge prediction:
/// AICc by a penalty on parameters, leave-one-out by leaving out cells.
///
/// Both take the cells' deviations for independent. Where rates are fitted
/// together they are not quite: cells of one architecture share their noise, so
/// differences between laws look somewhat more certain than they are.
pub fn compare(fits: &[Fit]) -> Vec<Comparison> {
    let is_same_set = |a: &Fit, b: &Fit| {
        (a.quantity, &a.series, a.input_rate, a.width_over_depth)
            == (b.quantity, &b.series, b.input_rate, b.width_over_depth)
    };
    let sets = fits.chunk_by(is_same_set).filter(|set| set.len() > 1);
    sets.filter_map(rank).collect()
}

fn rank(set: &[Fit]) -> Option<Comparison> {
    let first = set.first()?;
    let left_out = |fit: &Fit| fit.leave_one_out.map_or(f64::INFINITY, |error| error.value);
    // A law without an AICc has too many parameters for the cells: last.
    let aicc = |fit: &Fit| fit.aicc.unwrap_or(f64::INFINITY);
    let best = set
        .iter()
        .min_by(|a, b| left_out(a).total_cmp(&left_out(b)))?;
    let least = set.iter().map(aicc).fold(f64::INFINITY, f64::min);
    let mut sorted: Vec<&Fit> = set.iter().collect();
    sorted.sort_by(|a, b| {
        let criteria = aicc(a).total_cmp(&aicc(b));
        criteria.then(left_out(a).total_cmp(&left_out(b)))
    });
    let ranked = |fit: &&Fit| Ranked {
        law: fit.law,
        delta_aicc: fit.aicc.map(|own| own - least),
        delta_leave_one_out: Some(left_out(fit) - left_out(best)).filter(|d| d.is_finite()),
    };
    Some(Comparison {
        series: first.series.clone(),
        input_rate: first.input_rate,
        width_over_depth: first.width_over_depth,
        cells: first.cells,
        ranking: sorted.iter().map(ranked).collect(),
        best_by_leave_one_out: best.law,
    })
}
