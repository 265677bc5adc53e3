//! What every backend computes, in one program.

mod backends;
#[cfg(feature = "ndarray")]
mod double;
mod forms;
mod launches;
