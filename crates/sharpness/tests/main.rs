//! Operators, eigenvalues, moments, bounds and predictions against independent oracles.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a helper of a test fails the test"
)]

mod bounds_formulas;
mod bounds_simulation;
mod certificate_bounds;
mod lanczos_dense;
mod moments_properties;
mod moments_simulation;
mod operator_products;
#[path = "../../model/tests/oracle/mod.rs"]
mod oracle;
mod prediction_eigenvalues;
mod prediction_kernel;
mod support;
