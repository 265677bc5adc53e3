//! Datasets from files, archives and downloads.

mod archive;
mod download;
mod format;
mod loading;
mod own;
mod support;
