use etastar_search::{EtaStar, Outcome, RepeatRecord};

use crate::figure::{Axis, Data, Figure, Marker, Panel, Point, Scale, Series, Style, Text};
use crate::page::document::Section;
use crate::page::number::setting;
use crate::page::study::{Measured, Study, distinct};

/// Repeats shown of one cell.
const MOST_REPEATS: usize = 20;

/// Every trial of two cells, and how often success was not monotone.
pub(in crate::page) fn searches(study: &Study<'_>) -> Section {
    let title = "Success against learning rate";
    let id = format!("{}-searches", study.id);
    let mut section = Section::new(3, id.clone(), Text::markup(title));
    let cells: Vec<Measured<'_>> = study
        .cells
        .iter()
        .copied()
        .filter(|cell| cell.repeats() > 0)
        .collect();
    let shown = extremes(&cells);
    if shown.is_empty() {
        section.paragraph("No repeat is finished.");
        return section;
    }
    section.figure(strips(study, id, &shown));
    section.figure(not_monotone(study, &cells));
    section
}

/// The cells of least and of largest width over depth, at the slowest input
/// layer that has them.
fn extremes<'a>(cells: &[Measured<'a>]) -> Vec<Measured<'a>> {
    let order = |a: &&Measured<'_>, b: &&Measured<'_>| {
        let rates = (a.cell().input_rate, b.cell().input_rate);
        (a.ratio().total_cmp(&b.ratio()), rates.0.total_cmp(&rates.1))
    };
    let narrow = cells.iter().min_by(|a, b| {
        let (ratio, rate) = order(a, b);
        ratio.then(rate)
    });
    let wide = cells.iter().min_by(|a, b| {
        let (ratio, rate) = order(a, b);
        ratio.reverse().then(rate)
    });
    let mut shown: Vec<Measured<'a>> = narrow.into_iter().chain(wide).copied().collect();
    shown.dedup_by(|a, b| a.record.id == b.record.id);
    shown
}

fn strips(study: &Study<'_>, name: String, shown: &[Measured<'_>]) -> Figure {
    let rows = shown.iter().map(Measured::repeats).max().unwrap_or(0);
    let names = (0..rows.min(MOST_REPEATS))
        .map(|row| format!("repeat {}", row + 1))
        .collect();
    let panels = shown
        .iter()
        .map(|cell| Panel {
            title: Text::markup(&format!("depth {}, width {}", cell.depth(), cell.width())),
            series: strip_series(&cell.record.repeats),
        })
        .collect();
    let rates: Vec<String> = distinct(shown, |cell| cell.cell().input_rate)
        .into_iter()
        .map(setting)
        .collect();
    Figure {
        name,
        caption: Text::markup(&format!(
            "Every trial of the cells of {} with the least and the largest width over depth \
             (μ_{{in}} = {}), a row for each repeat{}. The upright bar is η* of the repeat. {}",
            study.label,
            rates.join(" and "),
            if rows > MOST_REPEATS {
                format!(" of the first {MOST_REPEATS}")
            } else {
                String::new()
            },
            study.conditions()
        )),
        x: Axis::new("learning rate", "learning_rate", Scale::Log2),
        y: Axis::new("", "repeat", Scale::Names(names)),
        panels,
    }
}

fn strip_series(repeats: &[RepeatRecord]) -> Vec<Series> {
    let repeats = || repeats.iter().take(MOST_REPEATS).enumerate();
    let found = repeats()
        .filter_map(|(row, repeat)| match repeat.eta_star {
            EtaStar::Found { eta_star, upper } => {
                let note = format!("repeat {}; failed at {upper:.4}", row + 1);
                Some(mark(eta_star, row, note))
            }
            EtaStar::NothingSucceeds { .. } | EtaStar::NothingFails { .. } => None,
        })
        .collect();
    let of = |outcome: Outcome| {
        repeats()
            .flat_map(|(row, repeat)| {
                let trials = repeat.trials.iter().filter(|t| t.outcome == outcome);
                trials.map(move |trial| {
                    let note = format!("repeat {}; {} steps", row + 1, trial.steps);
                    mark(trial.learning_rate, row, note)
                })
            })
            .collect()
    };
    let series = |name, colour, marker, points| {
        Series::new(
            name,
            Style::with_marker(colour, marker),
            Data::Points(points),
        )
    };
    vec![
        series("η*", 6, Marker::Bar, found),
        series("success", 2, Marker::Circle, of(Outcome::Success)),
        series("not finite", 1, Marker::Cross, of(Outcome::NonFinite)),
        series("budget exhausted", 4, Marker::Ring, of(Outcome::Exhausted)),
    ]
}

fn mark(x: f64, row: usize, note: String) -> Point {
    Point {
        x,
        y: row as f64,
        interval: None,
        note,
    }
}

fn not_monotone(study: &Study<'_>, cells: &[Measured<'_>]) -> Figure {
    let series = distinct(cells, |cell| cell.cell().input_rate)
        .into_iter()
        .rev()
        .enumerate()
        .map(|(order, rate)| {
            let own: Vec<Measured<'_>> = cells
                .iter()
                .copied()
                .filter(|cell| cell.cell().input_rate == rate)
                .collect();
            let points = distinct(&own, |cell| cell.ratio())
                .into_iter()
                .map(|ratio| {
                    let of = || own.iter().filter(|cell| cell.ratio() == ratio);
                    let not: usize = of().map(Measured::not_monotone).sum();
                    let all: usize = of().map(Measured::repeats).sum();
                    Point {
                        x: ratio,
                        y: not as f64 / all as f64,
                        interval: None,
                        note: format!("{not} of {all} repeats"),
                    }
                })
                .collect();
            let name = format!("μ_{{in}} = {}", setting(rate));
            Series::new(&name, Style::nth(order), Data::Points(points))
        })
        .collect();
    let mut y = Axis::new("share not monotone", "share_not_monotone", Scale::Linear);
    y.range = Some([-0.04, 1.04]);
    Figure {
        name: format!("{}-not-monotone", study.id),
        caption: Text::markup(&format!(
            "Share of the repeats of {} in which a rate failed below one that succeeded, against width over \
             depth; cells of the same ratio are taken together. {}",
            study.label,
            study.conditions()
        )),
        x: Axis::new("width / depth", "width_over_depth", Scale::Log2),
        y,
        panels: vec![Panel {
            title: Text::default(),
            series,
        }],
    }
}
