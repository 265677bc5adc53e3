//! What the benchmarks share: the shapes they are run at, and the backends
//! that are compiled in.

use burn_tensor::backend::Backend;
use etastar_backend::{BackendName, Selection};
use etastar_model::{Architecture, Batch, InitialWeights, Mlp};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Samples per mini-batch.
pub const BATCH: usize = 128;

/// Inputs, width and depth of the networks that are timed; 10 outputs.
pub const SHAPES: [(usize, usize, usize); 5] = [
    (64, 32, 4),
    (784, 32, 4),
    (784, 128, 4),
    (784, 128, 16),
    (784, 512, 4),
];

/// A network of a shape at initialisation, and uniformly random samples.
pub fn network_and_batch<B: Backend>(
    (inputs, width, depth): (usize, usize, usize),
    samples: usize,
    device: &B::Device,
) -> (Mlp<B>, Batch<B>) {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let architecture = Architecture::constant_width(inputs, width, depth, 10);
    let initial = InitialWeights::draw::<B::FloatElem>(&architecture, &mut rng);
    let values: Vec<f32> = (0..samples * inputs)
        .map(|_| rng.random_range(-1.0..1.0))
        .collect();
    let labels: Vec<u32> = (0..samples).map(|_| rng.random_range(0..10)).collect();
    let batch = Batch::upload(&values, &labels, inputs, architecture.outputs, device);
    (Mlp::new(&initial, device), batch)
}

/// `784->128x4`: how a shape is called in results.
pub fn label((inputs, width, depth): (usize, usize, usize)) -> String {
    format!("{inputs}->{width}x{depth}")
}

/// The backends to compare.
///
/// Without `ndarray-f64`: Burn keeps the default float type by device, so in a
/// process that has used `ndarray` in single precision it would compute in
/// single precision too.
pub fn backends() -> impl Iterator<Item = Selection> {
    BackendName::ALL
        .into_iter()
        .filter(|&name| name != BackendName::NdarrayF64)
        .filter_map(|name| Selection::new(name).ok())
}
