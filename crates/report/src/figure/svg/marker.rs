//! Shapes of markers.

use std::f64::consts::{FRAC_PI_2, PI};

use super::canvas::{Canvas, number};
use crate::figure::Marker;

/// Draws a marker about ten units wide around a point, in the current colour.
pub(super) fn draw(canvas: &mut Canvas, marker: Marker, at: [f64; 2]) {
    let path = |class: &str, d: &str| format!("path class=\"{class}\" d=\"{d}\"");
    let element = match marker {
        Marker::Circle => circle("filled", at, 4.5),
        Marker::Ring => circle("open", at, 4.0),
        Marker::Square => path("filled", &polygon(at, 4, 5.7, PI / 4.0)),
        Marker::Diamond => path("filled", &polygon(at, 4, 6.0, 0.0)),
        Marker::Triangle => path("filled", &polygon(at, 3, 6.0, -FRAC_PI_2)),
        Marker::TriangleDown => path("filled", &polygon(at, 3, 6.0, FRAC_PI_2)),
        Marker::Pentagon => path("filled", &polygon(at, 5, 5.4, -FRAC_PI_2)),
        Marker::Hexagon => path("filled", &polygon(at, 6, 5.2, 0.0)),
        Marker::Star => path("filled", &star(at)),
        Marker::Plus => path("filled", &plus(at)),
        Marker::Cross => path(
            "open",
            &strokes(at, &[[-3.8, -3.8, 3.8, 3.8], [-3.8, 3.8, 3.8, -3.8]]),
        ),
        Marker::ArrowUp => path(
            "open",
            &strokes(
                at,
                &[
                    [0.0, 0.0, 0.0, -13.0],
                    [-4.0, -9.0, 0.0, -13.0],
                    [4.0, -9.0, 0.0, -13.0],
                    [-4.0, 0.0, 4.0, 0.0],
                ],
            ),
        ),
        Marker::ArrowDown => path(
            "open",
            &strokes(
                at,
                &[
                    [0.0, 0.0, 0.0, 13.0],
                    [-4.0, 9.0, 0.0, 13.0],
                    [4.0, 9.0, 0.0, 13.0],
                    [-4.0, 0.0, 4.0, 0.0],
                ],
            ),
        ),
        Marker::Bar => path("open", &strokes(at, &[[0.0, -9.0, 0.0, 9.0]])),
    };
    canvas.empty(&element);
}

/// How far below its point a marker has its centre.
pub(super) fn centre(marker: Marker) -> f64 {
    match marker {
        Marker::ArrowUp => -6.5,
        Marker::ArrowDown => 6.5,
        _ => 0.0,
    }
}

fn circle(class: &str, [x, y]: [f64; 2], radius: f64) -> String {
    format!(
        "circle class=\"{class}\" cx=\"{}\" cy=\"{}\" r=\"{radius}\"",
        number(x),
        number(y)
    )
}

fn polygon(at: [f64; 2], corners: usize, radius: f64, first: f64) -> String {
    let step = 2.0 * PI / corners as f64;
    closed((0..corners).map(|corner| around(at, radius, first + step * corner as f64)))
}

fn star(at: [f64; 2]) -> String {
    closed((0..10).map(|corner| {
        let radius = if corner % 2 == 0 { 6.6 } else { 2.9 };
        around(at, radius, PI / 5.0 * f64::from(corner) - FRAC_PI_2)
    }))
}

fn plus([x, y]: [f64; 2]) -> String {
    let (arm, half) = (5.5, 1.8);
    let corners = [
        [-half, -arm],
        [half, -arm],
        [half, -half],
        [arm, -half],
        [arm, half],
        [half, half],
        [half, arm],
        [-half, arm],
        [-half, half],
        [-arm, half],
        [-arm, -half],
        [-half, -half],
    ];
    closed(corners.into_iter().map(|[dx, dy]| [x + dx, y + dy]))
}

fn strokes([x, y]: [f64; 2], lines: &[[f64; 4]]) -> String {
    lines
        .iter()
        .map(|[x1, y1, x2, y2]| {
            format!(
                "M{} {}L{} {}",
                number(x + x1),
                number(y + y1),
                number(x + x2),
                number(y + y2)
            )
        })
        .collect()
}

fn around([x, y]: [f64; 2], radius: f64, angle: f64) -> [f64; 2] {
    [x + radius * angle.cos(), y + radius * angle.sin()]
}

fn closed(corners: impl Iterator<Item = [f64; 2]>) -> String {
    let mut path = String::new();
    for (index, [x, y]) in corners.enumerate() {
        path.push(if index == 0 { 'M' } else { 'L' });
        path.push_str(&format!("{} {}", number(x), number(y)));
    }
    path.push('Z');
    path
}
