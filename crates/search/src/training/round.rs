//! Trials that are carried out together, from the first step to the last.

use std::ops::ControlFlow;
use std::time::Instant;

use burn_tensor::{Int, Tensor, TensorData};
use etastar_backend::Backend;
use etastar_model::{
    Batch, Derivatives, Ensemble, EnsembleRates, LayerDerivative, LayerRates, OptimiserState,
};

use super::batches::Batches;
use super::repeat::PreparedRuns;
use super::trial::Judge;
use super::{Asked, Prepared, TrainerError};
use crate::{Interrupt, Protocol, TrialRecord};

/// Runs whose trials are carried out together, all under one protocol.
pub(super) struct Together<'a, B: Backend> {
    pub(super) protocol: &'a Protocol,
    pub(super) device: &'a B::Device,
    pub(super) at_once: usize,
    pub(super) prepared: PreparedRuns<'a, B>,
}

impl<B: Backend> Prepared for Together<'_, B> {
    fn trials(
        &mut self,
        asked: &[Asked],
        interrupt: &Interrupt,
        finished: &mut dyn FnMut(usize, TrialRecord) -> ControlFlow<()>,
    ) -> Result<(), TrainerError> {
        for asked in asked.chunks(self.at_once) {
            let mut round = Round::new(self, asked)?;
            while !round.is_over() {
                if round.advance(finished)?.is_break() || interrupt.is_requested() {
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}

/// A network of an ensemble.
struct Member<'a> {
    asked: Asked,
    judge: Judge<'a>,
    /// Its share of the time so far.
    seconds: f64,
    /// Index of its row in the ensemble's tensors.
    row: usize,
    /// Index of its repeat among the ensemble's.
    source: usize,
}

/// A repeat that has networks in an ensemble, and the ensemble's place in its
/// batches.
struct Source<'a, B: Backend> {
    /// Index among the prepared repeats.
    repeat: usize,
    beyond_kept: Option<Batches<'a, B>>,
}

/// Trials under way, from the first step to the last.
pub(super) struct Round<'r, 'a, B: Backend> {
    prepared: &'r mut Together<'a, B>,
    networks: Ensemble<B>,
    rates: EnsembleRates<B>,
    state: OptimiserState<B, 3>,
    /// Trials that are not over.
    members: Vec<Member<'a>>,
    sources: Vec<Source<'a, B>>,
    /// The source of every row.
    source_of_row: Tensor<B, 1, Int>,
    steps: usize,
}

impl<'r, 'a, B: Backend> Round<'r, 'a, B> {
    pub(super) fn new(
        prepared: &'r mut Together<'a, B>,
        asked: &[Asked],
    ) -> Result<Self, TrainerError> {
        let protocol = prepared.protocol;
        let mut sources: Vec<Source<'a, B>> = Vec::new();
        let mut members = Vec::with_capacity(asked.len());
        let mut initial = Vec::with_capacity(asked.len());
        let mut rates = Vec::with_capacity(asked.len());
        let PreparedRuns { runs, repeats } = &prepared.prepared;
        for (row, &asked) in asked.iter().enumerate() {
            let run = runs.get(asked.run);
            let run = run.ok_or(TrainerError::NotPrepared(asked.run))?;
            let repeat = run.repeat;
            rates.push((asked.learning_rate, run.rates.clone()));
            let known = sources.iter().position(|source| source.repeat == repeat);
            let source = known.unwrap_or_else(|| {
                sources.push(Source {
                    repeat,
                    beyond_kept: None,
                });
                sources.len() - 1
            });
            let repeat = &repeats[repeat];
            initial.push(&repeat.initial);
            members.push(Member {
                asked,
                judge: Judge::new(protocol, repeat.initial_accuracy),
                seconds: 0.0,
                row,
                source,
            });
        }
        let networks = Ensemble::stack(&initial);
        // What the state asks of the rates, which layers are frozen, all runs have in common.
        let relative = rates.first().map(|(_, relative)| relative.clone());
        let relative = relative.unwrap_or_else(|| LayerRates::uniform(networks.depth()));
        let state = OptimiserState::new(protocol.optimiser(), &relative);
        let rates = EnsembleRates::of_networks(rates, networks.depth(), prepared.device);
        let source_of_row = indices(members.iter().map(|member| member.source), prepared.device);
        Ok(Self {
            prepared,
            networks,
            rates,
            state,
            members,
            sources,
            source_of_row,
            steps: 0,
        })
    }

    /// Whether every trial is over.
    pub(super) fn is_over(&self) -> bool {
        self.members.is_empty()
    }

    /// Trains to the next evaluation and judges. The losses of all these steps
    /// are read at once: waiting for the device at every step would take
    /// longer than the step. A network that blows up in between goes on with
    /// what is not finite until then, which disturbs no other.
    pub(super) fn advance(
        &mut self,
        finished: &mut dyn FnMut(usize, TrialRecord) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, TrainerError> {
        let started = Instant::now();
        let losses = self.train_to_evaluation()?;
        let rows = self.networks.networks();
        for member in &mut self.members {
            for step in losses.chunks_exact(rows) {
                if !member.judge.is_over() {
                    member.judge.stepped(step[member.row]);
                }
            }
        }
        if self.members.iter().any(|one| one.judge.wants_accuracy()) {
            let repeats = &self.prepared.prepared.repeats;
            let dataset = repeats[0].dataset;
            let evaluations = dataset.evaluate(&self.networks);
            let mut perhaps_dead = Vec::new();
            for member in &mut self.members {
                if !member.judge.wants_accuracy() {
                    continue;
                }
                let evaluation = evaluations[member.row];
                member.judge.evaluated(evaluation);
                let batch = repeats[self.sources[member.source].repeat].any_batch();
                if let Some(batch) = batch.filter(|_| evaluation.may_be_dead()) {
                    perhaps_dead.push((member, evaluation, batch));
                }
            }
            if !perhaps_dead.is_empty() {
                let rows = perhaps_dead.iter().map(|(member, ..)| member.row);
                let rows = indices::<B>(rows, self.prepared.device);
                let networks = self.networks.select(&rows);
                let loss = self.prepared.protocol.loss;
                let stacked = |part: fn(&Batch<B>) -> Tensor<B, 2>| {
                    let parts = perhaps_dead.iter().map(|(.., batch)| part(batch));
                    Tensor::stack::<3>(parts.collect(), 0)
                };
                let batch = Batch {
                    inputs: stacked(|batch| batch.inputs.clone()),
                    targets: stacked(|batch| batch.targets.clone()),
                };
                let losses = networks.loss(&batch, loss).into_data();
                let dead = dataset.dead(&networks, loss).into_iter();
                let found = perhaps_dead.into_iter().zip(dead.zip(losses.iter::<f64>()));
                for ((member, evaluation, _), (dead, loss)) in found {
                    if dead {
                        member.judge.stays_as_it_is(loss, evaluation);
                    }
                }
            }
        }
        let share = started.elapsed().as_secs_f64() / self.members.len() as f64;
        for member in &mut self.members {
            member.seconds += share;
        }
        let (over, going_on): (Vec<_>, Vec<_>) = std::mem::take(&mut self.members)
            .into_iter()
            .partition(|member| member.judge.is_over());
        self.members = going_on;
        for member in over {
            let Asked { run, learning_rate } = member.asked;
            let record = member.judge.record(learning_rate, member.seconds);
            if let Some(record) = record
                && finished(run, record).is_break()
            {
                return Ok(ControlFlow::Break(()));
            }
        }
        if 2 * self.members.len() <= rows {
            self.retire();
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Losses of every step to the next evaluation, step by step, row by row.
    fn train_to_evaluation(&mut self) -> Result<Vec<f64>, TrainerError> {
        let protocol = self.prepared.protocol;
        let mut losses = Vec::new();
        loop {
            // Moved out, so that the backend may work in place.
            let networks = std::mem::replace(&mut self.networks, Ensemble::new(Vec::new()));
            let share = protocol.share_of_rate(self.steps + 1);
            let rates = self.rates.scaled(share);
            let (networks, loss) = if self.steps == 0 {
                let derivatives = self.first_derivatives()?;
                let loss = derivatives.loss.clone();
                let networks = networks.step_by(&derivatives, &mut self.state, &rates);
                (networks, loss)
            } else {
                let pass = networks.pass(&self.batch()?, protocol.loss);
                let loss = pass.loss.clone();
                (pass.step(&mut self.state, &rates), loss)
            };
            self.networks = networks;
            losses.push(loss);
            self.steps += 1;
            if protocol.evaluates_after(self.steps) {
                break;
            }
        }
        let data = Tensor::cat(losses, 0).into_data();
        Ok(data.iter::<f64>().collect())
    }

    /// The next mini-batch of every network.
    fn batch(&mut self) -> Result<Batch<B, 3>, TrainerError> {
        let mut inputs = Vec::with_capacity(self.sources.len());
        let mut targets = Vec::with_capacity(self.sources.len());
        for source in &mut self.sources {
            let repeat = &mut self.prepared.prepared.repeats[source.repeat];
            let batch = repeat.batch(self.steps, &mut source.beyond_kept)?;
            inputs.push(batch.inputs);
            targets.push(batch.targets);
        }
        Ok(Batch {
            inputs: self.spread(inputs),
            targets: self.spread(targets),
        })
    }

    /// The derivatives of the first step, and the loss of every network.
    fn first_derivatives(&mut self) -> Result<Derivatives<B, 3>, TrainerError> {
        let mut first = Vec::with_capacity(self.sources.len());
        for source in &self.sources {
            let repeat = &mut self.prepared.prepared.repeats[source.repeat];
            first.push(repeat.first_derivatives()?);
        }
        let losses = first.iter().map(|one| one.loss.clone()).collect();
        let count = first.first().map_or(0, |one| one.layers.len());
        let layers = (0..count).map(|layer| {
            let of_layer = || first.iter().map(|one| &one.layers[layer]);
            let gains: Option<_> = of_layer().map(|one| one.gain.clone()).collect();
            LayerDerivative {
                input: self.spread(of_layer().map(|one| one.input.clone()).collect()),
                delta: self.spread(of_layer().map(|one| one.delta.clone()).collect()),
                gain: gains.map(|gains| self.spread(gains)),
            }
        });
        Ok(Derivatives {
            layers: layers.collect(),
            loss: Tensor::cat(losses, 0).select(0, self.source_of_row.clone()),
        })
    }

    /// Matrices of the sources for the networks: one for all of them, where
    /// all are of one repeat.
    fn spread(&self, of_sources: Vec<Tensor<B, 2>>) -> Tensor<B, 3> {
        let one_for_all = of_sources.len() == 1;
        let stacked = Tensor::stack::<3>(of_sources, 0);
        if one_for_all {
            stacked
        } else {
            stacked.select(0, self.source_of_row.clone())
        }
    }

    /// Takes the networks whose trials are over out of the ensemble.
    fn retire(&mut self) {
        if self.members.is_empty() {
            return;
        }
        let device = self.prepared.device;
        let kept: Vec<usize> = self.members.iter().map(|member| member.row).collect();
        let rows = indices::<B>(kept.iter().copied(), device);
        self.networks = self.networks.select(&rows);
        self.rates = self.rates.select(&kept);
        self.state = self.state.select(&rows);
        for (row, member) in self.members.iter_mut().enumerate() {
            member.row = row;
        }
        let used = |index: usize| self.members.iter().any(|member| member.source == index);
        let still_used: Vec<usize> = (0..self.sources.len())
            .filter(|&index| used(index))
            .collect();
        let mut index = 0;
        self.sources.retain(|_| {
            index += 1;
            still_used.contains(&(index - 1))
        });
        for member in &mut self.members {
            let source = still_used.iter().position(|&index| index == member.source);
            member.source = source.unwrap_or(0);
        }
        self.source_of_row = indices(self.members.iter().map(|member| member.source), device);
    }
}

fn indices<B: Backend>(
    values: impl Iterator<Item = usize>,
    device: &B::Device,
) -> Tensor<B, 1, Int> {
    let values: Vec<i32> = values
        .map(|value| i32::try_from(value).unwrap_or(i32::MAX))
        .collect();
    let count = values.len();
    Tensor::from_data(
        TensorData::new(values, [count]).convert::<B::IntElem>(),
        device,
    )
}
