//! Trainers whose eta\* is known, to test whatever uses a trainer without
//! training anything.

use crate::random::MasterSeed;
use crate::training::protocol;
use crate::{
    Asked, Cell, CurvePoint, Interrupt, Outcome, Prepared, Protocol, Trainer, TrainerError,
    TrialRecord,
};
use std::ops::ControlFlow;

use rand::Rng;
use rand_distr::{Distribution, StandardNormal};

/// Which rates succeed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Edge {
    /// Every rate up to the edge.
    Sharp,
    /// Every rate up to an edge that differs between repeats by normal noise
    /// of this standard deviation, in octaves.
    Noisy(f64),
    /// Every rate up to the edge, and those from one to two octaves above it.
    NonMonotone,
    /// None.
    NeverSucceeds,
    /// All.
    AlwaysSucceeds,
}

/// A trainer whose eta\* obeys `2^(intercept - exponent log2(depth width))`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MockTrainer {
    /// `log2` of the law's constant.
    pub intercept: f64,
    /// The law's exponent.
    pub exponent: f64,
    /// Which rates succeed.
    pub edge: Edge,
    /// Seed of the noise.
    pub seed: u64,
}

impl MockTrainer {
    /// `log2 eta*` of a cell, without noise. The width is the mean one.
    pub fn log2_eta_star(&self, cell: &Cell) -> f64 {
        let total: usize = cell.hidden.iter().sum();
        self.intercept - self.exponent * (total.max(1) as f64).log2()
    }
}

impl Trainer for MockTrainer {
    fn shape(&self, _cell: &Cell) -> Result<(usize, usize), TrainerError> {
        Ok((64, 10))
    }

    fn prepare<'a>(
        &'a self,
        cell: &'a Cell,
        _repeats: &[usize],
    ) -> Result<Box<dyn Prepared + 'a>, TrainerError> {
        Ok(Box::new(MockRepeats {
            trainer: self,
            cell,
            protocol: protocol(cell)?,
        }))
    }
}

struct MockRepeats<'a> {
    trainer: &'a MockTrainer,
    cell: &'a Cell,
    protocol: &'a Protocol,
}

impl MockRepeats<'_> {
    fn noise(&self, repeat: usize) -> f64 {
        match self.trainer.edge {
            Edge::Noisy(deviation) => {
                let architecture = self.cell.architecture(64, 10);
                let seed = MasterSeed(self.trainer.seed);
                deviation * sample_normal(&mut seed.initialisation(&architecture, repeat))
            }
            _ => 0.0,
        }
    }

    fn record(&self, asked: Asked) -> TrialRecord {
        let edge = self.trainer.log2_eta_star(self.cell) + self.noise(asked.repeat);
        let above = asked.learning_rate.log2() - edge;
        let success = match self.trainer.edge {
            Edge::Sharp | Edge::Noisy(_) => above <= 0.0,
            Edge::NonMonotone => above <= 0.0 || (1.0..=2.0).contains(&above),
            Edge::NeverSucceeds => false,
            Edge::AlwaysSucceeds => true,
        };
        let protocol = self.protocol;
        let steps = protocol.evaluate_every.min(protocol.budget);
        let accuracy = if success { 1.0 } else { 0.0 };
        TrialRecord {
            learning_rate: asked.learning_rate,
            outcome: if success {
                Outcome::Success
            } else {
                Outcome::NonFinite
            },
            steps,
            last_loss: success.then_some(1.0),
            curve: vec![CurvePoint {
                step: steps,
                accuracy,
            }],
            seconds: 0.0,
        }
    }
}

impl Prepared for MockRepeats<'_> {
    fn trials(
        &mut self,
        asked: &[Asked],
        _interrupt: &Interrupt,
        finished: &mut dyn FnMut(usize, TrialRecord) -> ControlFlow<()>,
    ) -> Result<(), TrainerError> {
        for &asked in asked {
            if finished(asked.repeat, self.record(asked)).is_break() {
                break;
            }
        }
        Ok(())
    }
}

fn sample_normal(rng: &mut impl Rng) -> f64 {
    StandardNormal.sample(rng)
}
