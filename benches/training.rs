//! One gradient and one SGD step, one thread, mini-batches of 128; and the
//! product of large matrices that they are measured by.

use burn_tensor::{Tensor, TensorData};
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion, criterion_group, criterion_main};
use etastar_backend::{Backend, Task};
use etastar_benches::{BATCH, HandWritten, SHAPES, Shape, after_the_first, backends, flops};
use etastar_model::{LayerRates, Loss};

/// A learning rate at which nothing blows up, so that every step is typical.
const LEARNING_RATE: f64 = 1e-3;

/// Rows and columns of the matrices that show what a device can do.
const LARGE: usize = 1024;

struct LargeProduct<'a, 'b> {
    group: &'a mut BenchmarkGroup<'b, WallTime>,
    id: BenchmarkId,
}

impl Task for LargeProduct<'_, '_> {
    type Output = ();

    fn run<B: Backend>(self, device: B::Device) {
        let values: Vec<f32> = (0..LARGE * LARGE).map(|i| (i % 17) as f32).collect();
        let data = TensorData::new(values, [LARGE, LARGE]);
        let matrix = Tensor::<B, 2>::from_data(data.convert::<B::FloatElem>(), &device);
        self.group.bench_function(self.id, |bencher| {
            after_the_first(bencher, || {
                let product = matrix.clone().matmul(matrix.clone());
                // Reading an entry waits for the device.
                std::hint::black_box(product.slice([0..1, 0..1]).into_scalar());
            });
        });
    }
}

struct Step<'a, 'b> {
    group: &'a mut BenchmarkGroup<'b, WallTime>,
    id: BenchmarkId,
    shape: Shape,
}

impl Task for Step<'_, '_> {
    type Output = ();

    fn run<B: Backend>(self, device: B::Device) {
        let (network, batch) = self.shape.network_and_batch::<B>(BATCH, &device);
        let rates = LayerRates::uniform(network.depth());
        let mut network = Some(network);
        self.group.bench_function(self.id, |bencher| {
            after_the_first(bencher, || {
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
        let (network, batch) = self.shape.network_and_batch::<B>(BATCH, &device);
        self.group.bench_function(self.id, |bencher| {
            after_the_first(bencher, || {
                let (loss, gradient) = network.gradient(&batch, Loss::CrossEntropy);
                std::hint::black_box((loss.into_scalar(), gradient));
            });
        });
    }
}

fn large_product(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("large product");
    group.throughput(flops(2 * (LARGE as u64).pow(3)));
    for backend in backends() {
        let id = BenchmarkId::new(format!("{LARGE} x {LARGE}"), backend.device());
        backend.run(LargeProduct {
            group: &mut group,
            id,
        });
    }
    group.finish();
}

fn training_step(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("training step");
    for shape in SHAPES {
        group.throughput(flops(shape.gradient_flops(BATCH)));
        for backend in backends() {
            let id = BenchmarkId::new(shape.label(), backend.device());
            backend.run(Step {
                group: &mut group,
                id,
                shape,
            });
        }
        let mut hand_written = HandWritten::new(shape, BATCH);
        group.bench_function(BenchmarkId::new(shape.label(), "hand-written"), |bencher| {
            after_the_first(bencher, || {
                std::hint::black_box(hand_written.step(LEARNING_RATE as f32));
            });
        });
    }
    group.finish();
}

fn gradient(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("gradient");
    for shape in SHAPES {
        group.throughput(flops(shape.gradient_flops(BATCH)));
        for backend in backends() {
            let id = BenchmarkId::new(shape.label(), backend.device());
            backend.run(GradientOf {
                group: &mut group,
                id,
                shape,
            });
        }
    }
    group.finish();
}

criterion_group!(benches, large_product, training_step, gradient);
criterion_main!(benches);
