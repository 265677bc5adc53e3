//! One gradient and one SGD step, one thread, mini-batches of 128.

use burn_tensor::backend::Backend;
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion, criterion_group, criterion_main};
use etastar_backend::Task;
use etastar_benches::{BATCH, SHAPES, backends, label, network_and_batch};
use etastar_model::{LayerRates, Loss};

/// A learning rate at which nothing blows up, so that every step is typical.
const LEARNING_RATE: f64 = 1e-3;

type Shape = (usize, usize, usize);

struct Step<'a, 'b> {
    group: &'a mut BenchmarkGroup<'b, WallTime>,
    id: BenchmarkId,
    shape: Shape,
}

impl Task for Step<'_, '_> {
    type Output = ();

    fn run<B: Backend>(self, device: B::Device) {
        let (network, batch) = network_and_batch::<B>(self.shape, BATCH, &device);
        let rates = LayerRates::uniform(network.depth());
        let mut network = Some(network);
        self.group.bench_function(self.id, |bencher| {
            bencher.iter(|| {
                let Some(current) = network.take() else {
                    return;
                };
                let (next, loss) =
                    current.sgd_step(&batch, Loss::CrossEntropy, LEARNING_RATE, &rates);
                network = Some(next);
                // Reading the loss waits for the device, as a trial does.
                std::hint::black_box(loss.into_scalar());
            });
        });
    }
}

struct GradientOf<'a, 'b> {
    group: &'a mut BenchmarkGroup<'b, WallTime>,
    id: BenchmarkId,
    shape: Shape,
}

impl Task for GradientOf<'_, '_> {
    type Output = ();

    fn run<B: Backend>(self, device: B::Device) {
        let (network, batch) = network_and_batch::<B>(self.shape, BATCH, &device);
        self.group.bench_function(self.id, |bencher| {
            bencher.iter(|| {
                let (loss, gradient) = network.gradient(&batch, Loss::CrossEntropy);
                std::hint::black_box((loss.into_scalar(), gradient));
            });
        });
    }
}

fn training_step(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("training-step");
    for shape in SHAPES {
        for backend in backends() {
            let id = BenchmarkId::new(label(shape), backend.name());
            backend.run(Step {
                group: &mut group,
                id,
                shape,
            });
        }
    }
    group.finish();
}

fn gradient(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("gradient");
    for shape in SHAPES {
        for backend in backends() {
            let id = BenchmarkId::new(label(shape), backend.name());
            backend.run(GradientOf {
                group: &mut group,
                id,
                shape,
            });
        }
    }
    group.finish();
}

criterion_group!(benches, training_step, gradient);
criterion_main!(benches);
