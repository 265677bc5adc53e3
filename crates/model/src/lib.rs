//! The multilayer perceptron whose maximal initial learning rate is measured:
//! architecture, host-side initialisation, forward pass, gradient and SGD
//! step with one learning rate per layer.
//!
//! Everything is plain tensor operations, generic over `B: Backend`; no
//! automatic differentiation runs in production. Tests use it as the oracle.
//!
//! Conventions: *depth* counts **hidden** layers; a weight matrix has shape
//! `[in, out]`, so a layer computes `a W + b` for rows `a` of a batch.

mod activation;
mod architecture;
mod batch;
mod curvature;
mod ensemble;
mod form;
mod layer;
mod mlp;
mod names;
mod optimiser;
mod parametrisation;
mod value;
mod weights_file;

pub use activation::{Activation, UnknownActivation};
pub use architecture::{Architecture, InitialWeights, InvalidArchitecture};
pub use batch::{Batch, Loss, Predictions};
pub use ensemble::{Ensemble, EnsembleRates};
pub use form::{Block, BlockLength, Form, LayerState, Norm, Residual};
pub use layer::{Gradient, Layer, LayerDerivative, LayerRates, Parameters};
pub use mlp::{Derivatives, Mlp, Pass, backpropagate, relu_backward};
pub use names::UnknownName;
pub use optimiser::{ADAM_EPSILON, Method, Optimiser, OptimiserState};
pub use parametrisation::{LayerScale, Parametrisation, StepScale};
pub use weights_file::{Layout, ReadWeights, WeightsFileError, WeightsOptions};
