//! One store, analysed: everything that a report shows of it, as one serialisable value.

use etastar_model::Loss;
use etastar_search::{Cell, CellRecord, Manifest, Outcome, Session, Snapshot};
use serde::{Deserialize, Serialize};

use crate::advice::{Advice, advice};
use crate::bounds::{Tightness, tightness};
use crate::criterion::{Finding, Specification, SpecificationError, View, findings};
use crate::dataset::datasets;
use crate::effect::Options;
use crate::eta_sharpness::{EtaSharpness, eta_sharpness};
use crate::fit::{Comparison, Fit, Fits, FittedLine, NotFitted, compare, fit_series, fitted_line};
use crate::kernel_prediction::{CellPrediction, RatioSummary, predictions, ratio_summaries};
use crate::late_stage::{LateStageCourse, late_stage};
use crate::law::Law;
use crate::numbers::distinct;
use crate::points::{Matrix, Point, Quantity};
use crate::proxies::{Proxies, proxies};
use crate::searches::SearchCounts;
use crate::series::{Series, eta_star_series, sharpness_series};
use crate::summary::{CellSummary, summaries};
use crate::transfer::{Transfer, transfer};
use crate::variants::{VariantSummary, variants};

/// Everything that a report shows of one store.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StoreAnalysis {
    /// What all rows of the store have in common.
    pub manifest: Manifest,
    /// The runs of the program that measured it.
    pub sessions: Vec<Session>,
    /// How its intervals were computed.
    pub options: Options,
    /// The experiment's `[analysis]`; that of a store without one shows every section that says
    /// something.
    pub specification: Specification,
    /// The commit that first had the rules of its criteria, and when it was made. A store does not
    /// know it: whoever has the experiment's history may set it.
    #[serde(default)]
    pub rules_commit: Option<String>,
    /// Repeats that the sweep has, in all cells.
    pub expected_repeats: usize,
    /// Those that are finished.
    pub finished_repeats: usize,
    /// Cells of eta\* that may be fitted together, in the grid's order.
    pub eta_star: Vec<EtaStarSeries>,
    /// Cells of sharpness that may be fitted together.
    pub sharpness: Vec<SharpnessSeries>,
    /// Every criterion on every dataset.
    pub findings: Vec<Finding>,
    /// The variants beside the first; empty unless shown.
    pub variants: Vec<VariantSummary>,
    /// The largest usable rate as training goes on; empty unless shown.
    pub late_stage: Vec<LateStageCourse>,
    /// eta\* against the sharpness; empty unless shown.
    pub eta_sharpness: Vec<EtaSharpness>,
    /// What predicts eta\* at initialisation; empty unless shown.
    pub proxies: Vec<Proxies>,
    /// Larger networks predicted from smaller ones; empty unless shown.
    pub transfer: Vec<Transfer>,
    /// Which rate trains fastest below eta\*; empty unless shown.
    #[serde(default)]
    pub advice: Vec<Advice>,
}

/// Cells of eta\* that differ in their widths and input-layer rate only.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EtaStarSeries {
    /// Its name (see [`Series::label`]).
    pub label: String,
    /// The first cell: what it is defined by besides widths and input-layer rate holds for all.
    pub cell: Cell,
    /// Number of input features.
    pub inputs: usize,
    /// Number of classes.
    pub outputs: usize,
    /// All cells, in the grid's order, finished or not.
    pub cells: Vec<CellSummary>,
    /// How the searches of all cells ended.
    pub searches: SearchCounts,
    /// The laws, at every input-layer rate, at all of them, and for every filter.
    pub fits: Vec<Fit>,
    /// Laws that the cells do not determine.
    pub not_fitted: Vec<NotFitted>,
    /// The laws that were fitted to the same cells, ranked.
    pub comparisons: Vec<Comparison>,
    /// The laws of one regressor as lines: for each input-layer rate the law of depth times width,
    /// and over all rates that of the effective size, each without a filter and with the strictest
    /// that leaves enough cells.
    pub lines: Vec<FittedLine>,
    /// Every trial of the cells with the least and the largest width over depth.
    pub examples: Vec<SearchExample>,
}

/// Every trial of one cell.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SearchExample {
    /// Number of hidden layers.
    pub depth: usize,
    /// Mean width of the hidden layers.
    pub width: f64,
    /// The input-layer rate.
    pub input_rate: f64,
    /// The repeats; of each its eta\*, if one was found, and its trials.
    pub repeats: Vec<(Option<f64>, Vec<ExampleTrial>)>,
}

/// A trial: its learning rate, how it ended, and after how many steps.
pub type ExampleTrial = (f64, Outcome, usize);

/// Cells of sharpness that differ in their widths and input-layer rate only.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SharpnessSeries {
    /// Its name: dataset and loss (see [`Series::label`]).
    pub label: String,
    /// The first cell: what it is defined by besides widths and input-layer rate holds for all.
    pub cell: Cell,
    /// The loss.
    pub loss: Loss,
    /// All cells, in the grid's order, with their `lambda_1(H)`.
    pub cells: Vec<CellSummary>,
    /// The power laws of depth times width, of both matrices.
    pub fits: Vec<Fit>,
    /// Laws that the cells do not determine.
    pub not_fitted: Vec<NotFitted>,
    /// The law of `lambda_1(H)` at each input-layer rate as a line.
    pub lines: Vec<FittedLine>,
    /// Measured over predicted `lambda_1(G)`, cell by cell.
    pub predictions: Vec<CellPrediction>,
    /// The same over sets of cells.
    pub summaries: Vec<RatioSummary>,
    /// Every bound.
    pub tightness: Vec<Tightness>,
}

/// Analyses a store.
///
/// # Errors
/// If the store's `[analysis]` cannot be read; it was written by another version.
pub fn analyse(
    snapshot: &Snapshot,
    options: &Options,
) -> Result<StoreAnalysis, SpecificationError> {
    let specification = Specification::from_manifest(&snapshot.manifest)?;
    let specification = specification.unwrap_or_else(|| usual(snapshot));
    let datasets = datasets(snapshot);
    let is_shown = |view: View| specification.show.contains(&view);
    let eta_star = eta_star_series(snapshot);
    let sharpness = sharpness_series(snapshot);
    Ok(StoreAnalysis {
        manifest: snapshot.manifest.clone(),
        sessions: snapshot.sessions.clone(),
        options: options.clone(),
        rules_commit: None,
        expected_repeats: snapshot.expected_repeats(),
        finished_repeats: snapshot.finished_repeats(),
        eta_star: eta_star
            .iter()
            .filter_map(|s| eta_star_analysis(s, options))
            .collect(),
        sharpness: sharpness
            .iter()
            .filter_map(|s| sharpness_analysis(s, options))
            .collect(),
        findings: findings(&datasets, &snapshot.manifest, &specification, options),
        variants: if is_shown(View::Shifts) || is_shown(View::Noise) {
            variants(snapshot, &datasets, options)
        } else {
            Vec::new()
        },
        late_stage: if is_shown(View::LateStage) {
            late_stage(&datasets, options)
        } else {
            Vec::new()
        },
        eta_sharpness: if is_shown(View::EtaSharpness) {
            eta_sharpness(&datasets, options)
        } else {
            Vec::new()
        },
        proxies: if is_shown(View::Proxies) {
            proxies(&datasets)
        } else {
            Vec::new()
        },
        transfer: if is_shown(View::Transfer) {
            transfer(&datasets)
        } else {
            Vec::new()
        },
        advice: if is_shown(View::Advice) {
            advice(&datasets, options)
        } else {
            Vec::new()
        },
        specification,
    })
}

/// What is shown of an experiment that does not say it.
fn usual(snapshot: &Snapshot) -> Specification {
    let mut show = Vec::new();
    let mut cells = snapshot.cells.iter().map(|record| &record.cell);
    if cells.clone().any(|cell| cell.protocol().is_some()) {
        show.extend([
            View::DepthWidth,
            View::Laws,
            View::Searches,
            View::Cells,
            View::Protocol,
        ]);
    }
    if cells.any(|cell| cell.sharpness().is_some()) {
        show.extend([
            View::SharpnessGrowth,
            View::SharpnessExponents,
            View::SharpnessPrediction,
            View::SharpnessBounds,
        ]);
    }
    Specification {
        show,
        ..Specification::default()
    }
}

fn eta_star_analysis(series: &Series<'_>, options: &Options) -> Option<EtaStarSeries> {
    let first = series.cells.first()?;
    let Fits { fits, not_fitted } = fit_series(series, Quantity::EtaStar, options);
    let cells = summaries(&series.cells, Quantity::EtaStar, options.confidence);
    Some(EtaStarSeries {
        label: series.label.clone(),
        cell: first.cell.clone(),
        inputs: first.inputs,
        outputs: first.outputs,
        searches: series.cells.iter().copied().collect(),
        comparisons: compare(&fits),
        lines: lines(series, Quantity::EtaStar, &cells, &fits, options),
        examples: examples(&series.cells, &cells),
        cells,
        fits,
        not_fitted,
    })
}

fn sharpness_analysis(series: &Series<'_>, options: &Options) -> Option<SharpnessSeries> {
    let first = series.cells.first()?;
    let mut all = Fits::default();
    for matrix in Matrix::ALL {
        all.extend(fit_series(series, matrix.into(), options));
    }
    let cells = summaries(&series.cells, Quantity::Hessian, options.confidence);
    let predictions = predictions(&series.cells);
    Some(SharpnessSeries {
        label: series.label.clone(),
        cell: first.cell.clone(),
        loss: first.cell.loss(),
        lines: lines(series, Quantity::Hessian, &cells, &all.fits, options),
        cells,
        fits: all.fits,
        not_fitted: all.not_fitted,
        summaries: ratio_summaries(&predictions),
        predictions,
        tightness: tightness(&series.cells),
    })
}

/// The fits of one regressor that a figure shows, as lines over the range of all cells.
fn lines(
    series: &Series<'_>,
    quantity: Quantity,
    cells: &[CellSummary],
    fits: &[Fit],
    options: &Options,
) -> Vec<FittedLine> {
    let records = series.cells.iter();
    let points: Vec<Point> = records
        .filter_map(|record| Point::from_record(record, quantity))
        .collect();
    let sets = fits.iter().filter(|fit| {
        let at_one_rate = fit.law == Law::DepthWidth && fit.input_rate.is_some();
        let at_all_rates = fit.law == Law::EffectiveSize && fit.input_rate.is_none();
        fit.quantity == quantity && (at_one_rate || at_all_rates)
    });
    let sets: Vec<&Fit> = sets.collect();
    let same_set = |a: &&Fit, b: &&Fit| (a.law, a.input_rate) == (b.law, b.input_rate);
    let mut lines = Vec::new();
    for law in [Law::DepthWidth, Law::EffectiveSize] {
        let own: Vec<&Fit> = sets.iter().copied().filter(|fit| fit.law == law).collect();
        let shown = distinct(cells.iter().map(|cell| match law {
            Law::EffectiveSize => cell.effective_size(),
            _ => cell.size(),
        }));
        for set in own.chunk_by(same_set) {
            let mut chosen: Vec<&Fit> =
                set.first().into_iter().chain(set.last()).copied().collect();
            chosen.dedup_by_key(|fit| fit.width_over_depth);
            lines.extend(chosen.into_iter().filter_map(|fit| {
                let is_fitted = |point: &&Point| {
                    point.network.is_wide(fit.width_over_depth)
                        && fit
                            .input_rate
                            .is_none_or(|rate| rate == point.network.input_rate)
                };
                Some(FittedLine {
                    law,
                    input_rate: fit.input_rate,
                    width_over_depth: fit.width_over_depth,
                    places: fitted_line(law, points.iter().filter(is_fitted), &shown, options)?,
                })
            }));
        }
    }
    lines
}

/// The trials of the cells with the least and the largest width over depth, at the slowest input
/// layer that has them.
fn examples(records: &[&CellRecord], cells: &[CellSummary]) -> Vec<SearchExample> {
    let measured = records
        .iter()
        .zip(cells)
        .filter(|(record, _)| !record.repeats.is_empty());
    let mut measured: Vec<(&&CellRecord, &CellSummary)> = measured.collect();
    measured.sort_by(|(_, a), (_, b)| {
        let ratios = a.width_over_depth().total_cmp(&b.width_over_depth());
        ratios.then(a.input_rate.total_cmp(&b.input_rate))
    });
    let largest = measured.last().map(|(_, cell)| cell.width_over_depth());
    let widest = measured
        .iter()
        .find(|(_, cell)| Some(cell.width_over_depth()) == largest);
    let mut shown: Vec<_> = measured.first().into_iter().chain(widest).collect();
    shown.dedup_by_key(|(_, cell)| &cell.id);
    let example = |(record, cell): &(&&CellRecord, &CellSummary)| SearchExample {
        depth: cell.depth(),
        width: cell.size() / cell.depth() as f64,
        input_rate: cell.input_rate,
        repeats: record
            .repeats
            .iter()
            .filter_map(|repeat| {
                let search = repeat.search()?;
                let trials = search.trials.iter();
                let trials = trials.map(|trial| (trial.learning_rate, trial.outcome, trial.steps));
                let eta_star = match search.eta_star {
                    etastar_search::EtaStar::Found { eta_star, .. } => Some(eta_star),
                    _ => None,
                };
                Some((eta_star, trials.collect()))
            })
            .collect(),
    };
    shown.into_iter().map(example).collect()
}
