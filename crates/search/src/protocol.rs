//! How eta\* of one cell is measured: every constant the answer depends on.

use etastar_model::Loss;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::checks::{self, read};

/// How the learning rate is searched.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "method", rename_all = "kebab-case", deny_unknown_fields)]
pub enum SearchMethod {
    /// Start where the expected tangent kernel puts the edge, step down to the
    /// first success (or up to the first failure), half an octave first and
    /// then by octaves, then bisect `log2(eta)`.
    ///
    /// The rates tried lie on multiples of half an octave and between them on
    /// those that halving gives, as in [`Octaves`](Self::Octaves) from a whole
    /// start. Where success is monotone both end at the same bits, for a
    /// tolerance of half an octave or less; this takes about half the trials.
    /// Where it is not, it tends to the edge nearest to the start.
    FromKernel {
        /// `log2` of another rate to start at, a multiple of half an octave.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        start: Option<f64>,
        /// Lowest `log2` learning rate tried.
        lowest: f64,
        /// Highest `log2` learning rate tried.
        highest: f64,
        /// Width of the final bracket, in octaves.
        tolerance: f64,
    },
    /// Start above the expected edge, step down by octaves to the first
    /// success (or up, where the start succeeds), then bisect `log2(eta)`.
    Octaves {
        /// `log2` of the first learning rate tried.
        start: f64,
        /// Lowest `log2` learning rate tried.
        lowest: f64,
        /// Highest `log2` learning rate tried.
        highest: f64,
        /// Width of the final bracket, in octaves.
        tolerance: f64,
    },
    /// The paper's form: bisection of the learning rate itself.
    Arithmetic {
        /// Lower end of the first bracket.
        low: f64,
        /// Upper end of the first bracket.
        high: f64,
        /// Width of the final bracket, as a learning rate.
        tolerance: f64,
    },
}

/// The measurement protocol of a cell.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Protocol {
    /// Training loss.
    pub loss: Loss,
    /// Samples per mini-batch.
    #[serde(deserialize_with = "read::at_least_one")]
    pub batch_size: usize,
    /// Number of SGD steps after which a trial that has not reached the
    /// threshold has failed.
    #[serde(deserialize_with = "read::at_least_one")]
    pub budget: usize,
    /// Validation accuracy is evaluated every this many steps, and after the
    /// last one.
    #[serde(deserialize_with = "read::at_least_one")]
    pub evaluate_every: usize,
    /// Validation accuracy (0 to 1) at which a trial succeeds.
    #[serde(deserialize_with = "read::fraction")]
    pub threshold: f64,
    /// How the learning rate is searched.
    pub search: SearchMethod,
    /// Extra rates tried around eta\*, as offsets in octaves, to detect
    /// success that is not monotone in the rate.
    #[serde(deserialize_with = "read::each_octaves")]
    pub ladder: Vec<f64>,
    /// When a trial succeeds.
    #[serde(default, skip_serializing_if = "SuccessRule::is_default")]
    pub success: SuccessRule,
    /// Under [`SuccessRule::KeepAccuracy`], by how much the accuracy may end
    /// below that of the start: what the validation samples cannot tell.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub accuracy_margin: f64,
}

fn is_zero(value: &f64) -> bool {
    *value == 0.0
}

/// When a trial succeeds. At the first loss that is not finite it has failed
/// under either rule.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SuccessRule {
    /// As soon as the validation accuracy reaches `threshold`.
    #[default]
    ReachThreshold,
    /// When the budget ends with a validation accuracy no lower than at the
    /// trial's start, less `accuracy_margin`, and no lower than `threshold`:
    /// training continues. Without a threshold above chance, a network whose
    /// accuracy at the start is that of guessing could be wrecked and yet
    /// succeed.
    KeepAccuracy,
}

impl SuccessRule {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

impl Default for Protocol {
    /// The protocol of `etastar find`: cross-entropy, batches of 128, 128
    /// steps, accuracy 0.2 looked for every 16 steps, a search from the
    /// kernel's start, bisection to an eighth of an octave. Our choice, not
    /// the paper's.
    fn default() -> Self {
        Self {
            loss: Loss::CrossEntropy,
            batch_size: 128,
            budget: 128,
            evaluate_every: 16,
            threshold: 0.2,
            search: SearchMethod::FromKernel {
                start: None,
                lowest: -20.0,
                highest: 10.0,
                tolerance: 0.125,
            },
            ladder: Vec::new(),
            success: SuccessRule::default(),
            accuracy_margin: 0.0,
        }
    }
}

/// A protocol that cannot be carried out.
#[derive(Debug, Clone, Error, PartialEq, Eq)]
#[error("protocol: `{field}` {problem}")]
pub struct InvalidProtocol {
    field: &'static str,
    problem: String,
}

impl Protocol {
    /// Whether the validation accuracy is evaluated after this many steps.
    pub(crate) fn evaluates_after(&self, steps: usize) -> bool {
        steps.is_multiple_of(self.evaluate_every) || steps == self.budget
    }

    /// Trials of one search, at most.
    pub fn most_trials(&self) -> usize {
        let bracketing = self.search.most_trials();
        // Infinite where the ends of a range are, which a check refuses.
        (bracketing as usize).saturating_add(self.ladder.len())
    }

    /// Checks that the protocol can be carried out.
    ///
    /// # Errors
    /// If a value is out of its range; the error names the field.
    pub fn validate(&self) -> Result<(), InvalidProtocol> {
        check("batch_size", checks::at_least_one(self.batch_size))?;
        check("budget", checks::at_least_one(self.budget))?;
        check("evaluate_every", checks::at_least_one(self.evaluate_every))?;
        check("threshold", checks::fraction(self.threshold))?;
        check(
            "accuracy_margin",
            checks::not_negative(self.accuracy_margin),
        )?;
        for &offset in &self.ladder {
            check("ladder", checks::octaves(offset))?;
        }
        self.search.validate()
    }
}

impl SearchMethod {
    /// Steps along the whole range, its ends and the start, then halvings.
    fn most_trials(&self) -> f64 {
        match *self {
            Self::FromKernel {
                lowest,
                highest,
                tolerance,
                ..
            }
            | Self::Octaves {
                lowest,
                highest,
                tolerance,
                ..
            } => (highest - lowest).ceil() + 4.0 + (1.0 / tolerance).log2().ceil().max(0.0),
            Self::Arithmetic {
                low,
                high,
                tolerance,
            } => 2.0 + ((high - low) / tolerance).log2().ceil().max(0.0),
        }
    }

    fn validate(&self) -> Result<(), InvalidProtocol> {
        match *self {
            Self::FromKernel {
                start,
                lowest,
                highest,
                tolerance,
            } => {
                check("search.start", checks::octaves(start.unwrap_or(0.0)))?;
                check("search.lowest", checks::octaves(lowest))?;
                check("search.highest", checks::octaves(highest))?;
                check("search.tolerance", fine_enough(tolerance))?;
                let ordered = if lowest < highest {
                    Ok(())
                } else {
                    Err(format!(
                        "must be below search.highest ({highest}), not {lowest}"
                    ))
                };
                check("search.lowest", ordered)
            }
            Self::Octaves {
                start,
                lowest,
                highest,
                tolerance,
            } => {
                check("search.start", checks::octaves(start))?;
                check("search.lowest", checks::octaves(lowest))?;
                check("search.highest", checks::octaves(highest))?;
                check("search.tolerance", fine_enough(tolerance))?;
                let ordered = lowest <= start && start <= highest && lowest < highest;
                check("search.start", between(ordered, start, lowest, highest))
            }
            Self::Arithmetic {
                low,
                high,
                tolerance,
            } => {
                check("search.low", checks::positive(low))?;
                check("search.high", checks::positive(high))?;
                check("search.tolerance", checks::positive(tolerance))?;
                let ordered = if low < high {
                    Ok(())
                } else {
                    Err(format!("must be below search.high ({high}), not {low}"))
                };
                check("search.low", ordered)?;
                // Below this a bisection meets the resolution of f64.
                let resolvable = if tolerance >= 1e-12 * high {
                    Ok(())
                } else {
                    Err(format!(
                        "must be at least 1e-12 of search.high, not {tolerance}"
                    ))
                };
                check("search.tolerance", resolvable)
            }
        }
    }
}

fn check<T>(field: &'static str, outcome: Result<T, String>) -> Result<(), InvalidProtocol> {
    outcome
        .map(drop)
        .map_err(|problem| InvalidProtocol { field, problem })
}

/// Neighbouring rates closer than this are the same number in f32.
fn fine_enough(tolerance: f64) -> Result<f64, String> {
    if tolerance.is_finite() && tolerance >= 1e-6 {
        Ok(tolerance)
    } else {
        Err(format!("must be at least 1e-6 octaves, not {tolerance}"))
    }
}

fn between(ordered: bool, start: f64, lowest: f64, highest: f64) -> Result<(), String> {
    if ordered {
        Ok(())
    } else {
        Err(format!(
            "must lie between search.lowest ({lowest}) and search.highest ({highest}), not {start}"
        ))
    }
}
