//! One repeat on the device: what all its trials share.

use std::thread;

use etastar_backend::Backend;
use etastar_data::Targets;
use etastar_model::{Batch, Derivatives, InitialWeights, LayerRates, Mlp, Optimiser};

use super::batches::Batches;
use super::dataset::LoadedDataset;
use super::trainer::protocol;
use super::{BurnTrainer, Run, TrainerError};
use crate::{Protocol, SuccessRule};

/// Bytes of mini-batches that are kept on the device, so that trials after the
/// first of a repeat need not gather them again. Later steps gather anew.
const KEPT_BATCHES: usize = 64 << 20;

/// Runs, and what they start from, which several have in common if only their rates differ.
pub(super) struct PreparedRuns<'a, B: Backend> {
    pub(super) runs: Vec<PreparedRun>,
    pub(super) repeats: Vec<BurnRepeat<'a, B>>,
}

/// A run.
pub(super) struct PreparedRun {
    /// Index of what it starts from.
    pub(super) repeat: usize,
    /// The relative rates of its layers.
    pub(super) rates: LayerRates,
}

impl<'a, B: Backend> PreparedRuns<'a, B> {
    pub(super) fn new(trainer: &'a BurnTrainer<B>, runs: &[Run<'a>]) -> Result<Self, TrainerError> {
        let mut starts: Vec<Run<'a>> = Vec::new();
        let mut prepared = Vec::with_capacity(runs.len());
        for &run in runs {
            let known = starts.iter().position(|start| start.starts_with(&run));
            let repeat = known.unwrap_or_else(|| {
                starts.push(run);
                starts.len() - 1
            });
            let train = &trainer.dataset(&run.cell.dataset)?.train;
            let rates = run.cell.rates(train.features, train.outputs);
            prepared.push(PreparedRun { repeat, rates });
        }
        let keep_bytes = KEPT_BATCHES / starts.len().max(1);
        let mut repeats = Vec::with_capacity(starts.len());
        // No more weights are on the host at once than threads draw.
        let threads = thread::available_parallelism().map_or(1, usize::from);
        for runs in starts.chunks(threads) {
            for (&run, initial) in runs.iter().zip(initial_weights(trainer, runs)?) {
                repeats.push(BurnRepeat::prepare(trainer, run, &initial, keep_bytes)?);
            }
        }
        Ok(Self {
            runs: prepared,
            repeats,
        })
    }

    /// A run, and what it starts from.
    pub(super) fn run(
        &mut self,
        index: usize,
    ) -> Result<(&mut BurnRepeat<'a, B>, &LayerRates), TrainerError> {
        let run = self.runs.get(index);
        let run = run.ok_or(TrainerError::NotPrepared(index))?;
        Ok((&mut self.repeats[run.repeat], &run.rates))
    }
}

/// The initial weights of runs, each drawn by a thread of its own. Every repeat has its stream of
/// random numbers, so that the bits are those of one thread.
fn initial_weights<B: Backend>(
    trainer: &BurnTrainer<B>,
    runs: &[Run<'_>],
) -> Result<Vec<InitialWeights>, TrainerError> {
    let draw = |&Run { cell, repeat }: &Run<'_>| {
        let train = &trainer.dataset(&cell.dataset)?.train;
        let architecture = cell.architecture(train.features, train.outputs);
        trainer.initial_weights(&architecture, cell.vary.initialisation_of(repeat))
    };
    let Some((first, others)) = runs.split_first() else {
        return Ok(Vec::new());
    };
    thread::scope(|scope| {
        let threads: Vec<_> = others
            .iter()
            .map(|run| scope.spawn(move || draw(run)))
            .collect();
        let drawn = threads.into_iter().map(|thread| {
            let drawn = thread.join();
            drawn.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        });
        std::iter::once_with(|| draw(first)).chain(drawn).collect()
    })
}

impl Run<'_> {
    /// Whether all trials of both start from the same weights and have the same batches, for cells
    /// that train together.
    fn starts_with(&self, other: &Self) -> bool {
        let start = |run: &Self| {
            let vary = run.cell.vary;
            let repeat = run.repeat;
            (vary.initialisation_of(repeat), vary.batch_order_of(repeat))
        };
        // A checkpoint is trained at the rates of the run.
        let is_initial = self.cell.checkpoint.is_none() || self.cell == other.cell;
        is_initial && start(self) == start(other)
    }
}

/// Initial network and batch order of a repeat.
pub(super) struct BurnRepeat<'a, B: Backend> {
    pub(super) protocol: &'a Protocol,
    pub(super) dataset: &'a LoadedDataset<B>,
    /// The network every trial starts from.
    pub(super) initial: Mlp<B>,
    /// Its validation accuracy or R^2, where the success rule asks for it.
    pub(super) initial_accuracy: Option<f64>,
    /// Of the first step: every trial takes it from the same network on the
    /// same batch.
    first_derivatives: Option<Derivatives<B>>,
    /// The first mini-batches, in order.
    kept: Vec<Batch<B>>,
    /// How many mini-batches may be kept.
    may_keep: usize,
    /// The batches from the first one that is not kept.
    batches: Batches<'a, B>,
}

impl<'a, B: Backend> BurnRepeat<'a, B> {
    fn prepare(
        trainer: &'a BurnTrainer<B>,
        Run { cell, repeat }: Run<'a>,
        initial: &InitialWeights,
        keep_bytes: usize,
    ) -> Result<Self, TrainerError> {
        let dataset = trainer.dataset(&cell.dataset)?;
        let train = &dataset.train;
        let architecture = cell.architecture(train.features, train.outputs);
        let protocol = protocol(cell)?;
        let mut batches = trainer.batches(
            &cell.dataset,
            &architecture,
            protocol.batch_size,
            cell.vary.batch_order_of(repeat),
        )?;
        let initial = Mlp::upload(initial, trainer.device());
        let initial = match &cell.checkpoint {
            None => initial,
            Some(checkpoint) => {
                let rates = cell.rates(train.features, train.outputs);
                batches.train(initial, checkpoint, protocol.loss, &rates)?
            }
        };
        let initial_accuracy = match protocol.success {
            SuccessRule::KeepAccuracy => {
                let evaluations = dataset.evaluate(&initial);
                evaluations.first().map(|evaluation| evaluation.accuracy)
            }
            SuccessRule::ReachThreshold | SuccessRule::NoDivergence => None,
        };
        let elements = protocol.batch_size * (train.features + train.outputs);
        Ok(Self {
            protocol,
            dataset,
            initial,
            initial_accuracy,
            first_derivatives: None,
            kept: Vec::new(),
            // The first derivatives have a part of the first one anyway.
            may_keep: (keep_bytes / (elements * size_of::<B::FloatElem>())).max(1),
            batches,
        })
    }

    pub(super) fn optimiser(&self) -> Optimiser {
        self.protocol.optimiser()
    }

    /// Loss and derivatives of the first step.
    pub(super) fn first_derivatives(&mut self) -> Result<Derivatives<B>, TrainerError> {
        let derivatives = match self.first_derivatives.take() {
            Some(known) => known,
            None => {
                let batch = self.batch(0, &mut None)?;
                let loss = self.protocol.loss;
                self.initial.derivatives(&batch, loss)
            }
        };
        Ok(self.first_derivatives.insert(derivatives).clone())
    }

    /// A batch on which a network that no step can change any more has the loss of every further
    /// step: a dead network's outputs are zero, so that the labels of a mini-batch do not matter, and
    /// any will do. There is none where a loss may change: moments
    /// and weight decay go on without a gradient, and real targets
    /// give every mini-batch another loss.
    pub(super) fn any_batch(&self) -> Option<&Batch<B>> {
        let reals = matches!(self.dataset.train.targets, Targets::Reals(_));
        self.kept
            .first()
            .filter(|_| !reals && self.optimiser().is_plain())
    }

    /// The mini-batch of a step of a trial, which asks for one after the other
    /// from step 0 on. `beyond_kept` is the trial's own place in those that
    /// the repeat does not keep, at first none.
    pub(super) fn batch(
        &mut self,
        step: usize,
        beyond_kept: &mut Option<Batches<'a, B>>,
    ) -> Result<Batch<B>, TrainerError> {
        if let Some(batch) = self.kept.get(step) {
            return Ok(batch.clone());
        }
        if self.kept.len() < self.may_keep {
            let batch = self.batches.next_batch()?;
            self.kept.push(batch.clone());
            return Ok(batch);
        }
        beyond_kept
            .get_or_insert_with(|| self.batches.clone())
            .next_batch()
    }
}
