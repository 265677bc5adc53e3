use super::super::{filter_name, rate_name};
use super::view::View;
use crate::figure::{Axis, Data, Figure, Panel, Point, Scale, Series, Style, Text};
use crate::page::document::{Entry, Section, Table};
use crate::page::number::{counted, fixed, percent, rate, setting};
use crate::page::study::ascending;
use crate::sharpness::{CellPrediction, Method, Ratio, RatioSummary};

/// Measured over predicted; absent where nothing was predicted.
pub(super) fn prediction(view: &View<'_>) -> Option<Section> {
    if view.series.predictions.is_empty() {
        return None;
    }
    let id = format!("{}-prediction", view.id);
    let title = "Measured against predicted λ_{1}(G)";
    let mut section = Section::new(3, id.clone(), Text::markup(title));
    section.paragraph(
        "Predictions are made from the data alone; no network is drawn. Plain: the top eigenvalue \
         of the infinite-width tangent kernel. For the squared error it is proved to be the limit \
         of λ_{1}(G) at fixed depth as the widths grow; for the cross-entropy that limit is random, \
         and its mean over outputs drawn from their limiting distribution is estimated. Finite \
         width and layered: the kernel with a random-matrix factor, of the last layer alone or of a \
         chain of all layers. These factors are our hypothesis, without proof, and meant for the \
         squared error.",
    );
    let one_rate = view.input_rates().len() < 2;
    let told = view.series.summaries.iter();
    let ends = ascending(told.clone().map(|summary| summary.width_over_depth));
    let ends = [ends.first().copied(), ends.last().copied()];
    let told = told
        .filter(|summary| summary.input_rate.is_none() || one_rate)
        .filter(|summary| ends.contains(&Some(summary.width_over_depth)));
    section.list(told.map(sentence).collect());
    section.figure(figure(view, id));
    section.table(summary_table(view));
    section.table(cell_table(view));
    Some(section)
}

fn sentence(summary: &RatioSummary) -> Text {
    Text::markup(&format!(
        "{} prediction, {}, {} ({}): measured over predicted λ_{{1}}(G) is {} in the median; its \
         distance from 1 is {} in the median and {} at most.",
        title_case(summary.method.name()),
        rate_name(summary.input_rate),
        filter_name(summary.width_over_depth),
        counted(summary.cells, "cell", "cells"),
        fixed(summary.median_ratio, 3),
        percent(summary.median_deviation),
        percent(summary.worst_deviation),
    ))
}

fn title_case(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

fn figure(view: &View<'_>, name: String) -> Figure {
    let cells = &view.series.predictions;
    let ends = ascending(cells.iter().map(ratio_of_shape));
    let equal = ends.first().zip(ends.last()).map(|(&low, &high)| {
        Series::new(
            "measured = predicted",
            Style::neutral(true),
            Data::Line(vec![[low, 1.0], [high, 1.0]]),
        )
    });
    let panels = view
        .input_rates()
        .into_iter()
        .map(|input_rate| {
            let series = Method::ALL.into_iter().enumerate().map(|(order, method)| {
                let own = cells.iter().filter(|c| c.input_rate == input_rate);
                let points = own.filter_map(|cell| point(cell, cell.ratio(method)?));
                let data = Data::Points(points.collect());
                Series::new(method.name(), Style::nth(order), data)
            });
            Panel {
                title: Text::markup(&format!("μ_{{in}} = {}", setting(input_rate))),
                series: equal.clone().into_iter().chain(series).collect(),
            }
        })
        .collect();
    Figure {
        name,
        caption: Text::markup(&format!(
            "Measured over predicted λ_{{1}}(G) of every cell of {} against width over depth, one \
             panel for each relative learning rate of the input layer: mean over repeats with one \
             standard error to either side. Markers that share an abscissa are set side by side. {}",
            view.series.label,
            view.conditions()
        )),
        x: Axis::new("width / depth", "width_over_depth", Scale::Log2),
        y: Axis::new(
            "measured / predicted",
            "measured_over_predicted",
            Scale::Log2,
        ),
        panels,
    }
}

fn ratio_of_shape(cell: &CellPrediction) -> f64 {
    cell.width / cell.depth as f64
}

fn point(cell: &CellPrediction, ratio: &Ratio) -> Option<Point> {
    ratio.mean.is_finite().then(|| Point {
        x: ratio_of_shape(cell),
        y: ratio.mean,
        interval: ratio
            .standard_error
            .map(|error| [ratio.mean - error, ratio.mean + error]),
        note: format!(
            "depth {}, width {}; {}",
            cell.depth,
            setting(cell.width),
            counted(cell.repeats, "repeat", "repeats")
        ),
    })
}

fn summary_table(view: &View<'_>) -> Table {
    let mut sets: Vec<(Option<f64>, f64, usize)> = Vec::new();
    for summary in &view.series.summaries {
        let set = (summary.input_rate, summary.width_over_depth, summary.cells);
        if !sets.contains(&set) {
            sets.push(set);
        }
    }
    let mut columns = vec![
        Text::markup("μ_{in}"),
        Text::markup("k"),
        Text::markup("cells"),
    ];
    columns.extend(Method::ALL.map(|method| Text::markup(method.name())));
    let rows = sets.into_iter().map(|set| {
        let (input_rate, k, cells) = set;
        let mut row = vec![
            match input_rate {
                Some(value) => Entry::number(value, &setting(value)),
                None => Entry::text("all"),
            },
            Entry::number(k, &setting(k)),
            Entry::count(cells),
        ];
        row.extend(Method::ALL.map(|method| {
            let found =
                view.series.summaries.iter().find(|s| {
                    s.method == method && (s.input_rate, s.width_over_depth, s.cells) == set
                });
            found.map_or_else(
                || Entry::text("–"),
                |s| {
                    let three = |value| fixed(value, 3);
                    let written = format!(
                        "{} / {} / {}",
                        three(s.median_ratio),
                        three(s.median_deviation),
                        three(s.worst_deviation)
                    );
                    Entry::number(s.median_deviation, &written)
                },
            )
        }));
        row
    });
    Table {
        caption: Text::markup(&format!(
            "Measured over predicted λ_{{1}}(G) of {}: median ratio / median of |ratio − 1| / \
             largest |ratio − 1|, over cells with width ≥ k × depth.",
            view.series.label
        )),
        columns,
        rows: rows.collect(),
        name: String::new(),
    }
}

fn cell_table(view: &View<'_>) -> Table {
    let mut columns = vec![
        Text::markup("depth"),
        Text::markup("width"),
        Text::markup("μ_{in}"),
        Text::markup("λ_{1}(G)"),
        Text::markup("repeats"),
    ];
    for method in Method::ALL {
        columns.push(Text::markup(&format!("{}: predicted", method.name())));
        columns.push(Text::markup(&format!("{}: ratio", method.name())));
    }
    let rows = view.series.predictions.iter().map(|cell| {
        let mut row = vec![
            Entry::count(cell.depth),
            Entry::number(cell.width, &setting(cell.width)),
            Entry::number(cell.input_rate, &setting(cell.input_rate)),
            Entry::number(cell.measured, &rate(cell.measured)),
            Entry::count(cell.repeats),
        ];
        for ratio in &cell.ratios {
            row.push(Entry::number(ratio.predicted, &rate(ratio.predicted)));
            row.push(Entry::number(ratio.mean, &with_error(ratio)));
        }
        row
    });
    Table {
        caption: Text::markup(&format!(
            "Every cell of {}: mean of the measured λ_{{1}}(G) over repeats, the three \
             predictions, and measured over predicted with its standard error over repeats.",
            view.series.label
        )),
        columns,
        rows: rows.collect(),
        name: String::new(),
    }
}

fn with_error(ratio: &Ratio) -> String {
    match ratio.standard_error {
        Some(error) => format!("{} ± {}", fixed(ratio.mean, 3), fixed(error, 3)),
        None => fixed(ratio.mean, 3),
    }
}
