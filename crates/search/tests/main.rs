//! Searches, sweeps and trials, on real trainings and on mock ones.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a helper of a test fails the test"
)]

mod checkpoint;
mod dead;
mod ensemble;
mod sweep;
