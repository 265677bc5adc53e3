//! Power laws of eta\*: `eta* = C x^-alpha`, fitted as straight lines in
//! `log2`.

mod model;

pub use model::{Exponent, Fit, Law};
