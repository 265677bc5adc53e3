//! Power-law fits and their comparison, the analysis of measured sharpness, figures, report pages and exports.
//! Knows nothing of how a number was computed.

pub mod export;
pub mod figure;
pub mod fit;
pub mod page;
pub mod sharpness;
