//! Curvature of the mean loss as linear operators: the Hessian and the
//! Gauss-Newton matrix, under one learning rate per layer (0 leaves a layer
//! out). No matrix is ever formed, and no automatic differentiation runs.
//!
//! ReLU networks are piecewise linear in each layer: derivatives are those of
//! the linear piece that the given parameters and data lie in (at a kink,
//! a unit counts as dead).
//!
//! # The top eigenvalue of a given network on given data
//!
//! ```
//! use burn_ndarray::NdArray;
//! use burn_tensor::Tensor;
//! use etastar_model::{Batch, Layer, LayerRates, Loss, Mlp};
//! use etastar_sharpness::lanczos::{LanczosOptions, largest_eigenvalue};
//! use etastar_sharpness::operator::{Objective, ObjectiveOptions};
//!
//! type B = NdArray<f64>;
//! let device = Default::default();
//! // f = 2 relu(3 x) on one sample x = 1 with target 5.
//! let layer = |weight: f64| Layer {
//!     weight: Tensor::<B, 2>::from_data([[weight]], &device),
//!     bias: None,
//!     gain: None,
//! };
//! let network = Mlp::new(vec![layer(3.0), layer(2.0)]);
//! let data = Batch {
//!     inputs: Tensor::from_data([[1.0]], &device),
//!     targets: Tensor::from_data([[5.0]], &device),
//! };
//!
//! let objective = Objective::new(
//!     &network,
//!     &data,
//!     Loss::SquaredError,
//!     &ObjectiveOptions::default(),
//! )?;
//! let hessian = objective.hessian(&LayerRates::uniform(network.depth()))?;
//! let top = largest_eigenvalue(&hessian, &LanczosOptions::default())?;
//!
//! // The loss is (u v - 5)^2 / 2 at u = 3, v = 2: its Hessian is
//! // [[v^2, 2 u v - 5], [2 u v - 5, u^2]] = [[4, 7], [7, 9]].
//! let exact = (13.0 + (25.0f64 + 4.0 * 49.0).sqrt()) / 2.0;
//! assert!(top.converged && (top.value - exact).abs() < 1e-12);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod objective;
mod output_gradients;
mod parameters;
mod preconditioner;
mod products;

pub use objective::{InvalidObjective, Objective, ObjectiveOptions};
pub use parameters::{InvalidRate, ParameterOrder};
pub use preconditioner::adam_scales;
pub use products::{Curvature, LinearOperator};

pub(crate) use objective::Forward;
pub(crate) use output_gradients::{curvature_bound, curvature_factor, unit_rows};
pub(crate) use parameters::to_host;
