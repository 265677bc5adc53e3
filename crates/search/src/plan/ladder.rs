//! Extra rates around the answer, to see whether success is monotone there.
//!
//! The ladder never changes the answer: it adds evidence on how much the
//! answer depends on where the search happened to look.

use super::Tried;
use crate::EtaStar;

/// The first rung not yet tried, for offsets in octaves from eta\*.
pub(super) fn next(offsets: &[f64], answer: EtaStar, tried: &Tried) -> Option<f64> {
    let EtaStar::Found { eta_star, .. } = answer else {
        return None;
    };
    offsets
        .iter()
        .map(|offset| eta_star * offset.exp2())
        .find(|&rate| tried.outcome(rate).is_none())
}
