//! One whole trial on digits: 128 steps and 8 evaluations at a small rate.

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion, criterion_group, criterion_main};
use etastar_backend::{Backend, Task};
use etastar_benches::{Shape, after_the_first, backends, flops};
use etastar_data::{DataFolders, Dataset, DatasetConfig, DatasetName};
use etastar_search::{
    BurnTrainer, Cell, Interrupt, MasterSeed, Measurement, Protocol, Run, Trainer,
};

/// A rate at which the threshold below is never reached: the whole budget.
const LEARNING_RATE: f64 = 1e-4;

/// Validation samples of digits.
const VALIDATION: usize = 297;

fn cell(width: usize, depth: usize) -> Cell {
    Cell {
        dataset: DatasetConfig::new(DatasetName::Digits),
        hidden: vec![width; depth],
        bias: false,
        output_gain: 2.0,
        form: Default::default(),
        input_rate: 0.1,
        measurement: Measurement::EtaStar(Protocol {
            threshold: 1.0,
            ..Protocol::default()
        }),
        layer_rates: Vec::new(),
        checkpoint: None,
        vary: Default::default(),
    }
}

struct WholeTrial<'a, 'b> {
    group: &'a mut BenchmarkGroup<'b, WallTime>,
    id: BenchmarkId,
    cell: &'a Cell,
}

impl Task for WholeTrial<'_, '_> {
    type Output = ();

    #[expect(clippy::unwrap_used, reason = "the embedded data are there")]
    fn run<B: Backend>(self, device: B::Device) {
        let dataset = Dataset::load(&self.cell.dataset, &DataFolders::discover(None)).unwrap();
        let datasets = [(self.cell.dataset.clone(), dataset)];
        let trainer = BurnTrainer::<B>::new(device, MasterSeed(1), &datasets).unwrap();
        let mut repeat = trainer.prepare(&Run::repeats(self.cell, [0])).unwrap();
        let interrupt = Interrupt::default();
        self.group.bench_function(self.id, |bencher| {
            after_the_first(bencher, || {
                std::hint::black_box(repeat.trial(0, LEARNING_RATE, &interrupt).unwrap());
            });
        });
    }
}

fn trial(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("trial");
    for (width, depth) in [(32, 4), (128, 4), (128, 16)] {
        let cell = cell(width, depth);
        let shape = Shape::new(64, width, depth);
        let Some(protocol) = cell.protocol() else {
            continue;
        };
        let evaluations = (protocol.budget / protocol.evaluate_every) as u64;
        let steps = protocol.budget as u64 * shape.gradient_flops(protocol.batch_size);
        group.throughput(flops(steps + evaluations * shape.forward_flops(VALIDATION)));
        for backend in backends() {
            let id = BenchmarkId::new(shape.label(), backend.device());
            backend.run(WholeTrial {
                group: &mut group,
                id,
                cell: &cell,
            });
        }
    }
    group.finish();
}

criterion_group!(benches, trial);
criterion_main!(benches);
