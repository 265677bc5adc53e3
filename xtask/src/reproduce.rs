//! `cargo xtask reproduce`: builds, measures every experiment, and writes the report.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::Args;

use crate::command::{Failure, build_etastar, etastar, last_line};
use crate::rules;

/// The experiments, in the order in which they are run: those that confirm, then those that
/// explore. They share searches; in this order most of the shared ones are done already.
const EXPERIMENTS: [&str; 29] = [
    "deep-networks",
    "two-edges",
    "later-edges",
    "sharpness-relation",
    "bound-growth",
    "transfer",
    "pixels",
    "paper",
    "inputs",
    "prediction-intervals",
    "activations",
    "residual",
    "parametrisation",
    "optimisers",
    "normalisation",
    "advice",
    "warm-up",
    "warm-up-short",
    "power-law",
    "width-over-depth",
    "late-stage",
    "eta-sharpness",
    "sharpness",
    "bounds",
    "threshold",
    "datasets",
    "loss",
    "proxies",
    "prediction",
];

/// How many of them, from the first on, `--profile quick` measures unless others are asked for: those
/// whose claims embedded data can decide. The paper's protocol needs MNIST.
const QUICK: usize = 7;

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

    /// Experiments to run, by name [default: all; with `--profile quick` the confirmatory ones]
    #[arg(long, value_name = "NAME,..", value_delimiter = ',', value_parser = EXPERIMENTS)]
    only: Vec<String>,

    /// Stop measuring after this many minutes and report what there is. The
    /// same command goes on from there
    #[arg(long, value_name = "MINUTES", value_parser = clap::value_parser!(u64).range(1..))]
    time_limit: Option<u64>,

    /// Threads across trials [default: the cores]
    #[arg(long, value_name = "N")]
    jobs: Option<u16>,
}

impl ReproduceArguments {
    /// The experiments that are run.
    fn experiments(&self) -> impl Iterator<Item = &'static str> {
        let usual = match self.profile.as_str() {
            "quick" => QUICK,
            _ => EXPERIMENTS.len(),
        };
        let each = EXPERIMENTS.into_iter().enumerate();
        let chosen = each.filter(move |(index, name)| match self.only.as_slice() {
            [] => *index < usual,
            only => only.iter().any(|one| one == name),
        });
        chosen.map(|(_, name)| name)
    }

    /// The folder of the profile's stores and report, from the root.
    fn results(&self) -> PathBuf {
        let folder = match self.backend.as_str() {
            "flex" => self.profile.clone(),
            backend => format!("{}-{}", self.profile, backend.replace(':', "-")),
        };
        PathBuf::from("results").join(folder)
    }

    /// The options that decide what is measured, as a reader of the report
    /// would type them.
    fn choices(&self) -> Vec<String> {
        let mut words = vec!["--profile".to_owned(), self.profile.clone()];
        if self.backend != "flex" {
            words.extend(["--backend".to_owned(), self.backend.clone()]);
        }
        if let Some(folder) = &self.data_dir {
            words.extend(["--data-dir".to_owned(), folder.display().to_string()]);
        }
        words
    }
}

pub(crate) fn run(arguments: &ReproduceArguments) -> Result<(), Failure> {
    build_etastar(std::slice::from_ref(&arguments.backend))?;
    let deadline = arguments
        .time_limit
        .map(|minutes| Instant::now() + Duration::from_secs(60 * minutes));
    let mut stores = Vec::new();
    let mut unfinished = None;
    for name in arguments.experiments() {
        match sweep(arguments, name, deadline) {
            Ok(store) => stores.push(store),
            Err(failure) if failure.code == Some(OUT_OF_TIME) => {
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
    let mut sweep = etastar(&[&"sweep", &format!("experiments/{name}.toml")]);
    sweep.args(arguments.choices());
    sweep.args(["--skip-missing-data", "--output-dir"]);
    sweep.arg(arguments.results());
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
    let mut typed = format!("cargo xtask reproduce {}", arguments.choices().join(" "));
    if !arguments.only.is_empty() {
        typed.push_str(&format!(" --only {}", arguments.only.join(",")));
    }
    let mut report = etastar(&[&"report", &"--command", &typed, &"--output"]);
    report.arg(arguments.results().join("report"));
    for name in arguments.experiments() {
        if let Some(commit) = rules::first_commit(name)? {
            report.arg("--rules").arg(format!("{name}={commit}"));
        }
    }
    last_line(report.args(stores))
}
