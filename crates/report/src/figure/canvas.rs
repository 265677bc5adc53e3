//! The elements of a picture: lines, texts and markers.

use std::f64::consts::{FRAC_PI_2, PI};

use maud::{Markup, html};

use super::model::Marker;
use super::text::{Span, Text};

/// The style sheet of every figure. Dark colours are for dark screens only: print is always on
/// white.
pub(crate) const STYLE_SHEET: &str = include_str!("figure.css");

/// Size of ordinary text, in units of the view box.
const FONT: f64 = 13.0;

/// Size of subscripts and superscripts, relative to their text.
const SMALL: f64 = 0.75;

/// A coordinate, to a hundredth.
pub(super) fn number(value: f64) -> f64 {
    (value * 100.0).round() / 100.0 + 0.0
}

/// `text` without the characters that XML has no place for.
pub(super) fn clean(text: &str) -> String {
    let character = |character| match character {
        '\n' | '\t' => ' ',
        '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => '\u{fffd}',
        other => other,
    };
    text.chars().map(character).collect()
}

/// A straight line.
pub(super) fn line(class: &str, [x1, y1]: [f64; 2], [x2, y2]: [f64; 2]) -> Markup {
    let [x1, y1, x2, y2] = [x1, y1, x2, y2].map(number);
    html! { line class=(class) x1=(x1) y1=(y1) x2=(x2) y2=(y2) {} }
}

/// A text held at its `start`, `middle` or `end`.
pub(super) fn text(class: &str, [x, y]: [f64; 2], anchor: &str, text: &Text) -> Markup {
    html! {
        text class=(class) x=(number(x)) y=(number(y)) text-anchor=(anchor) { (spans(text)) }
    }
}

/// The content of a text element, with its subscripts and superscripts.
pub(super) fn spans(text: &Text) -> Markup {
    let mut level = 0.0;
    html! {
        @for span in text.spans() {
            @let (wanted, size) = match span {
                Span::Sub(_) => (3.5, Some("75%")),
                Span::Sup(_) => (-5.0, Some("75%")),
                _ => (0.0, None),
            };
            @let shift = wanted - std::mem::replace(&mut level, wanted);
            @if shift == 0.0 && size.is_none() {
                (clean(span.as_str()))
            } @else {
                tspan dy=(shift) font-size=[size] { (clean(span.as_str())) }
            }
        }
    }
}

/// About how wide `text` is drawn, in units of the view box, in common sans-serif fonts. The
/// reader's font is not known.
pub(super) fn width(text: &Text) -> f64 {
    let span_width = |span: &Span| {
        let size = match span {
            Span::Sub(_) | Span::Sup(_) => SMALL * FONT,
            _ => FONT,
        };
        size * span.as_str().chars().map(character_width).sum::<f64>()
    };
    text.spans().iter().map(span_width).sum()
}

fn character_width(character: char) -> f64 {
    match character {
        'i' | 'j' | 'l' | '.' | ',' | ':' | ';' | '|' | '\'' => 0.29,
        ' ' | 'f' | 't' | 'r' | '(' | ')' | '[' | ']' | '·' | '-' => 0.36,
        'm' | 'w' | 'M' | 'W' => 0.86,
        '×' | '−' | '=' | '≥' | '≤' | '<' | '>' | '+' => 0.62,
        'A'..='Z' => 0.68,
        _ => 0.57,
    }
}

/// The `d` of a path through the points.
pub(super) fn path(points: impl IntoIterator<Item = [f64; 2]>) -> String {
    let mut path = String::new();
    for [x, y] in points {
        path.push(if path.is_empty() { 'M' } else { 'L' });
        path.push_str(&format!("{} {}", number(x), number(y)));
    }
    path
}

/// A marker about ten units wide around a point, in the current colour.
pub(super) fn marker(marker: Marker, at: [f64; 2]) -> Markup {
    let arrow = |tip: f64| {
        let barb = tip * 9.0 / 13.0;
        [
            [0.0, 0.0, 0.0, tip],
            [-4.0, barb, 0.0, tip],
            [4.0, barb, 0.0, tip],
            [-4.0, 0.0, 4.0, 0.0],
        ]
    };
    let (is_filled, d) = match marker {
        Marker::Circle => return circle("filled", at, 4.5),
        Marker::Ring => return circle("open", at, 4.0),
        Marker::Square => (true, polygon(at, 4, [5.7; 2], PI / 4.0)),
        Marker::Diamond => (true, polygon(at, 4, [6.0; 2], 0.0)),
        Marker::Triangle => (true, polygon(at, 3, [6.0; 2], -FRAC_PI_2)),
        Marker::TriangleDown => (true, polygon(at, 3, [6.0; 2], FRAC_PI_2)),
        Marker::Pentagon => (true, polygon(at, 5, [5.4; 2], -FRAC_PI_2)),
        Marker::Hexagon => (true, polygon(at, 6, [5.2; 2], 0.0)),
        Marker::Star => (true, polygon(at, 10, [6.6, 2.9], -FRAC_PI_2)),
        Marker::Plus => (true, plus(at)),
        Marker::Cross => {
            let strokes_of_cross = [[-3.8, -3.8, 3.8, 3.8], [-3.8, 3.8, 3.8, -3.8]];
            (false, strokes(at, &strokes_of_cross))
        }
        Marker::ArrowUp => (false, strokes(at, &arrow(-13.0))),
        Marker::ArrowDown => (false, strokes(at, &arrow(13.0))),
        Marker::Bar => (false, strokes(at, &[[0.0, -9.0, 0.0, 9.0]])),
    };
    let class = if is_filled { "filled" } else { "open" };
    html! { path class=(class) d=(d) {} }
}

/// How far below its point a marker has its centre.
pub(super) fn centre(marker: Marker) -> f64 {
    match marker {
        Marker::ArrowUp => -6.5,
        Marker::ArrowDown => 6.5,
        _ => 0.0,
    }
}

fn circle(class: &str, [x, y]: [f64; 2], radius: f64) -> Markup {
    html! { circle class=(class) cx=(number(x)) cy=(number(y)) r=(radius) {} }
}

/// A closed path whose corners have two radii in turn, the first corner at the angle `first`.
fn polygon([x, y]: [f64; 2], corners: usize, radii: [f64; 2], first: f64) -> String {
    let corner = |corner: usize| {
        let angle = first + 2.0 * PI / corners as f64 * corner as f64;
        let radius = radii[corner % 2];
        [x + radius * angle.cos(), y + radius * angle.sin()]
    };
    path((0..corners).map(corner)) + "Z"
}

fn plus([x, y]: [f64; 2]) -> String {
    let quarter = [[-1.8, -5.5], [1.8, -5.5], [1.8, -1.8]];
    let turned = |turns| quarter.map(|corner| (0..turns).fold(corner, |[x, y], _| [-y, x]));
    let corners = (0..4).flat_map(turned);
    path(corners.map(|[dx, dy]| [x + dx, y + dy])) + "Z"
}

/// Lines `[x1, y1, x2, y2]` relative to a point.
fn strokes([x, y]: [f64; 2], lines: &[[f64; 4]]) -> String {
    let stroke = |&[x1, y1, x2, y2]: &[f64; 4]| path([[x + x1, y + y1], [x + x2, y + y2]]);
    lines.iter().map(stroke).collect()
}
