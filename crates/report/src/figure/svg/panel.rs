//! One panel: grid, data, frame and the labels of its axes.

use std::collections::BTreeMap;

use super::canvas::{self, Anchor, Canvas, number};
use super::layout::Layout;
use super::marker;
use super::style::colour_class;
use crate::figure::{Data, Figure, Panel, Point, Scale, Series, Text};

/// Distance of markers that share an abscissa, and the room all of them take.
const APART: f64 = 6.0;
const SPREAD: f64 = 30.0;

/// Room an arrow needs at the edge of a panel.
const ARROW: f64 = 18.0;

/// Draws panel `index` of the figure.
pub(super) fn draw(
    canvas: &mut Canvas,
    figure: &Figure,
    panel: &Panel,
    layout: &Layout,
    index: usize,
) {
    let [left, top] = layout.corner(index);
    let [width, height] = layout.panel;
    let clip = format!("{}-clip-{index}", canvas::escaped(&figure.name));
    canvas.open(&format!(
        "g transform=\"translate({} {})\"",
        number(left),
        number(top)
    ));
    canvas.raw(&format!(
        "<clipPath id=\"{clip}\"><rect width=\"{}\" height=\"{}\"/></clipPath>\n",
        number(width),
        number(height)
    ));
    grid(canvas, layout);
    canvas.open(&format!("g clip-path=\"url(#{clip})\""));
    let mut shifts = Shifts::of(panel, layout);
    let mut undrawn = 0;
    for series in &panel.series {
        undrawn += draw_series(canvas, figure, series, layout, &mut shifts);
    }
    canvas.close("g");
    canvas.empty(&format!(
        "rect class=\"frame\" width=\"{}\" height=\"{}\"",
        number(width),
        number(height)
    ));
    labels(canvas, layout, index);
    if !panel.title.is_empty() {
        canvas.text("facet", [width / 2.0, -8.0], Anchor::Middle, &panel.title);
    }
    if panel.series.iter().all(Series::is_empty) {
        let at = [width / 2.0, height / 2.0];
        canvas.text("none", at, Anchor::Middle, &Text::plain("no data"));
    }
    if undrawn > 0 {
        let note = format!("{undrawn} not drawn: no place on a logarithmic axis");
        let at = [width - 6.0, height - 6.0];
        canvas.text("note", at, Anchor::End, &Text::plain(note));
    }
    canvas.close("g");
}

fn grid(canvas: &mut Canvas, layout: &Layout) {
    let [width, height] = layout.panel;
    let column = |canvas: &mut Canvas, class: &str, value: f64| {
        if let Some(x) = layout.across(value) {
            canvas.line(class, [x, 0.0], [x, height]);
        }
    };
    let row = |canvas: &mut Canvas, class: &str, value: f64| {
        if let Some(y) = layout.down(value) {
            canvas.line(class, [0.0, y], [width, y]);
        }
    };
    for &value in &layout.x_marks.minor {
        column(canvas, "faint", value);
    }
    for &value in &layout.y_marks.minor {
        row(canvas, "faint", value);
    }
    for (value, _) in &layout.x_marks.major {
        column(canvas, "grid", *value);
    }
    for (value, _) in &layout.y_marks.major {
        row(canvas, "grid", *value);
    }
}

fn labels(canvas: &mut Canvas, layout: &Layout, index: usize) {
    let height = layout.panel[1];
    for (value, label) in &layout.x_marks.major {
        let Some(x) = layout.across(*value) else {
            continue;
        };
        canvas.line("mark", [x, height], [x, height + 4.0]);
        if layout.is_lowest(index) {
            canvas.text("tick", [x, height + 19.0], Anchor::Middle, label);
        }
    }
    for (value, label) in &layout.y_marks.major {
        let Some(y) = layout.down(*value) else {
            continue;
        };
        canvas.line("mark", [-4.0, y], [0.0, y]);
        if layout.is_leftmost(index) {
            canvas.text("tick", [-8.0, y + 4.5], Anchor::End, label);
        }
    }
}

/// Draws a series; the number of its points that have no position.
fn draw_series(
    canvas: &mut Canvas,
    figure: &Figure,
    series: &Series,
    layout: &Layout,
    shifts: &mut Shifts,
) -> usize {
    canvas.open(&format!(
        "g class=\"{}\"",
        colour_class(series.style.colour)
    ));
    let undrawn = match &series.data {
        Data::Points(points) => points
            .iter()
            .filter(|point| !draw_point(canvas, figure, series, point, layout, shifts))
            .count(),
        Data::Line(points) => {
            let class = if series.style.dashed {
                "curve dashed"
            } else {
                "curve"
            };
            let (path, undrawn) = path(points.iter().copied(), layout);
            curve(canvas, class, &path, &series.name);
            undrawn
        }
        Data::Band(points) => {
            let upper = points.iter().map(|point| [point.x, point.high]);
            let lower = points.iter().rev().map(|point| [point.x, point.low]);
            let (path, undrawn) = path(upper.chain(lower), layout);
            if !path.is_empty() {
                curve(canvas, "band", &format!("{path}Z"), &series.name);
            }
            undrawn
        }
    };
    canvas.close("g");
    undrawn
}

fn curve(canvas: &mut Canvas, class: &str, path: &str, name: &Text) {
    if path.is_empty() {
        return;
    }
    canvas.open(&format!("path class=\"{class}\" d=\"{path}\""));
    canvas.hover(&name.flat());
    canvas.close("path");
}

fn path(points: impl Iterator<Item = [f64; 2]>, layout: &Layout) -> (String, usize) {
    let mut path = String::new();
    let mut undrawn = 0;
    for [x, y] in points {
        if let (Some(x), Some(y)) = (layout.across(x), layout.down(y)) {
            path.push(if path.is_empty() { 'M' } else { 'L' });
            path.push_str(&format!("{} {}", number(x), number(y)));
        } else {
            undrawn += 1;
        }
    }
    (path, undrawn)
}

/// Draws a marker with its error bar; whether it has a position.
fn draw_point(
    canvas: &mut Canvas,
    figure: &Figure,
    series: &Series,
    point: &Point,
    layout: &Layout,
    shifts: &mut Shifts,
) -> bool {
    let (Some(x), Some(y)) = (layout.across(point.x), layout.down(point.y)) else {
        return false;
    };
    let x = x + shifts.next(x);
    let y = if series.is_arrows() {
        let room = layout.panel[1] - ARROW;
        y.clamp(ARROW, room)
    } else {
        y
    };
    canvas.open("g");
    canvas.hover(&hover(figure, series, point));
    if let Some([low, high]) = point.interval {
        if figure.has_rows() {
            let low = layout.across(low).unwrap_or(0.0);
            let high = layout.across(high).unwrap_or(0.0);
            canvas.line("bar", [low, y], [high, y]);
            for end in [low, high] {
                canvas.line("bar", [end, y - 2.5], [end, y + 2.5]);
            }
        } else {
            let height = layout.panel[1];
            let low = layout.down(low).unwrap_or(height);
            let high = layout.down(high).unwrap_or(height);
            canvas.line("bar", [x, low], [x, high]);
            for end in [low, high] {
                canvas.line("bar", [x - 2.5, end], [x + 2.5, end]);
            }
        }
    }
    marker::draw(canvas, series.style.marker, [x, y]);
    canvas.close("g");
    true
}

fn hover(figure: &Figure, series: &Series, point: &Point) -> String {
    let mut text = format!(
        "{}: {} = {}",
        series.name.flat(),
        figure.x.label.flat(),
        significant(point.x)
    );
    if !figure.has_rows() {
        text.push_str(&format!(
            ", {} = {}",
            figure.y.label.flat(),
            significant(point.y)
        ));
    }
    if let Some([low, high]) = point.interval {
        text.push_str(&format!(" [{}, {}]", significant(low), significant(high)));
    }
    if !point.note.is_empty() {
        text.push_str("; ");
        text.push_str(&point.note);
    }
    text
}

/// At most four significant digits.
fn significant(value: f64) -> String {
    let rounded: f64 = format!("{value:.3e}").parse().unwrap_or(value);
    let size = rounded.abs();
    if size != 0.0 && !(1e-4..1e7).contains(&size) {
        format!("{rounded:e}")
    } else {
        format!("{rounded}")
    }
}

/// Whether lines join markers: they have their series' name. Those markers
/// stay on their lines.
fn is_joined(panel: &Panel) -> bool {
    let lines = panel
        .series
        .iter()
        .filter(|s| matches!(s.data, Data::Line(_)));
    let mut names = lines.map(|line| &line.name);
    names.any(|name| {
        let mut others = panel.series.iter();
        others.any(|other| matches!(other.data, Data::Points(_)) && other.name == *name)
    })
}

/// Markers of one abscissa are set side by side, so that none hides another.
struct Shifts {
    /// By position in tenths: how many markers there are, and how many have
    /// been drawn.
    groups: BTreeMap<i64, (usize, usize)>,
    wanted: bool,
}

impl Shifts {
    fn of(panel: &Panel, layout: &Layout) -> Self {
        let mut groups = BTreeMap::new();
        for series in &panel.series {
            let Data::Points(points) = &series.data else {
                continue;
            };
            for point in points {
                if let (Some(x), Some(_)) = (layout.across(point.x), layout.down(point.y)) {
                    groups.entry(Self::key(x)).or_insert((0, 0)).0 += 1;
                }
            }
        }
        Self {
            groups,
            wanted: !matches!(layout.y.scale(), Scale::Names(_)) && !is_joined(panel),
        }
    }

    fn key(x: f64) -> i64 {
        (x * 10.0).round() as i64
    }

    fn next(&mut self, x: f64) -> f64 {
        match self.groups.get_mut(&Self::key(x)) {
            Some((count, drawn)) if self.wanted && *count > 1 => {
                let apart = APART.min(SPREAD / (*count - 1) as f64);
                let shift = (*drawn as f64 - (*count - 1) as f64 / 2.0) * apart;
                *drawn += 1;
                shift
            }
            _ => 0.0,
        }
    }
}
