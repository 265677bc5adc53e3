//! The sections of an experiment, each a view of the store's analysis, and what they share.

mod advice;
mod eta_star;
mod relations;
mod sharpness;

use etastar_analysis::{
    CellSummary, Fit, FittedLine, Law, Statistic, StoreAnalysis, View, distinct, kebab,
};

use super::document::{Entry, Section, Table};
use super::number::{count, fixed, octaves, percent, rate, setting, significant};
use super::words::{cell_name, effect_entry, filter, input_rate};
use crate::figure::{Data, Figure, Marker, Panel, Point, Series, Style, Text};

/// A store on a page.
pub(super) struct Store<'a> {
    /// What anchors and file names begin with; unique on the page.
    pub(super) id: String,
    /// Its analysis.
    pub(super) analysis: &'a StoreAnalysis,
}

impl Store<'_> {
    /// The anchor of a section.
    pub(super) fn anchor(&self, view: View) -> String {
        format!("{}--{}", self.id, kebab(&view))
    }

    /// An empty section of a view.
    fn section(&self, view: View, title: &str) -> Section {
        Section::new(3, self.anchor(view), Text::markup(title))
    }

    /// A figure's name: that of the view, and of what it shows.
    fn figure_name(&self, view: View, what: &str) -> String {
        format!("{}-{}", self.anchor(view), super::words::slug(what))
    }
}

/// The section of a view; `None` where the store has nothing to show in it.
pub(super) fn section(store: &Store<'_>, view: View) -> Option<Section> {
    let section = match view {
        View::DepthWidth => eta_star::depth_width(store),
        View::EffectiveSize => eta_star::effective_size(store),
        View::Laws => eta_star::laws(store),
        View::WidthOverDepth => eta_star::width_over_depth(store),
        View::InputLayer => eta_star::input_layer(store),
        View::SideBySide => eta_star::side_by_side(store),
        View::Searches => eta_star::searches(store),
        View::Cells => eta_star::cells(store),
        View::Protocol => eta_star::protocol(store),
        View::Shifts => relations::shifts(store),
        View::Noise => relations::noise(store),
        View::EtaSharpness => relations::eta_sharpness(store),
        View::LateStage => relations::late_stage(store),
        View::Proxies => relations::proxies(store),
        View::Transfer => relations::transfer(store),
        View::Advice => advice::section(store),
        View::SharpnessGrowth => sharpness::growth(store),
        View::SharpnessExponents => sharpness::exponents(store),
        View::SharpnessPrediction => sharpness::prediction(store),
        View::SharpnessBounds => sharpness::bounds(store),
    };
    Some(section).filter(|section| !section.blocks.is_empty())
}

/// The views that show what a statistic is about, the most telling first.
pub(super) fn views(statistic: &Statistic) -> &'static [View] {
    match statistic {
        Statistic::Exponent { .. } | Statistic::RSquared { .. } | Statistic::Rmse { .. } => &[
            View::WidthOverDepth,
            View::DepthWidth,
            View::SideBySide,
            View::InputLayer,
            View::EffectiveSize,
        ],
        Statistic::ExponentGap {} => &[View::InputLayer, View::SideBySide, View::DepthWidth],
        Statistic::NotMonotone {} => &[View::WidthOverDepth, View::Searches],
        Statistic::LeaveOneOut { .. } | Statistic::LeaveOneRateOut { .. } => {
            &[View::EffectiveSize, View::Laws]
        }
        Statistic::SizeError { .. } | Statistic::Misfit { .. } | Statistic::ForwardError { .. } => {
            &[View::Laws]
        }
        Statistic::Shift { .. } => &[View::Shifts],
        Statistic::FastestRate {} | Statistic::LateLossExcess { .. } => &[View::Advice],
        Statistic::NoiseRatio { .. } => &[View::Noise],
        Statistic::EtaSharpnessSlope { .. } | Statistic::EtaSharpnessRSquared { .. } => {
            &[View::EtaSharpness]
        }
        Statistic::LateStageChange { .. }
        | Statistic::LateStageSlope { .. }
        | Statistic::LateStageExponentChange {} => &[View::LateStage],
        Statistic::TransferError { .. } | Statistic::TransferCoverage { .. } => &[View::Transfer],
        Statistic::ProxyRmse { .. } | Statistic::ProxyGain { .. } => &[View::Proxies],
        Statistic::SharpnessExponent { .. } | Statistic::SharpnessRSquared { .. } => {
            &[View::SharpnessGrowth, View::SharpnessExponents]
        }
        Statistic::BoundViolations {} | Statistic::BoundExponent { .. } => &[View::SharpnessBounds],
    }
}

/// A column of a table of fits.
#[derive(Clone, Copy)]
enum FitColumn {
    Series,
    Law,
    InputRate,
    Filter,
    Cells,
    Censored,
    Constant,
    Exponent,
    DepthExponent,
    WidthExponent,
    Gap,
    RSquared,
    Rmse,
    Misfit,
    LackOfFit,
    Forward,
    LeaveOneOut,
    LeaveOneRateOut,
    Aicc,
    Searches,
    NotMonotone,
}

impl FitColumn {
    fn heading(self) -> &'static str {
        match self {
            Self::Series => "series",
            Self::Law => "law",
            Self::InputRate => "μ_{in}",
            Self::Filter => "k",
            Self::Cells => "cells",
            Self::Censored => "censored",
            Self::Constant => "log_{2} C",
            Self::Exponent => "exponent",
            Self::DepthExponent => "a (depth)",
            Self::WidthExponent => "b (width)",
            Self::Gap => "a − b",
            Self::RSquared => "R^{2}",
            Self::Rmse => "rmse",
            Self::Misfit => "misfit",
            Self::LackOfFit => "p of lack of fit",
            Self::Forward => "forward",
            Self::LeaveOneOut => "leave one out",
            Self::LeaveOneRateOut => "leave one rate out",
            Self::Aicc => "AICc",
            Self::Searches => "searches",
            Self::NotMonotone => "not monotone",
        }
    }

    /// The entry of a fit; the separate exponents are those of the law that has them, fitted to
    /// the same cells.
    fn entry(self, fit: &Fit, all: &[Fit]) -> Entry {
        let separate = || {
            let mut same = all.iter().filter(|other| {
                (&other.series, other.input_rate, other.width_over_depth)
                    == (&fit.series, fit.input_rate, fit.width_over_depth)
            });
            same.find(|other| other.law == Law::Separate)
        };
        match self {
            Self::Series => Entry::text(Text::code(fit.series.clone())),
            Self::Law => Entry::text(Text::markup(fit.law.words())),
            Self::InputRate => match fit.input_rate {
                Some(rate) => Entry::number(rate, &setting(rate)),
                None => Entry::text("all"),
            },
            Self::Filter => Entry::number(fit.width_over_depth, &setting(fit.width_over_depth)),
            Self::Cells => Entry::count(fit.cells),
            Self::Censored => Entry::count(fit.censored_repeats),
            Self::Exponent if fit.law == Law::Separate => {
                let both = fit.exponents.iter().map(|one| effect_entry(Some(one)).text);
                let mut texts = both.map(|text| text.flat());
                let (depth, width) = (texts.next(), texts.next());
                Entry::text(Text::markup(&format!(
                    "depth {}, width {}",
                    depth.unwrap_or_default(),
                    width.unwrap_or_default()
                )))
            }
            Self::Exponent if fit.law == Law::TwoTerm => {
                let ratio = fit.log2_ratio.as_ref();
                let ratio = ratio.map(|ratio| effect_entry(Some(ratio)).text.flat());
                let words = format!("log_{{2}} B/K {}", ratio.unwrap_or_default());
                Entry::text(Text::markup(&words))
            }
            Self::Constant => effect_entry(Some(&fit.log2_constant)),
            Self::Exponent => effect_entry(fit.exponents.first()),
            Self::DepthExponent => effect_entry(separate().and_then(|fit| fit.exponents.first())),
            Self::WidthExponent => effect_entry(separate().and_then(|fit| fit.exponents.get(1))),
            Self::Gap => effect_entry(separate().and_then(|fit| fit.exponent_gap.as_ref())),
            Self::RSquared => effect_entry(Some(&fit.r_squared)),
            Self::Rmse => effect_entry(Some(&fit.rmse)),
            Self::Misfit => effect_entry(fit.misfit.as_ref()),
            Self::LackOfFit => {
                let p_value = fit.lack_of_fit.map(|test| test.p_value);
                Entry::optional(p_value, |value| significant(value, 2, true))
            }
            Self::Forward => Entry::optional(fit.forward_error, |value| fixed(value, 3)),
            Self::LeaveOneOut => effect_entry(fit.leave_one_out.as_ref()),
            Self::LeaveOneRateOut => effect_entry(fit.leave_one_rate_out.as_ref()),
            Self::Aicc => Entry::optional(fit.aicc, |value| fixed(value, 1)),
            Self::Searches => Entry::count(fit.searches.searches),
            Self::NotMonotone => Entry::optional(fit.searches.share_not_monotone(), percent),
        }
    }
}

/// A table with a row for each fit.
fn fit_table(caption: &str, rows: &[&Fit], all: &[Fit], columns: &[FitColumn]) -> Table {
    Table {
        caption: Text::markup(caption),
        columns: columns
            .iter()
            .map(|column| Text::markup(column.heading()))
            .collect(),
        rows: rows
            .iter()
            .map(|fit| {
                columns
                    .iter()
                    .map(|column| column.entry(fit, all))
                    .collect()
            })
            .collect(),
        name: String::new(),
    }
}

/// A table of rows.
fn table(caption: &str, columns: &[&str], rows: Vec<Vec<Entry>>) -> Table {
    Table {
        caption: Text::markup(caption),
        columns: columns.iter().map(|column| Text::markup(column)).collect(),
        rows,
        name: String::new(),
    }
}

/// Markers of cells, one series for each depth, and arrows where a value left the range.
fn cell_series(cells: &[&CellSummary], x: impl Fn(&CellSummary) -> f64) -> Vec<Series> {
    let depths = distinct(cells.iter().map(|cell| cell.depth() as f64));
    let mut series: Vec<Series> = depths
        .iter()
        .enumerate()
        .map(|(order, &depth)| {
            let own = cells.iter().filter(|cell| cell.depth() as f64 == depth);
            let points = own.filter_map(|cell| {
                let ends = cell.estimate.interval.unwrap_or_default();
                Some(Point {
                    x: x(cell),
                    y: cell.estimate.value?,
                    interval: ends[0].zip(ends[1]).map(|(low, high)| [low, high]),
                    note: format!(
                        "{}; {} repeats",
                        cell_name(cell),
                        count(cell.estimate.repeats)
                    ),
                })
            });
            let name = format!("depth {depth}");
            Series::new(&name, Style::nth(order), Data::Points(points.collect()))
        })
        .collect();
    let arrows = |name, marker, bound: fn(&CellSummary) -> Option<f64>| {
        let points = cells.iter().filter_map(|cell| {
            Some(Point {
                x: x(cell),
                y: bound(cell)?,
                interval: None,
                note: cell_name(cell),
            })
        });
        Series::new(
            name,
            Style::with_marker(6, marker),
            Data::Points(points.collect()),
        )
    };
    series.push(arrows("below the range tried", Marker::ArrowDown, |cell| {
        cell.estimate.below
    }));
    series.push(arrows(
        "at or above the range tried",
        Marker::ArrowUp,
        |cell| cell.estimate.at_least,
    ));
    series.retain(|series| !series.is_empty());
    series
}

/// Fitted lines with their bands; the band is that of the strictest filter.
fn line_series(lines: &[&FittedLine]) -> Vec<Series> {
    let mut series = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let words = filter(line.width_over_depth);
        if index + 1 == lines.len() {
            let band = line.places.iter().filter_map(|place| {
                let [low, high] = place.interval?;
                Some([place.x, low, high])
            });
            let data = Data::Band(band.collect());
            series.push(Series::new(
                &format!("band, {words}"),
                Style::neutral(false),
                data,
            ));
        }
        let places = line.places.iter().map(|place| [place.x, place.y]);
        let data = Data::Line(places.collect());
        series.push(Series::new(
            &format!("fit, {words}"),
            Style::neutral(index > 0),
            data,
        ));
    }
    series.retain(|series| !series.is_empty());
    series
}

/// A panel for each input-layer rate, fastest first.
fn rate_panels(
    cells: &[CellSummary],
    lines: &[FittedLine],
    x: impl Fn(&CellSummary) -> f64,
) -> Vec<Panel> {
    let rates = distinct(cells.iter().map(|cell| cell.input_rate));
    let panels = rates.into_iter().rev().map(|rate| {
        let own: Vec<&CellSummary> = cells
            .iter()
            .filter(|cell| cell.input_rate == rate)
            .collect();
        let lines: Vec<&FittedLine> = lines
            .iter()
            .filter(|line| line.input_rate == Some(rate))
            .collect();
        let mut series = line_series(&lines);
        series.extend(cell_series(&own, &x));
        Panel {
            title: Text::markup(&input_rate(Some(rate))),
            series,
        }
    });
    panels.collect()
}

/// A figure, if any of its panels shows something.
fn shown(mut figure: Figure) -> Option<Figure> {
    let is_empty = |panel: &Panel| panel.series.iter().all(Series::is_empty);
    figure.panels.retain(|panel| !is_empty(panel));
    (!figure.panels.is_empty()).then_some(figure)
}

/// A quantity in words and numbers, or a dash.
fn optional_octaves(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), octaves)
}

/// A marker without an interval.
fn mark(x: f64, y: f64, note: String) -> Point {
    Point {
        x,
        y,
        interval: None,
        note,
    }
}

/// A learning rate as an entry, or a dash.
fn rate_entry(value: Option<f64>) -> Entry {
    Entry::optional(value, rate)
}
