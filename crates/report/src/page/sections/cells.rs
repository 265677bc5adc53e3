use super::depth_width::confidence;
use crate::figure::Text;
use crate::page::document::{Entry, Section, Table};
use crate::page::number::{interval, octaves, percent, rate, setting};
use crate::page::study::{Bound, Measured, Study};

/// Every cell of the grid.
pub(in crate::page) fn cells(study: &Study<'_>) -> Section {
    let id = format!("{}-cells", study.id);
    let mut section = Section::new(3, id, Text::plain("All cells"));
    let columns = vec![
        Text::markup("dataset"),
        Text::markup("depth"),
        Text::markup("width"),
        Text::markup("μ_{in}"),
        Text::markup("η*"),
        Text::markup("interval"),
        Text::markup("log_{2} η*"),
        Text::markup("repeats"),
        Text::markup("found"),
        Text::markup("none succeeded"),
        Text::markup("none failed"),
        Text::markup("not monotone"),
        Text::markup("trials"),
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
        name: String::new(),
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
