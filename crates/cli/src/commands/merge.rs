//! `etastar merge`: puts the parts of a sweep together, or recovers damaged stores.

use std::path::{Path, PathBuf};

use clap::Args;
use etastar_search::{Merged, Store};
use serde_json::json;

use crate::arguments::Format;
use crate::error::CliError;
use crate::output::{self, lossy};

#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  etastar merge parts/part-*.db --output all.db

The command combines the parts of a sweep that were measured with `etastar sweep --shard`.
Rows that the output already has are kept, and merging again changes nothing. Stores with
another configuration, seed, backend or data are refused. A store with a row that disagrees
with the output is refused as well, and none of its rows is taken.

With --recover the command saves every intact row of damaged stores; `etastar sweep
EXPERIMENT --output OUTPUT` then measures what was lost. The output may be a store that a
sweep has begun. It must be one if the list of cells of the damaged store is damaged.")]
pub(crate) struct MergeArguments {
    /// Stores of the parts
    #[arg(required = true, value_name = "STORE")]
    stores: Vec<PathBuf>,

    /// Store to write
    #[arg(long, short, value_name = "FILE")]
    output: PathBuf,

    /// The stores are damaged: take only the rows that are intact
    #[arg(long)]
    recover: bool,

    /// Exit with code 3 unless every repeat of the sweep is present
    #[arg(long)]
    complete: bool,

    #[command(flatten)]
    format: Format,
}

pub(crate) fn run(arguments: &MergeArguments) -> Result<(), CliError> {
    let output = arguments.output.as_path();
    if let Some(same) = arguments.stores.iter().find(|store| is_same(store, output)) {
        return Err(CliError::Usage(format!(
            "{} cannot be merged into itself; give another file as --output",
            same.display()
        )));
    }
    let parts = match arguments.recover {
        true => recover(&arguments.stores, output)?,
        false => merge(&arguments.stores, output)?,
    };
    let snapshot = Store::open_to_read(output)?.snapshot()?;
    let arithmetics = snapshot.arithmetics();
    let (repeats, expected) = (snapshot.finished_repeats(), snapshot.expected_repeats());
    if arguments.format.json {
        let parts = parts.iter().map(|(store, merged)| {
            json!({"store": lossy(store), "new": merged.new, "agreeing": merged.agreeing})
        });
        output::print_json(&json!({
            "store": lossy(output),
            "repeats": repeats,
            "expected": expected,
            "arithmetics": arithmetics,
            "parts": parts.collect::<Vec<_>>(),
        }))?;
    } else {
        let rows = parts.iter().map(|(store, merged)| {
            [
                store.display().to_string(),
                merged.new.to_string(),
                merged.agreeing.to_string(),
            ]
        });
        output::print(&format!(
            "{}{repeats} of {expected} repeats in {}\n",
            output::table(["PART", "NEW", "KNOWN AND EQUAL"], rows),
            output.display()
        ))?;
    }
    if arithmetics.len() > 1 {
        output::tell(&format!(
            "warning: the parts were measured with {} arithmetics ({}), on machines that round \
             differently. Where rounding decides how a trial near the edge ends, one machine alone \
             would have given another number",
            arithmetics.len(),
            arithmetics.join(", ")
        ));
    }
    if arguments.complete && repeats < expected {
        return Err(CliError::Incomplete { repeats, expected });
    }
    Ok(())
}

/// What each store has added.
type Parts<'a> = Vec<(&'a PathBuf, Merged)>;

fn merge<'a>(stores: &'a [PathBuf], output: &Path) -> Result<Parts<'a>, CliError> {
    let Some(first) = stores.first() else {
        return Err(CliError::Usage("give the stores of the parts".into()));
    };
    // Before anything is written: a refused merge leaves nothing behind.
    Store::check_parts(stores)?;
    let mut merged = Store::open_like(output, first)?;
    let parts = stores.iter().map(|store| Ok((store, merged.merge(store)?)));
    parts.collect()
}

fn recover<'a>(stores: &'a [PathBuf], output: &Path) -> Result<Parts<'a>, CliError> {
    let parts = stores.iter().map(|store| {
        let (_, new) = Store::recover(output, store)?;
        Ok((store, Merged { new, agreeing: 0 }))
    });
    parts.collect()
}

fn is_same(one: &Path, other: &Path) -> bool {
    match (one.canonicalize(), other.canonicalize()) {
        (Ok(one), Ok(other)) => one == other,
        _ => one == other,
    }
}
