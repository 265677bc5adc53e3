use etastar_search::Snapshot;
use serde::Serialize;
use thiserror::Error;

use super::intervals::intervals;
use super::likelihood::Described;
use super::model::{Exponent, Fit, Law};
use super::options::FitOptions;
use super::series::{Point, Series, series};

/// The fits of a store.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Fits {
    /// Those whose cells determine them.
    pub fits: Vec<Fit>,
    /// Those whose cells do not, with the reason.
    pub not_fitted: Vec<NotFitted>,
}

/// A law that could not be fitted to a set of cells.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NotFitted {
    /// Which law.
    pub law: Law,
    /// The dataset of the cells (see [`Series::label`]).
    pub dataset: String,
    /// Input-layer rate of the cells, or `None` where all rates are pooled.
    pub input_rate: Option<f64>,
    /// Only cells with `width >= width_over_depth * depth` were considered.
    pub width_over_depth: f64,
    /// Why not.
    pub reason: Reason,
}

/// Why a law was not fitted.
#[derive(Debug, Clone, PartialEq, Eq, Error, Serialize)]
#[serde(tag = "reason", rename_all = "kebab-case")]
pub enum Reason {
    /// No degree of freedom would remain.
    #[error("cells of constant width with an eta*: {cells}; this law needs at least {needed}")]
    TooFewCells {
        /// Cells there are.
        cells: usize,
        /// Cells needed.
        needed: usize,
    },
    /// A regressor does not vary.
    #[error("all cells have the same {regressor}")]
    NoVariance {
        /// Its name.
        regressor: &'static str,
    },
    /// The regressors vary only together.
    #[error("depth and width do not vary independently of each other")]
    Collinear,
}

/// Why nothing can be fitted at all.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum FitError {
    /// No search for eta\* is finished; a store of sharpness alone has none.
    #[error("the store has no finished repeat yet: run `etastar sweep` on it first")]
    NothingMeasured,
    /// A confidence that is none.
    #[error("a confidence of {0} is not strictly between 0 and 1; the usual one is 0.95")]
    Confidence(f64),
    /// A filter that is none.
    #[error("a width-over-depth filter of {0} is not a number of at least 0; 0 keeps all cells")]
    WidthOverDepth(f64),
    /// No filter given.
    #[error("no width-over-depth filter is given, so nothing would be fitted; 0 keeps all cells")]
    NoFilter,
}

/// Fits every law to every series of cells of a snapshot, at each input-layer
/// rate and, where there are several, pooled over all; once for each filter
/// `width >= k * depth`.
///
/// # Errors
///
/// If the options make no sense or no repeat is finished yet.
pub fn fit(snapshot: &Snapshot, options: &FitOptions) -> Result<Fits, FitError> {
    check(options)?;
    if snapshot.cells.iter().all(|cell| cell.repeats.is_empty()) {
        return Err(FitError::NothingMeasured);
    }
    let mut fits = Fits::default();
    for series in series(snapshot) {
        let points = points(&series);
        for input_rate in input_rates(&series) {
            for &width_over_depth in &options.width_over_depth {
                let selected: Vec<Point> = points
                    .iter()
                    .filter(|point| input_rate.is_none_or(|rate| rate == point.input_rate))
                    .filter(|point| point.width as f64 >= width_over_depth * point.depth as f64)
                    .cloned()
                    .collect();
                let set = Set {
                    dataset: &series.label,
                    input_rate,
                    width_over_depth,
                };
                for law in Law::ALL {
                    match fit_one(law, &selected, &set, options) {
                        Ok(fit) => fits.fits.push(fit),
                        Err(reason) => fits.not_fitted.push(set.not_fitted(law, reason)),
                    }
                }
            }
        }
    }
    Ok(fits)
}

fn check(options: &FitOptions) -> Result<(), FitError> {
    let confidence = options.confidence;
    if !(confidence > 0.0 && confidence < 1.0) {
        return Err(FitError::Confidence(confidence));
    }
    if options.width_over_depth.is_empty() {
        return Err(FitError::NoFilter);
    }
    let senseless = |k: &&f64| !(k.is_finite() && **k >= 0.0);
    match options.width_over_depth.iter().find(senseless) {
        Some(&k) => Err(FitError::WidthOverDepth(k)),
        None => Ok(()),
    }
}

/// The measured points of a series, in an order that does not depend on the
/// grid's.
fn points(series: &Series<'_>) -> Vec<Point> {
    let mut points: Vec<Point> = series.cells.iter().copied().filter_map(Point::of).collect();
    points.sort_by(|a, b| {
        (a.depth, a.width)
            .cmp(&(b.depth, b.width))
            .then(a.input_rate.total_cmp(&b.input_rate))
    });
    points
}

/// The input-layer rates measured, ascending; then `None` for all of them
/// together, if there are several.
fn input_rates(series: &Series<'_>) -> Vec<Option<f64>> {
    let measured = series.cells.iter().filter(|cell| !cell.repeats.is_empty());
    let mut rates: Vec<f64> = measured.map(|cell| cell.cell.input_rate).collect();
    rates.sort_by(f64::total_cmp);
    rates.dedup();
    let several = rates.len() > 1;
    let pooled = several.then_some(None);
    rates.into_iter().map(Some).chain(pooled).collect()
}

/// What tells one set of cells from another.
struct Set<'a> {
    dataset: &'a str,
    input_rate: Option<f64>,
    width_over_depth: f64,
}

impl Set<'_> {
    fn not_fitted(&self, law: Law, reason: Reason) -> NotFitted {
        NotFitted {
            law,
            dataset: self.dataset.to_owned(),
            input_rate: self.input_rate,
            width_over_depth: self.width_over_depth,
            reason,
        }
    }
}

fn fit_one(
    law: Law,
    selected: &[Point],
    set: &Set<'_>,
    options: &FitOptions,
) -> Result<Fit, Reason> {
    let observed: Vec<&Point> = selected
        .iter()
        .filter(|point| !point.repeats.is_empty() || !point.censored.is_empty())
        .collect();
    let Described {
        points,
        regressors,
        least_squares,
        coefficients,
        censored,
        quality,
        found_cells,
    } = Described::of(law, &observed)?;
    let intervals = intervals(
        &points,
        &regressors,
        &least_squares,
        censored.as_ref(),
        options,
    );
    let exponent = |index: usize| {
        Some(Exponent {
            value: -*coefficients.get(index + 1)?,
            interval: intervals.get(index).copied().flatten(),
        })
    };
    let separate = law == Law::Separate;
    Ok(Fit {
        law,
        dataset: set.dataset.to_owned(),
        input_rate: set.input_rate,
        width_over_depth: set.width_over_depth,
        log2_constant: coefficients.get(0).copied().unwrap_or(f64::NAN),
        joint: exponent(0).filter(|_| !separate),
        depth: exponent(0).filter(|_| separate),
        width: exponent(1).filter(|_| separate),
        confidence: options.confidence,
        r_squared: quality.r_squared,
        rmse_octaves: quality.rmse,
        loo_rmse_octaves: quality.loo_rmse,
        aicc: quality.aicc,
        cells: found_cells,
        cells_without_eta_star: points.len() - found_cells,
        censored_repeats: points.iter().map(|point| point.censored.len()).sum(),
    })
}
