//! The numbers of this crate against closed forms, simulation and made-up sweeps.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a helper of a test fails the test"
)]

mod coverage;
mod criteria;
mod fits;
mod late_stage;
mod prediction;
mod proxies;
mod sharpness;
mod support;
mod transfer;
mod variants;
mod whole;
