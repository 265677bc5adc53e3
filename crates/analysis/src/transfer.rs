//! How well small networks predict larger ones.
//!
//! For each input-layer rate and each *split*, a size `S` of the grid, laws are
//! fitted to the cells with `depth * width <= S`, and every larger cell at that
//! rate is predicted, by the code of [`predict`](crate::predict), its choice of
//! the law included. Splits that leave fewer than six architectures to fit are
//! not made.

use serde::{Deserialize, Serialize};

use crate::dataset::{Dataset, Selector};
use crate::effect::NotMeasured;
use crate::fit::FEWEST_FITTED;
use crate::numbers::{quantile, sorted};
use crate::points::{Point, Quantity, input_rates, shapes};
use crate::predict::{NetworkShape, PredictOptions, Predictor};

/// Confidence of the prediction intervals whose coverage is measured, whatever
/// the confidence of the statistic's own interval.
const PREDICTION_CONFIDENCE: f64 = 0.95;

/// A cell predicted from smaller ones.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Transferred {
    /// Number of hidden layers.
    pub depth: usize,
    /// Their width.
    pub width: usize,
    /// Input-layer rate.
    pub input_rate: f64,
    /// The largest `depth * width` that was fitted.
    pub fitted: usize,
    /// Predicted minus measured mean `log2 eta*`, in octaves.
    pub error: f64,
    /// Whether the measured geometric mean lies in the interval of means.
    pub mean_inside: bool,
    /// How many of its repeats lie in the interval of one network.
    pub repeats_inside: usize,
    /// Repeats that found an eta\*.
    pub repeats: usize,
}

impl Transferred {
    /// Its `depth * width` over the largest one fitted.
    pub fn factor(&self) -> f64 {
        (self.depth * self.width) as f64 / self.fitted as f64
    }
}

/// An interval and what it is to hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Covered {
    /// The interval of means: a cell's geometric mean.
    Mean,
    /// The interval of one network: each repeat.
    Single,
}

impl Covered {
    /// Share of what lies inside.
    pub(crate) fn share<'a>(self, all: impl Iterator<Item = &'a Transferred>) -> Option<f64> {
        let (inside, count) = all.fold((0, 0), |(inside, count), one| match self {
            Self::Mean => (inside + usize::from(one.mean_inside), count + 1),
            Self::Single => (inside + one.repeats_inside, count + one.repeats),
        });
        (count > 0).then(|| inside as f64 / count as f64)
    }
}

/// Every prediction of larger cells from smaller ones among the selected cells; one group for
/// each architecture predicted. Only cells that meet the filter of predictions take part, unless
/// the selector has a filter of its own.
///
/// # Errors
/// If there are no cells, or if they are of several protocols.
pub(crate) fn transfers(
    dataset: &Dataset<'_>,
    selector: &Selector,
) -> Result<Vec<Vec<Transferred>>, NotMeasured> {
    let options = transfer_options(selector);
    let groups = dataset.points(&predicted(selector), Quantity::EtaStar)?;
    let points: Vec<&Point> = groups.iter().flatten().collect();
    let mut sizes: Vec<usize> = points.iter().map(|point| point.size()).collect();
    sizes.sort_unstable();
    sizes.dedup();
    let mut transferred: Vec<Transferred> = Vec::new();
    for &fitted in &sizes {
        let small: Vec<&Point> = points
            .iter()
            .copied()
            .filter(|p| p.size() <= fitted)
            .collect();
        for rate in input_rates(points.iter().copied()) {
            let at_rate = small
                .iter()
                .copied()
                .filter(|point| point.input_rate == rate);
            if shapes(&at_rate.collect::<Vec<_>>()).len() < FEWEST_FITTED {
                continue;
            }
            let Ok(predictor) = Predictor::new(&small, rate, &options) else {
                continue;
            };
            let larger = points
                .iter()
                .filter(|p| p.input_rate == rate && p.size() > fitted);
            transferred.extend(larger.filter_map(|p| predict(&predictor, p, fitted, &options)));
        }
    }
    transferred.sort_by_key(|one| (one.depth, one.width));
    let groups = transferred.chunk_by(|a, b| (a.depth, a.width) == (b.depth, b.width));
    Ok(groups.map(<[Transferred]>::to_vec).collect())
}

/// The selected cells that meet the filter of predictions.
pub(crate) fn predicted(selector: &Selector) -> Selector {
    Selector {
        width_over_depth: transfer_options(selector).width_over_depth,
        ..selector.clone()
    }
}

fn transfer_options(selector: &Selector) -> PredictOptions {
    let usual = PredictOptions::default();
    PredictOptions {
        width_over_depth: if selector.width_over_depth > 0.0 {
            selector.width_over_depth
        } else {
            usual.width_over_depth
        },
        confidence: PREDICTION_CONFIDENCE,
        ..usual
    }
}

fn predict(
    predictor: &Predictor<'_>,
    point: &Point,
    fitted: usize,
    options: &PredictOptions,
) -> Option<Transferred> {
    let measured = point.mean()?;
    let network = NetworkShape {
        inputs: None,
        depth: point.depth,
        width: point.width,
        input_rate: point.input_rate,
    };
    let prediction = predictor.predict(&network, "", options).ok()?;
    let is_inside = |[low, high]: [f64; 2], y: f64| low.log2() <= y && y <= high.log2();
    let values = point.values();
    let inside = values
        .iter()
        .filter(|y| is_inside(prediction.network_interval, **y));
    Some(Transferred {
        depth: point.depth,
        width: point.width,
        input_rate: point.input_rate,
        fitted,
        error: prediction.log2_eta_star - measured,
        mean_inside: is_inside(prediction.mean_interval, measured),
        repeats_inside: inside.count(),
        repeats: values.len(),
    })
}

/// The predictions of one dataset.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Transfer {
    /// The dataset.
    pub dataset: String,
    /// Only cells with `width >= width_over_depth * depth` took part.
    pub width_over_depth: f64,
    /// Confidence of the prediction intervals.
    pub confidence: f64,
    /// Every prediction, by the architecture predicted.
    pub predictions: Vec<Transferred>,
    /// The same by how far they reach.
    pub ranges: Vec<TransferRange>,
}

/// Predictions over a range of factors.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct TransferRange {
    /// The factor of `depth * width` beyond the largest one fitted is at least this.
    pub from: f64,
    /// It is below this; absent for the last range, which has no end.
    pub to: Option<f64>,
    /// Predictions.
    pub predictions: usize,
    /// Median of the absolute error, in octaves.
    pub median: f64,
    /// Quantile 0.9 of the absolute error, in octaves.
    pub ninth_decile: f64,
    /// The least and the largest error, in octaves.
    pub extremes: [f64; 2],
    /// Share of the cells whose mean lies in its interval.
    pub means_inside: Option<f64>,
    /// Share of the repeats that lie in the interval of one network.
    pub repeats_inside: Option<f64>,
}

/// Ends of the ranges.
const RANGES: [f64; 5] = [1.0, 2.0, 4.0, 8.0, 16.0];

fn range(all: &[Transferred], from: f64, to: Option<f64>) -> Option<TransferRange> {
    let is_in = |factor: f64| factor >= from && to.is_none_or(|to| factor < to);
    let own: Vec<&Transferred> = all.iter().filter(|one| is_in(one.factor())).collect();
    let errors = sorted(own.iter().map(|one| one.error));
    let absolute = sorted(errors.iter().map(|error| error.abs()));
    Some(TransferRange {
        from,
        to,
        predictions: own.len(),
        median: quantile(&absolute, 0.5)?,
        ninth_decile: quantile(&absolute, 0.9)?,
        extremes: [*errors.first()?, *errors.last()?],
        means_inside: Covered::Mean.share(own.iter().copied()),
        repeats_inside: Covered::Single.share(own.iter().copied()),
    })
}

/// The predictions of every dataset that has any.
pub(crate) fn transfer(datasets: &[Dataset<'_>]) -> Vec<Transfer> {
    let each = datasets.iter().filter_map(|dataset| {
        let selector = Selector::default();
        let groups = transfers(dataset, &selector).ok()?;
        let predictions: Vec<Transferred> = groups.into_iter().flatten().collect();
        let ends = RANGES.iter().skip(1).copied().map(Some).chain([None]);
        let ranges = RANGES.iter().zip(ends);
        let options = transfer_options(&selector);
        (!predictions.is_empty()).then(|| Transfer {
            dataset: dataset.label.clone(),
            width_over_depth: options.width_over_depth,
            confidence: options.confidence,
            ranges: ranges
                .filter_map(|(from, to)| range(&predictions, *from, to))
                .collect(),
            predictions,
        })
    });
    each.collect()
}
