use std::path::{Path, PathBuf};

use clap::Args;
use etastar_search::Store;
use serde_json::{Value, json};

use crate::arguments::Format;
use crate::error::CliError;
use crate::output;
use crate::progress::{State, StatusFile};
use crate::provenance;

#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  etastar status results/power-law.jobs

Reads the small file that a sweep keeps beside its store and not the store, which
only the machine that writes it should open; stores without that file are opened.
The time left is told at the pace of the session.")]
pub(crate) struct StatusArguments {
    /// Stores, or folders of stores
    #[arg(value_name = "STORE|FOLDER", default_value = "results")]
    paths: Vec<PathBuf>,

    #[command(flatten)]
    format: Format,
}

/// A store and how far its sweep is.
struct Row {
    store: PathBuf,
    state: &'static str,
    shard: Option<String>,
    done: usize,
    repeats: usize,
    /// Of the expected cost, where known.
    share: Option<f64>,
    seconds_left: Option<f64>,
    host: Option<String>,
    updated_at: Option<String>,
    error: Option<String>,
}

pub(crate) fn run(arguments: &StatusArguments) -> Result<(), CliError> {
    let mut rows = Vec::new();
    for path in &arguments.paths {
        for store in stores(path)? {
            rows.push(Row::of(store)?);
        }
    }
    if rows.is_empty() {
        let paths = arguments
            .paths
            .iter()
            .map(|path| path.display().to_string());
        let paths = paths.collect::<Vec<_>>().join(", ");
        return Err(CliError::Usage(format!(
            "there is no store in {paths}; `etastar sweep` makes one"
        )));
    }
    if arguments.format.json {
        return output::print_json(&json!({
            "stores": rows.iter().map(Row::json).collect::<Vec<_>>(),
        }));
    }
    output::print(&text(&rows))
}

/// The store, or those of a folder by name.
fn stores(path: &Path) -> Result<Vec<PathBuf>, CliError> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut found: Vec<PathBuf> = std::fs::read_dir(path)?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "db"))
        .collect();
    found.sort_by_key(|path| natural(path));
    Ok(found)
}

/// `part-10` after `part-9`: digits count as numbers.
fn natural(path: &Path) -> Vec<(u64, char)> {
    let mut key: Vec<(u64, char)> = Vec::new();
    let mut number: Option<u64> = None;
    let name = path.to_string_lossy();
    for character in name.chars() {
        match character.to_digit(10) {
            Some(digit) => {
                let so_far = number.unwrap_or(0);
                number = Some(so_far.saturating_mul(10).saturating_add(digit.into()));
            }
            None => {
                key.extend(number.take().map(|number| (number, '0')));
                key.push((0, character));
            }
        }
    }
    key.extend(number.map(|number| (number, '0')));
    key
}

impl Row {
    fn of(store: PathBuf) -> Result<Self, CliError> {
        match StatusFile::read(&store) {
            Some(file) => Ok(Self::of_file(store, file)),
            None => Self::of_store(store),
        }
    }

    fn of_file(store: PathBuf, file: StatusFile) -> Self {
        let here = file.host == provenance::host_name();
        let running = file.state == State::Running;
        // A lock on another machine cannot be asked for.
        let killed = running && here && !Store::is_being_written(&store);
        let state = match file.state {
            _ if killed => "killed",
            State::Running => "running",
            State::Complete => "complete",
            State::Stopped => "stopped",
            State::Failed => "failed",
        };
        Self {
            state,
            done: file.repeats_done,
            repeats: file.repeats,
            share: Some(file.cost_done),
            seconds_left: file
                .seconds_left()
                .filter(|_| file.state != State::Complete),
            shard: file.shard,
            host: Some(file.host),
            updated_at: Some(file.updated_at),
            error: file.error,
            store,
        }
    }

    fn of_store(store: PathBuf) -> Result<Self, CliError> {
        let snapshot = Store::open_to_read(&store)?.snapshot()?;
        let (done, repeats) = (snapshot.finished_repeats(), snapshot.expected_repeats());
        let state = if done == repeats {
            "complete"
        } else if Store::is_being_written(&store) {
            "running"
        } else {
            "stopped"
        };
        Ok(Self {
            store,
            state,
            shard: None,
            done,
            repeats,
            share: None,
            seconds_left: None,
            host: None,
            updated_at: None,
            error: None,
        })
    }

    fn json(&self) -> Value {
        json!({
            "store": self.store,
            "state": self.state,
            "shard": self.shard,
            "done": self.done,
            "remaining": self.repeats.saturating_sub(self.done),
            "repeats": self.repeats,
            "share_of_cost": self.share,
            "seconds_left": self.seconds_left,
            "host": self.host,
            "updated_at": self.updated_at,
            "error": self.error,
        })
    }
}

fn text(rows: &[Row]) -> String {
    let heading = [
        "STORE", "STATE", "PART", "REPEATS", "COST", "LEFT", "HOST", "UPDATED",
    ];
    let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    let mut table = vec![heading.map(str::to_owned).to_vec()];
    table.extend(rows.iter().map(|row| {
        vec![
            row.store.display().to_string(),
            row.state.to_owned(),
            or_dash(row.shard.clone()),
            format!("{}/{}", row.done, row.repeats),
            or_dash(row.share.map(|share| format!("{:.0} %", 100.0 * share))),
            or_dash(row.seconds_left.map(time)),
            or_dash(row.host.clone()),
            or_dash(row.updated_at.clone()),
        ]
    }));
    let mut text = output::columns(&table);
    for row in rows {
        if let Some(error) = &row.error {
            text.push_str(&format!("{}: {error}\n", row.store.display()));
        }
    }
    let done: usize = rows.iter().map(|row| row.done).sum();
    let repeats: usize = rows.iter().map(|row| row.repeats).sum();
    let longest = rows
        .iter()
        .filter_map(|row| row.seconds_left)
        .fold(None, |longest, left| {
            Some(longest.map_or(left, |longest: f64| longest.max(left)))
        });
    text.push_str(&format!("{done} of {repeats} repeats"));
    if let Some(longest) = longest {
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
