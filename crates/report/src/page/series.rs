//! Cells that belong together: one dataset under one set of constants.

use etastar_search::{CellRecord, Snapshot};

use super::study::serial_name;

/// Cells that differ in shape and input rate only.
#[derive(Debug)]
pub(super) struct Series<'a> {
    /// Name of the dataset, numbered where there are several series of it.
    pub(super) label: String,
    /// Its cells, in the grid's order.
    pub(super) cells: Vec<&'a CellRecord>,
}

/// The series of a snapshot, in the order of their first cells.
pub(super) fn series(snapshot: &Snapshot) -> Vec<Series<'_>> {
    let mut all: Vec<Series<'_>> = Vec::new();
    for record in &snapshot.cells {
        let known = all.iter_mut().find(|series| match series.cells.first() {
            Some(first) => alike(first, record),
            None => false,
        });
        match known {
            Some(series) => series.cells.push(record),
            None => all.push(Series {
                label: serial_name(&record.cell.dataset.name),
                cells: vec![record],
            }),
        }
    }
    let labels: Vec<String> = all.iter().map(|series| series.label.clone()).collect();
    for (index, series) in all.iter_mut().enumerate() {
        let alike = |labels: &[String]| labels.iter().filter(|l| **l == series.label).count();
        if alike(&labels) > 1 {
            series.label = format!("{} (setting {})", series.label, alike(&labels[..=index]));
        }
    }
    all
}

fn alike(a: &CellRecord, b: &CellRecord) -> bool {
    let (a, b) = (&a.cell, &b.cell);
    a.dataset == b.dataset
        && a.protocol == b.protocol
        && a.bias == b.bias
        && a.output_gain == b.output_gain
}
