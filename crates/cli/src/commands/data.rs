use std::path::PathBuf;

use clap::{Args, Subcommand};
use etastar_data::{
    Availability, DataFolders, DatasetEntry, DatasetName, FetchEvent, FetchOptions, availability,
    catalogue, entry, fetch, verify,
};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};

use crate::arguments::{DataFolder, Format};
use crate::error::CliError;
use crate::output;

#[derive(Debug, Args)]
pub(crate) struct DataArguments {
    #[command(subcommand)]
    command: DataCommand,
}

#[derive(Debug, Subcommand)]
enum DataCommand {
    /// List the datasets and where their files are
    List(ListArguments),
    /// Download a dataset's files and verify them; continues an interrupted download
    Fetch(FetchArguments),
    /// Check every file of a dataset against its SHA-256
    Verify(VerifyArguments),
}

#[derive(Debug, Args)]
struct ListArguments {
    #[command(flatten)]
    folder: DataFolder,

    #[command(flatten)]
    format: Format,
}

#[derive(Debug, Args)]
struct FetchArguments {
    /// Dataset: mnist, fashion-mnist, cifar10
    dataset: DatasetName,

    /// Download from here instead of the known mirrors; may be given several times
    #[arg(long, value_name = "URL")]
    mirror: Vec<String>,

    /// Replace files that are there already
    #[arg(long)]
    force: bool,

    #[command(flatten)]
    folder: DataFolder,

    #[command(flatten)]
    format: Format,
}

#[derive(Debug, Args)]
struct VerifyArguments {
    /// Datasets [default: all whose files are there]
    datasets: Vec<DatasetName>,

    #[command(flatten)]
    folder: DataFolder,

    #[command(flatten)]
    format: Format,
}

pub(crate) fn run(arguments: &DataArguments) -> Result<(), CliError> {
    match &arguments.command {
        DataCommand::List(arguments) => list(arguments),
        DataCommand::Fetch(arguments) => download(arguments),
        DataCommand::Verify(arguments) => check(arguments),
    }
}

fn folders(folder: &DataFolder) -> DataFolders {
    DataFolders::discover(folder.data_dir.clone())
}

fn list(arguments: &ListArguments) -> Result<(), CliError> {
    let folders = folders(&arguments.folder);
    let entries: Vec<(DatasetEntry, Availability)> = catalogue()
        .into_iter()
        .map(|entry| {
            let availability = availability(&entry, &folders)?;
            Ok((entry, availability))
        })
        .collect::<Result<_, CliError>>()?;
    if arguments.format.json {
        let datasets: Vec<Value> = entries.iter().map(entry_json).collect();
        return output::print_json(&json!({ "datasets": datasets }));
    }
    let mut rows = vec![
        ["DATASET", "SHAPE", "CLASSES", "SAMPLES", "STATUS", "WHAT"]
            .map(str::to_owned)
            .to_vec(),
    ];
    rows.extend(entries.iter().map(|(entry, availability)| {
        vec![
            entry.name.to_string(),
            shape(entry),
            entry.classes.to_string(),
            entry.samples.to_string(),
            status(entry, availability),
            entry.description.to_string(),
        ]
    }));
    output::print(&output::columns(&rows))
}

fn shape(entry: &DatasetEntry) -> String {
    entry
        .shape
        .iter()
        .map(usize::to_string)
        .collect::<Vec<_>>()
        .join("x")
}

fn status(entry: &DatasetEntry, availability: &Availability) -> String {
    match availability {
        Availability::Embedded => "embedded".to_owned(),
        Availability::Generated => "generated".to_owned(),
        Availability::Found { folder } => format!("in {}", folder.display()),
        Availability::Incomplete {
            folder, missing, ..
        } => {
            format!("{} files missing in {}", missing.len(), folder.display())
        }
        Availability::Missing => format!("missing: etastar data fetch {}", entry.name),
    }
}

fn entry_json((entry, availability): &(DatasetEntry, Availability)) -> Value {
    let (status, folder) = match availability {
        Availability::Embedded => ("embedded", None),
        Availability::Generated => ("generated", None),
        Availability::Found { folder } => ("found", Some(folder)),
        Availability::Incomplete { folder, .. } => ("incomplete", Some(folder)),
        Availability::Missing => ("missing", None),
    };
    json!({
        "name": entry.name.as_str(),
        "description": entry.description,
        "licence": entry.licence,
        "homepage": entry.homepage,
        "shape": entry.shape,
        "classes": entry.classes,
        "samples": entry.samples,
        "status": status,
        "folder": folder,
    })
}

fn download(arguments: &FetchArguments) -> Result<(), CliError> {
    let folders = folders(&arguments.folder);
    let folder = folders.download_folder()?;
    let options = FetchOptions {
        mirrors: (!arguments.mirror.is_empty()).then(|| arguments.mirror.clone()),
        force: arguments.force,
        ..FetchOptions::default()
    };
    let bar = ProgressBar::no_length();
    if let Ok(style) =
        ProgressStyle::with_template("{msg} [{wide_bar}] {bytes}/{total_bytes} {eta} left")
    {
        bar.set_style(style.progress_chars("=> "));
    }
    let report = fetch(arguments.dataset, folder, &options, &|event| {
        show(&bar, &event)
    });
    bar.finish_and_clear();
    let report = report?;
    if arguments.format.json {
        return output::print_json(&json!({
            "dataset": arguments.dataset.as_str(),
            "installed": report.installed,
            "kept": report.kept,
        }));
    }
    if report.installed.is_empty() && report.kept.is_empty() {
        return output::print(&format!(
            "{} needs no files: it is part of the program",
            arguments.dataset
        ));
    }
    let lines = report
        .installed
        .iter()
        .map(|path| format!("installed {}", path.display()))
        .chain(
            report
                .kept
                .iter()
                .map(|path| format!("kept {}", path.display())),
        );
    output::print(&lines.collect::<Vec<_>>().join("\n"))
}

fn show(bar: &ProgressBar, event: &FetchEvent<'_>) {
    match event {
        FetchEvent::Started {
            file,
            resumed_from,
            total,
            ..
        } => {
            bar.set_message(file.to_string());
            if let Some(total) = total {
                bar.set_length(*total);
            }
            bar.set_position(*resumed_from);
        }
        FetchEvent::Received { bytes, .. } => bar.set_position(*bytes),
        FetchEvent::AttemptFailed { url, reason, .. } => {
            bar.suspend(|| eprintln!("{url}: {reason}"));
        }
        _ => {}
    }
}

fn check(arguments: &VerifyArguments) -> Result<(), CliError> {
    let folders = folders(&arguments.folder);
    let entries: Vec<DatasetEntry> = if arguments.datasets.is_empty() {
        let mut present = Vec::new();
        for entry in catalogue() {
            if !matches!(availability(&entry, &folders)?, Availability::Missing) {
                present.push(entry);
            }
        }
        present
    } else {
        arguments.datasets.iter().copied().map(entry).collect()
    };
    let mut rows = vec![["FILE", "RESULT"].map(str::to_owned).to_vec()];
    let mut files = Vec::new();
    let (mut bad, mut total) = (0, 0);
    for entry in &entries {
        for report in verify(entry, &folders) {
            total += 1;
            bad += usize::from(report.outcome.is_err());
            let (result, detail) = match &report.outcome {
                Ok(sha256) => ("verified", sha256.clone()),
                Err(error) => ("bad", error.to_string()),
            };
            let file: Option<PathBuf> = report.path.clone();
            files.push(json!({
                "dataset": entry.name.as_str(),
                "file": report.file,
                "path": file,
                "verified": report.outcome.is_ok(),
                "detail": detail,
            }));
            rows.push(vec![
                format!("{}/{}", entry.name, report.file),
                format!("{result}: {detail}"),
            ]);
        }
    }
    if arguments.format.json {
        output::print_json(&json!({ "files": files }))?;
    } else {
        output::print(&output::columns(&rows))?;
    }
    if bad == 0 {
        Ok(())
    } else {
        Err(CliError::FilesNotVerified(bad, total))
    }
}
