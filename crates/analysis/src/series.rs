//! Which cells may be taken together, and what they are called.

use etastar_data::DatasetConfig;
use etastar_search::{Cell, CellRecord, Snapshot, VariantCells};
use serde::Serialize;
use serde_json::Value;

/// Cells that may be fitted together: they differ only in the widths of their
/// hidden layers and in the input-layer rate.
#[derive(Debug, Clone)]
pub struct Series<'a> {
    /// Name of the dataset, followed by the loss for cells of sharpness. Where
    /// the store holds several series of one name, the name of the variant
    /// follows in brackets, as `mnist (small-batch)`, or stands alone if it
    /// names the dataset; where that does not tell them apart, the constants in
    /// which they differ follow, as `mnist (threshold 0.3, batch_size 128)`.
    pub label: String,
    /// Its cells, in the grid's order, finished or not.
    pub cells: Vec<&'a CellRecord>,
}

/// The series of eta\* of a store, in the grid's order of their first cells.
pub fn eta_star_series(snapshot: &Snapshot) -> Vec<Series<'_>> {
    named(
        snapshot,
        |cell| cell.protocol().is_some(),
        |cell| cell.dataset.title().into_owned(),
    )
}

/// The series of sharpness of a store, likewise.
pub(crate) fn sharpness_series(snapshot: &Snapshot) -> Vec<Series<'_>> {
    named(
        snapshot,
        |cell| cell.sharpness().is_some(),
        |cell| format!("{}, {}", cell.dataset.title(), kebab(&cell.loss())),
    )
}

fn named(
    snapshot: &Snapshot,
    keep: impl Fn(&Cell) -> bool,
    name: impl Fn(&Cell) -> String,
) -> Vec<Series<'_>> {
    let records = snapshot.cells.iter().filter(|record| keep(&record.cell));
    let groups = grouped(
        records,
        |record| constants(&record.cell),
        |record| name(&record.cell),
    );
    let variants: Vec<Option<String>> = groups
        .iter()
        .map(|(label, cells)| {
            let plain = name(&cells.first()?.cell);
            let variant = common_variant(&snapshot.manifest.variants, cells)?;
            (*label != plain).then(|| {
                if letters(variant).starts_with(&letters(&plain)) {
                    variant.to_owned()
                } else {
                    format!("{plain} ({variant})")
                }
            })
        })
        .collect();
    let is_unique = |name: &Option<String>| variants.iter().filter(|v| *v == name).count() == 1;
    let named = groups.into_iter().zip(&variants);
    named
        .map(|((label, cells), variant)| Series {
            label: match variant {
                Some(name) if is_unique(variant) => name.clone(),
                _ => label,
            },
            cells,
        })
        .collect()
}

/// The first variant that all of the cells belong to.
fn common_variant<'a>(variants: &'a [VariantCells], cells: &[&CellRecord]) -> Option<&'a str> {
    let common = variants.iter().find(|variant| {
        let mut all = cells.iter();
        all.all(|record| variant.cells.contains(&record.id))
    });
    common.map(|variant| variant.name.as_str())
}

/// The datasets of a store with their labels, in the grid's order of their first cells.
pub(crate) fn labelled_datasets(snapshot: &Snapshot) -> Vec<(String, &DatasetConfig)> {
    let configs = snapshot.cells.iter().map(|record| &record.cell.dataset);
    grouped(configs, flat, |config| config.title().into_owned())
        .into_iter()
        .filter_map(|(label, configs)| Some((label, *configs.first()?)))
        .collect()
}

type Constants = Vec<(String, String)>;

/// Items with the same constants, under the name of the first; where several
/// groups have one name, the constants in which they differ follow in brackets.
fn grouped<'a, T>(
    items: impl Iterator<Item = &'a T>,
    constants: impl Fn(&T) -> Constants,
    name: impl Fn(&T) -> String,
) -> Vec<(String, Vec<&'a T>)> {
    let mut groups: Vec<(Constants, String, Vec<&'a T>)> = Vec::new();
    for item in items {
        let own = constants(item);
        match groups.iter_mut().find(|(constants, ..)| *constants == own) {
            Some((.., items)) => items.push(item),
            None => groups.push((own, name(item), vec![item])),
        }
    }
    let labels: Vec<String> = groups
        .iter()
        .map(|(own, name, _)| {
            let namesakes = groups.iter().filter(|(_, other, _)| other == name);
            let namesakes: Vec<&Constants> = namesakes.map(|(constants, ..)| constants).collect();
            let keys = differing_keys(&namesakes);
            let values: Vec<String> = keys
                .iter()
                .map(|key| format!("{key} {}", lookup(own, key).unwrap_or(absent(key))))
                .collect();
            if values.is_empty() {
                name.clone()
            } else {
                format!("{name} ({})", values.join(", "))
            }
        })
        .collect();
    let items = groups.into_iter().map(|(.., items)| items);
    labels.into_iter().zip(items).collect()
}

/// What a constant is called that a cell leaves out.
fn absent(key: &str) -> &'static str {
    match key {
        "pool" => "1",
        _ => "default",
    }
}

fn lookup<'a>(constants: &'a Constants, key: &str) -> Option<&'a str> {
    let found = constants.iter().find(|(own, _)| own == key);
    found.map(|(_, value)| value.as_str())
}

/// The keys on which not all of these agree, each once.
pub(crate) fn differing_keys<'a>(all: &[&'a Constants]) -> Vec<&'a str> {
    let mut keys: Vec<&str> = Vec::new();
    for (key, _) in all.iter().flat_map(|constants| constants.iter()) {
        let differs = || {
            all.windows(2)
                .any(|pair| lookup(pair[0], key) != lookup(pair[1], key))
        };
        if !keys.contains(&key.as_str()) && differs() {
            keys.push(key);
        }
    }
    keys
}

/// A name's letters and digits: what `Fashion-MNIST` and `fashion-mnist` have in common.
pub(crate) fn letters(name: &str) -> String {
    let letters = name.chars().filter(|c| c.is_alphanumeric());
    letters.flat_map(char::to_lowercase).collect()
}

/// Everything a cell is defined by except its widths and input-layer rate, as
/// flat names and values.
pub(crate) fn constants(cell: &Cell) -> Constants {
    let mut common = cell.clone();
    common.hidden.clear();
    common.input_rate = 1.0;
    flat(&common)
}

fn flat<T: Serialize>(value: &T) -> Constants {
    fn flatten(value: Value, key: &str, flat: &mut Constants) {
        match value {
            Value::Object(fields) => {
                for (inner, value) in fields {
                    flatten(value, &inner, flat);
                }
            }
            Value::String(text) => flat.push((key.to_owned(), text)),
            other => flat.push((key.to_owned(), other.to_string())),
        }
    }
    let mut constants = Vec::new();
    flatten(
        serde_json::to_value(value).unwrap_or_default(),
        "",
        &mut constants,
    );
    constants
}

/// The name a unit variant is written with in files.
pub fn kebab<T: Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(name)) => name,
        Ok(other) => other.to_string(),
        Err(error) => error.to_string(),
    }
}
