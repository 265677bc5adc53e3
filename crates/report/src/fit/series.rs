use etastar_search::{CellRecord, EtaStar, Snapshot};
use serde::Serialize;

use super::censored::Observed;

/// Cells that may be fitted together: they differ only in the widths of their
/// hidden layers and in the input-layer rate.
#[derive(Debug, Clone)]
pub struct Series<'a> {
    /// Name of the dataset. Where the store holds several series of one
    /// dataset, the name of the variant follows in brackets, as
    /// `mnist (small-batch)`, or stands alone if it names the dataset; where that does not tell them apart, the
    /// constants in which they differ, as
    /// `mnist (threshold 0.3, batch_size 128)`.
    pub label: String,
    /// Its cells, in the grid's order.
    pub cells: Vec<&'a CellRecord>,
}

/// The series of a store, in the grid's order of their first cells.
pub fn series(snapshot: &Snapshot) -> Vec<Series<'_>> {
    let constants = |record: &CellRecord| constants(&record.cell, &record.id);
    let name = |record: &CellRecord| kebab(&record.cell.dataset.name);
    let mut groups = grouped(&snapshot.cells, constants, name);
    let variants = &snapshot.manifest.variants;
    name_by_variant(&mut groups, name, |record| {
        let own = variants.iter();
        own.filter(|variant| variant.eta_star.contains(&record.id))
            .map(|variant| variant.name.as_str())
            .collect()
    });
    groups
        .into_iter()
        .map(|(label, cells)| Series { label, cells })
        .collect()
}

/// The constants that records have in common, and the records.
struct Group<'a, T> {
    constants: Vec<(String, String)>,
    name: String,
    records: Vec<&'a T>,
}

/// Records with the same constants, under the name of the first; where
/// several groups have one name, the constants in which they differ follow in
/// brackets.
pub(crate) fn grouped<T>(
    records: &[T],
    constants: impl Fn(&T) -> Vec<(String, String)>,
    name: impl Fn(&T) -> String,
) -> Vec<(String, Vec<&T>)> {
    let mut groups: Vec<Group<'_, T>> = Vec::new();
    for record in records {
        let constants = constants(record);
        match groups.iter_mut().find(|group| group.constants == constants) {
            Some(group) => group.records.push(record),
            None => groups.push(Group {
                constants,
                name: name(record),
                records: vec![record],
            }),
        }
    }
    let labels: Vec<String> = groups.iter().map(|group| label(group, &groups)).collect();
    let records = groups.into_iter().map(|group| group.records);
    labels.into_iter().zip(records).collect()
}

/// Names groups that share their name with others by the first variant that
/// all their records belong to, where that name is then theirs alone.
pub(crate) fn name_by_variant<'a, T>(
    groups: &mut [(String, Vec<&T>)],
    name: impl Fn(&T) -> String,
    variants_of: impl Fn(&T) -> Vec<&'a str>,
) {
    let renamed: Vec<Option<String>> = groups
        .iter()
        .map(|(label, records)| {
            let first = records.first()?;
            let plain = name(first);
            let common = variants_of(first).into_iter().find(|variant| {
                let mut all = records.iter();
                all.all(|record| variants_of(record).contains(variant))
            })?;
            (*label != plain).then(|| {
                if plain_name(common).starts_with(&plain_name(&plain)) {
                    common.to_owned()
                } else {
                    format!("{plain} ({common})")
                }
            })
        })
        .collect();
    for (index, new) in renamed.iter().enumerate() {
        let alone = || {
            let mut others = renamed.iter().enumerate();
            !others.any(|(other, label)| other != index && label == new)
        };
        if let (Some(new), Some((label, _))) = (new, groups.get_mut(index))
            && alone()
        {
            label.clone_from(new);
        }
    }
}

/// A name's letters and digits: what `Fashion-MNIST` and `fashion-mnist` have
/// in common.
pub(crate) fn plain_name(name: &str) -> String {
    let letters = name.chars().filter(|c| c.is_alphanumeric());
    letters.flat_map(char::to_lowercase).collect()
}

/// The group's name, and what tells it from others of that name.
fn label<T>(group: &Group<'_, T>, groups: &[Group<'_, T>]) -> String {
    let namesakes: Vec<&Group<'_, T>> = groups
        .iter()
        .filter(|other| other.name == group.name)
        .collect();
    let value = |group: &Group<'_, T>, key: &str| {
        let found = group.constants.iter().find(|(k, _)| k == key);
        found.map(|(_, value)| value.clone())
    };
    // Every constant that any namesake has, and on which they do not agree.
    let mut keys: Vec<&str> = Vec::new();
    for (key, _) in namesakes.iter().flat_map(|group| &group.constants) {
        if !keys.contains(&key.as_str()) {
            keys.push(key);
        }
    }
    let differing: Vec<String> = keys
        .into_iter()
        .filter(|key| {
            let mut others = namesakes.iter();
            others.any(|other| value(other, key) != value(group, key))
        })
        .map(|key| {
            let own = value(group, key);
            format!("{key} {}", own.unwrap_or_else(|| "default".to_owned()))
        })
        .collect();
    if differing.is_empty() {
        group.name.clone()
    } else {
        format!("{} ({})", group.name, differing.join(", "))
    }
}

/// Everything a cell is defined by except its widths and input-layer rate, as
/// flat names and values.
pub(crate) fn constants<C: Serialize>(cell: &C, id: &str) -> Vec<(String, String)> {
    let mut flat = Vec::new();
    match serde_json::to_value(cell) {
        Ok(serde_json::Value::Object(mut cell)) => {
            cell.remove("hidden");
            cell.remove("input_rate");
            flatten(serde_json::Value::Object(cell), "", &mut flat);
        }
        // A cell that cannot be written down is fitted with no other one.
        Ok(_) | Err(_) => flat.push(("id".to_owned(), id.to_owned())),
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
pub(crate) struct Point {
    pub(crate) inputs: usize,
    pub(crate) depth: usize,
    pub(crate) width: usize,
    pub(crate) input_rate: f64,
    /// `log2 eta*` of the repeats that found one, with their indices.
    pub(crate) repeats: Vec<(usize, f64)>,
    /// What is known of `log2 eta*` of those that found none, with their
    /// indices: on which side of the range searched it lies.
    pub(crate) censored: Vec<(usize, Observed)>,
}

impl Point {
    /// The point of a cell, unless its hidden layers differ in width or none
    /// of its repeats is finished.
    pub(crate) fn of(record: &CellRecord) -> Option<Self> {
        if record.repeats.is_empty() {
            return None;
        }
        let mut repeats = Vec::new();
        let mut censored = Vec::new();
        for repeat in &record.repeats {
            let (value, observed) = match repeat.eta_star {
                EtaStar::Found { eta_star, .. } => (eta_star.log2(), None),
                EtaStar::NothingSucceeds { lowest } => {
                    let limit = lowest.log2();
                    (limit, Some(Observed::Below(limit)))
                }
                EtaStar::NothingFails { highest } => {
                    let limit = highest.log2();
                    (limit, Some(Observed::AtLeast(limit)))
                }
            };
            if value.is_finite() {
                match observed {
                    None => repeats.push((repeat.repeat, value)),
                    Some(observed) => censored.push((repeat.repeat, observed)),
                }
            }
        }
        Some(Self {
            inputs: record.inputs,
            depth: record.cell.depth(),
            width: record.cell.constant_width()?,
            input_rate: record.cell.input_rate,
            repeats,
            censored,
        })
    }

    /// What every finished repeat says, with its index.
    pub(crate) fn observed(&self) -> Vec<(usize, Observed)> {
        let found = self.repeats.iter();
        let found = found.map(|&(repeat, value)| (repeat, Observed::Found(value)));
        found.chain(self.censored.iter().copied()).collect()
    }

    /// Mean of `log2 eta*` over its repeats that found one.
    pub(crate) fn mean(&self) -> Option<f64> {
        let values: Vec<f64> = self.repeats.iter().map(|(_, value)| *value).collect();
        etastar_search::statistics::mean(&values)
    }
}
