//! Where the parts of a figure go.

use super::axis::{Domain, MOST, Scale};
use super::canvas;
use super::model::{Figure, Series};
use super::text::Text;

/// Labelled and minor marks of one axis.
pub(super) type Marks = (Vec<(f64, Text)>, Vec<f64>);

/// An entry of the legend: all series of one name, and the place of their glyph.
pub(super) type Entry<'a> = (Vec<&'a Series>, [f64; 2]);

/// The geometry of a figure, in units of the view box.
#[derive(Debug)]
pub(super) struct Layout<'a> {
    pub(super) figure: &'a Figure,
    /// Width and height of the whole picture.
    pub(super) size: [f64; 2],
    /// Left and top edge of the first panel.
    pub(super) first: [f64; 2],
    /// Width and height of a panel.
    pub(super) panel: [f64; 2],
    /// From one panel's left edge (top edge) to the next one's.
    pub(super) pitch: [f64; 2],
    /// Panels in a row.
    columns: usize,
    /// The axes, shared by all panels.
    x: Domain,
    y: Domain,
    pub(super) x_marks: Marks,
    pub(super) y_marks: Marks,
    pub(super) legend: Vec<Entry<'a>>,
}

const GAP: f64 = 18.0;
const TOP: f64 = 8.0;
const RIGHT: f64 = 22.0;
const BOTTOM: f64 = 52.0;
const FACET_TITLE: f64 = 30.0;
const NAMED_ROW: f64 = 28.0;
/// Room for each of several markers of one named row.
const MARKER_ROW: f64 = 13.0;
const LEGEND_ROW: f64 = 22.0;
/// Room of the glyph before a name in the legend, and between two entries.
pub(super) const GLYPH: f64 = 28.0;
const LEGEND_GAP: f64 = 20.0;

impl<'a> Layout<'a> {
    pub(super) fn new(figure: &'a Figure) -> Self {
        let (columns, [panel_width, mut panel_height]) = match figure.panels.len() {
            0 | 1 => (1, [540.0, 320.0]),
            2 | 4 => (2, [330.0, 280.0]),
            _ => (3, [262.0, 262.0]),
        };
        if let Scale::Names(names) = &figure.y.scale {
            let row = NAMED_ROW.max(MARKER_ROW * most_in_a_row(figure) as f64);
            panel_height = row * names.len().max(2) as f64;
        }
        let x = Domain::covering(&figure.x, &figure.abscissae());
        let y = Domain::covering(&figure.y, &figure.ordinates());
        let y_marks = y.marks((panel_height / 34.0) as usize);
        let labels = y_marks.0.iter().map(|(_, label)| canvas::width(label));
        let left = (labels.fold(0.0, f64::max) + 44.0).max(60.0);
        let row_width = panel_width * columns as f64 + GAP * (columns - 1) as f64;

        let (legend, legend_rows) = legend(figure, left, row_width);
        let has_titles = figure.panels.iter().any(|panel| !panel.title.is_empty());
        let facet = if has_titles { FACET_TITLE } else { 6.0 };
        let top = TOP + LEGEND_ROW * legend_rows as f64 + facet;
        let pitch = [panel_width + GAP, panel_height + GAP + facet];
        let rows = figure.panels.len().max(1).div_ceil(columns);
        let height = top + pitch[1] * (rows - 1) as f64 + panel_height + BOTTOM;
        Self {
            figure,
            size: [(left + row_width + RIGHT).ceil(), height.ceil()],
            first: [left, top],
            panel: [panel_width, panel_height],
            pitch,
            columns,
            x_marks: horizontal_marks(&x, panel_width),
            x,
            y,
            y_marks,
            legend,
        }
    }

    /// The corners of all panels together: left, top, right, bottom.
    pub(super) fn outline(&self) -> [f64; 4] {
        let [left, top] = self.first;
        let last = self.figure.panels.len().max(1) - 1;
        let [_, low] = self.corner(last);
        let [right, _] = self.corner(self.columns - 1);
        [left, top, right + self.panel[0], low + self.panel[1]]
    }

    /// Top left corner of a panel.
    pub(super) fn corner(&self, index: usize) -> [f64; 2] {
        let (row, column) = (index / self.columns, index % self.columns);
        [
            self.first[0] + self.pitch[0] * column as f64,
            self.first[1] + self.pitch[1] * row as f64,
        ]
    }

    /// Whether a panel has none to its left.
    pub(super) fn is_leftmost(&self, index: usize) -> bool {
        index.is_multiple_of(self.columns)
    }

    /// Whether a panel has none below it.
    pub(super) fn is_lowest(&self, index: usize) -> bool {
        index + self.columns >= self.figure.panels.len()
    }

    /// Position of an abscissa in a panel, from its left edge.
    pub(super) fn across(&self, value: f64) -> Option<f64> {
        Some(near(self.x.fraction(value)?) * self.panel[0])
    }

    /// Position of an ordinate in a panel, from its top edge.
    pub(super) fn down(&self, value: f64) -> Option<f64> {
        let fraction = near(self.y.fraction(value)?);
        let from_top = if self.figure.has_rows() {
            fraction
        } else {
            1.0 - fraction
        };
        Some(from_top * self.panel[1])
    }

    /// Position of a place `[x, y]` in a panel, from its top left corner.
    pub(super) fn position(&self, [x, y]: [f64; 2]) -> Option<[f64; 2]> {
        Some([self.across(x)?, self.down(y)?])
    }
}

/// Keeps positions far outside a panel in the range of ordinary numbers.
fn near(fraction: f64) -> f64 {
    fraction.clamp(-2.0, 3.0)
}

/// The largest number of different heights of markers within one named row.
fn most_in_a_row(figure: &Figure) -> usize {
    let mut heights: Vec<f64> = figure.ordinates();
    heights.retain(|height| height.is_finite());
    heights.sort_by(f64::total_cmp);
    heights.dedup();
    let rows = heights.chunk_by(|a, b| a.round() == b.round());
    rows.map(<[f64]>::len).max().unwrap_or(1)
}

/// As many marks as have room for their labels side by side.
fn horizontal_marks(domain: &Domain, width: f64) -> Marks {
    let has_room = |marks: &Marks| {
        marks.0.windows(2).all(|pair| {
            let ends = [&pair[0], &pair[1]].map(|(value, label)| {
                let place = domain.fraction(*value).unwrap_or(f64::NAN);
                (place * width, canvas::width(label) / 2.0)
            });
            let [(left, left_half), (right, right_half)] = ends;
            (right - left).is_nan() || right - left >= left_half + right_half + 10.0
        })
    };
    (3..=MOST)
        .rev()
        .map(|most| domain.marks(most))
        .find(has_room)
        .unwrap_or_else(|| domain.marks(2))
}

/// The entries of the legend with their places above the panels, and the number of rows they take.
fn legend(figure: &Figure, left: f64, width: f64) -> (Vec<Entry<'_>>, usize) {
    let mut groups: Vec<Vec<&Series>> = Vec::new();
    let all = figure.panels.iter().flat_map(|panel| &panel.series);
    for series in all.filter(|series| series.in_legend && !series.name.is_empty()) {
        match groups.iter_mut().find(|group| group[0].name == series.name) {
            Some(group) => group.push(series),
            None => groups.push(vec![series]),
        }
    }
    let (mut x, mut row) = (0.0, 0);
    let mut placed = Vec::with_capacity(groups.len());
    for group in groups {
        let needed = GLYPH + canvas::width(&group[0].name);
        if x > 0.0 && x + needed > width {
            (x, row) = (0.0, row + 1);
        }
        let y = TOP + LEGEND_ROW * (row as f64 + 0.5);
        placed.push((group, [left + x, y]));
        x += needed + LEGEND_GAP;
    }
    let rows = if placed.is_empty() { 0 } else { row + 1 };
    (placed, rows)
}
