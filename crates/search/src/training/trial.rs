//! One trial: the rule by which a training succeeds or fails, apart from how
//! the training is carried out.

use std::time::Instant;

use crate::{CurvePoint, Interrupt, Losses, Outcome, Protocol, SuccessRule, TrialRecord};

/// A training in progress.
pub trait Training {
    /// Takes one SGD step; gives the mini-batch's mean loss before it.
    fn step(&mut self) -> f64;

    /// What the network says of the validation samples.
    fn evaluate(&mut self) -> Evaluation;

    /// The loss of every further step, if no step can change the network any more.
    fn constant_loss(&mut self) -> Option<f64>;
}

/// What a network says of the validation samples.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Evaluation {
    /// Share of them whose class it finds, 0 to 1. For real targets `R^2`, at most 1: one less the
    /// mean over outputs of the residual sum of squares over that about the validation mean;
    /// `f64::MIN` where an output is not finite.
    pub accuracy: f64,
    /// Its largest absolute output; not finite where one is not.
    pub largest_output: f64,
}

impl Evaluation {
    /// Whether no sample reaches the outputs, so that perhaps no step changes the network.
    pub fn may_be_dead(&self) -> bool {
        self.largest_output == 0.0
    }
}

/// What a protocol makes of a training, as its losses and accuracies come in.
///
/// The validation accuracy is looked at every `evaluate_every` steps and after
/// the last. *Success* as soon as it reaches the threshold, once the learning rate has its full
/// value, or, under
/// [`SuccessRule::KeepAccuracy`], when the budget ends with no less than the
/// threshold and the initial accuracy, within the margin or, under
/// [`SuccessRule::NoDivergence`], when the budget ends; *failure* at the
/// first loss that is not finite or, under the last rule, that diverges, or at
/// the end of the budget. Without an initial accuracy none is kept. Under
/// [`Protocol::whole_budget`] a trial that has succeeded goes on to the end, and has succeeded
/// whatever happens there.
#[derive(Debug, Clone)]
pub struct Judge<'a> {
    protocol: &'a Protocol,
    initial_accuracy: Option<f64>,
    steps: usize,
    losses: Losses,
    /// Sum of the losses since the last evaluation, and their number.
    since_evaluation: (f64, usize),
    curve: Vec<CurvePoint>,
    /// Whether the trial has succeeded and goes on only to record.
    succeeded: bool,
    outcome: Option<Outcome>,
}

impl<'a> Judge<'a> {
    /// Of a training that has not begun.
    pub fn new(protocol: &'a Protocol, initial_accuracy: Option<f64>) -> Self {
        let begun = protocol.budget > 0;
        Self {
            protocol,
            initial_accuracy,
            steps: 0,
            losses: Losses::default(),
            since_evaluation: (0.0, 0),
            curve: Vec::new(),
            succeeded: false,
            outcome: (!begun).then_some(Outcome::Exhausted),
        }
    }

    /// Whether the trial is over.
    pub fn is_over(&self) -> bool {
        self.outcome.is_some()
    }

    /// A step was taken, with this loss before it.
    pub fn stepped(&mut self, loss: f64) {
        self.steps += 1;
        let losses = &mut self.losses;
        losses.last = loss.is_finite().then_some(loss);
        if self.steps == 1 {
            losses.first = losses.last;
        }
        if losses.last > losses.largest {
            losses.largest = losses.last;
        }
        let limit = losses
            .first
            .map(|first| self.protocol.divergence_factor * first);
        let diverges = limit.is_none_or(|limit| !loss.is_finite() || loss > limit);
        if diverges && losses.diverged_at.is_none() {
            losses.diverged_at = Some(self.steps);
        }
        let (sum, count) = self.since_evaluation;
        self.since_evaluation = (sum + loss, count + 1);
        if !loss.is_finite() {
            self.outcome = Some(match self.succeeded {
                true => Outcome::Success,
                false => Outcome::NonFinite,
            });
        } else if diverges && self.protocol.success == SuccessRule::NoDivergence {
            self.outcome = Some(Outcome::Diverged);
        }
    }

    /// Whether the validation accuracy is wanted now.
    pub fn wants_accuracy(&self) -> bool {
        !self.is_over() && self.protocol.evaluates_after(self.steps)
    }

    /// The evaluation after the last step.
    pub fn evaluated(&mut self, evaluation: Evaluation) {
        let protocol = self.protocol;
        let Evaluation {
            accuracy,
            largest_output,
        } = evaluation;
        self.curve.push(CurvePoint {
            step: self.steps,
            accuracy,
            largest_output: largest_output.is_finite().then_some(largest_output),
        });
        let at_the_end = self.steps == protocol.budget;
        let (sum, count) = std::mem::take(&mut self.since_evaluation);
        if at_the_end && protocol.whole_budget {
            self.losses.late = Some(sum / count as f64).filter(|mean| mean.is_finite());
        }
        let success = match protocol.success {
            SuccessRule::ReachThreshold => {
                accuracy >= protocol.threshold && self.steps >= protocol.warm_up
            }
            SuccessRule::KeepAccuracy => {
                at_the_end
                    && accuracy >= protocol.threshold
                    && self
                        .initial_accuracy
                        .is_some_and(|initial| accuracy >= initial - protocol.accuracy_margin)
            }
            SuccessRule::NoDivergence => at_the_end,
        };
        self.succeeded |= success;
        if self.succeeded && (at_the_end || !protocol.whole_budget) {
            self.outcome = Some(Outcome::Success);
        } else if at_the_end {
            self.outcome = Some(Outcome::Exhausted);
        }
    }

    /// No step can change the network any more: every further one has this loss, and every
    /// evaluation says what this last one said. Ends as the rest of the budget would.
    pub fn stays_as_it_is(&mut self, loss: f64, evaluation: Evaluation) {
        while !self.is_over() {
            self.stepped(loss);
            if self.wants_accuracy() {
                self.evaluated(evaluation);
            }
        }
    }

    /// The record of the trial, if it is over.
    pub fn record(self, learning_rate: f64, seconds: f64) -> Option<TrialRecord> {
        Some(TrialRecord {
            learning_rate,
            outcome: self.outcome?,
            steps: self.steps,
            losses: self.losses,
            curve: self.curve,
            seconds,
        })
    }
}

/// Trains until success, failure or an interrupt (`None`), see [`Judge`].
pub fn run_trial(
    training: &mut impl Training,
    learning_rate: f64,
    protocol: &Protocol,
    initial_accuracy: Option<f64>,
    interrupt: &Interrupt,
) -> Option<TrialRecord> {
    let started = Instant::now();
    let mut judge = Judge::new(protocol, initial_accuracy);
    while !judge.is_over() {
        judge.stepped(training.step());
        if judge.wants_accuracy() {
            let evaluation = training.evaluate();
            judge.evaluated(evaluation);
            if evaluation.may_be_dead()
                && let Some(loss) = training.constant_loss()
            {
                judge.stays_as_it_is(loss, evaluation);
            }
        }
        if !judge.is_over() && interrupt.is_requested() {
            return None;
        }
    }
    judge.record(learning_rate, started.elapsed().as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Plays back losses and accuracies; stays at the last ones.
    struct Script {
        losses: Vec<f64>,
        accuracies: Vec<f64>,
        steps: usize,
        evaluations: usize,
        /// The step from which its outputs are zero.
        dies_at: Option<usize>,
    }

    impl Training for Script {
        fn step(&mut self) -> f64 {
            self.steps += 1;
            self.losses[(self.steps - 1).min(self.losses.len() - 1)]
        }

        fn evaluate(&mut self) -> Evaluation {
            self.evaluations += 1;
            let last = self.accuracies.len() - 1;
            let dead = self.dies_at.is_some_and(|step| self.steps >= step);
            Evaluation {
                accuracy: self.accuracies[(self.evaluations - 1).min(last)],
                largest_output: if dead { 0.0 } else { 2.0 },
            }
        }

        fn constant_loss(&mut self) -> Option<f64> {
            self.losses.last().copied()
        }
    }

    impl Script {
        fn new(losses: &[f64], accuracies: &[f64]) -> Self {
            Self {
                losses: losses.to_vec(),
                accuracies: accuracies.to_vec(),
                steps: 0,
                evaluations: 0,
                dies_at: None,
            }
        }
    }

    fn protocol() -> Protocol {
        Protocol {
            budget: 10,
            evaluate_every: 4,
            threshold: 0.5,
            ..Protocol::default()
        }
    }

    fn run(losses: &[f64], accuracies: &[f64]) -> TrialRecord {
        let mut script = Script::new(losses, accuracies);
        run_trial(&mut script, 0.1, &protocol(), None, &Interrupt::default()).unwrap()
    }

    fn steps_evaluated(record: &TrialRecord) -> Vec<usize> {
        record.curve.iter().map(|point| point.step).collect()
    }

    #[test]
    fn success_ends_the_trial_at_once() {
        let record = run(&[1.0], &[0.2, 0.5]);
        assert_eq!((record.outcome, record.steps), (Outcome::Success, 8));
        assert_eq!(steps_evaluated(&record), [4, 8]);
        assert_eq!(record.losses.last, Some(1.0));
    }

    #[test]
    fn with_the_whole_budget_a_trial_goes_on_and_keeps_its_outcome() {
        let run = |losses: &[f64], accuracies: &[f64], whole_budget| {
            let mut script = Script::new(losses, accuracies);
            let protocol = Protocol {
                whole_budget,
                ..protocol()
            };
            run_trial(&mut script, 0.1, &protocol, None, &Interrupt::default()).unwrap()
        };
        let losses = [5.0, 1.0, 1.0, 1.0, 2.0, 2.0, 2.0, 2.0, 3.0, 4.0];
        let short = run(&losses, &[0.5], false);
        assert_eq!((short.outcome, short.steps), (Outcome::Success, 4));
        assert_eq!(short.losses.late, None);
        // Evaluations after 4, 8 and 10 steps; its accuracy falls below the threshold again.
        let long = run(&losses, &[0.5, 0.2, 0.1], true);
        assert_eq!((long.outcome, long.steps), (Outcome::Success, 10));
        assert_eq!(long.losses.late, Some(3.5));
        assert_eq!(run(&losses, &[0.2], true).outcome, Outcome::Exhausted);
        // Blowing up after success does not undo it, before it is a failure.
        let up = [1.0, 1.0, 1.0, 1.0, 1.0, f64::NAN];
        let late = run(&up, &[0.5], true);
        assert_eq!((late.outcome, late.losses.late), (Outcome::Success, None));
        assert_eq!(run(&up, &[0.2], true).outcome, Outcome::NonFinite);
    }

    #[test]
    fn the_rate_grows_over_the_steps_of_the_warm_up() {
        let shares = |warm_up| {
            let protocol = Protocol {
                warm_up,
                ..protocol()
            };
            [1, 2, 3, 4, 5].map(|step| protocol.share_of_rate(step))
        };
        assert_eq!(shares(0), [1.0; 5]);
        assert_eq!(shares(1), [1.0; 5]);
        assert_eq!(shares(4), [0.25, 0.5, 0.75, 1.0, 1.0]);
    }

    #[test]
    fn the_budget_ends_with_an_evaluation() {
        let record = run(&[1.0], &[0.2]);
        assert_eq!((record.outcome, record.steps), (Outcome::Exhausted, 10));
        assert_eq!(steps_evaluated(&record), [4, 8, 10]);
        let late = run(&[1.0], &[0.2, 0.2, 0.5]);
        assert_eq!((late.outcome, late.steps), (Outcome::Success, 10));
    }

    #[test]
    fn a_loss_that_is_not_finite_ends_the_trial_at_once() {
        for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            let record = run(&[1.0, 1.0, bad], &[0.9]);
            assert_eq!((record.outcome, record.steps), (Outcome::NonFinite, 3));
            assert_eq!((record.losses.last, record.curve.len()), (None, 0));
            assert_eq!(record.losses.diverged_at, Some(3));
            assert_eq!(record.losses.largest, Some(1.0));
        }
    }

    /// The loss that leads by the factor of 3 is the first above it, not one at it.
    #[test]
    fn a_divergence_is_recorded_and_ends_the_trial_where_none_is_allowed() {
        let losses = [1.0, 3.0, 3.1, 0.5];
        let recovers = run(&losses, &[0.5]);
        assert_eq!((recovers.outcome, recovers.steps), (Outcome::Success, 4));
        let expected = Losses {
            first: Some(1.0),
            last: Some(0.5),
            largest: Some(3.1),
            diverged_at: Some(3),
            late: None,
        };
        assert_eq!(recovers.losses, expected);
        assert_eq!(recovers.curve[0].largest_output, Some(2.0));
        let under = |losses: &[f64]| {
            let mut script = Script {
                losses: losses.to_vec(),
                accuracies: vec![0.9],
                steps: 0,
                evaluations: 0,
                dies_at: None,
            };
            let protocol = Protocol {
                budget: 6,
                success: SuccessRule::NoDivergence,
                ..Protocol::default()
            };
            run_trial(&mut script, 0.1, &protocol, None, &Interrupt::default()).unwrap()
        };
        let diverges = under(&losses);
        assert_eq!((diverges.outcome, diverges.steps), (Outcome::Diverged, 3));
        let stays = under(&[1.0, 3.0, 0.5]);
        assert_eq!((stays.outcome, stays.steps), (Outcome::Success, 6));
        assert_eq!(under(&[f64::NAN]).outcome, Outcome::NonFinite);
    }

    /// A dead network takes no steps, and its record is that of a budget used up.
    #[test]
    fn a_dead_network_does_not_use_up_the_budget() {
        let protocol = Protocol {
            budget: 10,
            evaluate_every: 4,
            threshold: 0.5,
            ..Protocol::default()
        };
        let record = |dies_at| {
            let mut script = Script {
                losses: vec![1.0, 0.75],
                accuracies: vec![0.2],
                steps: 0,
                evaluations: 0,
                dies_at,
            };
            let record = run_trial(&mut script, 0.1, &protocol, None, &Interrupt::default());
            (record.unwrap(), script.steps)
        };
        let (dead, taken) = record(Some(4));
        assert_eq!(
            (dead.outcome, dead.steps, taken),
            (Outcome::Exhausted, 10, 4)
        );
        assert_eq!(steps_evaluated(&dead), [4, 8, 10]);
        let (lives, taken) = record(None);
        assert_eq!((lives.losses, lives.steps, taken), (dead.losses, 10, 10));
    }

    #[test]
    fn keeping_the_accuracy_is_judged_at_the_end_of_the_budget() {
        let keep = |accuracies: &[f64], initial, accuracy_margin| {
            let mut script = Script {
                losses: vec![1.0],
                accuracies: accuracies.to_vec(),
                steps: 0,
                evaluations: 0,
                dies_at: None,
            };
            let protocol = Protocol {
                budget: 10,
                evaluate_every: 4,
                threshold: 0.3,
                success: SuccessRule::KeepAccuracy,
                accuracy_margin,
                ..Protocol::default()
            };
            run_trial(&mut script, 0.1, &protocol, initial, &Interrupt::default()).unwrap()
        };
        let dipped = keep(&[0.1, 0.9, 0.5], Some(0.5), 0.0);
        assert_eq!((dipped.outcome, dipped.steps), (Outcome::Success, 10));
        let lost = keep(&[0.9, 0.9, 0.49], Some(0.5), 0.0);
        assert_eq!((lost.outcome, lost.steps), (Outcome::Exhausted, 10));
        let little = keep(&[0.9, 0.9, 0.49], Some(0.5), 0.02);
        assert_eq!(little.outcome, Outcome::Success);
        let guessing = keep(&[0.1], Some(0.1), 0.02);
        assert_eq!(guessing.outcome, Outcome::Exhausted);
        assert_eq!(keep(&[0.9], None, 0.0).outcome, Outcome::Exhausted);
    }

    #[test]
    fn an_interrupt_abandons_the_trial() {
        let mut script = Script {
            losses: vec![1.0],
            accuracies: vec![0.0],
            steps: 0,
            evaluations: 0,
            dies_at: None,
        };
        let interrupt = Interrupt::default();
        interrupt.request();
        let record = run_trial(&mut script, 0.1, &Protocol::default(), None, &interrupt);
        assert_eq!((record, script.steps), (None, 1));
    }
}
