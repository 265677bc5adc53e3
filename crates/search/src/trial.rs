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

/// Trains until success, failure or an interrupt (`None`).
///
/// The validation accuracy is looked at every `evaluate_every` steps and after
/// the last. *Success* as soon as it reaches the threshold or, under
/// [`SuccessRule::KeepAccuracy`], when the budget ends with no less than the
/// threshold and `initial_accuracy`, within the margin; *failure* at the first loss that is not finite, or at
/// the end of the budget. Without an initial accuracy none is kept.
pub fn run_trial(
    training: &mut impl Training,
    learning_rate: f64,
    protocol: &Protocol,
    initial_accuracy: Option<f64>,
    interrupt: &Interrupt,
) -> Option<TrialRecord> {
    let started = Instant::now();
    let mut curve = Vec::new();
    let mut last_loss = f64::NAN;
    let mut steps = 0;
    let mut outcome = Outcome::Exhausted;
    while steps < protocol.budget {
        last_loss = training.step();
        steps += 1;
        if !last_loss.is_finite() {
            outcome = Outcome::NonFinite;
            break;
        }
        if steps.is_multiple_of(protocol.evaluate_every) || steps == protocol.budget {
            let accuracy = training.validation_accuracy();
            curve.push(CurvePoint {
                step: steps,
                accuracy,
            });
            let success = match protocol.success {
                SuccessRule::ReachThreshold => accuracy >= protocol.threshold,
                SuccessRule::KeepAccuracy => {
                    steps == protocol.budget
                        && accuracy >= protocol.threshold
                        && initial_accuracy
                            .is_some_and(|initial| accuracy >= initial - protocol.accuracy_margin)
                }
            };
            if success {
                outcome = Outcome::Success;
                break;
            }
        }
        if interrupt.is_requested() {
            return None;
        }
    }
    Some(TrialRecord {
        learning_rate,
        outcome,
        steps,
        last_loss: last_loss.is_finite().then_some(last_loss),
        curve,
        seconds: started.elapsed().as_secs_f64(),
    })
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
