//! eta\* of one network.

use std::fmt;
use std::time::Instant;

use etastar_analysis::{Centre, Estimate, FastestRate, Prediction, SearchCounts, Series, Variance};
use etastar_model::Loss;
use etastar_search::{
    Cell, CellRecord, EtaStar, Losses, Manifest, Measurement as What, Outcome, Protocol, Search,
    Silent, Snapshot, SuccessRule, TrialRecord,
};
use serde::Serialize;

use crate::error::Error;
use crate::measurement::{Listener, measure_one};
use crate::network::Network;
use crate::options::{Options, Start};
use crate::provenance::Title;
use crate::samples::Samples;
use crate::warm_start::WarmStart;
use crate::words::rate;

/// The confidence of intervals over repeats.
pub(crate) const CONFIDENCE: f64 = 0.95;

/// What a search for eta\* found. As JSON it is what `etastar find --json` prints.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Found {
    /// eta\*: the geometric mean over repeats or, where some left the range, the median; none if
    /// it is not known.
    pub eta_star: Option<f64>,
    /// `log2` of it.
    pub log2_eta_star: Option<f64>,
    /// Which of the two it is.
    pub estimate: Centre,
    /// Its interval; an end is absent where repeats that left the range do not tell it.
    pub interval: Option<[Option<f64>; 2]>,
    /// Confidence of the interval.
    pub confidence: f64,
    /// Repeats that found eta\*.
    pub found: usize,
    /// Repeats in which no learning rate in the range succeeds.
    pub nothing_succeeds: usize,
    /// Repeats in which no learning rate in the range fails.
    pub nothing_fails: usize,
    /// The repeats.
    pub repeats: Vec<FoundRepeat>,
    /// Trials of all repeats.
    pub trials: usize,
    /// How long it took.
    pub seconds: f64,
    /// The network, the data, and the protocol.
    pub cell: Cell,
    /// Number of input features.
    pub inputs: usize,
    /// Number of classes.
    pub outputs: usize,
    /// Where the numbers are from.
    pub manifest: Manifest,
    /// Which constant rate below eta\* trains fastest, where that was measured: under cross-entropy,
    /// without warm-up, all layers but the first at one rate.
    pub fastest_rate: Option<FastestRate>,
    /// Where the search started, if that was predicted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warm_start: Option<WarmStart>,
    /// Everything that was measured, as a store has it.
    #[serde(skip)]
    pub snapshot: Snapshot,
    /// Of which `eta_star` is the centre.
    #[serde(skip)]
    pub of_repeats: Estimate,
}

/// What one repeat found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FoundRepeat {
    /// Number of the repeat.
    pub repeat: usize,
    /// The largest rate found to succeed.
    pub eta_star: Option<f64>,
    /// `found`, `nothing-succeeds` or `nothing-fails`.
    pub result: &'static str,
    /// Number of rates tried.
    pub trials: usize,
    /// Whether no rate failed below one that succeeded.
    pub monotone: bool,
    /// The rates tried, in this order.
    pub tried: Vec<Tried>,
}

/// What became of one learning rate.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Tried {
    /// The learning rate.
    pub learning_rate: f64,
    /// How the trial ended.
    pub outcome: Outcome,
    /// Steps taken.
    pub steps: usize,
    /// Validation accuracy at the end.
    pub accuracy: Option<f64>,
    /// The first and the largest loss.
    pub losses: Losses,
}

/// Measures eta\* of a network on samples: the largest constant learning rate at which it begins to
/// train and reaches the protocol's threshold.
///
/// # Errors
/// If the network cannot be trained as asked. That no rate succeeds, or that none fails, is a
/// result, not an error: see [`Found::eta_star`].
///
/// ```
/// use etastar::{DatasetName, Network, Protocol, Samples, find};
///
/// # fn main() -> Result<(), etastar::Error> {
/// let digits = Samples::named(DatasetName::Digits)?;
/// let network = Network::constant_width(32, 4);
/// let found = find(&digits, &network, &Protocol { budget: 60, ..Protocol::default() })?;
/// let [low, high] = found.interval.unwrap_or_default();
/// println!("eta* = {:?}, between {low:?} and {high:?}", found.eta_star);
/// # assert!(found.eta_star.is_some_and(|rate| (0.01..10.0).contains(&rate)));
/// # Ok(())
/// # }
/// ```
pub fn find(samples: &Samples, network: &Network, protocol: &Protocol) -> Result<Found, Error> {
    find_with(samples, network, protocol, &Options::default(), &Silent)
}

/// As [`find`], with a number of repeats, a seed, a device and a listener of one's own.
///
/// # Errors
/// As [`find`], and if it is interrupted.
pub fn find_with(
    samples: &Samples,
    network: &Network,
    protocol: &Protocol,
    options: &Options,
    listener: &dyn Listener,
) -> Result<Found, Error> {
    let started = Instant::now();
    protocol.validate()?;
    let mut cell = network.cell(samples.config(), What::EtaStar(protocol.clone()));
    let warm_start = match &options.start {
        Start::Published => WarmStart::published(&mut cell, samples.shape()),
        Start::Store(store) => Some(WarmStart::apply(store, &mut cell, listener)?),
        Start::Protocol => None,
    };
    let title = Title {
        experiment: "find",
        question: "What is eta* of this network?",
        ..Title::default()
    };
    let snapshot = measure_one(title, cell, samples, options, listener)?;
    let record = snapshot.cells.first().cloned().ok_or(Error::Nothing)?;
    let manifest = snapshot.manifest.clone();
    let counts: SearchCounts = std::iter::once(&record).collect();
    let of_repeats = estimate(&record);
    Ok(Found {
        fastest_rate: of_repeats
            .value
            .and_then(|rate| fastest_rate_of(&record.cell, rate)),
        eta_star: of_repeats.value,
        log2_eta_star: of_repeats.log2,
        estimate: of_repeats.centre,
        interval: of_repeats.interval,
        confidence: CONFIDENCE,
        found: counts.found,
        nothing_succeeds: counts.nothing_succeeds,
        nothing_fails: counts.nothing_fails,
        repeats: searches(&record).map(FoundRepeat::from).collect(),
        trials: counts.trials,
        seconds: started.elapsed().as_secs_f64(),
        cell: record.cell,
        inputs: record.inputs,
        outputs: record.outputs,
        manifest,
        warm_start,
        snapshot,
        of_repeats,
    })
}

/// The number of one cell over its repeats.
fn estimate(record: &CellRecord) -> Estimate {
    let ends: Vec<EtaStar> = searches(record)
        .map(|(_, search)| search.eta_star)
        .collect();
    let found = ends.iter().filter_map(|end| match end {
        EtaStar::Found { eta_star, .. } => Some(eta_star.log2()),
        _ => None,
    });
    let found: Vec<f64> = found.collect();
    let variance = Variance::pooled([found.as_slice()]);
    Estimate::from_searches(&ends, &variance, CONFIDENCE)
}

/// Which constant rate below eta\* trains fastest, where networks of the cell's kind were measured:
/// ReLUs without biases, plain SGD, all layers but the first at one rate, cross-entropy, a threshold of accuracy, no
/// warm-up.
fn fastest_rate_of(cell: &Cell, eta_star: f64) -> Option<FastestRate> {
    let protocol = cell.protocol()?;
    let is_measured = protocol.loss == Loss::CrossEntropy
        && protocol.success == SuccessRule::ReachThreshold
        && protocol.warm_up <= 1
        && cell.is_relu_under_sgd()
        && !cell.bias
        && cell.layer_rates.is_empty();
    is_measured.then(|| FastestRate::below(eta_star, cell.depth(), &cell.hidden))
}

/// The same of a predicted eta\*: from a series, or published.
pub fn fastest_rate_predicted(
    prediction: &Prediction,
    series: Option<&Series<'_>>,
) -> Option<FastestRate> {
    if let Some(series) = series {
        fastest_rate_of(&series.cells.first()?.cell, prediction.eta_star)?;
    }
    let widths = [prediction.width];
    Some(FastestRate::below(
        prediction.eta_star,
        prediction.depth,
        &widths,
    ))
}

/// Repeats with their searches.
fn searches(record: &CellRecord) -> impl Iterator<Item = (usize, &Search)> {
    let repeats = record.repeats.iter();
    repeats.filter_map(|repeat| Some((repeat.repeat, repeat.search()?)))
}

impl Found {
    /// The cell as a store has it.
    pub fn record(&self) -> Option<&CellRecord> {
        self.snapshot.cells.first()
    }

    /// The network in words.
    pub fn network(&self) -> String {
        match self.cell.constant_width() {
            Some(width) => format!("depth {} (hidden layers), width {width}", self.cell.depth()),
            None => format!("hidden layers {:?}", self.cell.hidden),
        }
    }

    /// Why eta\* was not found, if no repeat found it, and what to change.
    pub fn advice(&self) -> Option<&'static str> {
        if self.eta_star.is_some() {
            None
        } else if self.nothing_fails > self.nothing_succeeds {
            Some("every learning rate succeeds; raise --highest or --threshold")
        } else {
            Some(
                "no learning rate succeeds; lower --threshold or --lowest, or raise --budget, or --start \
                 if it is given: the search looks below it",
            )
        }
    }

    /// What was measured, in words.
    pub fn title(&self) -> String {
        let dataset = self.cell.dataset.title();
        format!("eta* of {} on {dataset}", self.network())
    }
}

/// eta\* with its interval, and the repeats that left the range: a line each.
impl fmt::Display for Found {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = self.repeats.len();
        for (count, what) in [
            (self.nothing_succeeds, "succeeds"),
            (self.nothing_fails, "fails"),
        ] {
            if count > 0 {
                writeln!(
                    formatter,
                    "{count} of {all} repeats: no learning rate in the range {what}"
                )?;
            }
        }
        let Estimate {
            value,
            log2,
            centre,
            interval,
            below,
            at_least,
            ..
        } = self.of_repeats;
        match (value, log2) {
            (Some(eta_star), Some(log2)) => {
                let name = match centre {
                    Centre::Median => "median eta*",
                    _ => "eta*",
                };
                write!(formatter, "{name} = {} (2^{log2:.3})", rate(eta_star))?;
            }
            _ => match (below, at_least) {
                (Some(below), _) => write!(formatter, "median eta* is below {below:.3e}")?,
                (_, Some(at_least)) => write!(formatter, "median eta* is at least {at_least}")?,
                _ => write!(formatter, "eta* not found in range")?,
            },
        }
        let percent = 100.0 * self.confidence;
        match interval {
            Some([Some(low), Some(high)]) => {
                let [low, high] = [low, high].map(rate);
                writeln!(formatter, ", {percent:.0} % interval {low} to {high}")
            }
            Some([None, Some(high)]) => {
                let high = rate(high);
                writeln!(formatter, ", at most {high} with {percent:.0} % confidence")
            }
            Some([Some(low), None]) => {
                let low = rate(low);
                writeln!(formatter, ", at least {low} with {percent:.0} % confidence")
            }
            Some([None, None]) | None => writeln!(formatter, ", no interval: too few repeats"),
        }
    }
}

impl From<(usize, &Search)> for FoundRepeat {
    fn from((repeat, search): (usize, &Search)) -> Self {
        let (eta_star, result) = match search.eta_star {
            EtaStar::Found { eta_star, .. } => (Some(eta_star), "found"),
            EtaStar::NothingSucceeds { .. } => (None, "nothing-succeeds"),
            EtaStar::NothingFails { .. } => (None, "nothing-fails"),
        };
        Self {
            repeat,
            eta_star,
            result,
            trials: search.trials.len(),
            monotone: search.monotone,
            tried: search.trials.iter().map(Tried::from).collect(),
        }
    }
}

impl From<&TrialRecord> for Tried {
    fn from(trial: &TrialRecord) -> Self {
        Self {
            learning_rate: trial.learning_rate,
            outcome: trial.outcome,
            steps: trial.steps,
            accuracy: trial.curve.last().map(|point| point.accuracy),
            losses: trial.losses,
        }
    }
}
