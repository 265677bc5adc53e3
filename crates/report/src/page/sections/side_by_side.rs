use super::dots::{Dot, names, scale, series};
use super::filter_name;
use super::scope::{effects, entry, intervals, rates, series_name, strictest_filter};
use crate::analysis::{Effect, LawEffects};
use crate::figure::{Axis, Figure, Panel, Scale, Text};
use crate::page::ReportInput;
use crate::page::document::{Entry, Section, Table};
use crate::page::number::{counted, fixed, octaves, setting};
use crate::page::study::{Study, provenance};

/// The laws of one series at one input rate.
struct Row<'a> {
    label: &'a str,
    rate: f64,
    effects: LawEffects,
}

/// Exponents and quality of the laws, series by series; absent where no cell
/// has an eta\*.
pub(in crate::page) fn side_by_side(
    input: &ReportInput<'_>,
    studies: &[Study<'_>],
) -> Option<Section> {
    // One filter for all, so that like is compared with like.
    let filter = studies
        .iter()
        .map(strictest_filter)
        .min_by(f64::total_cmp)?;
    let rows: Vec<Row<'_>> = studies
        .iter()
        .flat_map(|study| {
            rates(study).into_iter().map(|rate| Row {
                label: &study.label,
                rate,
                effects: effects(study, rate, filter),
            })
        })
        .filter(|row| row.effects.cells > 0)
        .collect();
    if rows.is_empty() {
        return None;
    }
    let mut section = Section::new(3, "side-by-side", Text::plain("Exponents side by side"));
    section.list(ranges(&rows));
    section.figure(figure(input, &rows, filter));
    section.table(table(&rows, filter));
    Some(section)
}

fn three(value: f64) -> String {
    fixed(value, 3)
}

/// How far the joint exponent ranges over the series, rate by rate.
fn ranges(rows: &[Row<'_>]) -> Vec<Text> {
    let rates = crate::page::study::ascending(rows.iter().map(|row| row.rate));
    let told = rates.into_iter().rev().filter_map(|rate| {
        let own = rows.iter().filter(|row| row.rate == rate);
        let known: Vec<(&str, Effect)> = own
            .filter_map(|row| Some((row.label, row.effects.joint?)))
            .collect();
        let by_value = |a: &&(&str, Effect), b: &&(&str, Effect)| a.1.value.total_cmp(&b.1.value);
        let least = known.iter().min_by(by_value)?;
        let most = known.iter().max_by(by_value)?;
        Some(Text::markup(&format!(
            "{}: over {}, the exponent of depth × width is from {} (`{}`) to {} (`{}`).",
            series_name(rate),
            counted(known.len(), "series", "series"),
            super::scope::written(&least.1, three),
            least.0,
            super::scope::written(&most.1, three),
            most.0,
        )))
    });
    told.collect()
}

fn figure(input: &ReportInput<'_>, rows: &[Row<'_>], filter: f64) -> Figure {
    let dots = |of: fn(&LawEffects) -> Option<Effect>| -> Vec<Dot> {
        let known = rows.iter().rev().filter_map(|row| {
            let effect = of(&row.effects)?;
            Some(Dot {
                row: row.label.to_owned(),
                group: series_name(row.rate),
                value: effect.value,
                interval: effect.interval,
                note: counted(row.effects.cells, "cell", "cells"),
            })
        });
        known.collect()
    };
    let joint = dots(|effects| effects.joint);
    let mut labels = names(&joint, |dot| &dot.row);
    // The dots run backwards so that the fastest input layer comes first.
    labels.reverse();
    let groups = names(&joint, |dot| &dot.group);
    let panel = |title: &str, dots: &[Dot]| Panel {
        title: Text::markup(title),
        series: series(dots, &labels, &groups),
    };
    Figure {
        name: "side-by-side".to_owned(),
        caption: Text::markup(&format!(
            "Exponents of η* by series and input rate, {}, with {}: α of η* = C (depth × \
             width)^{{−α}}; a and b of η* = C depth^{{−a}} width^{{−b}}. Protocol: {}",
            filter_name(filter),
            intervals(),
            provenance(&input.snapshot.manifest)
        )),
        x: Axis::new("exponent", "exponent", Scale::Linear),
        y: Axis::new("", "series", scale(&labels)),
        panels: vec![
            panel("α, depth × width", &joint),
            panel("a, depth", &dots(|effects| effects.depth)),
            panel("b, width", &dots(|effects| effects.width)),
        ],
    }
}

fn table(rows: &[Row<'_>], filter: f64) -> Table {
    Table {
        caption: Text::markup(&format!(
            "Laws by series and input rate, {}: exponent α, R^{{2}} and rms residual (octaves) of \
             the depth × width law, and depth's and width's own exponents a and b, with {}.",
            filter_name(filter),
            intervals()
        )),
        columns: vec![
            Text::markup("series"),
            Text::markup("μ_{in}"),
            Text::markup("cells"),
            Text::markup("α"),
            Text::markup("a"),
            Text::markup("b"),
            Text::markup("R^{2}"),
            Text::markup("rmse"),
        ],
        rows: rows
            .iter()
            .map(|row| {
                let effects = &row.effects;
                vec![
                    Entry::text(Text::code(row.label)),
                    Entry::number(row.rate, &setting(row.rate)),
                    Entry::count(effects.cells),
                    entry(effects.joint.as_ref(), three),
                    entry(effects.depth.as_ref(), three),
                    entry(effects.width.as_ref(), three),
                    entry(effects.r_squared.as_ref(), three),
                    entry(effects.rmse.as_ref(), octaves),
                ]
            })
            .collect(),
        name: String::new(),
    }
}
