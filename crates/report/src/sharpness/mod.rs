//! What the measured sharpness of networks says: how `lambda_1` grows with
//! depth times width, how tight every bound on it is, and how far predictions
//! made without a network are from it.
//!
//! Everything is computed by [`analyse`] from the records alone, series by
//! series: cells of one dataset and loss that differ only in the widths of
//! their hidden layers and in the input-layer rate. With an input-layer rate
//! `mu`, the Hessian `H` and the Gauss-Newton matrix `G` stand for
//! `M^{1/2} H M^{1/2}` and `M^{1/2} G M^{1/2}`, `M = diag(mu, 1, .., 1)`.

mod analysis;
mod certified;
mod expectation;
mod level;
mod matrix;
mod options;
mod power_law;
mod prediction;
mod tightness;

pub use analysis::{SharpnessSeries, analyse};
pub use certified::{CERTIFIED, CertifiedBound};
pub use expectation::{EXPECTED, ExpectedBound, MEAN_SQUARE_INPUT};
pub use level::Level;
pub(crate) use level::constant_width;
pub use matrix::Matrix;
pub use options::SharpnessOptions;
pub(crate) use power_law::point;
pub use power_law::{GrowthLaw, growth_laws};
pub use prediction::{CellPrediction, Method, Ratio, RatioSummary, predictions, summaries};
pub use tightness::{Scope, Side, Tightness, tightness};

#[cfg(test)]
pub(crate) mod synthetic;
#[cfg(test)]
mod tests;
