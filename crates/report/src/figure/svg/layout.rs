//! Where the parts of a figure go.

use super::canvas::{self, Anchor, Canvas};
use super::legend::{self, Entry};
use crate::figure::{Domain, Figure, Scale, Text, tick_label, ticks};

/// Labelled and minor marks of one axis.
#[derive(Debug)]
pub(super) struct Marks {
    pub(super) major: Vec<(f64, Text)>,
    pub(super) minor: Vec<f64>,
}

/// The geometry of a figure.
#[derive(Debug)]
pub(super) struct Layout {
    /// Width and height of the whole picture.
    pub(super) size: [f64; 2],
    /// Left edge of the first panel.
    pub(super) left: f64,
    /// Top edge of the first panel.
    pub(super) top: f64,
    /// Width and height of a panel.
    pub(super) panel: [f64; 2],
    /// From one panel's left edge (top edge) to the next one's.
    pub(super) pitch: [f64; 2],
    /// Panels in a row.
    pub(super) columns: usize,
    /// Number of panels.
    pub(super) panels: usize,
    /// The axes, shared by all panels.
    pub(super) x: Domain,
    pub(super) y: Domain,
    pub(super) x_marks: Marks,
    pub(super) y_marks: Marks,
    /// The legend, with the place of each entry.
    pub(super) legend: Vec<(Entry, [f64; 2])>,
}

const GAP: f64 = 18.0;
const LEGEND_ROW: f64 = 22.0;
const FACET_TITLE: f64 = 30.0;
const RIGHT: f64 = 22.0;
const NAMED_ROW: f64 = 28.0;
/// Room for each of several markers of one named row.
const MARKER_ROW: f64 = 13.0;

impl Layout {
    pub(super) fn of(figure: &Figure) -> Self {
        let panels = figure.panels.len();
        let columns = match panels {
            0 | 1 => 1,
            2 | 4 => 2,
            _ => 3,
        };
        let rows = panels.max(1).div_ceil(columns);
        let (panel_width, mut panel_height) = match columns {
            1 => (540.0, 320.0),
            2 => (330.0, 280.0),
            _ => (262.0, 262.0),
        };
        if let Scale::Names(names) = &figure.y.scale {
            let row = NAMED_ROW.max(MARKER_ROW * most_in_a_row(figure) as f64);
            panel_height = row * names.len().max(2) as f64;
        }

        let x = Domain::covering(&figure.x, &figure.abscissae());
        let y = Domain::covering(&figure.y, &figure.ordinates());
        let x_marks = horizontal_marks(&x, panel_width);
        let y_marks = marks(&y, (panel_height / 34.0) as usize);

        let label_width = y_marks
            .major
            .iter()
            .map(|(_, label)| canvas::width(label))
            .fold(0.0, f64::max);
        let left = (label_width + 44.0).max(60.0);
        let row_width = panel_width * columns as f64 + GAP * (columns - 1) as f64;
        let width = left + row_width + RIGHT;

        let title = if figure.title.is_some() { 34.0 } else { 8.0 };
        let (legend, legend_rows) = legend::place(figure, [left, title], row_width, LEGEND_ROW);
        let facet = figure.panels.iter().any(|panel| !panel.title.is_empty());
        let facet = if facet { FACET_TITLE } else { 6.0 };
        let top = title + LEGEND_ROW * legend_rows as f64 + facet;
        let pitch = [panel_width + GAP, panel_height + GAP + facet];
        let height = top + pitch[1] * (rows - 1) as f64 + panel_height + 52.0;
        Self {
            size: [width.ceil(), height.ceil()],
            left,
            top,
            panel: [panel_width, panel_height],
            pitch,
            columns,
            panels,
            x,
            y,
            x_marks,
            y_marks,
            legend,
        }
    }

    /// Top left corner of a panel.
    pub(super) fn corner(&self, index: usize) -> [f64; 2] {
        let (row, column) = (index / self.columns, index % self.columns);
        [
            self.left + self.pitch[0] * column as f64,
            self.top + self.pitch[1] * row as f64,
        ]
    }

    /// Whether a panel has none to its left.
    pub(super) fn is_leftmost(&self, index: usize) -> bool {
        index.is_multiple_of(self.columns)
    }

    /// Whether a panel has none below it.
    pub(super) fn is_lowest(&self, index: usize) -> bool {
        index + self.columns >= self.panels
    }

    /// Position of an abscissa in a panel, from its left edge.
    pub(super) fn across(&self, value: f64) -> Option<f64> {
        self.x
            .fraction(value)
            .map(|fraction| beyond(fraction) * self.panel[0])
    }

    /// Position of an ordinate in a panel, from its top edge.
    pub(super) fn down(&self, value: f64) -> Option<f64> {
        let fraction = beyond(self.y.fraction(value)?);
        Some(match self.y.scale() {
            Scale::Names(_) => fraction * self.panel[1],
            _ => (1.0 - fraction) * self.panel[1],
        })
    }
}

/// The largest number of different heights of markers within one named row.
fn most_in_a_row(figure: &Figure) -> usize {
    let mut heights: Vec<f64> = figure.ordinates();
    heights.retain(|height| height.is_finite());
    heights.sort_by(f64::total_cmp);
    heights.dedup();
    heights
        .chunk_by(|a, b| a.round() == b.round())
        .map(<[f64]>::len)
        .max()
        .unwrap_or(1)
}

/// Keeps positions far outside a panel in the range of ordinary numbers.
fn beyond(fraction: f64) -> f64 {
    fraction.clamp(-2.0, 3.0)
}

fn marks(domain: &Domain, most: usize) -> Marks {
    if domain.is_empty() {
        return Marks {
            major: Vec::new(),
            minor: Vec::new(),
        };
    }
    let [low, high] = domain.ends();
    let found = ticks::ticks(domain.scale(), low, high, most);
    let labels = tick_label::labels(domain.scale(), &found.major);
    Marks {
        major: found.major.into_iter().zip(labels).collect(),
        minor: found.minor,
    }
}

/// As many marks as have room for their labels side by side.
fn horizontal_marks(domain: &Domain, width: f64) -> Marks {
    for most in (3..=ticks::MOST).rev() {
        let marks = marks(domain, most);
        let room = marks.major.windows(2).all(|pair| {
            let [(a, left), (b, right)] = pair else {
                return true;
            };
            let (Some(a), Some(b)) = (domain.fraction(*a), domain.fraction(*b)) else {
                return true;
            };
            let needed = (canvas::width(left) + canvas::width(right)) / 2.0 + 10.0;
            (b - a) * width >= needed
        });
        if room {
            return marks;
        }
    }
    marks(domain, 2)
}

/// Writes the axes' titles, once for all panels.
pub(super) fn draw_axis_titles(canvas: &mut Canvas, figure: &Figure, layout: &Layout) {
    let rows = layout.panels.max(1).div_ceil(layout.columns);
    let [width, height] = layout.panel;
    let right = layout.left + layout.pitch[0] * (layout.columns - 1) as f64 + width;
    let bottom = layout.top + layout.pitch[1] * (rows - 1) as f64 + height;
    canvas.text(
        "axis",
        [(layout.left + right) / 2.0, layout.size[1] - 10.0],
        Anchor::Middle,
        &figure.x.label,
    );
    canvas.upward_text("axis", [18.0, (layout.top + bottom) / 2.0], &figure.y.label);
}
