//! Reports, figures, exports and comparisons: formats what `etastar-analysis` computed, and knows
//! nothing of how a number came about.

pub mod compare;
pub mod export;
mod figure;
pub mod page;
