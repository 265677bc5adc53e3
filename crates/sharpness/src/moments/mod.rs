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
//! Signs of the weights can be chosen, without changing their law, such that the masks of the ReLU
//! network are the coins, and cancel in every norm. The proof, and the derivations of all formulas
//! here, are in the book, chapter *Moments and bounds, with proofs*.
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
