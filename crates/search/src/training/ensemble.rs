//! Many networks at once.

use etastar_backend::Backend;
use etastar_sharpness::prediction::KernelPrediction;

use super::memory::bytes_per_network;
use super::repeat::PreparedRuns;
use super::round::Together;
use super::trainer::protocol;
use super::{BurnTrainer, Prepared, Run, Trainer, TrainerError};
use crate::{Cell, Interrupt, SharpnessRecord};

/// How large an ensemble may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EnsembleLimits {
    /// Networks.
    pub networks: usize,
    /// Bytes on the device, estimated.
    pub memory: u64,
}

impl Default for EnsembleLimits {
    /// 64 networks in 2 GiB.
    fn default() -> Self {
        Self {
            networks: 64,
            memory: 2 << 30,
        }
    }
}

/// Trains the networks of cells that differ in relative rates alone, of different repeats and learning
/// rates, as ensembles: one program for all of them instead of one program each. The
/// trials are those of the [`BurnTrainer`] whose data it uses, up to how the
/// backend rounds a batched product.
pub struct EnsembleTrainer<'t, B: Backend> {
    trainer: &'t BurnTrainer<B>,
    limits: EnsembleLimits,
}

impl<'t, B: Backend> EnsembleTrainer<'t, B> {
    /// Trains on the device of another trainer, with its data.
    pub fn new(trainer: &'t BurnTrainer<B>, limits: EnsembleLimits) -> Self {
        Self { trainer, limits }
    }
}

impl<B: Backend> Trainer for EnsembleTrainer<'_, B> {
    fn shape(&self, cell: &Cell) -> Result<(usize, usize), TrainerError> {
        self.trainer.shape(cell)
    }

    fn networks_at_once(&self, cell: &Cell) -> Result<usize, TrainerError> {
        let dataset = self.trainer.dataset(&cell.dataset)?;
        let train = &dataset.train;
        let needed = bytes_per_network(
            &cell.architecture(train.features, train.outputs),
            protocol(cell)?.batch_size,
            dataset.validation_samples(),
            size_of::<B::FloatElem>(),
        );
        let fit = self.limits.memory / needed.max(1);
        if fit == 0 {
            const MEBIBYTE: u64 = 1 << 20;
            return Err(TrainerError::Memory {
                depth: cell.depth(),
                needed: needed.div_ceil(MEBIBYTE),
                allowed: self.limits.memory / MEBIBYTE,
            });
        }
        let fit = usize::try_from(fit).unwrap_or(usize::MAX);
        Ok(fit.min(self.limits.networks).max(1))
    }

    fn prepare<'a>(&'a self, runs: &[Run<'a>]) -> Result<Box<dyn Prepared + 'a>, TrainerError> {
        let Some(Run { cell, .. }) = runs.first() else {
            return Err(TrainerError::NotPrepared(0));
        };
        Ok(Box::new(Together {
            protocol: protocol(cell)?,
            device: self.trainer.device(),
            at_once: self.networks_at_once(cell)?,
            prepared: PreparedRuns::new(self.trainer, runs)?,
        }))
    }

    fn measure_sharpness(
        &self,
        cell: &Cell,
        repeat: usize,
        interrupt: &Interrupt,
    ) -> Result<SharpnessRecord, TrainerError> {
        self.trainer.measure_sharpness(cell, repeat, interrupt)
    }

    fn predict_sharpness(&self, cell: &Cell) -> Result<KernelPrediction, TrainerError> {
        self.trainer.predict_sharpness(cell)
    }
}
