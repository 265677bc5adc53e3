//! `cargo xtask fuzz`: every parser of bytes from outside against a fuzzer,
//! and tables of what it came to.

mod coverage;

use std::collections::VecDeque;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::thread;

use clap::Args;

use self::coverage::{Lines, Tools};
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

    /// No lines that were run: they take `llvm-cov`, and a build of their own
    #[arg(long)]
    no_lines: bool,
}

/// What fuzzing one target came to.
#[derive(Debug)]
struct Fuzzed {
    target: String,
    executions: u64,
    seconds: u32,
    /// Edges that were taken, of the whole program.
    edges: u64,
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
    let tools = match arguments.no_lines {
        true => None,
        false => Some(Tools::find()?),
    };
    command::run(&mut fuzz(&["build"], &built()))?;
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
    println!("| target | executions | seconds | edges | findings |\n|---|---|---|---|---|");
    for one in &fuzzed {
        println!(
            "| {} | {} | {} | {} | {} |",
            one.target, one.executions, one.seconds, one.edges, one.findings
        );
    }
    if let Some(tools) = tools {
        print_lines(&tools, &fuzzed)?;
    }
    match fuzzed.iter().find(|one| one.findings > 0) {
        None => Ok(()),
        Some(one) => Err(Failure::Found {
            target: one.target.clone(),
            log: one.log.clone(),
        }),
    }
}

/// What failed has no place here: its input ends the replay, too.
fn print_lines(tools: &Tools, fuzzed: &[Fuzzed]) -> Result<(), Failure> {
    println!("\n| target | file | lines run | of |\n|---|---|---|---|");
    for one in fuzzed.iter().filter(|one| one.findings == 0) {
        for Lines { file, run, of } in tools.lines(&one.target)? {
            println!("| {} | `{file}` | {run} | {of} |", one.target);
        }
    }
    Ok(())
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

/// `cargo fuzz`, with a folder to build in.
fn fuzz(arguments: &[&str], folder: &Path) -> Command {
    let mut command = cargo(&["fuzz"]);
    command
        .args(arguments)
        .args(["--fuzz-dir", "fuzz", "--target-dir"]);
    command.arg(folder);
    // The sanitizers' flags are unstable; the stable compiler knows them too.
    command.env("RUSTC_BOOTSTRAP", "1");
    command
}

/// The folder in which the targets are built, with the sanitizer.
fn built() -> PathBuf {
    target().join("fuzz")
}

/// What a run of a target leaves.
fn run_folder(name: &str) -> PathBuf {
    built().join("runs").join(name)
}

/// The inputs of a target: new ones, which stay below the target folder, and
/// those that are committed.
fn corpora(name: &str) -> [PathBuf; 2] {
    [
        run_folder(name).join("corpus"),
        root().join("fuzz").join("corpus").join(name),
    ]
}

fn fuzz_target(name: String, seconds: u32) -> Result<Fuzzed, Failure> {
    eprintln!("{name}, {seconds} s");
    let folder = run_folder(&name);
    // What an earlier run found is no result of this one.
    let _ = fs::remove_dir_all(&folder);
    let corpora = corpora(&name);
    let findings = folder.join("findings");
    for folder in [&corpora[0], &findings] {
        fs::create_dir_all(folder).map_err(|source| file(folder, source))?;
    }
    let log = folder.join("log");
    let output = fs::File::create(&log).map_err(|source| file(&log, source))?;
    let mut command = fuzz(&["run", &name], &built());
    command
        .args(corpora)
        .arg("--")
        .arg(format!("-max_total_time={seconds}"))
        .arg(format!("-artifact_prefix={}/", findings.display()))
        .args(["-print_final_stats=1", "-timeout=60"]);
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
        let text = "#1 NEW cov: 5 ft: 6\n#20000 DONE   cov: 106 ft: 136 corp: 21/274b\n\
                    stat::number_of_executed_units: 20000\n";
        assert_eq!(
            number_after(text, "stat::number_of_executed_units:"),
            20_000
        );
        assert_eq!(number_after(text, " cov:"), 106);
        assert_eq!(number_after("", " cov:"), 0);
    }
}
