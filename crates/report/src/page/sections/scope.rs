//! The sets of cells that views of claim C1 look at.

use crate::analysis::{AnalysisOptions, Effect, LawEffects};
use crate::figure::{Data, Point, Series, Style};
use crate::page::document::Entry;
use crate::page::number::{interval, percent, setting};
use crate::page::study::{Measured, Study, distinct};

/// The filters `width >= k * depth`.
pub(super) const FILTERS: [f64; 6] = [0.0, 1.0, 2.0, 4.0, 8.0, 16.0];

/// Fewest cells with an eta\* that a filter is to leave.
const FEWEST_CELLS: usize = 6;

/// What the intervals are, as a clause of captions.
pub(super) fn intervals() -> String {
    format!(
        "{} intervals (whole architectures resampled; repeats without an η* left out)",
        percent(AnalysisOptions::default().confidence)
    )
}

/// The input-layer rates of a study, ascending.
pub(super) fn rates(study: &Study<'_>) -> Vec<f64> {
    distinct(&study.cells, |cell| cell.cell().input_rate)
}

/// The laws of a study's cells at one rate under one filter.
pub(super) fn effects(study: &Study<'_>, rate: f64, filter: f64) -> LawEffects {
    LawEffects::of(
        study.cells.iter().map(|cell| cell.record),
        Some(rate),
        filter,
        &AnalysisOptions::default(),
    )
}

/// The strictest filter that leaves enough cells at every rate.
pub(super) fn strictest_filter(study: &Study<'_>) -> f64 {
    let enough = |filter: &&f64| {
        rates(study).into_iter().all(|rate| {
            let own = within(study, rate, **filter).into_iter();
            own.filter(|cell| cell.estimate.eta_star.is_some()).count() >= FEWEST_CELLS
        })
    };
    FILTERS.iter().rev().find(enough).copied().unwrap_or(0.0)
}

/// The cells at a rate that pass a filter.
pub(super) fn within<'a>(study: &Study<'a>, rate: f64, filter: f64) -> Vec<Measured<'a>> {
    let cells = study.cells.iter().copied();
    cells
        .filter(|cell| cell.cell().input_rate == rate && cell.ratio() >= filter)
        .collect()
}

/// An effect as a field of a table.
pub(super) fn entry(effect: Option<&Effect>, write: impl Fn(f64) -> String) -> Entry {
    match effect {
        Some(effect) => Entry::number(effect.value, &written(effect, write)),
        None => Entry::text("–"),
    }
}

/// An effect with its interval.
pub(super) fn written(effect: &Effect, write: impl Fn(f64) -> String) -> String {
    let bounds = effect
        .interval
        .map_or_else(String::new, |ends| format!(" {}", interval(ends, &write)));
    format!("{}{bounds}", write(effect.value))
}

/// Markers of effects, joined by a line of the same name.
pub(super) fn joined(name: &str, order: usize, points: Vec<Point>) -> [Series; 2] {
    let style = Style::nth(order);
    let line = points.iter().map(|point| [point.x, point.y]).collect();
    [
        Series::new(name, style, Data::Line(line)),
        Series::new(name, style, Data::Points(points)),
    ]
}

/// The name of an input rate's series.
pub(super) fn series_name(rate: f64) -> String {
    format!("μ_{{in}} = {}", setting(rate))
}
