//! One Hessian-vector product and one gradient of the same full batch, one
//! thread.

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion, criterion_group, criterion_main};
use etastar_backend::{Backend, Task};
use etastar_benches::{Shape, after_the_first, backends, flops};
use etastar_model::Loss;
use etastar_sharpness::operator::{Objective, ObjectiveOptions};

struct Products<'a, 'b> {
    group: &'a mut BenchmarkGroup<'b, WallTime>,
    device: String,
    shape: Shape,
    samples: usize,
}

impl Task for Products<'_, '_> {
    type Output = ();

    #[expect(clippy::unwrap_used, reason = "network and data fit together")]
    fn run<B: Backend>(self, device: B::Device) {
        let (network, batch) = self.shape.network_and_batch::<B>(self.samples, &device);
        let label = format!("{}, {} samples", self.shape.label(), self.samples);
        let loss = Loss::CrossEntropy;
        self.group
            .throughput(flops(self.shape.gradient_flops(self.samples)));
        self.group.bench_function(
            BenchmarkId::new(format!("gradient, {label}"), &self.device),
            |bencher| {
                after_the_first(bencher, || {
                    let (value, gradient) = network.gradient(&batch, loss);
                    std::hint::black_box((value.into_scalar(), gradient));
                });
            },
        );
        let options = ObjectiveOptions::default();
        let objective = Objective::new(&network, &batch, loss, &options).unwrap();
        let vector = objective.gradient();
        let operations = self.shape.hessian_vector_product_flops(self.samples);
        self.group.throughput(flops(operations));
        self.group.bench_function(
            BenchmarkId::new(format!("HVP, {label}"), &self.device),
            |bencher| {
                after_the_first(bencher, || {
                    std::hint::black_box(objective.hessian_vector_product(&vector));
                });
            },
        );
    }
}

fn products(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("curvature");
    group.sample_size(20);
    for (shape, samples) in [
        (Shape::new(784, 128, 4), 128),
        (Shape::new(784, 256, 8), 512),
    ] {
        for backend in backends() {
            backend.run(Products {
                group: &mut group,
                device: backend.device().to_string(),
                shape,
                samples,
            });
        }
    }
    group.finish();
}

criterion_group!(benches, products);
criterion_main!(benches);
