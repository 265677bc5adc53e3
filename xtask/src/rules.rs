//! The rules by which experiments are judged, in the history of their files: rules that were
//! written after a result prove nothing.

use std::fmt;
use std::fs;
use std::path::Path;
use std::process::Command;

use jiff::Timestamp;
use serde_json::Value;

use crate::command::{Failure, root, standard_output};

/// Where results are committed: a folder for each report, with its `rules.json`.
const RESULTS: &str = "experiments/results";

/// A commit, shown with its time.
pub(crate) struct Commit {
    hash: String,
    time: Timestamp,
}

impl fmt::Display for Commit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let short = self.hash.get(..7).unwrap_or(&self.hash);
        write!(formatter, "{short} of {}", self.time)
    }
}

/// The first commit in which an experiment had the rules that its file has now; none where the
/// history is not known, or the rules are not committed.
pub(crate) fn first_commit(experiment: &str) -> Result<Option<Commit>, Failure> {
    let path = root().join(file(experiment));
    let text = fs::read_to_string(&path).map_err(Failure::file(&path))?;
    match is_history_complete() {
        true => first_with(experiment, &rules(&text)),
        false => Ok(None),
    }
}

/// Checks that the rules of all committed confirmatory results stood in a commit before the
/// measurement began, and still stand.
pub(crate) fn check() -> Result<(), Failure> {
    if !is_history_complete() {
        eprintln!("The history is not here: rules of committed results are not checked.");
        return Ok(());
    }
    let folder = root().join(RESULTS);
    for entry in fs::read_dir(&folder).map_err(Failure::file(&folder))? {
        let path = entry
            .map_err(Failure::file(&folder))?
            .path()
            .join("rules.json");
        if path.is_file() {
            check_results(&path)?;
        }
    }
    Ok(())
}

fn check_results(path: &Path) -> Result<(), Failure> {
    let text = fs::read_to_string(path).map_err(Failure::file(path))?;
    let experiments: Vec<Value> = serde_json::from_str(&text)
        .map_err(|error| Failure::new(format!("{}: {error}", path.display())))?;
    for one in experiments {
        if one["evidence"] != "confirmatory" {
            continue;
        }
        let name = one["experiment"].as_str().unwrap_or_default();
        let wrong = |what: &str| Failure::new(format!("{}: {name}: {what}", path.display()));
        let own = [one["criteria"].clone(), one["seed"].clone()];
        let commit = first_with(name, &own)?;
        let commit = commit.ok_or_else(|| wrong("no commit has the rules of these results"))?;
        let started = one["started_at"]
            .as_str()
            .and_then(|time| time.parse().ok());
        let started: Timestamp = started.ok_or_else(|| wrong("its start is not known"))?;
        if commit.time >= started {
            let late = format!("its rules are of {commit}, and it was measured from {started} on");
            return Err(wrong(&late));
        }
        let now = root().join(file(name));
        let now = fs::read_to_string(&now).map_err(Failure::file(&now))?;
        if rules(&now) != own {
            return Err(wrong(
                "its file has other rules now: measure it again at another seed",
            ));
        }
        println!("{name}: rules of {commit}, measured from {started} on");
    }
    Ok(())
}

/// The first commit in which an experiment's file has these rules.
fn first_with(experiment: &str, wanted: &[Value; 2]) -> Result<Option<Commit>, Failure> {
    let file = file(experiment);
    let log = git(&["log", "--reverse", "--format=%H %cI", "--", &file])?;
    for line in log.lines() {
        let Some((hash, time)) = line.split_once(' ') else {
            continue;
        };
        // A commit that removed the file has none.
        let Ok(text) = git(&["show", &format!("{hash}:{file}")]) else {
            continue;
        };
        if rules(&text) == *wanted {
            let time = time.parse().map_err(|_| Failure::output("git log"))?;
            let hash = hash.to_owned();
            return Ok(Some(Commit { hash, time }));
        }
    }
    Ok(None)
}

/// The criteria of an experiment's file, and the seed that they were written for; null where it has
/// none.
fn rules(text: &str) -> [Value; 2] {
    let table: Value = toml::from_str(text).unwrap_or_default();
    [table["analysis"]["criteria"].clone(), table["seed"].clone()]
}

fn file(experiment: &str) -> String {
    format!("experiments/{experiment}.toml")
}

/// Whether this is a repository with its whole history.
fn is_history_complete() -> bool {
    git(&["rev-parse", "--is-shallow-repository"]).is_ok_and(|text| text.trim() == "false")
}

fn git(arguments: &[&str]) -> Result<String, Failure> {
    standard_output(Command::new("git").args(arguments).current_dir(root()))
}
