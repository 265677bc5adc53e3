//! What every backend computes in single precision, and what it is asked for.
//!
//! One program of few: each takes minutes to compile where the backend is `wgpu`.

mod backends;
mod launches;
