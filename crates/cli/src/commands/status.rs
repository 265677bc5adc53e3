//! `etastar status`: tells how far sweeps are.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::Args;
use etastar::provenance::host_name;
use etastar::stores_in;
use etastar_search::Store;
use serde::Serialize;
use serde_json::json;

use crate::arguments::Format;
use crate::error::CliError;
use crate::output::{self, lossy};
use crate::status_file::{State, StatusFile};

#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  etastar status results/power-law.jobs

The command reads the small status file that a sweep keeps beside its store. It reads the
store itself only if there is no such file, because a store that is being written should be
opened only on the machine that writes it. The time left is estimated from the pace of the
running session.")]
pub(crate) struct StatusArguments {
    /// Stores, or folders of stores
    #[arg(value_name = "STORE|FOLDER", default_value = "results")]
    paths: Vec<PathBuf>,

    #[command(flatten)]
    format: Format,
}

/// A store and how far its sweep is.
#[derive(Default, Serialize)]
struct Row {
    store: String,
    state: &'static str,
    shard: Option<String>,
    done: usize,
    remaining: usize,
    repeats: usize,
    /// Of the expected cost, where known.
    share_of_cost: Option<f64>,
    seconds_left: Option<f64>,
    host: Option<String>,
    updated_at: Option<String>,
    error: Option<String>,
}

pub(crate) fn run(arguments: &StatusArguments) -> Result<(), CliError> {
    let mut rows = Vec::new();
    let mut told = BTreeSet::new();
    for path in &arguments.paths {
        let is_folder = path.is_dir();
        for store in stores(path)? {
            // A store may be given twice: by itself and by its folder.
            if !told.insert(store.canonicalize().unwrap_or_else(|_| store.clone())) {
                continue;
            }
            // What a store says that was copied without its log is not all, nor its status file.
            let file = StatusFile::read(&store).filter(|_| !Store::lacks_log(&store));
            rows.push(match file {
                Some(file) => Row::from_file(&store, file),
                // One file of a folder that is no store hides none of the others.
                None => match Row::from_store(&store) {
                    Err(error) if is_folder => Row::unreadable(&store, &error),
                    row => row?,
                },
            });
        }
    }
    if rows.is_empty() {
        let paths = arguments.paths.iter();
        let paths: Vec<String> = paths.map(|path| path.display().to_string()).collect();
        return Err(CliError::Usage(format!(
            "there is no store in {}; `etastar sweep` makes one",
            paths.join(", ")
        )));
    }
    if arguments.format.json {
        return output::print_json(&json!({ "stores": rows }));
    }
    output::print(&text(&rows))
}

/// The store, or those of a folder by name.
fn stores(path: &Path) -> Result<Vec<PathBuf>, CliError> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let found = stores_in(path);
    let mut found = found.map_err(|source| CliError::ReadFolder {
        path: path.to_owned(),
        source,
    })?;
    found.sort_by_key(|path| natural(path));
    Ok(found)
}

/// A key that sorts `part-10` after `part-9`: digits count as numbers.
fn natural(path: &Path) -> Vec<(u64, char)> {
    let mut key: Vec<(u64, char)> = Vec::new();
    for character in path.to_string_lossy().chars() {
        match (character.to_digit(10), key.last_mut()) {
            (Some(digit), Some((number, '0'))) => {
                *number = number.saturating_mul(10).saturating_add(digit.into());
            }
            (Some(digit), _) => key.push((digit.into(), '0')),
            (None, _) => key.push((0, character)),
        }
    }
    key
}

impl Row {
    fn unreadable(store: &Path, error: &CliError) -> Self {
        Self {
            store: lossy(store),
            state: "unreadable",
            error: Some(error.to_string()),
            ..Self::default()
        }
    }

    fn from_file(store: &Path, file: StatusFile) -> Self {
        let here = file.host == host_name();
        let state = match file.state {
            // The lock of another machine cannot be asked for.
            _ if !store.exists() => "gone",
            State::Running if here && !Store::is_being_written(store) => "killed",
            State::Running => "running",
            State::Complete => "complete",
            State::Stopped => "stopped",
            State::Failed => "failed",
        };
        let seconds_left = file.seconds_left();
        Self {
            store: lossy(store),
            state,
            done: file.repeats_done,
            remaining: file.repeats.saturating_sub(file.repeats_done),
            repeats: file.repeats,
            share_of_cost: Some(file.cost_done),
            seconds_left: seconds_left.filter(|_| file.state != State::Complete),
            shard: file.shard,
            host: Some(file.host),
            updated_at: Some(file.updated_at),
            error: file.error,
        }
    }

    fn from_store(store: &Path) -> Result<Self, CliError> {
        let snapshot = Store::open_to_read(store)?.snapshot()?;
        let (done, repeats) = (snapshot.finished_repeats(), snapshot.expected_repeats());
        let state = if done == repeats {
            "complete"
        } else if Store::is_being_written(store) {
            "running"
        } else {
            "stopped"
        };
        Ok(Self {
            store: lossy(store),
            state,
            done,
            remaining: repeats.saturating_sub(done),
            repeats,
            ..Self::default()
        })
    }
}

fn text(rows: &[Row]) -> String {
    let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    let mut text = output::table(
        [
            "STORE", "STATE", "PART", "REPEATS", "COST", "LEFT", "HOST", "UPDATED",
        ],
        rows.iter().map(|row| {
            let share = row.share_of_cost;
            [
                row.store.clone(),
                row.state.to_owned(),
                or_dash(row.shard.clone()),
                format!("{}/{}", row.done, row.repeats),
                or_dash(share.map(|share| format!("{:.0} %", 100.0 * share))),
                or_dash(row.seconds_left.map(time)),
                or_dash(row.host.clone()),
                or_dash(row.updated_at.clone()),
            ]
        }),
    );
    for row in rows {
        if let Some(error) = &row.error {
            text.push_str(&format!("{}: {error}\n", row.store));
        }
    }
    let done: usize = rows.iter().map(|row| row.done).sum();
    let repeats: usize = rows.iter().map(|row| row.repeats).sum();
    text.push_str(&format!("{done} of {repeats} repeats"));
    let left = rows.iter().filter_map(|row| row.seconds_left);
    if let Some(longest) = left.max_by(f64::total_cmp) {
        text.push_str(&format!(", the last in about {}", time(longest)));
    }
    text.push('\n');
    text
}

/// `2 h 05 min`, `12 min`, `40 s`
fn time(seconds: f64) -> String {
    let seconds = seconds.round() as u64;
    match (seconds / 3600, seconds / 60 % 60) {
        (0, 0) => format!("{seconds} s"),
        (0, minutes) => format!("{minutes} min"),
        (hours, minutes) => format!("{hours} h {minutes:02} min"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_come_in_the_order_of_their_numbers() {
        let mut names = ["p/part-10.db", "p/part-9.db", "p/part-1.db"].map(PathBuf::from);
        names.sort_by_key(|path| natural(path));
        assert_eq!(
            names,
            ["p/part-1.db", "p/part-9.db", "p/part-10.db"].map(PathBuf::from)
        );
    }

    #[test]
    fn times_are_told_as_people_tell_them() {
        assert_eq!(
            [40.2, 750.0, 7500.0].map(time),
            ["40 s", "12 min", "2 h 05 min"]
        );
    }
}
