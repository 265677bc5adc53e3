//! `etastar data`: lists, downloads and verifies datasets.

use clap::{Args, Subcommand};
use etastar_data::{
    Availability, DataError, DataFolders, DatasetEntry, DatasetName, FetchEvent, FetchOptions,
    availability, catalogue, entry, fetch, verify,
};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};

use crate::arguments::{DataFolder, Format};
use crate::error::CliError;
use crate::output::{self, lossy};

#[derive(Debug, Args)]
pub(crate) struct DataArguments {
    #[command(subcommand)]
    command: DataCommand,
}

#[derive(Debug, Subcommand)]
enum DataCommand {
    /// List the datasets and where their files are
    List(Common),
    /// Download a dataset's files and verify them; continues an interrupted download
    Fetch(FetchArguments),
    /// Check every file of a dataset against its SHA-256
    Verify(VerifyArguments),
}

#[derive(Debug, Args)]
struct Common {
    #[command(flatten)]
    folder: DataFolder,

    #[command(flatten)]
    format: Format,
}

#[derive(Debug, Args)]
struct FetchArguments {
    /// Dataset: mnist, fashion-mnist, cifar10
    dataset: DatasetName,

    /// Download from this URL instead of the known mirrors; may be given several times
    #[arg(long, value_name = "URL")]
    mirror: Vec<String>,

    /// Replace files that already exist
    #[arg(long)]
    force: bool,

    #[command(flatten)]
    common: Common,
}

#[derive(Debug, Args)]
struct VerifyArguments {
    /// Datasets [default: all whose files are present]
    datasets: Vec<DatasetName>,

    #[command(flatten)]
    common: Common,
}

impl Common {
    fn folders(&self) -> DataFolders {
        DataFolders::discover(self.folder.data_dir.clone())
    }
}

pub(crate) fn run(arguments: &DataArguments) -> Result<(), CliError> {
    match &arguments.command {
        DataCommand::List(arguments) => list(arguments),
        DataCommand::Fetch(arguments) => download(arguments),
        DataCommand::Verify(arguments) => check(arguments),
    }
}

fn list(arguments: &Common) -> Result<(), CliError> {
    let folders = arguments.folders();
    let mut entries = Vec::new();
    for entry in catalogue() {
        let availability = availability(&entry, &folders)?;
        entries.push((entry, availability));
    }
    if arguments.format.json {
        let datasets: Vec<Value> = entries.iter().map(entry_json).collect();
        return output::print_json(&json!({ "datasets": datasets }));
    }
    output::print(&output::table(
        ["DATASET", "SHAPE", "CLASSES", "SAMPLES", "STATUS", "WHAT"],
        entries.iter().map(|(entry, availability)| {
            let shape: Vec<String> = entry.shape.iter().map(usize::to_string).collect();
            [
                entry.name.to_string(),
                shape.join("x"),
                entry.classes.to_string(),
                entry.samples.to_string(),
                status(entry, availability),
                entry.description.to_string(),
            ]
        }),
    ))
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
    let folders = arguments.common.folders();
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
    let show = |event: FetchEvent<'_>| show(&bar, &event);
    let fetched = fetch(
        arguments.dataset,
        folders.download_folder()?,
        &options,
        &show,
    );
    bar.finish_and_clear();
    let fetched = fetched?;
    if arguments.common.format.json {
        return output::print_json(&json!({
            "dataset": arguments.dataset.as_str(),
            "installed": fetched.installed.iter().map(lossy).collect::<Vec<_>>(),
            "kept": fetched.kept.iter().map(lossy).collect::<Vec<_>>(),
        }));
    }
    let installed = fetched.installed.iter().map(|path| ("installed", path));
    let files = installed.chain(fetched.kept.iter().map(|path| ("kept", path)));
    let lines: Vec<String> = files
        .map(|(what, path)| format!("{what} {}", path.display()))
        .collect();
    if lines.is_empty() {
        return output::print(&format!(
            "{} needs no files: it is part of the program",
            arguments.dataset
        ));
    }
    output::print(&lines.join("\n"))
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
            bar.suspend(|| output::tell(&format!("{url}: {reason}")));
        }
        _ => {}
    }
}

fn check(arguments: &VerifyArguments) -> Result<(), CliError> {
    let folders = arguments.common.folders();
    let mut entries: Vec<DatasetEntry> = arguments.datasets.iter().copied().map(entry).collect();
    if entries.is_empty() {
        for entry in catalogue() {
            if !matches!(availability(&entry, &folders)?, Availability::Missing) {
                entries.push(entry);
            }
        }
    }
    let (mut rows, mut files, mut bad, mut missing) = (Vec::new(), Vec::new(), 0, None);
    for entry in &entries {
        for report in verify(entry, &folders) {
            let detail = match &report.outcome {
                Ok(sha256) => sha256.clone(),
                Err(error) => error.to_string(),
            };
            // How to get missing files is told once, at the end; what is bad says itself what to do.
            let result = match &report.outcome {
                Ok(sha256) => format!("verified: {sha256}"),
                Err(DataError::MissingFiles { .. }) => {
                    missing = missing.or(Some(entry.name));
                    "missing".to_owned()
                }
                Err(error) => format!("bad: {error}"),
            };
            bad += usize::from(report.outcome.is_err());
            files.push(json!({
                "dataset": entry.name.as_str(),
                "file": report.file,
                "path": report.path.as_ref().map(lossy),
                "verified": report.outcome.is_ok(),
                "detail": detail,
            }));
            rows.push([report.file.to_string(), result]);
        }
    }
    let total = files.len();
    if arguments.common.format.json {
        output::print_json(&json!({ "files": files }))?;
    } else {
        output::print(&output::table(["FILE", "RESULT"], rows))?;
    }
    match bad {
        0 => Ok(()),
        files => Err(CliError::FilesNotVerified {
            files,
            total,
            missing,
        }),
    }
}
