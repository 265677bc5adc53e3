//! `cargo xtask publish`: the measurements that `etastar predict` uses without a store.

use std::path::PathBuf;

use clap::Args;
use serde_json::Value;

use crate::command::{Failure, etastar, root, standard_output};

#[derive(Debug, Args)]
pub(crate) struct PublishArguments {
    /// Store of the experiment `deep-networks`, profile full
    store: PathBuf,
}

/// Where the program reads them.
const FILE: &str = "crates/analysis/src/predict/published.csv";

const FIELDS: [&str; 6] = [
    "dataset",
    "inputs",
    "depth",
    "width",
    "input_rate",
    "repeat",
];

/// Writes one line for each search of the store.
pub(crate) fn run(arguments: &PublishArguments) -> Result<(), Failure> {
    let options = ["--table", "repeats", "--format", "json"];
    let text = standard_output(etastar(&[&"export", &arguments.store]).args(options))?;
    let table: Value = serde_json::from_str(&text)
        .map_err(|error| Failure::new(format!("the export is no JSON: {error}")))?;
    let mut lines: Vec<String> = table["rows"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(line)
        .collect();
    lines.sort();
    let head = format!("{},result,log2\n", FIELDS.join(","));
    let text = format!("{head}{}\n", lines.join("\n"));
    std::fs::write(root().join(FILE), text)
        .map_err(|error| Failure::new(format!("cannot write {FILE}: {error}")))?;
    println!("{} searches in {FILE}", lines.len());
    Ok(())
}

/// What the search of a row says: its eta\*, or the end of its range.
fn line(row: &Value) -> Option<String> {
    let result = row["result"].as_str()?;
    let rate = match result {
        "found" => &row["eta_star"],
        "nothing-fails" => &row["lower"],
        _ => &row["upper"],
    };
    let log2 = rate.as_f64()?.log2();
    let fields = FIELDS.map(|field| match &row[field] {
        Value::String(text) => text.clone(),
        value => value.to_string(),
    });
    Some(format!("{},{result},{log2:.4}", fields.join(",")))
}
