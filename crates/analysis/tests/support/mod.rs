//! Made-up stores for tests.

use std::collections::BTreeMap;

use etastar_search::{
    Cell, CellRecord, EtaStar, Losses, Manifest, Measured, Outcome, RepeatRecord, Search, Snapshot,
    TrialRecord,
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};
use statrs::distribution::{ContinuousCDF, Normal};

pub(crate) const INPUTS: usize = 784;

/// A grid whose `log2 eta*` is a given function of `(depth, width, inputs, input rate)` plus
/// normal noise.
#[derive(Debug, Clone)]
pub(crate) struct Store {
    pub(crate) depths: Vec<usize>,
    pub(crate) widths: Vec<usize>,
    pub(crate) input_rates: Vec<f64>,
    pub(crate) repeats: usize,
    /// Noise of a repeat, common to all input rates, in octaves.
    pub(crate) noise: f64,
    /// Deviation of an architecture from the law, in octaves.
    pub(crate) misfit: f64,
    /// `log2` of the lowest learning rate searched: values below it are cut off.
    pub(crate) lowest: f64,
    pub(crate) seed: u64,
    /// `manifest.analysis`.
    pub(crate) analysis: Value,
}

impl Default for Store {
    fn default() -> Self {
        Self {
            depths: vec![2, 4, 8, 16],
            widths: vec![64, 128, 256],
            input_rates: vec![1.0],
            repeats: 5,
            noise: 0.0,
            misfit: 0.0,
            lowest: f64::NEG_INFINITY,
            seed: 0,
            analysis: Value::Null,
        }
    }
}

impl Store {
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
                    let ends = noise.iter().map(|noise| self.end(exact + noise));
                    cells.push(record(cell(&vec![width; depth], rate), ends));
                }
            }
        }
        Snapshot {
            manifest: manifest(self.repeats, self.analysis.clone()),
            sessions: Vec::new(),
            cells,
        }
    }

    fn end(&self, log2: f64) -> EtaStar {
        if log2 < self.lowest {
            return EtaStar::NothingSucceeds {
                lowest: self.lowest.exp2(),
            };
        }
        let eta_star = log2.exp2();
        EtaStar::Found {
            eta_star,
            upper: eta_star * 1.0625,
        }
    }
}

pub(crate) fn cell(hidden: &[usize], input_rate: f64) -> Cell {
    serde_json::from_value(json!({
        "dataset": {"name": "fashion-mnist"},
        "hidden": hidden,
        "bias": false,
        "output_gain": 2.0,
        "input_rate": input_rate,
        "measurement": {"eta-star": {
            "loss": "cross-entropy", "batch_size": 128, "budget": 256, "evaluate_every": 16,
            "threshold": 0.3, "ladder": [],
            "search": {"method": "octaves", "start": 3.0, "lowest": -20.0, "highest": 6.0,
                       "tolerance": 0.125},
        }},
    }))
    .unwrap()
}

/// A cell whose searches ended as given.
pub(crate) fn record(cell: Cell, ends: impl Iterator<Item = EtaStar>) -> CellRecord {
    CellRecord {
        id: format!("{}-{:?}", cell.input_rate, cell.hidden),
        inputs: INPUTS,
        outputs: 10,
        prediction: None,
        repeats: ends
            .enumerate()
            .map(|(repeat, end)| searched(repeat, end))
            .collect(),
        cell,
    }
}

fn searched(repeat: usize, eta_star: EtaStar) -> RepeatRecord {
    let trial = |learning_rate, outcome, last| TrialRecord {
        learning_rate,
        outcome,
        steps: 32,
        losses: Losses {
            last,
            ..Losses::default()
        },
        curve: Vec::new(),
        seconds: 0.125,
    };
    let trials = match eta_star {
        EtaStar::Found { eta_star, upper } => vec![
            trial(eta_star, Outcome::Success, Some(0.5)),
            trial(upper, Outcome::NonFinite, None),
        ],
        EtaStar::NothingSucceeds { lowest } => vec![trial(lowest, Outcome::NonFinite, None)],
        EtaStar::NothingFails { highest } => vec![trial(highest, Outcome::Success, Some(0.5))],
    };
    RepeatRecord {
        repeat,
        result: Measured::EtaStar(Search {
            eta_star,
            monotone: true,
            trials,
        }),
    }
}

fn manifest(repeats: usize, analysis: Value) -> Manifest {
    Manifest {
        format_version: 4,
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
        repeats,
        variants: Vec::new(),
        not_run: Vec::new(),
        analysis,
    }
}
