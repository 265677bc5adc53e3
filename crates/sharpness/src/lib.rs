//! The top Hessian eigenvalue `lambda_1` of a network at initialisation:
//! measured, bounded and predicted. Knows nothing of eta\* or of files.

pub mod bounds;
pub mod certificate;
pub mod lanczos;
mod measure;
pub mod moments;
pub mod operator;
pub mod prediction;

pub use certificate::{Bounds, LowerBounds, UpperBounds};
pub use measure::{MeasureError, MeasureOptions, NetworkSharpness, Spectrum, measure};
