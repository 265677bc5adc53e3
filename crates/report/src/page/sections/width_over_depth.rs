use super::filter_name;
use super::scope::written;
use super::scope::{
    FILTERS, effects, entry, intervals, joined, rates, series_name, strictest_filter, within,
};
use crate::analysis::{Effect, LawEffects};
use crate::figure::{Axis, Figure, Panel, Point, Scale, Text};
use crate::page::document::{Entry, Section, Table};
use crate::page::number::{count, counted, fixed, octaves, percent, setting};
use crate::page::study::{Study, total};

/// Where cells without a filter are drawn on the logarithmic axis.
const NO_FILTER: f64 = 0.5;

/// The depth-width law of one input rate under one filter.
struct Row {
    rate: f64,
    filter: f64,
    effects: LawEffects,
    searches: usize,
    not_monotone: usize,
}

impl Row {
    fn share(&self) -> Option<f64> {
        (self.searches > 0).then(|| self.not_monotone as f64 / self.searches as f64)
    }
}

/// Claim C1 (i): how well the depth-width law describes cells, and how often
/// success is not monotone, as narrow networks are left out.
pub(in crate::page) fn width_over_depth(study: &Study<'_>) -> Section {
    let id = format!("{}-width-over-depth", study.id);
    let title = "The depth × width law as narrow networks are left out";
    let mut section = Section::new(3, id.clone(), Text::markup(title));
    let rows = rows(study);
    section.list(sentences(study, &rows));
    section.figure(residuals(study, &rows, id.clone()));
    section.figure(shares(study, &rows, format!("{id}-shares")));
    section.table(table(study, &rows));
    section
}

fn rows(study: &Study<'_>) -> Vec<Row> {
    let rates = rates(study).into_iter();
    rates
        .flat_map(|rate| {
            FILTERS.into_iter().map(move |filter| {
                let cells = within(study, rate, filter);
                Row {
                    rate,
                    filter,
                    effects: effects(study, rate, filter),
                    searches: total(&cells, |cell| cell.repeats()),
                    not_monotone: total(&cells, |cell| cell.not_monotone()),
                }
            })
        })
        .collect()
}

/// From all cells to the strictest filter, at each rate.
fn sentences(study: &Study<'_>, rows: &[Row]) -> Vec<Text> {
    let strict = strictest_filter(study);
    if strict == 0.0 {
        return vec![Text::plain(
            "No filter leaves six cells at every input rate, so nothing can be compared.",
        )];
    }
    let at = |rate: f64, filter: f64| {
        let mut all = rows.iter();
        all.find(|row| row.rate == rate && row.filter == filter)
    };
    let told = rates(study).into_iter().filter_map(|rate| {
        let (all, wide) = (at(rate, 0.0)?, at(rate, strict)?);
        let number = |effect: Option<Effect>, write: fn(f64) -> String| {
            effect.map_or_else(|| "–".to_owned(), |effect| written(&effect, write))
        };
        let three = |value: f64| fixed(value, 3);
        let share = |row: &Row| row.share().map_or_else(|| "–".to_owned(), percent);
        Some(Text::markup(&format!(
            "{}: from all cells ({}) to {} ({}), R^{{2}} goes from {} to {}, the rms residual from \
             {} to {} octaves, and the share of searches in which success was not monotone from \
             {} to {}.",
            series_name(rate),
            count(all.effects.cells),
            filter_name(strict),
            count(wide.effects.cells),
            number(all.effects.r_squared, three),
            number(wide.effects.r_squared, three),
            number(all.effects.rmse, octaves),
            number(wide.effects.rmse, octaves),
            share(all),
            share(wide),
        )))
    });
    told.collect()
}

fn axis() -> Axis {
    Axis::new("k in width ≥ k × depth", "width_over_depth", Scale::Log2)
}

fn place(filter: f64) -> f64 {
    filter.max(NO_FILTER)
}

/// One line for each rate, the fastest first, of what `of` takes from a row.
fn lines(
    study: &Study<'_>,
    rows: &[Row],
    of: impl Fn(&Row) -> Option<(f64, Option<[f64; 2]>)>,
) -> Vec<crate::figure::Series> {
    let rates = rates(study).into_iter().rev().enumerate();
    rates
        .flat_map(|(order, rate)| {
            let own = rows.iter().filter(|row| row.rate == rate);
            let points = own.filter_map(|row| {
                let (y, interval) = of(row)?;
                Some(Point {
                    x: place(row.filter),
                    y,
                    interval,
                    note: format!(
                        "{}; {}, {}",
                        filter_name(row.filter),
                        counted(row.effects.cells, "cell", "cells"),
                        counted(row.searches, "search", "searches")
                    ),
                })
            });
            joined(&series_name(rate), order, points.collect())
        })
        .collect()
}

fn of_effect(effect: Option<Effect>) -> Option<(f64, Option<[f64; 2]>)> {
    effect.map(|effect| (effect.value, effect.interval))
}

const DRAWN_AT: &str = "All cells, without a filter, are drawn at k = 1/2.";

fn residuals(study: &Study<'_>, rows: &[Row], name: String) -> Figure {
    let intervals = intervals();
    Figure {
        name,
        caption: Text::markup(&format!(
            "Rms residual of the depth × width law on the cells of {} with width ≥ k × depth, \
             fitted at each input rate, with {intervals}. \
             {DRAWN_AT} {}",
            study.label,
            study.conditions()
        )),
        x: axis(),
        y: Axis::new("rms residual, octaves", "rmse_octaves", Scale::Linear),
        panels: vec![Panel {
            title: Text::default(),
            series: lines(study, rows, |row| of_effect(row.effects.rmse)),
        }],
    }
}

fn shares(study: &Study<'_>, rows: &[Row], name: String) -> Figure {
    let intervals = intervals();
    let mut y = Axis::new("share", "share", Scale::Linear);
    y.range = Some([-0.04, 1.04]);
    Figure {
        name,
        caption: Text::markup(&format!(
            "Cells of {} with width ≥ k × depth, at each input rate. Left: R^{{2}} of the depth × \
             width law, with {intervals}; R^{{2}} also depends \
             on the range that the cells cover. Right: share of the searches in which a rate \
             failed below one that succeeded. {DRAWN_AT} {}",
            study.label,
            study.conditions()
        )),
        x: axis(),
        y,
        panels: vec![
            Panel {
                title: Text::markup("R^{2}"),
                series: lines(study, rows, |row| of_effect(row.effects.r_squared)),
            },
            Panel {
                title: Text::plain("searches not monotone"),
                series: lines(study, rows, |row| row.share().map(|share| (share, None))),
            },
        ],
    }
}

fn table(study: &Study<'_>, rows: &[Row]) -> Table {
    let intervals = intervals();
    let three = |value: f64| fixed(value, 3);
    Table {
        caption: Text::markup(&format!(
            "The depth × width law of {} by input rate and filter width ≥ k × depth: exponent α, \
             R^{{2}} and rms residual in octaves, with {intervals}.",
            study.label
        )),
        columns: vec![
            Text::markup("μ_{in}"),
            Text::markup("k"),
            Text::markup("cells"),
            Text::markup("α"),
            Text::markup("R^{2}"),
            Text::markup("rmse"),
            Text::markup("searches"),
            Text::markup("not monotone"),
        ],
        rows: rows
            .iter()
            .map(|row| {
                vec![
                    Entry::number(row.rate, &setting(row.rate)),
                    Entry::number(row.filter, &setting(row.filter)),
                    Entry::count(row.effects.cells),
                    entry(row.effects.joint.as_ref(), three),
                    entry(row.effects.r_squared.as_ref(), three),
                    entry(row.effects.rmse.as_ref(), octaves),
                    Entry::count(row.searches),
                    Entry::optional(row.share(), percent),
                ]
            })
            .collect(),
        name: String::new(),
    }
}
