use super::filter_name;
use super::scope::{
    effects, entry, intervals, joined, rates, series_name, strictest_filter, written,
};
use crate::analysis::{Effect, LawEffects};
use crate::figure::{Axis, Figure, Panel, Point, Scale, Series, Text};
use crate::page::document::{Entry, Section, Table};
use crate::page::number::{counted, fixed, octaves, setting};
use crate::page::study::Study;

/// The laws of one input rate under one filter.
struct Row {
    rate: f64,
    filter: f64,
    effects: LawEffects,
}

/// Claim C1 (ii): exponents and quality of the laws as the input layer is
/// slowed down.
pub(in crate::page) fn input_layer(study: &Study<'_>) -> Section {
    let id = format!("{}-input-layer", study.id);
    let title = "The laws as the input layer is slowed down";
    let mut section = Section::new(3, id.clone(), Text::markup(title));
    let rates = rates(study);
    let mut filters = vec![0.0, strictest_filter(study)];
    filters.dedup();
    let rows: Vec<Row> = filters
        .iter()
        .flat_map(|&filter| {
            rates.iter().map(move |&rate| Row {
                rate,
                filter,
                effects: effects(study, rate, filter),
            })
        })
        .collect();
    section.list(sentences(&rows, &filters));
    if rates.len() > 1 {
        section.figure(exponents(study, &rows, &filters, id.clone()));
        section.figure(explained(study, &rows, &filters, format!("{id}-r-squared")));
    }
    section.table(table(study, &rows));
    section
}

fn three(value: f64) -> String {
    fixed(value, 3)
}

fn sentences(rows: &[Row], filters: &[f64]) -> Vec<Text> {
    let mut told = Vec::new();
    for &filter in filters {
        let own: Vec<&Row> = rows.iter().filter(|row| row.filter == filter).collect();
        let (Some(slow), Some(fast)) = (own.first(), own.last()) else {
            continue;
        };
        if own.len() < 2 {
            continue;
        }
        let number = |effect: Option<Effect>, write: fn(f64) -> String| {
            effect.map_or_else(|| "–".to_owned(), |effect| written(&effect, write))
        };
        told.push(Text::markup(&format!(
            "{} ({}): from {} to {}, the exponent of depth × width goes from {} to {}, R^{{2}} \
             from {} to {} and the rms residual from {} to {} octaves; at {}, depth's own \
             exponent less width's is {}.",
            sentence_start(filter),
            counted(slow.effects.cells, "cell a rate", "cells a rate"),
            series_name(fast.rate),
            setting(slow.rate),
            number(fast.effects.joint, three),
            number(slow.effects.joint, three),
            number(fast.effects.r_squared, three),
            number(slow.effects.r_squared, three),
            number(fast.effects.rmse, octaves),
            number(slow.effects.rmse, octaves),
            series_name(slow.rate),
            number(slow.effects.difference, three),
        )));
    }
    if told.is_empty() {
        told.push(Text::plain(
            "Only one input rate was measured, so nothing can be compared.",
        ));
    }
    told
}

fn sentence_start(filter: f64) -> String {
    if filter > 0.0 {
        format!("Cells with {}", filter_name(filter))
    } else {
        "All cells".to_owned()
    }
}

/// Where a rate is drawn: a frozen input layer has no place on a logarithmic
/// axis, and is drawn two octaves below the least other rate.
fn place(rows: &[Row], rate: f64) -> f64 {
    if rate > 0.0 {
        return rate;
    }
    let others = rows.iter().map(|row| row.rate).filter(|rate| *rate > 0.0);
    others.min_by(f64::total_cmp).unwrap_or(1.0) / 4.0
}

/// What a caption has to say about where markers are drawn.
fn places(rows: &[Row], filters: &[f64]) -> String {
    let frozen = rows.iter().any(|row| row.rate <= 0.0);
    let mut places = String::new();
    if frozen {
        places = format!(
            "The frozen input layer, μ_{{in}} = 0, is drawn at {}. ",
            setting(place(rows, 0.0))
        );
    }
    if filters.len() > 1 {
        places.push_str("The second set of markers is moved by 6\u{a0}% to the right. ");
    }
    places
}

/// One line for each filter of what `of` takes from a row.
fn lines(rows: &[Row], filters: &[f64], of: fn(&LawEffects) -> Option<Effect>) -> Vec<Series> {
    let filters = filters.iter().enumerate();
    filters
        .flat_map(|(order, &filter)| {
            let own = rows.iter().filter(|row| row.filter == filter);
            let points = own.filter_map(|row| {
                let effect = of(&row.effects)?;
                Some(Point {
                    // Apart, so that neither interval hides the other.
                    x: place(rows, row.rate) * if order == 0 { 1.0 } else { 1.06 },
                    y: effect.value,
                    interval: effect.interval,
                    note: format!(
                        "{}; {}",
                        series_name(row.rate),
                        counted(row.effects.cells, "cell", "cells")
                    ),
                })
            });
            joined(&filter_name(filter), order, points.collect())
        })
        .collect()
}

fn axis() -> Axis {
    Axis::new(
        "relative learning rate μ_{in} of the input layer",
        "input_rate",
        Scale::Log10,
    )
}

fn exponents(study: &Study<'_>, rows: &[Row], filters: &[f64], name: String) -> Figure {
    let intervals = intervals();
    let places = places(rows, filters);
    let panel = |title: &str, of: fn(&LawEffects) -> Option<Effect>| Panel {
        title: Text::markup(title),
        series: lines(rows, filters, of),
    };
    Figure {
        name,
        caption: Text::markup(&format!(
            "Exponents of {} by the input layer's rate, with {intervals}: α of η* = C (depth × width)^{{−α}}; a and b of η* = C depth^{{−a}} \
             width^{{−b}}. {places}{}",
            study.label,
            study.conditions()
        )),
        x: axis(),
        y: Axis::new("exponent", "exponent", Scale::Linear),
        panels: vec![
            panel("α, depth × width", |effects| effects.joint),
            panel("a, depth", |effects| effects.depth),
            panel("b, width", |effects| effects.width),
        ],
    }
}

fn explained(study: &Study<'_>, rows: &[Row], filters: &[f64], name: String) -> Figure {
    let intervals = intervals();
    let places = places(rows, filters);
    Figure {
        name,
        caption: Text::markup(&format!(
            "R^{{2}} of the depth × width law of {} by the input layer's rate, with {intervals}. {places}{}",
            study.label,
            study.conditions()
        )),
        x: axis(),
        y: Axis::new("R^{2}", "r_squared", Scale::Linear),
        panels: vec![Panel {
            title: Text::default(),
            series: lines(rows, filters, |effects| effects.r_squared),
        }],
    }
}

fn table(study: &Study<'_>, rows: &[Row]) -> Table {
    let intervals = intervals();
    Table {
        caption: Text::markup(&format!(
            "Laws of {} by the input layer's rate; k: only cells with width ≥ k × depth. α, \
             R^{{2}} and rmse (octaves) of the depth × width law; a and b: depth's and width's own \
             exponents; {intervals}.",
            study.label
        )),
        columns: vec![
            Text::markup("μ_{in}"),
            Text::markup("k"),
            Text::markup("cells"),
            Text::markup("α"),
            Text::markup("R^{2}"),
            Text::markup("rmse"),
            Text::markup("a"),
            Text::markup("b"),
            Text::markup("a − b"),
        ],
        rows: rows
            .iter()
            .map(|row| {
                let effects = &row.effects;
                vec![
                    Entry::number(row.rate, &setting(row.rate)),
                    Entry::number(row.filter, &setting(row.filter)),
                    Entry::count(effects.cells),
                    entry(effects.joint.as_ref(), three),
                    entry(effects.r_squared.as_ref(), three),
                    entry(effects.rmse.as_ref(), octaves),
                    entry(effects.depth.as_ref(), three),
                    entry(effects.width.as_ref(), three),
                    entry(effects.difference.as_ref(), three),
                ]
            })
            .collect(),
        name: String::new(),
    }
}
