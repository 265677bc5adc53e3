//! What training asks of a device, counted: launches, copies and waits, per step and per sweep.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a helper of a test fails the test"
)]

use std::collections::BTreeMap;

use etastar_backend::counting::{Counting, Counts};
use etastar_data::{DataFolders, Dataset, DatasetConfig, DatasetName};
use etastar_search::{
    BurnTrainer, Cell, EnsembleLimits, EnsembleTrainer, EtaStar, Interrupt, Manifest, MasterSeed,
    Measurement, PlannedCell, Protocol, Provenance, Repeats, Silent, Store, Strategy, SweepEnd,
    mock, run_sweep,
};

const SEED: u64 = 1;
const REPEATS: usize = 3;

/// Networks at once.
const AT_ONCE: usize = 64;

fn config() -> DatasetConfig {
    DatasetConfig {
        train: Some(1024),
        validation: Some(256),
        ..DatasetConfig::new(DatasetName::Digits)
    }
}

fn cell(input_rate: f64, budget: usize) -> Cell {
    Cell {
        dataset: config(),
        measurement: Measurement::EtaStar(Protocol {
            budget,
            // No rate reaches it: every trial goes on to the end, unless it blows up.
            threshold: 0.999,
            ..Protocol::default()
        }),
        ..mock::search_cell(&[32; 4], input_rate)
    }
}

fn trainer() -> BurnTrainer<Counting> {
    let dataset = Dataset::load(&config(), &DataFolders::discover(None)).unwrap();
    BurnTrainer::new(Default::default(), MasterSeed(SEED), &[(config(), dataset)]).unwrap()
}

/// A sweep in ensembles: eta\* by cell and repeat, the number of trials, and what it asked for.
fn sweep(
    trainer: &BurnTrainer<Counting>,
    cells: &[Cell],
    networks: usize,
) -> (Vec<EtaStar>, usize, Counts) {
    let provenance = Provenance {
        seed: SEED,
        backend: "counting".into(),
        float: "f32".into(),
        datasets: BTreeMap::new(),
        strategy: Strategy::Batched,
    };
    let manifest = Manifest {
        strategy: Strategy::Batched,
        seed: SEED,
        repeats: REPEATS,
        ..mock::store(Vec::new()).manifest
    };
    let ensembles = EnsembleTrainer::new(
        trainer,
        EnsembleLimits {
            networks,
            ..EnsembleLimits::default()
        },
    );
    let planned = PlannedCell::plan(cells, &ensembles, &provenance).unwrap();
    let before = Counts::so_far();
    let (end, store) = run_sweep(
        &planned,
        &Repeats::all(REPEATS),
        &ensembles,
        Store::in_memory(&manifest, &planned).unwrap(),
        1,
        &Interrupt::default(),
        &Silent,
    )
    .unwrap();
    let counts = Counts::so_far().since(before);
    assert_eq!(end, SweepEnd::Complete);
    let snapshot = store.snapshot().unwrap();
    let repeats = snapshot.cells.iter().flat_map(|record| &record.repeats);
    let searches: Vec<_> = repeats.map(|repeat| repeat.search().unwrap()).collect();
    let trials = searches.iter().map(|search| search.trials.len()).sum();
    let ends = searches.iter().map(|search| search.eta_star).collect();
    (ends, trials, counts)
}

/// One test: the counters are those of the whole process.
#[test]
fn a_sweep_asks_little_of_a_device() {
    let trainer = trainer();

    // Between budgets of 32 and 64 steps, evaluated after every 16th, of which all trials but those
    // that blow up take every step.
    let single = |budget| {
        let cells = [cell(1.0, budget)];
        sweep(&trainer, &cells, AT_ONCE)
    };
    let (_, trials, short) = single(32);
    let (_, _, long) = single(64);
    println!(
        "one cell, {REPEATS} repeats: {trials} trials, budget 32 {short:?}, budget 64 {long:?}"
    );

    let cells = [1.0, 0.1, 0.01].map(|rate| Cell {
        measurement: Measurement::EtaStar(Protocol::default()),
        ..cell(rate, 128)
    });
    let apart: Vec<_> = cells
        .iter()
        .map(|cell| sweep(&trainer, std::slice::from_ref(cell), AT_ONCE))
        .collect();
    let (ends, trials, together) = sweep(&trainer, &cells, AT_ONCE);
    let expected: Vec<EtaStar> = apart.iter().flat_map(|(ends, ..)| ends.clone()).collect();
    assert_eq!(
        ends, expected,
        "eta* does not depend on what trains together"
    );
    let sum = |number: fn(&Counts) -> usize| -> usize {
        apart.iter().map(|(_, _, counts)| number(counts)).sum()
    };
    let (launches, uploads, reads) = (
        sum(|counts| counts.launches),
        sum(|counts| counts.uploads),
        sum(|counts| counts.reads),
    );
    let (of_one, needed, one_by_one) = sweep(&trainer, &cells, 1);
    assert_eq!(of_one, ends);
    let alone: usize = apart.iter().map(|(_, trials, _)| trials).sum();
    println!(
        "three cells of one shape: one network after the other {needed} trials, {one_by_one:?}; a cell \
         after the other {alone} trials, {launches} launches, {uploads} uploads, {reads} reads; \
         together {trials} trials, {together:?}"
    );
    assert!(together.launches < 6 * launches / 10);
    assert!(together.uploads < 4 * uploads / 10);
    assert!(together.reads < 6 * reads / 10);
    assert!(trials < 6 * alone / 10);
}
