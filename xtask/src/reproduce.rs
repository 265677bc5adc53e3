//! `cargo xtask reproduce`: from a clone to a report.

use std::path::PathBuf;
use std::process::Command;

use clap::Args;

use crate::command::{self, Failure, cargo, last_line, root, target};

/// The experiments and the folder of each one's report.
const EXPERIMENTS: [(&str, &str); 3] = [
    ("power-law", "report"),
    ("sharpness", "report-sharpness"),
    ("bounds", "report-bounds"),
];

#[derive(Debug, Args)]
pub(crate) struct ReproduceArguments {
    /// Scale: `smoke` (seconds), `quick` (minutes, embedded data), `full` (real datasets)
    #[arg(long, default_value = "quick", value_parser = ["smoke", "quick", "full"])]
    profile: String,

    /// Burn backend; built with its cargo feature
    #[arg(long, default_value = "flex")]
    backend: String,

    /// Folder with dataset files, for `--profile full`
    #[arg(long, value_name = "FOLDER")]
    data_dir: Option<PathBuf>,

    /// Threads across trials [default: the cores]
    #[arg(long, value_name = "N")]
    jobs: Option<u16>,
}

impl ReproduceArguments {
    /// The command as a reader of the report would type it.
    fn as_typed(&self) -> String {
        let mut words = format!("cargo xtask reproduce --profile {}", self.profile);
        if self.backend != "flex" {
            words.push_str(&format!(" --backend {}", self.backend));
        }
        if let Some(folder) = &self.data_dir {
            words.push_str(&format!(" --data-dir {}", folder.display()));
        }
        words
    }
}

pub(crate) fn run(arguments: &ReproduceArguments) -> Result<(), Failure> {
    build(arguments)?;
    let mut reports = Vec::new();
    for (name, folder) in EXPERIMENTS {
        reports.push((name, experiment(arguments, name, folder)?));
    }
    println!();
    for (name, report) in reports {
        println!("Report of {name}: {report}");
    }
    Ok(())
}

/// Measures, fits and reports one experiment; gives the path of its page.
fn experiment(arguments: &ReproduceArguments, name: &str, folder: &str) -> Result<String, Failure> {
    let results = root().join("results").join(&arguments.profile);
    let mut sweep = etastar();
    sweep.arg("sweep").arg(format!("experiments/{name}.toml"));
    sweep.args(["--profile", &arguments.profile]);
    sweep.args(["--backend", &arguments.backend]);
    sweep.arg("--output-dir").arg(&results);
    if let Some(folder) = &arguments.data_dir {
        sweep.arg("--data-dir").arg(folder);
    }
    if let Some(jobs) = arguments.jobs {
        sweep.arg("--jobs").arg(jobs.to_string());
    }
    let store = last_line(&mut sweep)?;
    let mut report = etastar();
    report.args(["report", &store, "--command", &arguments.as_typed()]);
    report.arg("--output").arg(results.join(folder));
    last_line(&mut report)
}

fn build(arguments: &ReproduceArguments) -> Result<(), Failure> {
    let mut build = cargo(&["build", "--release", "--package", "etastar-cli"]);
    let feature = arguments.backend.split('-').next().unwrap_or("flex");
    if feature != "flex" {
        build.args(["--features", feature]);
    }
    command::run(&mut build)
}

/// The program just built.
fn etastar() -> Command {
    let mut command = Command::new(
        target()
            .join("release")
            .join(format!("etastar{}", std::env::consts::EXE_SUFFIX)),
    );
    command.current_dir(root());
    command
}
