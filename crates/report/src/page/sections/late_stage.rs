use etastar_search::Snapshot;

use super::scope::{entry, intervals, written};
use crate::analysis::{
    AnalysisOptions, DatasetCells, Effect, LateStage, NotMeasured, Quantity, Rate, SharpnessKind,
    Step, Trajectory, datasets,
};
use crate::figure::{Axis, Data, Figure, Marker, Panel, Point, Scale, Series, Style, Text};
use crate::page::document::{Entry, Section, Table};
use crate::page::number::{count, counted, fixed, octaves, percent, rate, setting};
use crate::page::study::{ascending, conditions, unique_id};

/// Claim C2: the largest usable rate later in training, a section for each
/// dataset that has checkpoints.
pub(in crate::page) fn late_stage(snapshot: &Snapshot) -> Vec<(String, Section)> {
    let mut ids: Vec<String> = Vec::new();
    datasets(snapshot)
        .iter()
        .filter_map(|cells| {
            let late = of(cells)?;
            let id = unique_id(&format!("{}-late-stage", cells.label), |id| {
                ids.iter().any(|other| other == id)
            });
            ids.push(id.clone());
            let title = "The largest usable rate as training goes on";
            let mut section = Section::new(3, id.clone(), Text::markup(title));
            section.paragraph(opening(&late));
            section.list(sentences(&late));
            let caption = Caption {
                snapshot,
                label: &cells.label,
                late: &late,
            };
            section.figure(course(&caption, format!("{id}-rate"), Quantity::Rate));
            if late.has_sharpness() {
                section.figure(course(&caption, format!("{id}-product"), Quantity::Product));
                section.figure(scatter(&caption, format!("{id}-sharpness")));
            }
            section.table(table(&late));
            Some((cells.label.clone(), section))
        })
        .collect()
}

fn of<'a>(cells: &DatasetCells<'a>) -> Option<LateStage<'a>> {
    LateStage::of(cells, Rate::Pooled, SharpnessKind::Preconditioned).ok()
}

fn three(value: f64) -> String {
    fixed(value, 3)
}

fn opening(late: &LateStage<'_>) -> Text {
    let steps: Vec<String> = late.steps.iter().map(|steps| count(*steps)).collect();
    Text::markup(&format!(
        "Networks are trained at a constant rate for {} steps. The largest usable rate from each \
         of these checkpoints on is the largest at which training goes on without losing \
         validation accuracy; at step 0 it is η* under this rule of success.",
        steps.join(", ")
    ))
}

fn sentences(late: &LateStage<'_>) -> Vec<Text> {
    let options = AnalysisOptions::default();
    let last = late.stage(Step::Last);
    let steps = counted(late.steps.last().copied().unwrap_or(0), "step", "steps");
    let mut told = Vec::new();
    for quantity in Quantity::ALL {
        if let Ok(change) = late.change(quantity, &options) {
            told.push(Text::markup(&format!(
                "After {steps}, {} has changed by {} octaves, a factor of {}{}.",
                quantity.words(),
                written(&change, octaves),
                rate(change.value.exp2()),
                undecided(&change, 0.0, "the interval contains no change"),
            )));
        }
    }
    if let (Ok(first), Ok(later)) = (late.slope(0, &options), late.slope(last, &options)) {
        told.push(Text::markup(&format!(
            "Across cells, the slope of log_{{2}} rate on log_{{2}} λ_{{1}} is {} at step 0 and \
             {} after {steps}.",
            written(&first, three),
            written(&later, three)
        )));
    }
    if let (Ok(first), Ok(later), Ok(change)) = (
        late.exponent(0, &options),
        late.exponent(last, &options),
        late.exponent_change(&options),
    ) {
        told.push(Text::markup(&format!(
            "The exponent a of rate = C (depth × width)^{{−a}} is {} at step 0 and {} after \
             {steps}: a change of {}{}.",
            written(&first, three),
            written(&later, three),
            written(&change, three),
            undecided(&change, 0.0, "the interval contains no change"),
        )));
    }
    told.extend(censored(late));
    told
}

/// Searches that left their range, if any did.
fn censored(late: &LateStage<'_>) -> Option<Text> {
    let stages = (0..late.steps.len()).map(|stage| late.searches(stage));
    let [below, above, all] = stages.fold([0; 3], |[below, above, all], own| {
        [below + own[0], above + own[1], all + own[2]]
    });
    (below + above > 0).then(|| {
        Text::markup(&format!(
            "Of {}, {} found no rate in range that succeeds and {} none that fails; they do not \
             enter.",
            counted(all, "search", "searches"),
            count(below),
            count(above)
        ))
    })
}

/// A clause where the interval contains a number.
fn undecided(effect: &Effect, number: f64, clause: &str) -> String {
    match effect.interval {
        Some([low, high]) if low <= number && number <= high => format!("; {clause}"),
        Some(_) => String::new(),
        None => "; too few architectures for an interval".to_owned(),
    }
}

/// What captions are made from.
struct Caption<'a, 'b> {
    snapshot: &'b Snapshot,
    label: &'b str,
    late: &'b LateStage<'a>,
}

impl Caption<'_, '_> {
    /// How the numbers came about.
    fn conditions(&self) -> String {
        let cells = || {
            let trajectories = self.late.groups.iter().flatten();
            trajectories.flat_map(|own| own.cells.iter().flatten())
        };
        let example = cells().next().map(|joined| &joined.rates.cell);
        let mut checkpoints = cells().filter_map(|joined| joined.rates.cell.checkpoint);
        let training = checkpoints.next().map(|checkpoint| {
            format!(
                "Checkpoints: constant rate {}, batches of {}. ",
                setting(checkpoint.learning_rate),
                checkpoint.batch_size
            )
        });
        format!(
            "{}{}",
            training.unwrap_or_default(),
            conditions(&self.snapshot.manifest, example)
        )
    }
}

/// The input-layer rates, fastest first.
fn rates(late: &LateStage<'_>) -> Vec<f64> {
    let trajectories = late.groups.iter().flatten();
    let mut rates = ascending(trajectories.map(|own| own.input_rate));
    rates.reverse();
    rates
}

/// A quantity against the steps of training, a line for each architecture:
/// its colour tells the depth, its marker the width.
fn course(caption: &Caption<'_, '_>, name: String, quantity: Quantity) -> Figure {
    let late = caption.late;
    let all = || late.groups.iter().flatten();
    let depths = ascending(all().map(|own| own.depth as f64));
    let widths = ascending(all().map(|own| own.width as f64));
    let place = |values: &[f64], value: usize| {
        let found = values.iter().position(|other| *other == value as f64);
        found.unwrap_or(0)
    };
    let shapes = Marker::SERIES;
    let panels = rates(late)
        .into_iter()
        .map(|input_rate| Panel {
            title: Text::markup(&format!("μ_{{in}} = {}", setting(input_rate))),
            series: all()
                .filter(|own| own.input_rate == input_rate)
                .flat_map(|own| {
                    let shape = place(&widths, own.width) % shapes.len();
                    let marker = shapes.get(shape).copied().unwrap_or(Marker::Circle);
                    let style = Style::with_marker(place(&depths, own.depth), marker);
                    drawn(own, late, quantity, style)
                })
                .collect(),
        })
        .collect();
    let (symbol, column) = match quantity {
        Quantity::Rate => ("largest usable rate", "largest_usable_rate"),
        Quantity::Sharpness => ("λ_{1}", "sharpness"),
        Quantity::Product => ("largest usable rate × λ_{1}", "rate_times_sharpness"),
    };
    let edge = match quantity {
        Quantity::Product => " At 2 a full-batch step on a quadratic loss would become unstable.",
        Quantity::Rate | Quantity::Sharpness => "",
    };
    Figure {
        name,
        caption: Text::markup(&format!(
            "Course of {} of every architecture of {} as training goes on, geometric means over \
             repeats with {} intervals over repeats.{edge} Colours: depth; markers: width. {}",
            quantity.words(),
            caption.label,
            percent(AnalysisOptions::default().confidence),
            caption.conditions()
        )),
        x: Axis::new("steps + 1", "steps_plus_one", Scale::Log2),
        y: Axis::new(symbol, column, Scale::Log2),
        panels,
    }
}

fn drawn(
    own: &Trajectory<'_>,
    late: &LateStage<'_>,
    quantity: Quantity,
    style: Style,
) -> [Series; 2] {
    let name = format!("depth {}, width {}", own.depth, own.width);
    let stages = late.steps.iter().enumerate();
    let points: Vec<Point> = stages
        .filter_map(|(stage, steps)| {
            Some(Point {
                x: (steps + 1) as f64,
                y: own.log2_of(quantity, stage)?.exp2(),
                interval: own.interval(quantity, stage, &AnalysisOptions::default()),
                note: format!("{name}, after {}", counted(*steps, "step", "steps")),
            })
        })
        .collect();
    let line = points.iter().map(|point| [point.x, point.y]).collect();
    [
        Series::new(&name, style, Data::Line(line)),
        Series::new(&name, style, Data::Points(points)),
    ]
}

/// The rate against the sharpness at the same checkpoint.
fn scatter(caption: &Caption<'_, '_>, name: String) -> Figure {
    let late = caption.late;
    let panels = rates(late)
        .into_iter()
        .map(|input_rate| {
            let stages = late.steps.iter().enumerate();
            let markers = stages.map(|(stage, steps)| {
                let name = counted(*steps, "step", "steps");
                let points = at_checkpoint(late, input_rate, stage);
                Series::new(&name, Style::nth(stage), Data::Points(points))
            });
            let edge = stability(late, input_rate);
            Panel {
                title: Text::markup(&format!("μ_{{in}} = {}", setting(input_rate))),
                series: edge.into_iter().chain(markers).collect(),
            }
        })
        .collect();
    let symbol = SharpnessKind::Preconditioned.symbol();
    Figure {
        name,
        caption: Text::markup(&format!(
            "Largest usable rate of every cell of {} against {symbol} at the same checkpoint, \
             geometric means over repeats, with {} intervals of the rate over repeats. Dashed: \
             rate × λ_{{1}} = 2, the edge of linear stability. {}",
            caption.label,
            percent(AnalysisOptions::default().confidence),
            caption.conditions()
        )),
        x: Axis::new(symbol, "sharpness", Scale::Log2),
        y: Axis::new("largest usable rate", "largest_usable_rate", Scale::Log2),
        panels,
    }
}

fn at_checkpoint(late: &LateStage<'_>, input_rate: f64, stage: usize) -> Vec<Point> {
    let own = late.groups.iter().flatten();
    own.filter(|own| own.input_rate == input_rate)
        .filter_map(|own| {
            Some(Point {
                x: own.log2_of(Quantity::Sharpness, stage)?.exp2(),
                y: own.log2_of(Quantity::Rate, stage)?.exp2(),
                interval: own.interval(Quantity::Rate, stage, &AnalysisOptions::default()),
                note: format!("depth {}, width {}", own.depth, own.width),
            })
        })
        .collect()
}

/// `rate * lambda_1 = 2` over the range of the sharpness.
fn stability(late: &LateStage<'_>, input_rate: f64) -> Option<Series> {
    let stages = 0..late.steps.len();
    let all = stages.flat_map(|stage| at_checkpoint(late, input_rate, stage));
    let ends = ascending(all.map(|point| point.x));
    let line = [*ends.first()?, *ends.last()?].map(|x| [x, 2.0 / x]);
    Some(Series::new(
        "rate × λ_{1} = 2",
        Style::neutral(true),
        Data::Line(line.to_vec()),
    ))
}

fn table(late: &LateStage<'_>) -> Table {
    let options = AnalysisOptions::default();
    let level = |quantity: Quantity, stage: usize| {
        let exponential = |level: Effect| Effect {
            value: level.value.exp2(),
            interval: level.interval.map(|ends| ends.map(f64::exp2)),
            ..level
        };
        let level = late.level(quantity, stage, &options).map(exponential).ok();
        entry(level.as_ref(), rate)
    };
    let plain = |effect: Result<Effect, NotMeasured>| entry(effect.ok().as_ref(), three);
    let rows = late.steps.iter().enumerate().map(|(stage, steps)| {
        let [below, above, all] = late.searches(stage);
        vec![
            Entry::count(*steps),
            level(Quantity::Rate, stage),
            level(Quantity::Sharpness, stage),
            level(Quantity::Product, stage),
            plain(late.slope(stage, &options)),
            plain(late.exponent(stage, &options)),
            Entry::count(all),
            Entry::count(below),
            Entry::count(above),
        ]
    });
    Table {
        caption: Text::markup(&format!(
            "By checkpoint, with {}: geometric means over the cells that have a value at every \
             checkpoint; slope of log_{{2}} rate on log_{{2}} λ_{{1}} across cells; exponent a of \
             rate = C (depth × width)^{{−a}}. Searches in which no rate in range succeeded, or \
             none failed, are counted and do not enter.",
            intervals()
        )),
        columns: vec![
            Text::markup("steps"),
            Text::markup("rate"),
            Text::markup("λ_{1}"),
            Text::markup("rate × λ_{1}"),
            Text::markup("slope"),
            Text::markup("a"),
            Text::markup("searches"),
            Text::markup("nothing succeeds"),
            Text::markup("nothing fails"),
        ],
        rows: rows.collect(),
        name: String::new(),
    }
}
