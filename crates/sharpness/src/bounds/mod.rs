//! Upper bounds on the top eigenvalues of the Gauss-Newton matrix and of the
//! Hessian at initialisation, over the draw of the weights: in expectation and
//! with given probability. No network is sampled.
//!
//! The loss is the mean over `N` samples, `H = G + S`,
//! `G = (1/N) sum_i J_i^T (d2 loss) J_i`,
//! `S = (1/N) sum_i sum_k r_ik d2 f_k(x_i)`, `r = d loss / d f`. With a relative
//! learning rate `mu_in` of the input layer other than 1, all three stand for
//! `M^{1/2} . M^{1/2}`, `M` the diagonal matrix of relative rates (the
//! *preconditioned* sharpness).
//!
//! All bounds hold for every data set whose inputs have
//! `(1/N) sum_i |x_i|^2 = q n_0`, whatever their number, directions and labels:
//! every bound for one input is a concave function of its own `|x_i|^2 / n_0`
//! (shown where it stands), so the mean over samples is at most its value at
//! `q`.
//!
//! Each matrix has two chains of bounds. The first, [`Upper::summed`], sums over
//! outputs: traces for `G`, and the triangle inequality over `k` for `S`. The
//! second, [`Upper::sharper`], counts the output layer's share of `|J|_op^2` once
//! instead of `K` times and treats the `K` residuals as one vector where that
//! helps; in expectation it is never larger.
//!
//! The derivations in full are in the book, chapter *Moments and bounds, with proofs*.

mod tail;
mod variables;

pub use tail::{Chain, TailBound};

use etastar_model::{Architecture, Loss};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::moments::{Moments, MomentsError};
use tail::VariableMoments;

/// The probability at which the probabilistic bounds may fail, unless another
/// is asked for.
pub const DEFAULT_DELTA: f64 = 0.05;

/// Why bounds cannot be given.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum BoundsError {
    /// The moments cannot be given: the architecture is invalid or has biases,
    /// or a number is out of range.
    #[error(transparent)]
    Moments(#[from] MomentsError),
    /// The level is not a probability.
    #[error("the level delta must lie strictly between 0 and 1, not {0}")]
    Delta(f64),
    /// A moment is beyond the range of double precision.
    #[error(
        "the moments of a network this deep and narrow exceed the range of double precision: \
         widen it or make it shallower"
    )]
    Overflow,
}

/// First and second moment of the tangent kernel's diagonal at one input.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct NtkDiagonal {
    /// `E Theta_kk`, exact.
    pub mean: f64,
    /// `E Theta_kk^2`, exact for all widths.
    pub second_moment: f64,
}

/// Upper bounds on a top eigenvalue, from both chains (see the module's
/// documentation). Serialised, the fields of `summed` stand beside `sharper`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Upper {
    /// The first chain.
    #[serde(flatten)]
    pub summed: Chain,
    /// The second chain.
    pub sharper: Chain,
}

/// An upper bound on the operator norm of one output's second derivative.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SecondDerivativeNorm {
    /// At least `E |d2 f_k(x)|_op`.
    pub upper_expectation: f64,
}

/// Everything that theory says before a network is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct TheoryBounds {
    /// The squared gradient norm of one output at one input.
    pub ntk_diagonal: NtkDiagonal,
    /// The top eigenvalue of the Gauss-Newton matrix.
    pub gauss_newton: Upper,
    /// The top eigenvalue of the Hessian.
    pub hessian: Upper,
    /// The norm of one output's second derivative at one input.
    pub second_derivative_norm: SecondDerivativeNorm,
}

impl TheoryBounds {
    /// Bounds for inputs whose squared norm is `mean_square_input * n_0` on
    /// average (1 for standardised data), the input layer learning `input_rate`
    /// times as fast as the others; probabilities at [`DEFAULT_DELTA`].
    ///
    /// # Errors
    /// If the architecture is invalid or has biases (the formulas are for
    /// networks without), a number is out of range, or the network is so deep
    /// and narrow that a moment overflows.
    pub fn new(
        architecture: &Architecture,
        loss: Loss,
        input_rate: f64,
        mean_square_input: f64,
    ) -> Result<Self, BoundsError> {
        Self::with_delta(
            architecture,
            loss,
            input_rate,
            mean_square_input,
            DEFAULT_DELTA,
        )
    }

    /// The same at level `delta`.
    ///
    /// # Errors
    /// As [`new`](Self::new), or if `delta` does not lie strictly between 0
    /// and 1.
    pub fn with_delta(
        architecture: &Architecture,
        loss: Loss,
        input_rate: f64,
        mean_square_input: f64,
        delta: f64,
    ) -> Result<Self, BoundsError> {
        let moments = Moments::new(architecture, input_rate, mean_square_input)?;
        if !(delta > 0.0 && delta < 1.0) {
            return Err(BoundsError::Delta(delta));
        }
        let upper = |summed: VariableMoments, sharper: VariableMoments| {
            let bounds = |variable: VariableMoments| {
                let finite = variable.is_finite();
                finite
                    .then(|| variable.bounds(delta))
                    .ok_or(BoundsError::Overflow)
            };
            Ok::<_, BoundsError>(Upper {
                summed: bounds(summed)?,
                sharper: bounds(sharper)?,
            })
        };
        Ok(Self {
            ntk_diagonal: NtkDiagonal {
                mean: moments.ntk_diagonal_mean(),
                second_moment: moments.ntk_diagonal_second_moment(),
            },
            gauss_newton: upper(
                variables::trace(&moments, loss),
                variables::operator_norm(&moments, loss),
            )?,
            hessian: upper(
                variables::hessian_summed(&moments, loss),
                variables::hessian_sharper(&moments, loss),
            )?,
            second_derivative_norm: SecondDerivativeNorm {
                upper_expectation: variables::second_derivative_norm(&moments),
            },
        })
    }
}
