//! The numbers of this crate against closed forms, simulation and made-up sweeps.

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
