//! eta\* of a network that was not measured, from the cells of a store that
//! were.
//!
//! Candidate laws are fitted to the cells of one series, and judged by how they predict the larger of
//! them from the smaller ones. The simplest law that is not certainly worse than the best is taken.
//! A prediction comes with two intervals, how far it extrapolates, and warnings; where it reaches too
//! far, it is refused.

mod formula;
mod predictor;
mod published;
mod spread;

pub use formula::{FittedLaw, Formula};
pub use published::{PublishedFormula, predict_published};
pub use spread::Spread;

pub(crate) use predictor::Predictor;

use std::fmt;

use etastar_search::{Cell, Snapshot};
use serde::{Serialize, Serializer};
use thiserror::Error;

use crate::effect::{OptionsError, check};
use crate::law::{Law, Network};
use crate::law_fit::LawFit;
use crate::numbers::shortest;
use crate::points::{Point, Quantity};
use crate::series::{Series, constants, eta_star_series};

/// Predicts eta\* of a network from the cells of one series.
///
/// # Errors
/// If the series has nothing to predict from, or the prediction is refused; the
/// error says what to do.
pub fn predict(
    series: &Series<'_>,
    network: &NetworkShape,
    options: &PredictOptions,
) -> Result<Prediction, PredictError> {
    options.check()?;
    let mut cells = series.cells.iter().map(|record| &record.cell);
    if cells.any(|cell| !cell.layer_rates.is_empty()) {
        return Err(PredictError::LayerRates);
    }
    let points: Vec<Point> = series
        .cells
        .iter()
        .filter_map(|record| Point::from_record(record, Quantity::EtaStar))
        .collect();
    let references: Vec<&Point> = points.iter().collect();
    let predictor = Predictor::new(&references, options)?;
    accepted(predictor.predict(network, &series.label, options)?, options)
}

/// The prediction, unless it reaches too far.
fn accepted(prediction: Prediction, options: &PredictOptions) -> Result<Prediction, PredictError> {
    if prediction.extrapolation.beyond > options.furthest && !options.force {
        return Err(PredictError::TooFar {
            beyond: prediction.extrapolation.beyond,
            furthest: options.furthest,
        });
    }
    Ok(prediction)
}

/// A network of constant width whose eta\* is asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NetworkShape {
    /// Number of input features, where they are not those of the measured networks.
    pub inputs: Option<usize>,
    /// Number of hidden layers.
    pub depth: usize,
    /// Their width.
    pub width: usize,
    /// Learning rate of the input layer relative to the other layers.
    pub input_rate: f64,
}

/// How eta\* is predicted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PredictOptions {
    /// Laws are fitted to the cells with `width >= width_over_depth * depth`;
    /// to more where these are too few, with a warning.
    pub width_over_depth: f64,
    /// Confidence of the intervals, strictly between 0 and 1.
    pub confidence: f64,
    /// Farthest extrapolation that is not refused, as a factor beyond what was
    /// fitted ([`Extrapolation::beyond`](super::Extrapolation)).
    pub furthest: f64,
    /// Whether to predict at any distance.
    pub force: bool,
    /// The law that predicts; the one that forward validation chooses where absent.
    pub law: Option<Law>,
}

impl Default for PredictOptions {
    /// Width at least 8 times the depth, where the paper's proviso (i) is met
    /// in our sweeps; 95 %; no farther than a factor of 16, four octaves, which
    /// is about the range that a usual grid covers itself: beyond, the misfit
    /// of a law over the grid says nothing of the misfit there. Our choices.
    fn default() -> Self {
        Self {
            width_over_depth: 8.0,
            confidence: 0.95,
            furthest: 16.0,
            force: false,
            law: None,
        }
    }
}

impl PredictOptions {
    fn check(&self) -> Result<(), PredictError> {
        Ok(check(self.confidence, self.width_over_depth)?)
    }
}

/// A predicted eta\*.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Prediction {
    /// The series it was predicted from.
    pub dataset: String,
    /// Number of hidden layers.
    pub depth: usize,
    /// Their width.
    pub width: usize,
    /// Input-layer rate.
    pub input_rate: f64,
    /// The predicted eta\*, a learning rate.
    pub eta_star: f64,
    /// Its base-2 logarithm.
    pub log2_eta_star: f64,
    /// Prediction interval of the geometric mean over as many networks as a
    /// fitted cell has, `[low, high]`, as learning rates.
    pub mean_interval: [f64; 2],
    /// Prediction interval of one network and batch order.
    pub network_interval: [f64; 2],
    /// Confidence of both.
    pub confidence: f64,
    /// The law that predicts.
    pub law: Law,
    /// The input-layer rate it was fitted at, or `None` for all of them.
    pub law_input_rate: Option<f64>,
    /// It was fitted to cells with `width >= width_over_depth * depth`.
    pub width_over_depth: f64,
    /// `log2 C` of the law, and `log2 B` of the two-term law.
    pub log2_constant: f64,
    /// The exponents of the law.
    pub exponents: Vec<f64>,
    /// `log2 (B / K)` of the two-term law.
    pub log2_ratio: Option<f64>,
    /// The sizes of the network that the law depends on (see [`Law::sizes`]).
    pub sizes: Vec<f64>,
    /// How many of these cells found an eta\*.
    pub cells: usize,
    /// Repeats of the fit that found none.
    pub censored_repeats: usize,
    /// The law's root-mean-square error, in octaves: of forward validation, in which it predicts
    /// networks 2 to 4 times larger than those fitted, or where there are too few, when
    /// architectures are left out.
    pub error_octaves: f64,
    /// Whether that error is of networks larger than those fitted, and not of architectures left out.
    pub error_is_forward: bool,
    /// The law that came second.
    pub runner_up: Option<Rival>,
    /// How far the network is from those fitted.
    pub extrapolation: Extrapolation,
    /// What speaks against the prediction.
    pub warnings: Vec<Warning>,
}

/// A law that was not chosen.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Rival {
    /// Which law.
    pub law: Law,
    /// The input-layer rate it was fitted at, or `None` for all of them.
    pub law_input_rate: Option<f64>,
    /// Its error, as that of the law that predicts.
    pub error_octaves: f64,
    /// What it predicts, `log2 eta*`.
    pub log2_eta_star: f64,
}

/// What speaks against a prediction.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Warning {
    /// Too few cells met the filter on width, so more were fitted.
    Relaxed {
        /// The filter asked for.
        asked: f64,
        /// The filter used.
        used: f64,
    },
    /// The network is narrower than the filter asks of fitted ones.
    Narrow {
        /// Its width over its depth.
        ratio: f64,
        /// The filter asked for.
        asked: f64,
    },
    /// The network lies outside of the range fitted.
    Extrapolates {
        /// By this factor.
        beyond: f64,
    },
    /// The input-layer rate was not measured.
    UnmeasuredRate {
        /// The rate.
        rate: f64,
    },
    /// The network has fewer hidden layers than those measured.
    Shallow {
        /// Its hidden layers.
        depth: usize,
    },
    /// The network has another number of outputs than those measured.
    Outputs {
        /// Its outputs.
        outputs: usize,
    },
}

impl fmt::Display for Warning {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Relaxed { asked, used } => write!(
                formatter,
                "too few measured networks have width >= {asked} x depth; those with width >= \
                 {used} x depth were fitted"
            ),
            Self::Narrow { ratio, asked } => write!(
                formatter,
                "the network's width is only {ratio:.2} x its depth; laws hold for width >= \
                 {asked} x depth"
            ),
            Self::Extrapolates { beyond } => write!(
                formatter,
                "the network is a factor of {beyond:.2} outside of the sizes that were fitted; the \
                 intervals assume that the law holds there"
            ),
            Self::UnmeasuredRate { rate } => write!(
                formatter,
                "the input-layer rate {rate} was not measured; the prediction comes from a law that \
                 describes all rates"
            ),
            Self::Shallow { depth } => write!(
                formatter,
                "only networks of depth 4 and more were measured; a network of depth {depth} recovers \
                 from divergence, and the two-term law comes closest for such networks"
            ),
            Self::Outputs { outputs } => write!(
                formatter,
                "only networks with 10 outputs were measured, not with {outputs}"
            ),
        }
    }
}

impl Serialize for Warning {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The series of a store that predicts: the only one with a finished repeat
/// or, with a name, the one whose label it is, or the only one of the dataset
/// of that name.
///
/// # Errors
/// If there is none, or if there are several.
pub fn source<'a>(
    snapshot: &'a Snapshot,
    dataset: Option<&str>,
) -> Result<Series<'a>, PredictError> {
    let measured: Vec<Series<'a>> = eta_star_series(snapshot)
        .into_iter()
        .filter(|series| series.cells.iter().any(|cell| !cell.repeats.is_empty()))
        .collect();
    if measured.is_empty() {
        return Err(PredictError::NothingMeasured);
    }
    let known = names(&measured);
    let Some(name) = dataset else {
        return only(measured).ok_or(PredictError::SeveralDatasets { known });
    };
    if let Some(named) = measured.iter().find(|series| series.label == name) {
        return Ok(named.clone());
    }
    let namesakes: Vec<Series<'a>> = measured
        .into_iter()
        .filter(|series| {
            let mut cells = series.cells.iter();
            cells.any(|record| record.cell.dataset.title() == name)
        })
        .collect();
    if namesakes.is_empty() {
        return Err(PredictError::UnknownDataset {
            name: name.to_owned(),
            known,
        });
    }
    let known = names(&namesakes);
    only(namesakes).ok_or(PredictError::SeveralDatasets { known })
}

/// The measured series of a store whose cells are defined as `cell` is, but
/// for widths, input-layer rate and the way eta\* is searched for.
pub fn matching_series<'a>(snapshot: &'a Snapshot, cell: &Cell) -> Option<Series<'a>> {
    // The start of a search does not move the edge that it looks for.
    let wanted = |cell: &Cell| {
        let mut alike = cell.clone();
        if let Some(protocol) = alike.protocol_mut() {
            protocol.search = etastar_search::Protocol::default().search;
            protocol.ladder.clear();
        }
        constants(&alike)
    };
    eta_star_series(snapshot).into_iter().find(|series| {
        let measured = series.cells.iter().any(|record| !record.repeats.is_empty());
        let mut cells = series.cells.iter();
        measured && cells.any(|record| wanted(&record.cell) == wanted(cell))
    })
}

fn only(series: Vec<Series<'_>>) -> Option<Series<'_>> {
    <[Series<'_>; 1]>::try_from(series).ok().map(|[only]| only)
}

fn names(series: &[Series<'_>]) -> String {
    let quoted: Vec<String> = series.iter().map(|s| format!("`{}`", s.label)).collect();
    quoted.join(", ")
}

/// How far a network is from those that a law was fitted to.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Extrapolation {
    /// Its `depth * width` over the largest one fitted.
    pub depth_width: f64,
    /// Its effective size, `input_rate * inputs + depth * width`, over the
    /// largest one fitted.
    pub effective_size: f64,
    /// Factor by which it lies outside of the range fitted of what the law
    /// depends on, on either side, or above the largest effective size; 1 inside.
    pub beyond: f64,
}

impl Extrapolation {
    fn new(fit: &LawFit, network: &Network, fitted: &[&Point]) -> Self {
        let largest = |size: fn(&Network) -> f64| {
            let sizes = fitted.iter().map(|point| size(&point.network));
            sizes.fold(0.0, f64::max)
        };
        let own_sizes = fit.log2_sizes(network).into_iter().enumerate();
        let ranges = range_of_sizes(fit, fitted);
        let outside = own_sizes.map(|(index, own)| {
            let [low, high] = ranges[index];
            (own - high).max(low - own).max(0.0).exp2()
        });
        let effective_size = network.effective_size() / largest(Network::effective_size);
        Self {
            depth_width: network.size() as f64 / largest(|network| network.size() as f64),
            effective_size,
            beyond: outside.fold(effective_size.max(1.0), f64::max),
        }
    }
}

/// Ends of the range of each size over the points, as `log2`.
fn range_of_sizes(fit: &LawFit, points: &[&Point]) -> Vec<[f64; 2]> {
    let mut ranges = Vec::new();
    for point in points {
        let sizes = fit.log2_sizes(&point.network);
        ranges.resize(sizes.len(), [f64::INFINITY, f64::NEG_INFINITY]);
        for ([low, high], size) in ranges.iter_mut().zip(sizes) {
            (*low, *high) = (low.min(size), high.max(size));
        }
    }
    ranges
}

/// Why there is no prediction.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum PredictError {
    /// No search for eta\* is finished.
    #[error(
        "the store has no finished search of eta* yet: resume its sweep or, if it measures sharpness \
         alone, sweep an experiment that measures eta*"
    )]
    NothingMeasured,
    /// No series of that name.
    #[error("the store has no measured dataset `{name}`; it has {known}")]
    UnknownDataset {
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
    /// Several series to choose from.
    #[error("the store has several datasets or protocols; choose one as the dataset: {known}")]
    SeveralDatasets {
        /// What there is.
        known: String,
    },
    /// The options make no sense.
    #[error(transparent)]
    Options(#[from] OptionsError),
    /// The input-layer rate was not measured and does not lie between two that
    /// were.
    #[error(
        "the input-layer rate {} was not measured (measured: {measured}), and a law predicts only \
         between measured rates: ask for a rate within their range, or sweep this one",
        shortest(*.rate)
    )]
    UnmeasuredRate {
        /// What was asked for.
        rate: f64,
        /// What there is.
        measured: String,
    },
    /// Too few cells for any law.
    #[error(
        "too few networks of constant width have an eta* at this input-layer rate: {found}, but a \
         law needs at least {needed} of different sizes; sweep a larger grid"
    )]
    TooFewCells {
        /// How many there are.
        found: usize,
        /// How many are needed.
        needed: usize,
    },
    /// The loss was not measured.
    #[error(
        "the published law is that of cross-entropy: for squared error, sweep networks of your own \
         with `protocol.loss = \"squared-error\"` and predict from their store"
    )]
    Loss,
    /// One hidden layer and a frozen input layer.
    #[error(
        "a network with one hidden layer whose input layer is frozen has no edge to predict: only \
         its readout is trained, which is a convex problem under cross-entropy"
    )]
    NoEdge,
    /// The layers beyond the first have rates of their own.
    #[error(
        "the store's networks have a rate for every layer (`network.layer_rates`), but the laws are \
         for networks in which all layers but the first have the same rate"
    )]
    LayerRates,
    /// The network is too far from those measured.
    #[error(
        "the network is a factor of {beyond:.1} beyond the sizes that were fitted, and a law says \
         nothing reliable beyond a factor of {furthest}: sweep networks nearer to it, or predict \
         anyway with `--force`"
    )]
    TooFar {
        /// How far it is.
        beyond: f64,
        /// The farthest allowed.
        furthest: f64,
    },
}
