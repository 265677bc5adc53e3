//! Dot plots: a row for each name, in it a marker for each group.

use crate::figure::{Data, Point, Scale, Series, Style};

/// One marker with its interval.
pub(super) struct Dot {
    /// Its row.
    pub(super) row: String,
    /// Its group: one colour and shape.
    pub(super) group: String,
    pub(super) value: f64,
    pub(super) interval: Option<[f64; 2]>,
    pub(super) note: String,
}

/// Share of a row that its markers take.
const SPREAD: f64 = 0.6;

/// The values of `key`, each once, in order.
pub(super) fn names(dots: &[Dot], key: impl Fn(&Dot) -> &str) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for dot in dots {
        if !names.iter().any(|name| name == key(dot)) {
            names.push(key(dot).to_owned());
        }
    }
    names
}

/// The vertical scale of rows.
pub(super) fn scale(rows: &[String]) -> Scale {
    Scale::Names(rows.to_vec())
}

/// One series for each group, its markers in the groups' order within a row.
pub(super) fn series(dots: &[Dot], rows: &[String], groups: &[String]) -> Vec<Series> {
    let apart = SPREAD / groups.len().max(1) as f64;
    let middle = (groups.len().max(1) - 1) as f64 / 2.0;
    groups
        .iter()
        .enumerate()
        .map(|(order, group)| {
            let own = dots.iter().filter(|dot| dot.group == *group);
            let points = own.filter_map(|dot| {
                let row = rows.iter().position(|row| *row == dot.row)?;
                Some(Point {
                    x: dot.value,
                    y: row as f64 + (order as f64 - middle) * apart,
                    interval: dot.interval,
                    note: format!("{}; {}", dot.row, dot.note),
                })
            });
            Series::new(group, Style::nth(order), Data::Points(points.collect()))
        })
        .collect()
}

/// An upright line through all rows, which the legend does not name.
pub(super) fn upright(name: &str, x: f64, rows: &[String]) -> Series {
    let ends = vec![[x, -0.5], [x, rows.len() as f64 - 0.5]];
    Series {
        in_legend: false,
        ..Series::new(name, Style::neutral(true), Data::Line(ends))
    }
}
