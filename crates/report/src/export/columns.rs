use etastar_search::CellRecord;
use serde::Serialize;

use super::table::{Column, Kind, Value};
use crate::fit::kebab;

pub(super) const fn text(name: &'static str, description: &'static str) -> Column {
    Column {
        name,
        description,
        kind: Kind::Text,
    }
}

pub(super) const fn integer(name: &'static str, description: &'static str) -> Column {
    Column {
        name,
        description,
        kind: Kind::Integer,
    }
}

pub(super) const fn real(name: &'static str, description: &'static str) -> Column {
    Column {
        name,
        description,
        kind: Kind::Real,
    }
}

pub(super) const fn boolean(name: &'static str, description: &'static str) -> Column {
    Column {
        name,
        description,
        kind: Kind::Boolean,
    }
}

/// The columns that every table begins with: which cell, and all it is
/// defined by.
pub(super) fn cell_columns() -> Vec<Column> {
    vec![
        text("cell", "Content hash of the cell"),
        text("dataset", "Name of the dataset"),
        integer(
            "train",
            "Training samples asked for; null for all there are",
        ),
        integer(
            "validation",
            "Validation samples asked for; null for the dataset's default",
        ),
        text(
            "gaussians",
            "Parameters of the generated dataset, as JSON; null for others",
        ),
        integer("depth", "Number of hidden layers"),
        integer(
            "width",
            "Common width of the hidden layers; null where they differ",
        ),
        text(
            "hidden",
            "Widths of the hidden layers from the input side, as 64-32",
        ),
        real(
            "input_rate",
            "Learning rate of the input layer relative to the other layers",
        ),
        boolean("bias", "Whether the layers have biases"),
        real(
            "output_gain",
            "Output-layer variance times fan-in: 2 (He) or 1 (LeCun)",
        ),
        text("loss", "Training loss"),
        integer("batch_size", "Samples per mini-batch"),
        integer(
            "budget",
            "SGD steps after which a trial below the threshold has failed",
        ),
        integer(
            "evaluate_every",
            "Steps between evaluations of the validation accuracy",
        ),
        real(
            "threshold",
            "Validation accuracy (0 to 1) at which a trial succeeds",
        ),
        text("search", "How the learning rate is searched, as JSON"),
        text(
            "ladder",
            "Extra rates tried around eta*, as offsets in octaves, as JSON",
        ),
    ]
}

/// A cell's values of [`cell_columns`].
pub(super) fn cell_values(record: &CellRecord) -> Vec<Value> {
    let cell = &record.cell;
    let protocol = &cell.protocol;
    let widths: Vec<String> = cell.hidden.iter().map(usize::to_string).collect();
    vec![
        record.id.as_str().into(),
        kebab(&cell.dataset.name).into(),
        cell.dataset.train.into(),
        cell.dataset.validation.into(),
        cell.dataset.gaussians.as_ref().map(json).into(),
        cell.depth().into(),
        cell.constant_width().into(),
        widths.join("-").into(),
        cell.input_rate.into(),
        cell.bias.into(),
        cell.output_gain.into(),
        kebab(&protocol.loss).into(),
        protocol.batch_size.into(),
        protocol.budget.into(),
        protocol.evaluate_every.into(),
        protocol.threshold.into(),
        json(&protocol.search).into(),
        json(&protocol.ladder).into(),
    ]
}

fn json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_else(|error| error.to_string())
}
