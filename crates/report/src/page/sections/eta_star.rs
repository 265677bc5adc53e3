//! Sections about eta\* alone: the laws, the searches, the cells and the protocol.

use etastar_analysis::{
    CellSummary, Comparison, EtaStarSeries, Fit, Law, SearchExample, View, distinct,
};
use etastar_search::Outcome;

use super::super::document::{Entry, Section};
use super::super::number::{octaves, rate, setting};
use super::super::words::{
    conditions, effect, filter, input_rate, out_of_range, protocol as protocol_words,
    searches as search_words, width,
};
use super::{
    FitColumn, Store, cell_series, fit_table, line_series, mark, rate_panels, shown, table,
};
use crate::figure::{Axis, Data, Figure, Marker, Panel, Point, Scale, Series, Style, Text};

/// A number and its interval.
type Reading = (f64, Option<[f64; 2]>);

/// Every cell against depth times width, a panel for each input rate.
pub(super) fn depth_width(store: &Store<'_>) -> Section {
    let mut section = store.section(View::DepthWidth, "η* against depth × width");
    for series in &store.analysis.eta_star {
        let lines: Vec<_> = series
            .lines
            .iter()
            .filter(|line| line.law == Law::DepthWidth)
            .cloned()
            .collect();
        let figure = Figure {
            name: store.figure_name(View::DepthWidth, &series.label),
            caption: Text::markup(&format!(
                "η* of every measured cell of {} against depth × width, one panel for each \
                 relative learning rate of the input layer. Lines: depth × width law, fitted at \
                 that rate; shaded: its pointwise interval. {}",
                series.label,
                conditions(&store.analysis.manifest, Some(&series.cell))
            )),
            x: Axis::new("depth × width", "depth_times_width", Scale::Log2),
            y: Axis::new("η*", "eta_star", Scale::Log2),
            panels: rate_panels(&series.cells, &lines, CellSummary::size),
        };
        if let Some(figure) = shown(figure) {
            section.figure(figure);
        }
    }
    section
}

/// The fits of a law, by input rate and filter.
fn fits_of(series: &EtaStarSeries, law: Law, keep: impl Fn(&Fit) -> bool) -> Vec<&Fit> {
    series
        .fits
        .iter()
        .filter(|fit| fit.law == law && keep(fit))
        .collect()
}

/// Over all input rates at once: the effective size beside depth times width.
pub(super) fn effective_size(store: &Store<'_>) -> Section {
    let mut section = store.section(View::EffectiveSize, "η* against the effective size");
    let mut rows = Vec::new();
    let mut all = Vec::new();
    for series in &store.analysis.eta_star {
        let lines: Vec<_> = series
            .lines
            .iter()
            .filter(|line| line.law == Law::EffectiveSize)
            .collect();
        let rates = distinct(series.cells.iter().map(|cell| cell.input_rate));
        let mut drawn = line_series(&lines);
        for (order, &rate) in rates.iter().rev().enumerate() {
            let own: Vec<&CellSummary> = series
                .cells
                .iter()
                .filter(|cell| cell.input_rate == rate)
                .collect();
            let points = cell_series(&own, CellSummary::effective_size);
            let points = points.into_iter().filter_map(|series| match series.data {
                Data::Points(points) if series.style.marker != Marker::ArrowUp => Some(points),
                _ => None,
            });
            drawn.push(Series::new(
                &input_rate(Some(rate)),
                Style::nth(order),
                Data::Points(points.flatten().collect()),
            ));
        }
        let figure = Figure {
            name: store.figure_name(View::EffectiveSize, &series.label),
            caption: Text::markup(&format!(
                "η* of {} against the effective size μ_{{in}}·n_{{0}} + depth × width, at all \
                 input rates. Lines: effective-size law, fitted to all rates at once. {}",
                series.label,
                conditions(&store.analysis.manifest, Some(&series.cell))
            )),
            x: Axis::new("effective size", "effective_size", Scale::Log2),
            y: Axis::new("η*", "eta_star", Scale::Log2),
            panels: vec![Panel {
                title: Text::default(),
                series: drawn,
            }],
        };
        if let Some(figure) = shown(figure) {
            section.figure(figure);
        }
        for law in [Law::DepthWidth, Law::EffectiveSize] {
            rows.extend(fits_of(series, law, |fit| fit.input_rate.is_none()));
        }
        all.extend(series.fits.iter().cloned());
    }
    if !rows.is_empty() {
        section.table(fit_table(
            "Both laws fitted to the cells at all input rates at once, with width ≥ k × depth. \
             Errors in octaves: residual, error of cells left out of the fit, and error of the \
             cells at an input rate that was left out.",
            &rows,
            &all,
            &[
                FitColumn::Series,
                FitColumn::Law,
                FitColumn::Filter,
                FitColumn::Cells,
                FitColumn::Exponent,
                FitColumn::RSquared,
                FitColumn::Rmse,
                FitColumn::LeaveOneOut,
                FitColumn::LeaveOneRateOut,
            ],
        ));
    }
    section
}

/// Every law on every set of cells.
pub(super) fn laws(store: &Store<'_>) -> Section {
    let mut section = store.section(View::Laws, "The laws compared");
    let all: Vec<Fit> = store
        .analysis
        .eta_star
        .iter()
        .flat_map(|s| s.fits.clone())
        .collect();
    if all.is_empty() {
        return section;
    }
    section.paragraph(Text::markup(
        "Laws are fitted by maximum likelihood to log_{2} η*; searches that left their range enter \
         as bounds. A law is chosen by how well it extrapolates: fitted to small networks, it \
         predicts those 2 to 4 times larger (forward validation). AICc and the leave-one-out error \
         judge interpolation. The misfit is the error of a law beyond the noise of the cells' means; \
         the p-value is that of the F-test of lack of fit.",
    ));
    let laws = Law::ALL.map(|law| format!("{}, {}", law.words(), law.formula()));
    section.paragraph(Text::markup(&format!("{}.", laws.join("; "))));
    let best = store.analysis.eta_star.iter().filter_map(|series| {
        let pooled = series.comparisons.iter();
        let is_judged =
            |one: &&Comparison| one.input_rate.is_none() && one.ranking[0].forward_error.is_some();
        let pooled: Vec<_> = pooled.filter(is_judged).collect();
        let runs = pooled.chunk_by(|a, b| a.ranking[0].law == b.ranking[0].law);
        let runs = runs.map(|run| {
            let cells = run.iter().map(|one| filter(one.width_over_depth));
            let cells: Vec<String> = cells.collect();
            format!(
                "the {} ({})",
                run[0].ranking[0].law.words(),
                cells.join("; ")
            )
        });
        let runs: Vec<String> = runs.collect();
        (!runs.is_empty()).then(|| {
            Text::markup(&format!(
                "On {}, over all input rates, larger networks are predicted best by {}.",
                series.label,
                runs.join(", ")
            ))
        })
    });
    section.list(best.collect());
    section.table(fit_table(
        "Every law on the cells with width ≥ k × depth. Censored: repeats that found no η* in \
         range. Errors in octaves.",
        &all.iter().collect::<Vec<_>>(),
        &all,
        &[
            FitColumn::Series,
            FitColumn::Law,
            FitColumn::InputRate,
            FitColumn::Filter,
            FitColumn::Cells,
            FitColumn::Censored,
            FitColumn::Constant,
            FitColumn::Exponent,
            FitColumn::RSquared,
            FitColumn::Rmse,
            FitColumn::Misfit,
            FitColumn::LackOfFit,
            FitColumn::Forward,
            FitColumn::LeaveOneOut,
            FitColumn::Aicc,
        ],
    ));
    let reasons = store
        .analysis
        .eta_star
        .iter()
        .flat_map(|series| &series.not_fitted);
    let reasons = reasons.map(|one| {
        format!(
            "Not fitted: {} on {}, {}, {}: {}.",
            one.law.words(),
            one.series,
            input_rate(one.input_rate),
            filter(one.width_over_depth),
            one.reason
        )
    });
    section.list(
        reasons
            .take(8)
            .map(|reason| Text::markup(&reason))
            .collect(),
    );
    section
}

/// Claim C1 (i): the depth times width law as narrow networks are left out.
pub(super) fn width_over_depth(store: &Store<'_>) -> Section {
    let title = "The depth × width law as narrow networks are left out";
    let mut section = store.section(View::WidthOverDepth, title);
    let (mut rows, mut all) = (Vec::new(), Vec::new());
    for series in &store.analysis.eta_star {
        let mut said = Vec::new();
        let own = fits_of(series, Law::DepthWidth, |fit| fit.input_rate.is_some());
        for rate in distinct(own.iter().filter_map(|fit| fit.input_rate)) {
            let at_rate: Vec<&&Fit> = own.iter().filter(|f| f.input_rate == Some(rate)).collect();
            if let (Some(first), Some(last)) = (at_rate.first(), at_rate.last()) {
                said.push(Text::markup(&format!(
                    "{}, {}: from {} to {}, R^{{2}} goes from {} to {} and the rms residual from \
                     {} to {}.",
                    series.label,
                    input_rate(Some(rate)),
                    filter(first.width_over_depth),
                    filter(last.width_over_depth),
                    effect(&first.r_squared),
                    effect(&last.r_squared),
                    effect(&first.rmse),
                    effect(&last.rmse),
                )));
            }
        }
        section.list(said);
        let points = |number: fn(&Fit) -> Option<Reading>| {
            let rates = distinct(own.iter().filter_map(|fit| fit.input_rate));
            let each = rates.into_iter().rev().enumerate().map(|(order, rate)| {
                let at_rate = own.iter().filter(|fit| fit.input_rate == Some(rate));
                let points = at_rate.filter_map(|fit| {
                    let (y, interval) = number(fit)?;
                    Some(Point {
                        x: fit.width_over_depth.max(0.5),
                        y,
                        interval,
                        note: format!("{} cells", fit.cells),
                    })
                });
                let name = input_rate(Some(rate));
                Series::new(&name, Style::nth(order), Data::Points(points.collect()))
            });
            each.collect()
        };
        let panel = |title: &str, series| Panel {
            title: Text::markup(title),
            series,
        };
        let figure = Figure {
            name: store.figure_name(View::WidthOverDepth, &series.label),
            caption: Text::markup(&format!(
                "The depth × width law on the cells of {} with width ≥ k × depth: R^{{2}}, rms \
                 residual in octaves, and, where rates around η* were tried, the share of searches in \
                 which one failed below another that succeeded. All cells, without a filter, are drawn at k = 1/2. {}",
                series.label,
                conditions(&store.analysis.manifest, Some(&series.cell))
            )),
            x: Axis::new("k", "width_over_depth", Scale::Log2),
            y: Axis::new("", "value", Scale::Linear),
            panels: vec![
                panel(
                    "R^{2}",
                    points(|fit| Some((fit.r_squared.value, fit.r_squared.interval))),
                ),
                panel(
                    "rms residual",
                    points(|fit| Some((fit.rmse.value, fit.rmse.interval))),
                ),
                panel(
                    "not monotone",
                    points(|fit| Some((fit.searches.share_not_monotone()?, None))),
                ),
            ],
        };
        if let Some(figure) = shown(figure) {
            section.figure(figure);
        }
        rows.extend(own);
        all.extend(series.fits.iter().cloned());
    }
    if !rows.is_empty() {
        section.table(fit_table(
            "The depth × width law by input rate and filter width ≥ k × depth; residual in octaves.",
            &rows,
            &all,
            &[
                FitColumn::Series,
                FitColumn::InputRate,
                FitColumn::Filter,
                FitColumn::Cells,
                FitColumn::Exponent,
                FitColumn::RSquared,
                FitColumn::Rmse,
                FitColumn::Searches,
                FitColumn::NotMonotone,
            ],
        ));
    }
    section
}

/// Markers of the exponents of fits: of the joint law, of depth and of width.
fn exponent_panels(series: &[&EtaStarSeries], k: f64, x: impl Fn(&Fit) -> f64) -> Vec<Panel> {
    let panel = |title: &str, law: Law, index: usize| {
        let each = series.iter().enumerate().map(|(order, series)| {
            let own = series.fits.iter().filter(|fit| {
                fit.law == law && fit.width_over_depth == k && fit.input_rate.is_some()
            });
            let points = own.filter_map(|fit| {
                let exponent = fit.exponents.get(index)?;
                Some(Point {
                    x: x(fit),
                    y: exponent.value,
                    interval: exponent.interval,
                    note: format!("{}, {} cells", input_rate(fit.input_rate), fit.cells),
                })
            });
            Series::new(
                &series.label,
                Style::nth(order),
                Data::Points(points.collect()),
            )
        });
        Panel {
            title: Text::markup(title),
            series: each.collect(),
        }
    };
    vec![
        panel("depth × width", Law::DepthWidth, 0),
        panel("depth", Law::Separate, 0),
        panel("width", Law::Separate, 1),
    ]
}

/// Where a frozen input layer is drawn on a logarithmic axis: below the least positive rate.
fn frozen(series: &[EtaStarSeries]) -> f64 {
    let rates = series
        .iter()
        .flat_map(|series| &series.cells)
        .map(|cell| cell.input_rate);
    rates.filter(|rate| *rate > 0.0).fold(1.0, f64::min) / 4.0
}

const EXPONENT_COLUMNS: [FitColumn; 10] = [
    FitColumn::Series,
    FitColumn::InputRate,
    FitColumn::Filter,
    FitColumn::Cells,
    FitColumn::Exponent,
    FitColumn::RSquared,
    FitColumn::Rmse,
    FitColumn::DepthExponent,
    FitColumn::WidthExponent,
    FitColumn::Gap,
];

/// Claim C1 (ii): the laws as the input layer is slowed down.
pub(super) fn input_layer(store: &Store<'_>) -> Section {
    let title = "The laws as the input layer is slowed down";
    exponents(store, View::InputLayer, title, &[0.0, 8.0])
}

/// The exponents of several series beside each other.
pub(super) fn side_by_side(store: &Store<'_>) -> Section {
    exponents(store, View::SideBySide, "Exponents side by side", &[8.0])
}

fn exponents(store: &Store<'_>, view: View, title: &str, filters: &[f64]) -> Section {
    let mut section = store.section(view, title);
    let all: Vec<Fit> = store
        .analysis
        .eta_star
        .iter()
        .flat_map(|s| s.fits.clone())
        .collect();
    let own = |fit: &&Fit| {
        fit.law == Law::DepthWidth
            && fit.input_rate.is_some()
            && filters.contains(&fit.width_over_depth)
    };
    let rows: Vec<&Fit> = all.iter().filter(own).collect();
    let Some(k) = filters.last().copied().filter(|_| !rows.is_empty()) else {
        return section;
    };
    let ends = store.analysis.eta_star.iter().filter_map(|series| {
        let at_filter = |fit: &&Fit| own(fit) && fit.width_over_depth == k;
        let mut fits: Vec<&Fit> = series.fits.iter().filter(at_filter).collect();
        fits.sort_by(|a, b| {
            a.input_rate
                .partial_cmp(&b.input_rate)
                .unwrap_or(std::cmp::Ordering::Equal)
        });
        let mut ends = vec![*fits.last()?, *fits.first()?];
        ends.dedup_by_key(|fit| fit.input_rate);
        // At one rate the table says it.
        if ends.len() < 2 {
            return None;
        }
        let ends = ends.iter().filter_map(|fit| {
            let exponent = effect(fit.exponents.first()?);
            Some(format!("{exponent} at {}", input_rate(fit.input_rate)))
        });
        Some(Text::markup(&format!(
            "{}, {}: the exponent of depth × width is {}.",
            series.label,
            filter(k),
            ends.collect::<Vec<_>>().join(" and "),
        )))
    });
    section.list(ends.collect());
    let frozen = frozen(&store.analysis.eta_star);
    let series: Vec<&EtaStarSeries> = store.analysis.eta_star.iter().collect();
    let figure = Figure {
        name: store.figure_name(view, "exponents"),
        caption: Text::markup(&format!(
            "Exponents by the input layer's rate, {}: α of η* = C (depth × width)^{{−α}}; a and b \
             of η* = C depth^{{−a}} width^{{−b}}. A frozen input layer is drawn at {}. {}",
            filter(k),
            setting(frozen),
            conditions(&store.analysis.manifest, None)
        )),
        x: Axis::new("μ_{in}", "input_rate", Scale::Log10),
        y: Axis::new("exponent", "exponent", Scale::Linear),
        panels: exponent_panels(&series, k, |fit| fit.input_rate.unwrap_or(1.0).max(frozen)),
    };
    if let Some(figure) = shown(figure) {
        section.figure(figure);
    }
    section.table(fit_table(
        "The depth × width law by input rate, and the separate exponents of depth and width, on \
         the cells with width ≥ k × depth; residual in octaves.",
        &rows,
        &all,
        &EXPONENT_COLUMNS,
    ));
    section
}

/// Every trial of two cells, and how often success was not monotone.
pub(super) fn searches(store: &Store<'_>) -> Section {
    let mut section = store.section(View::Searches, "Success against learning rate");
    for series in &store.analysis.eta_star {
        let conditions = conditions(&store.analysis.manifest, Some(&series.cell));
        let rows = series
            .examples
            .iter()
            .map(|example| example.repeats.len())
            .max()
            .unwrap_or(0);
        let names = (0..rows).map(|row| format!("repeat {}", row + 1)).collect();
        let strips = Figure {
            name: store.figure_name(View::Searches, &series.label),
            caption: Text::markup(&format!(
                "Every trial of the cells of {} with the least and the largest width over depth, \
                 a row for each repeat. The upright bar is η* of the repeat. {conditions}",
                series.label,
            )),
            x: Axis::new("learning rate", "learning_rate", Scale::Log2),
            y: Axis::new("", "repeat", Scale::Names(names)),
            panels: series.examples.iter().map(strip).collect(),
        };
        let shares = Figure {
            name: store.figure_name(View::Searches, &format!("{} not monotone", series.label)),
            caption: Text::markup(&format!(
                "Share of the searches of {} in which a rate failed below one that succeeded, \
                 against width over depth; cells of the same ratio are taken together. \
                 {conditions}",
                series.label,
            )),
            x: Axis::new("width / depth", "width_over_depth", Scale::Log2),
            y: Axis::new("share not monotone", "share_not_monotone", Scale::Linear),
            panels: vec![Panel {
                title: Text::default(),
                series: not_monotone(&series.cells),
            }],
        };
        for figure in [strips, shares].into_iter().filter_map(shown) {
            section.figure(figure);
        }
    }
    section
}

fn strip(example: &SearchExample) -> Panel {
    let repeats = || example.repeats.iter().enumerate();
    let found = repeats().filter_map(|(row, (eta_star, _))| {
        Some(mark(
            (*eta_star)?,
            row as f64,
            format!("repeat {}", row + 1),
        ))
    });
    let ended = |outcome: Outcome| {
        let trials = repeats().flat_map(move |(row, (_, trials))| {
            let own = trials.iter().filter(move |(_, other, _)| *other == outcome);
            own.map(move |(rate, _, steps)| {
                mark(
                    *rate,
                    row as f64,
                    format!("repeat {}; {steps} steps", row + 1),
                )
            })
        });
        Data::Points(trials.collect())
    };
    let style = Style::with_marker;
    Panel {
        title: Text::markup(&format!(
            "depth {}, width {}, {}",
            example.depth,
            setting(example.width),
            input_rate(Some(example.input_rate))
        )),
        series: vec![
            Series::new("η*", style(6, Marker::Bar), Data::Points(found.collect())),
            Series::new("success", style(2, Marker::Circle), ended(Outcome::Success)),
            Series::new(
                "not finite",
                style(1, Marker::Cross),
                ended(Outcome::NonFinite),
            ),
            Series::new(
                "diverged",
                style(5, Marker::Cross),
                ended(Outcome::Diverged),
            ),
            Series::new(
                "budget exhausted",
                style(4, Marker::Ring),
                ended(Outcome::Exhausted),
            ),
        ],
    }
}

fn not_monotone(cells: &[CellSummary]) -> Vec<Series> {
    let rates = distinct(cells.iter().map(|cell| cell.input_rate));
    let each = rates.into_iter().rev().enumerate().map(|(order, rate)| {
        let own = || cells.iter().filter(move |cell| cell.input_rate == rate);
        let ratios = distinct(own().map(CellSummary::width_over_depth));
        let points = ratios.into_iter().filter_map(|ratio| {
            let same = own().filter(|cell| cell.width_over_depth() == ratio);
            let (not, all) = same.fold((0, 0), |(not, all), cell| {
                (
                    not + cell.searches.not_monotone,
                    all + cell.searches.laddered,
                )
            });
            let note = format!("{not} of {all} searches");
            (all > 0).then(|| mark(ratio, not as f64 / all as f64, note))
        });
        let name = input_rate(Some(rate));
        Series::new(&name, Style::nth(order), Data::Points(points.collect()))
    });
    each.collect()
}

/// Every cell's eta\*.
pub(super) fn cells(store: &Store<'_>) -> Section {
    let mut section = store.section(View::Cells, "All cells");
    let rows = store.analysis.eta_star.iter().flat_map(|series| {
        series.cells.iter().map(|cell| {
            let (estimate, counts) = (&cell.estimate, &cell.searches);
            let [low, high] = estimate.interval.unwrap_or_default();
            let bound = |value: Option<f64>| Entry::optional(value, rate);
            vec![
                Entry::text(Text::code(series.label.clone())),
                Entry::count(cell.depth()),
                Entry::text(width(cell)),
                Entry::number(cell.input_rate, &setting(cell.input_rate)),
                match (estimate.value, estimate.below, estimate.at_least) {
                    (None, Some(below), _) => Entry::text(format!("< {}", rate(below))),
                    (None, None, Some(limit)) => Entry::text(format!("≥ {}", rate(limit))),
                    (value, ..) => bound(value),
                },
                bound(low),
                bound(high),
                Entry::optional(estimate.log2, octaves),
                Entry::count(counts.searches),
                Entry::count(counts.found),
                match counts.laddered {
                    0 => Entry::text("–"),
                    _ => Entry::count(counts.not_monotone),
                },
                Entry::count(counts.trials),
                Entry::text(out_of_range(counts)),
            ]
        })
    });
    let rows: Vec<Vec<Entry>> = rows.collect();
    if !rows.is_empty() {
        section.table(table(
            "η* of every cell with its interval: the geometric mean over repeats, or the median \
             where a search left the range; < and ≥ mark cells whose η* is out of range.",
            &[
                "series",
                "depth",
                "width",
                "μ_{in}",
                "η*",
                "low",
                "high",
                "log_{2} η*",
                "searches",
                "found",
                "not monotone",
                "trials",
                "out of range",
            ],
            rows,
        ));
    }
    section
}

/// The protocol in full: every constant of the first series of each kind, and of the others what
/// is different.
pub(super) fn protocol(store: &Store<'_>) -> Section {
    let mut section = store.section(View::Protocol, "Protocol").folded();
    let analysis = store.analysis;
    let searched = analysis
        .eta_star
        .iter()
        .map(|series| (&series.label, &series.cell));
    let measured = analysis
        .sharpness
        .iter()
        .map(|series| (&series.label, &series.cell));
    for series in [searched.collect::<Vec<_>>(), measured.collect()] {
        let [(label, cell), others @ ..] = series.as_slice() else {
            continue;
        };
        let constants = protocol_words(cell, analysis.manifest.repeats);
        let mut differences = Text::default();
        for (other, cell) in others {
            let own = protocol_words(cell, analysis.manifest.repeats);
            let own: Vec<String> = own.into_iter().filter(|w| !constants.contains(w)).collect();
            if !own.is_empty() {
                let head = differences
                    .and_plain("Different in ")
                    .and_code((*other).clone());
                differences = head.and_markup(&format!(": {} ", own.join(" ")));
            }
        }
        section.paragraph(Text::code((*label).clone()).and_plain(
            ": the constants below are our choice for this experiment; they are not the paper's, \
             and the results hold under them.",
        ));
        section.paragraph(Text::markup(&constants.join(" ")));
        if !differences.is_empty() {
            section.paragraph(differences);
        }
    }
    let mut searches = Text::default();
    for series in &analysis.eta_star {
        let head = searches
            .and_plain("Searches on ")
            .and_code(series.label.clone());
        searches = head.and_markup(&format!(": {}. ", search_words(&series.searches)));
    }
    if !searches.is_empty() {
        section.paragraph(searches);
    }
    section
}
