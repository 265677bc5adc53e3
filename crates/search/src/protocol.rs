//! How eta\* of one cell is measured: every constant the answer depends on.

use etastar_model::{Loss, Method as OptimiserMethod, Optimiser};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::setting::{Bounded, Limits, Setting, is_default, layer, settings};

settings! {
    /// The settings of a protocol.
    protocol_settings:
    /// Training loss
    TrainingLoss: Loss, "protocol.loss", "loss", "", Limits::NONE, default Loss::CrossEntropy;
    /// Samples per mini-batch
    BatchSize: usize, "protocol.batch_size", "batch N", "samples", Limits::AT_LEAST_ONE, default 128;
    /// SGD steps within which a trial must succeed
    Budget: usize, "protocol.budget", "budget STEPS", "SGD steps", Limits::AT_LEAST_ONE, default 128;
    /// Steps between evaluations of the validation accuracy
    EvaluateEvery: usize, "protocol.evaluate_every", "evaluate-every STEPS", "SGD steps",
        Limits::AT_LEAST_ONE, default 16;
    /// Validation accuracy, or R^2 of real targets, at which a trial succeeds
    Threshold: f64, "protocol.threshold", "threshold ACCURACY", "accuracy, 0 to 1", Limits::FRACTION,
        default 0.2;
    /// How the learning rate is searched
    Method: SearchMethod, "protocol.search", "search", "", Limits::NONE,
        default SearchMethod::DEFAULT;
    /// Extra rates tried around eta*, as offsets in octaves, to see whether success is monotone
    Ladder: Vec<f64>, "protocol.ladder", "ladder OCTAVES,..", "octaves", Limits::OCTAVES, default Vec::new();
    /// When a trial succeeds: it reaches the threshold, keeps its accuracy, or does not diverge
    Success: SuccessRule, "protocol.success", "success", "", Limits::NONE,
        default SuccessRule::ReachThreshold => OPTIONAL;
    /// How far the final accuracy may lie below the first one if a trial has to keep its accuracy
    AccuracyMargin: f64, "protocol.accuracy_margin", "accuracy-margin", "accuracy, 0 to 1",
        Limits::NOT_NEGATIVE, default 0.0 => OPTIONAL;
    /// A loss diverges when it exceeds this multiple of the first loss
    DivergenceFactor: f64, "protocol.divergence_factor", "divergence-factor", "", Limits::POSITIVE,
        default 3.0 => OPTIONAL;
    /// SGD steps over which the learning rate grows linearly to its full value
    WarmUp: usize, "protocol.warm_up", "warm-up STEPS", "SGD steps", Limits::NONE,
        default 0 => OPTIONAL;
    /// Trials that have reached the threshold continue to the end of the budget to record their loss
    WholeBudget: bool, "protocol.whole_budget", "whole-budget", "", Limits::NONE,
        default false => OPTIONAL;
    /// Optimiser: sgd, momentum, nesterov, adam, adamw
    OptimiserName: OptimiserMethod, "protocol.optimiser", "optimiser NAME", "", Limits::NONE,
        default OptimiserMethod::Sgd => OPTIONAL;
    /// Momentum, or beta_1 of Adam; has no effect on sgd
    Momentum: f64, "protocol.momentum", "momentum BETA", "", Limits::BELOW_ONE,
        default 0.9 => OPTIONAL;
    /// beta_2 of Adam; has no effect on other optimisers
    SecondMomentum: f64, "protocol.beta2", "beta2 BETA", "", Limits::BELOW_ONE,
        default 0.999 => OPTIONAL;
    /// Weight decay: this multiple of the weights is added to the gradient; decoupled for adamw
    WeightDecay: f64, "protocol.weight_decay", "weight-decay D", "", Limits::NOT_NEGATIVE,
        default 0.0 => OPTIONAL;
    /// Norm to which the gradient of all trained layers is clipped; 0 for no clipping
    ClipNorm: f64, "protocol.clip", "clip NORM", "", Limits::NOT_NEGATIVE,
        default 0.0 => OPTIONAL;
    /// log2 of the first learning rate tried
    Start: f64, "protocol.search.start", "start LOG2", "log2 of a learning rate", Limits::OCTAVES;
    /// log2 of the lowest learning rate tried
    Lowest: f64, "protocol.search.lowest", "lowest LOG2", "log2 of a learning rate", Limits::OCTAVES,
        default -20.0;
    /// log2 of the highest learning rate tried
    Highest: f64, "protocol.search.highest", "highest LOG2", "log2 of a learning rate", Limits::OCTAVES,
        default 10.0;
    /// Width of the final bracket, in octaves
    Tolerance: f64, "protocol.search.tolerance", "tolerance OCTAVES", "octaves", Limits::FINE_ENOUGH,
        default 0.125;
}

layer! {
    /// What an experiment file can say of a protocol.
    ProtocolLayer => Protocol {
        loss: TrainingLoss,
        batch_size: BatchSize,
        budget: Budget,
        evaluate_every: EvaluateEvery,
        threshold: Threshold,
        search: Method,
        ladder: Ladder,
        success: Success,
        accuracy_margin: AccuracyMargin,
        divergence_factor: DivergenceFactor,
        warm_up: WarmUp,
        whole_budget: WholeBudget,
        optimiser: OptimiserName,
        momentum: Momentum,
        beta2: SecondMomentum,
        weight_decay: WeightDecay,
        clip: ClipNorm,
    }
}

impl Bounded for SearchMethod {}
impl Bounded for SuccessRule {}

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
#[serde(try_from = "ProtocolLayer")]
pub struct Protocol {
    /// Training loss.
    pub loss: Loss,
    /// Samples per mini-batch.
    pub batch_size: usize,
    /// Number of SGD steps after which a trial that has not reached the
    /// threshold has failed.
    pub budget: usize,
    /// Validation accuracy, or R^2 of real targets, is evaluated every this many steps, and after the
    /// last one.
    pub evaluate_every: usize,
    /// Validation accuracy (0 to 1), or R^2 of real targets, at which a trial succeeds.
    pub threshold: f64,
    /// How the learning rate is searched.
    pub search: SearchMethod,
    /// Extra rates tried around eta\*, as offsets in octaves, to detect
    /// success that is not monotone in the rate.
    pub ladder: Vec<f64>,
    /// When a trial succeeds.
    #[serde(skip_serializing_if = "is_default::<Success>")]
    pub success: SuccessRule,
    /// Under [`SuccessRule::KeepAccuracy`], by how much the accuracy may end
    /// below that of the start: what the validation samples cannot tell.
    #[serde(skip_serializing_if = "is_default::<AccuracyMargin>")]
    pub accuracy_margin: f64,
    /// A training loss has diverged when it exceeds this multiple of the first one. Under
    /// [`SuccessRule::NoDivergence`] that ends a trial; under the other rules it is recorded.
    #[serde(skip_serializing_if = "is_default::<DivergenceFactor>")]
    pub divergence_factor: f64,
    /// Number `w` of steps over which the learning rate grows linearly: step `t`, counted from 1, is
    /// taken at `eta min(1, t / w)`. None at 0, and at 1.
    #[serde(skip_serializing_if = "is_default::<WarmUp>")]
    pub warm_up: usize,
    /// Whether a trial that has reached the threshold goes on to the end of the budget. That does
    /// not change its outcome: it is for [`Losses::late`](crate::Losses::late).
    #[serde(skip_serializing_if = "is_default::<WholeBudget>")]
    pub whole_budget: bool,
    /// The rule that turns gradients into steps.
    #[serde(skip_serializing_if = "is_default::<OptimiserName>")]
    pub optimiser: OptimiserMethod,
    /// Momentum, `beta_1` of Adam.
    #[serde(skip_serializing_if = "is_default::<Momentum>")]
    pub momentum: f64,
    /// `beta_2` of Adam.
    #[serde(skip_serializing_if = "is_default::<SecondMomentum>")]
    pub beta2: f64,
    /// Weight decay.
    #[serde(skip_serializing_if = "is_default::<WeightDecay>")]
    pub weight_decay: f64,
    /// Largest norm of a gradient; 0 where it is not clipped.
    #[serde(skip_serializing_if = "is_default::<ClipNorm>")]
    pub clip: f64,
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
    /// When the budget ends and no training loss exceeded `divergence_factor` times the first: the
    /// edge of the first divergence, from which a network may or may not recover. The threshold
    /// does not count.
    NoDivergence,
}

impl Default for Protocol {
    /// The protocol of `etastar find`: cross-entropy, batches of 128, 128
    /// steps, accuracy 0.2 looked for every 16 steps, a search from the
    /// kernel's start, bisection to an eighth of an octave. Our choice, not
    /// the paper's.
    fn default() -> Self {
        Self {
            loss: TrainingLoss::DEFAULT,
            batch_size: BatchSize::DEFAULT,
            budget: Budget::DEFAULT,
            evaluate_every: EvaluateEvery::DEFAULT,
            threshold: Threshold::DEFAULT,
            search: Method::DEFAULT,
            ladder: Ladder::DEFAULT,
            success: Success::DEFAULT,
            accuracy_margin: AccuracyMargin::DEFAULT,
            divergence_factor: DivergenceFactor::DEFAULT,
            warm_up: WarmUp::DEFAULT,
            whole_budget: WholeBudget::DEFAULT,
            optimiser: OptimiserName::DEFAULT,
            momentum: Momentum::DEFAULT,
            beta2: SecondMomentum::DEFAULT,
            weight_decay: WeightDecay::DEFAULT,
            clip: ClipNorm::DEFAULT,
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
    /// The learning rate of a step, counted from 1, as a multiple of that of the trial.
    pub(crate) fn share_of_rate(&self, step: usize) -> f64 {
        if step >= self.warm_up {
            return 1.0;
        }
        step as f64 / self.warm_up as f64
    }

    /// The same with an optimiser.
    #[must_use]
    pub fn with_optimiser(self, optimiser: Optimiser) -> Self {
        let Optimiser {
            method,
            momentum,
            beta2,
            weight_decay,
            clip,
        } = optimiser;
        Self {
            optimiser: method,
            momentum,
            beta2,
            weight_decay,
            clip,
            ..self
        }
    }

    /// The optimiser and its constants.
    pub fn optimiser(&self) -> Optimiser {
        Optimiser {
            method: self.optimiser,
            momentum: self.momentum,
            beta2: self.beta2,
            weight_decay: self.weight_decay,
            clip: self.clip,
        }
    }

    /// Whether the validation accuracy is evaluated after this many steps.
    pub(crate) fn evaluates_after(&self, steps: usize) -> bool {
        steps.is_multiple_of(self.evaluate_every) || steps == self.budget
    }

    /// A threshold of R^2 for real targets, half way from predicting the mean to predicting every
    /// target exactly. Our choice.
    pub const USUAL_R_SQUARED: f64 = 0.5;

    /// A threshold between guessing and knowing, for a number of classes: twice chance or, with few
    /// classes, half way from chance to 1. Our choice; 0.2 for ten classes, 0.75 for two.
    pub fn usual_threshold(classes: usize) -> f64 {
        let chance = 1.0 / classes.max(1) as f64;
        (2.0 * chance).min(0.5 * (1.0 + chance))
    }

    /// Whether a network that guesses among so many classes would succeed.
    pub(crate) fn is_met_by_chance(&self, classes: usize) -> bool {
        self.success == SuccessRule::ReachThreshold && self.threshold * classes as f64 <= 1.0 + 1e-9
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
        self.check_fields().map_err(invalid)?;
        require(self.warm_up < self.budget, WarmUp::KEY, || {
            format!(
                "must be below the budget ({}), not {}: the learning rate would never reach its full value",
                self.budget, self.warm_up
            )
        })?;
        require(self.budget <= MOST_STEPS, Budget::KEY, || {
            let days = self.budget as f64 * FASTEST_STEP / 86_400.0;
            format!(
                "must be at most {MOST_STEPS}, not {}: one trial would take {days:.0} days even in \
                 the smallest network",
                self.budget
            )
        })?;
        let evaluations = self.budget / self.evaluate_every;
        require(evaluations <= MOST_EVALUATIONS, EvaluateEvery::KEY, || {
            format!(
                "must be at least {} with a budget of {}: a trial keeps every evaluation, and can \
                 have at most {MOST_EVALUATIONS}",
                self.budget.div_ceil(MOST_EVALUATIONS),
                self.budget
            )
        })?;
        self.search.validate()
    }
}

/// Most steps of a trial.
const MOST_STEPS: usize = 1_000_000_000;

/// Most evaluations of a trial.
const MOST_EVALUATIONS: usize = 1_000_000;

/// Seconds that a step takes at the very least: measured on one core for two layers of 8 units.
const FASTEST_STEP: f64 = 20e-6;

impl SearchMethod {
    /// By octaves from this `log2` of a rate or, without one, from the kernel's prediction.
    pub fn from_start(start: Option<f64>, lowest: f64, highest: f64, tolerance: f64) -> Self {
        match start {
            Some(start) => Self::Octaves {
                start,
                lowest,
                highest,
                tolerance,
            },
            None => Self::FromKernel {
                start: None,
                lowest,
                highest,
                tolerance,
            },
        }
    }

    const DEFAULT: Self = Self::FromKernel {
        start: None,
        lowest: Lowest::DEFAULT,
        highest: Highest::DEFAULT,
        tolerance: Tolerance::DEFAULT,
    };

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
            } => check_octaves(start, lowest, highest, tolerance),
            Self::Octaves {
                start,
                lowest,
                highest,
                tolerance,
            } => check_octaves(Some(start), lowest, highest, tolerance),
            Self::Arithmetic {
                low,
                high,
                tolerance,
            } => {
                let positive = |value: f64| value.is_finite() && value > 0.0;
                for (key, value) in [
                    ("protocol.search.low", low),
                    ("protocol.search.high", high),
                    (Tolerance::KEY, tolerance),
                ] {
                    require(positive(value), key, || {
                        format!("must be a positive number, not {value}")
                    })?;
                }
                require(low < high, "protocol.search.low", || {
                    format!("must be below search.high ({high}), not {low}")
                })?;
                // Below this a bisection meets the resolution of f64.
                require(tolerance >= 1e-12 * high, Tolerance::KEY, || {
                    format!("must be at least 1e-12 times search.high, not {tolerance}")
                })
            }
        }
    }
}

/// Checks a search in octaves, from a start if it is given.
fn check_octaves(
    start: Option<f64>,
    lowest: f64,
    highest: f64,
    tolerance: f64,
) -> Result<(), InvalidProtocol> {
    fn check<S: Setting<Value = f64>>(value: f64) -> Result<(), InvalidProtocol> {
        S::check(&value).map_err(|problem| invalid((S::KEY, problem)))
    }
    start.map_or(Ok(()), check::<Start>)?;
    check::<Lowest>(lowest)?;
    check::<Highest>(highest)?;
    check::<Tolerance>(tolerance)?;
    if let Some(start) = start {
        let ordered = lowest <= start && start <= highest && lowest < highest;
        return require(ordered, Start::KEY, || {
            format!(
                "must lie between search.lowest ({lowest}) and search.highest ({highest}), not \
                 {start}"
            )
        });
    }
    require(lowest < highest, Lowest::KEY, || {
        format!("must be below search.highest ({highest}), not {lowest}")
    })
}

fn require(
    holds: bool,
    key: &'static str,
    problem: impl FnOnce() -> String,
) -> Result<(), InvalidProtocol> {
    if holds {
        Ok(())
    } else {
        Err(invalid((key, problem())))
    }
}

/// The table's name is in the message already.
fn invalid((key, problem): (&'static str, String)) -> InvalidProtocol {
    InvalidProtocol {
        field: key.strip_prefix("protocol.").unwrap_or(key),
        problem,
    }
}
