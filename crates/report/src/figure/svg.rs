//! Figures as SVG: real text, values on hovering, one style sheet for light and dark screens and
//! for paper.

use std::collections::BTreeMap;

use maud::{Markup, PreEscaped, html};

use super::canvas::{STYLE_SHEET, centre, clean, line, marker, number, path, spans, text};
use super::layout::{GLYPH, Layout};
use super::model::{Data, Figure, PALETTE, Panel, Point, Series};
use super::text::{Text, visible};

impl Figure {
    /// The picture as a document of its own, with its style sheet and background.
    pub(crate) fn svg(&self) -> String {
        visible(self.render(true))
    }

    /// The picture for a page that holds [`STYLE_SHEET`] already. Its ids begin with the figure's
    /// name.
    pub(crate) fn inline_svg(&self) -> String {
        self.render(false)
    }

    fn render(&self, is_standalone: bool) -> String {
        let layout = Layout::new(self);
        let [width, height] = layout.size.map(number);
        let [left, top, right, bottom] = layout.outline();
        let upward = format!("translate(18 {}) rotate(-90)", number((top + bottom) / 2.0));
        let middle = [(left + right) / 2.0, height - 10.0];
        let mut svg = html! {
            svg xmlns="http://www.w3.org/2000/svg" class="etastar-figure"
                viewBox=(format!("0 0 {width} {height}")) role="img"
                aria-label=(clean(&self.caption.flat())) {
                @if is_standalone {
                    style { (PreEscaped(STYLE_SHEET)) }
                    rect class="paper" width=(width) height=(height) {}
                }
                @for (series, place) in &layout.legend { (legend_entry(series, *place)) }
                @for (index, panel) in self.panels.iter().enumerate() {
                    (draw_panel(&layout, index, panel))
                }
                (text("axis", middle, "middle", &self.x.label))
                text class="axis" transform=(upward) text-anchor="middle" {
                    (spans(&self.y.label))
                }
            }
        }
        .into_string();
        // One element a line, and empty ones closed at once.
        for tag in ["line", "rect", "circle", "path"] {
            svg = svg.replace(&format!("\"></{tag}>"), "\"/>\n");
        }
        for end in ["</g>", "</text>", "</title>", "</path>", "</style>"] {
            svg = svg.replace(end, &format!("{end}\n"));
        }
        svg + "\n"
    }
}

fn colour_class(series: &Series) -> String {
    format!("k{}", series.style.colour % PALETTE)
}

fn curve_class(series: &Series) -> &'static str {
    if series.style.dashed {
        "curve dashed"
    } else {
        "curve"
    }
}

fn legend_entry(series: &[&Series], [x, y]: [f64; 2]) -> Markup {
    let shows = |kind: fn(&Data) -> bool| series.iter().any(|series| kind(&series.data));
    let first = series[0];
    let shape = first.style.marker;
    html! {
        g class=(colour_class(first)) {
            @if shows(|data| matches!(data, Data::Band(_))) {
                rect class="band" x=(number(x)) y=(number(y - 6.0)) width="22" height="12" {}
            }
            @if shows(|data| matches!(data, Data::Line(_))) {
                (line(curve_class(first), [x, y], [x + 22.0, y]))
            }
            @if shows(|data| matches!(data, Data::Points(_))) {
                (marker(shape, [x + 11.0, y - centre(shape)]))
            }
        }
        (text("key", [x + GLYPH, y + 4.5], "start", &first.name))
    }
}

fn draw_panel(layout: &Layout<'_>, index: usize, panel: &Panel) -> Markup {
    let [left, top] = layout.corner(index).map(number);
    let [width, height] = layout.panel;
    let clip = format!("{}-clip-{index}", layout.figure.name);
    let mut shifts = Shifts::new(panel, layout);
    let places = || panel.series.iter().flat_map(Series::places);
    let undrawn = places().filter(|&place| layout.position(place).is_none());
    let undrawn = undrawn.count();
    let note = format!("{undrawn} not drawn: no place on a logarithmic axis");
    html! {
        g transform=(format!("translate({left} {top})")) {
            clipPath id=(clip) { rect width=(width) height=(height) {} }
            (grid(layout))
            g clip-path=(format!("url(#{clip})")) {
                @for series in &panel.series {
                    g class=(colour_class(series)) { (draw_series(layout, series, &mut shifts)) }
                }
            }
            rect class="frame" width=(width) height=(height) {}
            (labels(layout, index))
            @if !panel.title.is_empty() {
                (text("facet", [width / 2.0, -8.0], "middle", &panel.title))
            }
            @if places().next().is_none() {
                (text("none", [width / 2.0, height / 2.0], "middle", &Text::plain("no data")))
            }
            @if undrawn > 0 {
                (text("note", [width - 6.0, height - 6.0], "end", &Text::plain(note)))
            }
        }
    }
}

fn grid(layout: &Layout<'_>) -> Markup {
    let [width, height] = layout.panel;
    let major = |marks: &[(f64, Text)]| marks.iter().map(|(value, _)| *value).collect();
    let (x_marks, y_marks) = (&layout.x_marks, &layout.y_marks);
    let sets: [(&str, &Vec<f64>, &Vec<f64>); 2] = [
        ("faint", &x_marks.1, &y_marks.1),
        ("grid", &major(&x_marks.0), &major(&y_marks.0)),
    ];
    html! {
        @for (class, columns, rows) in sets {
            @for x in columns.iter().filter_map(|&value| layout.across(value)) {
                (line(class, [x, 0.0], [x, height]))
            }
            @for y in rows.iter().filter_map(|&value| layout.down(value)) {
                (line(class, [0.0, y], [width, y]))
            }
        }
    }
}

/// The marks of a panel's axes, with labels where no other panel has them.
fn labels(layout: &Layout<'_>, index: usize) -> Markup {
    let height = layout.panel[1];
    let columns = layout.x_marks.0.iter();
    let rows = layout.y_marks.0.iter();
    html! {
        @for (x, label) in columns.filter_map(|(value, label)| Some((layout.across(*value)?, label))) {
            (line("mark", [x, height], [x, height + 4.0]))
            @if layout.is_lowest(index) { (text("tick", [x, height + 19.0], "middle", label)) }
        }
        @for (y, label) in rows.filter_map(|(value, label)| Some((layout.down(*value)?, label))) {
            (line("mark", [-4.0, y], [0.0, y]))
            @if layout.is_leftmost(index) { (text("tick", [-8.0, y + 4.5], "end", label)) }
        }
    }
}

fn draw_series(layout: &Layout<'_>, series: &Series, shifts: &mut Shifts) -> Markup {
    let corners = series.places().into_iter();
    let mut d = path(corners.filter_map(|place| layout.position(place)));
    let class = match &series.data {
        Data::Points(points) => {
            return html! {
                @for point in points {
                    @if let Some(point) = draw_point(layout, series, point, shifts) { (point) }
                }
            };
        }
        Data::Line(_) => curve_class(series),
        Data::Band(_) => "band",
    };
    if class == "band" {
        d.push('Z');
    }
    html! {
        @if d.len() > 1 {
            path class=(class) d=(d) { title { (clean(&series.name.flat())) } }
        }
    }
}

/// Room an arrow needs at the edge of a panel.
const ARROW: f64 = 18.0;

/// A marker with its error bar, or nothing where it has no position.
fn draw_point(
    layout: &Layout<'_>,
    series: &Series,
    point: &Point,
    shifts: &mut Shifts,
) -> Option<Markup> {
    let [x, y] = layout.position([point.x, point.y])?;
    let height = layout.panel[1];
    let x = x + shifts.next(x);
    let y = if series.is_arrows() {
        y.clamp(ARROW, height - ARROW)
    } else {
        y
    };
    let has_rows = layout.figure.has_rows();
    let end = |value: f64| {
        if has_rows {
            [layout.across(value).unwrap_or(0.0), y]
        } else {
            [x, layout.down(value).unwrap_or(height)]
        }
    };
    let [dx, dy] = if has_rows { [0.0, 2.5] } else { [2.5, 0.0] };
    Some(html! {
        g {
            title { (clean(&hover(layout.figure, series, point))) }
            @if let Some([low, high]) = point.interval {
                (line("bar", end(low), end(high)))
                @for [x, y] in [end(low), end(high)] {
                    (line("bar", [x - dx, y - dy], [x + dx, y + dy]))
                }
            }
            (marker(series.style.marker, [x, y]))
        }
    })
}

fn hover(figure: &Figure, series: &Series, point: &Point) -> String {
    let value = |label: &Text, value: f64| format!("{} = {}", label.flat(), significant(value));
    let mut shown = format!(
        "{}: {}",
        series.name.flat(),
        value(&figure.x.label, point.x)
    );
    if !figure.has_rows() {
        shown.push_str(&format!(", {}", value(&figure.y.label, point.y)));
    }
    if let Some([low, high]) = point.interval.map(|ends| ends.map(significant)) {
        shown.push_str(&format!(" [{low}, {high}]"));
    }
    if !point.note.is_empty() {
        shown.push_str(&format!("; {}", point.note));
    }
    shown
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

/// Distance of markers that share an abscissa, and the room all of them take.
const APART: f64 = 6.0;
const SPREAD: f64 = 30.0;

/// Sets markers of one abscissa side by side, so that none hides another. Markers of named rows,
/// and markers on a line that has the name of their series, stay where they are.
struct Shifts {
    /// By position in tenths: how many markers there are, and how many have been drawn.
    groups: BTreeMap<i64, [usize; 2]>,
}

impl Shifts {
    fn new(panel: &Panel, layout: &Layout<'_>) -> Self {
        let mut groups = BTreeMap::new();
        let (points, lines): (Vec<&Series>, Vec<&Series>) = { panel.series.iter() }
            .filter(|series| !matches!(series.data, Data::Band(_)))
            .partition(|series| matches!(series.data, Data::Points(_)));
        let is_joined = |series: &&Series| lines.iter().any(|line| line.name == series.name);
        if !layout.figure.has_rows() && !points.iter().any(is_joined) {
            let places = points.iter().flat_map(|series| series.places());
            for [x, _] in places.filter_map(|place| layout.position(place)) {
                groups.entry(Self::key(x)).or_insert([0, 0])[0] += 1;
            }
        }
        Self { groups }
    }

    fn key(x: f64) -> i64 {
        (x * 10.0).round() as i64
    }

    /// The shift of the next marker at the position `x`.
    fn next(&mut self, x: f64) -> f64 {
        let Some([count, drawn]) = self.groups.get_mut(&Self::key(x)) else {
            return 0.0;
        };
        let others = (*count - 1) as f64;
        let shift = (*drawn as f64 - others / 2.0) * APART.min(SPREAD / others.max(1.0));
        *drawn += 1;
        shift
    }
}
