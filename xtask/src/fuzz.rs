//! `cargo xtask fuzz`: every parser of bytes from outside against a fuzzer,
//! and a table of what it came to.

use std::collections::VecDeque;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::thread;

use clap::Args;

use crate::command::{self, Failure, cargo, root, target};

#[derive(Debug, Args)]
pub(crate) struct FuzzArguments {
    /// Targets, by the names in `fuzz/fuzz_targets` [default: all]
    #[arg(value_name = "TARGET")]
    targets: Vec<String>,

    /// Seconds for each
    #[arg(long, default_value = "600")]
    seconds: u32,

    /// Targets at once
    #[arg(long, default_value = "2")]
    jobs: usize,
}

/// What fuzzing one target came to.
#[derive(Debug)]
struct Fuzzed {
    target: String,
    executions: u64,
    seconds: u32,
    /// Edges that were taken, of the whole program.
    edges: u64,
    /// Edges of this project's functions that were entered: taken, and all.
    own: (u64, u64),
    /// Inputs that made it fail.
    findings: usize,
    /// What it printed.
    log: PathBuf,
}

pub(crate) fn run(arguments: &FuzzArguments) -> Result<(), Failure> {
    let targets = if arguments.targets.is_empty() {
        all()?
    } else {
        arguments.targets.clone()
    };
    command::run(&mut fuzz(&["build"]))?;
    let waiting = Mutex::new(VecDeque::from(targets));
    let fuzzed = Mutex::new(Vec::new());
    thread::scope(|scope| {
        let workers: Vec<_> = (0..arguments.jobs.max(1))
            .map(|_| {
                scope.spawn(|| {
                    while let Some(target) = locked(&waiting, VecDeque::pop_front) {
                        let one = fuzz_target(target, arguments.seconds)?;
                        locked(&fuzzed, |all| all.push(one));
                    }
                    Ok(())
                })
            })
            .collect();
        for worker in workers {
            worker.join().unwrap_or(Err(Failure::Missing("a thread")))?;
        }
        Ok(())
    })?;
    let mut fuzzed = fuzzed.into_inner().unwrap_or_else(PoisonError::into_inner);
    fuzzed.sort_by(|a, b| a.target.cmp(&b.target));
    println!(
        "| target | executions | seconds | edges | edges of entered functions of ours | findings |\n\
         |---|---|---|---|---|---|"
    );
    for one in &fuzzed {
        let (taken, of) = one.own;
        println!(
            "| {} | {} | {} | {} | {taken} of {of} | {} |",
            one.target, one.executions, one.seconds, one.edges, one.findings
        );
    }
    match fuzzed.iter().find(|one| one.findings > 0) {
        None => Ok(()),
        Some(one) => Err(Failure::Found {
            target: one.target.clone(),
            log: one.log.clone(),
        }),
    }
}

fn locked<T, R>(shared: &Mutex<T>, act: impl FnOnce(&mut T) -> R) -> R {
    act(&mut shared.lock().unwrap_or_else(PoisonError::into_inner))
}

/// The names of all targets.
fn all() -> Result<Vec<String>, Failure> {
    let folder = root().join("fuzz").join("fuzz_targets");
    let failed = |source| file(&folder, source);
    let mut names = Vec::new();
    for entry in fs::read_dir(&folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        names.extend(
            path.file_stem()
                .map(|stem| stem.to_string_lossy().into_owned()),
        );
    }
    names.sort();
    Ok(names)
}

fn fuzz(arguments: &[&str]) -> Command {
    let mut command = cargo(&["fuzz"]);
    command
        .args(arguments)
        .args(["--fuzz-dir", "fuzz", "--target-dir"]);
    command.arg(target().join("fuzz"));
    // The sanitizers' flags are unstable; the stable compiler knows them too.
    command.env("RUSTC_BOOTSTRAP", "1");
    command
}

/// New inputs stay below the target folder; those that are committed are read.
fn fuzz_target(name: String, seconds: u32) -> Result<Fuzzed, Failure> {
    eprintln!("{name}, {seconds} s");
    let folder = target().join("fuzz").join("runs").join(&name);
    // What an earlier run found is no result of this one.
    let _ = fs::remove_dir_all(&folder);
    let corpus = folder.join("corpus");
    let findings = folder.join("findings");
    for folder in [&corpus, &findings] {
        fs::create_dir_all(folder).map_err(|source| file(folder, source))?;
    }
    let log = folder.join("log");
    let output = fs::File::create(&log).map_err(|source| file(&log, source))?;
    let mut command = fuzz(&["run", &name]);
    command
        .arg(&corpus)
        .arg(root().join("fuzz").join("corpus").join(&name))
        .arg("--")
        .arg(format!("-max_total_time={seconds}"))
        .arg(format!("-artifact_prefix={}/", findings.display()))
        .args(["-print_final_stats=1", "-print_coverage=1", "-timeout=60"]);
    // It fails where it finds something, which the table tells.
    command
        .stdout(Stdio::null())
        .stderr(output)
        .status()
        .map_err(|source| Failure::Start {
            program: "cargo fuzz".to_owned(),
            source,
        })?;
    let found = fs::read_dir(&findings).map_err(|source| file(&findings, source))?;
    let text = fs::read(&log).map_err(|source| file(&log, source))?;
    let text = String::from_utf8_lossy(&text);
    Ok(Fuzzed {
        executions: number_after(&text, "stat::number_of_executed_units:"),
        edges: number_after(&text, " cov:"),
        own: own_edges(&text),
        findings: found.count(),
        target: name,
        seconds,
        log,
    })
}

/// The number after the last place of a text, 0 where there is none.
fn number_after(text: &str, what: &str) -> u64 {
    let last = text.rsplit_once(what).map(|(_, rest)| rest.trim_start());
    let word = last.and_then(|rest| rest.split_whitespace().next());
    word.and_then(|word| word.parse().ok()).unwrap_or(0)
}

/// From lines as `COVERED_FUNC: hits: 21 edges: 24/51 NAME FILE:LINE`.
fn own_edges(text: &str) -> (u64, u64) {
    let own = root().join("crates");
    let own = own.to_string_lossy();
    let lines = text
        .lines()
        .filter(|line| line.starts_with("COVERED_FUNC:") && line.contains(&*own));
    lines
        .filter_map(|line| {
            let (_, edges) = line.split_once("edges: ")?;
            let (taken, of) = edges.split_whitespace().next()?.split_once('/')?;
            Some((taken.parse::<u64>().ok()?, of.parse::<u64>().ok()?))
        })
        .fold((0, 0), |sum, edges| (sum.0 + edges.0, sum.1 + edges.1))
}

fn file(path: &Path, source: std::io::Error) -> Failure {
    Failure::File {
        path: path.to_owned(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fuzzer_s_words_are_understood() {
        let own = root().join("crates/data/src/idx.rs");
        let text = format!(
            "#1 NEW cov: 5 ft: 6\n#20000 DONE   cov: 106 ft: 136 corp: 21/274b\n\
             COVERED_FUNC: hits: 21 edges: 24/51 etastar_data::idx::parse_images {own}:36\n\
             COVERED_FUNC: hits: 1 edges: 1/1 write_images {own}:59\n\
             COVERED_FUNC: hits: 10 edges: 4/7 core::ptr::drop_in_place /rustc/ptr/mod.rs:805\n\
             UNCOVERED_FUNC: hits: 0 edges: 0/9 other {own}:80\n\
             stat::number_of_executed_units: 20000\n",
            own = own.display()
        );
        assert_eq!(
            number_after(&text, "stat::number_of_executed_units:"),
            20_000
        );
        assert_eq!(number_after(&text, " cov:"), 106);
        assert_eq!(own_edges(&text), (25, 52));
        assert_eq!(number_after("", " cov:"), 0);
    }
}
