//! Gradients, optimisers and steps against independent oracles.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a helper of a test fails the test"
)]

mod gradient;
mod optimisers;
mod oracle;
