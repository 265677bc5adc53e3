//! Made-up sweeps for tests.

use std::collections::BTreeMap;

use etastar_search::{
    Cell, CellRecord, CurvePoint, EtaStar, Manifest, Outcome, RepeatRecord, Snapshot, TrialRecord,
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::json;
use statrs::distribution::{ContinuousCDF, Normal};

/// A grid whose `log2 eta*` is a given function of `(depth, width, inputs,
/// input rate)` plus normal noise.
#[derive(Debug, Clone)]
pub(crate) struct Synthetic {
    pub(crate) depths: Vec<usize>,
    pub(crate) widths: Vec<usize>,
    pub(crate) input_rates: Vec<f64>,
    pub(crate) repeats: usize,
    /// Noise of a repeat, common to all input rates, in octaves.
    pub(crate) noise: f64,
    /// Deviation of an architecture from the law, in octaves.
    pub(crate) misfit: f64,
    pub(crate) seed: u64,
}

pub(crate) const INPUTS: usize = 784;

impl Default for Synthetic {
    fn default() -> Self {
        Self {
            depths: vec![2, 4, 8, 16],
            widths: vec![64, 128, 256],
            input_rates: vec![1.0],
            repeats: 5,
            noise: 0.0,
            misfit: 0.0,
            seed: 0,
        }
    }
}

impl Synthetic {
    pub(crate) fn snapshot(&self, law: impl Fn(f64, f64, f64, f64) -> f64) -> Snapshot {
        let normal = Normal::new(0.0, 1.0).unwrap();
        let mut generator = ChaCha8Rng::seed_from_u64(self.seed);
        let mut draw = || normal.inverse_cdf(generator.random_range(1e-15..1.0));
        let mut cells = Vec::new();
        for &depth in &self.depths {
            for &width in &self.widths {
                let misfit = self.misfit * draw();
                let noise: Vec<f64> = (0..self.repeats).map(|_| self.noise * draw()).collect();
                for &rate in &self.input_rates {
                    let exact = law(depth as f64, width as f64, INPUTS as f64, rate) + misfit;
                    let values: Vec<f64> = noise.iter().map(|noise| exact + noise).collect();
                    cells.push(record(cell(&vec![width; depth], rate), &values));
                }
            }
        }
        snapshot(cells)
    }
}

pub(crate) fn cell(hidden: &[usize], input_rate: f64) -> Cell {
    serde_json::from_value(json!({
        "dataset": {"name": "fashion-mnist"},
        "hidden": hidden,
        "bias": false,
        "output_gain": 2.0,
        "input_rate": input_rate,
        "protocol": {
            "loss": "cross-entropy", "batch_size": 128, "budget": 256, "evaluate_every": 16,
            "threshold": 0.3, "ladder": [],
            "search": {"method": "octaves", "start": 3.0, "lowest": -20.0, "highest": 6.0,
                       "tolerance": 0.125},
        },
    }))
    .unwrap()
}

/// A cell whose repeats found the given `log2 eta*`.
pub(crate) fn record(cell: Cell, log2_eta_star: &[f64]) -> CellRecord {
    let repeats = log2_eta_star.iter().enumerate();
    CellRecord {
        id: format!("{}-{:?}", cell.input_rate, cell.hidden),
        inputs: INPUTS,
        outputs: 10,
        repeats: repeats
            .map(|(repeat, value)| found(repeat, value.exp2()))
            .collect(),
        cell,
    }
}

fn found(repeat: usize, eta_star: f64) -> RepeatRecord {
    let upper = eta_star * 1.0625;
    let trial = |learning_rate, outcome, last_loss| TrialRecord {
        learning_rate,
        outcome,
        steps: 32,
        last_loss,
        curve: vec![
            CurvePoint {
                step: 16,
                accuracy: 0.35,
            },
            CurvePoint {
                step: 32,
                accuracy: 0.25,
            },
        ],
        seconds: 0.125,
    };
    RepeatRecord {
        repeat,
        eta_star: EtaStar::Found { eta_star, upper },
        monotone: true,
        trials: vec![
            trial(eta_star, Outcome::Success, Some(0.5)),
            trial(upper, Outcome::NonFinite, None),
        ],
    }
}

pub(crate) fn snapshot(cells: Vec<CellRecord>) -> Snapshot {
    Snapshot {
        manifest: Manifest {
            format_version: 1,
            tool_version: "0.1.0".to_owned(),
            git_commit: None,
            experiment: "synthetic".to_owned(),
            question: "Are fits right?".to_owned(),
            profile: None,
            configuration_hash: "0".to_owned(),
            backend: "none".to_owned(),
            float: "f64".to_owned(),
            device: "none".to_owned(),
            strategy: Default::default(),
            features: Vec::new(),
            datasets: BTreeMap::new(),
            seed: 0,
            repeats: 5,
            variants: Vec::new(),
            not_run: Vec::new(),
            analysis: serde_json::Value::Null,
        },
        sessions: Vec::new(),
        cells,
        sharpness: Vec::new(),
    }
}
