use etastar_search::Snapshot;
use etastar_search::statistics::{Bootstrap, Estimate};

use super::columns::{cell_columns, cell_values, integer, real};
use super::table::Table;

/// One row for each cell of the grid, measured or not: eta\* with its
/// interval ([`Estimate`]).
pub fn cells(snapshot: &Snapshot, confidence: f64, bootstrap: &Bootstrap) -> Table {
    let mut columns = cell_columns();
    columns.extend([
        integer("inputs", "Number of input features"),
        integer("outputs", "Number of classes"),
        real(
            "eta_star",
            "Geometric mean of eta* over the repeats that found one",
        ),
        real("log2_eta_star", "Base-2 logarithm of eta_star"),
        real(
            "interval_low",
            "Lower end of eta_star's bootstrap interval; null below two found",
        ),
        real(
            "interval_high",
            "Upper end of eta_star's bootstrap interval; null below two found",
        ),
        real("confidence", "Confidence of the interval"),
        integer("found", "Repeats that found an eta*"),
        integer(
            "nothing_succeeds",
            "Repeats in which no rate in range succeeded: eta* is below",
        ),
        integer(
            "nothing_fails",
            "Repeats in which no rate in range failed: eta* is above",
        ),
        integer(
            "non_monotone",
            "Repeats in which a rate below a successful one failed",
        ),
        integer("trials", "Trials of all repeats"),
    ]);
    let rows = snapshot.cells.iter().map(|record| {
        let estimate = Estimate::of_cell(record, confidence, bootstrap);
        let non_monotone = record.repeats.iter().filter(|repeat| !repeat.monotone);
        let trials: usize = record
            .repeats
            .iter()
            .map(|repeat| repeat.trials.len())
            .sum();
        let mut row = cell_values(record);
        row.extend([
            record.inputs.into(),
            record.outputs.into(),
            estimate.eta_star.into(),
            estimate.log2_eta_star.into(),
            estimate.interval.map(|[low, _]| low).into(),
            estimate.interval.map(|[_, high]| high).into(),
            estimate.confidence.into(),
            estimate.found.into(),
            estimate.nothing_succeeds.into(),
            estimate.nothing_fails.into(),
            non_monotone.count().into(),
            trials.into(),
        ]);
        row
    });
    Table {
        name: "cells",
        rows: rows.collect(),
        columns,
    }
}
