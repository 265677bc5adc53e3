//! `etastar sweep`: measures the grid of an experiment file.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::Args;
use etastar::provenance::Title;
use etastar::{Data, Measured, Measurement, MissingData, Place};
use etastar_analysis::Specification;
use etastar_search::{Experiment, Shard, SweepEnd};
use serde_json::json;

use crate::arguments::{Execution, Format, Training, tell_data};
use crate::command_line::{command_line, listen_for_interrupts, stop_after};
use crate::error::CliError;
use crate::numbers::duration;
use crate::output::{self, lossy};
use crate::progress::Screen;

#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  etastar sweep experiments/power-law.toml --profile quick

Every finished trial is in the store before the next one starts. If the command is killed,
run it again: it resumes where it stopped. A store never mixes results of different
configurations. If another store in --output-dir has already finished a search of the same
network, data, protocol, seed and backend, its result is reused.")]
pub(crate) struct SweepArguments {
    /// Experiment file (TOML)
    experiment: PathBuf,

    /// Profile of the experiment, which changes its scale
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,

    /// Store to write [default: results/NAME-PROFILE-HASH.db]
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Folder for the store if --output is not given
    #[arg(
        long,
        value_name = "FOLDER",
        default_value = "results",
        conflicts_with = "output"
    )]
    output_dir: PathBuf,

    /// Measure everything, even what other stores in the folder already have; implied by --output
    /// and --shard
    #[arg(long)]
    no_reuse: bool,

    /// Leave out datasets whose files are not found; the store records which
    #[arg(long)]
    skip_missing_data: bool,

    /// Stop cleanly after this time, e.g. 90s, 10m or 2h, with exit code 5
    #[arg(long, value_name = "TIME", value_parser = duration)]
    time_limit: Option<Duration>,

    /// Measure one of several parts of about equal cost, e.g. 2/6, into a store of its own;
    /// `etastar merge` combines the parts
    #[arg(long, value_name = "I/N")]
    shard: Option<Shard>,

    #[command(flatten)]
    execution: Execution,

    #[command(flatten)]
    training: Training,

    #[command(flatten)]
    format: Format,
}

/// Reads an experiment and its rules: a wrong one is reported before anything runs.
pub(crate) fn experiment(path: &Path, profile: Option<&str>) -> Result<Experiment, CliError> {
    let experiment = Experiment::read(path, profile)?;
    if !experiment.analysis.is_null() {
        // A profile may have fewer variants than the file's rules name.
        let whole = profile.and_then(|_| Experiment::read(path, None).ok());
        let variants = whole.iter().flat_map(|whole| &whole.variants);
        let variants = experiment.variants.iter().chain(variants);
        let variants: Vec<&str> = variants.map(|variant| variant.name.as_str()).collect();
        Specification::parse(&experiment.analysis)
            .and_then(|rules| rules.check_variants(&variants))
            .map_err(|error| CliError::Analysis {
                path: path.to_owned(),
                error,
            })?;
    }
    Ok(experiment)
}

pub(crate) fn run(arguments: &SweepArguments) -> Result<(), CliError> {
    let started = Instant::now();
    let profile = arguments.profile.as_deref();
    let experiment = experiment(&arguments.experiment, profile)?;
    let title = Title {
        experiment: &experiment.name,
        question: &experiment.question,
        profile,
        variants: &experiment.variants,
        analysis: experiment.analysis.clone(),
        command: command_line(),
    };
    let missing = match arguments.skip_missing_data {
        true => MissingData::LeaveOut,
        false => MissingData::Refuse,
    };
    let cells = experiment.cells();
    let used = cells.iter().map(|cell| &cell.dataset);
    let data = Data::load(used, &arguments.execution.data.folders(), missing)?;
    for (config, dataset) in data.datasets() {
        tell_data(config, dataset);
    }
    for missing in data.not_run() {
        output::tell(&format!("not run: {}, {}", missing.dataset, missing.reason));
    }
    let execution = arguments.execution.execution(Some(&arguments.training));
    let (repeats, seed) = (experiment.repeats, experiment.seed);
    let measurement = Measurement::new(title, cells, repeats, seed, data, &execution)?
        .with_shard(arguments.shard);
    let hash = experiment.configuration_hash(measurement.provenance());
    let path = match &arguments.output {
        Some(path) => path.clone(),
        None => {
            let name = [Some(experiment.name.as_str()), profile, hash.get(..8)];
            let mut name = name.into_iter().flatten().collect::<Vec<_>>().join("-");
            if let Some(shard) = arguments.shard {
                name.push_str(&format!(".shard-{}-of-{}", shard.index(), shard.count()));
            }
            arguments.output_dir.join(format!("{name}.db"))
        }
    };
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(CliError::write(folder))?;
    }
    // Other machines may be writing the other parts.
    let alone = arguments.no_reuse || arguments.output.is_some() || arguments.shard.is_some();
    let place = if alone {
        Place::Store(&path)
    } else {
        Place::Shared(&path)
    };
    let interrupt = listen_for_interrupts()?;
    let out_of_time = arguments
        .time_limit
        .map(|time| stop_after(time, &interrupt));
    let screen = Screen {
        store: Some(&path),
        experiment: &experiment.name,
        profile,
        shard: arguments.shard,
        jobs: execution.jobs,
        repeats,
        ..Screen::default()
    };
    let Measured {
        end,
        store,
        expected,
    } = measurement.run(hash, place, &interrupt, &screen)?;
    let snapshot = store.snapshot()?;
    let repeats = snapshot.finished_repeats();
    let cells = snapshot.cells.len();
    let so_far = || {
        format!(
            "{repeats} of {expected} repeats are in {}; run the same command again to resume",
            path.display()
        )
    };
    if end == SweepEnd::Interrupted {
        return Err(match out_of_time.is_some_and(|it| it.is_requested()) {
            true => CliError::OutOfTime(so_far()),
            false => CliError::Interrupted(so_far()),
        });
    }
    let measured = snapshot.cells.iter().flat_map(|cell| &cell.repeats);
    let searches = measured.filter_map(|repeat| repeat.search());
    let trials: usize = searches.map(|search| search.trials.len()).sum();
    let seconds = started.elapsed().as_secs_f64();
    if arguments.format.json {
        return output::print_json(&json!({
            "store": lossy(&path),
            "cells": cells,
            "repeats": repeats,
            "trials": trials,
            "seconds": seconds,
            "manifest": snapshot.manifest,
        }));
    }
    let trained = match trials {
        0 => String::new(),
        trials => format!(", {trials} trials"),
    };
    output::print(&format!(
        "{}: {cells} cells, {repeats} repeats{trained} in {seconds:.1} s\n{}",
        experiment.name,
        path.display()
    ))
}
