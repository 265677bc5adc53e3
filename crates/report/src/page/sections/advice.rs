//! Which constant rate trains fastest below eta\*.

use etastar_analysis::{Advice, View};

use super::super::document::{Entry, Section};
use super::super::number::{count, counted, percent, rate};
use super::super::words::{conditions, effect, effect_entry};
use super::{Store, mark, shown, table};
use crate::figure::{Axis, Data, Figure, Panel, Point, Scale, Series, Style, Text};

/// The loss at the end of the budget against the rate over eta\*.
pub(super) fn section(store: &Store<'_>) -> Section {
    let mut section = store.section(View::Advice, "Which rate trains fastest");
    let all = &store.analysis.advice;
    section.list(all.iter().map(sentence).collect());
    let series = all.iter().enumerate().map(|(order, one)| {
        let points = one.rungs.iter().filter_map(|rung| {
            let excess = rung.excess?;
            Some(Point {
                interval: excess.interval,
                ..mark(rung.octaves, excess.value, String::new())
            })
        });
        Series::new(
            &name(one),
            Style::nth(order),
            Data::Points(points.collect()),
        )
    });
    let figure = Figure {
        name: store.figure_name(View::Advice, "loss"),
        caption: Text::markup(&format!(
            "By how much the training loss at the end of the budget lies above the lowest of its \
             search, at constant rates below η*; means over cells, all trials of a repeat on the \
             same batches. {}",
            conditions(&store.analysis.manifest, None)
        )),
        x: Axis::new("log_{2} of the rate over η*", "octaves", Scale::Linear),
        y: Axis::new(
            "loss above the lowest, in octaves",
            "excess_octaves",
            Scale::Linear,
        ),
        panels: vec![Panel {
            title: Text::default(),
            series: series.collect(),
        }],
    };
    if let Some(figure) = shown(figure) {
        section.figure(figure);
    }
    let rows = all.iter().flat_map(|one| {
        one.rungs.iter().map(|rung| {
            let [fastest, searches] = rung.fastest;
            let share = fastest as f64 / searches as f64;
            vec![
                Entry::text(Text::code(one.dataset.clone())),
                Entry::count(one.budget),
                Entry::number(rung.octaves.exp2(), &rate(rung.octaves.exp2())),
                effect_entry(rung.excess.as_ref()),
                Entry::number(share, &percent(share)),
                Entry::number(rung.not_finite as f64, &count(rung.not_finite)),
                Entry::count(searches),
            ]
        })
    });
    let rows: Vec<_> = rows.collect();
    if !rows.is_empty() {
        section.table(table(
            "Constant rates below η*: the loss at the end of the budget above the lowest of its \
             search, in octaves; the share of searches in which the rate is the fastest; those in \
             which its training blows up after it has reached the threshold.",
            &[
                "dataset",
                "steps",
                "rate over η*",
                "excess",
                "fastest",
                "blown up",
                "searches",
            ],
            rows,
        ));
    }
    section
}

fn name(one: &Advice) -> String {
    format!("{}, {}", one.dataset, counted(one.budget, "step", "steps"))
}

fn sentence(one: &Advice) -> Text {
    let value = one.fastest.value.exp2();
    Text::markup(&format!(
        "{}: the fastest of the rates tried lies {} from η*, a factor of {} (mean over cells).",
        name(one),
        effect(&one.fastest),
        rate(value)
    ))
}
