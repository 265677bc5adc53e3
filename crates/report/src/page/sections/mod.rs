//! The sections, one function each.

mod band;
mod cells;
mod depth_width;
mod dots;
mod effective_size;
mod eta_sharpness;
mod exponents;
mod input_layer;
mod late_stage;
mod laws;
mod manifest;
mod noise;
mod overview;
mod protocol;
mod proxies;
mod references;
mod scope;
mod searches;
mod sharpness;
mod shifts;
mod side_by_side;
mod summary;
mod transfer;
mod width_over_depth;

pub(super) use cells::cells;
pub(super) use depth_width::depth_width;
pub(super) use effective_size::effective_size;
pub(super) use eta_sharpness::eta_sharpness;
pub(super) use input_layer::input_layer;
pub(super) use late_stage::late_stage;
pub(super) use laws::laws;
pub(super) use manifest::{fields, manifest, sessions, sessions_table};
pub(super) use noise::noise;
pub(super) use overview::overview;
pub(super) use protocol::protocol;
pub(super) use proxies::proxies;
pub(super) use references::references;
pub(super) use searches::searches;
pub(super) use sharpness::{
    bounds as sharpness_bounds, exponents as sharpness_exponents, growth as sharpness_growth,
    overview as sharpness_overview, prediction as sharpness_prediction,
    protocol as sharpness_protocol, sharpness,
};
pub(super) use shifts::shifts;
pub(super) use side_by_side::side_by_side;
pub(super) use summary::summary;
pub(super) use transfer::transfer;
pub(super) use width_over_depth::width_over_depth;

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
