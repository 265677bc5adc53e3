use super::depth_width::{bounds, confidence, fit_lines, point};
use super::scope::{entry, intervals, strictest_filter, written};
use super::{filter_name, law_name};
use crate::analysis::{AnalysisOptions, Effect, SizeLaw};
use crate::figure::{Axis, Data, Figure, Panel, Point, Scale, Series, Style, Text};
use crate::fit::Law;
use crate::page::document::{Entry, Section, Table};
use crate::page::number::{counted, fixed, octaves, percent, setting};
use crate::page::study::{Measured, Study, distinct};

/// eta\* of all input rates against the effective size.
pub(in crate::page) fn effective_size(study: &Study<'_>) -> Section {
    let title = "η* against the effective size";
    let id = format!("{}-effective-size", study.id);
    let mut section = Section::new(3, id.clone(), Text::markup(title));
    section.paragraph(
        "The effective size μ_{in}·n_{0} + depth × width, with n_{0} inputs and an input layer \
         that learns μ_{in} times as fast as the others, is our hypothesis: if it holds, one line \
         serves all input rates.",
    );
    let filter = strictest_filter(study);
    let mut filters = vec![0.0, filter];
    filters.dedup();
    let laws: Vec<(f64, [SizeLaw; 2])> = filters
        .into_iter()
        .map(|filter| {
            let records = study.cells.iter().map(|cell| cell.record);
            (
                filter,
                SizeLaw::both(records, filter, &AnalysisOptions::default()),
            )
        })
        .collect();
    section.list(laws.iter().filter_map(sentence).collect());
    let cells = &study.cells;
    let size = |cell: &Measured<'_>| cell.effective_size();
    let mut series = fit_lines(&study.fits_of(Law::EffectiveSize, None), cells, size);
    let rates = distinct(cells, |cell| cell.cell().input_rate);
    for (order, &rate) in rates.iter().rev().enumerate() {
        let points: Vec<Point> = cells
            .iter()
            .filter(|cell| cell.cell().input_rate == rate)
            .filter_map(|cell| point(cell, size(cell)))
            .collect();
        let name = format!("μ_{{in}} = {}", setting(rate));
        series.push(Series::new(&name, Style::nth(order), Data::Points(points)));
    }
    series.extend(bounds(cells, size));
    section.figure(Figure {
        name: id,
        caption: Text::markup(&format!(
            "η* of every measured cell of {} against the effective size, all input rates in one \
             panel, with {} intervals ({}). Lines: effective-size law, fitted to all rates at \
             once; shaded: pointwise {} confidence band of the line through the wide cells. {}",
            study.label,
            percent(confidence(cells)),
            study.interval_method,
            percent(confidence(cells)),
            study.conditions()
        )),
        x: Axis::new(
            "effective size  μ_{in}·n_{0} + depth × width",
            "effective_size",
            Scale::Log2,
        ),
        y: Axis::new("η*", "eta_star", Scale::Log2),
        panels: vec![Panel {
            title: Text::default(),
            series,
        }],
    });
    section.table(table(study, &laws));
    section
}

/// Both laws' errors on cells they were not fitted to.
fn sentence((filter, [plain, effective]): &(f64, [SizeLaw; 2])) -> Option<Text> {
    let told = |effect: Option<Effect>| effect.map(|effect| written(&effect, octaves));
    let cells = told(effective.leave_one_out).zip(told(plain.leave_one_out))?;
    let rates = told(effective.leave_one_rate_out).zip(told(plain.leave_one_rate_out));
    let rates = rates.map_or_else(String::new, |(effective, plain)| {
        format!("; cells at an input rate left out to {effective} octaves, against {plain}")
    });
    Some(Text::markup(&format!(
        "All input rates at once, {} ({}): the effective-size law predicts left-out cells to {} \
         octaves, the depth × width law to {}{rates}.",
        filter_name(*filter),
        counted(effective.cells, "cell", "cells"),
        cells.0,
        cells.1,
    )))
}

fn table(study: &Study<'_>, laws: &[(f64, [SizeLaw; 2])]) -> Table {
    let three = |value: f64| fixed(value, 3);
    let rows = laws.iter().flat_map(|(filter, both)| {
        both.iter().map(|law| {
            vec![
                Entry::text(law_name(law.law)),
                Entry::number(*filter, &setting(*filter)),
                Entry::count(law.cells),
                entry(law.exponent.as_ref(), three),
                entry(law.r_squared.as_ref(), three),
                entry(law.rmse.as_ref(), octaves),
                entry(law.leave_one_out.as_ref(), octaves),
                entry(law.leave_one_rate_out.as_ref(), octaves),
            ]
        })
    });
    Table {
        caption: Text::markup(&format!(
            "Laws of {} over all input rates at once, with {}; k: only cells with width ≥ k × \
             depth. Errors in octaves: of the cells themselves, of each cell predicted by the fit \
             to all others, and of all cells at one input rate predicted by the fit to the other \
             rates.",
            study.label,
            intervals()
        )),
        columns: vec![
            Text::markup("law"),
            Text::markup("k"),
            Text::markup("cells"),
            Text::markup("α"),
            Text::markup("R^{2}"),
            Text::markup("rmse"),
            Text::markup("cell left out"),
            Text::markup("rate left out"),
        ],
        rows: rows.collect(),
        name: String::new(),
    }
}
