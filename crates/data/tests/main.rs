//! Datasets from files, archives and downloads.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a helper of a test fails the test"
)]

mod archive;
mod download;
mod format;
mod loading;
mod own;
mod support;
