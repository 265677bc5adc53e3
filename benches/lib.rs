//! What the benchmarks share: the shapes they are run at, the devices, and
//! how many operations a shape takes.

mod hand_written;

use burn_tensor::Element;
use criterion::{Bencher, Throughput};
use etastar_backend::{Backend, Selection};
use etastar_model::{Architecture, Batch, InitialWeights, Mlp};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

pub use hand_written::HandWritten;

/// Samples per mini-batch.
pub const BATCH: usize = 128;

/// A network that is timed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Input features.
    pub inputs: usize,
    /// Width of the hidden layers.
    pub width: usize,
    /// Hidden layers.
    pub depth: usize,
}

/// The networks whose training is timed.
pub const SHAPES: [Shape; 5] = [
    Shape::new(64, 32, 4),
    Shape::new(784, 32, 4),
    Shape::new(784, 128, 4),
    Shape::new(784, 128, 16),
    Shape::new(784, 512, 4),
];

impl Shape {
    /// A shape; there are 10 outputs.
    pub const fn new(inputs: usize, width: usize, depth: usize) -> Self {
        Self {
            inputs,
            width,
            depth,
        }
    }

    /// The network.
    pub fn architecture(self) -> Architecture {
        Architecture::constant_width(self.inputs, self.width, self.depth, 10)
    }

    /// `784->128x4`: how it is called in results.
    pub fn label(self) -> String {
        format!("{}->{}x{}", self.inputs, self.width, self.depth)
    }

    /// Weights of the input layer.
    fn input_weights(self) -> usize {
        self.inputs * self.width
    }

    /// Floating-point operations of the products of a gradient: every weight
    /// once forward and once for its own derivative, and all but the input
    /// layer's once backward, each a multiplication and an addition a sample.
    pub fn gradient_flops(self, samples: usize) -> u64 {
        let products = 3 * self.architecture().parameters() - self.input_weights();
        (2 * samples * products) as u64
    }

    /// The same of a Hessian-vector product, whose sweeps have two products
    /// for each of the gradient's, but for those with the tangent of the
    /// inputs, which is 0; activations and derivatives are known.
    pub fn hessian_vector_product_flops(self, samples: usize) -> u64 {
        let products = 6 * self.architecture().parameters() - 4 * self.input_weights();
        (2 * samples * products) as u64
    }

    /// The same of a forward pass.
    pub fn forward_flops(self, samples: usize) -> u64 {
        (2 * samples * self.architecture().parameters()) as u64
    }

    /// The network at initialisation, and uniformly random samples.
    pub fn network_and_batch<B: Backend>(
        self,
        samples: usize,
        device: &B::Device,
    ) -> (Mlp<B>, Batch<B>) {
        let (initial, values, labels) = self.on_the_host::<B::FloatElem>(samples);
        let outputs = self.architecture().outputs;
        let batch = Batch::upload(&values, &labels, self.inputs, outputs, device);
        (Mlp::upload(&initial, device), batch)
    }

    /// The same before they are uploaded: weights, inputs and labels.
    fn on_the_host<E: Element>(self, samples: usize) -> (InitialWeights, Vec<f32>, Vec<u32>) {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let initial = InitialWeights::draw::<E>(&self.architecture(), &mut rng);
        let values = (0..samples * self.inputs).map(|_| rng.random_range(-1.0..1.0));
        let values = values.collect();
        let labels = (0..samples).map(|_| rng.random_range(0..10)).collect();
        (initial, values, labels)
    }
}

/// Text that names no shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidShape;

impl std::fmt::Display for InvalidShape {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("a shape is inputs, width and hidden layers, as 784->128x4")
    }
}

impl std::error::Error for InvalidShape {}

impl std::str::FromStr for Shape {
    type Err = InvalidShape;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (inputs, rest) = text.split_once("->").ok_or(InvalidShape)?;
        let (width, depth) = rest.split_once('x').ok_or(InvalidShape)?;
        let number = |text: &str| text.parse().map_err(|_| InvalidShape);
        Ok(Self::new(number(inputs)?, number(width)?, number(depth)?))
    }
}

/// Counts floating-point operations, so that criterion's throughput is in
/// them.
pub fn flops(count: u64) -> Throughput {
    Throughput::Elements(count)
}

/// Times a routine from its second run on: at the first, a device may compile
/// kernels for the shape.
pub fn after_the_first(bencher: &mut Bencher<'_>, mut routine: impl FnMut()) {
    routine();
    bencher.iter(routine);
}

/// The devices to compare: those of `ETASTAR_DEVICES` (`flex,tch:cuda:0`), or
/// else the default device of every compiled backend of single precision.
#[expect(clippy::expect_used, reason = "a benchmark has no other way to fail")]
pub fn backends() -> Vec<Selection> {
    let devices = std::env::var("ETASTAR_DEVICES").ok();
    Selection::list(devices.as_deref()).expect("ETASTAR_DEVICES names devices of this machine")
}
