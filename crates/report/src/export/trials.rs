use etastar_search::{Snapshot, TrialRecord};

use super::columns::{cell_columns, cell_values, integer, real, text};
use super::repeats::in_order;
use super::table::Table;
use crate::fit::kebab;

/// One row for each training at one learning rate.
pub fn trials(snapshot: &Snapshot) -> Table {
    let mut columns = cell_columns();
    columns.extend([
        integer(
            "repeat",
            "Index of the repeat, from 0: its initialisation and batch order",
        ),
        real("learning_rate", "The constant learning rate"),
        real("log2_learning_rate", "Base-2 logarithm of learning_rate"),
        text(
            "outcome",
            "success, non-finite or exhausted: how the trial ended",
        ),
        integer("steps", "SGD steps taken when it ended"),
        real(
            "last_loss",
            "Training loss of the last mini-batch; null when not finite",
        ),
        real(
            "best_accuracy",
            "Best validation accuracy of all evaluations; null without any",
        ),
        real(
            "final_accuracy",
            "Validation accuracy of the last evaluation; null without any",
        ),
        real("seconds", "Wall-clock seconds"),
    ]);
    let mut rows = Vec::new();
    for record in &snapshot.cells {
        let of_cell = cell_values(record);
        for repeat in in_order(record) {
            let mut trials: Vec<&TrialRecord> = repeat.trials.iter().collect();
            trials.sort_by(|a, b| a.learning_rate.total_cmp(&b.learning_rate));
            for trial in trials {
                let accuracies = || trial.curve.iter().map(|point| point.accuracy);
                let mut row = of_cell.clone();
                row.extend([
                    repeat.repeat.into(),
                    trial.learning_rate.into(),
                    trial.learning_rate.log2().into(),
                    kebab(&trial.outcome).into(),
                    trial.steps.into(),
                    trial.last_loss.into(),
                    accuracies().max_by(f64::total_cmp).into(),
                    accuracies().next_back().into(),
                    trial.seconds.into(),
                ]);
                rows.push(row);
            }
        }
    }
    Table {
        name: "trials",
        columns,
        rows,
    }
}
