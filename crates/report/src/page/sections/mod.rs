//! The sections, one function each.

mod cells;
mod claim;
mod depth_width;
mod effective_size;
mod laws;
mod manifest;
mod overview;
mod protocol;
mod references;
mod searches;
mod sharpness;
mod summary;

pub(super) use cells::cells;
pub(super) use depth_width::depth_width;
pub(super) use effective_size::effective_size;
pub(super) use laws::laws;
pub(super) use manifest::{manifest, sessions};
pub(super) use overview::overview;
pub(super) use protocol::protocol;
pub(super) use references::references;
pub(super) use searches::searches;
pub(super) use sharpness::sharpness;
pub(super) use summary::summary;

use crate::fit::Law;
use crate::page::number;

/// A law in words.
fn law_name(law: Law) -> &'static str {
    match law {
        Law::DepthWidth => "depth × width",
        Law::Separate => "depth and width apart",
        Law::EffectiveSize => "effective size",
    }
}

/// A filter on cells, in words.
fn filter_name(width_over_depth: f64) -> String {
    if width_over_depth > 0.0 {
        format!("width ≥ {} × depth", number::setting(width_over_depth))
    } else {
        "all cells".to_owned()
    }
}

/// An input rate, or all of them, in words.
fn rate_name(input_rate: Option<f64>) -> String {
    match input_rate {
        Some(rate) => format!("μ_{{in}} = {}", number::setting(rate)),
        None => "all input rates".to_owned(),
    }
}
