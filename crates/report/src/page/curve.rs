//! The curve of one network: what became of every learning rate that was tried.

use etastar_analysis::Estimate;
use etastar_search::{CellRecord, Manifest, Outcome, TrialRecord};

use super::document::{Report, Section};
use super::words;
use crate::figure::{Axis, Data, Figure, Marker, Panel, Point, Scale, Series, Style, Text};

impl Report {
    /// The validation accuracy (or `R^2`) and the largest loss of every trial against its learning rate, with
    /// eta\* and its interval.
    pub fn curve(
        title: &str,
        record: &CellRecord,
        manifest: &Manifest,
        estimate: &Estimate,
    ) -> Self {
        let trials = record.repeats.iter().filter_map(|repeat| repeat.search());
        let trials: Vec<&TrialRecord> = trials.flat_map(|search| &search.trials).collect();
        // `R^2` has no lower end.
        let accuracy =
            |trial: &TrialRecord| Some(trial.curve.last().map_or(0.0, |one| one.accuracy.max(0.0)));
        let name = words::accuracy(&record.cell);
        let negative = match record.cell.dataset.is_regression() {
            true => "is negative or ",
            false => "",
        };
        let loss = |trial: &TrialRecord| trial.losses.largest;
        let conditions = words::conditions(manifest, Some(&record.cell));
        let figures = [
            figure(
                "accuracy",
                &format!(
                    "Validation {name} at the end of every trial, 0 where it {negative}ended before \
                     the first evaluation.",
                ),
                Axis::new(&format!("validation {name}"), "accuracy", Scale::Linear),
                panel(&trials, accuracy, estimate, [0.0, 1.0]),
                &conditions,
            ),
            figure(
                "loss",
                "Largest training loss of every trial.",
                Axis::new("largest loss", "largest_loss", Scale::Log2),
                panel(
                    &trials,
                    loss,
                    estimate,
                    ends(trials.iter().filter_map(|one| loss(one))),
                ),
                &conditions,
            ),
        ];
        let mut section = Section::new(2, "curve", "Every learning rate tried");
        for figure in figures {
            section.figure(figure);
        }
        Self {
            title: Text::plain(title),
            lead: Vec::new(),
            sections: vec![section],
            is_alone: true,
        }
    }
}

fn figure(name: &str, says: &str, y: Axis, panel: Panel, conditions: &str) -> Figure {
    Figure {
        name: name.to_owned(),
        caption: Text::markup(&format!(
            "{says} The line is η*, the band its interval. {conditions}"
        )),
        x: Axis::new("learning rate", "learning_rate", Scale::Log2),
        y,
        panels: vec![panel],
    }
}

fn panel(
    trials: &[&TrialRecord],
    value: impl Fn(&TrialRecord) -> Option<f64>,
    estimate: &Estimate,
    [low, high]: [f64; 2],
) -> Panel {
    let ended = |outcomes: &[Outcome]| {
        let own = trials
            .iter()
            .filter(|trial| outcomes.contains(&trial.outcome));
        let points = own.filter_map(|trial| {
            Some(Point {
                x: trial.learning_rate,
                y: value(trial)?,
                interval: None,
                note: format!("{} steps", trial.steps),
            })
        });
        Data::Points(points.collect())
    };
    let mut series = Vec::new();
    if let Some([Some(from), Some(to)]) = estimate.interval {
        let band = Data::Band(vec![[from, low, high], [to, low, high]]);
        series.push(Series::new("interval of η*", Style::neutral(false), band));
    }
    if let Some(eta_star) = estimate.value {
        let line = Data::Line(vec![[eta_star, low], [eta_star, high]]);
        series.push(Series::new("η*", Style::neutral(false), line));
    }
    let style = Style::with_marker;
    series.extend([
        Series::new(
            "success",
            style(2, Marker::Circle),
            ended(&[Outcome::Success]),
        ),
        Series::new(
            "budget used up",
            style(0, Marker::Ring),
            ended(&[Outcome::Exhausted]),
        ),
        Series::new(
            "diverged",
            style(1, Marker::Cross),
            ended(&[Outcome::NonFinite, Outcome::Diverged]),
        ),
    ]);
    series.retain(|one| !one.is_empty());
    Panel {
        title: Text::default(),
        series,
    }
}

/// The least and the largest of some numbers.
fn ends(values: impl Iterator<Item = f64>) -> [f64; 2] {
    let start = [f64::INFINITY, 0.0];
    let [low, high] = values.fold(start, |[low, high], value| {
        [low.min(value), high.max(value)]
    });
    if low > high { [1.0, 2.0] } else { [low, high] }
}
