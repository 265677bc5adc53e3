//! The maximal initial learning rate eta\* of deep networks: the largest constant learning rate at
//! which a randomly initialised network can begin training and reach a threshold accuracy (Iyer,
//! Hanin, Rolnick, ICML 2023, <https://arxiv.org/abs/2212.07295>).
//!
//! | to | call |
//! |---|---|
//! | measure eta\* of a network on your samples | [`find`] |
//! | measure eta\* over a grid of networks | [`sweep`] |
//! | fit power laws to a sweep | [`fit`] |
//! | predict eta\* without training | [`predict_published`], [`predict`] from a sweep |
//! | measure the sharpness `lambda_1` of a network | [`sharpness`], [`sharpness_of_weights`] |
//! | bound `lambda_1` by theory alone | [`TheoryBounds::new`] |
//!
//! ```
//! use etastar::{Network, OwnLabels, Protocol, Samples, find};
//!
//! # fn main() -> Result<(), etastar::Error> {
//! // 300 points in the plane; the class is the sign of the product of both features.
//! let point = |i: usize| [(i as f64).sin(), (1.7 * i as f64).cos()];
//! let inputs = (0..300).flat_map(point).collect();
//! let labels = OwnLabels::Integers((0..300).map(|i| (point(i)[0] * point(i)[1] > 0.0).into()).collect());
//! let samples = Samples::from_arrays(inputs, 2, labels)?;
//!
//! let protocol = Protocol { batch_size: 50, ..samples.usual_protocol() };
//! let found = find(&samples, &Network::constant_width(32, 2), &protocol)?;
//! println!("eta* = {:?}", found.eta_star);
//! # assert!(found.found > 0);
//! # Ok(())
//! # }
//! ```
//!
//! The backend is a cargo feature (`flex`, `ndarray`, `tch`, `wgpu`) and, at run time, a
//! [`DeviceName`] in [`Options`].

mod data;
mod error;
mod execution;
mod find;
pub mod json;
mod measurement;
mod memory;
mod network;
mod options;
pub mod provenance;
mod samples;
mod sharpness;
mod sweep;
mod warm_start;
mod words;

pub use data::{Data, MissingData};
pub use error::Error;
pub use execution::Execution;
pub use find::{Found, FoundRepeat, Tried, fastest_rate_predicted, find, find_with};
pub use measurement::{Listener, Measured, Measurement, Place, stores_in};
pub use network::Network;
pub use options::{Options, Start};
pub use samples::Samples;
pub use sharpness::{
    GivenOptions, GivenSharpness, Lambda, Sharpness, Weights, sharpness, sharpness_of_weights,
    sharpness_with,
};
pub use sweep::sweep;
pub use warm_start::WarmStart;
pub use words::{fastest_rate, form_and_optimiser, rate, rates, success};

pub use etastar_analysis::{
    Centre, FastestRate, Fits, NetworkShape, Options as FitOptions, PredictOptions, Prediction,
    fit, predict, predict_published, source,
};
pub use etastar_backend::{BackendName, DeviceKind, DeviceName, Selection};
pub use etastar_data::{
    DataFolders, DatasetConfig, DatasetName, GaussiansConfig, OwnArray, OwnFile, OwnLabels,
    OwnSamples, OwnValues, Standardise,
};
pub use etastar_model::{
    Activation, Block, Form, Method, Norm, Optimiser, Parametrisation, Residual,
};
pub use etastar_model::{Architecture, Layout, Loss, WeightsOptions};
pub use etastar_search::{
    Cell, EnsembleLimits, Experiment, Interrupt, Observer, Outcome, Protocol, SearchMethod,
    SharpnessSettings, Silent, Snapshot, Store, SuccessRule,
};
pub use etastar_sharpness::NetworkSharpness;
pub use etastar_sharpness::bounds::TheoryBounds;
