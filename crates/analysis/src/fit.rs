//! Every law on every set of cells of a series, every number with its interval.

use etastar_search::Snapshot;
use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, FisherSnedecor};
use thiserror::Error;

use crate::bootstrap::{Shape, effects};
use crate::effect::{Effect, NoFit, NotMeasured, Options, OptionsError, Unit};
use crate::law::{Law, Network};
use crate::law_fit::LawFit;
use crate::least_squares::LeastSquares;
use crate::numbers::{mean, root_mean_square};
use crate::points::{Point, Quantity, by_architecture, input_rates, shapes};
use crate::searches::SearchCounts;
use crate::series::{Series, eta_star_series};
use crate::summary::Variance;

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
    /// `log2 C`, and `log2 B` of the two-term law.
    pub log2_constant: Effect,
    /// `log2 (B / K)` of the two-term law; the others have none.
    pub log2_ratio: Option<Effect>,
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
    /// `rmse` over the exponent, of a law with one: by how many octaves of *size* the law misses,
    /// which compares fits with different exponents.
    pub size_error: Option<Effect>,
    /// Standard deviation, in octaves, by which the law itself misses the cells, beyond the noise
    /// of their means: `sqrt(RSS / (cells - coefficients) - v mean(1 / n_c))` with the variance `v`
    /// of a repeat pooled over cells, and 0 where that is negative. Absent without `v`.
    pub misfit: Option<Effect>,
    /// The R² that the law would have if the noise of the means were all that it missed.
    pub noise_ceiling: Option<f64>,
    /// The F-test of lack of fit against pure error: the same two variances as a ratio.
    pub lack_of_fit: Option<FTest>,
    /// Of the law with separate exponents, the F-test of their equality.
    pub equal_exponents: Option<FTest>,
    /// Root-mean-square error, in octaves, with which the law, fitted to small networks, predicts
    /// the cells whose `depth * width` is 2 to 4 times the largest one fitted: forward validation,
    /// over every such split. Absent where no split leaves six architectures to fit.
    pub forward_error: Option<f64>,
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
    /// The law's `log2` value for a network.
    pub fn log2_value(&self, network: &Network) -> f64 {
        let ratio = self.log2_ratio.map_or(1.0, |ratio| ratio.value.exp2());
        let sizes = self.law.sizes(network, ratio).into_iter().map(f64::log2);
        let exponents = self.exponents.iter().map(|exponent| exponent.value);
        self.law.log2_value(
            self.log2_constant.value,
            exponents,
            &sizes.collect::<Vec<_>>(),
        )
    }
}

/// An F-test.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct FTest {
    /// The ratio of the two variances.
    pub ratio: f64,
    /// Degrees of freedom of its numerator and denominator.
    pub degrees: [f64; 2],
    /// Probability of a larger ratio if there were no effect.
    pub p_value: f64,
}

impl FTest {
    pub(crate) fn new(ratio: f64, degrees: [f64; 2]) -> Option<Self> {
        let distribution = FisherSnedecor::new(degrees[0], degrees[1]).ok()?;
        ratio.is_finite().then(|| Self {
            ratio,
            degrees,
            p_value: distribution.sf(ratio.max(0.0)),
        })
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
    #[error(
        "the store has no finished search of eta* yet: resume its sweep or, if it measures sharpness \
         alone, sweep an experiment that measures eta*"
    )]
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
    let together = (is_eta_star && rates.len() > 1).then_some(None);
    let mut fits = Fits::default();
    for input_rate in rates.into_iter().map(Some).chain(together) {
        let is_at_rate = |rate: f64| input_rate.is_none_or(|own| own == rate);
        for &width_over_depth in &options.width_over_depth {
            let own = points
                .iter()
                .filter(|point| is_at_rate(point.network.input_rate));
            let wide = own.filter(|point| point.network.is_wide(width_over_depth));
            let groups = by_architecture(wide.cloned());
            let searches = series.cells.iter().filter(|record| {
                let (cell, depth) = (&record.cell, record.cell.depth() as f64);
                let width = cell.constant_width().map(|width| width as f64);
                is_at_rate(cell.input_rate)
                    && width.is_some_and(|width| width >= width_over_depth * depth)
            });
            let searches: SearchCounts = searches.copied().collect();
            // At one rate the ratio of the two terms is hardly determined.
            let laws = Law::ALL.into_iter().filter(|law| match law {
                Law::DepthWidth => true,
                // The others are for one rate of all layers but the first.
                Law::Separate => is_eta_star,
                _ if series
                    .cells
                    .iter()
                    .any(|one| !one.cell.layer_rates.is_empty()) =>
                {
                    false
                }
                Law::TwoTerm => is_eta_star && input_rate.is_none(),
                _ => is_eta_star,
            });
            for law in laws {
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
    Ratio,
    SizeError,
    Misfit,
}

/// How many there are.
const LAW_NUMBERS: usize = 10;

impl LawNumber {
    pub(crate) fn unit(self) -> Unit {
        match self {
            Self::Rmse | Self::LeaveOneOut | Self::SizeError | Self::Misfit => Unit::Octaves,
            _ => Unit::Plain,
        }
    }
}

/// The numbers of a law fitted to a sample of architectures, in the order of [`LawNumber`]; not a
/// number where the law has none. `full` is the fit to all architectures.
pub(crate) fn law_numbers(
    full: &LawFit,
    sample: &[&Vec<Point>],
) -> Result<[f64; LAW_NUMBERS], NotMeasured> {
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
        match fit.law {
            Law::TwoTerm => fit.ratio.log2(),
            _ => f64::NAN,
        },
        match fit.law.regressors() {
            [_] => fit.quality.rmse / exponent(0).abs(),
            _ => f64::NAN,
        },
        Noise::new(&points).map_or(f64::NAN, |noise| noise.misfit(&fit)),
    ])
}

/// The noise of cells' means.
struct Noise {
    /// Variance of one repeat, pooled over cells.
    repeat: Variance,
    /// Variance of a cell's mean, mean over cells.
    mean: f64,
    /// Cells with a value.
    cells: f64,
}

impl Noise {
    fn new(points: &[&Point]) -> Option<Self> {
        let found: Vec<Vec<f64>> = points.iter().map(|point| point.values()).collect();
        let found = || found.iter().filter(|values| !values.is_empty());
        let repeat = Variance::pooled(found().map(Vec::as_slice));
        let reciprocals: Vec<f64> = found().map(|values| 1.0 / values.len() as f64).collect();
        Some(Self {
            mean: repeat.value()? * mean(&reciprocals)?,
            repeat,
            cells: reciprocals.len() as f64,
        })
    }

    /// The law's residual variance, with its degrees of freedom.
    fn residual(&self, fit: &LawFit) -> (f64, f64) {
        let degrees = self.cells - fit.law.coefficients() as f64;
        (fit.quality.rmse.powi(2) * self.cells / degrees, degrees)
    }

    fn misfit(&self, fit: &LawFit) -> f64 {
        (self.residual(fit).0 - self.mean).max(0.0).sqrt()
    }

    fn lack_of_fit(&self, fit: &LawFit) -> Option<FTest> {
        let (variance, degrees) = self.residual(fit);
        FTest::new(variance / self.mean, [degrees, self.repeat.degrees as f64])
    }

    fn ceiling(&self, fit: &LawFit) -> Option<f64> {
        let (variance, _) = self.residual(fit);
        let unexplained = 1.0 - fit.quality.r_squared;
        let ceiling = 1.0 - unexplained * self.mean / variance;
        ceiling.is_finite().then_some(ceiling)
    }
}

/// Whether depth and width have one exponent: what the law of their product leaves more than that
/// with an exponent each.
fn equal_exponents(separate: &LawFit, groups: &[Vec<Point>]) -> Option<FTest> {
    let product = fit_groups(Law::DepthWidth, groups).ok()?;
    let found = groups.iter().flatten().filter(|p| p.mean().is_some());
    let cells = found.count() as f64;
    let [free, joint] = [separate, &product].map(|fit| fit.quality.rmse.powi(2) * cells);
    let degrees = cells - Law::Separate.coefficients() as f64;
    FTest::new((joint - free) / (free / degrees), [1.0, degrees])
}

/// Fewest architectures that a law is fitted to in forward validation.
pub(crate) const FEWEST_FITTED: usize = 6;

/// Forward validation predicts cells whose size is larger by a factor of this range.
const FORWARD: [f64; 2] = [2.0, 4.0];

/// A prediction of forward validation.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Forward {
    /// The architecture predicted.
    pub(crate) shape: Shape,
    /// Predicted minus measured, in octaves.
    pub(crate) error: f64,
    /// `x' (X' X)^-1 x` of the network predicted in the fit to the smaller ones: the error's
    /// variance is that of a cell about the law times one more than this.
    leverage: f64,
}

impl Forward {
    /// Root mean square of the errors; `None` of none.
    pub(crate) fn error(all: &[Self]) -> Option<f64> {
        root_mean_square(&all.iter().map(|one| one.error).collect::<Vec<_>>())
    }

    /// The deviation of a cell about the law that the errors tell of, apart from the errors of the
    /// coefficients.
    pub(crate) fn deviation(all: &[Self]) -> Option<f64> {
        let reduced = all
            .iter()
            .map(|one| one.error / (1.0 + one.leverage).sqrt());
        root_mean_square(&reduced.collect::<Vec<_>>())
    }
}

/// Every split of forward validation: the law fitted to the small of some points predicts the larger
/// ones.
pub(crate) fn forward(full: &LawFit, points: &[&Point]) -> Vec<Forward> {
    let mut sizes: Vec<usize> = points.iter().map(|point| point.network.size()).collect();
    sizes.sort_unstable();
    sizes.dedup();
    let mut predictions = Vec::new();
    for size in sizes {
        let far = points.iter().filter(|point| {
            let factor = point.network.size() as f64 / size as f64;
            (FORWARD[0]..=FORWARD[1]).contains(&factor)
        });
        let small = points
            .iter()
            .copied()
            .filter(|point| point.network.size() <= size);
        let small: Vec<&Point> = small.collect();
        if shapes(&small).len() < FEWEST_FITTED {
            continue;
        }
        let Ok(fit) = full.refit(&small) else {
            continue;
        };
        let regressors = small.iter().map(|point| fit.regressors(&point.network));
        let Some(design) = LeastSquares::new(&regressors.collect::<Vec<_>>()) else {
            continue;
        };
        predictions.extend(far.filter_map(|point| {
            let network = point.network;
            Some(Forward {
                shape: point.shape(),
                error: fit.at(&network) - point.mean()?,
                leverage: design.leverage_at(&fit.regressors(&network)),
            })
        }));
    }
    predictions
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
    let all_points: Vec<&Point> = points().collect();
    let noise = Noise::new(&all_points);
    let exponents = [LawNumber::FirstExponent, LawNumber::SecondExponent];
    Ok(Fit {
        law,
        quantity: Quantity::EtaStar,
        series: String::new(),
        input_rate: None,
        width_over_depth: 0.0,
        log2_constant: number(LawNumber::Constant),
        log2_ratio: finite(LawNumber::Ratio),
        exponents: exponents.into_iter().filter_map(finite).collect(),
        exponent_gap: finite(LawNumber::ExponentGap),
        r_squared: number(LawNumber::RSquared),
        rmse: number(LawNumber::Rmse),
        size_error: finite(LawNumber::SizeError),
        misfit: finite(LawNumber::Misfit),
        noise_ceiling: noise.as_ref().and_then(|noise| noise.ceiling(&full)),
        lack_of_fit: noise.as_ref().and_then(|noise| noise.lack_of_fit(&full)),
        equal_exponents: (law == Law::Separate)
            .then(|| equal_exponents(&full, groups))
            .flatten(),
        forward_error: Forward::error(&forward(&full, &all_points)),
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
        let (own, others): (Vec<&Point>, Vec<&Point>) = points
            .iter()
            .partition(|point| point.network.input_rate == rate);
        let fit = full.refit(&others)?;
        let errors = own
            .iter()
            .filter_map(|point| Some(point.mean()? - fit.at(&point.network)));
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
            fit.at_sizes(&[at(place)])
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
    /// The laws by ascending error of forward validation; by leave-one-out error where the cells
    /// are too few for a split.
    pub ranking: Vec<Ranked>,
}

/// A law's place in a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Ranked {
    /// The law.
    pub law: Law,
    /// Its error of forward validation, in octaves.
    pub forward_error: Option<f64>,
    /// Its AICc minus the least one. A difference below 2 decides nothing;
    /// above 10, the law has essentially no support (K. P. Burnham and D. R.
    /// Anderson, Model Selection and Multimodel Inference, 2002, section 2.6).
    pub delta_aicc: Option<f64>,
    /// Its leave-one-cell-out error minus the least one, in octaves.
    pub delta_leave_one_out: Option<f64>,
}

/// Ranks the laws that were fitted to the same cells, wherever there are at
/// least two, in the order of the fits. Laws are chosen by how they extrapolate, by forward
/// validation: AICc and leave-one-out judge interpolation, and the laws that they prefer have
/// predicted larger networks worse.
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
    let forward = |fit: &Fit| fit.forward_error.unwrap_or(f64::INFINITY);
    let best = set
        .iter()
        .min_by(|a, b| left_out(a).total_cmp(&left_out(b)))?;
    let least = set.iter().map(aicc).fold(f64::INFINITY, f64::min);
    let mut sorted: Vec<&Fit> = set.iter().collect();
    sorted.sort_by(|a, b| {
        let extrapolation = forward(a).total_cmp(&forward(b));
        extrapolation.then(left_out(a).total_cmp(&left_out(b)))
    });
    let ranked = |fit: &&Fit| Ranked {
        law: fit.law,
        forward_error: fit.forward_error,
        delta_aicc: fit.aicc.map(|own| own - least),
        delta_leave_one_out: Some(left_out(fit) - left_out(best)).filter(|d| d.is_finite()),
    };
    Some(Comparison {
        series: first.series.clone(),
        input_rate: first.input_rate,
        width_over_depth: first.width_over_depth,
        cells: first.cells,
        ranking: sorted.iter().map(ranked).collect(),
    })
}
