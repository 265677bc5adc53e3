//! Fitted exponents in words, and the law under both provisos of claim C1.

use super::number::{fixed, interval};
use crate::fit::{Fit, Law};
use crate::page::study::{Study, distinct};

/// Fewest cells a fit needs to be told of.
const FEWEST_CELLS: usize = 6;

/// The fit of the depth-width law with the slowest input layer and, of its
/// fits with enough cells, the strictest filter.
pub(super) fn under_both_provisos<'a>(study: &Study<'a>) -> Option<&'a Fit> {
    distinct(&study.cells, |cell| cell.cell().input_rate)
        .into_iter()
        .map(|rate| study.fits_of(Law::DepthWidth, Some(rate)))
        .find(|fits| !fits.is_empty())
        .and_then(|fits| strictest(&fits))
}

/// Of fits by ascending filter, the last one with enough cells; the first
/// one where none has.
pub(super) fn strictest<'a>(fits: &[&'a Fit]) -> Option<&'a Fit> {
    let enough = fits.iter().rev().find(|fit| fit.cells >= FEWEST_CELLS);
    enough.or(fits.first()).copied()
}

/// The exponents of a fit with their intervals.
pub(super) fn exponents(fit: &Fit) -> String {
    [("α", fit.joint), ("a", fit.depth), ("b", fit.width)]
        .into_iter()
        .filter_map(|(symbol, exponent)| {
            let exponent = exponent?;
            let written = |value| fixed(value, 3);
            let bounds = exponent
                .interval
                .map(|bounds| format!(" {}", interval(bounds, written)))
                .unwrap_or_default();
            Some(format!("{symbol} = {}{bounds}", written(exponent.value)))
        })
        .collect::<Vec<_>>()
        .join(", ")
}
