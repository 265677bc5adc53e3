//! Tests of every command through the real binary.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a helper of a test fails the test"
)]

mod experiments;
mod find;
mod forms;
mod one_value;
mod other_commands;
mod other_machines;
mod own_data;
mod own_files;
mod predict;
mod shards;
mod sharpness;
mod support;
mod surroundings;
mod sweep;
mod wrong_inputs;
