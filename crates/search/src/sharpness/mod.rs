//! Sharpness at initialisation over a grid: cells, records, and the sweep that
//! measures them into a store.

mod cell;
mod meter;
mod sweep;

pub use cell::{SharpnessCell, SharpnessCellRecord, SharpnessRecord};
pub use meter::SharpnessMeter;
pub use sweep::{PlannedSharpness, run_sharpness_sweep};
