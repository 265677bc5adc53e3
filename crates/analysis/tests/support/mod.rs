//! Made-up stores for tests, and criteria on them.

#![allow(
    dead_code,
    unused_imports,
    unused_macros,
    reason = "every test uses a part of it"
)]

use etastar_analysis::{Effect, Finding, Options, StoreAnalysis, Verdict, analyse};
use etastar_model::Loss;
use etastar_search::{
    CellRecord, Checkpoint, EtaStar, Measured, Search, Snapshot, SuccessRule, VariantCells, mock,
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};
use statrs::distribution::{ContinuousCDF, Normal};

/// Normal noise with mean 0 and standard deviation 1.
pub(crate) fn noise(seed: u64) -> impl FnMut() -> f64 {
    let normal = Normal::new(0.0, 1.0).unwrap();
    let mut generator = ChaCha8Rng::seed_from_u64(seed);
    move || normal.inverse_cdf(generator.random_range(1e-15..1.0))
}

/// A grid whose `log2 eta*` is a given function plus normal noise.
#[derive(Debug, Clone)]
pub(crate) struct Store {
    pub(crate) depths: Vec<usize>,
    pub(crate) widths: Vec<usize>,
    pub(crate) input_rates: Vec<f64>,
    /// Steps of the checkpoints; where there is more than the initialisation, 0, training has to
    /// keep its accuracy.
    pub(crate) checkpoints: Vec<usize>,
    pub(crate) repeats: usize,
    /// Noise of a repeat, common to all input rates, in octaves.
    pub(crate) noise: f64,
    /// Noise of a network's sharpness, in octaves.
    pub(crate) spread: f64,
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
            checkpoints: vec![0],
            repeats: 5,
            noise: 0.0,
            spread: 0.0,
            misfit: 0.0,
            lowest: f64::NEG_INFINITY,
            seed: 0,
            analysis: Value::Null,
        }
    }
}

impl Store {
    pub(crate) fn with(change: impl FnOnce(&mut Self)) -> Self {
        let mut store = Self::default();
        change(&mut store);
        store
    }

    /// Cells of eta\*, whose `log2` is a function of `(depth, width, inputs, input rate)`.
    pub(crate) fn snapshot(&self, law: impl Fn(f64, f64, f64, f64) -> f64) -> Snapshot {
        self.build(false, |_, [d, w, n, mu], _| [0.0, law(d, w, n, mu)])
    }

    /// Cells of eta\* and of the sharpness of the same networks: `[log2 lambda_1, log2 eta*]` is a
    /// function of the checkpoint's index, of `log2(depth width)` and of the network's noise.
    pub(crate) fn joined(&self, law: impl Fn(usize, f64, f64) -> [f64; 2]) -> Snapshot {
        self.build(true, |stage, [d, w, ..], own| {
            law(stage, (d * w).log2(), own)
        })
    }

    fn build(&self, both: bool, law: impl Fn(usize, [f64; 4], f64) -> [f64; 2]) -> Snapshot {
        let mut draw = noise(self.seed);
        let mut cells = Vec::new();
        let widths = |depth| self.widths.iter().map(move |width| (depth, *width));
        for (depth, width) in self.depths.iter().copied().flat_map(widths) {
            let misfit = self.misfit * draw();
            let mut draws = || -> Vec<f64> { (0..self.repeats).map(|_| draw()).collect() };
            let (searches, networks) = (draws(), draws());
            let hidden = vec![width; depth];
            for (stage, &steps) in self.checkpoints.iter().enumerate() {
                for &rate in &self.input_rates {
                    let shape = [depth as f64, width as f64, mock::INPUTS as f64, rate];
                    let repeats = networks.iter().zip(&searches).map(|(network, search)| {
                        let [lambda, eta] = law(stage, shape, self.spread * network);
                        (lambda.exp2(), eta + misfit + self.noise * search)
                    });
                    let (lambda, log2): (Vec<f64>, Vec<f64>) = repeats.unzip();
                    let sharp = mock::sharpness_cell(&hidden, rate, Loss::CrossEntropy);
                    let pair = [
                        searched(&hidden, rate, &log2),
                        mock::measured(sharp, &lambda),
                    ];
                    for mut record in pair.into_iter().take(1 + usize::from(both)) {
                        record.id = format!("{}-{steps}", record.id);
                        record.cell.checkpoint = (steps > 0).then_some(Checkpoint {
                            steps,
                            learning_rate: 0.01,
                            batch_size: 128,
                        });
                        if let Some(protocol) = record.cell.protocol_mut()
                            && self.checkpoints.len() > 1
                        {
                            protocol.success = SuccessRule::KeepAccuracy;
                        }
                        cells.push(record);
                    }
                }
            }
        }
        let mut snapshot = mock::store(cells);
        snapshot.manifest.repeats = self.repeats;
        snapshot.manifest.analysis = self.analysis.clone();
        cut_below(&mut snapshot, self.lowest);
        snapshot
    }
}

/// A cell whose repeats found these `log2 eta*`.
pub(crate) fn searched(hidden: &[usize], input_rate: f64, log2: &[f64]) -> CellRecord {
    mock::searched(mock::search_cell(hidden, input_rate), log2)
}

/// The searches of cells, to be changed.
pub(crate) fn searches<'a>(
    cells: impl IntoIterator<Item = &'a mut CellRecord>,
) -> impl Iterator<Item = &'a mut Search> {
    let repeats = cells.into_iter().flat_map(|record| &mut record.repeats);
    repeats.filter_map(|repeat| match &mut repeat.result {
        Measured::EtaStar(search) => Some(search),
        Measured::Sharpness(_) => None,
    })
}

/// The cells of sharpness, to be changed.
pub(crate) fn sharpness(store: &mut Snapshot) -> impl Iterator<Item = &mut CellRecord> {
    let cells = store.cells.iter_mut();
    cells.filter(|record| record.cell.sharpness().is_some())
}

/// The end of a search that found nothing down to this `log2`.
pub(crate) fn below(log2: f64) -> EtaStar {
    let lowest = log2.exp2();
    EtaStar::NothingSucceeds { lowest }
}

/// Every search stops at this `log2`.
pub(crate) fn cut_below(snapshot: &mut Snapshot, lowest: f64) {
    for search in searches(&mut snapshot.cells) {
        if matches!(search.eta_star, EtaStar::Found { eta_star, .. } if eta_star.log2() < lowest) {
            search.eta_star = below(lowest);
        }
    }
}

/// Without the repeats that found nothing.
pub(crate) fn found_only(mut snapshot: Snapshot) -> Snapshot {
    let is_found = |search: &Search| matches!(search.eta_star, EtaStar::Found { .. });
    for record in &mut snapshot.cells {
        let is_kept = |own: &etastar_search::RepeatRecord| own.search().is_some_and(is_found);
        record.repeats.retain(is_kept);
    }
    snapshot
}

type Change<'a> = &'a dyn Fn(&mut CellRecord);

/// A store of variants, each made by changing the cells of a store of its own.
pub(crate) fn variants(all: Vec<(&str, Snapshot, Change<'_>)>) -> Snapshot {
    let mut whole = mock::store(Vec::new());
    for (name, mut snapshot, change) in all {
        for record in &mut snapshot.cells {
            record.id = format!("{name}-{}", record.id);
            change(record);
        }
        whole.manifest.variants.push(VariantCells {
            name: name.to_owned(),
            cells: snapshot.cells.iter().map(|own| own.id.clone()).collect(),
        });
        whole.cells.append(&mut snapshot.cells);
    }
    whole
}

/// 200 resamples and these filters.
pub(crate) fn options(filters: &[f64]) -> Options {
    Options {
        resamples: 200,
        width_over_depth: filters.to_vec(),
        ..Options::default()
    }
}

/// The store with one section shown.
pub(crate) fn shown(snapshot: &Snapshot, view: &str) -> StoreAnalysis {
    let mut snapshot = snapshot.clone();
    snapshot.manifest.analysis = json!({"show": [view]});
    analyse(&snapshot, &options(&[0.0])).unwrap()
}

/// The only one.
pub(crate) fn one<T: std::fmt::Debug>(all: Vec<T>) -> T {
    let [own] = <[T; 1]>::try_from(all).unwrap();
    own
}

/// The findings of one criterion, as files spell it, on every dataset. What it leaves out is
/// filled in.
pub(crate) fn findings_of(snapshot: &Snapshot, criterion: Value) -> Vec<Finding> {
    let mut filled = json!({"claim": "C1", "says": "It holds.", "rule": {"at_least": 0.0}});
    for (key, value) in criterion.as_object().unwrap() {
        filled[key] = value.clone();
    }
    let mut snapshot = snapshot.clone();
    snapshot.manifest.analysis = json!({"criteria": [filled]});
    // No law need be fitted beside the criterion.
    analyse(&snapshot, &options(&[1e9])).unwrap().findings
}

/// The number of a statistic of some cells on the only dataset.
pub(crate) fn effect_of(snapshot: &Snapshot, statistic: Value, cells: Value) -> Effect {
    let criterion = json!({"statistic": statistic, "cells": cells});
    one(findings_of(snapshot, criterion)).effect.unwrap()
}

/// Each row is a criterion and what its number is on the only dataset: `[x]` where the interval is
/// this number, too; a text where there is no number, for a reason with this text in it.
macro_rules! agree {
    ($store:expr, $($row:tt),+ $(,)?) => {
        $crate::support::agree_on($store, serde_json::json!([$($row),+]))
    };
}
pub(crate) use agree;

pub(crate) fn agree_on(snapshot: &Snapshot, rows: Value) {
    for row in rows.as_array().unwrap() {
        let Finding {
            effect,
            verdict,
            reason,
            ..
        } = one(findings_of(snapshot, row[0].clone()));
        let told = format!("{row} {effect:?} {reason:?}");
        match &row[1] {
            Value::String(expected) => {
                assert!(verdict == Verdict::NotMeasured, "{told}");
                assert!(reason.unwrap().contains(expected), "{told}");
            }
            Value::Array(exact) => {
                assert!(
                    is_exactly(&effect.unwrap(), exact[0].as_f64().unwrap()),
                    "{told}"
                );
            }
            number => assert!(
                close(effect.unwrap().value, number.as_f64().unwrap()),
                "{told}"
            ),
        }
    }
}

pub(crate) fn close(a: f64, b: f64) -> bool {
    (a - b).abs() < 1e-8
}

/// Whether the interval is the one number.
pub(crate) fn is_exactly(effect: &Effect, truth: f64) -> bool {
    let ends = effect.interval.unwrap();
    close(effect.value, truth) && ends.iter().all(|end| close(*end, truth))
}

/// Whether the interval holds a number, and others.
pub(crate) fn holds(effect: &Effect, truth: f64) -> bool {
    let [low, high] = effect.interval.unwrap();
    low <= truth && truth <= high && low < high
}
