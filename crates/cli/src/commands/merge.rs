use std::path::{Path, PathBuf};

use clap::Args;
use etastar_search::{Merged, Store};
use serde_json::json;

use crate::arguments::Format;
use crate::error::CliError;
use crate::output;

#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  etastar merge parts/part-*.db --output all.db

Puts the parts of a sweep together that were measured with `etastar sweep --shard`.
What is in the output already stays; merging again changes nothing. Stores of
another configuration, seed, backend or data are refused, and so are stores that
disagree in a row of both; then nothing of that store is taken.

With --recover it saves every whole row of damaged stores; `etastar sweep EXPERIMENT
--output OUTPUT` then measures what was lost. It may write into a store that a sweep
has begun, and must where the damage is in the list of cells.")]
pub(crate) struct MergeArguments {
    /// Stores of the parts
    #[arg(required = true, value_name = "STORE")]
    stores: Vec<PathBuf>,

    /// Store to write
    #[arg(long, short, value_name = "FILE")]
    output: PathBuf,

    /// The stores are damaged: take every row that is what was written, and nothing else
    #[arg(long)]
    recover: bool,

    /// Exit with 3 unless every repeat of the sweep is there
    #[arg(long)]
    complete: bool,

    #[command(flatten)]
    format: Format,
}

pub(crate) fn run(arguments: &MergeArguments) -> Result<(), CliError> {
    let output = arguments.output.as_path();
    if let Some(same) = arguments.stores.iter().find(|store| is_same(store, output)) {
        return Err(CliError::Usage(format!(
            "{} is to be merged into itself; give --output another file",
            same.display()
        )));
    }
    let [first, ..] = arguments.stores.as_slice() else {
        return Err(CliError::Usage("give the stores of the parts".into()));
    };
    let parts = if arguments.recover {
        recover(&arguments.stores, output)?
    } else {
        let mut merged = Store::open_like(output, first)?;
        let stores = arguments.stores.iter();
        stores
            .map(|store| Ok((store, merged.merge(store)?)))
            .collect::<Result<Vec<(&PathBuf, Merged)>, CliError>>()?
    };
    let snapshot = Store::open_to_read(output)?.snapshot()?;
    let arithmetics = snapshot.arithmetics();
    let (repeats, expected) = (snapshot.finished_repeats(), snapshot.expected_repeats());
    if arguments.format.json {
        output::print_json(&json!({
            "store": output,
            "repeats": repeats,
            "expected": expected,
            "arithmetics": arithmetics,
            "parts": parts.iter().map(|(store, merged)| json!({
                "store": store,
                "new": merged.new,
                "agreeing": merged.agreeing,
            })).collect::<Vec<_>>(),
        }))?;
    } else {
        let mut rows = vec![
            ["PART", "NEW", "KNOWN AND EQUAL"]
                .map(str::to_owned)
                .to_vec(),
        ];
        rows.extend(parts.iter().map(|(store, merged)| {
            vec![
                store.display().to_string(),
                merged.new.to_string(),
                merged.agreeing.to_string(),
            ]
        }));
        output::print(&format!(
            "{}{repeats} of {expected} repeats in {}\n",
            output::columns(&rows),
            output.display()
        ))?;
    }
    if arithmetics.len() > 1 {
        eprintln!(
            "warning: the parts were measured with {} arithmetics ({}): where a trial near the edge \
             ends differently by rounding, one machine alone would have come to another number",
            arithmetics.len(),
            arithmetics.join(", ")
        );
    }
    if arguments.complete && repeats < expected {
        return Err(CliError::Incomplete { repeats, expected });
    }
    Ok(())
}

fn recover<'a>(
    stores: &'a [PathBuf],
    output: &Path,
) -> Result<Vec<(&'a PathBuf, Merged)>, CliError> {
    let recovered = stores.iter().map(|store| {
        let (_, gained) = Store::recover(output, store)?;
        let new = gained.repeats + gained.networks;
        Ok((store, Merged { new, agreeing: 0 }))
    });
    recovered.collect()
}

fn is_same(one: &Path, other: &Path) -> bool {
    match (one.canonicalize(), other.canonicalize()) {
        (Ok(one), Ok(other)) => one == other,
        _ => one == other,
    }
}
