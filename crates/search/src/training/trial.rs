//! One trial: the rule by which a training succeeds or fails, apart from how
//! the training is carried out.

use std::time::Instant;

use crate::{CurvePoint, Interrupt, Outcome, Protocol, SuccessRule, TrialRecord};

/// A training in progress.
pub trait Training {
    /// Takes one SGD step; gives the mini-batch's mean loss before it.
    fn step(&mut self) -> f64;

    /// Accuracy on the validation samples, 0 to 1.
    fn validation_accuracy(&mut self) -> f64;
}

/// What a protocol makes of a training, as its losses and accuracies come in.
///
/// The validation accuracy is looked at every `evaluate_every` steps and after
/// the last. *Success* as soon as it reaches the threshold or, under
/// [`SuccessRule::KeepAccuracy`], when the budget ends with no less than the
/// threshold and the initial accuracy, within the margin; *failure* at the
/// first loss that is not finite, or at the end of the budget. Without an
/// initial accuracy none is kept.
#[derive(Debug, Clone)]
pub struct Judge<'a> {
    protocol: &'a Protocol,
    initial_accuracy: Option<f64>,
    steps: usize,
    last_loss: f64,
    curve: Vec<CurvePoint>,
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
            last_loss: f64::NAN,
            curve: Vec::new(),
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
        self.last_loss = loss;
        if !loss.is_finite() {
            self.outcome = Some(Outcome::NonFinite);
        }
    }

    /// Whether the validation accuracy is wanted now.
    pub fn wants_accuracy(&self) -> bool {
        !self.is_over() && self.protocol.evaluates_after(self.steps)
    }

    /// The validation accuracy, 0 to 1, after the last step.
    pub fn evaluated(&mut self, accuracy: f64) {
        let protocol = self.protocol;
        self.curve.push(CurvePoint {
            step: self.steps,
            accuracy,
        });
        let at_the_end = self.steps == protocol.budget;
        let success = match protocol.success {
            SuccessRule::ReachThreshold => accuracy >= protocol.threshold,
            SuccessRule::KeepAccuracy => {
                at_the_end
                    && accuracy >= protocol.threshold
                    && self
                        .initial_accuracy
                        .is_some_and(|initial| accuracy >= initial - protocol.accuracy_margin)
            }
        };
        if success {
            self.outcome = Some(Outcome::Success);
        } else if at_the_end {
            self.outcome = Some(Outcome::Exhausted);
        }
    }

    /// The record of the trial, if it is over.
    pub fn record(self, learning_rate: f64, seconds: f64) -> Option<TrialRecord> {
        Some(TrialRecord {
            learning_rate,
            outcome: self.outcome?,
            steps: self.steps,
            last_loss: self.last_loss.is_finite().then_some(self.last_loss),
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
            judge.evaluated(training.validation_accuracy());
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
    }

    impl Training for Script {
        fn step(&mut self) -> f64 {
            self.steps += 1;
            self.losses[(self.steps - 1).min(self.losses.len() - 1)]
        }

        fn validation_accuracy(&mut self) -> f64 {
            self.evaluations += 1;
            self.accuracies[(self.evaluations - 1).min(self.accuracies.len() - 1)]
        }
    }

    fn run(losses: &[f64], accuracies: &[f64]) -> TrialRecord {
        let mut script = Script {
            losses: losses.to_vec(),
            accuracies: accuracies.to_vec(),
            steps: 0,
            evaluations: 0,
        };
        let protocol = Protocol {
            budget: 10,
            evaluate_every: 4,
            threshold: 0.5,
            ..Protocol::default()
        };
        run_trial(&mut script, 0.1, &protocol, None, &Interrupt::default()).unwrap()
    }

    fn steps_evaluated(record: &TrialRecord) -> Vec<usize> {
        record.curve.iter().map(|point| point.step).collect()
    }

    #[test]
    fn success_ends_the_trial_at_once() {
        let record = run(&[1.0], &[0.2, 0.5]);
        assert_eq!((record.outcome, record.steps), (Outcome::Success, 8));
        assert_eq!(steps_evaluated(&record), [4, 8]);
        assert_eq!(record.last_loss, Some(1.0));
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
            assert_eq!((record.last_loss, record.curve.len()), (None, 0));
        }
    }

    #[test]
    fn keeping_the_accuracy_is_judged_at_the_end_of_the_budget() {
        let keep = |accuracies: &[f64], initial, accuracy_margin| {
            let mut script = Script {
                losses: vec![1.0],
                accuracies: accuracies.to_vec(),
                steps: 0,
                evaluations: 0,
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
        };
        let interrupt = Interrupt::default();
        interrupt.request();
        let record = run_trial(&mut script, 0.1, &Protocol::default(), None, &interrupt);
        assert_eq!((record, script.steps), (None, 1));
    }
}
