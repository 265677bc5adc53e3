//! The sharpness of networks, and the learning rates that are cheap to find beside it.

use etastar_backend::Backend;
use etastar_model::{LayerRates, Mlp};
use etastar_sharpness::MeasureOptions;
use etastar_sharpness::certificate::PropagatorOptions;
use etastar_sharpness::measure;
use etastar_sharpness::operator::ObjectiveOptions;
use etastar_sharpness::prediction::{KernelPrediction, PredictionSettings, Samples};

use super::{BurnTrainer, TrainerError, scalar, upload};
use crate::cheap_rates::{critical_rate, range_test};
use crate::{Cell, CheapRateSettings, CheapRates, Interrupt, SharpnessRecord, SharpnessSettings};

impl<B: Backend> BurnTrainer<B> {
    /// Measures the network of one repeat, and its cheap rates if the cell asks
    /// for them.
    pub(super) fn sharpness(
        &self,
        cell: &Cell,
        settings: &SharpnessSettings,
        repeat: usize,
        interrupt: &Interrupt,
    ) -> Result<SharpnessRecord, TrainerError> {
        let train = self.training_samples(&cell.dataset)?;
        let rates = cell.rates(train.features, train.outputs);
        let network = self.measured_network(cell, &rates, repeat)?;
        let data = upload(train.part(0..settings.samples), self.device());
        let options = MeasureOptions {
            bounds: settings.bounds.then(PropagatorOptions::default),
            adam_batch: settings.adam_batch(),
            objective: ObjectiveOptions {
                interrupt: interrupt.clone(),
                ..ObjectiveOptions::default()
            },
            ..MeasureOptions::default()
        };
        let sharpness = measure(&network, &data, settings.loss, &rates, &options)?;
        let cheap_rates = settings.cheap_rates.as_ref();
        let cheap_rates = cheap_rates
            .map(|settings| self.cheap_rates(cell, settings, network, &rates, repeat))
            .transpose()?;
        Ok(SharpnessRecord {
            sharpness,
            cheap_rates,
            seconds: 0.0,
        })
    }

    /// Predicts `lambda_1(G)` from the data, without a network.
    pub(super) fn kernel_prediction(
        &self,
        cell: &Cell,
        settings: &SharpnessSettings,
    ) -> Result<KernelPrediction, TrainerError> {
        let train = self.training_samples(&cell.dataset)?;
        let samples = Samples::new(
            &train.inputs[..settings.samples * train.features],
            train.features,
        )?;
        Ok(KernelPrediction::new(
            &cell.architecture(train.features, train.outputs),
            settings.loss,
            cell.input_rate,
            &samples,
            PredictionSettings::default(),
        )?)
    }

    /// The cheap rates of a network, on the batches of its repeat.
    fn cheap_rates(
        &self,
        cell: &Cell,
        settings: &CheapRateSettings,
        network: Mlp<B>,
        rates: &LayerRates,
        repeat: usize,
    ) -> Result<CheapRates, TrainerError> {
        let train = self.training_samples(&cell.dataset)?;
        let architecture = cell.architecture(train.features, train.outputs);
        let mut batches =
            self.batches(&cell.dataset, &architecture, settings.batch_size, repeat)?;
        let mut batch = batches.next_batch()?;
        let (before, gradient) = network.gradient(&batch, cell.loss());
        let critical = critical_rate(settings, scalar(&before), |rate| {
            let moved = network.descend(&gradient, rate, rates);
            scalar(&moved.loss(&batch, cell.loss()))
        });
        let mut trained = network;
        let range_test = range_test(settings, |rate| {
            let before;
            (trained, before) = trained.clone().sgd_step(&batch, cell.loss(), rate, rates);
            batch = batches.next_batch()?;
            Ok::<_, TrainerError>(scalar(&before))
        })?;
        Ok(CheapRates {
            critical,
            range_test,
        })
    }

    /// The network of one repeat, trained to the cell's checkpoint.
    fn measured_network(
        &self,
        cell: &Cell,
        rates: &LayerRates,
        repeat: usize,
    ) -> Result<Mlp<B>, TrainerError> {
        let train = self.training_samples(&cell.dataset)?;
        let architecture = cell.architecture(train.features, train.outputs);
        let network = self.network(&architecture, repeat)?;
        match &cell.checkpoint {
            None => Ok(network),
            Some(checkpoint) => self
                .batches(&cell.dataset, &architecture, checkpoint.batch_size, repeat)?
                .train(network, checkpoint, cell.loss(), rates),
        }
    }
}
