//! A number with its interval, and the reasons why there may be none.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// How intervals are computed. One set of options serves everything that is shown together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Options {
    /// Confidence of every interval, strictly between 0 and 1.
    pub confidence: f64,
    /// Bootstrap resamples of architectures; 0 for no intervals.
    pub resamples: usize,
    /// Seed of the bootstrap. All numbers of one set of architectures see the same resamples.
    pub seed: u64,
    /// The filters `k`: laws are fitted to the cells with `width >= k * depth`.
    pub width_over_depth: Vec<f64>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            confidence: 0.95,
            resamples: 1000,
            seed: 0,
            width_over_depth: vec![0.0, 2.0, 4.0, 8.0, 16.0],
        }
    }
}

/// Options that make no sense.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum OptionsError {
    /// The confidence is out of range.
    #[error("the confidence must lie strictly between 0 and 1, and {0} does not; 0.95 is usual")]
    Confidence(f64),
    /// A filter is out of range.
    #[error(
        "the width-over-depth filter must be a number of at least 0, and {0} is not; 0 keeps all cells"
    )]
    WidthOverDepth(f64),
    /// The confidence is more than the resamples can tell.
    #[error(
        "{resamples} resamples cannot give a confidence above {most}, and {asked} is asked for: fewer \
         than ten of them would lie outside of the interval; lower the confidence"
    )]
    TooConfident {
        /// What is asked for.
        asked: f64,
        /// Resamples of the bootstrap.
        resamples: usize,
        /// The largest confidence.
        most: f64,
    },
    /// There is no filter.
    #[error("no width-over-depth filter is given, so nothing would be fitted; 0 keeps all cells")]
    NoFilter,
}

impl Options {
    /// Checks that the options make sense.
    ///
    /// # Errors
    /// Names the first option that does not.
    pub fn check(&self) -> Result<(), OptionsError> {
        if self.width_over_depth.is_empty() {
            return Err(OptionsError::NoFilter);
        }
        let (asked, resamples) = (self.confidence, self.resamples);
        let most = 1.0 - 10.0 / resamples.max(1) as f64;
        if asked > most && asked < 1.0 && resamples > 0 {
            return Err(OptionsError::TooConfident {
                asked,
                resamples,
                most,
            });
        }
        let mut filters = self.width_over_depth.iter();
        filters.try_for_each(|&k| check(self.confidence, k))
    }
}

/// Checks a confidence and a filter.
pub(crate) fn check(confidence: f64, width_over_depth: f64) -> Result<(), OptionsError> {
    if !(confidence > 0.0 && confidence < 1.0) {
        Err(OptionsError::Confidence(confidence))
    } else if !(width_over_depth.is_finite() && width_over_depth >= 0.0) {
        Err(OptionsError::WidthOverDepth(width_over_depth))
    } else {
        Ok(())
    }
}

/// A number with its interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Effect {
    /// The value.
    pub value: f64,
    /// Its interval, `[low, high]`, at the confidence of the [`Options`]; absent where none can
    /// be computed, and for exact counts.
    pub interval: Option<[f64; 2]>,
    /// Unit of the value and the interval.
    pub unit: Unit,
}

impl Effect {
    /// What a rule is applied to: the interval, or the number itself if it is exact.
    pub fn bounds(&self) -> Option<[f64; 2]> {
        let exact = (self.unit == Unit::Count).then_some([self.value; 2]);
        self.interval
            .or(exact)
            .filter(|ends| ends.iter().all(|end| end.is_finite()))
    }
}

/// What a number is measured in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// A number without a unit: an exponent, a slope, an R².
    Plain,
    /// Octaves: factors of two, counted by their `log2`.
    Octaves,
    /// A share of one.
    Share,
    /// An exact count, which has no interval.
    Count,
}

/// Why a law was not fitted.
#[derive(Debug, Clone, PartialEq, Eq, Error, Serialize, Deserialize)]
#[serde(tag = "reason", rename_all = "kebab-case")]
pub enum NoFit {
    /// No degree of freedom would remain.
    #[error("cells of constant width with a value: {cells}; this law needs at least {needed}")]
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
        regressor: String,
    },
    /// The regressors vary only together.
    #[error("the sizes that the law depends on do not vary independently of each other")]
    Collinear,
    /// The law says nothing of some network.
    #[error(
        "the law gives no finite eta* for a network with one hidden layer whose input layer is \
         frozen"
    )]
    Undefined,
}

/// Why a number was not computed.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum NotMeasured {
    /// No cell of the needed kind is finished.
    #[error("there are no measured cells of {0}")]
    NoCells(&'static str),
    /// The cells do not determine a law.
    #[error("{0}")]
    NoFit(#[from] NoFit),
    /// The experiment has no variant of that name.
    #[error("there is no variant `{0}`")]
    NoVariant(String),
    /// The cells are not of one protocol.
    #[error(
        "the cells differ in {0}, so they are not of one kind; the criterion has to say which cells are meant"
    )]
    SeveralKinds(String),
    /// There are no cells at the input-layer rate.
    #[error("there are no measured cells at the input-layer rate {0}")]
    NoSuchRate(f64),
    /// Both sides of a difference are the same cells.
    #[error("both sides of the difference are the same cells")]
    SameCells,
    /// There is too little of something.
    #[error("{what}: {found}; at least {needed} are needed")]
    TooFew {
        /// What is counted.
        what: &'static str,
        /// How many there are.
        found: usize,
        /// How many are needed.
        needed: usize,
    },
    /// The data do not determine the number.
    #[error("{0}")]
    Undetermined(&'static str),
}
