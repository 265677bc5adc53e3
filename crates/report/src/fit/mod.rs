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
//! Repeats that found no eta\* in range are censored: they say on which side of
//! the range it lies. Where there are any, the law is fitted by maximum
//! likelihood, in which they take part as that (module `censored`; they are
//! counted in [`Fit::censored_repeats`]); without any, that is least squares.
//! What a fit says of its own quality (`R^2`, residuals, AICc, leave-one-out)
//! is always computed on the cells that found an eta\*, from the means of the
//! repeats that did.

mod censored;
mod compare;
mod correction;
mod fitting;
mod intervals;
mod json;
mod likelihood;
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
pub(crate) use likelihood::{Described, coefficients};
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
