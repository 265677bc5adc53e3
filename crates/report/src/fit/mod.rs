//! Power laws of eta\*: `eta* = C x^-alpha`, fitted as straight lines in
//! `log2`.
//!
//! One point per cell: the mean over repeats of `log2 eta*`, against the
//! `log2` of the law's regressors, by ordinary least squares. Only cells whose
//! hidden layers have one common width enter. The fit is unweighted: with the
//! handful of repeats a cell has, its own variance is too poorly known to
//! weigh by, the spread between repeats is much the same in all cells, and
//! where a law is not exact its misfit, which weights by repeat noise would
//! ignore, dominates.
//!
//! Cells in which some repeats found no eta\* enter with the mean of those
//! that did; cells in which none did are counted
//! ([`Fit::cells_without_eta_star`]).

mod compare;
mod correction;
mod fitting;
mod intervals;
mod json;
mod model;
mod options;
mod quality;
mod regression;
mod regressors;
mod series;
mod solve;
mod table;

pub use compare::{Comparison, Ranked, compare};
pub(crate) use correction::tail_of_groups;
pub use fitting::{FitError, Fits, NotFitted, Reason, fit};
pub(crate) use intervals::intervals;
pub use json::fit_json;
pub use model::{Exponent, Fit, Law};
pub use options::{BootstrapOver, FitOptions};
pub(crate) use quality::{Quality, quality};
pub(crate) use regression::LeastSquares;
pub(crate) use series::{Point, constants, grouped, kebab, name_by_variant, plain_name};
pub use series::{Series, series};
pub(crate) use solve::{Solved, solve};
pub use table::fit_table;

#[cfg(test)]
mod coverage;
#[cfg(test)]
pub(crate) mod synthetic;
#[cfg(test)]
mod tests;
