//! The columns of every table, each with its value in a row. What a setting means is written where
//! it is declared, what the others mean in `columns.txt`.

use std::collections::BTreeMap;

use etastar_analysis::{CERTIFIED, CellSummary, Quantity, eta_star_series, kebab, summaries};
use etastar_search::settings::{self, Setting};
use etastar_search::{
    Cell, CellRecord, EtaStar, Protocol, RepeatRecord, Search, SharpnessRecord, SharpnessSettings,
    Snapshot, TrialRecord,
};

use super::TableName;
use super::table::{Column, Datum, Value};

/// Confidence of the cells' intervals.
const CONFIDENCE: f64 = 0.95;

/// Lines of `NAME: DESCRIPTION`.
const DESCRIPTIONS: &str = include_str!("columns.txt");

/// What a row is about: a cell, and further what the table has a row for.
#[derive(Clone)]
pub(super) struct Row<'a> {
    record: &'a CellRecord,
    summary: Option<CellSummary>,
    repeat: Option<&'a RepeatRecord>,
    trial: Option<&'a TrialRecord>,
}

/// A column with the value it has in a row.
pub(super) struct Field {
    pub(super) column: Column,
    pub(super) value: Box<dyn Fn(&Row<'_>) -> Value>,
}

fn field<T: Datum>(name: &'static str, value: impl Fn(&Row<'_>) -> T + 'static) -> Field {
    let mut lines = DESCRIPTIONS
        .lines()
        .filter_map(|line| line.split_once(": "));
    let description = lines.find_map(|(key, text)| (key == name).then_some(text));
    Field {
        column: Column {
            name,
            description: description.unwrap_or_default().to_owned(),
            kind: T::KIND,
        },
        value: Box::new(move |row| value(row).into_value()),
    }
}

fn cell<T: Datum + 'static>(name: &'static str, value: fn(&CellRecord) -> T) -> Field {
    field(name, move |row| value(row.record))
}

/// A setting of the cell, under the name and with the description that it has everywhere.
fn setting<S: Setting, T: Datum>(value: impl Fn(&Cell) -> T + 'static) -> Field {
    let mut description = S::HELP.to_owned();
    if !S::UNIT.is_empty() {
        description.push_str(&format!(" [{}]", S::UNIT));
    }
    let mut field = field(S::name(), move |row| value(&row.record.cell));
    field.column.description = description;
    field
}

fn protocol<S: Setting, T: Datum + 'static>(value: fn(&Protocol) -> T) -> Field {
    setting::<S, _>(move |cell| cell.protocol().map(value))
}

fn sharpness<S: Setting, T: Datum + 'static>(value: fn(&SharpnessSettings) -> T) -> Field {
    setting::<S, _>(move |cell| cell.sharpness().map(value))
}

fn summary<T: Datum + 'static>(name: &'static str, value: fn(&CellSummary) -> T) -> Field {
    field(name, move |row| row.summary.as_ref().map(value))
}

fn search<T: Datum + 'static>(name: &'static str, value: fn(&Search) -> T) -> Field {
    field(name, move |row| row.repeat?.search().map(value))
}

fn trial<T: Datum + 'static>(name: &'static str, value: fn(&TrialRecord) -> T) -> Field {
    field(name, move |row| row.trial.map(value))
}

fn network<T: Datum + 'static>(name: &'static str, value: fn(&SharpnessRecord) -> T) -> Field {
    field(name, move |row| row.repeat?.sharpness().map(value))
}

/// The fields of a table, in order.
pub(super) fn fields(name: TableName) -> Vec<Field> {
    let mut fields = cell_fields();
    fields.extend(match name {
        TableName::Sharpness => vec![
            sharpness::<settings::SharpnessSamples, _>(|settings| settings.samples),
            sharpness::<settings::Bounds, _>(|settings| settings.bounds),
            sharpness::<settings::Prediction, _>(|settings| settings.prediction),
            sharpness::<settings::SharpnessOptimiser, _>(|settings| kebab(&settings.optimiser)),
            sharpness::<settings::SharpnessMomentum, _>(|settings| settings.momentum),
            sharpness::<settings::SharpnessBatch, _>(|settings| settings.batch_size),
            sharpness::<settings::Cheap, _>(|settings| settings.cheap_rates.as_ref().map(kebab)),
        ],
        TableName::Cells | TableName::Repeats | TableName::Trials => protocol_fields(),
    });
    if name != TableName::Cells {
        fields.push(field("repeat", |row| {
            row.repeat.map(|repeat| repeat.repeat)
        }));
    }
    fields.extend(match name {
        TableName::Cells => summary_fields(),
        TableName::Repeats => search_fields(),
        TableName::Trials => trial_fields(),
        TableName::Sharpness => network_fields(),
    });
    fields
}

/// The rows of a table, in order.
pub(super) fn rows(snapshot: &Snapshot, name: TableName) -> Vec<Row<'_>> {
    let is_sharpness = name == TableName::Sharpness;
    let cells = snapshot.cells.iter();
    let cells = cells.filter(|record| record.cell.sharpness().is_some() == is_sharpness);
    let series = eta_star_series(snapshot);
    let summaries = series
        .iter()
        .flat_map(|series| summaries(&series.cells, Quantity::EtaStar, CONFIDENCE));
    let summaries = summaries.map(|summary| (summary.id.clone(), summary));
    let mut summaries: BTreeMap<String, CellSummary> = summaries.collect();
    let mut rows = Vec::new();
    for record in cells {
        let of_cell = Row {
            record,
            summary: summaries.remove(&record.id),
            repeat: None,
            trial: None,
        };
        if name == TableName::Cells {
            rows.push(of_cell);
            continue;
        }
        let mut repeats: Vec<&RepeatRecord> = record.repeats.iter().collect();
        repeats.sort_by_key(|repeat| repeat.repeat);
        for repeat in repeats {
            let of_repeat = Row {
                repeat: Some(repeat),
                ..of_cell.clone()
            };
            if name != TableName::Trials {
                rows.push(of_repeat);
                continue;
            }
            let trials = repeat.search().map(|search| &search.trials);
            let mut trials: Vec<&TrialRecord> = trials.into_iter().flatten().collect();
            trials.sort_by(|a, b| a.learning_rate.total_cmp(&b.learning_rate));
            rows.extend(trials.into_iter().map(|trial| Row {
                trial: Some(trial),
                ..of_repeat.clone()
            }));
        }
    }
    rows
}

/// Which cell, and what it is besides its measurement.
fn cell_fields() -> Vec<Field> {
    vec![
        cell("cell", |record| record.id.clone()),
        cell("dataset", |record| record.cell.dataset.title().into_owned()),
        cell("train", |record| record.cell.dataset.train),
        cell("validation", |record| record.cell.dataset.validation),
        cell("gaussians", |record| {
            record.cell.dataset.gaussians.as_ref().map(kebab)
        }),
        cell("pool", |record| record.cell.dataset.pool),
        cell("standardise", |record| {
            kebab(&record.cell.dataset.standardise)
        }),
        cell("inputs", |record| record.inputs),
        cell("outputs", |record| record.outputs),
        cell("depth", |record| record.cell.depth()),
        cell("width", |record| record.cell.constant_width()),
        cell("hidden", |record| {
            let widths: Vec<String> = record.cell.hidden.iter().map(usize::to_string).collect();
            // With hyphens, spreadsheets would read a date.
            widths.join("x")
        }),
        setting::<settings::InputRate, _>(|cell| cell.input_rate),
        setting::<settings::RelativeRates, _>(|cell| kebab(&cell.layer_rates)),
        setting::<settings::Bias, _>(|cell| cell.bias),
        setting::<settings::OutputGain, _>(|cell| cell.output_gain),
        setting::<settings::ActivationFunction, _>(|cell| kebab(&cell.form.activation)),
        setting::<settings::ResidualScale, _>(|cell| kebab(&cell.form.residual)),
        setting::<settings::ResidualBlock, _>(|cell| usize::from(cell.form.block)),
        setting::<settings::Normalisation, _>(|cell| kebab(&cell.form.norm)),
        setting::<settings::WidthRule, _>(|cell| kebab(&cell.form.parametrisation)),
        cell("checkpoint", |record| {
            record.cell.checkpoint.as_ref().map(kebab)
        }),
        setting::<settings::Varies, _>(|cell| kebab(&cell.vary)),
        setting::<settings::TrainingLoss, _>(|cell| kebab(&cell.loss())),
    ]
}

/// How eta\* is measured.
fn protocol_fields() -> Vec<Field> {
    vec![
        protocol::<settings::BatchSize, _>(|protocol| protocol.batch_size),
        protocol::<settings::Budget, _>(|protocol| protocol.budget),
        protocol::<settings::EvaluateEvery, _>(|protocol| protocol.evaluate_every),
        protocol::<settings::Threshold, _>(|protocol| protocol.threshold),
        protocol::<settings::Success, _>(|protocol| kebab(&protocol.success)),
        protocol::<settings::AccuracyMargin, _>(|protocol| protocol.accuracy_margin),
        protocol::<settings::DivergenceFactor, _>(|protocol| protocol.divergence_factor),
        protocol::<settings::WarmUp, _>(|protocol| protocol.warm_up),
        protocol::<settings::OptimiserName, _>(|protocol| kebab(&protocol.optimiser)),
        protocol::<settings::Momentum, _>(|protocol| protocol.momentum),
        protocol::<settings::SecondMomentum, _>(|protocol| protocol.beta2),
        protocol::<settings::WeightDecay, _>(|protocol| protocol.weight_decay),
        protocol::<settings::ClipNorm, _>(|protocol| protocol.clip),
        protocol::<settings::WholeBudget, _>(|protocol| protocol.whole_budget),
        protocol::<settings::Method, _>(|protocol| kebab(&protocol.search)),
        protocol::<settings::Ladder, _>(|protocol| kebab(&protocol.ladder)),
    ]
}

/// The eta\* of one cell over its repeats.
fn summary_fields() -> Vec<Field> {
    vec![
        summary("eta_star", |cell| cell.estimate.value),
        summary("log2_eta_star", |cell| cell.estimate.log2),
        summary("centre", |cell| kebab(&cell.estimate.centre)),
        summary("interval_low", |cell| cell.estimate.interval?[0]),
        summary("interval_high", |cell| cell.estimate.interval?[1]),
        summary("confidence", |_| CONFIDENCE),
        summary("below", |cell| cell.estimate.below),
        summary("at_least", |cell| cell.estimate.at_least),
        summary("found", |cell| cell.searches.found),
        summary("nothing_succeeds", |cell| cell.searches.nothing_succeeds),
        summary("nothing_fails", |cell| cell.searches.nothing_fails),
        summary("non_monotone", |cell| cell.searches.not_monotone),
        summary("trials", |cell| cell.searches.trials),
    ]
}

/// One finished search.
fn search_fields() -> Vec<Field> {
    fn found(search: &Search) -> Option<f64> {
        match search.eta_star {
            EtaStar::Found { eta_star, .. } => Some(eta_star),
            EtaStar::NothingSucceeds { .. } | EtaStar::NothingFails { .. } => None,
        }
    }
    vec![
        search("result", |search| {
            let name = match search.eta_star {
                EtaStar::Found { .. } => "found",
                EtaStar::NothingSucceeds { .. } => "nothing-succeeds",
                EtaStar::NothingFails { .. } => "nothing-fails",
            };
            name.to_owned()
        }),
        search("eta_star", found),
        search("log2_eta_star", |search| found(search).map(f64::log2)),
        search("lower", |search| match search.eta_star {
            EtaStar::NothingFails { highest } => Some(highest),
            _ => found(search),
        }),
        search("upper", |search| match search.eta_star {
            EtaStar::Found { upper, .. } => Some(upper),
            EtaStar::NothingSucceeds { lowest } => Some(lowest),
            EtaStar::NothingFails { .. } => None,
        }),
        search("monotone", |search| search.monotone),
        search("trials", |search| search.trials.len()),
    ]
}

/// One training at one learning rate.
fn trial_fields() -> Vec<Field> {
    vec![
        trial("learning_rate", |trial| trial.learning_rate),
        trial("log2_learning_rate", |trial| trial.learning_rate.log2()),
        trial("outcome", |trial| trial.outcome.as_str().to_owned()),
        trial("steps", |trial| trial.steps),
        trial("first_loss", |trial| trial.losses.first),
        trial("last_loss", |trial| trial.losses.last),
        trial("largest_loss", |trial| trial.losses.largest),
        trial("diverged_at", |trial| trial.losses.diverged_at),
        trial("late_loss", |trial| trial.losses.late),
        trial("largest_output", |trial| {
            let outputs = trial.curve.iter().filter_map(|point| point.largest_output);
            outputs.max_by(f64::total_cmp)
        }),
        trial("best_accuracy", |trial| {
            let accuracies = trial.curve.iter().map(|point| point.accuracy);
            accuracies.max_by(f64::total_cmp)
        }),
        trial("final_accuracy", |trial| Some(trial.curve.last()?.accuracy)),
        trial("seconds", |trial| trial.seconds),
    ]
}

/// The sharpness of one network.
fn network_fields() -> Vec<Field> {
    let mut fields = vec![
        network("hessian_largest", |record| record.sharpness.hessian.largest),
        network("hessian_smallest", |record| {
            record.sharpness.hessian.smallest
        }),
        network("hessian_residual", |record| {
            record.sharpness.hessian.residual
        }),
        network("converged", |SharpnessRecord { sharpness, .. }| {
            sharpness.hessian.converged && sharpness.gauss_newton.converged
        }),
        network("products", |record| record.sharpness.hessian.products),
        network("gauss_newton_largest", |record| {
            record.sharpness.gauss_newton.largest
        }),
        network("gauss_newton_residual", |record| {
            record.sharpness.gauss_newton.residual
        }),
        network("trace", |record| record.sharpness.trace),
    ];
    fields.extend(CERTIFIED.iter().map(|bound| {
        let value = field(bound.name, |row| {
            let sharpness = &row.repeat?.sharpness()?.sharpness;
            sharpness.bounds.as_ref().map(bound.of)
        });
        Field {
            column: Column {
                description: bound.description.to_owned(),
                ..value.column
            },
            ..value
        }
    }));
    fields.extend([
        network("residual_upper_classwise", |record| {
            Some(record.sharpness.bounds.as_ref()?.upper.residual.classwise)
        }),
        network("residual_upper_samplewise", |record| {
            Some(record.sharpness.bounds.as_ref()?.upper.residual.samplewise)
        }),
        network("residual_upper_averaged", |record| {
            Some(record.sharpness.bounds.as_ref()?.upper.residual.averaged)
        }),
        cell("prediction_plain", |record| {
            Some(record.prediction.as_ref()?.plain)
        }),
        cell("prediction_finite_width", |record| {
            Some(record.prediction.as_ref()?.finite_width)
        }),
        cell("prediction_layered", |record| {
            Some(record.prediction.as_ref()?.layered)
        }),
        network("critical_rate", |record| {
            record.cheap_rates?.critical.learning_rate
        }),
        network("range_test_rate", |record| {
            record.cheap_rates?.range_test.learning_rate
        }),
        network("seconds", |record| record.seconds),
    ]);
    fields
}
