//! Whole sweeps: with trainers whose eta\* is known, and with real networks.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicUsize, Ordering};

use etastar_backend::Backend;
use etastar_data::{DataFolders, Dataset, DatasetConfig, DatasetName};
use etastar_search::mock::{Edge, MockTrainer};
use etastar_search::{
    Asked, BurnTrainer, Cell, EtaStar, FORMAT_VERSION, Interrupt, Manifest, MasterSeed, Measured,
    Measurement, Observer, PlannedCell, Prepared, Protocol, Provenance, RepeatRecord, Repeats, Run,
    Search, Silent, Snapshot, Store, SweepEnd, SweepError, Trainer, TrainerError, TrialRecord,
    run_sweep,
};

fn provenance() -> Provenance {
    Provenance {
        seed: 1,
        backend: "mock".into(),
        float: "f64".into(),
        strategy: Default::default(),
        datasets: BTreeMap::new(),
    }
}

fn manifest(repeats: usize) -> Manifest {
    Manifest {
        format_version: FORMAT_VERSION,
        tool_version: "0.0.0".into(),
        git_commit: None,
        experiment: "test".into(),
        question: "?".into(),
        profile: None,
        configuration_hash: "0".into(),
        backend: "mock".into(),
        float: "f64".into(),
        device: "cpu".into(),
        strategy: Default::default(),
        features: vec![],
        datasets: BTreeMap::new(),
        seed: 1,
        repeats,
        variants: Vec::new(),
        not_run: Vec::new(),
        analysis: serde_json::Value::Null,
    }
}

fn cell(width: usize, depth: usize) -> Cell {
    Cell {
        dataset: DatasetConfig {
            train: Some(512),
            validation: Some(128),
            ..DatasetConfig::new(DatasetName::Digits)
        },
        hidden: vec![width; depth],
        bias: false,
        output_gain: 2.0,
        form: Default::default(),
        input_rate: 0.1,
        layer_rates: Vec::new(),
        checkpoint: None,
        vary: Default::default(),
        measurement: Measurement::EtaStar(Protocol {
            budget: 32,
            evaluate_every: 8,
            ..Protocol::default()
        }),
    }
}

fn cells() -> Vec<Cell> {
    [(8, 2), (8, 4), (16, 2), (16, 4)]
        .map(|(width, depth)| cell(width, depth))
        .to_vec()
}

/// Runs a sweep in memory to its end.
fn sweep(cells: &[Cell], repeats: usize, trainer: &dyn Trainer, jobs: usize) -> Snapshot {
    let planned = PlannedCell::plan(cells, trainer, &provenance()).unwrap();
    let store = Store::in_memory(&manifest(repeats), &planned).unwrap();
    let (end, store) = run_sweep(
        &planned,
        &Repeats::all(repeats),
        trainer,
        store,
        jobs,
        &Interrupt::default(),
        &Silent,
    )
    .unwrap();
    assert_eq!(end, SweepEnd::Complete);
    store.snapshot().unwrap()
}

/// The rows without the times.
fn timeless(mut snapshot: Snapshot) -> Snapshot {
    for cell in &mut snapshot.cells {
        for trial in cell
            .repeats
            .iter_mut()
            .flat_map(|repeat| &mut search_mut(repeat).trials)
        {
            trial.seconds = 0.0;
        }
    }
    snapshot
}

fn mock(edge: Edge) -> MockTrainer {
    MockTrainer {
        intercept: 2.0,
        exponent: 1.0,
        edge,
        seed: 5,
    }
}

fn search_mut(repeat: &mut RepeatRecord) -> &mut Search {
    match &mut repeat.result {
        Measured::EtaStar(search) => search,
        other => panic!("{other:?}"),
    }
}

fn log2_found(repeat: &RepeatRecord) -> f64 {
    match repeat.search().unwrap().eta_star {
        EtaStar::Found { eta_star, .. } => eta_star.log2(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_sharp_edge_is_found_in_every_cell() {
    let trainer = mock(Edge::Sharp);
    for cell in sweep(&cells(), 3, &trainer, 2).cells {
        assert_eq!(cell.repeats.len(), 3);
        let edge = trainer.log2_eta_star(&cell.cell);
        for repeat in &cell.repeats {
            let below = edge - log2_found(repeat);
            assert!(
                (0.0..0.125).contains(&below) && repeat.search().unwrap().monotone,
                "{below}"
            );
        }
    }
}

#[test]
fn a_noisy_edge_is_found_around_its_centre() {
    let trainer = mock(Edge::Noisy(0.3));
    let snapshot = sweep(&[cell(16, 4)], 100, &trainer, 2);
    let found: Vec<f64> = snapshot.cells[0].repeats.iter().map(log2_found).collect();
    let mean = found.iter().sum::<f64>() / 100.0;
    let variance = found
        .iter()
        .map(|value| (value - mean).powi(2))
        .sum::<f64>()
        / 99.0;
    // The lower end of a bracket of 1/8 octave lies 1/16 below on average.
    let bias = mean - (trainer.log2_eta_star(&snapshot.cells[0].cell) - 1.0 / 16.0);
    assert!(bias.abs() < 4.0 * 0.3 / 10.0, "{bias}");
    assert!((variance.sqrt() / 0.3 - 1.0).abs() < 0.35, "{variance}");
}

#[test]
fn success_that_is_not_monotone_is_seen_by_the_ladder() {
    let mut cell = cell(16, 4);
    cell.protocol_mut().unwrap().ladder = vec![-1.5, 1.5];
    let snapshot = sweep(&[cell], 2, &mock(Edge::NonMonotone), 1);
    for repeat in &snapshot.cells[0].repeats {
        assert!(!repeat.search().unwrap().monotone);
    }
}

#[test]
fn nothing_in_range_is_a_result() {
    for (edge, expected) in [
        (
            Edge::NeverSucceeds,
            EtaStar::NothingSucceeds {
                lowest: f64::exp2(-20.0),
            },
        ),
        (
            Edge::AlwaysSucceeds,
            EtaStar::NothingFails { highest: 1024.0 },
        ),
    ] {
        let snapshot = sweep(&[cell(8, 2)], 1, &mock(edge), 1);
        assert_eq!(
            snapshot.cells[0].repeats[0].search().unwrap().eta_star,
            expected
        );
    }
}

/// Interrupts the sweep after a number of trials, and counts them.
struct InterruptAfter<'a> {
    trials: usize,
    seen: AtomicUsize,
    interrupt: &'a Interrupt,
}

impl Observer for InterruptAfter<'_> {
    fn trial_finished(&self, _: &PlannedCell, _: usize, _: &TrialRecord) {
        if self.seen.fetch_add(1, Ordering::SeqCst) + 1 >= self.trials {
            self.interrupt.request();
        }
    }
}

#[test]
fn a_sweep_interrupted_anywhere_ends_with_the_same_rows() {
    let trainer = mock(Edge::Noisy(0.5));
    let planned = PlannedCell::plan(&cells(), &trainer, &provenance()).unwrap();
    let undisturbed = sweep(&cells(), 2, &trainer, 1);
    let total: usize = undisturbed
        .cells
        .iter()
        .flat_map(|cell| &cell.repeats)
        .map(|repeat| repeat.search().unwrap().trials.len())
        .sum();
    for trials in 1..12 {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sweep.db");
        let mut carried_out = 0;
        let snapshot = loop {
            let interrupt = Interrupt::default();
            let observer = InterruptAfter {
                trials,
                seen: AtomicUsize::new(0),
                interrupt: &interrupt,
            };
            let store = Store::open_for_sweep(&path, &manifest(2), &planned).unwrap();
            let (end, store) = run_sweep(
                &planned,
                &Repeats::all(2),
                &trainer,
                store,
                1,
                &interrupt,
                &observer,
            )
            .unwrap();
            carried_out += observer.seen.into_inner();
            if end == SweepEnd::Complete {
                break store.snapshot().unwrap();
            }
        };
        assert_eq!(snapshot.cells, undisturbed.cells);
        assert_eq!(carried_out, total, "a trial was carried out twice or lost");
    }
}

/// Fails, or panics, at the third trial.
struct Broken {
    inner: MockTrainer,
    panics: bool,
}

struct BrokenRepeat<'a> {
    inner: Box<dyn Prepared + 'a>,
    trials: usize,
    panics: bool,
}

impl Trainer for Broken {
    fn shape(&self, cell: &Cell) -> Result<(usize, usize), TrainerError> {
        self.inner.shape(cell)
    }

    fn prepare<'a>(&'a self, runs: &[Run<'a>]) -> Result<Box<dyn Prepared + 'a>, TrainerError> {
        let inner = self.inner.prepare(runs)?;
        Ok(Box::new(BrokenRepeat {
            inner,
            trials: 0,
            panics: self.panics,
        }))
    }
}

impl Prepared for BrokenRepeat<'_> {
    fn trials(
        &mut self,
        asked: &[Asked],
        interrupt: &Interrupt,
        finished: &mut dyn FnMut(usize, TrialRecord) -> ControlFlow<()>,
    ) -> Result<(), TrainerError> {
        self.trials += 1;
        match (self.trials, self.panics) {
            (3, true) => panic!("the device is gone"),
            (3, false) => Err(TrainerError::NotLoaded("digits".into())),
            _ => self.inner.trials(asked, interrupt, finished),
        }
    }
}

#[test]
fn a_failing_trainer_ends_the_sweep_and_keeps_what_is_finished() {
    for panics in [false, true] {
        let trainer = Broken {
            inner: mock(Edge::Sharp),
            panics,
        };
        let planned = PlannedCell::plan(&cells(), &trainer, &provenance()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sweep.db");
        let store = Store::open_for_sweep(&path, &manifest(1), &planned).unwrap();
        let error = run_sweep(
            &planned,
            &Repeats::all(1),
            &trainer,
            store,
            1,
            &Interrupt::default(),
            &Silent,
        )
        .unwrap_err();
        match error {
            SweepError::Worker(message) if panics => assert!(message.contains("device is gone")),
            SweepError::Trainer(_) if !panics => {}
            other => panic!("{other}"),
        }
        let store = Store::open_to_read(&path).unwrap();
        let kept: usize = planned
            .iter()
            .map(|cell| store.trials(&cell.id, 0).unwrap().len())
            .sum();
        assert_eq!(kept, 2);
    }
}

fn burn_trainer<B: Backend>(device: B::Device) -> BurnTrainer<B> {
    let config = cell(8, 2).dataset;
    let dataset = Dataset::load(&config, &DataFolders::only("/nonexistent")).unwrap();
    BurnTrainer::new(device, MasterSeed(1), &[(config, dataset)]).unwrap()
}

#[test]
fn real_networks_give_the_same_bits_on_any_number_of_threads() {
    let trainer = burn_trainer::<burn_flex::Flex>(Default::default());
    let alone = timeless(sweep(&cells(), 2, &trainer, 1));
    let together = timeless(sweep(&cells(), 2, &trainer, 3));
    assert_eq!(alone, together);
    for repeat in alone.cells.iter().flat_map(|cell| &cell.repeats) {
        assert!((-10.0..6.0).contains(&log2_found(repeat)));
    }
}

#[test]
fn single_and_double_precision_agree_within_the_noise_of_rounding() {
    let single = burn_trainer::<burn_flex::Flex>(Default::default());
    let double = burn_trainer::<burn_ndarray::NdArray<f64>>(Default::default());
    let cells = [cell(32, 2)];
    let single = sweep(&cells, 3, &single, 2);
    let double = sweep(&cells, 3, &double, 2);
    for (single, double) in single.cells[0].repeats.iter().zip(&double.cells[0].repeats) {
        let octaves = (log2_found(single) - log2_found(double)).abs();
        assert!(octaves <= 0.5, "{octaves}");
    }
}

/// The batches kept on the device and those gathered again are the same.
#[test]
fn every_trial_of_a_repeat_sees_the_same_batches() {
    let trainer = burn_trainer::<burn_flex::Flex>(Default::default());
    let cell = cell(16, 2);
    let interrupt = Interrupt::default();
    let mut repeat = trainer.prepare(&Run::repeats(&cell, [0])).unwrap();
    let first = repeat.trial(0, 1e-3, &interrupt).unwrap().unwrap();
    let again = repeat.trial(0, 1e-3, &interrupt).unwrap().unwrap();
    let mut fresh = trainer.prepare(&Run::repeats(&cell, [0])).unwrap();
    fresh.trial(0, 8.0, &interrupt).unwrap();
    let after_another = fresh.trial(0, 1e-3, &interrupt).unwrap().unwrap();
    for other in [again, after_another] {
        assert_eq!(
            (&first.curve, first.losses.last),
            (&other.curve, other.losses.last)
        );
    }
}

#[test]
fn a_batch_larger_than_the_data_is_an_error() {
    let trainer = burn_trainer::<burn_flex::Flex>(Default::default());
    let mut cell = cell(8, 2);
    cell.protocol_mut().unwrap().batch_size = 513;
    let error = trainer
        .prepare(&Run::repeats(&cell, [0]))
        .err()
        .unwrap()
        .to_string();
    assert!(error.contains("513") && error.contains("512"), "{error}");
}
