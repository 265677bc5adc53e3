//! Made-up stores of eta\* and sharpness together, for tests.

use etastar_search::{Checkpoint, Snapshot};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::json;
use statrs::distribution::{ContinuousCDF, Normal};

use crate::fit::synthetic::{cell, record, snapshot};
use crate::sharpness::synthetic::Grid;

/// A grid on which `log2 lambda_1` is `growth log2(depth width)`, the cell's
/// level, plus noise of each network, and `log2 eta*` is `1 + across * level +
/// within * noise of the network` plus noise of each architecture and of each
/// search; all noise is normal, in octaves.
#[derive(Debug, Clone)]
pub(crate) struct Coupled {
    pub(crate) depths: Vec<usize>,
    pub(crate) widths: Vec<usize>,
    pub(crate) input_rates: Vec<f64>,
    pub(crate) checkpoints: Vec<Option<Checkpoint>>,
    pub(crate) repeats: usize,
    pub(crate) growth: f64,
    pub(crate) across: f64,
    pub(crate) within: f64,
    /// Of a network's sharpness.
    pub(crate) spread: f64,
    /// Of a search.
    pub(crate) noise: f64,
    /// Of an architecture.
    pub(crate) misfit: f64,
    pub(crate) seed: u64,
}

impl Default for Coupled {
    fn default() -> Self {
        Self {
            depths: vec![2, 4, 8],
            widths: vec![32, 64, 128, 256],
            input_rates: vec![0.1, 1.0],
            checkpoints: vec![None],
            repeats: 5,
            growth: 0.8,
            across: -0.6,
            within: -0.3,
            spread: 0.3,
            noise: 0.0,
            misfit: 0.0,
            seed: 0,
        }
    }
}

impl Coupled {
    /// The store; at the `i`-th checkpoint, `log2 lambda_1` and `log2 eta*`
    /// are moved by `moved(i, log2(depth width))`.
    pub(crate) fn snapshot_with(&self, moved: impl Fn(usize, f64) -> [f64; 2]) -> Snapshot {
        let normal = Normal::new(0.0, 1.0).unwrap();
        let mut generator = ChaCha8Rng::seed_from_u64(self.seed);
        let mut draw = || normal.inverse_cdf(generator.random_range(1e-15..1.0));
        let mut store = snapshot(Vec::new());
        for &depth in &self.depths {
            for &width in &self.widths {
                let misfit = self.misfit * draw();
                let networks: Vec<f64> = (0..self.repeats).map(|_| self.spread * draw()).collect();
                let searches: Vec<f64> = (0..self.repeats).map(|_| self.noise * draw()).collect();
                let size = ((depth * width) as f64).log2();
                for (index, checkpoint) in self.checkpoints.iter().enumerate() {
                    let [more_sharp, faster] = moved(index, size);
                    for &rate in &self.input_rates {
                        let level = self.growth * size;
                        let log2_rates: Vec<f64> = networks
                            .iter()
                            .zip(&searches)
                            .map(|(own, noise)| {
                                let exact = 1.0 + self.across * level + self.within * own;
                                exact + misfit + noise + faster
                            })
                            .collect();
                        let log2_sharpness: Vec<f64> = networks
                            .iter()
                            .map(|own| level + own + more_sharp)
                            .collect();
                        let mut rates = record(cell(&vec![width; depth], rate), &log2_rates);
                        rates.id = format!("{}-{index}", rates.id);
                        rates.cell.checkpoint = *checkpoint;
                        if checkpoint.is_some() {
                            rates.cell.protocol.success =
                                serde_json::from_value(json!("keep-accuracy")).unwrap();
                        }
                        let mut sharpness = sharpness(depth, width, rate, &log2_sharpness);
                        sharpness.id = format!("{}-{index}", sharpness.id);
                        sharpness.cell.checkpoint = *checkpoint;
                        store.cells.push(rates);
                        store.sharpness.push(sharpness);
                    }
                }
            }
        }
        store
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        self.snapshot_with(|_, _| [0.0; 2])
    }
}

/// A critical rate a quarter of the geometric mean of eta\*, at the cost of a
/// gradient and 30 forward passes; no range test ever blows up.
pub(crate) fn with_cheap_rates(mut store: Snapshot) -> Snapshot {
    for (cell, own) in store.cells.iter().zip(&mut store.sharpness) {
        own.cell.cheap_rates = Some(
            serde_json::from_value(json!({
                "batch_size": 64, "lowest": -20.0, "highest": 10.0, "range_test_steps": 100,
            }))
            .unwrap(),
        );
        let mean = crate::fit::Point::of(cell).unwrap().mean().unwrap();
        for repeat in &mut own.repeats {
            repeat.cheap_rates = Some(
                serde_json::from_value(json!({
                    "critical": {
                        "learning_rate": (mean - 2.0).exp2(), "gradients": 1, "forward_passes": 30,
                    },
                    "range_test": {"learning_rate": null, "gradients": 100, "forward_passes": 0},
                }))
                .unwrap(),
            );
        }
    }
    store
}

/// A cell of the networks of the cells of eta\*, of the given `log2 lambda_1`.
fn sharpness(
    depth: usize,
    width: usize,
    rate: f64,
    log2_sharpness: &[f64],
) -> etastar_search::SharpnessCellRecord {
    let mut records = Grid {
        dataset: "fashion-mnist",
        losses: vec!["cross-entropy"],
        depths: vec![depth],
        widths: vec![width],
        input_rates: vec![rate],
        repeats: log2_sharpness.len(),
        ..Grid::default()
    }
    .records();
    let mut record = records.remove(0);
    for (repeat, log2) in record.repeats.iter_mut().zip(log2_sharpness) {
        repeat.sharpness = crate::sharpness::synthetic::network(log2.exp2(), false);
    }
    record
}

/// All cells under the rule that training continues.
pub(crate) fn keeping_accuracy(mut store: Snapshot) -> Snapshot {
    for record in &mut store.cells {
        record.cell.protocol.success = serde_json::from_value(json!("keep-accuracy")).unwrap();
    }
    store
}

/// After so many steps.
pub(crate) fn checkpoint(steps: usize) -> Option<Checkpoint> {
    Some(Checkpoint {
        steps,
        learning_rate: 0.01,
        batch_size: 128,
    })
}
