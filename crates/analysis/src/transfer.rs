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
use crate::law::{Law, Network};
use crate::numbers::{distinct, quantile, sorted};
use crate::points::{Point, Quantity, input_rates, shapes};
use crate::predict::{NetworkShape, PredictOptions, Predictor};

/// Confidence of the prediction intervals whose coverage is measured, whatever
/// the confidence of the statistic's own interval.
const PREDICTION_CONFIDENCE: f64 = 0.95;

/// By which size networks are larger than those fitted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SizeBy {
    /// `depth * width`.
    #[default]
    DepthWidth,
    /// `input_rate * inputs + depth * width`: at a fast input rate small networks are large.
    EffectiveSize,
}

impl SizeBy {
    fn size(self, network: &Network) -> f64 {
        match self {
            Self::DepthWidth => network.size() as f64,
            Self::EffectiveSize => network.effective_size(),
        }
    }

    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::DepthWidth => "depth × width",
            Self::EffectiveSize => "effective size",
        }
    }
}

/// A cell predicted from smaller ones.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Transferred {
    /// Number of hidden layers.
    pub depth: usize,
    /// Their width.
    pub width: usize,
    /// Input-layer rate.
    pub input_rate: f64,
    /// The largest size that was fitted.
    pub fitted: f64,
    /// Its own size over that.
    pub factor: f64,
    /// The law that predicted it.
    pub law: Law,
    /// Predicted minus measured mean `log2 eta*`, in octaves.
    pub error: f64,
    /// The error of the law that came second.
    pub runner_up_error: Option<f64>,
    /// Whether the measured geometric mean lies in the interval of means.
    pub mean_inside: bool,
    /// How many of its repeats lie in the interval of one network.
    pub repeats_inside: usize,
    /// Repeats that found an eta\*.
    pub repeats: usize,
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
/// each architecture predicted; by one law, or by the one that each prediction chooses. Only cells that meet the filter of predictions take part, unless
/// the selector has a filter of its own.
///
/// # Errors
/// If there are no cells, or if they are of several protocols.
pub(crate) fn transfers(
    dataset: &Dataset<'_>,
    selector: &Selector,
    law: Option<Law>,
) -> Result<Vec<Vec<Transferred>>, NotMeasured> {
    let options = PredictOptions {
        law,
        ..transfer_options(selector)
    };
    let groups = dataset.points(&predicted(selector), Quantity::EtaStar)?;
    let points: Vec<&Point> = groups.iter().flatten().collect();
    let mut transferred = predictions(&points, SizeBy::DepthWidth, &options);
    transferred.sort_by_key(|one| (one.depth, one.width));
    let groups = transferred.chunk_by(|a, b| (a.depth, a.width) == (b.depth, b.width));
    Ok(groups.map(<[Transferred]>::to_vec).collect())
}

/// Every prediction of larger points from smaller ones, by either size split at the values of
/// `depth * width`.
fn predictions(points: &[&Point], by: SizeBy, options: &PredictOptions) -> Vec<Transferred> {
    let splits = distinct(points.iter().map(|point| point.network.size() as f64));
    let mut transferred = Vec::new();
    for split in splits {
        let is_small = |point: &&Point| by.size(&point.network) <= split;
        let small: Vec<&Point> = points.iter().copied().filter(is_small).collect();
        let Ok(predictor) = Predictor::new(&small, options) else {
            continue;
        };
        let sizes = small.iter().map(|point| by.size(&point.network));
        let fitted = sizes.fold(0.0, f64::max);
        for rate in input_rates(points.iter().copied()) {
            let is_at_rate = |point: &&Point| point.network.input_rate == rate;
            let judged: Vec<&Point> = match by {
                SizeBy::DepthWidth => small.iter().copied().filter(is_at_rate).collect(),
                // That its rate was fitted is not asked for: a slow rate's cells say it all.
                SizeBy::EffectiveSize => small.clone(),
            };
            if shapes(&judged).len() < FEWEST_FITTED {
                continue;
            }
            let larger = points.iter().copied().filter(is_at_rate);
            let larger = larger.filter(|point| !is_small(point));
            transferred.extend(larger.filter_map(|point| {
                let factor = by.size(&point.network) / fitted;
                predict(&predictor, point, [fitted, factor], options)
            }));
        }
    }
    transferred
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
    [fitted, factor]: [f64; 2],
    options: &PredictOptions,
) -> Option<Transferred> {
    let measured = point.mean()?;
    let Network {
        depth,
        width,
        input_rate,
        ..
    } = point.network;
    let network = NetworkShape {
        inputs: None,
        depth,
        width,
        input_rate,
    };
    let prediction = predictor.predict(&network, "", options).ok()?;
    let is_inside = |[low, high]: [f64; 2], y: f64| low.log2() <= y && y <= high.log2();
    let values = point.values();
    let inside = values
        .iter()
        .filter(|y| is_inside(prediction.network_interval, **y));
    Some(Transferred {
        depth,
        width,
        input_rate,
        fitted,
        factor,
        law: prediction.law,
        error: prediction.log2_eta_star - measured,
        runner_up_error: prediction
            .runner_up
            .map(|rival| rival.log2_eta_star - measured),
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
    /// Predictions of every architecture from all others.
    pub left_out: Option<TransferRange>,
    /// Networks at least four times larger than those fitted, counted in other ways.
    pub far: Vec<FarTransfer>,
}

/// Every architecture, all its cells left out of the fit, is predicted from the others.
fn left_out(points: &[&Point], options: &PredictOptions) -> Option<TransferRange> {
    let mut predictions = Vec::new();
    for shape in shapes(points) {
        let (own, others): (Vec<&Point>, Vec<&Point>) =
            points.iter().partition(|point| point.shape() == shape);
        let predictor = Predictor::new(&others, options).ok()?;
        let fitted = others.iter().map(|point| point.network.size() as f64);
        let fitted = fitted.fold(0.0, f64::max);
        predictions.extend(own.into_iter().filter_map(|point| {
            let factor = point.network.size() as f64 / fitted;
            predict(&predictor, point, [fitted, factor], options)
        }));
    }
    range(&predictions, 0.0, None)
}

/// Predictions of networks at least four times larger than those fitted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FarTransfer {
    /// By which size they are larger.
    pub size_by: SizeBy,
    /// Whether the fastest input rate took part in the fits: it anchors the large sizes.
    pub fastest_fitted: bool,
    /// The input-layer rate of the networks predicted; absent for all of them.
    pub input_rate: Option<f64>,
    /// How often each law was the one that predicted.
    pub laws: Vec<(Law, usize)>,
    /// The errors.
    pub errors: TransferRange,
    /// Median of the absolute error of the law that came second, in octaves.
    pub runner_up_median: Option<f64>,
}

/// From which factor a network is far.
const FAR: f64 = 4.0;

/// `known` are the predictions of larger points by `depth * width`, all rates fitted.
fn far(points: &[&Point], known: &[Transferred], options: &PredictOptions) -> Vec<FarTransfer> {
    let rates = input_rates(points.iter().copied());
    let fastest = rates.last().copied();
    let slower = |point: &&Point| Some(point.network.input_rate) != fastest;
    let slower: Vec<&Point> = points.iter().copied().filter(slower).collect();
    let ways = [
        (SizeBy::DepthWidth, true, known.to_vec()),
        (
            SizeBy::EffectiveSize,
            true,
            predictions(points, SizeBy::EffectiveSize, options),
        ),
        (
            SizeBy::DepthWidth,
            false,
            predictions(&slower, SizeBy::DepthWidth, options),
        ),
    ];
    let mut all = Vec::new();
    for (size_by, fastest_fitted, predicted) in ways {
        for input_rate in std::iter::once(None).chain(rates.iter().copied().map(Some)) {
            let own = predicted.iter().filter(|one| {
                one.factor >= FAR && input_rate.is_none_or(|rate| one.input_rate == rate)
            });
            let own: Vec<Transferred> = own.copied().collect();
            let count = |law: Law| own.iter().filter(|one| one.law == law).count();
            let laws = Law::ALL.map(|law| (law, count(law))).into_iter();
            let rivals = own.iter().filter_map(|one| one.runner_up_error);
            all.extend(range(&own, FAR, None).map(|errors| FarTransfer {
                size_by,
                fastest_fitted,
                input_rate,
                laws: laws.filter(|(_, count)| *count > 0).collect(),
                errors,
                runner_up_median: quantile(&sorted(rivals.map(f64::abs)), 0.5),
            }));
        }
    }
    all
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

impl TransferRange {
    /// Predictions of networks at least four times larger than those fitted, of all datasets
    /// together. Cells of one dataset share the law's error there, so that whether intervals are as
    /// wide as they should be shows over several datasets. `None` of fewer.
    pub fn far_of_all(all: &[Transfer]) -> Option<Self> {
        let predictions = all.iter().flat_map(|one| one.predictions.iter().copied());
        let far: Vec<Transferred> = predictions.filter(|one| one.factor >= FAR).collect();
        (all.len() > 1).then(|| range(&far, FAR, None))?
    }
}

/// Ends of the ranges.
const RANGES: [f64; 5] = [1.0, 2.0, 4.0, 8.0, 16.0];

fn range(all: &[Transferred], from: f64, to: Option<f64>) -> Option<TransferRange> {
    let is_in = |factor: f64| factor >= from && to.is_none_or(|to| factor < to);
    let own: Vec<&Transferred> = all.iter().filter(|one| is_in(one.factor)).collect();
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
        let groups = transfers(dataset, &selector, None).ok()?;
        let predictions: Vec<Transferred> = groups.into_iter().flatten().collect();
        let ends = RANGES.iter().skip(1).copied().map(Some).chain([None]);
        let ranges = RANGES.iter().zip(ends);
        let options = transfer_options(&selector);
        let points = dataset.points(&predicted(&selector), Quantity::EtaStar);
        let points = points.unwrap_or_default();
        let points: Vec<&Point> = points.iter().flatten().collect();
        (!predictions.is_empty()).then(|| Transfer {
            dataset: dataset.label.clone(),
            width_over_depth: options.width_over_depth,
            confidence: options.confidence,
            ranges: ranges
                .filter_map(|(from, to)| range(&predictions, *from, to))
                .collect(),
            left_out: left_out(&points, &options),
            far: far(&points, &predictions, &options),
            predictions,
        })
    });
    each.collect()
}
