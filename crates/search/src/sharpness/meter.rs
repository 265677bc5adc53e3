use burn_tensor::backend::Backend;
use etastar_model::{Batch, InitialWeights, LayerRates, Mlp};
use etastar_sharpness::certificate::PropagatorOptions;
use etastar_sharpness::prediction::{KernelPrediction, PredictionSettings, Samples};
use etastar_sharpness::{MeasureOptions, NetworkSharpness, measure};

use super::SharpnessCell;
use crate::{BurnTrainer, TrainerError};

/// Measures and predicts the sharpness of cells.
pub trait SharpnessMeter: Sync {
    /// Numbers of input features and classes of the cell's data.
    ///
    /// # Errors
    /// If there are no such data, or fewer samples than the cell asks for.
    fn shape(&self, cell: &SharpnessCell) -> Result<(usize, usize), TrainerError>;

    /// Measures the network of one repeat.
    ///
    /// # Errors
    /// If the cell cannot be measured.
    fn measure(
        &self,
        cell: &SharpnessCell,
        repeat: usize,
    ) -> Result<NetworkSharpness, TrainerError>;

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
    ) -> Result<NetworkSharpness, TrainerError> {
        let (features, classes) = SharpnessMeter::shape(self, cell)?;
        let train = self.training_samples(&cell.dataset)?;
        let architecture = cell.architecture(features, classes);
        architecture.validate()?;
        let mut rng = self.seed().initialisation(&architecture, repeat);
        let initial = InitialWeights::draw::<B::FloatElem>(&architecture, &mut rng);
        let network = Mlp::<B>::new(&initial, self.device());
        let data = Batch::upload(
            &train.inputs[..cell.samples * features],
            &train.labels[..cell.samples],
            features,
            classes,
            self.device(),
        );
        let rates = LayerRates::with_input_rate(cell.depth(), cell.input_rate);
        let options = MeasureOptions {
            bounds: cell.bounds.then(PropagatorOptions::default),
            ..MeasureOptions::default()
        };
        Ok(measure(&network, &data, cell.loss, &rates, &options)?)
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
