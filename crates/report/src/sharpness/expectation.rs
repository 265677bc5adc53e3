//! Bounds that hold before a network is drawn.

use etastar_search::SharpnessCellRecord;
use etastar_sharpness::bounds::{TheoryBounds, Upper};

use super::Matrix;
use super::tightness::Scope;

/// `(1/N) sum_i |x_i|^2 / n_0` that the bounds are computed for: the value of
/// standardised data without constant features. Records do not hold the
/// value of their own samples.
pub const MEAN_SQUARE_INPUT: f64 = 1.0;

/// An upper bound on a top eigenvalue over the draw of the weights.
#[derive(Debug, Clone, Copy)]
pub struct ExpectedBound {
    /// Name in words.
    pub description: &'static str,
    /// What it is compared with.
    pub scope: Scope,
    /// The bound.
    of: fn(&Upper) -> f64,
}

impl ExpectedBound {
    /// The bound on the top eigenvalue of `matrix`.
    pub fn value(&self, bounds: &TheoryBounds, matrix: Matrix) -> f64 {
        (self.of)(match matrix {
            Matrix::Hessian => &bounds.hessian,
            Matrix::GaussNewton => &bounds.gauss_newton,
        })
    }
}

/// All of them.
pub const EXPECTED: [ExpectedBound; 6] = [
    ExpectedBound {
        description: "expectation, sum over outputs",
        scope: Scope::Expectation,
        of: |upper| upper.upper_expectation,
    },
    ExpectedBound {
        description: "expectation, sharper",
        scope: Scope::Expectation,
        of: |upper| upper.sharper.upper_expectation,
    },
    ExpectedBound {
        description: "Markov's inequality, sum over outputs",
        scope: Scope::Probability,
        of: |upper| upper.markov.value,
    },
    ExpectedBound {
        description: "Markov's inequality, sharper",
        scope: Scope::Probability,
        of: |upper| upper.sharper.markov.value,
    },
    ExpectedBound {
        description: "Chebyshev's inequality, sum over outputs",
        scope: Scope::Probability,
        of: |upper| upper.chebyshev.value,
    },
    ExpectedBound {
        description: "Chebyshev's inequality, sharper",
        scope: Scope::Probability,
        of: |upper| upper.sharper.chebyshev.value,
    },
];

/// The bounds for a cell's architecture; `None` where there are none, as for
/// networks with biases.
pub(super) fn theory(record: &SharpnessCellRecord) -> Option<TheoryBounds> {
    let cell = &record.cell;
    let architecture = cell.architecture(record.inputs, record.outputs);
    TheoryBounds::new(&architecture, cell.loss, cell.input_rate, MEAN_SQUARE_INPUT).ok()
}
