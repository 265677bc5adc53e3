//! Power-law fits and their comparison, the analysis of measured sharpness, conclusions by rules fixed
//! beforehand, figures, report pages and exports.
//! Knows nothing of how a number was computed.

pub mod analysis;
pub mod compare;
pub mod export;
pub mod figure;
pub mod fit;
pub mod page;
pub mod predict;
pub mod sharpness;
