//! Mini-batches on the device, one after the other.

use burn_tensor::{ElementConversion, Tensor};
use etastar_backend::Backend;
use etastar_data::{BatchOrder, Samples, gather};
use etastar_model::{Batch, LayerRates, Loss, Mlp};
use rand_chacha::ChaCha8Rng;

use crate::{Checkpoint, TrainerError};

/// The mini-batches of one repeat, from some place in their order on.
#[derive(Clone)]
pub(crate) struct Batches<'a, B: Backend> {
    train: &'a Samples,
    order: BatchOrder<ChaCha8Rng>,
    device: &'a B::Device,
}

impl<'a, B: Backend> Batches<'a, B> {
    pub(crate) fn new(
        train: &'a Samples,
        order: BatchOrder<ChaCha8Rng>,
        device: &'a B::Device,
    ) -> Self {
        Self {
            train,
            order,
            device,
        }
    }

    /// The next one.
    pub(crate) fn next_batch(&mut self) -> Result<Batch<B>, TrainerError> {
        let (mut inputs, mut targets) = (Vec::new(), Vec::new());
        gather(
            self.train,
            self.order.next_batch(),
            &mut inputs,
            &mut targets,
        )?;
        let shape = [self.train.features, self.train.outputs];
        Ok(Batch::from_rows(inputs, targets, shape, self.device))
    }

    /// Trains a network to a checkpoint; the batches it used are gone.
    pub(crate) fn train(
        &mut self,
        mut network: Mlp<B>,
        checkpoint: &Checkpoint,
        loss: Loss,
        rates: &LayerRates,
    ) -> Result<Mlp<B>, TrainerError> {
        for step in 0..checkpoint.steps {
            let batch = self.next_batch()?;
            let before;
            (network, before) = network.sgd_step(&batch, loss, checkpoint.learning_rate, rates);
            if !scalar(&before).is_finite() {
                return Err(TrainerError::CheckpointDiverged {
                    learning_rate: checkpoint.learning_rate,
                    step,
                });
            }
        }
        Ok(network)
    }
}

/// Samples on the device.
pub(crate) fn upload<B: Backend>(samples: Samples, device: &B::Device) -> Batch<B> {
    let targets = samples.target_rows();
    let shape = [samples.features, samples.outputs];
    Batch::from_rows(samples.inputs, targets, shape, device)
}

/// The value of a one-element tensor.
pub(crate) fn scalar<B: Backend>(tensor: &Tensor<B, 1>) -> f64 {
    tensor.clone().into_scalar().elem()
}
