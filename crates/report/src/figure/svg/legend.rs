//! The legend, above the panels and so never on the data.

use super::canvas::{self, Anchor, Canvas};
use super::layout::Layout;
use super::marker;
use super::style::colour_class;
use crate::figure::{Data, Figure, Style, Text};

/// One entry: all series of one name.
#[derive(Debug)]
pub(super) struct Entry {
    name: Text,
    style: Style,
    points: bool,
    line: bool,
    band: bool,
}

const GLYPH: f64 = 28.0;
const SPACE: f64 = 20.0;

/// The entries with their places from `corner` on, and the number of rows
/// they take.
pub(super) fn place(
    figure: &Figure,
    corner: [f64; 2],
    width: f64,
    row_height: f64,
) -> (Vec<(Entry, [f64; 2])>, usize) {
    let mut placed = Vec::new();
    let (mut x, mut row) = (0.0, 0);
    for entry in entries(figure) {
        let needed = GLYPH + canvas::width(&entry.name);
        if x > 0.0 && x + needed > width {
            x = 0.0;
            row += 1;
        }
        let y = corner[1] + row_height * row as f64 + row_height / 2.0;
        placed.push((entry, [corner[0] + x, y]));
        x += needed + SPACE;
    }
    let rows = if placed.is_empty() { 0 } else { row + 1 };
    (placed, rows)
}

fn entries(figure: &Figure) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    let named = figure
        .panels
        .iter()
        .flat_map(|panel| &panel.series)
        .filter(|series| series.in_legend && !series.name.is_empty());
    for series in named {
        let known = entries.iter().position(|entry| entry.name == series.name);
        let index = known.unwrap_or_else(|| {
            entries.push(Entry {
                name: series.name.clone(),
                style: series.style,
                points: false,
                line: false,
                band: false,
            });
            entries.len() - 1
        });
        if let Some(entry) = entries.get_mut(index) {
            match series.data {
                Data::Points(_) => entry.points = true,
                Data::Line(_) => entry.line = true,
                Data::Band(_) => entry.band = true,
            }
        }
    }
    entries
}

/// Draws the legend.
pub(super) fn draw(canvas: &mut Canvas, layout: &Layout) {
    for (entry, [x, y]) in &layout.legend {
        canvas.open(&format!("g class=\"{}\"", colour_class(entry.style.colour)));
        if entry.band {
            canvas.empty(&format!(
                "rect class=\"band\" x=\"{}\" y=\"{}\" width=\"22\" height=\"12\"",
                canvas::number(*x),
                canvas::number(y - 6.0)
            ));
        }
        if entry.line {
            let class = if entry.style.dashed {
                "curve dashed"
            } else {
                "curve"
            };
            canvas.line(class, [*x, *y], [x + 22.0, *y]);
        }
        if entry.points {
            let lift = marker::centre(entry.style.marker);
            marker::draw(canvas, entry.style.marker, [x + 11.0, y - lift]);
        }
        canvas.close("g");
        let at = [x + GLYPH, y + 4.5];
        canvas.text("key", at, Anchor::Start, &entry.name);
    }
}
