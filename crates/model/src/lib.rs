//! The multilayer perceptron whose maximal initial learning rate is measured:
//! architecture, host-side initialisation, forward pass, gradient and SGD
//! step with one learning rate per layer.
//!
//! Everything is plain tensor operations, generic over `B: Backend`; no
//! automatic differentiation runs in production. Tests use it as the oracle.
//!
//! Conventions: *depth* counts **hidden** layers; a weight matrix has shape
//! `[in, out]`, so a layer computes `a W + b` for rows `a` of a batch.

mod architecture;
mod backpropagation;
mod batch;
mod ensemble;
mod gradient;
mod initial;
mod loss;
mod mlp;
mod pass;
mod rates;
mod weights_file;

pub use architecture::{Architecture, InvalidArchitecture};
pub use backpropagation::{backpropagate, relu_backward};
pub use batch::{Batch, correct_predictions};
pub use ensemble::{Ensemble, EnsembleRates};
pub use gradient::Gradient;
pub use initial::InitialWeights;
pub use loss::Loss;
pub use mlp::{Layer, Mlp};
pub use pass::{Derivatives, Pass};
pub use rates::LayerRates;
pub use weights_file::WeightsFileError;
