//! Trainings that go on from a checkpoint, repeats that share a part of their
//! randomness, and cheap rates, with real networks.

use burn_ndarray::NdArray;
use etastar_data::{DataFolders, Dataset, DatasetConfig, DatasetName};
use etastar_model::Loss;
use etastar_search::{
    BurnTrainer, Cell, CheapRateSettings, Checkpoint, Interrupt, MasterSeed, Measurement, Outcome,
    Protocol, Run, SharpnessSettings, SuccessRule, Trainer, TrainerError, TrialRecord, Vary,
};

fn dataset() -> DatasetConfig {
    DatasetConfig {
        train: Some(256),
        validation: Some(128),
        ..DatasetConfig::new(DatasetName::Digits)
    }
}

fn trainer() -> BurnTrainer<NdArray<f64>> {
    let config = dataset();
    let loaded = Dataset::load(&config, &DataFolders::discover(None)).unwrap();
    BurnTrainer::new(Default::default(), MasterSeed(1), &[(config, loaded)]).unwrap()
}

/// A cell whose trials use their whole budget.
fn cell(budget: usize) -> Cell {
    Cell {
        dataset: dataset(),
        hidden: vec![16; 3],
        bias: false,
        output_gain: 2.0,
        form: Default::default(),
        input_rate: 0.5,
        measurement: Measurement::EtaStar(Protocol {
            batch_size: 32,
            budget,
            evaluate_every: budget,
            threshold: 1.0,
            ..Protocol::default()
        }),
        layer_rates: Vec::new(),
        checkpoint: None,
        vary: Vary::Both,
    }
}

fn trial(trainer: &dyn Trainer, cell: &Cell, repeat: usize, rate: f64) -> TrialRecord {
    let mut prepared = trainer.prepare(&Run::repeats(cell, [repeat])).unwrap();
    let record = prepared.trial(0, rate, &Interrupt::default()).unwrap();
    record.unwrap()
}

const fn checkpoint(steps: usize) -> Option<Checkpoint> {
    Some(Checkpoint {
        steps,
        learning_rate: 0.05,
        batch_size: 32,
    })
}

/// Steps before the checkpoint and after it make one training: the same
/// batches in the same order, from the same weights.
#[test]
fn a_training_goes_on_where_its_checkpoint_ended() {
    let trainer = trainer();
    let whole = trial(&trainer, &cell(30), 1, 0.05);
    let continued = Cell {
        checkpoint: checkpoint(20),
        ..cell(10)
    };
    let continued = trial(&trainer, &continued, 1, 0.05);
    assert_eq!(continued.losses.last, whole.losses.last);
    assert_eq!(
        continued.curve.last().unwrap().accuracy,
        whole.curve.last().unwrap().accuracy
    );
    let from_the_start = trial(&trainer, &cell(10), 1, 0.05);
    assert_ne!(from_the_start.losses.last, whole.losses.last);
}

#[test]
fn keeping_the_accuracy_is_measured_against_the_checkpoint() {
    let trainer = trainer();
    let mut late = Cell {
        checkpoint: checkpoint(400),
        ..cell(16)
    };
    late.protocol_mut().unwrap().success = SuccessRule::KeepAccuracy;
    late.protocol_mut().unwrap().threshold = 0.2;
    assert_eq!(trial(&trainer, &late, 0, 1e-9).outcome, Outcome::Success);
    // A rate that wrecks the network without blowing it up loses accuracy.
    assert_ne!(trial(&trainer, &late, 0, 20.0).outcome, Outcome::Success);
}

#[test]
fn a_checkpoint_that_blows_up_is_an_error_that_says_so() {
    let diverging = Cell {
        checkpoint: Some(Checkpoint {
            steps: 200,
            learning_rate: 1e200,
            batch_size: 32,
        }),
        ..cell(16)
    };
    let trainer = trainer();
    let error = trainer
        .prepare(&Run::repeats(&diverging, [0]))
        .err()
        .unwrap();
    assert!(matches!(error, TrainerError::CheckpointDiverged { .. }));
    assert!(
        error
            .to_string()
            .contains("lower `checkpoint.learning_rate`")
    );
}

#[test]
fn repeats_may_differ_in_one_thing_only() {
    let trainer = trainer();
    let loss = |vary, repeat| {
        let cell = Cell { vary, ..cell(8) };
        trial(&trainer, &cell, repeat, 0.05).losses.last.unwrap()
    };
    let of_the_first = loss(Vary::Both, 0);
    for vary in [Vary::Initialisation, Vary::BatchOrder] {
        assert_eq!(loss(vary, 0), of_the_first);
    }
    let others = [Vary::Both, Vary::Initialisation, Vary::BatchOrder].map(|vary| loss(vary, 1));
    assert_ne!(others[0], others[1]);
    assert_ne!(others[1], others[2]);
    assert_ne!(others[0], others[2]);
    assert!(others.iter().all(|loss| *loss != of_the_first));
}

/// Just below the critical rate one step lowers the loss of its batch, and an
/// octave above it one step raises it: judged by whole trials of one step.
#[test]
fn the_critical_rate_parts_falling_from_rising_loss() {
    let trainer = trainer();
    let sharpness = Cell {
        dataset: dataset(),
        hidden: vec![16; 3],
        bias: false,
        output_gain: 2.0,
        form: Default::default(),
        input_rate: 0.5,
        layer_rates: Vec::new(),
        checkpoint: None,
        vary: Vary::default(),
        measurement: Measurement::Sharpness(SharpnessSettings {
            loss: Loss::CrossEntropy,
            samples: 64,
            bounds: false,
            prediction: false,
            cheap_rates: Some(CheapRateSettings {
                // All samples: every batch is the same set.
                batch_size: 256,
                lowest: -20.0,
                highest: 10.0,
                range_test_steps: 240,
            }),
            ..SharpnessSettings::default()
        }),
    };
    let mut blown_up = 0;
    for repeat in 0..4 {
        let measured = trainer
            .measure_sharpness(&sharpness, repeat, &Interrupt::default())
            .unwrap();
        let rates = measured.cheap_rates.unwrap();
        let critical = rates.critical.learning_rate.unwrap();
        // The loss before the second step is that after the first.
        let after_one_step = |rate: f64| {
            let mut two = cell(2);
            two.protocol_mut().unwrap().batch_size = 256;
            trial(&trainer, &two, repeat, rate).losses.last.unwrap()
        };
        let before = after_one_step(1e-12);
        assert!(after_one_step(critical) <= before);
        assert!(after_one_step(critical * 1.05) > before * (1.0 - 1e-12));
        // A network that dies instead of blowing up has none.
        if let Some(range) = rates.range_test.learning_rate {
            assert!((critical / 64.0..critical * 64.0).contains(&range));
            blown_up += 1;
        }
    }
    assert!(blown_up > 0);
}
