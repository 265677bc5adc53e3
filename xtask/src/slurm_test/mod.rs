//! `cargo xtask slurm-test`: a sweep in parts on a real Slurm, disturbed as
//! clusters disturb, against the same sweep in one process.

mod cluster;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use clap::Args;
use serde::Deserialize;

use cluster::{Cluster, wait_for, wait_up_to};

use crate::command::{self, Failure, cargo, etastar, standard_output, target};

#[derive(Debug, Args)]
pub(crate) struct SlurmTestArguments {
    /// Experiment file
    #[arg(long, default_value = "experiments/power-law.toml")]
    experiment: PathBuf,

    /// Profile of the experiment
    #[arg(long, default_value = "quick")]
    profile: String,

    /// Parts
    #[arg(long, default_value = "6")]
    shards: usize,
}

/// What `etastar status --json` tells of a part.
#[derive(Deserialize)]
struct Status {
    stores: Vec<Part>,
}

#[derive(Deserialize)]
struct Part {
    shard: Option<String>,
    state: String,
    done: usize,
    repeats: usize,
}

/// The tables that are compared.
const TABLES: [&str; 4] = ["cells", "repeats", "trials", "sharpness"];

pub(crate) fn run(arguments: &SlurmTestArguments) -> Result<(), Failure> {
    command::run(&mut cargo(&["build", "--release"]))?;
    let folder = target().join("slurm-test");
    // What an earlier test left is no result of this one.
    let _ = fs::remove_dir_all(&folder);
    let cluster = Cluster::start(&folder)?;
    let test = Test {
        arguments,
        cluster,
        folder,
    };
    test.run()
}

struct Test<'a> {
    arguments: &'a SlurmTestArguments,
    cluster: Cluster,
    folder: PathBuf,
}

impl Test<'_> {
    fn run(&self) -> Result<(), Failure> {
        let single = self.folder.join("single.db");
        let mut sweep = etastar();
        sweep.arg("sweep").arg(&self.arguments.experiment);
        sweep.args(["--profile", &self.arguments.profile, "--output"]);
        command::run(sweep.arg(&single))?;

        let array = self.submit()?;
        eprintln!("\npart 1 is cancelled in mid-run and requeued");
        self.wait_until_underway(1)?;
        let first = format!("{array}_1");
        self.cluster.command("scancel", &[&first])?;
        wait_for("the cancelled part", || {
            self.state_of(&first) == "CANCELLED"
        })?;
        self.cluster.command("scontrol", &["requeue", &first])?;
        eprintln!("part 2 is killed with signal 9");
        self.wait_until_underway(2)?;
        command::run(Command::new("kill").args(["-9", &self.process_of(2)?]))?;
        eprintln!("part 3 is requeued in mid-run, as when it is preempted");
        self.wait_until_underway(3)?;
        self.cluster
            .command("scontrol", &["requeue", &format!("{array}_3")])?;

        wait_up_to(Duration::from_secs(1800), "the end of all jobs", || {
            let jobs = self.cluster.command("squeue", &["--noheader"]);
            jobs.is_ok_and(|jobs| jobs.trim().is_empty())
        })?;
        self.show_logs()?;
        let merged = self.merged();
        self.compare(&single, &merged)
    }

    /// The number of the array.
    fn submit(&self) -> Result<String, Failure> {
        let mut submit = etastar();
        submit.arg("submit").arg(&self.arguments.experiment);
        submit.args(["--profile", &self.arguments.profile]);
        submit.args([
            "--shards",
            &self.arguments.shards.to_string(),
            "--output-dir",
        ]);
        submit.arg(&self.folder);
        submit.env("SLURM_CONF", self.cluster.configuration());
        let text = command::printed(&mut submit)?;
        let number = text.split_whitespace().nth(1).map(str::to_owned);
        number.ok_or_else(|| Failure::Output("etastar submit".to_owned()))
    }

    fn jobs(&self) -> PathBuf {
        self.found(".jobs")
    }

    fn merged(&self) -> PathBuf {
        self.found(&format!("{}.db", self.arguments.profile))
    }

    /// What `etastar submit` called after the experiment.
    fn found(&self, end: &str) -> PathBuf {
        let entries = fs::read_dir(&self.folder).into_iter().flatten();
        let mut paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
        let named = |path: &PathBuf| path.to_string_lossy().ends_with(end);
        paths.find(named).unwrap_or_default()
    }

    fn part(&self, index: usize) -> PathBuf {
        self.jobs().join(format!("part-{index}.db"))
    }

    /// Until some repeats of a part are done, and not all.
    fn wait_until_underway(&self, index: usize) -> Result<(), Failure> {
        wait_up_to(Duration::from_secs(600), "a part in mid-run", || {
            let status = self.status(&self.part(index));
            status.is_some_and(|part| part.state == "running" && part.done > 0)
        })?;
        if let Some(part) = self.status(&self.part(index)) {
            eprintln!("  part {index}: {} of {} repeats", part.done, part.repeats);
        }
        Ok(())
    }

    fn status(&self, store: &Path) -> Option<Part> {
        let text = standard_output(etastar().args(["status", "--json"]).arg(store)).ok()?;
        let status: Status = serde_json::from_str(&text).ok()?;
        let part = status.stores.into_iter().next()?;
        part.shard.is_some().then_some(part)
    }

    fn process_of(&self, index: usize) -> Result<String, Failure> {
        #[derive(Deserialize)]
        struct StatusFile {
            process: u32,
        }
        let mut path = self.part(index).into_os_string();
        path.push(".status.json");
        let path = PathBuf::from(path);
        let failure = |source| Failure::File {
            path: path.clone(),
            source,
        };
        let text = fs::read_to_string(&path).map_err(failure)?;
        let file: StatusFile =
            serde_json::from_str(&text).map_err(|error| failure(error.into()))?;
        Ok(file.process.to_string())
    }

    fn state_of(&self, job: &str) -> String {
        let shown = self.cluster.command("scontrol", &["show", "job", job]);
        let shown = shown.unwrap_or_default();
        let mut words = shown.split_whitespace();
        let state = words.find_map(|word| word.strip_prefix("JobState="));
        state.unwrap_or_default().to_owned()
    }

    fn show_logs(&self) -> Result<(), Failure> {
        for index in 1..=self.arguments.shards {
            let path = self.jobs().join(format!("logs/part-{index}.log"));
            let text = fs::read_to_string(&path).unwrap_or_default();
            let starts = text
                .lines()
                .filter(|line| line.contains(", start "))
                .count();
            eprintln!("part {index}: started {starts} times");
        }
        let path = self.jobs().join("logs/merge.log");
        let text = fs::read_to_string(&path).map_err(|source| Failure::File { path, source })?;
        eprintln!("\n{text}");
        Ok(())
    }

    /// Row by row, and how the work was shared out.
    fn compare(&self, single: &Path, merged: &Path) -> Result<(), Failure> {
        println!("| table | rows | differing from the single run |\n|---|---|---|");
        let mut differing = 0;
        for table in TABLES {
            let (one, other) = (rows(single, table)?, rows(merged, table)?);
            let pairs = one.iter().zip(&other).filter(|(a, b)| a != b).count();
            let differ = pairs + one.len().abs_diff(other.len());
            println!("| {table} | {} | {differ} |", one.len());
            differing += differ;
        }
        println!("\n| part | repeats | seconds of trials |\n|---|---|---|");
        let mut seconds = Vec::new();
        for index in 1..=self.arguments.shards {
            let store = self.part(index);
            let repeats = rows(&store, "repeats")?.len();
            let of_part = seconds_of(&store)?;
            println!("| {index} | {repeats} | {of_part:.1} |");
            seconds.push(of_part);
        }
        let mean = seconds.iter().sum::<f64>() / seconds.len() as f64;
        let largest = seconds.iter().copied().fold(0.0, f64::max);
        println!("\nlargest over mean: {:.2} (expected 1.00)", largest / mean);
        if differing == 0 {
            return Ok(());
        }
        Err(Failure::OtherRows(differing))
    }
}

/// The rows of a table without the times; none where the store has no such
/// table.
fn rows(store: &Path, table: &str) -> Result<Vec<String>, Failure> {
    let mut export = etastar();
    export
        .arg("export")
        .arg(store)
        .args(["--table", table, "--without-times"]);
    let text = standard_output(&mut export)?;
    Ok(text.lines().skip(1).map(str::to_owned).collect())
}

/// Of all trials of a store: the last column of the table.
fn seconds_of(store: &Path) -> Result<f64, Failure> {
    let mut export = etastar();
    export.arg("export").arg(store).args(["--table", "trials"]);
    let text = standard_output(&mut export)?;
    let last = text
        .lines()
        .skip(1)
        .filter_map(|row| row.rsplit(',').next());
    Ok(last.filter_map(|seconds| seconds.parse::<f64>().ok()).sum())
}
