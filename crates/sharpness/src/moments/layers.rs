//! The moments of single layers.
//!
//! # Norms and their second and fourth moments
//! All are exact and follow from the lemma with fair coins `xi` and standard
//! normal `g` (B. Hanin, arXiv:1801.03744; B. Hanin and M. Nica,
//! arXiv:1812.05994).
//!
//! ```text
//! E |a^l|^2 = q n_l,   E |a^l|^4 = (q n_l)^2 prod_{k=1..l} (1 + 5/n_k)
//! P(a^l != 0) = prod_{k=1..l} (1 - 2^{-n_k})
//! E |B^l|^2 = (c/2) P(a^{l-1} != 0),   E |B^l|^4 = (c/2)^2 prod_{k=l..L} (1 + 5/n_k) P(a^{l-1} != 0)   (l <= L)
//! E |P_{l->m}|_F^2 = n_m / 2
//! E |P_{l->m}|_F^4 = (n_m/2)^2 [ prod_{k=l..m} (1+5/n_k) + 2 prod_{k=l..m} (1-1/n_k) ] / 3
//! ```
//!
//! (of paths, given that no layer before `l` is dead). A gradient is `|df_k/dW^l|_F^2 = |B^l|^2
//! |a^{l-1}|^2`, whose factors depend on different weights and coins: the means multiply, and so do the
//! fourth moments.
//!
//! # How fourth-order moments grow across layers
//! For a Gram matrix `M` of any number of vectors let `t = (tr M)^2` and `s = tr M^2`. Through a layer
//! of width `n`, and relative to the square of the mean's growth, `t + 2 s` is multiplied by
//! `1 + 5/n` and `t - s` by `1 - 1/n` (`Growth`). A single vector has `t = s` and only the first
//! factor. Derived in the book, chapter *Moments and bounds, with proofs*.

use etastar_model::{Architecture, InvalidArchitecture};
use thiserror::Error;

/// Why the formulas at initialisation do not apply.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum MomentsError {
    /// No such network exists.
    #[error(transparent)]
    Architecture(#[from] InvalidArchitecture),
    /// The network has biases.
    #[error("the formulas are for networks without biases: set `bias` to false")]
    Bias,
    /// The network is none of ReLUs alone.
    #[error(
        "the formulas are for ReLU networks without residual blocks and normalisation, in the standard \
         parametrisation"
    )]
    Form,
    /// The input layer's relative learning rate is not a number `>= 0`.
    #[error("the input layer's relative learning rate must be a number >= 0, not {0}")]
    InputRate(f64),
    /// The mean square of the inputs is not a number `>= 0`.
    #[error("the mean square of an input must be a number >= 0, not {0}")]
    MeanSquareInput(f64),
}

/// Checks that the network exists, is one of ReLUs alone and has no biases, and that the input layer's
/// relative learning rate is sound.
pub(crate) fn check_network(
    architecture: &Architecture,
    input_rate: f64,
) -> Result<(), MomentsError> {
    architecture.validate()?;
    if architecture.bias {
        return Err(MomentsError::Bias);
    }
    if !architecture.form.is_default() {
        return Err(MomentsError::Form);
    }
    if !(input_rate.is_finite() && input_rate >= 0.0) {
        return Err(MomentsError::InputRate(input_rate));
    }
    Ok(())
}

/// The moments of one bias-free network at one input, or at many inputs of the
/// same norm.
///
/// Methods that return a vector give one value a layer; the documentation says
/// which layer is first.
#[derive(Debug, Clone, PartialEq)]
pub struct Moments {
    /// `n_0 .. n_L`.
    pub(super) widths: Vec<f64>,
    pub(super) outputs: f64,
    pub(super) output_gain: f64,
    input_rate: f64,
    pub(super) mean_square_input: f64,
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
        check_network(architecture, input_rate)?;
        if !(mean_square_input.is_finite() && mean_square_input >= 0.0) {
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
    pub(crate) fn depth(&self) -> usize {
        self.widths.len() - 1
    }

    /// Number of outputs, `K`.
    pub(crate) fn outputs(&self) -> f64 {
        self.outputs
    }

    /// `n_1 .. n_L`.
    pub(super) fn hidden(&self) -> &[f64] {
        &self.widths[1..]
    }

    /// `mu_in n_0, n_1 .. n_{L-1}`: the fan-in of every hidden layer, scaled
    /// with the layer's relative learning rate.
    pub(super) fn scaled_fan_in(&self) -> impl Iterator<Item = f64> + '_ {
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

    /// `E |df_k/dW^l|_F^2 = (c/2) q n_{l-1}` for `l = 1 .. L`, and `q n_L` for
    /// `l = L + 1`; not scaled with learning rates. Exact. Hanin,
    /// arXiv:1801.03744.
    pub fn gradient_squared(&self) -> Vec<f64> {
        let (last, before) = (self.depth(), self.output_gain / 2.0);
        let widths = self.widths.iter().enumerate();
        widths
            .map(|(index, width)| {
                let activation = self.mean_square_input * width;
                if index < last {
                    before * activation
                } else {
                    activation
                }
            })
            .collect()
    }

    /// [`gradient_squared`](Self::gradient_squared), the input layer's scaled
    /// with its relative learning rate.
    pub(super) fn scaled_gradient_squared(&self) -> Vec<f64> {
        let mut means = self.gradient_squared();
        means[0] *= self.input_rate;
        means
    }

    /// `E f_k^2 = c q`. Given the last activations an output is normal with
    /// variance `(c / n_L) |a^L|^2`. Exact.
    pub fn output_squared(&self) -> f64 {
        self.output_gain * self.mean_square_input
    }

    /// `E f_k^4 = 3 (c q)^2 prod_k (1 + 5/n_k)`: three times the mean squared
    /// variance. Exact.
    pub fn output_fourth(&self) -> f64 {
        3.0 * self.conditional_variance_squared()
    }

    /// `E ((c / n_L) |a^L|^2)^2 = (c q)^2 prod_k (1 + 5/n_k)`. As `f` is
    /// normal with this variance in each of `K` independent components,
    /// `E |f|^4 = K (K + 2)` times it.
    pub(crate) fn conditional_variance_squared(&self) -> f64 {
        let variance = self.output_squared();
        variance * variance * Growth::from(self.hidden())[0].single()
    }
}

/// Products of both factors over a range of layers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Growth {
    grown: f64,
    shrunk: f64,
}

impl Growth {
    /// Over no layer.
    pub(super) const NONE: Self = Self {
        grown: 1.0,
        shrunk: 1.0,
    };

    /// Over one more layer, of width `width`.
    pub(super) fn through(self, width: f64) -> Self {
        Self {
            grown: self.grown * (1.0 + 5.0 / width),
            shrunk: self.shrunk * (1.0 - 1.0 / width),
        }
    }

    /// `prod (1 + 5/n)`.
    pub(super) fn single(self) -> f64 {
        self.grown
    }

    /// `[ prod (1 + 5/n) + 2 prod (1 - 1/n) ] / 3`.
    pub(super) fn mixture(self) -> f64 {
        (self.grown + 2.0 * self.shrunk) / 3.0
    }

    /// Element `l` is the growth over the layers before it: `widths[..l]`; one
    /// element more than widths.
    pub(super) fn before(widths: &[f64]) -> Vec<Self> {
        let through = |growth: &mut Self, &width: &f64| {
            *growth = growth.through(width);
            Some(*growth)
        };
        let grown = widths.iter().scan(Self::NONE, through);
        std::iter::once(Self::NONE).chain(grown).collect()
    }

    /// Element `l` is the growth over the layers from it on: `widths[l..]`; one
    /// element more than widths.
    pub(super) fn from(widths: &[f64]) -> Vec<Self> {
        let reversed: Vec<f64> = widths.iter().rev().copied().collect();
        let mut all = Self::before(&reversed);
        all.reverse();
        all
    }
}
