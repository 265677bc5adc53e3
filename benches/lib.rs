//! What the benchmarks share: the shapes they are run at, and the backends
//! that are compiled in.

use etastar_backend::{BackendName, Selection};
use etastar_model::Architecture;

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

/// The network of a shape.
pub fn architecture((inputs, width, depth): (usize, usize, usize)) -> Architecture {
    Architecture::constant_width(inputs, width, depth, 10)
}

/// `784->128x4`: how a shape is called in results.
pub fn label((inputs, width, depth): (usize, usize, usize)) -> String {
    format!("{inputs}->{width}x{depth}")
}

/// The backends to compare.
pub fn backends() -> impl Iterator<Item = Selection> {
    BackendName::ALL
        .into_iter()
        .filter_map(|name| Selection::new(name).ok())
}
