//! Sections about the sharpness: its growth, its prediction, and the bounds on it.

use etastar_analysis::{
    CellSummary, HoldsFor, Law, MEAN_SQUARE_INPUT, Matrix, Method, Quantity, SharpnessSeries, Side,
    Tightness, View, distinct,
};

use super::super::document::{Entry, Section};
use super::super::number::{count, fixed, interval, percent, rate, setting};
use super::super::words::{conditions, effect_entry, filter, input_rate};
use super::{Store, mark, rate_entry, rate_panels, shown, table};
use crate::figure::{Axis, Data, Figure, Panel, Scale, Series, Style, Text};

/// `lambda_1(H)` against depth times width.
pub(super) fn growth(store: &Store<'_>) -> Section {
    let mut section = store.section(View::SharpnessGrowth, "λ_{1}(H) against depth × width");
    for series in &store.analysis.sharpness {
        let lines: Vec<_> = series
            .lines
            .iter()
            .filter(|line| line.law == Law::DepthWidth)
            .cloned()
            .collect();
        let figure = Figure {
            name: store.figure_name(View::SharpnessGrowth, &series.label),
            caption: Text::markup(&format!(
                "Top eigenvalue of the Hessian of {} at initialisation, preconditioned with the \
                 input rate, against depth × width. Lines: power law, fitted at that rate; shaded: \
                 its pointwise interval. {}",
                series.label,
                conditions(&store.analysis.manifest, None)
            )),
            x: Axis::new("depth × width", "depth_times_width", Scale::Log2),
            y: Axis::new("λ_{1}(H)", "sharpness", Scale::Log2),
            panels: rate_panels(&series.cells, &lines, CellSummary::size),
        };
        if let Some(figure) = shown(figure) {
            section.figure(figure);
        }
    }
    section
}

/// The exponents of the growth of both eigenvalues.
pub(super) fn exponents(store: &Store<'_>) -> Section {
    let title = "Exponents of the growth of λ_{1} with depth × width";
    let mut section = store.section(View::SharpnessExponents, title);
    let rows = store.analysis.sharpness.iter().flat_map(|series| {
        series.fits.iter().map(|fit| {
            let matrix = match fit.quantity {
                Quantity::GaussNewton => Matrix::GaussNewton,
                _ => Matrix::Hessian,
            };
            // The law has the exponent of a quantity that falls.
            let growth = fit
                .exponents
                .first()
                .map(|exponent| etastar_analysis::Effect {
                    value: -exponent.value,
                    interval: exponent.interval.map(|[low, high]| [-high, -low]),
                    unit: exponent.unit,
                });
            vec![
                Entry::text(Text::code(series.label.clone())),
                Entry::text(matrix.symbol()),
                Entry::optional(fit.input_rate, setting),
                Entry::number(fit.width_over_depth, &setting(fit.width_over_depth)),
                Entry::count(fit.cells),
                effect_entry(growth.as_ref()),
                effect_entry(Some(&fit.r_squared)),
                effect_entry(Some(&fit.rmse)),
            ]
        })
    });
    let rows: Vec<Vec<Entry>> = rows.collect();
    if !rows.is_empty() {
        section.table(table(
            "Exponent b of λ_{1} = C (depth × width)^{b}, for the Hessian H and the Gauss-Newton \
             matrix G, on the cells with width ≥ k × depth; residual in octaves.",
            &[
                "series", "matrix", "μ_{in}", "k", "cells", "b", "R^{2}", "rmse",
            ],
            rows,
        ));
    }
    section
}

/// Measured against predicted `lambda_1(G)`.
pub(super) fn prediction(store: &Store<'_>) -> Section {
    let title = "Measured against predicted λ_{1}(G)";
    let mut section = store.section(View::SharpnessPrediction, title);
    let predicted: Vec<&SharpnessSeries> = store
        .analysis
        .sharpness
        .iter()
        .filter(|s| !s.predictions.is_empty())
        .collect();
    if predicted.is_empty() {
        return section;
    }
    section.paragraph(Text::markup(
        "λ_{1}(G) is predicted from the data alone, by its infinite-width kernel: plain, with one \
         finite-width factor, and with one factor a layer. The factors are a hypothesis of ours.",
    ));
    for series in &predicted {
        section.figure(Figure {
            name: store.figure_name(View::SharpnessPrediction, &series.label),
            caption: Text::markup(&format!(
                "Measured over predicted λ_{{1}}(G) of {} against width over depth, means over \
                 repeats. {}",
                series.label,
                conditions(&store.analysis.manifest, None)
            )),
            x: Axis::new("width / depth", "width_over_depth", Scale::Log2),
            y: Axis::new("measured / predicted", "ratio", Scale::Log2),
            panels: Method::ALL
                .map(|method| method_panel(series, method))
                .to_vec(),
        });
    }
    let summaries = predicted.iter().flat_map(|series| {
        series.summaries.iter().map(|summary| {
            vec![
                Entry::text(Text::code(series.label.clone())),
                Entry::text(Text::markup(&input_rate(summary.input_rate))),
                Entry::text(Text::markup(&filter(summary.width_over_depth))),
                Entry::text(summary.method.name()),
                Entry::count(summary.cells),
                Entry::number(summary.median_ratio, &fixed(summary.median_ratio, 3)),
                Entry::number(summary.median_deviation, &percent(summary.median_deviation)),
                Entry::number(summary.worst_deviation, &percent(summary.worst_deviation)),
            ]
        })
    });
    section.table(table(
        "Measured over predicted λ_{1}(G): median over cells, and median and largest distance from \
         1.",
        &[
            "series",
            "μ_{in}",
            "cells with",
            "prediction",
            "cells",
            "median",
            "distance",
            "largest",
        ],
        summaries.collect(),
    ));
    let cells = predicted.iter().flat_map(|series| {
        series.predictions.iter().map(|cell| {
            let mut row = vec![
                Entry::text(Text::code(series.label.clone())),
                Entry::count(cell.depth),
                Entry::number(cell.width, &setting(cell.width)),
                Entry::number(cell.input_rate, &setting(cell.input_rate)),
                rate_entry(Some(cell.measured)),
            ];
            row.extend(cell.ratios.iter().map(|ratio| {
                let half = ratio.standard_error.unwrap_or(0.0);
                let ends = [ratio.mean - half, ratio.mean + half];
                let text = format!(
                    "{} {}",
                    fixed(ratio.mean, 3),
                    interval(ends, |end| fixed(end, 3))
                );
                Entry {
                    text: Text::markup(&text),
                    numbers: vec![ratio.mean, ends[0], ends[1]],
                }
            }));
            row.push(Entry::count(cell.repeats));
            row
        })
    });
    section.table(table(
        "Measured λ_{1}(G), and measured over predicted with one standard error, of every cell.",
        &[
            "series",
            "depth",
            "width",
            "μ_{in}",
            "measured",
            "plain",
            "finite width",
            "layered",
            "repeats",
        ],
        cells.collect(),
    ));
    section
}

fn method_panel(series: &SharpnessSeries, method: Method) -> Panel {
    let rates = distinct(series.predictions.iter().map(|cell| cell.input_rate));
    let each = rates.into_iter().rev().enumerate().map(|(order, own)| {
        let cells = series
            .predictions
            .iter()
            .filter(|cell| cell.input_rate == own);
        let points = cells.filter_map(|cell| {
            let ratio = cell.ratio(method)?;
            let note = format!("depth {}, width {}", cell.depth, setting(cell.width));
            let mut point = mark(cell.width / cell.depth as f64, ratio.mean, note);
            point.interval = ratio
                .standard_error
                .map(|e| [ratio.mean - e, ratio.mean + e]);
            Some(point)
        });
        let name = input_rate(Some(own));
        Series::new(&name, Style::nth(order), Data::Points(points.collect()))
    });
    Panel {
        title: Text::markup(method.name()),
        series: each.collect(),
    }
}

/// How tight the bounds are.
pub(super) fn bounds(store: &Store<'_>) -> Section {
    let mut section = store.section(View::SharpnessBounds, "Bounds on λ_{1}");
    let all = || {
        store
            .analysis
            .sharpness
            .iter()
            .flat_map(|s| s.tightness.iter().map(move |t| (s, t)))
    };
    if all().next().is_none() {
        return section;
    }
    section.paragraph(Text::markup(&format!(
        "All bounds are proved. Those for each network hold for its own weights and data, up to \
         rounding. Those in expectation, and those that hold with probability 0.95, are computed \
         from the architecture before a network is drawn, for inputs with (1/N) ∑ |x|^{{2}}/n_{{0}} \
         = {}.",
        setting(MEAN_SQUARE_INPUT)
    )));
    let kinds = [
        HoldsFor::Network,
        HoldsFor::Expectation,
        HoldsFor::Probability,
    ];
    let violations = kinds.map(|kind| {
        let own = all().filter(|(_, bound)| bound.holds_for == kind);
        let (wrong, compared) = own.fold((0, 0), |(wrong, compared), (_, bound)| {
            (wrong + bound.violations, compared + bound.count)
        });
        Text::markup(&format!(
            "{} of {} comparisons of bounds {} with measured values lie on the wrong side.",
            count(wrong),
            count(compared),
            holds_for(kind)
        ))
    });
    section.list(violations.to_vec());
    let tightest = [
        (Matrix::Hessian, Side::Lower),
        (Matrix::Hessian, Side::Upper),
    ];
    let tightest = tightest.iter().flat_map(|(matrix, side)| {
        store.analysis.sharpness.iter().filter_map(|series| {
            let own = series.tightness.iter().filter(|bound| {
                (bound.matrix, bound.side, bound.holds_for) == (*matrix, *side, HoldsFor::Network)
            });
            let distance = |bound: &&Tightness| bound.median.ln().abs();
            let best = own.min_by(|a, b| distance(a).total_cmp(&distance(b)))?;
            Some(Text::markup(&format!(
                "{}: the tightest {} bound on λ_{{1}}({}) of each network is the {}, {} times the \
                 measured value in the median.",
                series.label,
                side_words(*side),
                matrix.symbol(),
                best.description,
                rate(best.median)
            )))
        })
    });
    section.list(tightest.collect());
    let rows = all().map(|(series, bound)| {
        vec![
            Entry::text(Text::code(series.label.clone())),
            Entry::text(bound.matrix.symbol()),
            Entry::text(side_words(bound.side)),
            Entry::text(holds_for(bound.holds_for)),
            Entry::text(bound.description.clone()),
            Entry::count(bound.count),
            rate_entry(Some(bound.median)),
            rate_entry(Some(bound.worst)),
            Entry::count(bound.violations),
        ]
    });
    section.table(table(
        "Bound over measured λ_{1}, all input rates together. Count: networks, or cells for \
         expectations, which are compared with the mean over repeats. Furthest: the least ratio of \
         a lower bound, the largest of an upper.",
        &[
            "series",
            "matrix",
            "side",
            "holds",
            "bound",
            "count",
            "median",
            "furthest",
            "wrong side",
        ],
        rows.collect(),
    ));
    section
}

fn side_words(side: Side) -> &'static str {
    match side {
        Side::Lower => "lower",
        Side::Upper => "upper",
    }
}

fn holds_for(kind: HoldsFor) -> &'static str {
    match kind {
        HoldsFor::Network => "for each network",
        HoldsFor::Expectation => "in expectation",
        HoldsFor::Probability => "with probability 0.95",
    }
}
