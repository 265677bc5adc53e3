//! `etastar report`: the page of one store or of a whole reproduction.

use std::path::PathBuf;

use clap::Args;
use etastar_analysis::{Options, StoreAnalysis, analyse};
use etastar_report::page::{Report, write};
use etastar_search::Store;
use serde_json::{Value, json};

use crate::arguments::Format;
use crate::error::CliError;
use crate::{output, provenance};

#[derive(Debug, Args)]
pub(crate) struct ReportArguments {
    /// Stores of sweeps, finished or not; several make one page
    #[arg(required = true, value_name = "STORE")]
    stores: Vec<PathBuf>,

    /// Folder to write [default: `report` beside the first store]
    #[arg(long, short, value_name = "FOLDER")]
    output: Option<PathBuf>,

    /// Command to show as the one that made the results [default: this one]
    #[arg(long, value_name = "TEXT")]
    command: Option<String>,

    #[command(flatten)]
    format: Format,
}

/// Version of the form of `analysis.json`.
const ANALYSIS_FORMAT: u32 = 1;

pub(crate) fn run(arguments: &ReportArguments) -> Result<(), CliError> {
    let mut stores: Vec<(String, StoreAnalysis)> = Vec::with_capacity(arguments.stores.len());
    for path in &arguments.stores {
        let snapshot = Store::open_to_read(path)?.snapshot()?;
        let analysis = analyse(&snapshot, &Options::default());
        let analysis = analysis.map_err(|source| CliError::StoreAnalysis {
            store: path.clone(),
            source,
        })?;
        stores.push((path.display().to_string(), analysis));
    }
    let command = arguments.command.clone();
    let report = Report::build(&stores, &command.unwrap_or_else(provenance::command_line))?;
    let folder = match (&arguments.output, arguments.stores.first()) {
        (Some(folder), _) => folder.clone(),
        (None, Some(first)) => first.with_file_name("report"),
        (None, None) => PathBuf::from("report"),
    };
    let written = write(&report, &folder)?;
    let analysis = folder.join("analysis.json");
    let all = stores
        .iter()
        .map(|(store, analysis)| in_store(store, analysis));
    let all = json!({"format": ANALYSIS_FORMAT, "stores": all.collect::<Result<Vec<_>, _>>()?});
    let text = serde_json::to_string_pretty(&all)?;
    std::fs::write(&analysis, text).map_err(CliError::write(&analysis))?;
    if !arguments.format.json {
        return output::print(&written.index.display().to_string());
    }
    let mut findings = Vec::new();
    for (store, analysis) in &stores {
        for finding in &analysis.findings {
            let mut value = serde_json::to_value(finding)?;
            value["experiment"] = json!(analysis.manifest.experiment);
            value["store"] = json!(store);
            value["claim"] = json!(finding.criterion.claim);
            value["says"] = json!(finding.criterion.says);
            findings.push(value);
        }
    }
    output::print_json(&json!({
        "index": written.index,
        "markdown": written.markdown,
        "analysis": analysis,
        "figures": written.figures,
        "data": written.data,
        "findings": findings,
    }))
}

/// The analysis of a store with the store's name.
fn in_store(store: &str, analysis: &StoreAnalysis) -> Result<Value, CliError> {
    let mut value = serde_json::to_value(analysis)?;
    value["store"] = json!(store);
    Ok(value)
}
