use super::band::band;
use super::exponents::strictest;
use super::filter_name;
use crate::figure::{Axis, Data, Figure, Marker, Panel, Point, Scale, Series, Style, Text};
use crate::fit::{Fit, Law};
use crate::page::document::Section;
use crate::page::number::{count, percent, setting};
use crate::page::study::{Bound, Measured, Study, distinct};

/// eta\* against depth times width, a panel for each input rate.
pub(in crate::page) fn depth_width(study: &Study<'_>) -> Section {
    let title = "η* against depth × width";
    let id = format!("{}-depth-width", study.id);
    let mut section = Section::new(3, id.clone(), Text::markup(title));
    let cells = &study.cells;
    let depths = distinct(cells, |cell| cell.depth() as f64);
    let panels = distinct(cells, |cell| cell.cell().input_rate)
        .into_iter()
        .rev()
        .map(|rate| {
            let own: Vec<Measured<'_>> = cells
                .iter()
                .copied()
                .filter(|cell| cell.cell().input_rate == rate)
                .collect();
            let mut series = fit_lines(&study.fits_of(Law::DepthWidth, Some(rate)), &own, |cell| {
                cell.size()
            });
            for (order, &depth) in depths.iter().enumerate() {
                let points: Vec<Point> = own
                    .iter()
                    .filter(|cell| cell.depth() as f64 == depth)
                    .filter_map(|cell| point(cell, cell.size()))
                    .collect();
                let style = Style::nth(order);
                series.push(Series::new(
                    &format!("depth {depth}"),
                    style,
                    Data::Points(points),
                ));
            }
            series.extend(bounds(&own, |cell| cell.size()));
            Panel {
                title: Text::markup(&format!("μ_{{in}} = {}", setting(rate))),
                series,
            }
        })
        .collect();
    section.figure(Figure {
        name: id,
        caption: Text::markup(&format!(
            "η* of every measured cell of {} against depth × width, one panel for each relative \
             learning rate of the input layer, with {} intervals ({}). Lines: depth × width law, \
             fitted at that rate; shaded: pointwise {} confidence band of the line through the \
             wide cells, from their deviations from it. Markers that share an abscissa are set \
             side by side. {}{}",
            study.label,
            percent(confidence(cells)),
            study.interval_method,
            percent(confidence(cells)),
            if study.has_uneven_cells() {
                "Cells whose layers differ in width are drawn at the sum of their widths. "
            } else {
                ""
            },
            study.conditions()
        )),
        x: Axis::new("depth × width", "depth_times_width", Scale::Log2),
        y: Axis::new("η*", "eta_star", Scale::Log2),
        panels,
    });
    section
}

/// Confidence of the cells' intervals.
pub(super) fn confidence(cells: &[Measured<'_>]) -> f64 {
    let known = cells.iter().find(|cell| cell.estimate.interval.is_some());
    known
        .or(cells.first())
        .map_or(0.95, |cell| cell.estimate.confidence)
}

/// The marker of a cell that has an eta\*.
pub(super) fn point(cell: &Measured<'_>, x: f64) -> Option<Point> {
    Some(Point {
        x,
        y: cell.estimate.eta_star?,
        interval: cell.estimate.interval,
        note: format!(
            "{}; η* found in {} of {} repeats",
            cell.name(),
            count(cell.estimate.found),
            count(cell.repeats())
        ),
    })
}

/// Arrows at the bounds of cells without an eta\* in range.
pub(super) fn bounds(cells: &[Measured<'_>], x: impl Fn(&Measured<'_>) -> f64) -> Vec<Series> {
    let (mut below, mut above) = (Vec::new(), Vec::new());
    for cell in cells {
        let (list, y) = match cell.bound() {
            Some(Bound::Below(y)) => (&mut below, y),
            Some(Bound::AtLeast(y)) => (&mut above, y),
            None => continue,
        };
        list.push(Point {
            x: x(cell),
            y,
            interval: None,
            note: cell.name(),
        });
    }
    let series = |name, marker, points: Vec<Point>| {
        let style = Style::with_marker(6, marker);
        (!points.is_empty()).then(|| Series::new(name, style, Data::Points(points)))
    };
    [
        series("η* below the range tried", Marker::ArrowDown, below),
        series("η* at or above the range tried", Marker::ArrowUp, above),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The laws fitted without and with the strictest filter that leaves enough
/// cells, as lines over the cells' abscissae; the latter with its band.
pub(super) fn fit_lines(
    fits: &[&Fit],
    cells: &[Measured<'_>],
    x: impl Fn(&Measured<'_>) -> f64,
) -> Vec<Series> {
    let ends = distinct(cells, &x);
    let (Some(&low), Some(&high)) = (ends.first(), ends.last()) else {
        return Vec::new();
    };
    let mut chosen: Vec<&Fit> = fits.first().copied().into_iter().collect();
    chosen.extend(strictest(fits));
    chosen.dedup_by_key(|fit| fit.width_over_depth);
    let mut series = Vec::new();
    if let Some(fit) = chosen.last() {
        let own = cells.iter().filter(|cell| {
            cell.ratio() >= fit.width_over_depth && cell.estimate.eta_star.is_some()
        });
        let abscissae: Vec<f64> = own.map(&x).collect();
        let data = Data::Band(band(fit, &abscissae, [low, high]));
        let name = format!("band, {}", filter_name(fit.width_over_depth));
        series.push(Series::new(&name, Style::neutral(false), data));
    }
    series.retain(|band| !band.is_empty());
    series.extend(chosen.into_iter().enumerate().filter_map(|(index, fit)| {
        let exponent = fit.joint?.value;
        let at = |x: f64| [x, (fit.log2_constant - exponent * x.log2()).exp2()];
        let style = Style::neutral(index > 0);
        let name = format!("fit, {}", filter_name(fit.width_over_depth));
        Some(Series::new(
            &name,
            style,
            Data::Line(vec![at(low), at(high)]),
        ))
    }));
    series
}
