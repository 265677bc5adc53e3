//! One module a command: its arguments and what it does.

pub(crate) mod backends;
pub(crate) mod bounds;
pub(crate) mod compare;
pub(crate) mod completions;
pub(crate) mod data;
pub(crate) mod export;
pub(crate) mod find;
pub(crate) mod fit;
pub(crate) mod merge;
pub(crate) mod predict;
pub(crate) mod report;
pub(crate) mod sharpness;
pub(crate) mod status;
pub(crate) mod submit;
pub(crate) mod sweep;
mod warm_start;
