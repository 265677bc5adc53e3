//! Exact moments of bias-free ReLU networks at initialisation, at finite
//! width.
//!
//! # Notation
//! Input `x` in `R^{n_0}`, hidden widths `n_1 .. n_L`, `a^0 = x`,
//! `z^l = W^l a^{l-1}`, `a^l = relu(z^l)`, `f = W^{L+1} a^L`, masks
//! `D^l = diag(1[z^l > 0])`, `B^l = d f_k / d z^l` for one output `k`
//! (`B^{L+1} = e_k`), and
//! `P_{l->m} = D^m W^m .. W^{l+1} D^l`. The weights are independent, normal and
//! centred, `Var W^l = 2 / n_{l-1}` in hidden layers and `c / n_L` in the output
//! layer; `q = |x|^2 / n_0`. Layers are counted from 1 at the input side and
//! `L + 1` is the output layer. *Depth* is `L`.
//!
//! # The lemma behind every formula
//! For one fixed input, all norms formed from `a^l`, `B^l` and `P_{l->m}` have
//! **jointly** the law that they have in the linear network whose masks are
//! independent fair coins `xi^l`, independent of the weights, as long as no
//! layer before is dead (`a^{l-1} = 0`).
//!
//! *Proof.* Let `y^l = xi^l W^l y^{l-1}` be the linear network with coins. Put
//! `eta^l_j = (2 xi^l_j - 1) sign(W^l_j y^{l-1})` and let `s^l = sign(y^l)`
//! where `y^l` is not 0, 1 elsewhere (`s^0 = 1`). The weights
//! `V^l_{ji} = eta^l_j W^l_{ji} s^{l-1}_i` are again independent and normal with
//! the same variances, because `eta^l` is a fair sign given `W^l` and the past,
//! and `s^{l-1}` belongs to the past. The ReLU network with weights `V` has
//! `z^l_j = eta^l_j W^l_j y^{l-1} = (2 xi^l_j - 1) |W^l_j y^{l-1}|`, so its
//! mask is exactly `xi^l`, its activation is `s^l y^l = |y^l|`, and in every
//! product of masks and weights the signs cancel (`s^l = eta^l` where
//! `xi^l = 1`) but for orthogonal matrices of signs at the two ends. QED.
//!
//! A dead layer stays dead and makes all gradients vanish. Where a moment has
//! a factor `|a^{l-1}|` this is accounted for exactly; [`Moments::alive`] is
//! the factor in the moments that have none.
//!
//! # Heavy tails
//! Once the sum of `1/n_l` exceeds about one half, the average of thousands of
//! simulated draws lies far below the moment. Simulate wide, shallow networks.
//!
//! # Sources
//! B. Hanin, arXiv:1801.03744 (moments of activations and gradients);
//! B. Hanin and M. Nica, arXiv:1812.05994 (products of random matrices and the
//! law of the Jacobian) and arXiv:1909.05989 (the tangent kernel at finite
//! width and depth). The forms for general widths are derived where they stand.

mod activation;
mod alive;
mod backward;
mod block;
mod constant_width;
mod gradient;
mod growth;
mod ntk_mean;
mod ntk_operator;
mod ntk_pairs;
mod ntk_second;
mod ntk_second_upper;
mod ntk_trace;
mod output;
mod path;

pub use block::BlockSums;
pub use constant_width::ConstantWidth;

use etastar_model::{Architecture, InvalidArchitecture};
use thiserror::Error;

/// Why the moments of a network cannot be given.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum MomentsError {
    /// No such network exists.
    #[error(transparent)]
    Architecture(#[from] InvalidArchitecture),
    /// The network has biases.
    #[error("the formulas are for networks without biases: set `bias` to false")]
    Bias,
    /// The input layer's relative learning rate is not a number `>= 0`.
    #[error("the input layer's relative learning rate must be a number >= 0, not {0}")]
    InputRate(f64),
    /// The mean square of the inputs is not a number `>= 0`.
    #[error("the mean square of an input must be a number >= 0, not {0}")]
    MeanSquareInput(f64),
}

/// The moments of one bias-free network at one input, or at many inputs of the
/// same norm.
///
/// Methods that return a vector give one value a layer; the documentation says
/// which layer is first.
#[derive(Debug, Clone, PartialEq)]
pub struct Moments {
    /// `n_0 .. n_L`.
    widths: Vec<f64>,
    outputs: f64,
    output_gain: f64,
    input_rate: f64,
    mean_square_input: f64,
}

impl Moments {
    /// Moments of `architecture` when the input layer learns `input_rate`
    /// times as fast as the others (`mu_in`) and the inputs have
    /// `|x|^2 = mean_square_input * n_0` (`q`).
    ///
    /// # Errors
    /// If the architecture is invalid or has biases, or a number is negative
    /// or not finite.
    pub fn new(
        architecture: &Architecture,
        input_rate: f64,
        mean_square_input: f64,
    ) -> Result<Self, MomentsError> {
        architecture.validate()?;
        if architecture.bias {
            return Err(MomentsError::Bias);
        }
        let sound = |value: f64| value.is_finite() && value >= 0.0;
        if !sound(input_rate) {
            return Err(MomentsError::InputRate(input_rate));
        }
        if !sound(mean_square_input) {
            return Err(MomentsError::MeanSquareInput(mean_square_input));
        }
        let widths = std::iter::once(architecture.inputs)
            .chain(architecture.hidden.iter().copied())
            .map(|width| width as f64)
            .collect();
        Ok(Self {
            widths,
            outputs: architecture.outputs as f64,
            output_gain: architecture.output_gain,
            input_rate,
            mean_square_input,
        })
    }

    /// Number of hidden layers, `L`.
    pub fn depth(&self) -> usize {
        self.widths.len() - 1
    }

    /// Number of outputs, `K`.
    pub fn outputs(&self) -> f64 {
        self.outputs
    }

    /// `q = |x|^2 / n_0`.
    pub fn mean_square_input(&self) -> f64 {
        self.mean_square_input
    }

    /// `n_1 .. n_L`.
    fn hidden(&self) -> &[f64] {
        &self.widths[1..]
    }

    /// `mu_in n_0, n_1 .. n_{L-1}`: the fan-in of every hidden layer, scaled
    /// with the layer's relative learning rate.
    fn scaled_fan_in(&self) -> impl Iterator<Item = f64> + '_ {
        let depth = self.depth();
        self.widths[..depth]
            .iter()
            .enumerate()
            .map(|(index, &width)| {
                if index == 0 {
                    self.input_rate * width
                } else {
                    width
                }
            })
    }
}
