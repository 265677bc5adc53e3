//! Double precision is as exact as it promises.

#![cfg(feature = "ndarray")]
#![allow(clippy::unwrap_used, reason = "a helper of a test fails the test")]

use etastar_backend::{BackendName, Selection};
use etastar_conformance::{Case, Shape, measure, tolerance};
use etastar_model::Loss;

#[test]
fn double_precision_is_within_what_its_rounding_explains() {
    let backend = Selection::new(BackendName::NdarrayF64).unwrap();
    let shape = Shape {
        inputs: 64,
        width: 32,
        depth: 4,
        outputs: 10,
        samples: 16,
    };
    for loss in [Loss::CrossEntropy, Loss::SquaredError] {
        for seed in 0..4 {
            let case = Case::new(shape, loss, seed);
            for (operation, error) in measure(backend, &case) {
                let allowed = tolerance(operation, &shape, f64::EPSILON / 2.0);
                assert!(
                    error <= allowed,
                    "{operation:?}: {error:e} above {allowed:e}"
                );
            }
        }
    }
}
