use super::depth_width::confidence;
use crate::figure::Text;
use crate::page::document::{Column, Entry, Section, Table};
use crate::page::number::{interval, octaves, percent, rate, setting};
use crate::page::study::{Bound, Measured, Study};

/// Every cell of the grid.
pub(in crate::page) fn cells(study: &Study<'_>) -> Section {
    let id = format!("{}-cells", study.id);
    let mut section = Section::new(3, id, Text::plain("All cells"));
    let columns = vec![
        Column::words("dataset"),
        Column::numbers("depth"),
        Column::numbers("width"),
        Column::numbers("μ_{in}"),
        Column::numbers("η*"),
        Column::numbers("interval"),
        Column::numbers("log_{2} η*"),
        Column::numbers("repeats"),
        Column::numbers("found"),
        Column::numbers("none succeeded"),
        Column::numbers("none failed"),
        Column::numbers("not monotone"),
        Column::numbers("trials"),
    ];
    let rows = study
        .cells
        .iter()
        .map(|cell| {
            let mut row = vec![Entry::text(Text::code(study.label.clone()))];
            row.extend(row_of(cell));
            row
        })
        .collect();
    section.table(Table {
        caption: Text::markup(&format!(
            "Cells of {}, with {} intervals ({}). Repeats that found no η* in range are counted \
             and do not enter the mean; < and ≥ mark cells in which no repeat did.",
            study.label,
            percent(confidence(&study.cells)),
            study.interval_method
        )),
        columns,
        rows,
        sortable: true,
    });
    section
}

fn row_of(cell: &Measured<'_>) -> Vec<Entry> {
    let estimate = cell.estimate;
    let eta_star = match (estimate.eta_star, cell.bound()) {
        (Some(value), _) => Entry::number(value, &rate(value)),
        (None, Some(Bound::Below(value))) => Entry::number(value, &format!("< {}", rate(value))),
        (None, Some(Bound::AtLeast(value))) => Entry::number(value, &format!("≥ {}", rate(value))),
        (None, None) if cell.repeats() == 0 => Entry::text("not measured"),
        (None, None) => Entry::text("–"),
    };
    let bounds = match estimate.interval {
        Some(bounds) => Entry::number(bounds[0], &interval(bounds, rate)),
        None => Entry::text("–"),
    };
    let width = Entry::number(cell.size() / (cell.depth() as f64).max(1.0), &cell.width());
    let input_rate = cell.cell().input_rate;
    vec![
        Entry::count(cell.depth()),
        width,
        Entry::number(input_rate, &setting(input_rate)),
        eta_star,
        bounds,
        Entry::optional(estimate.log2_eta_star, octaves),
        Entry::count(cell.repeats()),
        Entry::count(estimate.found),
        Entry::count(estimate.nothing_succeeds),
        Entry::count(estimate.nothing_fails),
        Entry::count(cell.not_monotone()),
        Entry::count(cell.trials()),
    ]
}
