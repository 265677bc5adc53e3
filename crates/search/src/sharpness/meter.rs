use etastar_backend::Backend;
use etastar_model::{Batch, LayerRates, Mlp};
use etastar_sharpness::certificate::PropagatorOptions;
use etastar_sharpness::prediction::{KernelPrediction, PredictionSettings, Samples};
use etastar_sharpness::{MeasureOptions, NetworkSharpness, measure};

use super::SharpnessCell;
use crate::cheap_rates::{critical_rate, range_test};
use crate::training::scalar;
use crate::{BurnTrainer, CheapRateSettings, CheapRates, TrainerError};

/// Measures and predicts the sharpness of cells.
pub trait SharpnessMeter: Sync {
    /// Numbers of input features and classes of the cell's data.
    ///
    /// # Errors
    /// If there are no such data, or fewer samples than the cell asks for.
    fn shape(&self, cell: &SharpnessCell) -> Result<(usize, usize), TrainerError>;

    /// Measures the network of one repeat, and its cheap rates if the cell asks
    /// for them.
    ///
    /// # Errors
    /// If the cell cannot be measured.
    fn measure(
        &self,
        cell: &SharpnessCell,
        repeat: usize,
    ) -> Result<(NetworkSharpness, Option<CheapRates>), TrainerError>;

    /// Predicts `lambda_1(G)` from the data, without a network.
    ///
    /// # Errors
    /// If the kernel does not exist for the cell.
    fn predict(&self, cell: &SharpnessCell) -> Result<KernelPrediction, TrainerError>;
}

impl<B: Backend> SharpnessMeter for BurnTrainer<B> {
    fn shape(&self, cell: &SharpnessCell) -> Result<(usize, usize), TrainerError> {
        let train = self.training_samples(&cell.dataset)?;
        if train.len() < cell.samples {
            return Err(TrainerError::TooFewSamples {
                asked: cell.samples,
                available: train.len(),
            });
        }
        Ok((train.features, train.classes))
    }

    fn measure(
        &self,
        cell: &SharpnessCell,
        repeat: usize,
    ) -> Result<(NetworkSharpness, Option<CheapRates>), TrainerError> {
        let (features, classes) = SharpnessMeter::shape(self, cell)?;
        let train = self.training_samples(&cell.dataset)?;
        let rates = LayerRates::with_input_rate(cell.depth(), cell.input_rate);
        let network = self.measured_network(cell, &rates, repeat)?;
        let data = Batch::upload(
            &train.inputs[..cell.samples * features],
            &train.labels[..cell.samples],
            features,
            classes,
            self.device(),
        );
        let options = MeasureOptions {
            bounds: cell.bounds.then(PropagatorOptions::default),
            ..MeasureOptions::default()
        };
        let sharpness = measure(&network, &data, cell.loss, &rates, &options)?;
        let cheap_rates = cell.cheap_rates.as_ref();
        let cheap_rates = cheap_rates
            .map(|settings| self.cheap_rates(cell, settings, network, &rates, repeat))
            .transpose()?;
        Ok((sharpness, cheap_rates))
    }

    fn predict(&self, cell: &SharpnessCell) -> Result<KernelPrediction, TrainerError> {
        let (features, classes) = SharpnessMeter::shape(self, cell)?;
        let train = self.training_samples(&cell.dataset)?;
        let samples = Samples::new(&train.inputs[..cell.samples * features], features)?;
        Ok(KernelPrediction::new(
            &cell.architecture(features, classes),
            cell.loss,
            cell.input_rate,
            &samples,
            PredictionSettings::default(),
        )?)
    }
}

impl<B: Backend> BurnTrainer<B> {
    /// The cheap rates of a network, on the batches of its repeat.
    fn cheap_rates(
        &self,
        cell: &SharpnessCell,
        settings: &CheapRateSettings,
        network: Mlp<B>,
        rates: &LayerRates,
        repeat: usize,
    ) -> Result<CheapRates, TrainerError> {
        let (features, classes) = SharpnessMeter::shape(self, cell)?;
        let architecture = cell.architecture(features, classes);
        let mut batches =
            self.batches(&cell.dataset, &architecture, settings.batch_size, repeat)?;
        let mut batch = batches.next_batch()?;
        let (before, gradient) = network.gradient(&batch, cell.loss);
        let critical = critical_rate(settings, scalar(&before), |rate| {
            let moved = network.descend(&gradient, rate, rates);
            scalar(&moved.loss(&batch, cell.loss))
        });
        let mut trained = network;
        let range_test = range_test(settings, |rate| {
            let before;
            (trained, before) = trained.clone().sgd_step(&batch, cell.loss, rate, rates);
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
        cell: &SharpnessCell,
        rates: &LayerRates,
        repeat: usize,
    ) -> Result<Mlp<B>, TrainerError> {
        let (features, classes) = SharpnessMeter::shape(self, cell)?;
        let architecture = cell.architecture(features, classes);
        let network = self.network(&architecture, repeat)?;
        match &cell.checkpoint {
            None => Ok(network),
            Some(checkpoint) => self
                .batches(&cell.dataset, &architecture, checkpoint.batch_size, repeat)?
                .train(network, checkpoint, cell.loss, rates),
        }
    }
}
