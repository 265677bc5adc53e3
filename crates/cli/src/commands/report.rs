use std::path::{Path, PathBuf};

use clap::Args;
use etastar_report::analysis::{Analysis, AnalysisOptions, Finding, findings};
use etastar_report::fit::{FitError, FitOptions, Fits, fit};
use etastar_report::page::{Report, ReportInput, write};
use etastar_report::sharpness::{SharpnessOptions, SharpnessSeries, analyse};
use etastar_search::statistics::{Bootstrap, Estimate};
use etastar_search::{Snapshot, Store};
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

pub(crate) fn run(arguments: &ReportArguments) -> Result<(), CliError> {
    let mut snapshots = Vec::with_capacity(arguments.stores.len());
    for store in &arguments.stores {
        snapshots.push((store, Store::open_to_read(store)?.snapshot()?));
    }
    let mut computed = Vec::with_capacity(snapshots.len());
    for (store, snapshot) in &snapshots {
        computed.push(Computed::of(store, snapshot)?);
    }
    let inputs: Vec<ReportInput<'_>> = computed.iter().map(Computed::input).collect();
    let command = arguments
        .command
        .clone()
        .unwrap_or_else(provenance::command_line);
    let report = Report::build(&inputs, &command)?;
    let folder = match (&arguments.output, arguments.stores.first()) {
        (Some(folder), _) => folder.clone(),
        (None, Some(first)) => first.with_file_name("report"),
        (None, None) => PathBuf::from("report"),
    };
    let written = write(&report, &folder)?;
    if arguments.format.json {
        return output::print_json(&json!({
            "index": written.index,
            "markdown": written.markdown,
            "figures": written.figures,
            "data": written.data,
            "findings": computed.iter().flat_map(Computed::findings_json).collect::<Vec<_>>(),
        }));
    }
    output::print(&written.index.display().to_string())
}

/// A store with everything computed from it.
struct Computed<'a> {
    store: String,
    snapshot: &'a Snapshot,
    estimates: Vec<Estimate>,
    fits: Fits,
    sharpness: Vec<SharpnessSeries<'a>>,
    analysis: Option<Analysis>,
    findings: Vec<Finding>,
    interval_method: String,
}

impl<'a> Computed<'a> {
    fn of(store: &Path, snapshot: &'a Snapshot) -> Result<Self, CliError> {
        // What is wrong with an analysis is said before anything is computed.
        let analysis =
            Analysis::of(&snapshot.manifest).map_err(|source| CliError::StoreAnalysis {
                store: store.to_owned(),
                source,
            })?;
        let options = FitOptions::default();
        let fits = match fit(snapshot, &options) {
            // A store of sharpness alone has nothing to fit.
            Err(FitError::NothingMeasured) if !snapshot.sharpness.is_empty() => Fits::default(),
            fits => fits?,
        };
        let bootstrap = Bootstrap::default();
        let cells = snapshot.cells.iter();
        Ok(Self {
            store: store.display().to_string(),
            estimates: cells
                .map(|cell| Estimate::of_cell(cell, options.confidence, &bootstrap))
                .collect(),
            fits,
            sharpness: analyse(snapshot, &SharpnessOptions::default()),
            findings: analysis.as_ref().map_or_else(Vec::new, |analysis| {
                findings(snapshot, analysis, &AnalysisOptions::default())
            }),
            analysis,
            snapshot,
            interval_method: format!(
                "expanded percentile bootstrap over repeats, {} resamples of a cell's mean and {} \
                 of a fit",
                bootstrap.resamples, options.resamples
            ),
        })
    }

    fn input(&self) -> ReportInput<'_> {
        ReportInput {
            store: &self.store,
            snapshot: self.snapshot,
            estimates: &self.estimates,
            fits: &self.fits.fits,
            not_fitted: &self.fits.not_fitted,
            sharpness: &self.sharpness,
            analysis: self.analysis.as_ref(),
            findings: &self.findings,
            interval_method: &self.interval_method,
        }
    }

    /// The findings, each with the experiment and the store it comes from.
    fn findings_json(&self) -> Vec<Value> {
        let manifest = &self.snapshot.manifest;
        let each = self.findings.iter().map(|finding| {
            json!({
                "experiment": manifest.experiment,
                "store": self.store,
                "claim": finding.claim,
                "says": finding.says,
                "dataset": finding.dataset,
                "statistic": finding.statistic,
                "rule": finding.rule,
                "verdict": finding.verdict,
                "effect": finding.effect,
                "reason": finding.reason,
            })
        });
        each.collect()
    }
}
