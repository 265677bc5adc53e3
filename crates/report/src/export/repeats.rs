use etastar_search::{CellRecord, EtaStar, RepeatRecord, Snapshot};

use super::columns::{boolean, cell_columns, cell_values, integer, real, text};
use super::table::Table;

/// One row for each finished search.
pub fn repeats(snapshot: &Snapshot) -> Table {
    let mut columns = cell_columns();
    columns.extend([
        integer(
            "repeat",
            "Index of the repeat, from 0: its initialisation and batch order",
        ),
        text(
            "result",
            "found, nothing-succeeds or nothing-fails: where the search ended",
        ),
        real(
            "eta_star",
            "Largest rate of the final bracket that succeeded; null if not found",
        ),
        real("log2_eta_star", "Base-2 logarithm of eta_star"),
        real(
            "lower",
            "eta* is at least this: eta_star, or the highest rate tried if none failed",
        ),
        real(
            "upper",
            "eta* is below this: the bracket's upper end, or the lowest rate tried",
        ),
        boolean(
            "monotone",
            "Whether every rate up to the largest successful one succeeded",
        ),
        integer("trials", "Trials of the search and its ladder"),
    ]);
    let mut rows = Vec::new();
    for record in &snapshot.cells {
        for repeat in in_order(record) {
            let (result, eta_star, lower, upper) = match repeat.eta_star {
                EtaStar::Found { eta_star, upper } => {
                    ("found", Some(eta_star), Some(eta_star), Some(upper))
                }
                EtaStar::NothingSucceeds { lowest } => {
                    ("nothing-succeeds", None, None, Some(lowest))
                }
                EtaStar::NothingFails { highest } => ("nothing-fails", None, Some(highest), None),
            };
            let mut row = cell_values(record);
            row.extend([
                repeat.repeat.into(),
                result.into(),
                eta_star.into(),
                eta_star.map(f64::log2).into(),
                lower.into(),
                upper.into(),
                repeat.monotone.into(),
                repeat.trials.len().into(),
            ]);
            rows.push(row);
        }
    }
    Table {
        name: "repeats",
        columns,
        rows,
    }
}

/// The repeats of a cell by ascending index.
pub(super) fn in_order(record: &CellRecord) -> Vec<&RepeatRecord> {
    let mut repeats: Vec<&RepeatRecord> = record.repeats.iter().collect();
    repeats.sort_by_key(|repeat| repeat.repeat);
    repeats
}
