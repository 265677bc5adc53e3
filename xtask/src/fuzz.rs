//! `cargo xtask fuzz`: runs a fuzzer against every parser of bytes from outside.
//!
//! The first table counts executions and findings. The second one tells which
//! lines of this project the inputs run, by LLVM's source-based coverage, which
//! inlining and optimisation do not change.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use clap::Args;
use serde_json::Value;

use crate::command::{self, Failure, cargo, root, rustc, standard_output, target};
use crate::files::{self, entries};

#[derive(Debug, Args)]
pub(crate) struct FuzzArguments {
    /// Targets, by the names in `fuzz/fuzz_targets` [default: all]
    #[arg(value_name = "TARGET")]
    targets: Vec<String>,

    /// Seconds for each target
    #[arg(long, default_value = "600")]
    seconds: u32,

    /// Targets at once
    #[arg(long, default_value = "2")]
    jobs: usize,

    /// Do not count the lines that were run, which needs `llvm-cov` and a build of its own
    #[arg(long)]
    no_lines: bool,
}

/// What fuzzing one target came to.
#[derive(Debug)]
struct Fuzzed {
    target: String,
    executions: u64,
    /// Edges of the whole program that were taken.
    edges: u64,
    /// Inputs that made it fail.
    findings: usize,
    /// The file of what it printed.
    log: PathBuf,
}

pub(crate) fn run(arguments: &FuzzArguments) -> Result<(), Failure> {
    let mut targets = arguments.targets.clone();
    if targets.is_empty() {
        let files = entries(&root().join("fuzz/fuzz_targets"));
        targets = files
            .iter()
            .filter_map(|file| file.file_stem())
            .map(|stem| stem.to_string_lossy().into_owned())
            .collect();
    }
    let tools = match arguments.no_lines {
        true => None,
        false => Some(llvm_tools()?),
    };
    command::run(&mut fuzz(&["build"], &built()))?;
    let mut fuzzed = fuzz_all(&targets, arguments)?;
    fuzzed.sort_by(|a, b| a.target.cmp(&b.target));
    println!("| target | executions | seconds | edges | findings |\n|---|---|---|---|---|");
    for one in &fuzzed {
        println!(
            "| {} | {} | {} | {} | {} |",
            one.target, one.executions, arguments.seconds, one.edges, one.findings
        );
    }
    if let Some(tools) = tools {
        println!("\n| target | file | lines run | of |\n|---|---|---|---|");
        // An input that makes a target fail ends the replay, too.
        for one in fuzzed.iter().filter(|one| one.findings == 0) {
            for (file, run, all) in lines_run(&tools, &one.target)? {
                println!("| {} | `{file}` | {run} | {all} |", one.target);
            }
        }
    }
    match fuzzed.iter().find(|one| one.findings > 0) {
        None => Ok(()),
        Some(Fuzzed { target, log, .. }) => Err(Failure::new(format!(
            "fuzzing `{target}` found a failure; {} tells of it and of the input",
            log.display()
        ))),
    }
}

/// Fuzzes targets, as many at once as was asked for.
fn fuzz_all(targets: &[String], arguments: &FuzzArguments) -> Result<Vec<Fuzzed>, Failure> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut fuzzed = Vec::new();
        while let Some(target) = targets.get(next.fetch_add(1, Ordering::Relaxed)) {
            fuzzed.push(fuzz_target(target, arguments.seconds)?);
        }
        Ok(fuzzed)
    };
    let mut fuzzed = Vec::new();
    thread::scope(|scope| {
        let workers: Vec<_> = (0..arguments.jobs.max(1))
            .map(|_| scope.spawn(work))
            .collect();
        for worker in workers {
            let failed = || Err(Failure::new("a thread of the fuzzer failed"));
            fuzzed.extend(worker.join().unwrap_or_else(|_| failed())?);
        }
        Ok(fuzzed)
    })
}

/// `cargo fuzz`, with a folder to build in.
fn fuzz(arguments: &[&str], folder: &Path) -> Command {
    let mut command = cargo(&["fuzz"]);
    command.args(arguments);
    command.args(["--fuzz-dir", "fuzz", "--target-dir"]);
    command.arg(folder);
    // The sanitizers' flags are unstable; the stable compiler knows them too.
    command.env("RUSTC_BOOTSTRAP", "1");
    command
}

/// The folder in which the targets are built, with the sanitizer.
fn built() -> PathBuf {
    target().join("fuzz")
}

/// The folder of a target's results.
fn run_folder(name: &str) -> PathBuf {
    built().join("runs").join(name)
}

/// The folders with the inputs of a target: new ones below the target folder,
/// and those that are committed.
fn corpora(name: &str) -> [PathBuf; 2] {
    [
        run_folder(name).join("corpus"),
        root().join("fuzz/corpus").join(name),
    ]
}

fn fuzz_target(name: &str, seconds: u32) -> Result<Fuzzed, Failure> {
    eprintln!("{name}, {seconds} s");
    let folder = run_folder(name);
    files::create_empty_folder(&folder)?;
    let corpora = corpora(name);
    let findings = folder.join("findings");
    files::create_folder(&corpora[0])?;
    files::create_folder(&findings)?;
    let log = folder.join("log");
    let output = fs::File::create(&log).map_err(Failure::file(&log))?;
    let mut command = fuzz(&["run", name], &built());
    command.args(corpora).arg("--");
    command.arg(format!("-max_total_time={seconds}"));
    command.arg(format!("-artifact_prefix={}/", findings.display()));
    command.args(["-print_final_stats=1", "-timeout=60"]);
    // The command fails if it finds something, which the table tells.
    let status = command.stdout(Stdio::null()).stderr(output).status();
    status.map_err(Failure::start("cargo fuzz"))?;
    let text = files::read(&log)?;
    let text = String::from_utf8_lossy(&text);
    Ok(Fuzzed {
        target: name.to_owned(),
        executions: last_number_after(&text, "stat::number_of_executed_units:"),
        edges: last_number_after(&text, " cov:"),
        findings: entries(&findings).len(),
        log,
    })
}

/// The number after the last place of a word in a text; 0 if there is none.
fn last_number_after(text: &str, word: &str) -> u64 {
    let rest = text.rsplit_once(word).map_or("", |(_, rest)| rest);
    let number = rest.split_whitespace().next().unwrap_or_default();
    number.parse().unwrap_or(0)
}

/// The folder of `llvm-cov` and `llvm-profdata`: the toolchain's (`rustup
/// component add llvm-tools`), or the system's newest.
fn llvm_tools() -> Result<PathBuf, Failure> {
    let sysroot = standard_output(rustc().args(["--print", "sysroot"])).unwrap_or_default();
    let mut folders = entries(&Path::new(sysroot.trim()).join("lib/rustlib"));
    // Debian's: /usr/lib/llvm-19/bin.
    let mut system: Vec<(u32, PathBuf)> = entries(Path::new("/usr/lib"))
        .into_iter()
        .filter_map(|folder| {
            let name = files::name(&folder);
            Some((name.strip_prefix("llvm-")?.parse().ok()?, folder))
        })
        .collect();
    system.sort();
    folders.extend(system.into_iter().rev().map(|(_, folder)| folder));
    let name = format!("llvm-cov{}", std::env::consts::EXE_SUFFIX);
    folders
        .into_iter()
        .map(|folder| folder.join("bin"))
        .find(|folder| folder.join(&name).is_file())
        .ok_or_else(|| {
            Failure::new(
                "llvm-cov is missing; `rustup component add llvm-tools` installs it, and so does \
                 Debian's package `llvm-19` or a later one",
            )
        })
}

/// Replays the inputs of a target. Gives each file of `crates` of which any
/// line ran, the number of lines that ran, and the number of lines that could.
fn lines_run(tools: &Path, name: &str) -> Result<Vec<(String, u64, u64)>, Failure> {
    let build = target().join("fuzz-coverage");
    let profile = root().join("fuzz/coverage").join(name);
    // Profiles of earlier runs would be counted, too.
    files::remove(&profile)?;
    let mut replay = fuzz(&["coverage"], &build);
    replay.args(["--sanitizer", "none", "--llvm-path"]);
    replay.arg(tools).arg(name).args(corpora(name));
    command::standard_error(&mut replay)?;

    let host = standard_output(rustc().args(["--print", "host-tuple"]))?;
    let program = build.join(host.trim()).join("release").join(name);
    let mut export = Command::new(tools.join("llvm-cov"));
    export.args(["export", "-summary-only", "-instr-profile"]);
    export.arg(profile.join("coverage.profdata")).arg(program);
    let text = standard_output(&mut export)?;
    files_run(&text, &root().join("crates")).ok_or_else(|| Failure::output("llvm-cov export"))
}

/// The files of a folder of which any line ran, from what `llvm-cov export`
/// prints; none if the text is not of its form.
fn files_run(text: &str, folder: &Path) -> Option<Vec<(String, u64, u64)>> {
    let export: Value = serde_json::from_str(text).ok()?;
    let mut found = Vec::new();
    for program in export["data"].as_array()? {
        for file in program["files"].as_array()? {
            let lines = &file["summary"]["lines"];
            let (run, all) = (lines["covered"].as_u64()?, lines["count"].as_u64()?);
            let path = Path::new(file["filename"].as_str()?);
            if let (Ok(path), 1..) = (path.strip_prefix(folder), run) {
                found.push((path.to_string_lossy().into_owned(), run, all));
            }
        }
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fuzzer_s_numbers_are_read() {
        let text = "#1 NEW cov: 5 ft: 6\n#20000 DONE   cov: 106 ft: 136 corp: 21/274b\n\
                    stat::number_of_executed_units: 20000\n";
        let executed = last_number_after(text, "stat::number_of_executed_units:");
        assert_eq!(executed, 20_000);
        assert_eq!(last_number_after(text, " cov:"), 106);
        assert_eq!(last_number_after("", " cov:"), 0);
    }

    #[test]
    fn only_files_of_the_folder_that_ran_are_listed() {
        let file = |name: &str, count: u64, covered: u64| {
            format!(
                r#"{{"filename":"{name}","summary":{{"lines":{{"count":{count},"covered":{covered},"percent":1.5}},"regions":{{}}}}}}"#
            )
        };
        let text = format!(
            r#"{{"data":[{{"files":[{},{},{}],"totals":{{}}}}],"type":"llvm.coverage.json.export"}}"#,
            file("/here/crates/data/src/idx.rs", 76, 68),
            file("/here/crates/data/src/cifar.rs", 43, 0),
            file("/cargo/registry/zip/src/read.rs", 900, 400),
        );
        let found = files_run(&text, Path::new("/here/crates"));
        assert_eq!(found, Some(vec![("data/src/idx.rs".to_owned(), 68, 76)]));
        assert!(files_run("{}", Path::new("/here")).is_none());
    }
}
