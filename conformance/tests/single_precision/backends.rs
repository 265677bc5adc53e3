//! Every backend that is compiled in, against the reference.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a helper of a test fails the test"
)]

use std::ops::ControlFlow;

use burn_tensor::{Tensor, TensorData};
use etastar_backend::{Backend, Selection, Task};
use etastar_conformance::{Case, Operation, Shape, measure, tolerance};
use etastar_data::{DataFolders, Dataset, DatasetConfig, DatasetName};
use etastar_model::{Architecture, InitialWeights, Loss, Mlp, Predictions};
use etastar_search::{
    Asked, BurnTrainer, Cell, EnsembleLimits, EnsembleTrainer, EtaStar, Interrupt, MasterSeed,
    Measurement, Outcome, Protocol, Run, Trainer, TrialRecord, Vary, plan,
};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// Unit roundoff of single precision.
const ROUNDOFF: f64 = 1.0 / 16_777_216.0;

const SHAPES: [Shape; 3] = [
    Shape {
        inputs: 8,
        width: 16,
        depth: 2,
        outputs: 3,
        samples: 16,
    },
    Shape {
        inputs: 64,
        width: 32,
        depth: 4,
        outputs: 10,
        samples: 16,
    },
    Shape {
        inputs: 100,
        width: 48,
        depth: 8,
        outputs: 10,
        samples: 8,
    },
];

/// The devices of `ETASTAR_DEVICES` (`tch:cuda:0,wgpu`), or else the default
/// device of every compiled backend of single precision. Double precision is
/// tested in a process of its own.
fn backends() -> Vec<Selection> {
    let devices = std::env::var("ETASTAR_DEVICES").ok();
    Selection::list(devices.as_deref()).unwrap()
}

#[test]
fn every_operation_is_within_what_rounding_explains() {
    println!(
        "| backend | {} |",
        Operation::ALL.map(Operation::name).join(" | ")
    );
    println!("|---|{}", "---|".repeat(Operation::ALL.len()));
    for backend in backends() {
        let mut largest = [0f64; Operation::ALL.len()];
        for shape in SHAPES {
            for loss in [Loss::CrossEntropy, Loss::SquaredError] {
                for seed in 0..4 {
                    let case = Case::new(shape, loss, seed);
                    for (place, (operation, error)) in
                        measure(backend, &case).into_iter().enumerate()
                    {
                        let allowed = tolerance(operation, &shape, ROUNDOFF);
                        assert!(
                            error <= allowed,
                            "{}: {} of {shape:?}, {loss:?}: {error:e} above {allowed:e}",
                            backend.device(),
                            operation.name()
                        );
                        largest[place] = largest[place].max(error);
                    }
                }
            }
        }
        let written = largest.map(|error| format!("{error:.1e}")).join(" | ");
        println!("| {} | {written} |", backend.device());
    }
}

struct UploadedBits;

impl Task for UploadedBits {
    type Output = Vec<u32>;

    fn run<B: Backend>(self, device: B::Device) -> Vec<u32> {
        let architecture = Architecture::constant_width(20, 16, 3, 5);
        let mut rng = ChaCha8Rng::seed_from_u64(7);
        let initial = InitialWeights::draw::<B::FloatElem>(&architecture, &mut rng);
        let network = Mlp::<B>::upload(&initial, &device);
        let layers = network.layers.into_iter();
        layers
            .flat_map(|layer| {
                let data = layer.weight.into_data().convert::<f32>();
                data.iter::<f32>().map(f32::to_bits).collect::<Vec<_>>()
            })
            .collect()
    }
}

#[test]
fn initial_weights_are_the_same_bits_everywhere() {
    let uploaded: Vec<Vec<u32>> = backends().iter().map(|b| b.run(UploadedBits)).collect();
    assert!(uploaded.iter().all(|bits| *bits == uploaded[0]));
    assert!(!uploaded[0].is_empty());
}

/// Outputs of two networks for three samples of three classes.
const OUTPUTS: [[[f32; 3]; 3]; 2] = [
    [[0.0, 1.0, 1.0], [-1.0, -2.0, -3.0], [f32::NAN, 5.0, 0.0]],
    [
        [f32::INFINITY, 0.0, 0.0],
        [f32::NEG_INFINITY; 3],
        [0.0, 0.0, 1e30],
    ],
];

struct Accuracy;

impl Task for Accuracy {
    type Output = Vec<Predictions>;

    fn run<B: Backend>(self, device: B::Device) -> Vec<Predictions> {
        let outputs = OUTPUTS.as_flattened().as_flattened().to_vec();
        let outputs = TensorData::new(outputs, [2, 3, 3]);
        let outputs = Tensor::<B, 3>::from_data(outputs.convert::<B::FloatElem>(), &device);
        Predictions::of_networks(outputs, &[1, 0, 1])
    }
}

/// Ties go to the lowest class; a row with a NaN is never right.
#[test]
fn accuracy_is_counted_alike() {
    for backend in backends() {
        let [first, second] = backend.run(Accuracy).try_into().unwrap();
        assert_eq!(
            (first.correct, second.correct),
            (2, 1),
            "{}",
            backend.device()
        );
        assert!(first.largest_output.is_nan() && second.largest_output.is_infinite());
    }
}

/// Repeats on digits, trained on a backend.
struct OnDigits<'a, T> {
    cell: &'a Cell,
    work: fn(&dyn Trainer, &Cell) -> T,
    batched: bool,
}

impl<'a, T> OnDigits<'a, T> {
    fn new(cell: &'a Cell, work: fn(&dyn Trainer, &Cell) -> T) -> Self {
        Self {
            cell,
            work,
            batched: false,
        }
    }

    fn batched(self) -> Self {
        Self {
            batched: true,
            ..self
        }
    }
}

impl<T> Task for OnDigits<'_, T> {
    type Output = T;

    fn run<B: Backend>(self, device: B::Device) -> T {
        let config = &self.cell.dataset;
        let dataset = Dataset::load(config, &DataFolders::discover(None)).unwrap();
        let datasets = [(config.clone(), dataset)];
        let trainer = BurnTrainer::<B>::new(device, MasterSeed(1), &datasets).unwrap();
        if !self.batched {
            return (self.work)(&trainer, self.cell);
        }
        let limits = EnsembleLimits {
            networks: 64,
            memory: 1 << 28,
        };
        (self.work)(&EnsembleTrainer::new(&trainer, limits), self.cell)
    }
}

fn cell(threshold: f64) -> Cell {
    Cell {
        dataset: DatasetConfig {
            train: Some(512),
            validation: Some(128),
            ..DatasetConfig::new(DatasetName::Digits)
        },
        hidden: vec![64; 2],
        bias: false,
        output_gain: 2.0,
        form: Default::default(),
        input_rate: 0.1,
        measurement: Measurement::EtaStar(Protocol {
            threshold,
            batch_size: 64,
            budget: 48,
            ..Protocol::default()
        }),
        layer_rates: Vec::new(),
        checkpoint: None,
        vary: Vary::Both,
    }
}

fn trial(trainer: &dyn Trainer, cell: &Cell, rate: f64) -> TrialRecord {
    let mut repeat = trainer.prepare(&Run::repeats(cell, [0])).unwrap();
    repeat
        .trial(0, rate, &Interrupt::default())
        .unwrap()
        .unwrap()
}

/// A trial that blows up ends as such, at once, on every backend.
#[test]
fn what_is_not_finite_is_recognised() {
    for backend in backends() {
        let record = backend.run(OnDigits::new(&cell(1.0), |trainer, cell| {
            trial(trainer, cell, 1e30)
        }));
        assert_eq!(record.outcome, Outcome::NonFinite, "{}", backend.device());
        assert!(record.steps <= 3, "{}", record.steps);
    }
}

#[test]
fn the_same_training_twice_gives_the_same_bits() {
    for backend in backends() {
        let cell = cell(1.0);
        let run = |batched| {
            let work = OnDigits::new(&cell, |trainer, cell| trial(trainer, cell, 0.1));
            backend.run(if batched { work.batched() } else { work })
        };
        for batched in [false, true] {
            let twice = [(); 2].map(|()| run(batched));
            assert_eq!(
                twice[0].losses.last,
                twice[1].losses.last,
                "{}, batched: {batched}",
                backend.device()
            );
            assert_eq!(twice[0].curve, twice[1].curve);
        }
    }
}

/// Rates from such as do nothing to such as blow up.
fn ladder() -> Vec<Asked> {
    (0..3)
        .flat_map(|run| {
            (-10..=12).map(move |octave| Asked {
                run,
                learning_rate: f64::from(octave).exp2(),
            })
        })
        .collect()
}

/// The records of a ladder of rates, in its order.
fn of_ladder(trainer: &dyn Trainer, cell: &Cell) -> Vec<TrialRecord> {
    let asked = ladder();
    let mut records: Vec<(usize, TrialRecord)> = Vec::new();
    let mut prepared = trainer.prepare(&Run::repeats(cell, 0..3)).unwrap();
    prepared
        .trials(&asked, &Interrupt::default(), &mut |run, record| {
            records.push((run, record));
            ControlFlow::Continue(())
        })
        .unwrap();
    records.sort_by(|(a, x), (b, y)| {
        let by_rate = x.learning_rate.total_cmp(&y.learning_rate);
        a.cmp(b).then(by_rate)
    });
    records.into_iter().map(|(_, record)| record).collect()
}

/// Trained together, networks end as they end one by one. Where a rate is so
/// large that training is chaotic, rounding may decide: at most one trial in
/// twenty may differ, and none far below the edge.
#[test]
fn an_ensemble_ends_as_its_networks_do_one_by_one() {
    let cell = cell(0.2);
    for backend in backends() {
        let one_by_one = backend.run(OnDigits::new(&cell, of_ladder));
        let together = backend.run(OnDigits::new(&cell, of_ladder).batched());
        assert_eq!(one_by_one.len(), ladder().len());
        let pairs = || one_by_one.iter().zip(&together);
        let differ = pairs().filter(|(a, b)| a.outcome != b.outcome).count();
        let same_bits = pairs()
            .filter(|(a, b)| a.losses.last == b.losses.last)
            .count();
        println!(
            "{}: {differ} of {} trials end otherwise, {same_bits} have the same last loss",
            backend.device(),
            together.len()
        );
        assert!(20 * differ <= together.len(), "{differ} trials differ");
        let far_below = |record: &TrialRecord| record.learning_rate < 0.5;
        for (a, b) in pairs().filter(|(record, _)| far_below(record)) {
            assert_eq!((a.outcome, a.steps), (b.outcome, b.steps));
            let (a, b) = (a.losses.last.unwrap(), b.losses.last.unwrap());
            assert!((a - b).abs() <= 1e-3 * a.abs(), "{a} {b}");
        }
    }
}

/// The search of repeat 0.
fn search(trainer: &dyn Trainer, cell: &Cell) -> f64 {
    let at_once = trainer.networks_at_once(cell).unwrap();
    let search =
        plan::Search::of_cell(cell, cell.protocol().unwrap(), trainer.shape(cell).unwrap());
    let mut prepared = trainer.prepare(&Run::repeats(cell, [0])).unwrap();
    let mut tried = plan::Tried::new();
    loop {
        match search.next(&tried) {
            plan::Plan::Done(EtaStar::Found { eta_star, .. }) => return eta_star,
            plan::Plan::Done(other) => panic!("{other:?}"),
            plan::Plan::Try(_) => {}
        }
        let rates = search.ahead(&tried, at_once).into_iter();
        let asked: Vec<Asked> = rates
            .map(|learning_rate| Asked {
                run: 0,
                learning_rate,
            })
            .collect();
        prepared
            .trials(&asked, &Interrupt::default(), &mut |_, record| {
                tried.insert(record.learning_rate, record.succeeded());
                ControlFlow::Continue(())
            })
            .unwrap();
    }
}

/// A search of a wide network: the edge is sharp, so that rounding moves the
/// bracket by one step of the bisection at most, whatever the backend and the
/// strategy.
#[test]
fn eta_star_is_the_same_within_the_tolerance_of_its_search() {
    let cell = cell(0.2);
    let mut found = Vec::new();
    for backend in backends() {
        for batched in [false, true] {
            let work = OnDigits::new(&cell, search);
            let eta_star = backend.run(if batched { work.batched() } else { work });
            println!(
                "{}, batched: {batched}: eta* = {eta_star}",
                backend.device()
            );
            found.push(eta_star.log2());
        }
    }
    let least = found.iter().copied().fold(f64::INFINITY, f64::min);
    let most = found.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    assert!(most - least <= 0.125 + 1e-9, "{found:?}");
}
