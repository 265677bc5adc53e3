//! Measured `lambda_1(G)` over what was predicted without a network.

use etastar_search::CellRecord;
use etastar_sharpness::prediction::KernelPrediction;
use serde::{Deserialize, Serialize};

use crate::numbers::{distinct, mean, quantile, sorted, squares_about};
use crate::points::Matrix;

/// The filters `k` of the summaries: cells with `width >= k * depth`.
const FILTERS: [f64; 3] = [0.0, 32.0, 64.0];

/// How the eigenvalue was predicted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// The infinite-width kernel of the data: the limit.
    Plain,
    /// With one finite-width factor: a hypothesis.
    FiniteWidth,
    /// With one finite-width factor a layer: a hypothesis.
    Layered,
}

impl Method {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Plain, Self::FiniteWidth, Self::Layered];

    /// Its name in words.
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::FiniteWidth => "finite width",
            Self::Layered => "layered",
        }
    }

    fn predicted(self, prediction: &KernelPrediction) -> f64 {
        match self {
            Self::Plain => prediction.plain,
            Self::FiniteWidth => prediction.finite_width,
            Self::Layered => prediction.layered,
        }
    }
}

/// Mean of measured over predicted, over repeats.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Ratio {
    /// How it was predicted.
    pub method: Method,
    /// The prediction.
    pub predicted: f64,
    /// The mean ratio.
    pub mean: f64,
    /// Its standard error over repeats; absent below two.
    pub standard_error: Option<f64>,
}

/// A cell's measured eigenvalue beside its predictions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CellPrediction {
    /// Number of hidden layers.
    pub depth: usize,
    /// Mean width of the hidden layers.
    pub width: f64,
    /// Input-layer rate.
    pub input_rate: f64,
    /// Mean of the measured `lambda_1(G)` over repeats.
    pub measured: f64,
    /// One for each method, in the order of [`Method::ALL`].
    pub ratios: Vec<Ratio>,
    /// Repeats.
    pub repeats: usize,
}

impl CellPrediction {
    /// The ratio of a method.
    pub fn ratio(&self, method: Method) -> Option<&Ratio> {
        self.ratios.iter().find(|ratio| ratio.method == method)
    }
}

/// Every cell that has a prediction and a finished repeat.
pub(crate) fn predictions(cells: &[&CellRecord]) -> Vec<CellPrediction> {
    cells
        .iter()
        .filter_map(|record| {
            let prediction = record.prediction.as_ref()?;
            let (measured, error) = mean_and_error(record, Matrix::GaussNewton)?;
            let depth = record.cell.depth();
            Some(CellPrediction {
                depth,
                width: record.cell.hidden.iter().sum::<usize>() as f64 / depth as f64,
                input_rate: record.cell.input_rate,
                measured,
                ratios: Method::ALL
                    .map(|method| {
                        let predicted = method.predicted(prediction);
                        Ratio {
                            method,
                            predicted,
                            mean: measured / predicted,
                            standard_error: error.map(|error| error / predicted),
                        }
                    })
                    .to_vec(),
                repeats: record.repeats.len(),
            })
        })
        .collect()
}

/// How well a method predicts a set of cells.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct RatioSummary {
    /// How it was predicted.
    pub method: Method,
    /// Input-layer rate of the cells, or `None` where all rates are pooled.
    pub input_rate: Option<f64>,
    /// Only cells with `width >= width_over_depth * depth` are in the set.
    pub width_over_depth: f64,
    /// Median over cells of the mean ratio.
    pub median_ratio: f64,
    /// Median over cells of the mean ratio's distance from 1.
    pub median_deviation: f64,
    /// The largest such distance.
    pub worst_deviation: f64,
    /// Cells in the set.
    pub cells: usize,
}

/// For each input-layer rate (and, where there are several, for all of them
/// together), filter and method; sets without cells are left out.
pub(crate) fn ratio_summaries(cells: &[CellPrediction]) -> Vec<RatioSummary> {
    let rates = distinct(cells.iter().map(|cell| cell.input_rate));
    let pooled = (rates.len() > 1).then_some(None);
    let mut summaries = Vec::new();
    for rate in rates.into_iter().map(Some).chain(pooled) {
        for k in FILTERS {
            let own: Vec<&CellPrediction> = cells
                .iter()
                .filter(|cell| rate.is_none_or(|rate| cell.input_rate == rate))
                .filter(|cell| cell.width >= k * cell.depth as f64)
                .collect();
            summaries.extend(
                Method::ALL
                    .into_iter()
                    .filter_map(|method| summary(&own, method, rate, k)),
            );
        }
    }
    summaries
}

fn summary(
    cells: &[&CellPrediction],
    method: Method,
    input_rate: Option<f64>,
    width_over_depth: f64,
) -> Option<RatioSummary> {
    let ratios = cells
        .iter()
        .filter_map(|cell| Some(cell.ratio(method)?.mean));
    let ratios = sorted(ratios.filter(|ratio| ratio.is_finite()));
    let deviations = sorted(ratios.iter().map(|ratio| (ratio - 1.0).abs()));
    Some(RatioSummary {
        method,
        input_rate,
        width_over_depth,
        median_ratio: quantile(&ratios, 0.5)?,
        median_deviation: quantile(&deviations, 0.5)?,
        worst_deviation: *deviations.last()?,
        cells: ratios.len(),
    })
}

/// Arithmetic mean of `lambda_1` over repeats, and its standard error where
/// there are two or more.
pub(crate) fn mean_and_error(record: &CellRecord, matrix: Matrix) -> Option<(f64, Option<f64>)> {
    let networks = record
        .repeats
        .iter()
        .filter_map(|repeat| repeat.sharpness());
    let values: Vec<f64> = networks.map(|own| matrix.largest(&own.sharpness)).collect();
    let centre = mean(&values)?;
    let n = values.len() as f64;
    let error = (squares_about(&values, centre) / (n - 1.0) / n).sqrt();
    Some((centre, (values.len() > 1).then_some(error)))
}
