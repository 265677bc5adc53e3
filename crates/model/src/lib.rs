//! The multilayer perceptron whose maximal initial learning rate is measured:
//! architecture, host-side initialisation, forward pass, gradient and SGD
//! step with one learning rate per layer.
//!
//! Everything is plain tensor operations, generic over `B: Backend`; no
//! automatic differentiation runs in production. Tests use it as the oracle.
//!
//! Conventions: *depth* counts **hidden** layers; a weight matrix has shape
//! `[in, out]`, so a layer computes `a W + b` for rows `a` of a batch.
//!
//! ```
//! use burn_flex::Flex;
//! use etastar_model::{Architecture, Batch, InitialWeights, LayerRates, Loss, Mlp};
//! use rand::SeedableRng;
//! use rand_chacha::ChaCha8Rng;
//!
//! let device = Default::default();
//! // Two features, two hidden layers of eight units, two classes.
//! let architecture = Architecture::constant_width(2, 8, 2, 2);
//! let initial = InitialWeights::draw::<f32>(&architecture, &mut ChaCha8Rng::seed_from_u64(1));
//! let mut network = Mlp::<Flex>::upload(&initial, &device);
//! let batch = Batch::upload(&[1.0, 0.0, 0.0, 1.0], &[0, 1], 2, 2, &device);
//! let rates = LayerRates::with_input_rate(2, 0.1);
//! let loss = |network: &Mlp<Flex>| network.loss(&batch, Loss::CrossEntropy).into_scalar();
//! let before = loss(&network);
//! for _ in 0..20 {
//!     network = network.sgd_step(&batch, Loss::CrossEntropy, 0.1, &rates).0;
//! }
//! assert!(loss(&network) < before);
//! ```

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
