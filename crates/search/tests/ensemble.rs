//! Many networks at once against one after the other.

use std::ops::ControlFlow;

use burn_flex::Flex;
use etastar_data::{DataFolders, Dataset, DatasetConfig, DatasetName, Inputs, OwnFile, Targets};
use etastar_model::Loss;
use etastar_search::{
    Asked, BurnTrainer, Cell, Checkpoint, EnsembleLimits, EnsembleTrainer, Interrupt, MasterSeed,
    Measurement, Outcome, Protocol, Run, SuccessRule, Trainer, TrainerError, TrialRecord,
};
use proptest::prelude::*;

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
        measurement: Measurement::EtaStar(Protocol {
            batch_size: 32,
            budget: 24,
            evaluate_every: 8,
            threshold: 0.5,
            ..Protocol::default()
        }),
        layer_rates: Vec::new(),
        checkpoint: None,
        vary: Default::default(),
    }
}

/// How much ink a digit has, and where: real targets instead of its class.
fn regression() -> Cell {
    let mut cell = cell(16, 2);
    cell.dataset = DatasetConfig {
        name: DatasetName::File,
        file: Some(OwnFile {
            regression: true,
            ..OwnFile::new("ink.npz")
        }),
        ..cell.dataset
    };
    cell.input_rate = 1.0;
    cell.protocol_mut().unwrap().loss = Loss::SquaredError;
    cell
}

fn trainer() -> BurnTrainer<Flex> {
    let config = cell(8, 2).dataset;
    let dataset = Dataset::load(&config, &DataFolders::only("/nonexistent")).unwrap();
    let Inputs::Bytes(pixels) = &dataset.inputs else {
        panic!("digits are bytes");
    };
    let ink = pixels.chunks(64).flat_map(|digit| {
        let [above, below] = [&digit[..32], &digit[32..]]
            .map(|half| half.iter().map(|&pixel| f32::from(pixel)).sum::<f32>());
        [above + below, above - below]
    });
    let ink = Dataset {
        targets: Targets::Reals(ink.collect()),
        classes: 2,
        ..dataset.clone()
    };
    let data = [(config, dataset), (regression().dataset, ink)];
    BurnTrainer::new(Default::default(), MasterSeed(1), &data).unwrap()
}

fn limits(networks: usize) -> EnsembleLimits {
    EnsembleLimits {
        networks,
        memory: 1 << 30,
    }
}

/// The records of trials, in the order in which they are asked for.
fn records(trainer: &dyn Trainer, cell: &Cell, asked: &[Asked]) -> Vec<TrialRecord> {
    let runs = Run::repeats(cell, 0..=asked.iter().map(|asked| asked.run).max().unwrap());
    records_of(trainer, &runs, asked)
}

fn records_of(trainer: &dyn Trainer, runs: &[Run<'_>], asked: &[Asked]) -> Vec<TrialRecord> {
    let mut prepared = trainer.prepare(runs).unwrap();
    let mut found: Vec<(Asked, TrialRecord)> = Vec::new();
    prepared
        .trials(asked, &Interrupt::default(), &mut |run, record| {
            let asked = Asked {
                run,
                learning_rate: record.learning_rate,
            };
            let record = TrialRecord {
                seconds: 0.0,
                ..record
            };
            found.push((asked, record));
            ControlFlow::Continue(())
        })
        .unwrap();
    let of = |asked: &Asked| found.iter().find(|(other, _)| other == asked);
    asked
        .iter()
        .map(|asked| of(asked).unwrap().1.clone())
        .collect()
}

fn grid_of(runs: usize, log2_rates: &[f64]) -> Vec<Asked> {
    (0..runs)
        .flat_map(|run| {
            log2_rates.iter().map(move |log2| Asked {
                run,
                learning_rate: log2.exp2(),
            })
        })
        .collect()
}

/// From rates that do nothing to rates that blow up: trials end at different
/// steps and by different outcomes, and ensembles shrink.
const RATES: [f64; 8] = [-12.0, -6.0, -4.0, -3.0, -2.0, 0.0, 3.0, 60.0];

#[test]
fn trials_are_those_of_the_sequential_trainer() {
    let trainer = trainer();
    let with_bias = Cell {
        bias: true,
        ..cell(12, 3)
    };
    let late = Cell {
        checkpoint: Some(Checkpoint {
            steps: 5,
            learning_rate: 0.05,
            batch_size: 32,
        }),
        measurement: Measurement::EtaStar(Protocol {
            success: SuccessRule::KeepAccuracy,
            threshold: 0.1,
            ..cell(16, 2).protocol().unwrap().clone()
        }),
        ..cell(16, 2)
    };
    let mut outcomes = Vec::new();
    for cell in [cell(16, 2), with_bias, late, regression()] {
        let mut own = Vec::new();
        for (repeats, at_once) in [(1, 8), (3, 24), (3, 5)] {
            let asked = grid_of(repeats, &RATES);
            let ensembles = EnsembleTrainer::new(&trainer, limits(at_once));
            let expected = records(&trainer, &cell, &asked);
            let computed = records(&ensembles, &cell, &asked);
            // burn-flex multiplies the matrices of a batched product one by
            // one, with the same kernel: the same bits.
            assert_eq!(computed, expected);
            own.extend(computed.iter().map(|record| record.outcome));
        }
        let succeeds = own.contains(&Outcome::Success);
        assert!(succeeds || !cell.dataset.is_regression());
        outcomes.extend(own);
    }
    for outcome in [Outcome::Success, Outcome::Exhausted, Outcome::NonFinite] {
        assert!(outcomes.contains(&outcome), "{outcome:?} is not tested");
    }
}

/// Cells of other input-layer rates, and of other rates of all layers, train in one ensemble.
#[test]
fn cells_that_differ_in_relative_rates_train_together() {
    let trainer = trainer();
    let own = |rates: &[f64]| {
        let mut cell = cell(16, 2);
        cell.set_layer_rates(rates);
        cell
    };
    let cells = [
        own(&[1.0; 3]),
        own(&[0.1, 1.0, 1.0]),
        own(&[0.5, 2.0, 0.25]),
    ];
    let frozen = own(&[0.0, 1.0, 1.0]);
    let other = cell(16, 3);
    assert!(cells.iter().all(|cell| cell.trains_with(&cells[0])));
    assert!(!frozen.trains_with(&cells[0]) && !other.trains_with(&cells[0]));
    let runs: Vec<Run<'_>> = cells
        .iter()
        .flat_map(|cell| Run::repeats(cell, 0..2))
        .collect();
    let asked = grid_of(runs.len(), &RATES);
    for at_once in [48, 7] {
        let ensembles = EnsembleTrainer::new(&trainer, limits(at_once));
        let together = records_of(&ensembles, &runs, &asked);
        for (index, cell) in cells.iter().enumerate() {
            let alone = records(&trainer, cell, &grid_of(2, &RATES));
            assert_eq!(together[16 * index..16 * (index + 1)], alone, "{index}");
        }
    }
}

#[test]
fn memory_bounds_the_number_of_networks() {
    let trainer = trainer();
    let cell = cell(64, 4);
    let at_once = |memory| {
        let limits = EnsembleLimits {
            networks: 1000,
            memory,
        };
        EnsembleTrainer::new(&trainer, limits).networks_at_once(&cell)
    };
    let many = at_once(64 << 20).unwrap();
    assert!((2..1000).contains(&many), "{many}");
    let twice = at_once(128 << 20).unwrap();
    assert!((2 * many..=2 * many + 1).contains(&twice));
    assert_eq!(at_once(1 << 40).unwrap(), 1000);
    let error = at_once(1 << 10).unwrap_err();
    assert!(matches!(error, TrainerError::Memory { .. }));
    assert!(error.to_string().contains("--memory"), "{error}");
}

#[test]
fn an_interrupt_and_a_break_end_a_round() {
    let trainer = trainer();
    let ensembles = EnsembleTrainer::new(&trainer, limits(4));
    let cell = cell(8, 2);
    let asked = grid_of(2, &RATES);
    let mut prepared = ensembles.prepare(&Run::repeats(&cell, 0..2)).unwrap();
    let mut ended = 0;
    prepared
        .trials(&asked, &Interrupt::default(), &mut |_, _| {
            ended += 1;
            ControlFlow::Break(())
        })
        .unwrap();
    assert_eq!(ended, 1);
    let interrupt = Interrupt::default();
    interrupt.request();
    let none = prepared.trial(0, 1e-4, &interrupt).unwrap();
    assert_eq!(none, None);
    let unknown = prepared.trial(7, 1e-4, &Interrupt::default()).unwrap_err();
    assert!(matches!(unknown, TrainerError::NotPrepared(7)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// Who else is in the ensemble changes nothing.
    #[test]
    fn a_network_does_not_depend_on_its_neighbours(
        rates in prop::collection::vec(-12.0f64..4.0, 1..6),
        width in 2usize..20,
    ) {
        let trainer = trainer();
        let cell = cell(width, 2);
        let ensembles = EnsembleTrainer::new(&trainer, limits(64));
        let asked = grid_of(2, &rates);
        let together = records(&ensembles, &cell, &asked);
        for (asked, record) in asked.iter().zip(together) {
            let alone = records(&ensembles, &cell, &[*asked]);
            prop_assert_eq!(&alone[0], &record);
        }
    }
}
