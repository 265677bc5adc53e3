//! `etastar report`: the page of one store or of a whole reproduction.

use std::path::PathBuf;

use clap::Args;
use etastar_analysis::{Options, StoreAnalysis, analyse};
use etastar_report::page::{Report, replace_file, write};
use etastar_search::Store;
use serde_json::{Value, json};

use crate::arguments::Format;
use crate::command_line::command_line;
use crate::error::CliError;
use crate::output::{self, lossy};

#[derive(Debug, Args)]
pub(crate) struct ReportArguments {
    /// Stores of sweeps, finished or not; several stores make one page
    #[arg(required = true, value_name = "STORE")]
    stores: Vec<PathBuf>,

    /// Folder to write [default: NAME-report beside the store NAME.db; `report` for several]
    #[arg(long, short, value_name = "FOLDER")]
    output: Option<PathBuf>,

    /// Command that the report shows as the one that made the results [default: this one]
    #[arg(long, value_name = "TEXT")]
    command: Option<String>,

    /// Commit that first had the rules of an experiment; the report shows it
    #[arg(long, value_name = "EXPERIMENT=COMMIT", value_parser = rules_commit)]
    rules: Vec<(String, String)>,

    #[command(flatten)]
    format: Format,
}

fn rules_commit(text: &str) -> Result<(String, String), String> {
    let (experiment, commit) = text.split_once('=').ok_or("give it as EXPERIMENT=COMMIT")?;
    Ok((experiment.to_owned(), commit.to_owned()))
}

/// Version of the form of `analysis.json`.
const ANALYSIS_FORMAT: u32 = 1;

pub(crate) fn run(arguments: &ReportArguments) -> Result<(), CliError> {
    let mut stores: Vec<(String, StoreAnalysis)> = Vec::with_capacity(arguments.stores.len());
    for path in &arguments.stores {
        let snapshot = Store::open_to_read(path)?.snapshot()?;
        let analysis = analyse(&snapshot, &Options::default());
        let mut analysis = analysis.map_err(|source| CliError::StoreAnalysis {
            store: path.clone(),
            source,
        })?;
        let hash = |one: &StoreAnalysis| one.manifest.configuration_hash.clone();
        if let Some((other, _)) = stores.iter().find(|(_, one)| hash(one) == hash(&analysis)) {
            return Err(CliError::Usage(format!(
                "the stores {other} and {} are of one measurement, so its verdicts would count \
                 twice: give one of them, or combine both with `etastar merge` first",
                path.display()
            )));
        }
        let mut rules = arguments.rules.iter();
        let own = rules.find(|(experiment, _)| *experiment == analysis.manifest.experiment);
        analysis.rules_commit = own.map(|(_, commit)| commit.clone());
        stores.push((path.display().to_string(), analysis));
    }
    let command = arguments.command.clone();
    let report = Report::build(&stores, &command.unwrap_or_else(command_line))?;
    let folder = match (&arguments.output, arguments.stores.first()) {
        (Some(folder), _) => folder.clone(),
        (None, Some(first)) if arguments.stores.len() == 1 => {
            let mut name = first.file_stem().unwrap_or_default().to_os_string();
            name.push("-report");
            first.with_file_name(name)
        }
        (None, first) => first.map_or("report".into(), |first| first.with_file_name("report")),
    };
    let written = write(&report, &folder)?;
    let analysis = folder.join("analysis.json");
    let all = stores
        .iter()
        .map(|(store, analysis)| in_store(store, analysis));
    let all = json!({"format": ANALYSIS_FORMAT, "stores": all.collect::<Result<Vec<_>, _>>()?});
    let text = serde_json::to_string_pretty(&all)?;
    replace_file(&analysis, &text).map_err(CliError::write(&analysis))?;
    let rules = folder.join("rules.json");
    let all: Vec<Value> = stores
        .iter()
        .map(|(_, analysis)| rules_of(analysis))
        .collect();
    let text = serde_json::to_string_pretty(&all)?;
    replace_file(&rules, &text).map_err(CliError::write(&rules))?;
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
        "index": lossy(&written.index),
        "markdown": lossy(&written.markdown),
        "analysis": lossy(&analysis),
        "rules": lossy(&rules),
        "figures": written.figures.iter().map(lossy).collect::<Vec<_>>(),
        "data": written.data.iter().map(lossy).collect::<Vec<_>>(),
        "findings": findings,
    }))
}

/// By which rules an experiment was judged, where they come from, and when its measurement began.
fn rules_of(analysis: &StoreAnalysis) -> Value {
    let manifest = &analysis.manifest;
    json!({
        "experiment": manifest.experiment,
        "evidence": analysis.specification.evidence,
        "rules_commit": analysis.rules_commit,
        "program_commit": manifest.git_commit,
        "seed": manifest.seed,
        "started_at": analysis.sessions.first().map(|session| &session.started_at),
        "criteria": manifest.analysis["criteria"],
    })
}

/// The analysis of a store with the store's name.
fn in_store(store: &str, analysis: &StoreAnalysis) -> Result<Value, CliError> {
    let mut value = serde_json::to_value(analysis)?;
    value["store"] = json!(store);
    Ok(value)
}
