//! One network after the other.

use std::ops::ControlFlow;

use etastar_backend::Backend;
use etastar_model::Mlp;

use super::batches::{Batches, scalar};
use super::repeat::BurnRepeat;
use super::trial::{Training, run_trial};
use super::{Asked, Prepared, TrainerError};
use crate::{Interrupt, TrialRecord};

/// Repeats whose trials are carried out one by one.
pub(super) struct OneByOne<'a, B: Backend>(pub(super) Vec<BurnRepeat<'a, B>>);

impl<B: Backend> Prepared for OneByOne<'_, B> {
    fn trials(
        &mut self,
        asked: &[Asked],
        interrupt: &Interrupt,
        finished: &mut dyn FnMut(usize, TrialRecord) -> ControlFlow<()>,
    ) -> Result<(), TrainerError> {
        for asked in asked {
            let repeat = self.0.iter_mut().find(|one| one.repeat == asked.repeat);
            let repeat = repeat.ok_or(TrainerError::NotPrepared(asked.repeat))?;
            let Some(record) = trial(repeat, asked.learning_rate, interrupt)? else {
                return Ok(());
            };
            if finished(asked.repeat, record).is_break() {
                return Ok(());
            }
        }
        Ok(())
    }
}

fn trial<B: Backend>(
    repeat: &mut BurnRepeat<'_, B>,
    learning_rate: f64,
    interrupt: &Interrupt,
) -> Result<Option<TrialRecord>, TrainerError> {
    let protocol = &repeat.cell.protocol;
    let initial_accuracy = repeat.initial_accuracy;
    let mut training = OneTraining {
        network: Some(repeat.initial.clone()),
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
    /// Present between steps; a step consumes it and puts its successor here.
    network: Option<Mlp<B>>,
    learning_rate: f64,
    steps: usize,
    beyond_kept: Option<Batches<'a, B>>,
    /// Why no batch could be gathered; ends the trial.
    error: Option<TrainerError>,
}

impl<B: Backend> Training for OneTraining<'_, '_, B> {
    fn step(&mut self) -> f64 {
        let batch = match self.repeat.batch(self.steps, &mut self.beyond_kept) {
            Ok(batch) => batch,
            Err(error) => {
                self.error = Some(error);
                return f64::NAN;
            }
        };
        let Some(network) = self.network.take() else {
            return f64::NAN;
        };
        let loss = self.repeat.cell.protocol.loss;
        let (network, loss) =
            network.sgd_step(&batch, loss, self.learning_rate, &self.repeat.rates);
        self.network = Some(network);
        self.steps += 1;
        scalar(&loss)
    }

    fn validation_accuracy(&mut self) -> f64 {
        let accuracies = self.network.as_ref();
        let accuracies = accuracies.map(|network| self.repeat.dataset.accuracies(network));
        accuracies
            .and_then(|accuracies| accuracies.first().copied())
            .unwrap_or(0.0)
    }
}
