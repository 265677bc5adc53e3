//! One network after the other.

use std::ops::ControlFlow;

use etastar_backend::Backend;
use etastar_model::{LayerRates, Mlp, OptimiserState};

use super::batches::{Batches, scalar};
use super::repeat::{BurnRepeat, PreparedRuns};
use super::trial::{Evaluation, Training, run_trial};
use super::{Asked, Prepared, TrainerError};
use crate::{Interrupt, TrialRecord};

/// Runs whose trials are carried out one by one.
pub(super) struct OneByOne<'a, B: Backend>(pub(super) PreparedRuns<'a, B>);

impl<B: Backend> Prepared for OneByOne<'_, B> {
    fn trials(
        &mut self,
        asked: &[Asked],
        interrupt: &Interrupt,
        finished: &mut dyn FnMut(usize, TrialRecord) -> ControlFlow<()>,
    ) -> Result<(), TrainerError> {
        for asked in asked {
            let (repeat, rates) = self.0.run(asked.run)?;
            let Some(record) = trial(repeat, rates, asked.learning_rate, interrupt)? else {
                return Ok(());
            };
            if finished(asked.run, record).is_break() {
                return Ok(());
            }
        }
        Ok(())
    }
}

fn trial<B: Backend>(
    repeat: &mut BurnRepeat<'_, B>,
    rates: &LayerRates,
    learning_rate: f64,
    interrupt: &Interrupt,
) -> Result<Option<TrialRecord>, TrainerError> {
    let protocol = repeat.protocol;
    let initial_accuracy = repeat.initial_accuracy;
    let mut training = OneTraining {
        network: Some(repeat.initial.clone()),
        state: OptimiserState::new(repeat.optimiser(), rates),
        rates,
        learning_rate,
        steps: 0,
        beyond_kept: None,
        error: None,
        repeat,
    };
    let record = run_trial(
        &mut training,
        learning_rate,
        protocol,
        initial_accuracy,
        interrupt,
    );
    match training.error {
        Some(error) => Err(error),
        None => Ok(record),
    }
}

struct OneTraining<'r, 'a, B: Backend> {
    repeat: &'r mut BurnRepeat<'a, B>,
    /// Present between steps; a step consumes it and puts its successor here,
    /// if the training goes on.
    network: Option<Mlp<B>>,
    state: OptimiserState<B>,
    rates: &'r LayerRates,
    learning_rate: f64,
    steps: usize,
    beyond_kept: Option<Batches<'a, B>>,
    /// Why no step could be taken; ends the trial.
    error: Option<TrainerError>,
}

impl<B: Backend> OneTraining<'_, '_, B> {
    /// The loss before the step, and the network after it unless the loss is
    /// not finite: then the trial is over.
    fn network_after(&mut self, network: Mlp<B>) -> Result<(f64, Option<Mlp<B>>), TrainerError> {
        let Self {
            repeat,
            state,
            rates,
            learning_rate,
            ..
        } = self;
        if self.steps == 0 {
            let first = repeat.first_derivatives()?;
            let loss = scalar(&first.loss);
            let rate = *learning_rate * repeat.protocol.share_of_rate(1);
            let network = network.step_by(&first, state, rate, rates);
            return Ok((loss, Some(network)));
        }
        let batch = repeat.batch(self.steps, &mut self.beyond_kept)?;
        let pass = network.pass(&batch, repeat.protocol.loss);
        let loss = scalar(&pass.loss);
        let goes_on = loss.is_finite();
        let rate = *learning_rate * repeat.protocol.share_of_rate(self.steps + 1);
        let network = goes_on.then(|| pass.step(state, rate, rates));
        Ok((loss, network))
    }
}

impl<B: Backend> Training for OneTraining<'_, '_, B> {
    fn step(&mut self) -> f64 {
        let Some(network) = self.network.take() else {
            return f64::NAN;
        };
        match self.network_after(network) {
            Ok((loss, network)) => {
                self.network = network;
                self.steps += 1;
                loss
            }
            Err(error) => {
                self.error = Some(error);
                f64::NAN
            }
        }
    }

    fn evaluate(&mut self) -> Evaluation {
        let network = self.network.as_ref();
        let evaluations = network.map(|network| self.repeat.dataset.evaluate(network));
        evaluations
            .and_then(|evaluations| evaluations.first().copied())
            .unwrap_or(Evaluation {
                accuracy: 0.0,
                largest_output: f64::NAN,
            })
    }

    fn constant_loss(&mut self) -> Option<f64> {
        let network = self.network.as_ref()?;
        let (loss, batch) = (self.repeat.protocol.loss, self.repeat.any_batch()?);
        let dead = self.repeat.dataset.dead(network, loss) == [true];
        dead.then(|| scalar(&network.loss(batch, loss)))
    }
}
