//! Networks that no step can change do not use up the budget, and are recorded as if they did.

use burn_flex::Flex;
use etastar_data::{
    BatchOrder, DataFolders, Dataset, DatasetConfig, DatasetName, OwnFile, Split, Targets, gather,
};
use etastar_model::{Batch, InitialWeights, LayerRates, Loss, Mlp};
use etastar_search::{
    BurnTrainer, Cell, EnsembleLimits, EnsembleTrainer, Interrupt, MasterSeed, Measurement,
    Outcome, Protocol, Run, Trainer, TrialRecord,
};

/// Two units wide and twelve layers deep: most of these networks are dead from the start.
fn cell(loss: Loss, bias: bool) -> Cell {
    Cell {
        dataset: DatasetConfig {
            train: Some(300),
            validation: Some(100),
            ..DatasetConfig::new(DatasetName::Digits)
        },
        hidden: vec![2; 12],
        bias,
        output_gain: 2.0,
        form: Default::default(),
        input_rate: 1.0,
        measurement: Measurement::EtaStar(Protocol {
            loss,
            batch_size: 32,
            budget: 24,
            evaluate_every: 5,
            threshold: 0.9,
            ..Protocol::default()
        }),
        layer_rates: Vec::new(),
        checkpoint: None,
        vary: Default::default(),
    }
}

fn records(trainer: &dyn Trainer, cell: &Cell, repeats: &[usize]) -> Vec<TrialRecord> {
    let runs = Run::repeats(cell, repeats.iter().copied());
    let mut prepared = trainer.prepare(&runs).unwrap();
    let record = |run| prepared.trial(run, 0.1, &Interrupt::default());
    (0..runs.len())
        .map(record)
        .map(|record| record.unwrap().unwrap())
        .collect()
}

/// The oracle: every step is taken, on batches of other samples, and changes nothing.
#[test]
fn a_dead_network_never_changes_and_is_recorded_so() {
    let repeats: Vec<usize> = (0..12).collect();
    for loss in [Loss::CrossEntropy, Loss::SquaredError] {
        let cell = cell(loss, false);
        let dataset = Dataset::load(&cell.dataset, &DataFolders::only("/nonexistent")).unwrap();
        let seed = MasterSeed(1);
        let data = [(cell.dataset.clone(), dataset)];
        let trainer = BurnTrainer::<Flex>::new(Default::default(), seed, &data).unwrap();
        let mut rng = seed.split(&cell.dataset);
        let split = Split::new(&data[0].1, &cell.dataset, &mut rng);
        let train = split.unwrap().train;
        let labels = train.targets.classes().unwrap();
        let all = Batch::upload(&train.inputs, labels, 64, 10, &Default::default());
        let architecture = cell.architecture(64, 10);
        let rates = LayerRates::with_input_rate(12, 1.0);
        let mut dead = 0;
        for (repeat, record) in repeats.iter().zip(records(&trainer, &cell, &repeats)) {
            let mut rng = seed.initialisation(&architecture, *repeat);
            let initial = InitialWeights::draw::<f32>(&architecture, &mut rng);
            let network: Mlp<Flex> = Mlp::upload(&initial, &Default::default());
            assert_eq!((record.outcome, record.steps), (Outcome::Exhausted, 24));
            if network.dead_on(&all, loss) != [true] {
                continue;
            }
            dead += 1;
            let weights = |network: &Mlp<Flex>| -> Vec<_> {
                let layers = network.layers.iter();
                layers.map(|layer| layer.weight.to_data()).collect()
            };
            let mut trained = network.clone();
            for rows in 0..9 {
                let (inputs, labels) = (&train.inputs[rows * 2048..], &labels[rows * 32..]);
                let batch =
                    Batch::upload(&inputs[..2048], &labels[..32], 64, 10, &Default::default());
                let (next, before) = trained.sgd_step(&batch, loss, 0.1, &rates);
                trained = next;
                let before = f64::from(before.into_scalar());
                assert_eq!(record.losses.last, Some(before));
                assert_eq!(record.losses.largest, Some(before));
            }
            assert_eq!(weights(&trained), weights(&network));
            let steps: Vec<usize> = record.curve.iter().map(|point| point.step).collect();
            assert_eq!(steps, [5, 10, 15, 20, 24]);
            let evaluation = |one: &etastar_search::CurvePoint| (one.accuracy, one.largest_output);
            let first = evaluation(&record.curve[0]);
            assert!(record.curve.iter().all(|one| evaluation(one) == first));
        }
        assert!(dead >= 6, "{dead} of 12 networks are dead");
        let limits = EnsembleLimits {
            networks: 12,
            memory: 1 << 30,
        };
        let together = EnsembleTrainer::new(&trainer, limits);
        let one_by_one = records(&trainer, &cell, &repeats);
        for (a, b) in one_by_one.iter().zip(records(&together, &cell, &repeats)) {
            assert_eq!(
                (a.outcome, a.steps, a.losses),
                (b.outcome, b.steps, b.losses)
            );
        }
    }
}

/// Output biases learn the frequencies of the classes, whatever is dead below.
#[test]
fn with_biases_a_network_is_never_called_dead() {
    let cell = cell(Loss::CrossEntropy, true);
    let architecture = cell.architecture(64, 10);
    let inputs = vec![0.5; 64];
    let batch: Batch<Flex> = Batch::upload(&inputs, &[3], 64, 10, &Default::default());
    for repeat in 0..12 {
        let mut rng = MasterSeed(1).initialisation(&architecture, repeat);
        let initial = InitialWeights::draw::<f32>(&architecture, &mut rng);
        let network: Mlp<Flex> = Mlp::upload(&initial, &Default::default());
        assert_eq!(network.dead_on(&batch, Loss::CrossEntropy), [false]);
    }
}

/// The outputs of a dead network are zero, but its loss on real targets is that of every batch.
#[test]
fn a_dead_network_on_real_targets_has_the_loss_of_every_batch() {
    let mut cell = cell(Loss::SquaredError, false);
    let digits = Dataset::load(&cell.dataset, &DataFolders::only("/nonexistent")).unwrap();
    let labels = digits.targets.classes().unwrap().iter();
    let dataset = Dataset {
        targets: Targets::Reals(labels.map(|&label| (label as f32).exp()).collect()),
        classes: 1,
        ..digits
    };
    cell.dataset = DatasetConfig {
        name: DatasetName::File,
        file: Some(OwnFile {
            regression: true,
            ..OwnFile::new("own.npz")
        }),
        ..cell.dataset
    };
    let seed = MasterSeed(1);
    let data = [(cell.dataset.clone(), dataset)];
    let trainer = BurnTrainer::<Flex>::new(Default::default(), seed, &data).unwrap();
    let split = Split::new(&data[0].1, &cell.dataset, &mut seed.split(&cell.dataset));
    let train = split.unwrap().train;
    let rows = train.target_rows();
    let all = Batch::from_rows(train.inputs.clone(), rows, [64, 1], &Default::default());
    let architecture = cell.architecture(64, 1);
    let repeats: Vec<usize> = (0..12).collect();
    let mut dead = 0;
    for (repeat, record) in repeats.iter().zip(records(&trainer, &cell, &repeats)) {
        let mut rng = seed.initialisation(&architecture, *repeat);
        let initial = InitialWeights::draw::<f32>(&architecture, &mut rng);
        let network = Mlp::<Flex>::upload(&initial, &Default::default());
        if network.dead_on(&all, Loss::SquaredError) != [true] {
            continue;
        }
        dead += 1;
        let rng = seed.batch_order(&cell.dataset, &architecture, *repeat);
        let mut order = BatchOrder::new(train.len(), 32, rng).unwrap();
        let losses: Vec<f64> = (0..24)
            .map(|_| {
                let (mut inputs, mut targets) = (Vec::new(), Vec::new());
                gather(&train, order.next_batch(), &mut inputs, &mut targets).unwrap();
                let squares = targets.iter().map(|target| f64::from(*target).powi(2));
                squares.sum::<f64>() / 64.0
            })
            .collect();
        let largest = losses.iter().copied().fold(0.0, f64::max);
        let expected = [losses[0], losses[23], largest];
        let found = [
            record.losses.first,
            record.losses.last,
            record.losses.largest,
        ];
        for (found, expected) in found.into_iter().zip(expected) {
            assert!((found.unwrap() / expected - 1.0).abs() < 1e-5);
        }
        assert_eq!((record.outcome, record.steps), (Outcome::Exhausted, 24));
        assert!(record.curve.iter().all(|one| one.accuracy <= 0.0));
    }
    assert!(dead >= 6, "{dead} of 12 networks are dead");
}
