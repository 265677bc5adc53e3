//! `cargo xtask reproduce`: from a clone to a report.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::Args;

use crate::command::{self, Failure, cargo, etastar, feature, last_line};

/// The experiments, in the order in which they are run: each finds most of the
/// searches that it shares with others done already.
const EXPERIMENTS: [&str; 14] = [
    "power-law",
    "width-over-depth",
    "input-layer",
    "effective-size",
    "late-stage",
    "eta-sharpness",
    "sharpness",
    "bounds",
    "threshold",
    "datasets",
    "loss",
    "proxies",
    "transfer",
    "prediction",
];

/// The program's exit code when its time limit is reached.
const OUT_OF_TIME: i32 = 5;

#[derive(Debug, Args)]
pub(crate) struct ReproduceArguments {
    /// Scale: `smoke` (seconds), `quick` (minutes, embedded data), `full` (real datasets)
    #[arg(long, default_value = "quick", value_parser = ["smoke", "quick", "full"])]
    profile: String,

    /// Burn backend and device, e.g. tch:cuda:0; built with its cargo feature
    #[arg(long, default_value = "flex")]
    backend: String,

    /// Folder with dataset files, for `--profile full`
    #[arg(long, value_name = "FOLDER")]
    data_dir: Option<PathBuf>,

    /// Experiments to run, by name [default: all]
    #[arg(long, value_name = "NAME,..", value_delimiter = ',', value_parser = EXPERIMENTS)]
    only: Vec<String>,

    /// Stop measuring after this many minutes and report what there is; the
    /// same command goes on
    #[arg(long, value_name = "MINUTES", value_parser = clap::value_parser!(u64).range(1..))]
    time_limit: Option<u64>,

    /// Threads across trials [default: the cores]
    #[arg(long, value_name = "N")]
    jobs: Option<u16>,
}

impl ReproduceArguments {
    /// The folder of the profile's stores and report, from the root.
    fn results(&self) -> PathBuf {
        let folder = match self.backend.as_str() {
            "flex" => self.profile.clone(),
            backend => format!("{}-{}", self.profile, backend.replace(':', "-")),
        };
        PathBuf::from("results").join(folder)
    }

    /// The command as a reader of the report would type it.
    fn as_typed(&self) -> String {
        let mut words = format!("cargo xtask reproduce --profile {}", self.profile);
        if self.backend != "flex" {
            words.push_str(&format!(" --backend {}", self.backend));
        }
        if !self.only.is_empty() {
            words.push_str(&format!(" --only {}", self.only.join(",")));
        }
        if let Some(folder) = &self.data_dir {
            words.push_str(&format!(" --data-dir {}", folder.display()));
        }
        words
    }
}

pub(crate) fn run(arguments: &ReproduceArguments) -> Result<(), Failure> {
    build(arguments)?;
    let deadline = arguments
        .time_limit
        .map(|minutes| Instant::now() + Duration::from_secs(60 * minutes));
    let mut stores = Vec::new();
    let mut unfinished = None;
    for name in EXPERIMENTS {
        if !arguments.only.is_empty() && arguments.only.iter().all(|only| only != name) {
            continue;
        }
        match sweep(arguments, name, deadline) {
            Ok(store) => stores.push(store),
            Err(Failure::Ended {
                code: Some(OUT_OF_TIME),
                ..
            }) => {
                unfinished = Some(name);
                break;
            }
            Err(failure) => return Err(failure),
        }
    }
    if !stores.is_empty() {
        println!("\nReport: {}", report(arguments, &stores)?);
    }
    if let Some(name) = unfinished {
        println!("The time limit was reached in `{name}`; the same command goes on from there.");
    }
    Ok(())
}

/// Measures one experiment; gives its store.
fn sweep(
    arguments: &ReproduceArguments,
    name: &str,
    deadline: Option<Instant>,
) -> Result<String, Failure> {
    let mut sweep = etastar();
    sweep.arg("sweep").arg(format!("experiments/{name}.toml"));
    sweep.args(["--profile", &arguments.profile]);
    if arguments.backend != "flex" {
        sweep.args(["--backend", &arguments.backend]);
    }
    sweep.arg("--output-dir").arg(arguments.results());
    sweep.arg("--skip-missing-data");
    if let Some(folder) = &arguments.data_dir {
        sweep.arg("--data-dir").arg(folder);
    }
    if let Some(jobs) = arguments.jobs {
        sweep.arg("--jobs").arg(jobs.to_string());
    }
    if let Some(deadline) = deadline {
        let left = deadline.saturating_duration_since(Instant::now());
        sweep.args(["--time-limit", &format!("{}ms", left.as_millis().max(1))]);
    }
    last_line(&mut sweep)
}

/// Writes the page of all experiments; gives its path.
fn report(arguments: &ReproduceArguments, stores: &[String]) -> Result<String, Failure> {
    let mut report = etastar();
    report.arg("report").args(stores);
    report.args(["--command", &arguments.as_typed()]);
    report
        .arg("--output")
        .arg(arguments.results().join("report"));
    last_line(&mut report)
}

fn build(arguments: &ReproduceArguments) -> Result<(), Failure> {
    let mut build = cargo(&["build", "--release", "--package", "etastar-cli"]);
    let feature = feature(&arguments.backend);
    if feature != "flex" {
        build.args(["--features", feature]);
    }
    command::run(&mut build)
}
