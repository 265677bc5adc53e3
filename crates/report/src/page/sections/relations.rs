//! Sections that relate eta\* to something else: variants, sharpness, training, cheaper quantities,
//! and smaller networks.

use etastar_analysis::{
    Course, CoursePoint, EtaSharpness, FarTransfer, LateStageCourse, Proxies, Proxy, Scope,
    TransferRange, VariantSummary, View, distinct,
};
use etastar_search::Vary;

use super::super::document::{Entry, Section};
use super::super::number::{count, counted, octaves, percent, rate, setting};
use super::super::words::{conditions, effect, effect_entry, in_unit, input_rate};
use super::{Store, mark, optional_octaves, rate_entry, shown, table};
use crate::figure::{Axis, Data, Figure, Marker, Panel, Point, Scale, Series, Style, Text};

/// A forest plot: a row for each variant, a colour for each dataset.
fn forest(
    variants: &[VariantSummary],
    number: impl Fn(&VariantSummary) -> Option<etastar_analysis::Effect>,
) -> (Vec<String>, Vec<Series>) {
    let mut names: Vec<String> = Vec::new();
    let mut datasets: Vec<&str> = Vec::new();
    for one in variants.iter().filter(|one| number(one).is_some()) {
        if !names.contains(&one.variant) {
            names.push(one.variant.clone());
        }
        if !datasets.contains(&one.dataset.as_str()) {
            datasets.push(&one.dataset);
        }
    }
    let series = datasets.iter().enumerate().map(|(order, dataset)| {
        let own = variants.iter().filter(|one| one.dataset == *dataset);
        let points = own.filter_map(|one| {
            let effect = number(one)?;
            let row = names.iter().position(|name| *name == one.variant)?;
            Some(Point {
                x: effect.value,
                y: row as f64,
                interval: effect.interval,
                note: one.variant.clone(),
            })
        });
        Series::new(dataset, Style::nth(order), Data::Points(points.collect()))
    });
    let series = series.collect();
    (names, series)
}

/// What variants shift.
pub(super) fn shifts(store: &Store<'_>) -> Section {
    let mut section = store.section(View::Shifts, "Shifts of η* by variant");
    let variants = &store.analysis.variants;
    let others: Vec<&VariantSummary> = variants.iter().filter(|v| v.against.is_some()).collect();
    let Some(against) = others.first().and_then(|one| one.against.clone()) else {
        return section;
    };
    section.paragraph(Text::markup(&format!(
        "A shift is the mean, over cells paired by architecture and input rate, of log_{{2}} η* of \
         a variant minus log_{{2}} η* of `{against}`, in octaves: 1 octave is a factor of two."
    )));
    let excluded = others.iter().filter_map(|one| {
        let shift = one.shift?;
        let [low, high] = shift.interval?;
        let is_moved = low > 0.0 || high < 0.0;
        is_moved.then(|| format!("`{}` {} ({})", one.variant, effect(&shift), one.dataset))
    });
    let excluded: Vec<String> = excluded.collect();
    if !excluded.is_empty() {
        section.paragraph(Text::markup(&format!(
            "The interval excludes 0 for {} of {}: {}.",
            excluded.len(),
            counted(others.len(), "variant", "variants"),
            excluded.join(", ")
        )));
    }
    let (names, series) = forest(variants, |one| one.shift);
    let figure = Figure {
        name: store.figure_name(View::Shifts, "shifts"),
        caption: Text::markup(&format!(
            "Shift of η* by each variant against `{against}`, mean over paired cells. {}",
            conditions(&store.analysis.manifest, None)
        )),
        x: Axis::new("shift in octaves", "shift_octaves", Scale::Linear),
        y: Axis::new("", "variant", Scale::Names(names)),
        panels: vec![Panel {
            title: Text::default(),
            series,
        }],
    };
    if let Some(figure) = shown(figure) {
        section.figure(figure);
    }
    let rows = others.iter().map(|one| {
        vec![
            Entry::text(Text::code(one.variant.clone())),
            Entry::text(Text::code(one.dataset.clone())),
            effect_entry(one.shift.as_ref()),
            Entry::optional(one.spread, octaves),
            Entry::count(one.pairs),
            Entry::count(one.unpaired),
            Entry::count(one.searches.searches),
            Entry::count(one.searches.censored()),
        ]
    });
    section.table(table(
        "Variants against the first, in octaves. Spread: standard deviation of the difference over \
         cells. Unpaired: cells without an η* or without a counterpart that has one. Censored: \
         searches that left their range, which do not enter.",
        &[
            "variant", "dataset", "shift", "spread", "cells", "unpaired", "searches", "censored",
        ],
        rows.collect(),
    ));
    section
}

/// Where the noise of eta\* comes from.
pub(super) fn noise(store: &Store<'_>) -> Section {
    let mut section = store.section(View::Noise, "Noise of η* between repeats");
    let variants = &store.analysis.variants;
    if variants.is_empty() {
        return section;
    }
    let (names, series) = forest(variants, |one| one.noise);
    let figure = Figure {
        name: store.figure_name(View::Noise, "noise"),
        caption: Text::markup(&format!(
            "Standard deviation of log_{{2}} η* between repeats, pooled over the cells of each \
             variant. {}",
            conditions(&store.analysis.manifest, None)
        )),
        x: Axis::new(
            "standard deviation in octaves",
            "deviation_octaves",
            Scale::Linear,
        ),
        y: Axis::new("", "variant", Scale::Names(names)),
        panels: vec![Panel {
            title: Text::default(),
            series,
        }],
    };
    if let Some(figure) = shown(figure) {
        section.figure(figure);
    }
    let rows = variants.iter().map(|one| {
        let differ = match one.vary {
            Vary::Both => "both",
            Vary::Initialisation => "initial weights",
            Vary::BatchOrder => "batch order",
        };
        vec![
            Entry::text(Text::code(one.variant.clone())),
            Entry::text(differ),
            Entry::text(Text::code(one.dataset.clone())),
            effect_entry(one.noise.as_ref()),
            Entry::count(one.noise_cells),
            Entry::count(one.searches.searches),
            Entry::count(one.searches.censored()),
        ]
    });
    section.table(table(
        "Standard deviation of log_{2} η* between the repeats of a cell, in octaves, pooled over \
         the cells of which at least two repeats found an η*.",
        &[
            "variant",
            "repeats differ in",
            "dataset",
            "deviation",
            "cells",
            "searches",
            "censored",
        ],
        rows.collect(),
    ));
    section
}

/// Claim C3: eta\* against the sharpness at initialisation.
pub(super) fn eta_sharpness(store: &Store<'_>) -> Section {
    let mut section = store.section(
        View::EtaSharpness,
        "η* against the sharpness at initialisation",
    );
    let relations = &store.analysis.eta_sharpness;
    for relation in relations {
        let all = relation
            .slopes
            .iter()
            .filter(|slope| slope.input_rate.is_none());
        section.list(
            all.filter_map(|slope| {
                Some(Text::markup(&format!(
                    "{}, all input rates, {}: the slope of log_{{2}} η* on log_{{2}} λ_{{1}} is {} \
                     and explains {} of the variance.",
                    relation.dataset,
                    slope.scope.words(),
                    effect(&slope.slope?),
                    effect(&slope.r_squared?),
                )))
            })
            .collect(),
        );
        if let Some(figure) = shown(relation_figure(store, relation)) {
            section.figure(figure);
        }
    }
    let rows = relations.iter().flat_map(|relation| {
        relation.slopes.iter().map(|slope| {
            vec![
                Entry::text(Text::code(relation.dataset.clone())),
                Entry::text(Text::markup(&input_rate(slope.input_rate))),
                Entry::text(slope.scope.words()),
                Entry::count(slope.cells),
                Entry::count(slope.networks),
                effect_entry(slope.slope.as_ref()),
                effect_entry(slope.r_squared.as_ref()),
            ]
        })
    });
    let rows: Vec<Vec<Entry>> = rows.collect();
    if !rows.is_empty() {
        section.table(table(
            "Slope of log_{2} η* on log_{2} λ_{1}, and the share of the variance that the line \
             explains. Between networks of one cell, the noise of λ_{1} pulls the slope towards 0.",
            &[
                "dataset", "μ_{in}", "between", "cells", "networks", "slope", "R^{2}",
            ],
            rows,
        ));
    }
    section
}

fn relation_figure(store: &Store<'_>, relation: &EtaSharpness) -> Figure {
    let rates = distinct(relation.points.iter().map(|point| point.input_rate));
    let sharpness = distinct(relation.points.iter().map(|point| point.sharpness));
    let mut series: Vec<Series> = Vec::new();
    let line = relation.slopes.iter().find(|slope| {
        let is_whole = slope.input_rate.is_none() || rates.len() == 1;
        slope.scope == Scope::AcrossCells && is_whole
    });
    if let Some((slope, constant)) =
        line.and_then(|line| Some((line.slope?.value, line.log2_constant?)))
    {
        let ends = sharpness.first().into_iter().chain(sharpness.last());
        let ends = ends.map(|&x| [x, (constant + slope * x.log2()).exp2()]);
        series.push(Series::new(
            "line",
            Style::neutral(false),
            Data::Line(ends.collect()),
        ));
    }
    let two = sharpness
        .first()
        .into_iter()
        .chain(sharpness.last())
        .map(|&x| [x, 2.0 / x]);
    series.push(Series::new(
        "2/λ_{1}",
        Style::neutral(true),
        Data::Line(two.collect()),
    ));
    for (order, &own) in rates.iter().rev().enumerate() {
        let points = relation
            .points
            .iter()
            .filter(|point| point.input_rate == own);
        let points = points.map(|point| {
            mark(
                point.sharpness,
                point.eta_star,
                format!("depth {}, width {}", point.depth, point.width),
            )
        });
        let name = input_rate(Some(own));
        series.push(Series::new(
            &name,
            Style::nth(order),
            Data::Points(points.collect()),
        ));
    }
    Figure {
        name: store.figure_name(View::EtaSharpness, &relation.dataset),
        caption: Text::markup(&format!(
            "η* of the cells of {} against λ_{{1}} at initialisation, preconditioned with the \
             cell's input rate; geometric means over repeats. {}",
            relation.dataset,
            conditions(&store.analysis.manifest, None)
        )),
        x: Axis::new("λ_{1}", "sharpness", Scale::Log2),
        y: Axis::new("η*", "eta_star", Scale::Log2),
        panels: vec![Panel {
            title: Text::default(),
            series,
        }],
    }
}

/// Claim C2: the largest usable rate as training goes on.
pub(super) fn late_stage(store: &Store<'_>) -> Section {
    let mut section = store.section(
        View::LateStage,
        "The largest usable rate as training goes on",
    );
    for course in &store.analysis.late_stage {
        section.paragraph(Text::markup(&format!(
            "On {}, networks are trained at a constant rate{}. The largest usable rate from a \
             checkpoint on is the largest at which training goes on without losing validation \
             accuracy; at step 0 it is η* under this rule of success.",
            course.dataset,
            course
                .checkpoint
                .map_or_else(String::new, |checkpoint| format!(
                    " of {}, in batches of {}",
                    setting(checkpoint.learning_rate),
                    checkpoint.batch_size
                ))
        )));
        let changes = course.changes.iter().filter_map(|(quantity, change)| {
            let change = (*change)?;
            Some(Text::markup(&format!(
                "From step 0 to the last checkpoint, {} changes by {}, a factor of {}.",
                quantity.words(),
                effect(&change),
                rate(change.value.exp2())
            )))
        });
        let exponent = course.exponent_change.iter().map(|change| {
            Text::markup(&format!(
                "The exponent a of rate = C (depth × width)^{{−a}} changes by {}.",
                effect(change)
            ))
        });
        section.list(changes.chain(exponent).collect());
        for figure in [Course::Rate, Course::Product].map(|own| course_figure(store, course, own)) {
            if let Some(figure) = shown(figure) {
                section.figure(figure);
            }
        }
        let rows = course.stages.iter().map(|stage| {
            let mut row = vec![Entry::count(stage.steps)];
            row.extend(
                stage
                    .levels
                    .iter()
                    .map(|(_, level)| effect_entry(level.as_ref())),
            );
            row.extend([
                effect_entry(stage.slope.as_ref()),
                effect_entry(stage.exponent.as_ref()),
                Entry::count(stage.searches.searches),
                Entry::count(stage.searches.censored()),
            ]);
            row
        });
        section.table(table(
            "Means over cells of log_{2} of the largest usable rate, of λ_{1} and of their product; \
             slope of log_{2} rate on log_{2} λ_{1} across cells; exponent of depth × width. \
             Searches that left their range do not enter.",
            &[
                "steps",
                "rate",
                "λ_{1}",
                "rate × λ_{1}",
                "slope",
                "exponent",
                "searches",
                "censored",
            ],
            rows.collect(),
        ));
    }
    section
}

/// A quantity against the steps of training, a line for each architecture: its colour tells the
/// depth, its marker the width.
fn course_figure(store: &Store<'_>, course: &LateStageCourse, quantity: Course) -> Figure {
    let value = |point: &CoursePoint| match quantity {
        Course::Rate => point.rate,
        Course::Sharpness => point.sharpness,
        Course::Product => Some(point.rate? * point.sharpness?),
    };
    let rates = distinct(course.points.iter().map(|point| point.input_rate));
    let depths = distinct(course.points.iter().map(|point| point.depth as f64));
    let widths = distinct(course.points.iter().map(|point| point.width as f64));
    let place = |values: &[f64], own: usize| {
        let found = values.iter().position(|other| *other == own as f64);
        found.unwrap_or(0)
    };
    let panels = rates.iter().rev().map(|&own| {
        let at_rate: Vec<&CoursePoint> = course
            .points
            .iter()
            .filter(|point| point.input_rate == own)
            .collect();
        let shapes = at_rate.chunk_by(|a, b| (a.depth, a.width) == (b.depth, b.width));
        let series = shapes.flat_map(|points| {
            let (depth, width) = points.first().map_or((0, 0), |p| (p.depth, p.width));
            let marker = place(&widths, width) % Marker::SERIES.len();
            let marker = Marker::SERIES
                .get(marker)
                .copied()
                .unwrap_or(Marker::Circle);
            let style = Style::with_marker(place(&depths, depth), marker);
            let known: Vec<[f64; 2]> = points
                .iter()
                .filter_map(|point| Some([(point.steps + 1) as f64, value(point)?]))
                .collect();
            let name = format!("depth {depth}, width {width}");
            let marks = known.iter().map(|[x, y]| mark(*x, *y, name.clone()));
            let marks = Series::new(&name, style, Data::Points(marks.collect()));
            let mut line = Series::new(&name, style, Data::Line(known));
            line.in_legend = false;
            [line, marks]
        });
        Panel {
            title: Text::markup(&input_rate(Some(own))),
            series: series.collect(),
        }
    });
    let (label, column) = match quantity {
        Course::Rate => ("largest usable rate", "largest_usable_rate"),
        Course::Sharpness => ("λ_{1}", "sharpness"),
        Course::Product => ("largest usable rate × λ_{1}", "rate_times_sharpness"),
    };
    let edge = if quantity == Course::Product {
        " Above 2, a full-batch step on a quadratic loss is unstable."
    } else {
        ""
    };
    Figure {
        name: store.figure_name(View::LateStage, &format!("{} {column}", course.dataset)),
        caption: Text::markup(&format!(
            "Course of {} of every architecture of {} as training goes on, geometric means over \
             repeats.{edge} Colours: depth; markers: width. {}",
            quantity.words(),
            course.dataset,
            conditions(&store.analysis.manifest, None)
        )),
        x: Axis::new("steps + 1", "steps_plus_one", Scale::Log2),
        y: Axis::new(label, column, Scale::Log2),
        panels: panels.collect(),
    }
}

/// What predicts eta\* at initialisation, and at what cost.
pub(super) fn proxies(store: &Store<'_>) -> Section {
    let mut section = store.section(View::Proxies, "What predicts η* at initialisation");
    let mut rows = Vec::new();
    for proxies in &store.analysis.proxies {
        if let Some(best) = proxies.qualities.first() {
            section.paragraph(Text::markup(&format!(
                "On {}, the least rms error without a fitted constant is that of the {}: {} octaves over {}.",
                proxies.dataset,
                best.proxy.words(),
                octaves(best.rmse),
                counted(best.cells, "cell", "cells")
            )));
        }
        if let Some(figure) = shown(proxy_figure(store, proxies)) {
            section.figure(figure);
        }
        rows.extend(proxies.qualities.iter().map(|quality| {
            vec![
                Entry::text(Text::code(proxies.dataset.clone())),
                Entry::text(Text::markup(quality.proxy.words())),
                Entry::count(quality.cells),
                Entry::number(quality.rmse, &octaves(quality.rmse)),
                Entry::optional(quality.calibrated_rmse, octaves),
                Entry::number(quality.bias, &octaves(quality.bias)),
                Entry::number(
                    quality.r_squared,
                    &in_unit(etastar_analysis::Unit::Plain)(quality.r_squared),
                ),
                rate_entry(Some(quality.cost)),
            ]
        }));
        let searches = proxies.cells.iter().map(|cell| cell.search_cost);
        let mean = searches.sum::<f64>() / proxies.cells.len().max(1) as f64;
        rows.push(vec![
            Entry::text(Text::code(proxies.dataset.clone())),
            Entry::text("the search for η* itself"),
            Entry::count(proxies.cells.len()),
            Entry::text("–"),
            Entry::text("–"),
            Entry::text("–"),
            Entry::text("–"),
            rate_entry(Some(mean)),
        ]);
    }
    if !rows.is_empty() {
        section.table(table(
            "What predicts η*, best first, in octaves: rms error as it stands; the same after one \
             constant, fitted to all other architectures; bias, the mean of measured minus \
             predicted; R^{2} with the bias taken off; cost for a new network in gradients of one \
             mini-batch. Laws are fitted without the architecture they predict.",
            &[
                "dataset",
                "predicted from",
                "cells",
                "rmse",
                "with a constant",
                "bias",
                "R^{2}",
                "cost",
            ],
            rows,
        ));
    }
    section
}

fn proxy_figure(store: &Store<'_>, proxies: &Proxies) -> Figure {
    let said = |proxy: Proxy| {
        let cells = proxies.cells.iter();
        cells.filter_map(move |cell| Some((cell, cell.value(proxy)?.log2.exp2())))
    };
    let panels = proxies.qualities.iter().map(|quality| {
        let rates = distinct(proxies.cells.iter().map(|cell| cell.input_rate));
        let ends = distinct(said(quality.proxy).map(|(_, predicted)| predicted));
        let ends = ends.first().into_iter().chain(ends.last()).map(|&x| [x, x]);
        let equal = Series::new("equal", Style::neutral(true), Data::Line(ends.collect()));
        let each = rates.into_iter().rev().enumerate().map(|(order, own)| {
            let points = said(quality.proxy).filter(|(cell, _)| cell.input_rate == own);
            let points = points.map(|(cell, predicted)| {
                let note = format!("depth {}, width {}", cell.depth, cell.width);
                mark(predicted, cell.measured.exp2(), note)
            });
            let name = input_rate(Some(own));
            Series::new(&name, Style::nth(order), Data::Points(points.collect()))
        });
        Panel {
            title: Text::markup(quality.proxy.words()),
            series: std::iter::once(equal).chain(each).collect(),
        }
    });
    Figure {
        name: store.figure_name(View::Proxies, &proxies.dataset),
        caption: Text::markup(&format!(
            "Measured η* of the cells of {} against what predicts it, best first; geometric means \
             over repeats. {}",
            proxies.dataset,
            conditions(&store.analysis.manifest, None)
        )),
        x: Axis::new("predicted", "predicted", Scale::Log2),
        y: Axis::new("η*", "eta_star", Scale::Log2),
        panels: panels.collect(),
    }
}

/// Larger networks predicted from smaller ones.
pub(super) fn transfer(store: &Store<'_>) -> Section {
    let mut section = store.section(View::Transfer, "Larger networks from smaller ones");
    let mut rows = Vec::new();
    for transfer in &store.analysis.transfer {
        let rates = distinct(transfer.predictions.iter().map(|one| one.input_rate));
        let series = rates.into_iter().rev().enumerate().map(|(order, own)| {
            let points = transfer
                .predictions
                .iter()
                .filter(|one| one.input_rate == own);
            let points = points.map(|one| {
                let note = format!("depth {}, width {}", one.depth, one.width);
                mark(one.factor, one.error, note)
            });
            let name = input_rate(Some(own));
            Series::new(&name, Style::nth(order), Data::Points(points.collect()))
        });
        section.figure(Figure {
            name: store.figure_name(View::Transfer, &transfer.dataset),
            caption: Text::markup(&format!(
                "Predicted minus measured log_{{2}} η* of the cells of {} (width ≥ {} × depth) \
                 against how far they are beyond the cells fitted: depth × width over the largest \
                 one fitted. For each size of the grid that leaves at least six architectures to \
                 fit, laws are fitted to the cells up to that size, and the one that forward \
                 validation chooses predicts the larger cells. {}",
                transfer.dataset,
                setting(transfer.width_over_depth),
                conditions(&store.analysis.manifest, None)
            )),
            x: Axis::new("factor beyond the cells fitted", "factor", Scale::Log2),
            y: Axis::new("error in octaves", "error_octaves", Scale::Linear),
            panels: vec![Panel {
                title: Text::default(),
                series: series.collect(),
            }],
        });
        let ranges = transfer.left_out.iter().chain(&transfer.ranges);
        rows.extend(ranges.map(|range| transfer_row(Text::code(transfer.dataset.clone()), range)));
    }
    let together = TransferRange::far_of_all(&store.analysis.transfer);
    rows.extend(together.map(|range| transfer_row(Text::from("all datasets"), &range)));
    if !rows.is_empty() {
        section.table(table(
            "Predictions of larger cells from smaller ones, by the factor of depth × width beyond \
             the largest one fitted: median and 90 % quantile of the absolute error and range of \
             the error, in octaves; share of cells whose geometric mean lies in its 95 % prediction \
             interval, and of repeats that lie in that of one network.",
            &["dataset", "factor", "cells", "median", "90 %", "range", "means", "repeats"],
            rows,
        ));
    }
    let all = store.analysis.transfer.iter();
    let far = all.flat_map(|transfer| transfer.far.iter().map(|far| (&transfer.dataset, far)));
    let rows: Vec<Vec<Entry>> = far.map(|(dataset, far)| far_row(dataset, far)).collect();
    if !rows.is_empty() {
        section.table(table(
            "Networks at least four times larger than those fitted, counted in other ways: by \
             another size; and with the fastest input rate, which anchors the large sizes, left out \
             of the fits. Median and 90 % quantile of the absolute error and the median of the law \
             that came second, in octaves; share of means in their 95 % prediction interval; and \
             how often each law was the one that predicted.",
            &[
                "dataset", "larger by", "fitted", "input rate", "cells", "median", "90 %",
                "second law", "means", "laws",
            ],
            rows,
        ));
    }
    section
}

fn transfer_row(dataset: Text, range: &TransferRange) -> Vec<Entry> {
    let to = match range.to {
        Some(to) => format!("{} to {}", setting(range.from), setting(to)),
        None if range.from == 0.0 => "any, each architecture from the others".to_owned(),
        None => format!("{} and more", setting(range.from)),
    };
    let [least, largest] = range.extremes.map(|end| optional_octaves(Some(end)));
    vec![
        Entry::text(dataset),
        Entry::text(to),
        Entry::count(range.predictions),
        Entry::number(range.median, &octaves(range.median)),
        Entry::number(range.ninth_decile, &octaves(range.ninth_decile)),
        Entry::text(Text::markup(&format!("{least} to {largest}"))),
        Entry::optional(range.means_inside, percent),
        Entry::optional(range.repeats_inside, percent),
    ]
}

fn far_row(dataset: &str, far: &FarTransfer) -> Vec<Entry> {
    let errors = &far.errors;
    let laws = far.laws.iter();
    let laws: Vec<String> = laws
        .map(|(law, times)| format!("{} {}", law.name(), count(*times)))
        .collect();
    vec![
        Entry::text(Text::code(dataset.to_owned())),
        Entry::text(far.size_by.words()),
        Entry::text(match far.fastest_fitted {
            true => "all rates",
            false => "without the fastest",
        }),
        Entry::text(far.input_rate.map_or_else(|| "all".to_owned(), setting)),
        Entry::count(errors.predictions),
        Entry::number(errors.median, &octaves(errors.median)),
        Entry::number(errors.ninth_decile, &octaves(errors.ninth_decile)),
        Entry::optional(far.runner_up_median, octaves),
        Entry::optional(errors.means_inside, percent),
        Entry::text(laws.join(", ")),
    ]
}
