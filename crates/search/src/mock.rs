//! Trainers whose eta\* is known, and made-up records, to test whatever uses
//! them without training anything.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use etastar_data::{DatasetConfig, DatasetName};
use etastar_model::Loss;
use etastar_sharpness::certificate::{
    GaussNewtonLower, GaussNewtonUpper, HessianLower, PropagatorNorm, ResidualUpper,
};
use etastar_sharpness::prediction::{Estimate, KernelPrediction, MeanEstimate};
use etastar_sharpness::{Bounds, LowerBounds, NetworkSharpness, Spectrum, UpperBounds};
use rand::Rng;
use rand_distr::{Distribution, StandardNormal};

use crate::random::MasterSeed;
use crate::training::protocol;
use crate::{
    Asked, Cell, CellRecord, CurvePoint, EtaStar, FORMAT_VERSION, Interrupt, Losses, Manifest,
    Measured, Measurement, Outcome, Prepared, Protocol, RepeatRecord, Run, Search, SharpnessRecord,
    SharpnessSettings, Snapshot, Strategy, Trainer, TrainerError, TrialRecord, Vary,
};

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

    fn prepare<'a>(&'a self, runs: &[Run<'a>]) -> Result<Box<dyn Prepared + 'a>, TrainerError> {
        Ok(Box::new(MockRuns {
            trainer: self,
            runs: runs.to_vec(),
        }))
    }
}

struct MockRuns<'a> {
    trainer: &'a MockTrainer,
    runs: Vec<Run<'a>>,
}

impl MockRuns<'_> {
    fn noise(&self, Run { cell, repeat }: Run<'_>) -> f64 {
        match self.trainer.edge {
            Edge::Noisy(deviation) => {
                let architecture = cell.architecture(64, 10);
                let seed = MasterSeed(self.trainer.seed);
                deviation * sample_normal(&mut seed.initialisation(&architecture, repeat))
            }
            _ => 0.0,
        }
    }

    fn record(&self, asked: Asked) -> Result<TrialRecord, TrainerError> {
        let run = self.runs.get(asked.run);
        let run = *run.ok_or(TrainerError::NotPrepared(asked.run))?;
        let edge = self.trainer.log2_eta_star(run.cell) + self.noise(run);
        let above = asked.learning_rate.log2() - edge;
        let success = match self.trainer.edge {
            Edge::Sharp | Edge::Noisy(_) => above <= 0.0,
            Edge::NonMonotone => above <= 0.0 || (1.0..=2.0).contains(&above),
            Edge::NeverSucceeds => false,
            Edge::AlwaysSucceeds => true,
        };
        let protocol = protocol(run.cell)?;
        let steps = protocol.evaluate_every.min(protocol.budget);
        let accuracy = if success { 1.0 } else { 0.0 };
        Ok(TrialRecord {
            learning_rate: asked.learning_rate,
            outcome: if success {
                Outcome::Success
            } else {
                Outcome::NonFinite
            },
            steps,
            losses: Losses {
                last: success.then_some(1.0),
                ..Losses::default()
            },
            curve: vec![CurvePoint {
                step: steps,
                accuracy,
                largest_output: None,
            }],
            seconds: 0.0,
        })
    }
}

impl Prepared for MockRuns<'_> {
    fn trials(
        &mut self,
        asked: &[Asked],
        _interrupt: &Interrupt,
        finished: &mut dyn FnMut(usize, TrialRecord) -> ControlFlow<()>,
    ) -> Result<(), TrainerError> {
        for &asked in asked {
            if finished(asked.run, self.record(asked)?).is_break() {
                break;
            }
        }
        Ok(())
    }
}

/// Number of input features of made-up cells.
pub const INPUTS: usize = 784;

/// A cell of eta\* on Fashion-MNIST.
pub fn search_cell(hidden: &[usize], input_rate: f64) -> Cell {
    Cell {
        dataset: DatasetConfig::new(DatasetName::FashionMnist),
        hidden: hidden.to_vec(),
        bias: false,
        output_gain: 2.0,
        form: Default::default(),
        input_rate,
        layer_rates: Vec::new(),
        checkpoint: None,
        vary: Vary::default(),
        measurement: Measurement::EtaStar(Protocol {
            ladder: vec![1.0],
            budget: 256,
            threshold: 0.3,
            ..Protocol::default()
        }),
    }
}

/// A cell of sharpness of the same networks.
pub fn sharpness_cell(hidden: &[usize], input_rate: f64, loss: Loss) -> Cell {
    Cell {
        measurement: Measurement::Sharpness(SharpnessSettings {
            loss,
            samples: 256,
            ..SharpnessSettings::default()
        }),
        ..search_cell(hidden, input_rate)
    }
}

/// A cell whose repeats found these `log2 eta*`, with two trials each.
pub fn searched(cell: Cell, log2_eta_star: &[f64]) -> CellRecord {
    let trial = |learning_rate, outcome, last| TrialRecord {
        learning_rate,
        outcome,
        steps: 32,
        losses: Losses {
            last,
            ..Losses::default()
        },
        curve: [(16, 0.35), (32, 0.25)]
            .map(|(step, accuracy)| CurvePoint {
                step,
                accuracy,
                largest_output: None,
            })
            .to_vec(),
        seconds: 0.125,
    };
    let found = log2_eta_star.iter().map(|log2| {
        let (eta_star, upper) = (log2.exp2(), log2.exp2() * 1.0625);
        Measured::EtaStar(Search {
            eta_star: EtaStar::Found { eta_star, upper },
            monotone: true,
            trials: vec![
                trial(eta_star, Outcome::Success, Some(0.5)),
                trial(upper, Outcome::NonFinite, None),
            ],
        })
    });
    let found = found.collect();
    record(cell, found)
}

/// A cell whose networks have these `lambda_1(H)`; `lambda_1(G)` is 0.8 of it,
/// bounds are fixed multiples, and the plain prediction is
/// `mean / (1 + depth / width)` of `lambda_1(G)`.
pub fn measured(cell: Cell, lambda: &[f64]) -> CellRecord {
    let networks = lambda.iter().map(|&hessian| {
        Measured::Sharpness(Box::new(SharpnessRecord {
            sharpness: network(hessian),
            cheap_rates: None,
            seconds: 0.5,
        }))
    });
    let networks = networks.collect();
    let mut record = record(cell, networks);
    let mean = lambda.iter().sum::<f64>() / lambda.len().max(1) as f64;
    let width = record.cell.hidden.first().copied().unwrap_or(1) as f64;
    let plain = 0.8 * mean / (1.0 + record.cell.depth() as f64 / width);
    record.prediction = Some(prediction(plain));
    record
}

fn record(cell: Cell, results: Vec<Measured>) -> CellRecord {
    let what = if cell.protocol().is_some() {
        "eta"
    } else {
        "lambda"
    };
    let results = results.into_iter().enumerate();
    CellRecord {
        id: format!("{what}-{}-{:?}", cell.input_rate, cell.hidden),
        inputs: INPUTS,
        outputs: 10,
        prediction: None,
        repeats: results
            .map(|(repeat, result)| RepeatRecord { repeat, result })
            .collect(),
        cell,
    }
}

/// The measurement of a network with this `lambda_1(H)`.
pub fn network(hessian: f64) -> NetworkSharpness {
    let gauss_newton = 0.8 * hessian;
    let spectrum = |largest: f64, smallest: f64| Spectrum {
        largest,
        smallest: Some(smallest),
        residual: 1e-6 * largest,
        converged: true,
        products: 30,
    };
    let bounds = Bounds {
        lower: LowerBounds {
            gauss_newton: GaussNewtonLower {
                gradient: 0.5 * gauss_newton,
                trace_over_rank: 0.01 * gauss_newton,
                mean_gradient: 0.6 * gauss_newton,
                mean_gradients: 0.9 * gauss_newton,
                ritz: gauss_newton,
            },
            hessian: HessianLower {
                gradient: 0.4 * hessian,
                trace_over_parameters: 1e-4 * hessian,
                ritz: hessian,
            },
        },
        upper: UpperBounds {
            gauss_newton: GaussNewtonUpper {
                frobenius: 8.0 * gauss_newton,
                operator_norm: 2.0 * gauss_newton,
                weighted: 1.5 * gauss_newton,
            },
            residual: ResidualUpper {
                classwise: 4.0 * hessian,
                samplewise: 3.0 * hessian,
                averaged: 2.0 * hessian,
                method: PropagatorNorm::Exact,
            },
            hessian: 1.5 * gauss_newton + 2.0 * hessian,
        },
    };
    NetworkSharpness {
        hessian: spectrum(hessian, -0.3 * hessian),
        gauss_newton: spectrum(gauss_newton, 0.0),
        trace: Some(3.0 * gauss_newton),
        bounds: Some(bounds),
    }
}

/// A prediction of `lambda_1(G)`; the finite-width factors are 1.1 and 1.2.
fn prediction(plain: f64) -> KernelPrediction {
    let exact = |mean: f64| MeanEstimate {
        mean,
        standard_error: 0.0,
    };
    KernelPrediction {
        plain,
        finite_width: 1.1 * plain,
        layered: 1.2 * plain,
        factor: exact(1.1),
        layered_factor: exact(1.2),
        estimate: Estimate {
            plain: exact(plain),
            finite_width: exact(1.1 * plain),
            layered: exact(1.2 * plain),
        },
        samples: 256,
    }
}

/// A store of these cells: those of eta\* first.
pub fn store(cells: Vec<CellRecord>) -> Snapshot {
    let (searched, others): (Vec<_>, Vec<_>) = cells
        .into_iter()
        .partition(|record| record.cell.protocol().is_some());
    Snapshot {
        manifest: Manifest {
            format_version: FORMAT_VERSION,
            tool_version: "0.1.0".to_owned(),
            git_commit: None,
            experiment: "made-up".to_owned(),
            question: "Is eta* what was put in?".to_owned(),
            profile: None,
            configuration_hash: "0".to_owned(),
            backend: "none".to_owned(),
            float: "f64".to_owned(),
            device: "none".to_owned(),
            strategy: Strategy::default(),
            features: Vec::new(),
            datasets: BTreeMap::new(),
            seed: 0,
            repeats: 5,
            variants: Vec::new(),
            not_run: Vec::new(),
            analysis: serde_json::Value::Null,
        },
        sessions: Vec::new(),
        cells: [searched, others].concat(),
    }
}

fn sample_normal(rng: &mut impl Rng) -> f64 {
    StandardNormal.sample(rng)
}
