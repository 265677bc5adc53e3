//! Every backend that is compiled in, against the reference.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a helper of a test fails the test"
)]

use burn_tensor::backend::Backend;
use etastar_backend::{BackendName, Selection, Task};
use etastar_conformance::{Case, Operation, Shape, measure, tolerance};
use etastar_data::{DataFolders, Dataset, DatasetConfig, DatasetName};
use etastar_model::{Architecture, InitialWeights, Loss, Mlp};
use etastar_search::{
    BurnTrainer, Cell, Interrupt, MasterSeed, Outcome, Protocol, Trainer, TrialRecord, Vary, plan,
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

/// The compiled backends of single precision. Burn keeps the default float
/// type by device, so a process has room for one float type of `ndarray`; its
/// double precision is tested in a process of its own.
fn backends() -> Vec<Selection> {
    BackendName::ALL
        .into_iter()
        .filter(|name| name.float() == "f32")
        .filter_map(|name| Selection::new(name).ok())
        .collect()
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
                            backend.name(),
                            operation.name()
                        );
                        largest[place] = largest[place].max(error);
                    }
                }
            }
        }
        let written = largest.map(|error| format!("{error:.1e}")).join(" | ");
        println!("| {} | {written} |", backend.name());
    }
}

struct UploadedBits;

impl Task for UploadedBits {
    type Output = Vec<u32>;

    fn run<B: Backend>(self, device: B::Device) -> Vec<u32> {
        let architecture = Architecture::constant_width(20, 16, 3, 5);
        let mut rng = ChaCha8Rng::seed_from_u64(7);
        let initial = InitialWeights::draw::<B::FloatElem>(&architecture, &mut rng);
        let network = Mlp::<B>::new(&initial, &device);
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

/// One repeat on digits, trained on a backend.
struct OnDigits<'a, T> {
    cell: &'a Cell,
    work: fn(&dyn Trainer, &Cell) -> T,
}

impl<T> Task for OnDigits<'_, T> {
    type Output = T;

    fn run<B: Backend>(self, device: B::Device) -> T {
        let config = &self.cell.dataset;
        let dataset = Dataset::load(config, &DataFolders::discover(None)).unwrap();
        let datasets = [(config.clone(), dataset)];
        let trainer = BurnTrainer::<B>::new(device, MasterSeed(1), &datasets).unwrap();
        (self.work)(&trainer, self.cell)
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
        input_rate: 0.1,
        protocol: Protocol {
            threshold,
            batch_size: 64,
            budget: 48,
            ..Protocol::default()
        },
        checkpoint: None,
        vary: Vary::Both,
    }
}

fn trial(trainer: &dyn Trainer, cell: &Cell, rate: f64) -> TrialRecord {
    let mut repeat = trainer.prepare(cell, &[0]).unwrap();
    repeat
        .trial(0, rate, &Interrupt::default())
        .unwrap()
        .unwrap()
}

/// A trial that blows up ends as such, at once, on every backend.
#[test]
fn what_is_not_finite_is_recognised() {
    for backend in backends() {
        let record = backend.run(OnDigits {
            cell: &cell(1.0),
            work: |trainer, cell| trial(trainer, cell, 1e30),
        });
        assert_eq!(record.outcome, Outcome::NonFinite, "{}", backend.name());
        assert!(record.steps <= 3, "{}", record.steps);
    }
}

#[test]
fn the_same_training_twice_gives_the_same_bits() {
    for backend in backends() {
        let twice = [(); 2].map(|()| {
            backend.run(OnDigits {
                cell: &cell(1.0),
                work: |trainer, cell| trial(trainer, cell, 0.1),
            })
        });
        assert_eq!(twice[0].last_loss, twice[1].last_loss, "{}", backend.name());
        assert_eq!(twice[0].curve, twice[1].curve);
    }
}

/// A search of a wide network: the edge is sharp, so that rounding moves the
/// bracket by one step of the bisection at most.
#[test]
fn eta_star_is_the_same_within_the_tolerance_of_its_search() {
    let found: Vec<f64> = backends()
        .into_iter()
        .map(|backend| {
            let eta_star: f64 = backend.run(OnDigits {
                cell: &cell(0.2),
                work: |trainer, cell| {
                    let mut tried = plan::Tried::new();
                    loop {
                        match plan::next(&cell.protocol, &tried) {
                            plan::Plan::Try(rate) => {
                                tried.insert(rate, trial(trainer, cell, rate).succeeded());
                            }
                            plan::Plan::Done(etastar_search::EtaStar::Found {
                                eta_star, ..
                            }) => {
                                return eta_star;
                            }
                            plan::Plan::Done(other) => panic!("{other:?}"),
                        }
                    }
                },
            });
            println!("{}: eta* = {eta_star}", backend.name());
            eta_star.log2()
        })
        .collect();
    let least = found.iter().copied().fold(f64::INFINITY, f64::min);
    let most = found.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    assert!(most - least <= 0.125 + 1e-9, "{found:?}");
}
