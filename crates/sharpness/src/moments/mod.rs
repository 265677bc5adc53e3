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
//! a factor `|a^{l-1}|` this is accounted for exactly.
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

mod kernel;
mod layers;

pub use kernel::BlockSums;
pub use layers::{Moments, MomentsError};

pub(crate) use layers::check_network;
