use super::super::filter_name;
use super::view::{View, name, size};
use crate::figure::{Axis, Data, Figure, Panel, Point, Scale, Series, Style, Text};
use crate::page::document::Section;
use crate::page::number::{counted, setting};
use crate::page::study::ascending;
use crate::sharpness::{GrowthLaw, Matrix};

/// `lambda_1` against depth times width, a panel for each input rate.
pub(super) fn growth(view: &View<'_>) -> Section {
    let id = format!("{}-growth", view.id);
    let mut section = Section::new(
        3,
        id.clone(),
        Text::markup("λ_{1}(H) against depth × width"),
    );
    let panels = view
        .input_rates()
        .into_iter()
        .map(|rate| Panel {
            title: Text::markup(&format!("μ_{{in}} = {}", setting(rate))),
            series: lines(view, rate)
                .into_iter()
                .chain(points(view, rate))
                .collect(),
        })
        .collect();
    section.figure(Figure {
        name: id,
        caption: Text::markup(&format!(
            "Largest Hessian eigenvalue at initialisation of every measured cell of {} against \
             depth × width, one panel for each relative learning rate μ_{{in}} of the input layer \
             (0: the Hessian without the input layer): geometric mean over repeats with {} \
             intervals ({}). Lines: power law of depth × width, fitted at that rate. Markers that \
             share an abscissa are set side by side. {}",
            view.series.label,
            view.confidence(),
            view.interval_method(),
            view.conditions()
        )),
        x: Axis::new("depth × width", "depth_times_width", Scale::Log2),
        y: Axis::new("λ_{1}(H)", "hessian_largest", Scale::Log2),
        panels,
    });
    section
}

fn points(view: &View<'_>, rate: f64) -> Vec<Series> {
    let series = view.series;
    let depths = ascending(series.cells.iter().map(|c| c.cell.depth() as f64));
    let at = |depth: f64| {
        let own = series
            .cells
            .iter()
            .zip(&series.levels)
            .filter(|(c, _)| c.cell.input_rate == rate && c.cell.depth() as f64 == depth);
        own.filter_map(|(record, level)| {
            let level = level.as_ref()?;
            Some(Point {
                x: size(record),
                y: level.value,
                interval: level.interval,
                note: format!(
                    "{}; {}",
                    name(record),
                    counted(level.repeats, "repeat", "repeats")
                ),
            })
        })
        .collect()
    };
    depths
        .iter()
        .enumerate()
        .map(|(order, &depth)| {
            let style = Style::nth(order);
            Series::new(&format!("depth {depth}"), style, Data::Points(at(depth)))
        })
        .collect()
}

/// The laws without and with the strictest filter over the cells' abscissae.
fn lines(view: &View<'_>, rate: f64) -> Vec<Series> {
    let own = view.series.cells.iter();
    let ends = ascending(own.filter(|c| c.cell.input_rate == rate).map(|c| size(c)));
    let (Some(&low), Some(&high)) = (ends.first(), ends.last()) else {
        return Vec::new();
    };
    let laws: Vec<&GrowthLaw> = view
        .series
        .laws
        .iter()
        .filter(|law| law.matrix == Matrix::Hessian && law.input_rate == rate)
        .collect();
    let mut chosen: Vec<&GrowthLaw> = laws
        .first()
        .into_iter()
        .chain(laws.last())
        .copied()
        .collect();
    chosen.dedup_by_key(|law| law.width_over_depth);
    chosen
        .into_iter()
        .enumerate()
        .map(|(index, law)| {
            Series::new(
                &format!("fit, {}", filter_name(law.width_over_depth)),
                Style::neutral(index > 0),
                Data::Line(vec![[low, law.at(low)], [high, law.at(high)]]),
            )
        })
        .collect()
}
