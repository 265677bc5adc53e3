//! Checks of every backend: the operations that training and sharpness need
//! are compared with a reference in double precision, which is written in plain
//! loops and shares no code with them.
//!
//! [`measure`] gives the largest error of each [`Operation`] of a backend on a
//! [`Case`]; [`tolerance`] is the error that rounding explains.

mod case;
mod measure;
mod reference;

pub use case::{Case, Shape};
pub use measure::{Operation, measure, tolerance};
