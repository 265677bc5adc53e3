//! A step of many networks: one after the other, and in one program. Both read
//! every network's loss.

use burn_tensor::Tensor;
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion, criterion_group, criterion_main};
use etastar_backend::{Backend, Task};
use etastar_benches::{BATCH, Shape, after_the_first, backends, flops};
use etastar_model::{Batch, Ensemble, EnsembleRates, LayerRates, Loss};

/// A learning rate at which nothing blows up, so that every step is typical.
const LEARNING_RATE: f64 = 1e-3;

const NETWORKS: [usize; 3] = [1, 8, 32];

const SHAPES: [Shape; 2] = [Shape::new(64, 32, 4), Shape::new(784, 128, 4)];

struct Steps<'a, 'b> {
    group: &'a mut BenchmarkGroup<'b, WallTime>,
    device: String,
    shape: Shape,
    networks: usize,
}

impl Task for Steps<'_, '_> {
    type Output = ();

    fn run<B: Backend>(self, device: B::Device) {
        let (network, batch) = self.shape.network_and_batch::<B>(BATCH, &device);
        let rates = LayerRates::uniform(self.shape.depth);
        let label = self.shape.label();
        let count = self.networks;
        let mut networks = vec![network.clone(); count];
        self.group.bench_function(
            BenchmarkId::new(format!("{label}, {count} one by one"), &self.device),
            |bencher| {
                after_the_first(bencher, || {
                    for network in std::mem::take(&mut networks) {
                        let (next, loss) =
                            network.sgd_step(&batch, Loss::CrossEntropy, LEARNING_RATE, &rates);
                        std::hint::black_box(loss.into_scalar());
                        networks.push(next);
                    }
                });
            },
        );
        let learning_rates = vec![LEARNING_RATE; count];
        let rates = EnsembleRates::new(&learning_rates, &rates, self.shape.depth, &device);
        let batch: Batch<B, 3> = Batch {
            inputs: batch.inputs.unsqueeze(),
            targets: batch.targets.unsqueeze(),
        };
        let mut ensemble = Some(Ensemble::stack(&vec![&network; count]));
        self.group.bench_function(
            BenchmarkId::new(format!("{label}, {count} at once"), &self.device),
            |bencher| {
                after_the_first(bencher, || {
                    let Some(current) = ensemble.take() else {
                        return;
                    };
                    let (next, losses): (_, Tensor<B, 1>) =
                        current.sgd_step(&batch, Loss::CrossEntropy, &rates);
                    std::hint::black_box(losses.into_data());
                    ensemble = Some(next);
                });
            },
        );
    }
}

fn batched_step(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("step of many networks");
    group.sample_size(20);
    for shape in SHAPES {
        for networks in NETWORKS {
            group.throughput(flops(networks as u64 * shape.gradient_flops(BATCH)));
            for backend in backends() {
                backend.run(Steps {
                    group: &mut group,
                    device: backend.device().to_string(),
                    shape,
                    networks,
                });
            }
        }
    }
    group.finish();
}

criterion_group!(benches, batched_step);
criterion_main!(benches);
