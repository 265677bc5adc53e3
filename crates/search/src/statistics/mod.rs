//! Uncertainty of geometric means.
//!
//! Learning rates live on a ratio scale, so everything here is computed on
//! `log2` of them: a mean of logarithms is the logarithm of the geometric
//! mean, and an error is a number of octaves.

mod bootstrap;
mod estimate;
mod expand;
mod mean;
mod quantile;

pub use bootstrap::Bootstrap;
pub use estimate::Estimate;
pub use expand::{expanded_tail, expanded_tail_with};
pub use mean::{geometric_mean, mean};
pub use quantile::{central_interval, quantile};

#[cfg(test)]
mod coverage;
