use etastar_search::{CellRecord, EtaStar, Snapshot};
use serde::Serialize;

/// Cells that may be fitted together: they differ only in the widths of their
/// hidden layers and in the input-layer rate.
#[derive(Debug, Clone)]
pub struct Series<'a> {
    /// Name of the dataset. Where the store holds several series of one
    /// dataset, the constants in which they differ follow in brackets, as
    /// `mnist (threshold 0.3, batch_size 128)`.
    pub label: String,
    /// Its cells, in the grid's order.
    pub cells: Vec<&'a CellRecord>,
}

/// The series of a store, in the grid's order of their first cells.
pub fn series(snapshot: &Snapshot) -> Vec<Series<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for record in &snapshot.cells {
        let constants = constants(record);
        match groups.iter_mut().find(|(key, _)| *key == constants) {
            Some((_, cells)) => cells.push(record),
            None => groups.push((constants, vec![record])),
        }
    }
    let labels: Vec<String> = groups
        .iter()
        .map(|(constants, cells)| label(constants, cells, &groups))
        .collect();
    groups
        .into_iter()
        .zip(labels)
        .map(|((_, cells), label)| Series { label, cells })
        .collect()
}

/// The constants that cells have in common, and the cells.
type Group<'a> = (Vec<(String, String)>, Vec<&'a CellRecord>);

/// The dataset's name, and what tells the group from others of that name.
fn label(constants: &[(String, String)], cells: &[&CellRecord], groups: &[Group<'_>]) -> String {
    let name = cells.first().map(|record| dataset_name(record));
    let name = name.unwrap_or_default();
    let namesakes: Vec<&Group<'_>> = groups
        .iter()
        .filter(|(_, others)| {
            others
                .first()
                .is_some_and(|record| dataset_name(record) == name)
        })
        .collect();
    let value = |constants: &[(String, String)], key: &str| {
        let found = constants.iter().find(|(k, _)| k == key);
        found.map(|(_, value)| value.clone())
    };
    // Every constant that any namesake has, and on which they do not agree.
    let mut keys: Vec<&str> = Vec::new();
    for (key, _) in namesakes.iter().flat_map(|(constants, _)| constants) {
        if !keys.contains(&key.as_str()) {
            keys.push(key);
        }
    }
    let differing: Vec<String> = keys
        .into_iter()
        .filter(|key| {
            namesakes
                .iter()
                .any(|(other, _)| value(other, key) != value(constants, key))
        })
        .map(|key| {
            let own = value(constants, key);
            format!("{key} {}", own.unwrap_or_else(|| "default".to_owned()))
        })
        .collect();
    if differing.is_empty() {
        name
    } else {
        format!("{name} ({})", differing.join(", "))
    }
}

/// Everything a cell is defined by except its widths and input-layer rate, as
/// flat names and values.
fn constants(record: &CellRecord) -> Vec<(String, String)> {
    let mut flat = Vec::new();
    match serde_json::to_value(&record.cell) {
        Ok(serde_json::Value::Object(mut cell)) => {
            cell.remove("hidden");
            cell.remove("input_rate");
            flatten(serde_json::Value::Object(cell), "", &mut flat);
        }
        // A cell that cannot be written down is fitted with no other one.
        Ok(_) | Err(_) => flat.push(("id".to_owned(), record.id.clone())),
    }
    flat
}

fn flatten(value: serde_json::Value, key: &str, flat: &mut Vec<(String, String)>) {
    match value {
        serde_json::Value::Object(fields) => {
            for (inner, value) in fields {
                flatten(value, &inner, flat);
            }
        }
        serde_json::Value::String(text) => flat.push((key.to_owned(), text)),
        other => flat.push((key.to_owned(), other.to_string())),
    }
}

fn dataset_name(record: &CellRecord) -> String {
    kebab(&record.cell.dataset.name)
}

/// The name a unit variant is written with in files.
pub(crate) fn kebab<T: Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(name)) => name,
        Ok(other) => other.to_string(),
        Err(error) => error.to_string(),
    }
}

/// One cell as a fit sees it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Point {
    pub(super) inputs: usize,
    pub(super) depth: usize,
    pub(super) width: usize,
    pub(super) input_rate: f64,
    /// `log2 eta*` of the repeats that found one, with their indices.
    pub(super) repeats: Vec<(usize, f64)>,
}

impl Point {
    /// The point of a cell, unless its hidden layers differ in width or none
    /// of its repeats is finished.
    pub(super) fn of(record: &CellRecord) -> Option<Self> {
        if record.repeats.is_empty() {
            return None;
        }
        let found = |eta_star: &EtaStar| match eta_star {
            EtaStar::Found { eta_star, .. } => Some(eta_star.log2()).filter(|v| v.is_finite()),
            EtaStar::NothingSucceeds { .. } | EtaStar::NothingFails { .. } => None,
        };
        Some(Self {
            inputs: record.inputs,
            depth: record.cell.depth(),
            width: record.cell.constant_width()?,
            input_rate: record.cell.input_rate,
            repeats: record
                .repeats
                .iter()
                .filter_map(|repeat| Some((repeat.repeat, found(&repeat.eta_star)?)))
                .collect(),
        })
    }

    /// Mean of `log2 eta*` over its repeats.
    pub(super) fn mean(&self) -> Option<f64> {
        let values: Vec<f64> = self.repeats.iter().map(|(_, value)| *value).collect();
        etastar_search::statistics::mean(&values)
    }
}
