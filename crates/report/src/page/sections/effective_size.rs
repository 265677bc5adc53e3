use super::depth_width::{bounds, confidence, fit_lines, point};
use crate::figure::{Axis, Data, Figure, Panel, Point, Scale, Series, Style, Text};
use crate::fit::Law;
use crate::page::document::Section;
use crate::page::number::{percent, setting};
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
        title: None,
        caption: Text::markup(&format!(
            "η* of every measured cell of {} against the effective size, all input rates in one \
             panel, with {} intervals ({}). Lines: effective-size law, fitted to all rates at \
             once. {}",
            study.label,
            percent(confidence(cells)),
            study.interval_method,
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
    section
}
